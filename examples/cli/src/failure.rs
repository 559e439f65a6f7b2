//! How a command failed: what people read, what programs read, and the exit code.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use ozonetel_sdk::error::{Invalid, Refusal};
use ozonetel_sdk::types::{LocalDateTime, redact_number, redact_numbers_in};
use ozonetel_sdk::{Error, ErrorKind, Reason};
use serde::Serialize;

use crate::mask;
use crate::progress::Abandoned;
use crate::stop::Signal;

const USAGE: u8 = 2;
const REFUSED: u8 = 3;
const CREDENTIALS: u8 = 4;
const PACED: u8 = 5;
const UNREACHABLE: u8 = 6;
/// It may have happened.
pub(crate) const UNKNOWN: u8 = 7;
/// An answer, or a row of it, that cannot be parsed.
pub(crate) const UNREADABLE: u8 = 8;

/// How a command ended that did not fail as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    /// All of it.
    Clean,
    /// Rows that could not be parsed were reported as they came.
    BadRows,
    /// The service does otherwise than is assumed: it sent what was not asked for.
    Contradicted,
    /// Some of what was asked for is not there yet, or not any more.
    InPart,
    /// Whether it happened is still not known: it must not be repeated.
    Unknown,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure(Box<Report>);

/// What programs read, under `error`.
#[derive(Debug, Serialize)]
struct Report {
    kind: &'static str,
    reason: Option<&'static str>,
    message: String,
    call: Option<&'static str>,
    status: Option<u16>,
    may_have_happened: bool,
    ready_in_s: Option<u64>,
    advice: Option<String>,
    /// The reference of a dial of unknown outcome, and between which times it was sent: what `settle` takes.
    reference: Option<String>,
    sent_after: Option<String>,
    sent_before: Option<String>,
    #[serde(skip)]
    exit: u8,
}

