//! `ozonetel`: the service from a shell.
//!
//! Prints results on standard output and everything else on standard error, and exits with a code that scripts can
//! use: 0 done, 2 usage or bad input, 3 refused, 4 credentials, 5 rate-limited, 6 unreachable, 7 outcome unknown,
//! 8 unreadable answer.

mod args;
mod commands;
mod context;
mod failure;
mod mask;
mod output;
mod progress;
mod settings;
mod stop;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;
use crate::failure::{Completion, Failure};
use crate::output::Format;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, args::asked_for_json(&arguments)),
    };
    let format = cli.global.output;
    if cli.global.verbose {
        tracing_subscriber::fmt()
            .with_env_filter("ozonetel_sdk=debug")
            .with_writer(std::io::stderr)
            .init();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::output(&error).report(format.is_json()),
    };
    let done = runtime.block_on(commands::run(cli));
    // A prompt that nobody answered must not hold the process.
    runtime.shutdown_background();
    match done {
        Ok(Completion::Clean) => ExitCode::SUCCESS,
        Ok(Completion::BadRows) => ExitCode::from(failure::UNREADABLE),
        Err(failure) => failure.report(format.is_json()),
    }
}

/// Help and version are answers; everything else is a usage error.
fn unparsed(error: &clap::Error, json: bool) -> ExitCode {
    if !error.use_stderr() {
        // A closed pipe leaves nobody to tell.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let text = mask::numbers_in(text.strip_prefix("error: ").unwrap_or(&text));
    let message =
        if json { text.split("\n\n").next().unwrap_or_default() } else { text.trim_end() };
    Failure::usage(message).report(json)
}

impl Format {
    /// Whether errors are JSON as well.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}
