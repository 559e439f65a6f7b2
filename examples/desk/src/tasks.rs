//! Work on the service, each piece in a task of its own: a browser that goes away, or a limit on how long a request
//! is waited for, cancels nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::problem::{Kind, Problem};

/// How many pieces of work may be under way at once.
const AT_ONCE: usize = 256;

/// What a piece of work does, and so what its loss means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Changes something: a lost answer leaves open whether it did.
    Change,
    /// Reads.
    Read,
}

impl TaskKind {
    /// How long a request waits for the work; the work itself continues.
    pub(crate) fn waits(self) -> Duration {
        match self {
            Self::Change => Duration::from_mins(1),
            Self::Read => Duration::from_secs(150),
        }
    }

    fn lost(self, message: &'static str) -> Problem {
        match self {
            Self::Change => Problem::new(Kind::Unknown, message),
            Self::Read => Problem::new(Kind::Service, message),
        }
    }
}

/// The work under way. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    room: Arc<Semaphore>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { tracker: TaskTracker::new(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Tasks {
    /// Lets work run in a task of its own that ends by itself before long. No one waits for it but the desk's end.
    pub fn watch(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work.in_current_span());
    }

    /// Runs a piece of work in a task of its own, and waits for it.
    ///
    /// # Errors
    /// What the work fails with; [`Kind::Busy`] when too much is under way; a lost answer by the work's kind.
    ///
    /// # Cancel safety
    /// If it is dropped, the work continues.
    pub fn run<T: Send + 'static>(
        &self,
        kind: TaskKind,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> impl Future<Output = Result<T, Problem>> + Send {
        // On the heap at once: on its way into its task it is moved several times.
        self.run_boxed(kind, Box::pin(work))
    }

    async fn run_boxed<T: Send + 'static>(
        &self,
        kind: TaskKind,
        work: BoxFuture<'static, Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let room =
            room.map_err(|_| Problem::new(Kind::Busy, "too much is under way; try again"))?;
        let work = async move {
            let done = work.await;
            drop(room);
            done
        };
        let handle = self.tracker.spawn(work.in_current_span());
        match tokio::time::timeout(kind.waits(), handle).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => {
                tracing::error!("a task panicked");
                match kind {
                    TaskKind::Change => {
                        Err(kind.lost("the desk failed midway; it may have happened"))
                    }
                    TaskKind::Read => Err(Problem::new(Kind::Internal, "the desk failed")),
                }
            }
            Err(_) => Err(kind.lost("no answer in time; the work goes on")),
        }
    }

    /// Waits until all work is done, at most so long. Whether it is.
    pub async fn finish(&self, within: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(within, self.tracker.wait()).await.is_ok()
    }

    /// How much work is under way.
    pub fn under_way(&self) -> usize {
        self.tracker.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_waited_for_no_longer_and_goes_on() {
        let tasks = Tasks::default();
        let (told, done) = tokio::sync::oneshot::channel();
        let work = async move {
            tokio::time::sleep(Duration::from_secs(200)).await;
            told.send(()).map_err(|()| Problem::bad_request("no one listens"))
        };
        let problem = tasks.run(TaskKind::Change, work).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::Unknown);
        assert_eq!(tasks.under_way(), 1);
        assert!(!tasks.finish(Duration::from_secs(1)).await);
        assert!(tasks.finish(Duration::from_secs(200)).await);
        done.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_leaves_a_change_unknown_and_a_read_failed() {
        let tasks = Tasks::default();
        for (kind, expected) in
            [(TaskKind::Change, Kind::Unknown), (TaskKind::Read, Kind::Internal)]
        {
            let work = async { if true { panic!("by design") } else { Ok(()) } };
            assert_eq!(tasks.run(kind, work).await.unwrap_err().kind(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound_on_work_under_way() {
        let tasks = Tasks::default();
        let forever = || std::future::pending::<Result<(), Problem>>();
        let waiting: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let tasks = tasks.clone();
                tokio::spawn(async move { tasks.run(TaskKind::Read, forever()).await })
            })
            .collect();
        while tasks.under_way() < AT_ONCE {
            tokio::task::yield_now().await;
        }
        let problem = tasks.run(TaskKind::Read, forever()).await.unwrap_err();
        assert_eq!((problem.kind(), waiting.len()), (Kind::Busy, AT_ONCE));
    }
}
