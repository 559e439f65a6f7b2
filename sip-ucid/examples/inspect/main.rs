//! Prints what the parser reads in SIP messages, one JSON object for each file.
//!
//! `cargo run --release -p sip-ucid --example inspect -- [--transport datagram|stream|websocket]
//! FILE…`

mod json;
mod report;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use sip_ucid::Transport;

const USAGE: &str = "usage: inspect [--transport datagram|stream|websocket] FILE…";

fn transport(name: &str) -> Option<Transport> {
    match name {
        "datagram" => Some(Transport::Datagram),
        "stream" => Some(Transport::Stream),
        "websocket" => Some(Transport::WebSocket),
        _ => None,
    }
}

/// The transport and the files of the command line.
fn arguments(
    mut all: impl Iterator<Item = OsString>,
) -> Result<(Transport, Vec<OsString>), String> {
    let mut chosen = Transport::Datagram;
    let mut files = Vec::new();
    while let Some(argument) = all.next() {
        let text = argument.to_str().unwrap_or_default();
        if text == "--" {
            files.extend(all);
            break;
        }
        let name = match text.strip_prefix("--transport") {
            Some("") => all.next().and_then(|name| name.into_string().ok()).unwrap_or_default(),
            Some(rest) if rest.starts_with('=') => rest.trim_start_matches('=').to_owned(),
            _ if text.starts_with("--") => return Err(format!("unknown option {text}\n{USAGE}")),
            _ => {
                files.push(argument);
                continue;
            }
        };
        chosen = transport(&name).ok_or_else(|| format!("no such transport: {name}\n{USAGE}"))?;
    }
    Ok((chosen, files))
}

fn main() -> ExitCode {
    let (transport, files) = match arguments(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let mut unread = false;
    let mut out = std::io::stdout().lock();
    for file in files {
        match std::fs::read(&file) {
            Ok(bytes) => {
                let line = report::report(file.as_encoded_bytes(), &bytes, transport);
                if writeln!(out, "{line}").is_err() {
                    return ExitCode::SUCCESS;
                }
            }
            Err(error) => {
                eprintln!("{}: {error}", file.to_string_lossy());
                unread = true;
            }
        }
    }
    if unread { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
