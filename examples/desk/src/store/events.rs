//! The log of events: append-only, numbered without gaps in the order in which it becomes visible.

use std::sync::LazyLock;

use async_trait::async_trait;
use tokio::sync::watch;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::{Audience, Event, NewEvent, written};
use super::tx::Tx;
use super::writer::Fails;

/// The log of events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Appends events that report no change of another area. Changes take their events with them.
    ///
    /// # Errors
    /// The store is not available.
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError>;

    /// The events after a number, oldest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError>;

    /// The number of the newest event; 0 if there was never one.
    ///
    /// # Errors
    /// The store is not available.
    async fn newest_event(&self) -> Result<i64, StoreError>;

    /// The number of the oldest event that is still there.
    ///
    /// # Errors
    /// The store is not available.
    async fn oldest_event(&self) -> Result<Option<i64>, StoreError>;

    /// Removes events older than a time; how many. Numbers are not used again.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_events(&self, before: i64) -> Result<u64, StoreError>;

    /// Follows the newest number that this process has committed. Another desk's events do not show here.
    fn head(&self) -> watch::Receiver<i64>;
}

/// Appends events to the log. They are numbered and written when all else of the transaction is: the lock that this
/// takes orders the events of all transactions.
pub(super) fn append(tx: &mut Tx, at: i64, events: Vec<NewEvent>) {
    tx.report(events.into_iter().map(|event| (at, event)));
}

/// Writes what is to be appended; the number of the last one. After it nothing is changed until the commit.
pub(super) async fn write(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let events = tx.take_reports();
    if events.is_empty() {
        return Ok(None);
    }
    let count = i64::try_from(events.len()).map_err(|_| StoreError::Corrupt("events"))?;
    let take = "UPDATE desk_event_head SET id = id + $1 RETURNING id";
    let row = tx.row(take, args![count]).await?.ok_or(StoreError::Corrupt("log of events"))?;
    let last: i64 = row.get("id")?;
    let mut left = events.len();
    let mut rows = (last - count + 1..).zip(events);
    for (size, insert) in INSERTS.iter().rev() {
        while left >= *size {
            let mut values = Vec::with_capacity(7 * size);
            for (id, (at, event)) in rows.by_ref().take(*size) {
                values.extend(columns(event.numbered(id, at)?));
            }
            tx.execute(insert.as_str(), values).await?;
            left -= size;
        }
    }
    Ok(Some(last))
}

/// The columns of an event, in the order of [`insert`].
fn columns(event: Event) -> Vec<Arg> {
    let word = event.audience.word();
    let agent = match event.audience {
        Audience::Agent(agent) => Some(agent.as_str().to_owned()),
        _ => None,
    };
    args![event.id, event.at, event.kind, word, agent, event.body, event.masked]
}

/// The statements that write 1, 2, 4, 8 and 16 events.
static INSERTS: LazyLock<[(usize, String); 5]> =
    LazyLock::new(|| [1, 2, 4, 8, 16].map(|rows| (rows, insert(rows))));

/// The statement that writes so many events.
fn insert(rows: usize) -> String {
    let row = |row: usize| {
        let of = |column: usize| format!("${}", row * 7 + column);
        format!("({})", (1..=7).map(of).collect::<Vec<_>>().join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO desk_event (id, at, kind, audience, agent, body, masked) VALUES {rows}")
}

fn event_of(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        audience: Audience::of(&row.get::<String>("audience")?, row.get("agent")?)?,
        body: row.get("body")?,
        masked: row.get("masked")?,
    })
}

#[async_trait]
impl Events for Db {
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError> {
        let events = written(events)?;
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, at, kind, audience, agent, body, masked \
                              FROM desk_event WHERE id > $1 ORDER BY id LIMIT $2";
                tx.rows(select, args![id, most]).await?.iter().map(event_of).collect()
            })
        })
        .await
    }

    async fn newest_event(&self) -> Result<i64, StoreError> {
        self.newest().await
    }

    async fn oldest_event(&self) -> Result<Option<i64>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let row = tx.row("SELECT MIN(id) AS id FROM desk_event", args![]).await?;
                row.map_or(Ok(None), |row| row.get("id"))
            })
        })
        .await
    }

    async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_event WHERE at < $1", args![before]).await
            })
        })
        .await
    }

    fn head(&self) -> watch::Receiver<i64> {
        self.head_of()
    }
}
