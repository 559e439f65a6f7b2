//! Questions.

use std::collections::BTreeSet;

use ozonetel_sdk::cdr::sync::Gap;
use ozonetel_sdk::types::Day;
use serde_json::{Value as Json, json};

use super::column::{day, needed, places, text_of, unsigned};
use super::db::{Db, Record, Value};
use crate::error::StoreError;
use crate::leg::{StoredLeg, UnreadText, agent_key};
use crate::query::{CallQuery, Cursor, DayCoverage, DayRows, Order, StoredCall};

/// Keys in one statement.
pub(super) const KEYS: usize = 500;

/// What a [`StoredLeg`] is made of; a condition follows.
pub(super) const LEGS: &str = "select key, call_key, day, reading, record, unread, unread_path \
                               from cdr_row join cdr_seen using (key) where";

pub(super) fn leg(record: &Record) -> Result<StoredLeg, StoreError> {
    let path = record.text("unread_path")?.unwrap_or_default();
    let unread = record.text("unread")?;
    Ok(StoredLeg {
        key: needed(record.text("key")?, "key")?,
        call_key: needed(record.text("call_key")?, "call_key")?,
        day: day(record, "day")?,
        reading: unsigned(needed(record.int("reading")?, "reading")?, "reading")?,
        row: record.text("record")?.map(Into::into),
        unread: unread.map(|text| UnreadText { text: text.into(), path: path.into() }),
    })
}

/// A statement in the making: conditions, and their values in the order of their numbers.
struct Select {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Select {
    /// Adds a condition; each `?` in it is the next of the values.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let mut text = String::with_capacity(condition.len() + 8);
        let mut values = values.into_iter();
        for part in condition.split_inclusive('?') {
            match (part.strip_suffix('?'), values.next()) {
                (Some(before), Some(value)) => {
                    self.values.push(value);
                    text.push_str(before);
                    text.push('$');
                    text.push_str(&self.values.len().to_string());
                }
                _ => text.push_str(part),
            }
        }
        self.conditions.push(text);
    }
}

