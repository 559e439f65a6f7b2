//! The commands, one file each.

mod agent;
mod aht;
mod call;
mod cdr;
mod dial;
mod disposition;
mod mdl;
mod missed;
mod phone_dial;
mod recording;
mod settle;
mod summary;
mod token;

use clap::{Parser, Subcommand};

use crate::args::Global;
use crate::context::Context;
use crate::failure::{Completion, Failure};

/// The ozonetel command line.
///
/// Settings come from the OZONETEL_* environment variables, or from a file given with --config that only its owner
/// can read; flags override both. Secrets are never arguments: OZONETEL_API_KEY, OZONETEL_AGENT_PASSWORD and
/// OZONETEL_KOOKOO_KEY come from the environment or that file, or from a file of their own named by
/// OZONETEL_API_KEY_FILE and so on.
///
/// Exit codes: 0 done, 2 usage or bad input, 3 refused by the service, 4 bad credentials, 5 rate-limited,
/// 6 unreachable, 7 it may have happened (do not repeat), 8 unreadable answer, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "ozonetel", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The account's token: the current one, or a new one.
    Token(token::Token),
    /// Logs an agent in or out, and changes its state.
    #[command(subcommand)]
    Agent(agent::Agent),
    /// Rings an agent, then a customer. Never repeated: exit code 7 means that a phone may be ringing.
    Dial(dial::Dial),
    /// Rings an offline agent's number, then a customer. Never repeated.
    PhoneDial(phone_dial::PhoneDial),
    /// Finds out whether a dial with an unknown outcome (exit code 7) happened.
    Settle(settle::Settle),
    /// Sets a call's disposition and ends after-call work.
    Dispose(disposition::Dispose),
    /// The account's dispositions.
    Dispositions,
    /// Holds, mutes, conferences, transfers.
    #[command(subcommand)]
    Call(call::CallControl),
    /// Pauses and resumes the recording of a call.
    #[command(subcommand)]
    Recording(recording::Recording),
    /// Abandoned calls.
    Missed(missed::Missed),
    /// Call-detail records: two requests a minute for the whole account, the last 15 days.
    #[command(subcommand)]
    Cdr(cdr::Cdr),
    /// How long agents were busy, idle, paused.
    Summary(summary::Summary),
    /// Average handling time of outbound calls in the last two hours.
    Aht(aht::Aht),
    /// The agent socket.
    #[command(subcommand)]
    Mdl(mdl::Mdl),
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> Result<Completion, Failure> {
    if let Command::Mdl(mdl) = &cli.command
        && let Some(done) = mdl.offline(cli.global.printing())
    {
        return done;
    }
    let context = &Context::new(&cli.global)?;
    match cli.command {
        Command::Token(token) => token.run(context).await,
        Command::Agent(agent) => agent.run(context).await,
        Command::Dial(dial) => dial.run(context).await,
        Command::PhoneDial(dial) => dial.run(context).await,
        Command::Settle(settle) => settle.run(context).await,
        Command::Dispose(dispose) => dispose.run(context).await,
        Command::Dispositions => disposition::list(context).await,
        Command::Call(call) => call.run(context).await,
        Command::Recording(recording) => recording.run(context).await,
        Command::Missed(missed) => missed.run(context).await,
        Command::Cdr(cdr) => cdr.run(context).await,
        Command::Summary(summary) => summary.run(context).await,
        Command::Aht(aht) => aht.run(context).await,
        Command::Mdl(mdl) => mdl.run(context).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn flags(command: &clap::Command, found: &mut Vec<String>) {
            found.extend(command.get_arguments().filter_map(|arg| arg.get_long().map(Into::into)));
            command.get_subcommands().for_each(|sub| flags(sub, found));
        }
        let mut found = Vec::new();
        flags(&Cli::command(), &mut found);
        assert!(found.contains(&"cold".to_owned()));
        for word in ["key", "password", "secret", "pin"] {
            assert!(!found.iter().any(|flag| flag.contains(word)), "{word}");
        }
    }
}
