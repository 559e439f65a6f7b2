//! Rows and checkpoints, written.

use std::collections::{BTreeMap, BTreeSet};

use ozonetel_sdk::cdr::sync::Upserted;
use ozonetel_sdk::types::Zone;

use super::super::{RowWrite, WritePlan};
use super::column::{needed, places, text_of};
use super::db::{Db, Record, Tx, Value};
use super::read::{KEYS, LEGS, leg};
use crate::call::CallColumns;
use crate::error::StoreError;
use crate::leg::{LegColumns, StoredLeg};
use crate::query::{CheckpointWrite, DayCoverage};

/// Rows in one statement.
const ROWS: usize = 40;

const ROW_COLUMNS: [&str; 33] = [
    "key",
    "call_key",
    "day",
    "ucid",
    "call_id",
    "call_date",
    "started_at",
    "ended_at",
    "direction",
    "type",
    "status",
    "outcome",
    "answered",
    "finished",
    "campaign",
    "skill",
    "did",
    "agent",
    "agent_key",
    "number",
    "number_key",
    "duration_sec",
    "talk_sec",
    "hold_sec",
    "wrapup_sec",
    "handling_sec",
    "queue_sec",
    "disposition",
    "hangup_by",
    "recorded",
    "record",
    "unread",
    "unread_path",
];

const CALL_COLUMNS: [&str; 22] = [
    "key",
    "day",
    "started_at",
    "ended_at",
    "direction",
    "outcome",
    "answered",
    "ended",
    "legs",
    "campaign",
    "skill",
    "did",
    "agent",
    "number",
    "number_key",
    "talk_sec",
    "hold_sec",
    "wrapup_sec",
    "handling_sec",
    "queue_sec",
    "disposition",
    "recorded",
];

