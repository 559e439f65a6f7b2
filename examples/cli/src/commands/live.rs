//! `live`: whether an account agrees with what is assumed about the service.

mod calling;
mod evidence;
mod judge;
mod reads;
mod report;
mod run;
mod signing_in;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stderr, stdin};
use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::endpoint::Rate;
use ozonetel_sdk::types::PhoneNumber;
use serde_json::Value;

use super::mdl::Socket;
use crate::args::Global;
use crate::context::{Context, ask};
use crate::failure::{Completion, Failure};
use crate::output::{self, Format};
use crate::settings;

use evidence::CheckStep;
use report::LiveReport;
use run::{CheckStopped, LiveCheck};

/// The live account.
#[derive(Debug, Subcommand)]
pub(crate) enum Live {
    /// Compares the account with what is assumed about the service.
    Check(Check),
}

/// Without --agent and --call, only reads. Exit code 8: something is assumed that is wrong for this account.
///
/// Writes report.json, report.txt and fixtures, all masked, into a folder; another check of the account into the same folder
/// keeps what the first one saw, and one of another account is refused there. Stops at the first used-up limit.
#[derive(Debug, Args)]
#[command(mut_arg("agent", |agent| agent.help("Signs this agent in and out as well, and opens its socket. \
    With --call: the agent who is rung, by default OZONETEL_AGENT_ID")))]
pub(crate) struct Check {
    /// Rings this number once, through the agent. To be typed twice: on a terminal it is asked for again, elsewhere
    /// --call is given twice.
    #[arg(long, value_name = "NUMBER", action = ArgAction::Append)]
    call: Vec<PhoneNumber>,
    /// The disposition that the call gets. Default: the account's first.
    #[arg(long, value_name = "NAME", requires = "call")]
    disposition: Option<String>,
    /// Whether the agent's softphone rang in the browser; asked on a terminal.
    #[arg(long, value_enum, requires = "call")]
    rang: Option<Rang>,
    /// Where report and fixtures go.
    #[arg(long, value_name = "DIR", default_value = "live-check")]
    to: PathBuf,
    /// Does not ask whether it may.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    socket: Socket,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rang {
    Yes,
    No,
}

/// What a check may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckKind {
    Reading,
    SigningIn,
    Calling,
}

impl Live {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        match self {
            Self::Check(check) => check.run(flags).await,
        }
    }
}

impl Check {
    fn kind(&self) -> CheckKind {
        match (self.call.is_empty(), self.socket.names_agent()) {
            (false, _) => CheckKind::Calling,
            (true, true) => CheckKind::SigningIn,
            (true, false) => CheckKind::Reading,
        }
    }

    async fn run(mut self, flags: &Global) -> Result<Completion, Failure> {
        let (kind, fixtures) = (self.kind(), self.to.join("fixtures"));
        let mut flags = flags.clone();
        flags.record = Some(fixtures.clone());
        let context = Context::of(&flags, settings::variables(&flags)?)?;
        let earlier = LiveReport::read(&self.to.join("report.json"))?;
        let account = account(&context);
        let own = (account.as_str(), mode(&context), context.environment.region.as_str());
        LiveReport::refuse_another(earlier.as_ref(), own, &self.to)?;
        let number = self.number(&context).await?;
        if kind == CheckKind::Calling {
            calling::check_window(&context, flags.wait).await?;
        }
        let question = question(kind, &context, number.as_ref());
        if !ask(format!("{question} Go on?"), self.yes, Some(context.stop.clone())).await? {
            crate::notes::note(&question);
            return Err(Failure::usage("there is no terminal to ask on: --yes says that it may"));
        }
        std::fs::create_dir_all(&fixtures).map_err(|error| Failure::output(&error))?;
        let mut run = LiveCheck::new(&context, &fixtures);
        let done = match (kind, &number) {
            (CheckKind::Calling, Some(number)) => {
                let plan = calling::CallPlan {
                    number,
                    disposition: self.disposition.take(),
                    rang: self.rang.map(|rang| rang == Rang::Yes),
                    folder: &self.to,
                };
                calling::run(&mut run, &self.socket, plan).await
            }
            (CheckKind::SigningIn, _) => signing_in::run(&mut run, &self.socket, &self.to).await,
            _ => reads::run(&mut run).await,
        };
        self.report(&context, &run, done, earlier)
    }

    /// The number to ring, typed twice.
    async fn number(&self, context: &Context) -> Result<Option<PhoneNumber>, Failure> {
        let plan = context.client.dial_plan();
        let Some(number) = self.call.first() else { return Ok(None) };
        let first = number.for_dial(plan)?;
        let second = match self.call.get(1) {
            Some(again) if self.call.len() == 2 => again.clone(),
            None if stdin().is_terminal() => again(context).await?,
            _ => return Err(Failure::usage("--call has to be given twice, with the same number")),
        };
        if second.for_dial(plan).ok().as_ref() != Some(&first) {
            return Err(Failure::usage("the two numbers differ; no one was rung"));
        }
        Ok(Some(number.clone()))
    }

