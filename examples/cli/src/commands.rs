//! The commands, one file each.

mod agent;
mod aht;
mod api;
mod block;
mod call;
mod campaign;
mod cdr;
mod completions;
mod dial;
mod disposition;
mod doctor;
mod events;
mod fixture;
mod kookoo;
mod lead;
mod listen;
mod live;
mod login;
mod mdl;
mod missed;
mod perform;
mod phone_dial;
mod phone_number;
mod recording;
mod settle;
mod sim;
mod summary;
mod token;
mod trigger;
mod watch;
mod whatsapp;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::args::Global;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;

/// The ozonetel command line.
///
/// Begin with `ozonetel login`, or without an account with `ozonetel sim start`; `ozonetel doctor` says what is missing.
///
/// Settings come from the profile that `login` keeps, from the OZONETEL_* environment variables, or from a file given
/// with --config; flags override them. Secrets are never arguments: OZONETEL_API_KEY, OZONETEL_AGENT_PASSWORD and
/// OZONETEL_KOOKOO_KEY come from the environment, a profile or that file, or from a file of their own named by
/// OZONETEL_API_KEY_FILE and so on.
///
/// Exit codes: 0 done, 2 usage or bad input, 3 refused by the service, 4 bad credentials, 5 rate-limited,
/// 6 unreachable, 7 it may have happened, or is still unknown (do not repeat), 8 an answer that cannot be read, or is not what was
/// asked for, 130 interrupted, 143 terminated. What runs until it is stopped, `watch`, `listen` and `sim start`, ends with 0
/// then.
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
    /// Keeps account and key in a profile.
    Login(login::AccountLogin),
    /// The profiles that login keeps.
    #[command(subcommand)]
    Profile(login::Profile),
    /// Checks the settings and says what is missing. Spends no token.
    Doctor(doctor::Doctor),
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
    /// Campaigns: list, status, start, stop, create.
    #[command(subcommand)]
    Campaign(campaign::Campaign),
    /// Leads of campaigns.
    #[command(subcommand)]
    Lead(lead::Lead),
    /// Blocked numbers.
    #[command(subcommand)]
    Block(block::Block),
    /// Agents' phone numbers.
    #[command(subcommand)]
    PhoneNumber(phone_number::PhoneNumber),
    /// Subscriptions to call and agent events.
    #[command(subcommand)]
    Events(events::Events),
    /// KooKoo: calls into applications, text messages.
    #[command(subcommand)]
    Kookoo(kookoo::Kookoo),
    /// WhatsApp templates.
    #[command(subcommand, name = "whatsapp")]
    WhatsApp(whatsapp::WhatsApp),
    /// Any endpoint of the service by its name.
    Api(api::Api),
    /// The agent socket.
    #[command(subcommand)]
    Mdl(mdl::Mdl),
    /// Receives callbacks and events on this machine, keeps them, and hands them on.
    Listen(listen::Listen),
    /// Sends a realistic callback, event, screen pop or KooKoo request to a receiver of yours.
    Trigger(trigger::Trigger),
    /// A wallboard: agents with their states, live calls, the queue.
    Watch(Box<watch::Watch>),
    /// Whether the account agrees with what is assumed about the service.
    #[command(subcommand)]
    Live(Box<live::Live>),
    /// Masks recorded exchanges.
    #[command(subcommand)]
    Fixture(fixture::Fixture),
    /// The service, simulated: start it, call it, break it.
    #[command(subcommand)]
    Sim(sim::Sim),
    /// Completions for a shell.
    Completions(completions::Completions),
    /// The manual page.
    Man(completions::Man),
}