pub(super) async fn calls(
    db: &Db,
    query: &CallQuery,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Vec<StoredCall>, StoreError> {
    let mut select = Select { conditions: Vec::new(), values: Vec::new() };
    let text = |text: &str| [Value::text(text)];
    if let Some(from) = query.from {
        select.and("day >= ?", [text_of(from)]);
    }
    if let Some(to) = query.to {
        select.and("day <= ?", [text_of(to)]);
    }
    if let Some(direction) = query.direction {
        select.and("direction = ?", text(direction.as_str()));
    }
    if let Some(outcome) = query.outcome {
        select.and("outcome = ?", text(outcome.as_str()));
    }
    if let Some(campaign) = &query.campaign {
        select.and("campaign = ?", text(campaign.as_str()));
    }
    if let Some(key) = query.number_key()? {
        select.and("number_key = ?", [Value::text(key)]);
    }
    if let Some(agents) = &query.agents {
        let keys: BTreeSet<String> = agents.iter().filter_map(agent_key).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let places = vec!["?"; keys.len()].join(", ");
        let leg = format!(
            "exists (select 1 from cdr_row l where l.call_key = cdr_call.key and l.agent_key in ({places}))"
        );
        select.and(&leg, keys.into_iter().map(Value::text));
    }
    let (behind, order) = match query.order {
        Order::NewestFirst => ("<", "desc"),
        Order::OldestFirst => (">", "asc"),
    };
    if let Some(after) = after {
        let place =
            [text_of(after.day), Value::int(after.started_at), Value::text(after.key.as_str())];
        select.and(&format!("(day, started_at, key) {behind} (?, ?, ?)"), place);
    }
    let conditions = match select.conditions.as_slice() {
        [] => String::new(),
        conditions => format!("where {}", conditions.join(" and ")),
    };
    select.values.push(Value::count(limit.try_into().unwrap_or(u64::MAX)));
    let sql = format!(
        "select key, day, started_at from cdr_call {conditions}
         order by day {order}, started_at {order}, key {order} limit ${}",
        select.values.len()
    );
    let found = db.rows(sql, select.values).await?;
    let mut calls = Vec::with_capacity(found.len());
    for record in &found {
        calls.push(head(record)?);
    }
    fill(db, &mut calls).await?;
    Ok(calls)
}

fn head(record: &Record) -> Result<StoredCall, StoreError> {
    Ok(StoredCall {
        key: needed(record.text("key")?, "key")?,
        day: day(record, "day")?,
        started_at: needed(record.int("started_at")?, "started_at")?,
        legs: Vec::new(),
    })
}

/// Adds the legs.
async fn fill(db: &Db, calls: &mut [StoredCall]) -> Result<(), StoreError> {
    for calls in calls.chunks_mut(KEYS) {
        let list = places(1, calls.len());
        let sql = format!("{LEGS} call_key in ({list}) order by key");
        let values = calls.iter().map(|call| Value::text(call.key.as_str())).collect();
        let mut legs = std::collections::HashMap::<String, Vec<StoredLeg>>::new();
        for record in db.rows(sql, values).await? {
            let leg = leg(&record)?;
            legs.entry(leg.call_key.clone()).or_default().push(leg);
        }
        for call in calls {
            call.legs = legs.remove(&call.key).unwrap_or_default();
        }
    }
    Ok(())
}

pub(super) async fn call(db: &Db, key: &str) -> Result<Option<StoredCall>, StoreError> {
    let sql = "select key, day, started_at from cdr_call where key = $1
               union all
               select c.key, c.day, c.started_at from cdr_call c join cdr_row l on l.call_key = c.key
               where l.key = $1 and l.key <> c.key";
    let found = db.rows(sql, vec![Value::text(key)]).await?;
    let mut calls = Vec::with_capacity(found.len());
    for record in &found {
        calls.push(head(record)?);
    }
    // A call's own id goes before a leg's.
    let place = calls.iter().position(|call| call.key == key).unwrap_or(0);
    let mut calls: Vec<StoredCall> = calls.into_iter().skip(place).take(1).collect();
    fill(db, &mut calls).await?;
    Ok(calls.pop())
}

pub(super) async fn days(db: &Db, from: Day, to: Day) -> Result<Vec<DayCoverage>, StoreError> {
    let sql = "select day, reading, read_at, rows, unfinished, unread, trouble from cdr_day
               where day >= $1 and day <= $2 order by day";
    let mut days = Vec::new();
    for record in db.rows(sql, vec![text_of(from), text_of(to)]).await? {
        let number = |column: &str| {
            let found = record.int(column)?.map(|number| unsigned(number, column));
            found.transpose().map(Option::unwrap_or_default)
        };
        let read = match record.int("reading")? {
            None => None,
            Some(_) => Some(DayRows {
                reading: number("reading")?,
                at: number("read_at")? / 1000,
                rows: number("rows")?,
                unfinished: number("unfinished")?,
                unread: number("unread")?,
            }),
        };
        days.push(DayCoverage {
            day: day(&record, "day")?,
            read,
            trouble: record.text("trouble")?,
        });
    }
    Ok(days)
}

pub(super) async fn gaps(db: &Db) -> Result<Vec<Gap>, StoreError> {
    let sql =
        "select from_time, to_time, reason, rows, cause from cdr_gap order by from_time, to_time";
    let mut gaps = Vec::new();
    for record in db.rows(sql, vec![]).await? {
        let cause = match record.text("cause")? {
            None => Json::Null,
            Some(text) => serde_json::from_str(&text).map_err(|_| StoreError::damaged("a gap"))?,
        };
        let gap = json!({
            "from": record.text("from_time")?,
            "to": record.text("to_time")?,
            "reason": record.text("reason")?,
            "rows": record.int("rows")?,
            "cause": cause,
        });
        gaps.push(serde_json::from_value(gap).map_err(|_| StoreError::damaged("a gap"))?);
    }
    Ok(gaps)
}
