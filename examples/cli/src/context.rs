//! What every command works with.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Environment;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::testing::record::Recorder;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName};

use crate::args::{AgentFlag, AgentNumberFlag, DidFlag, Global, PhoneNameFlag};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watcher;
use crate::settings;
use crate::stop::{self, Stop};

/// Client, settings and output of one run.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) environment: Environment,
    pub(crate) output: Output,
    pub(crate) stop: Stop,
    watcher: Arc<Watcher>,
}

impl Context {
    pub(crate) fn new(flags: &Global) -> Result<Self, Failure> {
        let environment = settings::environment(flags)?;
        settings::complete(&environment)?;
        let patience = match flags.wait {
            0 => Patience::Never,
            seconds => Patience::Until(Duration::from_secs(seconds)),
        };
        let watcher = Arc::new(Watcher::new(flags.verbose > 0, flags.output.is_json()));
        let mut client =
            environment.client_builder()?.patience(patience).observer(Arc::clone(&watcher) as _);
        if let Some(folder) = &flags.record {
            let network = Reqwest::new(&Network::default())?;
            client = client.transport(Arc::new(Recorder::new(Arc::new(network), folder)));
        }
        let client = client.build()?;
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        let output = flags.printing();
        Ok(Self { client, environment, output, stop, watcher })
    }

    /// Awaits a call, unless a signal comes first.
    pub(crate) async fn until_stopped<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        let signal = tokio::select! {
            biased;
            done = call => return Ok(done?),
            signal = self.stop.clone() => signal,
        };
        // The call is dropped by now; the client told the watcher if it had been sent and must not be repeated.
        Err(self.watcher.abandoned().map_or(Failure::stopped(signal), Failure::abandoned))
    }

    /// Asks before a telephone rings, if there is somebody to ask.
    pub(crate) async fn confirm(&self, question: String, yes: bool) -> Result<(), Failure> {
        if yes || !stdin().is_terminal() || !stderr().is_terminal() {
            return Ok(());
        }
        let answer = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            write!(stderr(), "{question} [y/N] ")?;
            stdin().read_line(&mut line)?;
            Ok::<_, std::io::Error>(line)
        });
        let answer = tokio::select! {
            answer = answer => answer,
            signal = self.stop.clone() => return Err(Failure::stopped(signal)),
        };
        match answer {
            Ok(Ok(line)) if matches!(line.trim(), "y" | "Y" | "yes") => Ok(()),
            _ => Err(Failure::usage("not confirmed; nothing was sent")),
        }
    }

    pub(crate) fn agent(&self, flag: &AgentFlag) -> Result<AgentId, Failure> {
        let given = flag.agent.as_deref().map(AgentId::from);
        given
            .or_else(|| self.environment.agent.clone())
            .ok_or_else(|| missing("--agent", "OZONETEL_AGENT_ID"))
    }

    pub(crate) fn did(&self, flag: &DidFlag) -> Result<Did, Failure> {
        let given = flag.did.as_deref().map(Did::from);
        given
            .or_else(|| self.environment.did.clone())
            .ok_or_else(|| missing("--did", "OZONETEL_DID"))
    }

    pub(crate) fn phone_name(&self, flag: &PhoneNameFlag) -> Result<PhoneName, Failure> {
        let given = flag.phone_name.as_deref().map(PhoneName::from);
        given
            .or_else(|| self.environment.phone_name.clone())
            .ok_or_else(|| missing("--phone-name", "OZONETEL_PHONE_NAME"))
    }

    pub(crate) fn agent_number(&self, flag: &AgentNumberFlag) -> Result<PhoneNumber, Failure> {
        let given = flag.agent_number.as_deref().map(PhoneNumber::from);
        given
            .or_else(|| self.environment.sip_id.clone())
            .ok_or_else(|| missing("--agent-number", "OZONETEL_SIP_ID"))
    }

    pub(crate) fn campaign(&self, flag: Option<&String>) -> Result<CampaignName, Failure> {
        flag.map(CampaignName::from)
            .or_else(|| self.environment.campaign.clone())
            .ok_or_else(|| missing("--campaign", "OZONETEL_CAMPAIGN"))
    }

    /// The agent's password; never a flag.
    pub(crate) fn agent_password(&self) -> Result<Secret, Failure> {
        self.environment.agent_password.clone().ok_or_else(|| {
            Failure::credentials(
                "OZONETEL_AGENT_PASSWORD is not set; set it, or OZONETEL_AGENT_PASSWORD_FILE to a file that only its \
                 owner can read",
            )
        })
    }
}

fn missing(flag: &str, variable: &str) -> Failure {
    Failure::usage(format!("{flag} is missing: give it, or set {variable}"))
}
