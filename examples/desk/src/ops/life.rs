//! From the first request to an orderly end.
//!
//! The end has an order: no new commands; streams are told; commands under way are finished; background work stops
//! where it can be taken up again; leases are released; the store is closed.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// The stages of the end, and the work that runs in the background. Cheap to clone; clones share. When the last one is
/// gone, background work is told to stop.
#[derive(Clone)]
pub struct Life(Arc<Shared>);

struct Shared {
    commands: CancellationToken,
    streams: CancellationToken,
    work: CancellationToken,
    failed: CancellationToken,
    workers: TaskTracker,
    _end: [DropGuard; 2],
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life")
            .field("is_stopping", &self.is_stopping())
            .field("workers", &self.0.workers.len())
            .finish_non_exhaustive()
    }
}

impl Default for Life {
    fn default() -> Self {
        let [commands, streams, work, failed] = std::array::from_fn(|_| CancellationToken::new());
        let end = [streams.clone().drop_guard(), work.clone().drop_guard()];
        let workers = TaskTracker::new();
        Self(Arc::new(Shared { commands, streams, work, failed, workers, _end: end }))
    }
}

impl Life {
    /// Whether no new command is taken.
    pub fn is_stopping(&self) -> bool {
        self.0.commands.is_cancelled()
    }

    /// First: takes no new command.
    pub fn stop_commands(&self) {
        self.0.commands.cancel();
    }

    /// Cancelled when no new command is taken.
    pub fn commands(&self) -> CancellationToken {
        self.0.commands.clone()
    }

    /// Second: tells all streams.
    pub fn stop_streams(&self) {
        self.0.streams.cancel();
    }

    /// Cancelled when streams have to end.
    pub fn streams(&self) -> CancellationToken {
        self.0.streams.clone()
    }

    /// Cancelled when work in the background has to stop.
    pub fn work(&self) -> CancellationToken {
        self.0.work.clone()
    }

    /// Runs work in the background until it is told to stop, which it does where it can be taken up again. If it ends
    /// before, the desk cannot do what it promises: it stops as a whole ([`failed`](Self::failed)).
    pub fn spawn<F>(&self, name: &'static str, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, failed) = (self.0.work.clone(), self.0.failed.clone());
        let work = work(stop.clone()).instrument(tracing::info_span!("work", name));
        // Whatever ends the work, a panic too, drops the guard.
        let guard = failed.drop_guard();
        self.0.workers.spawn(async move {
            work.await;
            if stop.is_cancelled() {
                guard.disarm();
            } else {
                tracing::error!(name, "background work ended by itself");
            }
        });
    }

    /// Resolves when background work has ended by itself.
    pub async fn failed(&self) {
        self.0.failed.cancelled().await;
    }

    /// Fourth: stops all background work, and waits for it, at most so long. Whether all has stopped.
    pub async fn stop_work(&self, within: Duration) -> bool {
        self.0.work.cancel();
        self.0.workers.close();
        tokio::time::timeout(within, self.0.workers.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_is_told_to_stop_and_waited_for() {
        let life = Life::default();
        let (told, mut heard) = tokio::sync::mpsc::channel(1);
        life.spawn("outbox", |stop| async move {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            told.send("safe").await.unwrap();
        });
        assert!(!life.stop_work(Duration::from_secs(4)).await);
        assert!(life.stop_work(Duration::from_secs(4)).await);
        assert_eq!(heard.recv().await, Some("safe"));
        tokio::select! {
            biased;
            () = life.failed() => panic!("it ended because it was told to"),
            () = std::future::ready(()) => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_by_itself_or_panics_stops_the_desk() {
        for panics in [false, true] {
            let life = Life::default();
            life.spawn("outbox", |_| async move { assert!(!panics, "by design") });
            life.failed().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_stages_come_one_by_one_and_all_when_the_desk_is_gone() {
        let life = Life::default();
        let streams = life.streams();
        life.stop_commands();
        assert!(life.is_stopping() && !streams.is_cancelled());
        life.stop_streams();
        assert!(streams.is_cancelled());
        let life = Life::default();
        let streams = life.streams();
        drop(life);
        assert!(streams.is_cancelled());
    }
}