impl Command {
    /// What needs neither account nor client; the command itself if it does.
    async fn offline(self, flags: &Global) -> Result<Result<Completion, Failure>, Self> {
        let output = flags.printing();
        Ok(match self {
            Self::Login(login) => login.run(flags).await,
            Self::Profile(profile) => profile.run(output),
            Self::Doctor(doctor) => doctor.run(flags).await,
            Self::Completions(completions) => completions.run(Cli::command()),
            Self::Man(man) => man.run(Cli::command()),
            Self::Sim(sim) => sim.run(flags).await,
            Self::Listen(listen) => listen.run(flags).await,
            Self::Trigger(trigger) => trigger.run(flags).await,
            Self::Watch(watch) => watch.run(flags).await,
            Self::Live(live) => live.run(flags).await,
            Self::Fixture(fixture) => fixture.run(output),
            Self::Mdl(mdl) => return mdl.offline(output).ok_or(Self::Mdl(mdl)),
            Self::Api(api) => return api.offline(output).ok_or(Self::Api(api)),
            other => return Err(other),
        })
    }

    /// Whether `--dry-run` can show what the command would send.
    fn has_dry_run(&self) -> bool {
        match self {
            Self::Login(_)
            | Self::Profile(_)
            | Self::Doctor(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Mdl(_)
            | Self::Sim(_)
            | Self::Listen(_)
            | Self::Trigger(_)
            | Self::Watch(_)
            | Self::Live(_)
            | Self::Fixture(_)
            | Self::Token(_) => false,
            Self::Cdr(cdr) => cdr.asks_the_service_once(),
            _ => true,
        }
    }
}

impl Command {
    /// Whether a request is followed by others, which `--dry-run` cannot show.
    fn asks_more_than_once(&self) -> bool {
        match self {
            Self::Call(call) => call.asks_more_than_once(),
            Self::Agent(agent) => matches!(agent, agent::Agent::ForceReady(_)),
            Self::Cdr(cdr) => cdr.asks_more_than_once(),
            Self::Settle(_) => true,
            _ => false,
        }
    }
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> Result<Completion, Failure> {
    let Cli { global, command } = cli;
    if global.dry_run && !command.has_dry_run() {
        return Err(Failure::usage(
            "--dry-run shows requests of REST calls; this command has none to show",
        ));
    }
    let command = match Box::pin(command.offline(&global)).await {
        Ok(done) => return done,
        Err(command) => command,
    };
    let asks_more = command.asks_more_than_once();
    let context = Context::new(&global)?;
    match Box::pin(send(command, &context)).await {
        // What would have been sent was printed; that it was not sent is not a failure.
        Err(_) if context.has_printed_a_request() => {
            if asks_more {
                note("further requests depend on the answer to this one; they are not shown");
            }
            Ok(Completion::Clean)
        }
        done => done,
    }
}

async fn send(command: Command, context: &Context) -> Result<Completion, Failure> {
    match command {
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
        Command::Campaign(campaign) => campaign.run(context).await,
        Command::Lead(lead) => lead.run(context).await,
        Command::Block(block) => block.run(context).await,
        Command::PhoneNumber(number) => number.run(context).await,
        Command::Events(events) => events.run(context).await,
        Command::Kookoo(kookoo) => kookoo.run(context).await,
        Command::WhatsApp(whatsapp) => whatsapp.run(context).await,
        Command::Api(api) => api.run(context).await,
        Command::Mdl(mdl) => mdl.run(context).await,
        Command::Login(_)
        | Command::Profile(_)
        | Command::Doctor(_)
        | Command::Completions(_)
        | Command::Sim(_)
        | Command::Listen(_)
        | Command::Trigger(_)
        | Command::Watch(_)
        | Command::Live(_)
        | Command::Fixture(_)
        | Command::Man(_) => Ok(Completion::Clean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn flags(command: &clap::Command, found: &mut Vec<String>) {
            let taking = command.get_arguments().filter(|arg| arg.get_action().takes_values());
            found.extend(taking.filter_map(|arg| arg.get_long().map(Into::into)));
            command.get_subcommands().for_each(|sub| flags(sub, found));
        }
        let mut found = Vec::new();
        flags(&Cli::command(), &mut found);
        assert!(found.contains(&"campaign".to_owned()));
        for word in ["key", "password", "secret", "pin"] {
            assert!(!found.iter().any(|flag| flag.contains(word)), "{word}");
        }
    }
}
