//! Work that only one desk may do: it runs while a lease is held, and stops when the lease is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::client::Clock;
use tokio_util::sync::CancellationToken;

use crate::epoch::{epoch_ms, millis};
use crate::store::{Lease, Store};

/// How long leases last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Terms {
    /// How long a lease is granted for.
    granted: Duration,
    /// How often it is extended, and how often one that another has is asked for.
    beat: Duration,
    /// How long before its end a lease counts as lost: clocks differ, and what is sent takes time to arrive.
    margin: Duration,
}

/// Of a desk that has its store to itself: few writes.
const ALONE: Terms = Terms {
    granted: Duration::from_secs(30),
    beat: Duration::from_secs(10),
    margin: Duration::from_secs(5),
};

/// Of desks that share one: what a desk did that has died, another does ten seconds later at the most.
const SHARED: Terms = Terms {
    granted: Duration::from_secs(8),
    beat: Duration::from_secs(2),
    margin: Duration::from_secs(3),
};

/// A lease that is held.
#[derive(Clone)]
pub struct HeldLease {
    lease: Lease,
    clock: Arc<dyn Clock>,
    terms: Terms,
    until: Arc<std::sync::atomic::AtomicI64>,
    lost: CancellationToken,
}

impl fmt::Debug for HeldLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLease").field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl HeldLease {
    /// The number that rises with each holder.
    pub fn fence(&self) -> i64 {
        self.lease.fence
    }

    /// Whether what only the holder may do may be done now. Ask right before doing it.
    pub fn is_valid(&self) -> bool {
        !self.lost.is_cancelled() && !self.left().is_zero()
    }

    /// How long it lasts, without the margin, if it is not extended.
    fn left(&self) -> Duration {
        let until = self.until.load(std::sync::atomic::Ordering::Acquire);
        let left = until - millis(self.terms.margin) - epoch_ms(&*self.clock);
        Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    /// Resolves when the lease is lost.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

/// Who asks for leases, and with what.
#[derive(Clone)]
pub struct LeaseKeeper {
    /// Where leases are.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The name of this process, which no other has.
    pub holder: Arc<str>,
}

impl fmt::Debug for LeaseKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseKeeper").field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl LeaseKeeper {
    /// Runs work whenever the lease can be had, until `stop`. The work stops itself when its lease is lost or `stop`
    /// is cancelled: both cancel the token it gets. The lease is released when it has ended.
    ///
    /// # Cancel safety
    /// If it is dropped, the lease is no longer extended and ends by itself.
    pub async fn run<W, F>(&self, name: &str, stop: CancellationToken, work: W)
    where
        W: Fn(HeldLease, CancellationToken) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
    {
        while !stop.is_cancelled() {
            if let Some(held) = self.take(name).await {
                let end = stop.child_token();
                let watch = async {
                    self.keep(&held).await;
                    end.cancel();
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    biased;
                    () = work(held.clone(), end.clone()) => {}
                    () = watch => {}
                }
                held.lost.cancel();
                if let Err(error) = self.store.release_lease(&held.lease).await {
                    tracing::warn!(name, %error, "the lease was not released; it ends by itself");
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.terms().beat) => {}
            }
        }
    }

    fn terms(&self) -> Terms {
        if self.store.is_shared() { SHARED } else { ALONE }
    }

    async fn take(&self, name: &str) -> Option<HeldLease> {
        let (at, terms) = (epoch_ms(&*self.clock), self.terms());
        let until = at + millis(terms.granted);
        match self.store.take_lease(name, &self.holder, at, until).await {
            Ok(lease) => lease.map(|lease| HeldLease {
                lease,
                clock: Arc::clone(&self.clock),
                terms,
                until: Arc::new(until.into()),
                lost: CancellationToken::new(),
            }),
            Err(error) => {
                tracing::warn!(name, %error, "the lease cannot be asked for");
                None
            }
        }
    }

    /// Extends a lease until it is lost.
    async fn keep(&self, held: &HeldLease) {
        loop {
            tokio::time::sleep(held.terms.beat).await;
            let at = epoch_ms(&*self.clock);
            let until = at + millis(held.terms.granted);
            let kept = self.store.keep_lease(&held.lease, at, until);
            // However long the store takes: who does not know the lease to be kept stops before another can begin.
            match tokio::time::timeout(held.left(), kept).await {
                Ok(Ok(true)) => held.until.store(until, std::sync::atomic::Ordering::Release),
                Err(_) | Ok(Ok(false)) => break,
                // It lasts a while without being extended.
                Ok(Err(error)) => {
                    tracing::warn!(name = held.lease.name, %error, "the lease was not extended");
                }
            }
            if !held.is_valid() {
                break;
            }
        }
        tracing::warn!(name = held.lease.name, "the lease is lost");
        held.lost.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::SystemTime;

    use ozonetel_sdk::client::TokioClock;

    use super::*;
    use crate::store::memory::{Access, Interference, Stop};
    use crate::store::{Events as _, Leases as _, Memory, StoreError};

    type Log = Arc<Mutex<Vec<(String, i64, &'static str)>>>;

    fn keeper(store: &Memory, holder: &str) -> LeaseKeeper {
        let clock = Arc::new(TokioClock::starting_at(SystemTime::UNIX_EPOCH));
        LeaseKeeper { store: Arc::new(store.clone()), clock, holder: holder.into() }
    }

    /// Work that writes down when it begins and ends.
    fn start(
        keeper: LeaseKeeper,
        log: &Log,
        stop: &CancellationToken,
    ) -> tokio::task::JoinHandle<()> {
        let (log, stop) = (Arc::clone(log), stop.clone());
        tokio::spawn(async move {
            let holder = keeper.holder.to_string();
            let work = |held: HeldLease, end: CancellationToken| {
                let (log, holder) = (Arc::clone(&log), holder.clone());
                async move {
                    let note = |word| {
                        log.lock().unwrap().push((holder.clone(), held.fence(), word));
                    };
                    note("begins");
                    end.cancelled().await;
                    note(if held.is_valid() { "ends holding" } else { "ends" });
                }
            };
            keeper.run("sync", stop, work).await;
        })
    }

    fn noted(log: &Log) -> Vec<(String, i64, &'static str)> {
        log.lock().unwrap().clone()
    }

    async fn pass(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[test]
    fn what_a_dead_desk_did_is_done_by_another_ten_seconds_later() {
        assert!(SHARED.granted + SHARED.beat <= Duration::from_secs(10));
        for terms in [ALONE, SHARED] {
            // One beat that fails loses no lease.
            assert!(terms.margin + 2 * terms.beat < terms.granted, "{terms:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_works_until_it_stops_and_then_the_other() {
        let (store, log) = (Memory::new(), Log::default());
        let stops = [CancellationToken::new(), CancellationToken::new()];
        let one = start(keeper(&store, "one"), &log, &stops[0]);
        pass(1).await;
        let other = start(keeper(&store, "other"), &log, &stops[1]);
        pass(300).await;
        assert_eq!(noted(&log), [("one".to_owned(), 1, "begins")]);
        stops[0].cancel();
        one.await.unwrap();
        pass(11).await;
        let expected = [
            ("one".to_owned(), 1, "begins"),
            ("one".to_owned(), 1, "ends holding"),
            ("other".to_owned(), 2, "begins"),
        ];
        assert_eq!(noted(&log), expected);
        stops[1].cancel();
        other.await.unwrap();
        assert!(store.leases(0).await.unwrap().is_empty(), "released");
    }

    /// Writes hang once they are to.
    #[derive(Default)]
    struct Hangs(std::sync::atomic::AtomicBool);

    #[async_trait::async_trait]
    impl Interference for Hangs {
        async fn before(&self, access: Access) -> Result<(), StoreError> {
            if access == Access::Write && self.0.load(std::sync::atomic::Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            Ok(())
        }

        async fn after(&self, _: Access) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_nothing_stops_before_another_can_begin() {
        let (store, log) = (Memory::new(), Log::default());
        let (stop, hangs) = (CancellationToken::new(), Arc::new(Hangs::default()));
        let way = store.by_way_of(Arc::clone(&hangs) as Arc<dyn Interference>, true);
        let other = store.by_way_of(Arc::new(Hangs::default()), true);
        let _one = start(keeper(&way, "one"), &log, &stop);
        pass(1).await;
        let other = start(keeper(&other, "other"), &log, &stop);
        pass(60).await;
        assert_eq!(noted(&log), [("one".to_owned(), 1, "begins")]);
        hangs.0.store(true, std::sync::atomic::Ordering::Relaxed);
        pass(12).await;
        let expected = [
            ("one".to_owned(), 1, "begins"),
            ("one".to_owned(), 1, "ends"),
            ("other".to_owned(), 2, "begins"),
        ];
        assert_eq!(noted(&log), expected);
        stop.cancel();
        other.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_extend_stops_before_another_can_begin() {
        let (store, log) = (Memory::new(), Log::default());
        let stop = CancellationToken::new();
        let one = start(keeper(&store, "one"), &log, &stop);
        pass(1).await;
        store.stop_at(0, Stop::Before);
        store.append_events(0, Vec::new()).await.unwrap_err();
        pass(20).await;
        assert_eq!(noted(&log).len(), 1, "it lasts a while");
        pass(10).await;
        assert_eq!(noted(&log)[1], ("one".to_owned(), 1, "ends"));
        store.restart();
        pass(11).await;
        assert_eq!(noted(&log)[2], ("one".to_owned(), 2, "begins"));
        stop.cancel();
        one.await.unwrap();
    }
}
