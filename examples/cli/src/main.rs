//! `ozonetel`: the service from a shell.
//!
//! Prints results on standard output and everything else on standard error, and exits with a code that scripts can
//! use: 0 done, 2 usage or bad input, 3 refused, 4 credentials, 5 rate-limited, 6 unreachable, 7 outcome unknown,
//! 8 an answer that cannot be read, or is not what was asked for.

mod args;
mod commands;
mod context;
mod days;
mod dry_run;
mod failure;
mod listen_address;
mod mask;
mod notes;
mod output;
mod part_file;
mod private_file;
mod progress;
mod push_url;
mod settings;
mod stop;
mod web;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use ozonetel_sdk::types::redact_numbers_in;

use crate::commands::Cli;
use crate::failure::{Completion, Failure};
use crate::output::Format;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = days::spelled_out(std::env::args_os());
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, &arguments),
    };
    let format = cli.global.output;
    if cli.global.verbose > 1 {
        log(format.is_json());
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::output(&error).report(format.is_json()),
    };
    let done = runtime.block_on(commands::run(cli));
    // A prompt that no one answered must not hold the process.
    runtime.shutdown_background();
    match done {
        Ok(Completion::Clean) => ExitCode::SUCCESS,
        Ok(Completion::BadRows | Completion::Contradicted | Completion::InPart) => {
            ExitCode::from(failure::UNREADABLE)
        }
        Ok(Completion::Unknown) => ExitCode::from(failure::UNKNOWN),
        Err(failure) => failure.report(format.is_json()),
    }
}

/// The library's log on standard error: as JSON where errors are, and in colors on a terminal only.
fn log(json: bool) {
    let log = tracing_subscriber::fmt()
        .with_env_filter("ozonetel_sdk=debug")
        .with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else if std::io::stderr().is_terminal() {
        // With NO_COLOR there are none here either.
        log.init();
    } else {
        log.with_ansi(false).init();
    }
}

/// Help and version are answers; everything else is a usage error.
fn unparsed(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe leaves no one to read it.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = without_addresses(error, error.render().to_string());
    let text = redact_numbers_in(text.strip_prefix("error: ").unwrap_or(&text));
    let (said, usage) = text.trim_end().split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let tip = tip(error, usage);
    // The parser's own guess, that a flag is meant as a value, contradicts ours.
    let usage = match usage.split_once("\n\n") {
        Some((guess, usage)) if tip.is_some() && guess.starts_with("  tip: ") => usage,
        _ => usage,
    };
    let tip = tip.map_or_else(String::new, |tip| format!("; {tip}"));
    let json = args::asked_for_json(arguments);
    let message = if json || usage.is_empty() {
        format!("{said}{tip}")
    } else {
        format!("{said}{tip}\n\n{usage}")
    };
    Failure::usage(message).report(json)
}

/// The text of an error without what may be secret in an address that it repeats.
fn without_addresses(error: &clap::Error, text: String) -> String {
    let kinds =
        [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand];
    let said = kinds.map(|kind| error.get(kind));
    said.into_iter().flatten().fold(text, |text, value| match value {
        ContextValue::String(word) if word.contains("://") => {
            text.replace(word.as_str(), &mask::url(word))
        }
        _ => text,
    })
}

/// What a command takes instead of a word or flag that it does not know; the parser's line on its usage names it.
fn tip(error: &clap::Error, usage: &str) -> Option<&'static str> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let usage = usage.lines().find_map(|line| line.strip_prefix("Usage: "))?;
    let mut words = usage.split_whitespace().skip(1);
    let command = (words.next()?, words.next().unwrap_or_default());
    if word.starts_with('-') {
        let is_day = matches!(word.as_str(), "--from" | "--to");
        let is_range = command == ("cdr", "range");
        return (is_range && is_day).then_some("it takes two days without flags: FROM TO");
    }
    match command {
        ("agent", "pause") => Some("it has a flag: --reason"),
        ("agent", _) => Some("it has a flag: --agent"),
        ("trigger", _) => Some("it has a flag: --to"),
        _ => None,
    }
}

impl Format {
    /// Whether errors are JSON as well.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}
