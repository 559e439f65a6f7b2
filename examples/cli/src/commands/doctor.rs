//! `doctor`: what is set, what is missing, and what to do about it.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use clap::Args;
use http::header::DATE;
use jiff::fmt::rfc2822;
use ozonetel_sdk::auth::{AuthMode, FileState, TokenStore as _};
use ozonetel_sdk::client::{Environment, Pacer};
use ozonetel_sdk::endpoint::Rate;
use ozonetel_sdk::transport::network::Network;
use ozonetel_sdk::transport::reqwest::Reqwest;
use ozonetel_sdk::transport::{Outgoing, Transport as _};
use serde::Serialize;
use serde_json::Value;

use crate::args::Global;
use crate::context::Context;
use crate::failure::{Completion, Failure, innermost};
use crate::output;
use crate::settings::{self, SettingsFile, Variables};

/// Checks the settings and, with the token at hand, the account. Asks for no new token: that a token is needed first is
/// part of what it says.
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

/// How far apart the clocks may be before tokens and days go wrong.
const DRIFT: Duration = Duration::from_secs(30);

/// How long the service's host may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    /// It is not set; some commands need it.
    Unset,
    /// It was not looked at.
    Skipped,
    Wrong,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    advice: Option<String>,
}

/// What was found, in order.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, verdict: Verdict, found: impl Into<String>) {
        self.0.push(Finding { check, verdict, found: found.into(), advice: None });
    }

    fn advise(
        &mut self,
        check: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.0.push(Finding { check, verdict, found: found.into(), advice: Some(advice.into()) });
    }

    fn set(&mut self, check: &'static str, value: Option<&str>, variable: &str, what: &str) {
        match value {
            Some(value) => self.add(check, Verdict::Ok, value),
            None => {
                self.advise(check, Verdict::Unset, "not set", format!("{what}: set {variable}"));
            }
        }
    }
}

impl Doctor {
    #[allow(clippy::unused_self)]
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let mut findings = Findings::default();
        let file = settings::file(flags)?;
        sources(&mut findings, flags, &file)?;
        let variables = settings::variables(flags)?;
        let environment = settings::environment(flags, &variables)?;
        account(&mut findings, &environment);
        agent(&mut findings, &environment);
        softphone(&mut findings, &environment, &variables);
        clock(&mut findings, &environment).await;
        if settings::complete(&environment).is_ok() {
            let context = Context::of(flags, variables)?;
            service(&mut findings, &context).await;
        } else {
            findings.advise(
                "service",
                Verdict::Skipped,
                "not asked: account or key is missing",
                "ozonetel login",
            );
        }
        let wrong = findings.0.iter().filter(|found| found.verdict == Verdict::Wrong).count();
        let rows = serde_json::to_value(&findings.0);
        let rows: Value = rows.map_err(|error| Failure::output(&error.into()))?;
        let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
        output::table_of(flags.printing(), &["check", "verdict", "found", "advice"], rows)?;
        if wrong == 0 {
            return Ok(Completion::Clean);
        }
        let things = if wrong == 1 { "1 thing is" } else { "several things are" };
        Err(Failure::credentials(format!("{things} wrong; the table says what to do")))
    }
}

/// Where settings come from, what comes before them, and what is not used.
fn sources(findings: &mut Findings, flags: &Global, file: &SettingsFile) -> Result<(), Failure> {
    let (first, unused) = (settings::overridden(flags)?, settings::left_out(flags)?);
    let mut found = told(file);
    if !first.is_empty() {
        let _ = write!(found, "; the environment's {} come first", first.join(", "));
    }
    if !unused.is_empty() {
        let whose = if flags.profile.is_some() { "the environment's" } else { "its" };
        let names = unused.join(", ");
        let _ = write!(found, "; {whose} {names} are another account's and not used");
    }
    if first.is_empty() && unused.is_empty() {
        findings.add("settings", Verdict::Ok, found);
    } else {
        findings.advise(
            "settings",
            Verdict::Ok,
            found,
            "unset what is left over of another account, or name the profile with --profile",
        );
    }
    Ok(())
}

fn told(file: &SettingsFile) -> String {
    match file {
        SettingsFile::Environment => "flags and environment".to_owned(),
        SettingsFile::Config(path) => path.display().to_string(),
        SettingsFile::Profile(name, path) => format!("profile {name}, {}", path.display()),
    }
}

