//! A store: one account's rows, in a database or in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use ozonetel_sdk::cdr::sync::{Checkpoint, Gap};
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::{Day, Zone};

use crate::address::StoreAddress;
use crate::backend::{Backend, Memory, Sql};
use crate::error::StoreError;
use crate::export::{CallStream, page};
use crate::leg::epoch_ms;
use crate::query::{CallPage, CallQuery, Cursor, DayCoverage, StoredCall};
use crate::sink::StoreSink;
use crate::sync_lock::SyncLock;

/// The call-detail records of one account. Cheap to clone; clones share.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("calls.db");
/// use ozonetel_store::{CallQuery, Store};
/// # sim.inbound("918000000001", "9000000001").ok_or("no such DID")?;
/// # sim.advance(std::time::Duration::from_secs(120)).await;
/// let store = Store::open(&path.into(), "acme_support", client.zone().clone()).await?;
/// let mut sync = client.cdr().sync(store.sink());
/// // In a program: `sync.run(…)`, which keeps the store up to date.
/// sync.poll().await?;
///
/// let page = store.calls(&CallQuery::default(), None, 50).await?;
/// for call in &page.calls {
///     println!("{} {} with {} legs", call.day, call.key, call.legs.len());
/// }
/// assert_eq!((page.calls.len(), page.next), (1, None));
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.backend).finish()
    }
}

impl Store {
    /// Opens the store at an address. A file that is not there is created, readable by its owner alone; tables that are
    /// not there are created, older ones are brought up to date. `zone` is the account's: rows have no other.
    ///
    /// # Errors
    /// [`StoreError::OtherAccount`] for the store of another account; [`StoreError::Newer`] for tables that a
    /// newer version has not only added to; otherwise what the database or the file system says.
    ///
    /// # Cancel safety
    /// Tables are created as a whole or not at all.
    pub async fn open(
        address: &StoreAddress,
        account: &str,
        zone: Zone,
    ) -> Result<Self, StoreError> {
        Ok(Self { backend: Arc::new(Sql::open(address, account, zone).await?) })
    }

    /// A store that forgets everything with its last clone: for tests of programs that use one.
    ///
    /// ```
    /// use ozonetel_sdk::types::Zone;
    /// use ozonetel_store::Store;
    /// let store = Store::in_memory(Zone::india());
    /// assert_eq!(format!("{store:?}"), "Store(Memory)");
    /// ```
    pub fn in_memory(zone: Zone) -> Self {
        Self { backend: Arc::new(Memory::new(zone)) }
    }

    /// A sink for [`Cdr::sync`](ozonetel_sdk::cdr::Cdr::sync). One sync per store at a time: [`lock_sync`](Self::lock_sync)
    /// sees to that.
    pub fn sink(&self) -> StoreSink {
        StoreSink::new(Arc::clone(&self.backend))
    }

    /// Takes the store for a sync, as long as the lock is held: two would save over each other's checkpoints. The lock is
    /// in the database, or beside its file, and holds for all programs.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_store::{Store, StoreError};
    /// let store = Store::in_memory(client.zone().clone());
    /// let mut lock = store.lock_sync().await?;
    /// let other = store.lock_sync().await;
    /// assert!(matches!(other, Err(StoreError::SyncUnderWay)));
    /// let mut sync = client.cdr().sync(store.sink());
    /// if !lock.hold().await? {
    ///     // Another sync may have had it meanwhile: on from what that one saved.
    ///     sync = client.cdr().sync(store.sink());
    /// }
    /// sync.poll().await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`StoreError::SyncUnderWay`] while another one has it; what the database or the file system says.
    ///
    /// # Cancel safety
    /// If it is dropped, the lock is not held.
    pub async fn lock_sync(&self) -> Result<SyncLock, StoreError> {
        self.backend.lock_sync().await
    }

    /// The phone calls of a query, page by page; at most [`MAX_PAGE`](crate::MAX_PAGE) on one.
    ///
    /// Pages are of the store as it is when each is asked for: calls that are added in between appear on the pages that
    /// follow, and none appears twice unless its start was corrected.
    ///
    /// # Errors
    /// [`StoreError::Input`] for a number that is not a telephone number; what the database says.
    pub async fn calls(
        &self,
        query: &CallQuery,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<CallPage, StoreError> {
        page(&*self.backend, query, after, limit).await
    }

    /// All phone calls of a query as a stream, in the memory of a page.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_store::{CallQuery, Store};
    /// let store = Store::in_memory(client.zone().clone());
    /// let mut calls = store.stream(CallQuery::days(client.today(), client.today()));
    /// while let Some(call) = calls.try_next().await? {
    ///     println!("{}", call.key);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn stream(&self, query: CallQuery) -> CallStream {
        CallStream::new(Arc::clone(&self.backend), query)
    }

    /// The phone call with this id, or with a leg whose UCID this is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn call(&self, id: &str) -> Result<Option<StoredCall>, StoreError> {
        self.backend.call(id).await
    }

    /// What is known of the days of a range, oldest first. A day that is not in the answer was never read: that it has
    /// no calls in the store says nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn days(&self, from: Day, to: Day) -> Result<Vec<DayCoverage>, StoreError> {
        self.backend.days(from, to).await
    }

    /// What the sync could not have, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        self.backend.gaps().await
    }

    /// The sync's checkpoint, without a sync.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Checkpoint`].
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let text = self.backend.checkpoint().await?;
        let read = text.map(|text| Checkpoint::from_json(text.as_bytes()));
        Ok(read.transpose()?)
    }

    /// Stores what [`Summary`](ozonetel_sdk::summary::Summary) says of these days, in place of what was stored for
    /// them. Rows are filed under their own day, and a row without one under the day that was asked for, if that is one; a
    /// day of the range without a row is stored as one without agents.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// # sim.advance(std::time::Duration::from_secs(600)).await;
    /// use ozonetel_store::Store;
    /// let store = Store::in_memory(client.zone().clone());
    /// let day = client.today();
    /// let rows = client.summary().for_day(day).await?;
    /// store.save_summary(day, day, rows, client.clock().now()).await?;
    /// assert_eq!(store.summary(day, day).await?[&day].len(), 1);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Input`] for a row without a day among those of several: nothing is stored then, and the days can be
    /// asked for one by one. What the database says.
    pub async fn save_summary(
        &self,
        from: Day,
        to: Day,
        rows: Vec<AgentSummary>,
        at: SystemTime,
    ) -> Result<(), StoreError> {
        let mut days: BTreeMap<Day, Vec<AgentSummary>> = BTreeMap::new();
        let mut day = from;
        while day <= to {
            days.insert(day, Vec::new());
            if day == day.next() {
                break;
            }
            day = day.next();
        }
        for row in rows {
            // A row of another day was not asked for, and that day's own rows stay.
            let Some(day) = row.call_date.or_else(|| (from == to).then_some(from)) else {
                let reason = "is missing in a row of several days";
                return Err(StoreError::Input(Invalid::new("CallDate", reason)));
            };
            if let Some(rows) = days.get_mut(&day) {
                rows.push(row);
            }
        }
        self.backend.save_summary(&days, epoch_ms(at)).await
    }

    /// The summaries of a range. A day that is not in the answer was never stored; one without rows had no agents.
    ///
    /// # Errors
    /// What the database says.
    pub async fn summary(
        &self,
        from: Day,
        to: Day,
    ) -> Result<BTreeMap<Day, Vec<AgentSummary>>, StoreError> {
        self.backend.summary(from, to).await
    }
}
