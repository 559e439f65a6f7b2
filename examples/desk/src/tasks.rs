//! Work on the service: a browser that goes away, or a limit on how long a request is waited for, cancels nothing. A
//! piece of work is done by the request that waits for it, and goes on in a task of its own once no one does.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
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

/// Work that whoever waits for it does, and once it is dropped a task of its own.
struct Begun<F: Future + Unpin + Send + 'static>
where
    F::Output: Send,
{
    /// None once it is done.
    work: Option<F>,
    /// Its room, and that it is under way.
    held: Option<(OwnedSemaphorePermit, TaskTrackerToken)>,
}

impl<F: Future<Output: Send> + Unpin + Send + 'static> Future for Begun<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let done = ready!(work.poll_unpin(cx));
        (self.work, self.held) = (None, None);
        Poll::Ready(done)
    }
}

impl<F: Future<Output: Send> + Unpin + Send + 'static> Drop for Begun<F> {
    fn drop(&mut self) {
        let (Some(work), held) = (self.work.take(), self.held.take()) else { return };
        // Without a runtime the desk has ended.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                work.await;
                drop(held);
            });
        }
    }
}

impl Tasks {
    /// Lets work run in a task of its own that ends by itself before long. No one waits for it but the desk's end.
    pub fn watch(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work.in_current_span());
    }

    /// Runs a piece of work and waits for it. Once no one waits any more, a task of its own goes on with it.
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
        // On the heap at once: on its way it is moved several times.
        self.run_boxed(kind, Box::pin(work))
    }

    async fn run_boxed<T: Send + 'static>(
        &self,
        kind: TaskKind,
        work: BoxFuture<'static, Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let room = self.room()?;
        let begun = Begun {
            work: Some(AssertUnwindSafe(work.in_current_span()).catch_unwind()),
            held: Some((room, self.tracker.token())),
        };
        match tokio::time::timeout(kind.waits(), begun).await {
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

    /// Reads what takes long, for whoever waits for it: once no one does, it ends.
    ///
    /// # Errors
    /// What the work fails with; [`Kind::Busy`] when too much is under way; [`Kind::Service`] if it takes too long.
    ///
    /// # Cancel safety
    /// If it is dropped, the work ends.
    pub async fn read<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send,
    ) -> Result<T, Problem> {
        let _held = (self.room()?, self.tracker.token());
        let work = AssertUnwindSafe(work).catch_unwind();
        match tokio::time::timeout(TaskKind::Read.waits(), work).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => {
                tracing::error!("a task panicked");
                Err(Problem::new(Kind::Internal, "the desk failed"))
            }
            Err(_) => Err(TaskKind::Read.lost("no answer in time")),
        }
    }

    /// Room for a piece of work.
    fn room(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        room.map_err(|_| Problem::new(Kind::Busy, "too much is under way; try again"))
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
    async fn what_is_read_for_someone_ends_when_no_one_waits() {
        let tasks = Tasks::default();
        let (told, done) = tokio::sync::oneshot::channel::<()>();
        let read = tasks.read(async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            drop(told);
            Ok(())
        });
        let waited = tokio::time::timeout(Duration::from_secs(1), read).await;
        assert!(waited.is_err() && tasks.under_way() == 0);
        let since = tokio::time::Instant::now();
        assert!(done.await.is_err(), "the work is dropped");
        assert_eq!(since.elapsed(), Duration::ZERO);
        let endless = tasks.read(std::future::pending::<Result<(), Problem>>()).await;
        assert_eq!(endless.unwrap_err().kind(), Kind::Service);
        assert_eq!(tasks.read(async { Ok(7) }).await.unwrap(), 7);
    }

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
    async fn what_no_one_waits_for_any_more_goes_on_from_where_it_was() {
        let tasks = Tasks::default();
        let (told, mut done) = tokio::sync::oneshot::channel();
        let begun = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = Arc::clone(&begun);
        let work = async move {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(5)).await;
            told.send(()).map_err(|()| Problem::bad_request("no one listens"))
        };
        let mut waiting = Box::pin(tasks.run(TaskKind::Change, work));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!((tasks.under_way(), tasks.room.available_permits()), (1, AT_ONCE - 1));
        drop(waiting);
        assert_eq!((tasks.under_way(), tasks.room.available_permits()), (1, AT_ONCE - 1));
        assert!(tasks.finish(Duration::from_secs(6)).await);
        assert!(done.try_recv().is_ok());
        assert_eq!(begun.load(std::sync::atomic::Ordering::Relaxed), 1);
        assert_eq!((tasks.under_way(), tasks.room.available_permits()), (0, AT_ONCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_after_no_one_waits_gives_its_room_back() {
        let tasks = Tasks::default();
        let work = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            if true { panic!("by design") } else { Ok(()) }
        };
        let mut waiting = Box::pin(tasks.run(TaskKind::Change, work));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        assert!(tasks.finish(Duration::from_secs(6)).await);
        assert_eq!((tasks.under_way(), tasks.room.available_permits()), (0, AT_ONCE));
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
