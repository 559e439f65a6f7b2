//! What every command works with.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Environment;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::testing::record::Recorder;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName};

use crate::args::{AgentFlag, AgentNumberFlag, DidFlag, Global, PhoneNameFlag};
use crate::dry_run::DryRun;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watcher;
use crate::settings::{self, Variables};
use crate::stop::{self, Stop};

/// Client, settings and output of one run.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) environment: Environment,
    pub(crate) output: Output,
    pub(crate) stop: Stop,
    variables: Variables,
    watcher: Arc<Watcher>,
    dry_run: Option<Arc<DryRun>>,
}

impl Context {
    pub(crate) fn new(flags: &Global) -> Result<Self, Failure> {
        let variables = settings::variables(flags)?;
        Self::of(flags, variables)
    }

    /// With these variables.
    pub(crate) fn of(flags: &Global, variables: Variables) -> Result<Self, Failure> {
        let environment = settings::environment(flags, &variables)?;
        settings::complete(&environment)?;
        let output = flags.printing();
        let dry_run = flags.dry_run.then(|| Arc::new(DryRun::new(output)));
        let patience = match flags.wait {
            0 => Patience::Never,
            seconds => Patience::Until(Duration::from_secs(seconds)),
        };
        let watcher = Arc::new(Watcher::new(flags.verbose > 0, flags.output.is_json()));
        let mut client = match &dry_run {
            Some(dry_run) => Arc::clone(dry_run).builder(&environment)?,
            None => environment.client_builder()?,
        };
        client = client.patience(patience).observer(Arc::clone(&watcher) as _);
        if let Some(folder) = flags.record.as_ref().filter(|_| dry_run.is_none()) {
            let network = Reqwest::new(&Network::default())?;
            client = client.transport(Arc::new(Recorder::new(Arc::new(network), folder)));
        }
        let client = client.build()?;
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        Ok(Self { client, environment, output, stop, variables, watcher, dry_run })
    }

    /// Whether requests are printed instead of sent.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run.is_some()
    }

    /// Whether a request was printed instead of sent.
    pub(crate) fn has_printed_a_request(&self) -> bool {
        self.dry_run.as_ref().is_some_and(|dry_run| dry_run.has_printed())
    }

    /// A setting of this program's own, by the name of its variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Awaits a call, unless a signal comes first.
    pub(crate) async fn until_stopped<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        let began = self.client.clock().now();
        let signal = tokio::select! {
            biased;
            done = call => return done.map_err(|error| self.dated(error.into(), began)),
            signal = self.stop.clone() => signal,
        };
        // The call is dropped by now; the client told the watcher if it had been sent and must not be repeated.
        let stopped = self.watcher.abandoned().map_or(Failure::stopped(signal), Failure::abandoned);
        Err(self.dated(stopped, began))
    }

    /// The failure of what was begun then and has ended now.
    pub(crate) fn dated(&self, failure: Failure, began: SystemTime) -> Failure {
        let (zone, now) = (self.client.zone(), self.client.clock().now());
        // The next whole second: in between it may have been sent.
        let ended = now.checked_add(Duration::from_secs(1)).unwrap_or(now);
        failure.sent_between(zone.stamp(began), zone.stamp(ended))
    }

    /// Asks before a telephone rings or something is deleted, if there is somebody to ask.
    pub(crate) async fn confirm(&self, question: String, yes: bool) -> Result<(), Failure> {
        ask(question, yes || self.is_dry_run(), Some(self.stop.clone())).await.map(drop)
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

/// Asks a question on the terminal: `true` if it was answered with yes or need not be asked, `false` if there is no one
/// to ask.
pub(crate) async fn ask(question: String, yes: bool, stop: Option<Stop>) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !is_terminal() {
        return Ok(false);
    }
    let stop = match stop {
        Some(stop) => stop,
        None => stop::listen().map_err(|error| Failure::output(&error))?,
    };
    let answer = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        write!(stderr(), "{question} [y/N] ")?;
        stdin().read_line(&mut line)?;
        Ok::<_, std::io::Error>(line)
    });
    let answer = tokio::select! {
        answer = answer => answer,
        signal = stop => return Err(Failure::stopped(signal)),
    };
    match answer {
        Ok(Ok(line)) if matches!(line.trim(), "y" | "Y" | "yes") => Ok(true),
        _ => Err(Failure::usage("not confirmed; nothing was sent")),
    }
}

/// Whether there is someone to ask.
pub(crate) fn is_terminal() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

fn missing(flag: &str, variable: &str) -> Failure {
    Failure::usage(format!("{flag} is missing: give it, or set {variable}"))
}