fn account(findings: &mut Findings, environment: &Environment) {
    let login = "`ozonetel login` keeps it";
    match &environment.account {
        Some(account) => findings.add("account", Verdict::Ok, account.as_str()),
        None => findings.advise("account", Verdict::Wrong, "not set", login),
    }
    match &environment.key {
        Some(_) => findings.add("key", Verdict::Ok, "set"),
        None => findings.advise("key", Verdict::Wrong, "not set", login),
    }
    let mode = match environment.mode {
        AuthMode::Key => "key",
        _ => "token",
    };
    findings.add("mode", Verdict::Ok, mode);
    let host = environment.base_url.as_deref().unwrap_or("the region's published hosts");
    findings.add("hosts", Verdict::Ok, format!("{host}, region {}", environment.region.as_str()));
    match &environment.state_dir {
        None => findings.advise(
            "state directory",
            Verdict::Wrong,
            "none: each run would ask for a token of its own",
            "set OZONETEL_STATE_DIR or HOME",
        ),
        Some(directory) => match environment.client_builder() {
            Err(invalid) if invalid.field() == "OZONETEL_STATE_DIR" => {
                findings.advise(
                    "state directory",
                    Verdict::Wrong,
                    invalid.to_string(),
                    "make it a directory that only you can read and write, or set OZONETEL_STATE_DIR",
                );
            }
            _ => findings.add("state directory", Verdict::Ok, directory.display().to_string()),
        },
    }
}

fn agent(findings: &mut Findings, environment: &Environment) {
    let agent = environment.agent.as_ref().map(ozonetel_sdk::types::AgentId::as_str);
    findings.set("agent", agent, "OZONETEL_AGENT_ID", "for dials and states");
    let password = environment.agent_password.as_ref().map(|_| "set");
    findings.set("agent's password", password, "OZONETEL_AGENT_PASSWORD", "for agent login");
    let sip = environment.sip_id.as_ref().map(|_| "set");
    findings.set("agent's number", sip, "OZONETEL_SIP_ID", "for agent login");
    let campaign = environment.campaign.as_ref().map(ozonetel_sdk::types::CampaignName::as_str);
    findings.set("campaign", campaign, "OZONETEL_CAMPAIGN", "for dials and leads");
    findings.set(
        "DID",
        environment.did.as_ref().map(|_| "set"),
        "OZONETEL_DID",
        "for call control",
    );
}

fn softphone(findings: &mut Findings, environment: &Environment, variables: &Variables) {
    let softphone = &environment.softphone;
    let set = |set: bool| set.then_some("set");
    findings.set(
        "agent socket",
        set(softphone.mdl_url.is_some()),
        "OZONETEL_MDL_URL",
        "for `mdl` and `watch --source agent`",
    );
    let ids = softphone.agent_uniq_id.is_some() && softphone.campaign_id.is_some();
    findings.set(
        "numeric ids",
        set(ids),
        "OZONETEL_AGENT_UNIQ_ID and OZONETEL_CAMPAIGN_ID",
        "for the agent socket",
    );
    let sip = softphone.sip_uri.is_some() && softphone.sip_ws_url.is_some();
    findings.set(
        "softphone",
        set(sip),
        "OZONETEL_SIP_URI and OZONETEL_SIP_WS_URL",
        "for a softphone in a browser",
    );
    let secret = variables.get("OZONETEL_PUSH_SECRET").map(|_| "set");
    findings.set(
        "secret of pushes",
        secret,
        "OZONETEL_PUSH_SECRET",
        "without it anyone can send events to `listen`",
    );
}