impl Failure {
    fn new(exit: u8, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Report {
            kind: kind.as_str(),
            reason: None,
            message: message.into(),
            call: None,
            status: None,
            may_have_happened: false,
            ready_in_s: None,
            advice: None,
            reference: None,
            sent_after: None,
            sent_before: None,
            exit,
        }))
    }

    /// Something is wrong with the command line or a setting.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, ErrorKind::Input, message)
    }

    /// Account, key or password is missing or must not be used.
    pub(crate) fn credentials(message: impl Into<String>) -> Self {
        Self::new(CREDENTIALS, ErrorKind::Credentials, message)
    }

    /// Standard output or the system failed.
    pub(crate) fn output(error: &io::Error) -> Self {
        Self::new(UNREACHABLE, ErrorKind::Closed, format!("the output cannot be written: {error}"))
    }

    /// The service said no.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(REFUSED, ErrorKind::Refused, message)
    }

    /// Something that is not the service did not answer.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(UNREACHABLE, ErrorKind::Unreachable, message)
    }

    /// It may have happened, and was not repeated.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        let mut failure = Self::new(UNKNOWN, ErrorKind::Closed, message);
        failure.0.may_have_happened = true;
        failure
    }

    /// An operation that happens only once was accepted, and what came after it failed: it must not be repeated. The
    /// answer, which names what was begun, may stand nowhere else.
    pub(crate) fn accepted(self, call: &'static str, answer: &impl Serialize) -> Self {
        let answer = serde_json::to_string(answer).unwrap_or_default();
        let mut shown: String = answer.chars().take(ANSWER).collect();
        if shown.len() < answer.len() {
            shown.push('…');
        }
        let shown = redact_numbers_in(&mask::printable(&shown));
        let mut failure = Self::unknown(format!(
            "it was accepted as {shown}: do not repeat it; {}",
            self.0.message
        ));
        failure.0.call = Some(call);
        failure.0.advice = self.0.advice;
        failure
    }

    /// Whether a signal ended it.
    pub(crate) fn is_stopped(&self) -> bool {
        [Signal::Interrupt, Signal::Terminate].iter().any(|signal| signal.exit() == self.0.exit)
    }

    /// Whether what failed may have happened all the same.
    pub(crate) fn may_have_happened(&self) -> bool {
        self.0.may_have_happened
    }

    /// The store of call records cannot be used.
    pub(crate) fn store(message: impl Into<String>) -> Self {
        Self::new(UNREACHABLE, ErrorKind::Closed, message)
    }

    /// A published limit is used up, and nothing was sent.
    pub(crate) fn paced(message: impl Into<String>, ready_in: Duration) -> Self {
        let mut failure = Self::new(PACED, ErrorKind::Paced, message);
        let seconds = whole_seconds(ready_in);
        failure.0.ready_in_s = Some(seconds);
        failure.advise(&format!("try again then; `--wait {seconds}` waits for it"))
    }

    /// Nothing was sent, since it is not the time for it yet.
    pub(crate) fn put_off(message: impl Into<String>, ready_in: Duration) -> Self {
        let mut failure = Self::new(UNREACHABLE, ErrorKind::Unreachable, message);
        failure.0.ready_in_s = Some(whole_seconds(ready_in));
        failure.advise("try again then")
    }

    /// A signal ended the command before it was done.
    pub(crate) fn stopped(signal: Signal) -> Self {
        Self::new(signal.exit(), ErrorKind::Closed, "stopped by a signal")
    }

    /// A signal ended an operation after it was sent.
    pub(crate) fn abandoned(abandoned: Abandoned) -> Self {
        let mut message = "stopped by a signal after it was sent; it may have happened: do not repeat it; look for \
                           the call in today's CDR first"
            .to_owned();
        if let Some(reference) = &abandoned.reference {
            message.push_str(&settle(reference));
        }
        let mut failure = Self::new(UNKNOWN, ErrorKind::Closed, message);
        failure.0.reference = abandoned.reference;
        failure.0.call = Some(abandoned.call);
        failure.0.may_have_happened = true;
        failure
    }

    /// The agent socket brought no session in time; nothing was sent.
    pub(crate) fn no_session() -> Self {
        Self::new(
            UNREACHABLE,
            ErrorKind::Unreachable,
            "no session of the agent socket in time; nothing was sent",
        )
    }

    /// Says between which times a dial of unknown outcome was sent: without them it cannot be settled.
    pub(crate) fn sent_between(mut self, after: LocalDateTime, before: LocalDateTime) -> Self {
        if let Some(reference) = &self.0.reference {
            let command = format!("`ozonetel settle {reference}`");
            let with_times =
                format!("`ozonetel settle {reference} --after '{after}' --before '{before}'`");
            self.0.message = self.0.message.replace(&command, &with_times);
            (self.0.sent_after, self.0.sent_before) =
                (Some(after.to_string()), Some(before.to_string()));
        }
        self
    }

    /// Says more about what was being done.
    pub(crate) fn within(mut self, what: &str) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// Says what else is the matter.
    pub(crate) fn with(mut self, what: &str) -> Self {
        self.0.message.push_str("; ");
        self.0.message.push_str(what);
        self
    }

    /// Names a value as the command line does, where the request has another name for it.
    pub(crate) fn rename(mut self, field: &str, flag: &str) -> Self {
        if let Some(rest) = self.0.message.strip_prefix(field).filter(|_| self.0.exit == USAGE) {
            self.0.message = format!("{flag}{rest}");
        }
        self
    }

    /// Says what to do next.
    pub(crate) fn advise(mut self, advice: &str) -> Self {
        self.0.advice = Some(advice.to_owned());
        self
    }

    /// Says how to resume where this stopped.
    pub(crate) fn resume(mut self, command: &str) -> Self {
        if self.0.exit != USAGE {
            self.0.message.push_str("; resume with: ");
            self.0.message.push_str(command);
        }
        self
    }

    /// Hides a customer's number, whatever text it is in.
    pub(crate) fn hide(mut self, number: &str) -> Self {
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        let tail: String = digits.iter().skip(digits.len().saturating_sub(10)).collect();
        if tail.len() > 4 {
            let hidden = redact_number(&tail);
            self.0.message = self.0.message.replace(&tail, &hidden);
            self.0.reference = self.0.reference.map(|text| text.replace(&tail, &hidden));
        }
        self
    }

    /// The message, and what to do next.
    pub(crate) fn told(&self) -> (String, Option<String>) {
        (self.0.message.clone(), self.0.advice.clone())
    }

    /// Writes the failure on standard error and returns its exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let mut to = io::stderr().lock();
        // With standard error gone there is only the exit code left.
        let _ = if json { self.write_json(&mut to) } else { self.write_text(&mut to) };
        ExitCode::from(self.0.exit)
    }

    fn write_json(&self, to: &mut impl io::Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Under<'a> {
            error: &'a Report,
        }
        serde_json::to_writer(&mut *to, &Under { error: &self.0 })?;
        writeln!(to)
    }

    fn write_text(&self, to: &mut impl io::Write) -> io::Result<()> {
        match self.0.call {
            Some(call) => writeln!(to, "error: {call}: {}", self.0.message)?,
            None => writeln!(to, "error: {}", self.0.message)?,
        }
        match &self.0.advice {
            Some(advice) => writeln!(to, "  {advice}"),
            None => Ok(()),
        }
    }
}