    /// Writes and prints what was found.
    fn report(
        &self,
        context: &Context,
        run: &LiveCheck<'_>,
        done: Result<(), CheckStopped>,
        earlier: Option<LiveReport>,
    ) -> Result<Completion, Failure> {
        let now = jiff::Timestamp::try_from(context.client.clock().now()).unwrap_or_default();
        let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let stopped = done.err().map(|CheckStopped(failure)| failure);
        let report = LiveReport {
            assumptions: report::findings(&run.seen, &at),
            at,
            mode: mode(context).to_owned(),
            region: context.environment.region.as_str().to_owned(),
            account: account(context),
            stopped: stopped.as_ref().map(|failure| failure.told().0),
        };
        let report = report.with_earlier(earlier);
        report.write(&self.to)?;
        if context.output.format == Format::Table {
            let text = report.text();
            let printed = write!(std::io::stdout(), "{text}");
            output::written(printed)?;
            crate::notes::show(&format!(
                "the report and the fixtures are in {}",
                self.to.display()
            ));
        } else {
            let rows = serde_json::to_value(&report.assumptions);
            let rows: Value = rows.map_err(|error| Failure::output(&error.into()))?;
            let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
            output::table_of(context.output, &["id", "verdict"], rows)?;
        }
        match stopped {
            Some(failure) => Err(failure),
            None if report.contradicted() > 0 => Ok(Completion::Contradicted),
            None => Ok(Completion::Clean),
        }
    }
}

fn mode(context: &Context) -> &'static str {
    match context.environment.mode {
        AuthMode::Key => "key",
        _ => "token",
    }
}

/// The account and where it is, as the report has them.
fn account(context: &Context) -> String {
    let environment = &context.environment;
    let account = environment.account.as_deref().unwrap_or_default();
    report::digest(account, environment.base_url.as_deref())
}

/// The number once more, typed on the terminal.
async fn again(context: &Context) -> Result<PhoneNumber, Failure> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        write!(stderr(), "This number is rung. Type it again: ")?;
        stdin().read_line(&mut line)?;
        Ok::<_, std::io::Error>(line)
    });
    tokio::select! {
        line = line => match line {
            Ok(Ok(line)) => Ok(PhoneNumber::from(line.trim())),
            _ => Err(Failure::usage("the number was not typed again; no one was rung")),
        },
        signal = context.stop.clone() => Err(Failure::stopped(signal)),
    }
}

/// What it costs at most, and what it does.
fn question(kind: CheckKind, context: &Context, number: Option<&PhoneNumber>) -> String {
    let steps: &[CheckStep] = match kind {
        CheckKind::Reading => &reads::STEPS,
        CheckKind::SigningIn => &signing_in::STEPS,
        CheckKind::Calling => &calling::STEPS,
    };
    let mut text = "It asks the service, at most:\n".to_owned();
    for line in costs(steps, mode(context) == "token") {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str(match kind {
        CheckKind::Reading => "Nothing is changed and no one is rung.",
        CheckKind::SigningIn => "The agent is signed in and out; a session that is open ends. No one is rung.",
        CheckKind::Calling => {
            "Holding is tried once a second until the call is up, for a minute. The agent is signed in and out; the call is \
             held, its recording paused, it is ended, and disposed of twice."
        }
    });
    if let Some(number) = number {
        let _ = write!(text, " It rings {}, once.", crate::mask::printable(number.as_str()));
    }
    text
}

/// Requests by the window that they come out of.
fn costs(steps: &[CheckStep], token: bool) -> Vec<String> {
    let mut windows: BTreeMap<Rate, u32> = BTreeMap::new();
    for rate in steps.iter().filter_map(|step| step.spec()).map(|spec| spec.rate) {
        *windows.entry(rate).or_default() += 1;
    }
    if token {
        windows.insert(Rate::Token, 1);
    }
    let line = |(rate, count): (Rate, u32)| match (rate, rate.limit()) {
        (Rate::Token, Some((most, seconds))) => {
            format!("1 of {most} tokens in {seconds} s, unless one is at hand")
        }
        (_, Some((most, seconds))) => {
            format!("{count} of {most} requests in {seconds} s: {}", rate.name())
        }
        (_, None) => format!("{count} requests without a published limit"),
    };
    windows.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_is_named_with_what_is_taken_out_of_it() {
        assert_eq!(
            costs(&reads::STEPS, true),
            [
                "4 requests without a published limit",
                "1 of 10 tokens in 3600 s, unless one is at hand",
                "2 of 2 requests in 60 s: cdr",
                "3 of 5 requests in 60 s: summary",
                "2 of 50 requests in 60 s: aht",
                "1 of 10 requests in 60 s: agent_details",
            ]
        );
        assert_eq!(costs(&signing_in::STEPS, false), ["3 requests without a published limit"]);
        let all = [&reads::STEPS[..], &signing_in::STEPS, &calling::STEPS].concat();
        assert!(all.iter().all(|step| step.spec().is_some()), "each step is an endpoint");
    }
}
