//! `mdl replay`

use std::io::{self, Read as _};
use std::path::Path;

use ozonetel_sdk::mdl::{AgentIdentity, Transcript};

use super::print::Printer;
use crate::failure::{Completion, Failure};
use crate::output::Output;

/// The largest transcript that is read.
const LARGEST: u64 = 256 << 20;

/// Prints a transcript's events.
pub(crate) fn run(output: Output, file: &Path) -> Result<Completion, Failure> {
    let cannot = |error: io::Error| Failure::usage(format!("{}: {error}", file.display()));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(cannot)?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > LARGEST {
        return Err(Failure::usage(format!("{} is larger than 256 MiB", file.display())));
    }
    let transcript = Transcript::parse(&text)?;
    let mut printer = Printer::new(output, io::stdout().lock());
    for (at, event) in transcript.events(AgentIdentity::new("masked", "masked", 1)) {
        if !printer.event(at, &event)? {
            return Ok(Completion::Clean);
        }
    }
    printer.close()?;
    Ok(Completion::Clean)
}
