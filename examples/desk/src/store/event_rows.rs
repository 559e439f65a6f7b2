//! How events are written: together, after all else of a transaction.

use std::sync::LazyLock;

use super::conn::{Arg, args};
use super::error::StoreError;
use super::event::{Audience, Event, NewEvent};
use super::tx::Tx;

/// Appends events to the log. They are numbered and written when all else of the transaction is: the lock that this
/// takes orders the events of all transactions.
pub(super) fn append(tx: &mut Tx, at: i64, events: Vec<NewEvent>) {
    tx.report(events.into_iter().map(|event| (at, event)));
}

/// Writes what is to be appended; the number of the last one. After it nothing is changed until the commit.
pub(super) async fn write_events(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
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