/// What is asked where there is a transaction, and where there is none.
trait Asked {
    async fn rows(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Record>, StoreError>;
}

impl Asked for &Db {
    async fn rows(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Record>, StoreError> {
        Db::rows(self, sql, values).await
    }
}

impl Asked for Tx {
    async fn rows(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Record>, StoreError> {
        Tx::rows(self, sql, values).await
    }
}

/// What storing rows comes down to, and the keys of those that are as they were last seen: of these nothing but that is
/// asked.
async fn plan<'w>(
    db: &mut impl Asked,
    write: &'w RowWrite,
) -> Result<(WritePlan, BTreeSet<&'w String>), StoreError> {
    let mut seen = BTreeMap::new();
    for (sql, values) in by_keys("select key, digest from cdr_seen where", write.keys()) {
        for record in db.rows(sql, values).await? {
            let key = needed(record.text("key")?, "key")?;
            seen.extend(record.text("digest")?.map(|digest| (key, digest)));
        }
    }
    let (same, others): (BTreeSet<&String>, BTreeSet<&String>) =
        write.keys().partition(|key| write.is_as_seen(key, seen.get(*key)));
    let mut known = BTreeMap::new();
    for (sql, values) in by_keys(LEGS, others.iter().copied()) {
        for record in db.rows(sql, values).await? {
            let leg = leg(&record)?;
            known.insert(leg.key.clone(), leg);
        }
    }
    let rows = write.rows.iter().filter(|row| others.contains(&row.key.to_string()));
    let mut plan = WritePlan::new(known, write, rows)?;
    plan.counts.same += same.len() as u64;
    Ok((plan, same))
}

/// What storing the rows would do.
pub(super) async fn compare(mut db: &Db, write: &RowWrite) -> Result<Upserted, StoreError> {
    plan(&mut db, write).await.map(|(plan, _)| plan.counts)
}

/// Stores rows, and puts the phone calls that they belong to together anew.
pub(super) async fn rows(tx: &mut Tx, write: &RowWrite, zone: &Zone) -> Result<(), StoreError> {
    let (plan, same) = plan(tx, write).await?;
    let mut written = Vec::with_capacity(plan.changed.len());
    for leg in plan.changed.iter().filter_map(|key| plan.states.get(key)) {
        written.push(row_values(leg, zone)?);
    }
    upsert(tx, "cdr_row", &ROW_COLUMNS, written).await?;
    let reading = Value::count(write.reading);
    let mark = |key: &String| {
        let digest = write.digest(key).map(str::to_owned);
        vec![Value::text(key.as_str()), reading.clone(), Value::Text(digest)]
    };
    let marks = plan.changed.iter().chain(&plan.seen).map(mark).collect();
    upsert(tx, "cdr_seen", &["key", "reading", "digest"], marks).await?;
    let same: Vec<&String> = same.into_iter().collect();
    for keys in same.chunks(KEYS) {
        let list = places(2, keys.len());
        let sql = format!("update cdr_seen set reading = $1 where key in ({list})");
        let mut values = vec![reading.clone()];
        values.extend(keys.iter().map(|key| Value::text(key.as_str())));
        tx.execute(sql, values).await?;
    }
    calls(tx, &plan.calls, zone).await
}

/// The statements that ask for these keys.
fn by_keys<'k>(select: &str, keys: impl Iterator<Item = &'k String>) -> Vec<(String, Vec<Value>)> {
    let keys: Vec<&String> = keys.collect();
    let statement = |keys: &[&String]| {
        let sql = format!("{select} key in ({})", places(1, keys.len()));
        (sql, keys.iter().map(|key| Value::text(key.as_str())).collect())
    };
    keys.chunks(KEYS).map(statement).collect()
}

async fn calls(tx: &mut Tx, keys: &BTreeSet<String>, zone: &Zone) -> Result<(), StoreError> {
    let keys: Vec<&String> = keys.iter().collect();
    for keys in keys.chunks(KEYS) {
        let list = places(1, keys.len());
        let values: Vec<Value> = keys.iter().map(|key| Value::text(key.as_str())).collect();
        let sql = format!("{LEGS} call_key in ({list}) order by key");
        let mut legs: BTreeMap<String, Vec<StoredLeg>> = BTreeMap::new();
        for record in tx.rows(sql, values).await? {
            let leg = leg(&record)?;
            legs.entry(leg.call_key.clone()).or_default().push(leg);
        }
        let mut written = Vec::with_capacity(legs.len());
        for (key, legs) in &legs {
            written.extend(CallColumns::of(key, legs, zone)?.map(call_values));
        }
        upsert(tx, "cdr_call", &CALL_COLUMNS, written).await?;
        let gone: Vec<Value> = keys
            .iter()
            .filter(|key| !legs.contains_key(**key))
            .map(|key| Value::text(key.as_str()))
            .collect();
        if !gone.is_empty() {
            let sql = format!("delete from cdr_call where key in ({})", places(1, gone.len()));
            tx.execute(sql, gone).await?;
        }
    }
    Ok(())
}

/// Adds rows, or replaces those with the same first column. No two may have the same one.
async fn upsert(
    tx: &mut Tx,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let Some((key, rest)) = columns.split_first() else { return Ok(()) };
    let updates: Vec<String> =
        rest.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<Vec<Value>> = rows.by_ref().take(ROWS).collect();
        let tuple = |n| format!("({})", places(1 + n * columns.len(), columns.len()));
        let tuples: Vec<String> = (0..chunk.len()).map(tuple).collect();
        let sql = format!(
            "insert into {table} ({}) values {} on conflict ({key}) do update set {}",
            columns.join(", "),
            tuples.join(", "),
            updates.join(", "),
        );
        tx.execute(sql, chunk.into_iter().flatten().collect()).await?;
    }
    Ok(())
}