/// Exit codes, first match.
fn exit_of(error: &Error) -> u8 {
    if error.may_have_happened() {
        return UNKNOWN;
    }
    match (error.kind(), error.reason()) {
        (ErrorKind::Credentials, _) | (_, Some(Reason::BadCredentials | Reason::TokenExpired)) => {
            CREDENTIALS
        }
        (ErrorKind::Paced, _) | (_, Some(Reason::TooManyRequests)) => PACED,
        (ErrorKind::Refused, _) => REFUSED,
        (ErrorKind::Input, _) => USAGE,
        (ErrorKind::Unreachable | ErrorKind::Status | ErrorKind::Closed | ErrorKind::Store, _) => {
            UNREACHABLE
        }
        _ => UNREADABLE,
    }
}

/// Where an operation of unknown outcome can be found.
fn settle(reference: &str) -> String {
    format!(" (UUI {reference}; `ozonetel settle {reference}` says whether it happened)")
}

/// How much of the service's own text is shown.
const SHOWN: usize = 300;

/// How much is shown of an answer that could not be printed.
const ANSWER: usize = 1000;

/// The service's own text, unless the summary already says it.
fn said(error: &Error) -> Option<String> {
    let known = error.refusal().and_then(Refusal::documented);
    let whole = known.is_some_and(|known| !known.pattern().contains("{}"));
    let text = error.service_text().filter(|_| !whole)?;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Some(shown)
}

/// The innermost cause, such as a refused connection.
pub(crate) fn innermost(error: &dyn std::error::Error) -> Option<String> {
    let mut source = error.source()?;
    while let Some(next) = source.source() {
        source = next;
    }
    Some(source.to_string())
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let unknown = error.may_have_happened();
        let mut message = error.summary();
        if let Some(text) = said(&error) {
            message = format!("{message}: {text}");
        }
        if let Some(cause) = innermost(&error) {
            message = format!("{message} ({cause})");
        }
        // What must not be overlooked is in the message; other advice has a line of its own.
        let urgent = error.advice().filter(|_| unknown);
        if let Some(advice) = urgent {
            message = format!("{message}; {advice}");
        }
        // The service's own text may name a number; the reference stays as it was sent.
        let mut message = redact_numbers_in(&mask::printable(&message));
        if let Some(reference) = error.reference() {
            message.push_str(&settle(reference));
        }
        let mut failure = Self::new(exit_of(&error), error.kind(), message);
        let report = &mut failure.0;
        report.reference = error.reference().map(str::to_owned);
        report.reason = error.reason().map(Reason::as_str);
        report.call = Some(error.call()).filter(|call| !call.is_empty());
        report.status = error.status().map(|status| status.as_u16());
        report.may_have_happened = unknown;
        report.ready_in_s = error.ready_in().map(whole_seconds);
        report.advice = error.advice().filter(|_| urgent.is_none()).map(|advice| {
            match report.ready_in_s.filter(|_| report.exit == PACED) {
                Some(seconds) => format!("{advice}; `--wait {seconds}` waits for it"),
                None => advice.to_owned(),
            }
        });
        failure
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        if ["account", "key", "OZONETEL_ACCOUNT", "OZONETEL_API_KEY"].contains(&invalid.field()) {
            return Self::credentials(invalid.to_string());
        }
        Self::usage(invalid.to_string())
    }
}
