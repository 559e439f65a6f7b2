//! How events are written: together, after all else of a transaction.

use std::sync::LazyLock;

use super::conn::{Arg, Row, args};
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
            let mut values = Vec::with_capacity(COLUMNS * size);
            for (id, (at, event)) in rows.by_ref().take(*size) {
                values.extend(columns(event.numbered(id, at)?));
            }
            tx.execute(insert.as_str(), values).await?;
            left -= size;
        }
    }
    Ok(Some(last))
}

/// How many columns an event has.
const COLUMNS: usize = 8;

/// The columns of an event, in the order of [`insert`].
fn columns(event: Event) -> Vec<Arg> {
    let word = event.audience.word();
    let agent = match event.audience {
        Audience::Agent(agent) => Some(agent.as_str().to_owned()),
        _ => None,
    };
    let shared = event.masked.as_deref().map_or(0, |masked| shared(&event.body, masked));
    let rest = event.masked.map(|mut masked| masked.split_off(shared));
    let shared = i64::try_from(shared).unwrap_or(i64::MAX);
    args![event.id, event.at, event.kind, word, agent, event.body, rest, shared]
}

/// How many bytes both texts begin with, up to a whole character: most of a call is the same to all who see it.
fn shared(body: &str, masked: &str) -> usize {
    let pieces = body.as_bytes().chunks(64).zip(masked.as_bytes().chunks(64));
    let same: usize =
        pieces.take_while(|(one, other)| one == other).map(|(one, _)| one.len()).sum();
    let rest = body.bytes().skip(same).zip(masked.bytes().skip(same));
    masked.floor_char_boundary(same + rest.take_while(|(one, other)| one == other).count())
}

/// An event as a row has it.
pub(super) fn event_of(row: &Row) -> Result<Event, StoreError> {
    let corrupt = || StoreError::Corrupt("event");
    let body: String = row.get("body")?;
    let shared = usize::try_from(row.get::<i64>("shared")?).map_err(|_| corrupt())?;
    let shared = body.get(..shared).ok_or_else(corrupt)?;
    let rest: Option<String> = row.get("masked")?;
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        audience: Audience::of(&row.get::<String>("audience")?, row.get("agent")?)?,
        masked: rest.map(|rest| [shared, &rest].concat()),
        body,
    })
}

/// The statements that write 1, 2, 4, 8 and 16 events.
static INSERTS: LazyLock<[(usize, String); 5]> =
    LazyLock::new(|| [1, 2, 4, 8, 16].map(|rows| (rows, insert(rows))));

/// The statement that writes so many events.
fn insert(rows: usize) -> String {
    let row = |row: usize| {
        let of = |column: usize| format!("${}", row * COLUMNS + column);
        format!("({})", (1..=COLUMNS).map(of).collect::<Vec<_>>().join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    let columns = "id, at, kind, audience, agent, body, masked, shared";
    format!("INSERT INTO desk_event ({columns}) VALUES {rows}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shared;

    #[test]
    fn what_two_texts_begin_with_ends_with_a_character() {
        let long = "é".repeat(100);
        for (body, masked, expected) in [
            ("", "", 0),
            ("a", "", 0),
            ("", "a", 0),
            ("abc", "abd", 2),
            ("abc", "abc", 3),
            ("ab", "abc", 2),
            // They begin with the same byte.
            ("aé", "aè", 1),
            (&long, &long[..150], 150),
        ] {
            assert_eq!(shared(body, masked), expected, "{body}, {masked}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_what_it_shares_and_the_rest(
            same in "[aé\u{1F4DE}]{0,90}", one in "[aéè\u{1F4DE}]{0,9}", other in "[aéè\u{1F4DE}]{0,9}",
        ) {
            let (body, masked) = (format!("{same}{one}"), format!("{same}{other}"));
            let shared = shared(&body, &masked);
            prop_assert!(shared >= same.len());
            prop_assert_eq!(body.get(..shared), masked.get(..shared));
            let next = |text: &str| text.get(shared..).and_then(|rest| rest.chars().next());
            prop_assert!(next(&body).is_none() || next(&body) != next(&masked));
        }
    }
}
