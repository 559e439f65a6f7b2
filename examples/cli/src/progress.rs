//! What calls do meanwhile: a bar for paced waits, and a note of operations that were dropped after they were sent.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ozonetel_sdk::client::{ClientEvent, Observer};
use serde_json::json;

/// An operation whose outcome is no longer known.
#[derive(Debug, Clone)]
pub(crate) struct Abandoned {
    pub(crate) call: &'static str,
    pub(crate) reference: Option<String>,
}

/// Watches the client's calls.
#[derive(Debug)]
pub(crate) struct Watcher {
    noted: Mutex<Noted>,
    verbose: bool,
    json: bool,
}

#[derive(Debug, Default)]
struct Noted {
    bar: Option<ProgressBar>,
    abandoned: Option<Abandoned>,
}

impl Watcher {
    /// One that says what calls do, as JSON if errors are.
    pub(crate) fn new(verbose: bool, json: bool) -> Self {
        Self { noted: Mutex::default(), verbose, json }
    }

    fn say(&self, event: &ClientEvent<'_>) {
        let Some((call, text)) = told(event).filter(|_| self.verbose) else { return };
        let line = if self.json {
            json!({ "progress": { "call": call, "message": text } }).to_string()
        } else {
            format!("{call}: {text}")
        };
        // With standard error gone, there is nobody to tell.
        let _ = writeln!(stderr(), "{line}");
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation that was dropped after it was sent.
    pub(crate) fn abandoned(&self) -> Option<Abandoned> {
        self.noted().abandoned.clone()
    }
}

impl Observer for Watcher {
    fn on(&self, event: &ClientEvent<'_>) {
        self.say(event);
        match event {
            ClientEvent::Waiting { ready_in, .. } => {
                if stderr().is_terminal() {
                    self.noted().bar = Some(waiting(*ready_in));
                }
            }
            ClientEvent::Abandoned { spec, reference, may_have_happened: true, .. } => {
                let reference = reference.map(Into::into);
                self.noted().abandoned = Some(Abandoned { call: spec.name, reference });
            }
            _ => {
                if let Some(bar) = self.noted().bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

/// What happens, in words: the call, and what it does.
fn told(event: &ClientEvent<'_>) -> Option<(&'static str, String)> {
    let seconds = Duration::as_secs_f32;
    Some(match event {
        ClientEvent::Waiting { spec, ready_in } => {
            (spec.name, format!("waits {:.1} s for the published limit", seconds(ready_in)))
        }
        ClientEvent::Sending { spec, attempt } => (spec.name, format!("attempt {attempt}")),
        ClientEvent::Repeating { spec, attempt, after } => {
            (spec.name, format!("attempt {attempt} failed, again in {:.1} s", seconds(after)))
        }
        ClientEvent::Finished { spec, error, attempts, elapsed } => {
            let ended = error.map_or("done", |error| error.kind().as_str());
            let attempts = counted(*attempts);
            (spec.name, format!("{ended}, {attempts}, {:.1} s", seconds(elapsed)))
        }
        ClientEvent::Abandoned { spec, attempts, elapsed, .. } => {
            let attempts = counted(*attempts);
            (spec.name, format!("given up, {attempts}, {:.1} s", seconds(elapsed)))
        }
        _ => return None,
    })
}

fn counted(attempts: u32) -> String {
    format!("{attempts} {}", if attempts == 1 { "attempt" } else { "attempts" })
}

/// A bar that fills while the limit is waited for.
fn waiting(ready_in: Duration) -> ProgressBar {
    let seconds = ready_in.as_secs() + u64::from(ready_in.subsec_nanos() > 0);
    let bar = ProgressBar::new(seconds);
    if let Ok(style) =
        ProgressStyle::with_template("waiting for the published limit {wide_bar} {pos}/{len} s")
    {
        bar.set_style(style);
    }
    let moving = bar.downgrade();
    tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            match moving.upgrade() {
                Some(bar) if !bar.is_finished() => bar.set_position(bar.elapsed().as_secs()),
                _ => return,
            }
        }
    });
    bar
}
