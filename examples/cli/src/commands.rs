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
mod summary;
mod token;

use clap::Subcommand;

use crate::args::Cli;
use crate::context::Context;
use crate::failure::{Done, Failure};

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The account's token: the one at hand, or a new one.
    Token(token::Token),
    /// Logs an agent in or out, and changes its state.
    #[command(subcommand)]
    Agent(agent::Agent),
    /// Rings an agent, then a customer. Never repeated: exit code 7 means that a phone may be ringing.
    Dial(dial::Dial),
    /// Rings an offline agent's number, then a customer. Never repeated.
    PhoneDial(phone_dial::PhoneDial),
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
pub(crate) async fn run(cli: Cli) -> Result<Done, Failure> {
    if let Command::Mdl(mdl) = &cli.command
        && let Some(done) = mdl.offline(cli.global.output)
    {
        return done;
    }
    let context = &Context::new(&cli.global)?;
    match cli.command {
        Command::Token(token) => token.run(context).await,
        Command::Agent(agent) => agent.run(context).await,
        Command::Dial(dial) => dial.run(context).await,
        Command::PhoneDial(dial) => dial.run(context).await,
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