/// Compares the clocks by the head of any answer; nothing is signed in for.
async fn clock(findings: &mut Findings, environment: &Environment) {
    let host = environment.base_url.clone().unwrap_or_else(|| {
        let region = environment.region.as_str();
        let india = "https://in1-ccaas-api.ozonetel.com";
        if region == "india" { india } else { "https://api.ccaas.ozonetel.com" }.to_owned()
    });
    let answered = async {
        let request = http::Request::head(&host).body(bytes::Bytes::new()).ok()?;
        let transport = Reqwest::new(&Network::default()).ok()?;
        Some(transport.send(Outgoing::new(request, false)).await)
    };
    let head = match tokio::time::timeout(ANSWER, answered).await {
        Ok(Some(Ok(answer))) => answer.head,
        Ok(Some(Err(error))) => {
            let reason = innermost(&error).map_or_else(String::new, |it| format!(" ({it})"));
            findings.advise(
                "network",
                Verdict::Wrong,
                format!("{host}: {error}{reason}"),
                "check the address, the network, and HTTPS_PROXY",
            );
            return;
        }
        _ => {
            let found = format!("{host}: no answer in 10 s");
            findings.advise("network", Verdict::Wrong, found, "check the address and the network");
            return;
        }
    };
    findings.add("network", Verdict::Ok, format!("{host} answers"));
    if environment.now.is_some() {
        findings.add("clock", Verdict::Skipped, "set by OZONETEL_NOW, for tests");
        return;
    }
    let date = head.headers().get(DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp());
    let Some(theirs) = theirs else {
        findings.add("clock", Verdict::Skipped, "the answer carries no time");
        return;
    };
    let ours = environment.clock().now();
    let theirs = SystemTime::from(theirs);
    let apart = ours.duration_since(theirs).unwrap_or_else(|error| error.duration());
    let found = format!("{} s from the service's", apart.as_secs());
    if apart > DRIFT {
        findings.advise("clock", Verdict::Wrong, found, "set this machine's clock");
    } else {
        findings.add("clock", Verdict::Ok, found);
    }
}

/// Asks the service, if that costs no token; and the windows, which costs nothing.
async fn service(findings: &mut Findings, context: &Context) {
    let environment = &context.environment;
    let token = match environment.mode {
        AuthMode::Token => stored_token(environment, context.client.clock().now()).await,
        _ => Some(()),
    };
    if token.is_none() {
        findings.advise(
            "service",
            Verdict::Skipped,
            "not asked: there is no token at hand, and a new one ends the account's current one",
            "`ozonetel token` asks for one",
        );
    } else {
        match context.until_stopped(context.client.check()).await {
            Ok(()) => findings.add("service", Verdict::Ok, "account and key are right"),
            Err(failure) => {
                let (found, advice) = failure.told();
                let advice = advice.unwrap_or_else(|| "ozonetel login".to_owned());
                findings.advise("service", Verdict::Wrong, found, advice);
            }
        }
    }
    let Some(state) = state(environment) else { return };
    let pacer = Pacer::with_store(state);
    for (check, rate) in [
        ("limit: tokens", Rate::Token),
        ("limit: call-detail records", Rate::Cdr),
        ("limit: agent summary", Rate::Summary),
        ("limit: bulk leads", Rate::BulkLeads),
    ] {
        let Some((requests, seconds)) = rate.limit() else { continue };
        match pacer.ready_in(rate, context.client.clock()).await {
            Ok(wait) if wait.is_zero() => {
                findings.add(check, Verdict::Ok, format!("open; {requests} in {seconds} s"));
            }
            Ok(wait) => {
                let found = format!("opens in {} s; {requests} in {seconds} s", wait.as_secs() + 1);
                findings.advise(check, Verdict::Ok, found, "--wait SECONDS waits for it");
            }
            Err(error) => {
                findings.advise(
                    check,
                    Verdict::Wrong,
                    error.summary(),
                    "look at the state directory",
                );
            }
        }
    }
}

/// When a window that this program shares with its other runs opens; `None` where nothing is known of it.
pub(super) async fn ready_in(context: &Context, rate: Rate) -> Option<Duration> {
    let pacer = Pacer::with_store(state(&context.environment)?);
    pacer.ready_in(rate, context.client.clock()).await.ok()
}

fn state(environment: &Environment) -> Option<std::sync::Arc<FileState>> {
    let (directory, account) = (environment.state_dir.as_ref()?, environment.account.as_ref()?);
    let address = environment.base_url.as_deref().unwrap_or(environment.region.as_str());
    let key = environment.key.as_ref()?;
    let opened = FileState::open(directory, address, account, key, environment.clock());
    opened.ok().map(std::sync::Arc::new)
}

/// Whether a token is kept that has not ended.
async fn stored_token(environment: &Environment, now: SystemTime) -> Option<()> {
    let stored = state(environment)?.load().await.ok()?;
    stored.token.as_ref()?;
    (stored.expires_at? > now).then_some(())
}