fn row_values(leg: &StoredLeg, zone: &Zone) -> Result<Vec<Value>, StoreError> {
    use Value::{Flag, Int, Text};
    let columns = leg.record()?.map(|record| LegColumns::of(&record, zone)).unwrap_or_default();
    let unread = leg.unread.as_ref();
    Ok(vec![
        Value::text(leg.key.as_str()),
        Value::text(leg.call_key.as_str()),
        text_of(leg.day),
        Text(columns.ucid),
        Text(columns.call_id),
        Text(columns.call_date),
        Int(columns.started_at),
        Int(columns.ended_at),
        Text(columns.direction),
        Text(columns.kind),
        Text(columns.status),
        Text(columns.outcome),
        Flag(columns.answered),
        Flag(columns.finished),
        Text(columns.campaign),
        Text(columns.skill),
        Text(columns.did),
        Text(columns.agent),
        Text(columns.agent_key),
        Text(columns.number),
        Text(columns.number_key),
        Int(columns.duration_sec),
        Int(columns.talk_sec),
        Int(columns.hold_sec),
        Int(columns.wrapup_sec),
        Int(columns.handling_sec),
        Int(columns.queue_sec),
        Text(columns.disposition),
        Text(columns.hangup_by),
        Flag(columns.recorded),
        Text(leg.row.as_deref().map(str::to_owned)),
        Text(unread.map(|unread| unread.text.to_string())),
        Text(unread.map(|unread| unread.path.to_string())),
    ])
}

fn call_values(call: CallColumns) -> Vec<Value> {
    use Value::{Flag, Int, Text};
    vec![
        Value::text(call.key),
        text_of(call.day),
        Value::int(call.started_at),
        Int(call.ended_at),
        Text(call.direction.map(|direction| direction.as_str().to_owned())),
        Value::text(call.outcome.as_str()),
        Flag(call.answered),
        Flag(Some(call.ended)),
        Value::int(call.legs),
        Text(call.campaign),
        Text(call.skill),
        Text(call.did),
        Text(call.agent),
        Text(call.number),
        Text(call.number_key),
        Value::int(call.talk_sec),
        Value::int(call.hold_sec),
        Value::int(call.wrapup_sec),
        Value::int(call.handling_sec),
        Value::int(call.queue_sec),
        Text(call.disposition),
        Flag(Some(call.recorded)),
    ]
}

/// Replaces the checkpoint, and what is shown of it.
pub(super) async fn checkpoint(tx: &mut Tx, write: &CheckpointWrite) -> Result<(), StoreError> {
    let sql = "update cdr_store set checkpoint = $1 where id = 1";
    tx.execute(sql, vec![Value::text(write.json.as_str())]).await?;
    let columns = ["day", "reading", "read_at", "rows", "unfinished", "unread", "trouble"];
    upsert(tx, "cdr_day", &columns, write.days.iter().map(day_values).collect()).await?;
    tx.execute("delete from cdr_gap", vec![]).await?;
    for gap in &write.gaps {
        let json = |value: serde_json::Result<serde_json::Value>| {
            value.map_err(|_| StoreError::damaged("a gap"))
        };
        let reason = json(serde_json::to_value(gap.reason))?;
        let cause = json(serde_json::to_value(&gap.cause))?;
        let sql = "insert into cdr_gap (from_time, to_time, reason, rows, cause) values ($1, $2, $3, $4, $5)";
        let values = vec![
            Value::text(gap.from.to_string()),
            Value::text(gap.to.to_string()),
            Value::text(reason.as_str().unwrap_or_default()),
            Value::count(gap.rows),
            Value::Text((!cause.is_null()).then(|| cause.to_string())),
        ];
        tx.execute(sql, values).await?;
    }
    Ok(())
}

fn day_values(day: &DayCoverage) -> Vec<Value> {
    let read = day.read;
    let count = |field: fn(crate::query::DayRows) -> u64| {
        read.map_or(Value::Int(None), |read| Value::count(field(read)))
    };
    vec![
        text_of(day.day),
        count(|read| read.reading),
        count(|read| read.at.saturating_mul(1000)),
        count(|read| read.rows),
        count(|read| read.unfinished),
        count(|read| read.unread),
        Value::Text(day.trouble.clone()),
    ]
}
