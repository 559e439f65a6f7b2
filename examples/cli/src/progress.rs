//! What calls do meanwhile: a bar for paced waits, and a note of operations that were dropped after they were sent.

use std::io::{IsTerminal as _, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ozonetel_sdk::client::{ClientEvent, Observer};

/// An operation whose outcome is no longer known.
#[derive(Debug, Clone)]
pub(crate) struct Abandoned {
    pub(crate) call: &'static str,
    pub(crate) reference: Option<String>,
}

/// Watches the client's calls.
#[derive(Debug, Default)]
pub(crate) struct Watcher(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    bar: Option<ProgressBar>,
    abandoned: Option<Abandoned>,
}

impl Watcher {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation that was dropped after it was sent.
    pub(crate) fn abandoned(&self) -> Option<Abandoned> {
        self.noted().abandoned.clone()
    }
}

impl Observer for Watcher {
    fn on(&self, event: &ClientEvent<'_>) {
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
