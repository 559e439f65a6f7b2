//! The missed calls of a number, as rows: each with the version that a change of it has to name.

use sqlx::AssertSqlSafe;

use super::conn::{Row, args};
use super::conversations::last_conversation;
use super::db::Db;
use super::error::StoreError;
use super::event::{Audience, NewEvent};
use super::json::{from_json, to_json};
use super::tx::Tx;
use crate::core::dial::number_key;
use crate::core::missed::MissedNumber;

fn missed_of(row: &Row) -> Result<(i64, MissedNumber), StoreError> {
    Ok((row.get("version")?, from_json(&row.get::<String>("body")?, "missed call")?))
}

impl Db {
    /// Those that a statement selects, which has the number of rows as its parameter.
    pub(super) async fn missed_by(
        &self,
        select: &'static str,
        most: u32,
    ) -> Result<Vec<(i64, MissedNumber)>, StoreError> {
        self.read(move |tx| {
            Box::pin(
                async move { tx.rows(select, args![most]).await?.iter().map(missed_of).collect() },
            )
        })
        .await
    }
}

/// The missed calls of a number that someone still has to call back.
pub(super) async fn open_missed_of(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<(i64, MissedNumber)>, StoreError> {
    let select = "SELECT version, body FROM desk_missed WHERE number_key = $1 AND open = 1";
    tx.row(select, args![key]).await?.as_ref().map(missed_of).transpose()
}

/// Writes the missed calls of a number over the version that was loaded; how many rows.
pub(super) async fn write_missed(
    tx: &mut Tx,
    version: i64,
    record: &MissedNumber,
) -> Result<u64, StoreError> {
    let body = to_json(record)?;
    let (open, last) = (record.is_open(), record.last_ms);
    if version == 0 {
        let insert = "INSERT INTO desk_missed (number_key, version, open, last, body) \
                      VALUES ($1, 1, $2, $3, $4) ON CONFLICT (number_key) DO NOTHING";
        return tx.execute(insert, args![&record.key, open, last, body]).await;
    }
    let update = "UPDATE desk_missed SET version = version + 1, open = $1, last = $2, body = $3 \
                  WHERE number_key = $4 AND version = $5";
    tx.execute(update, args![open, last, body, &record.key, version]).await
}

/// Gives missed calls, by their key, another one; how many rows that changed. If others of the number have that key, the
/// two become one; if those of another number have it still, they get their own.
pub(super) async fn renew_missed(tx: &mut Tx, known: &str, key: &str) -> Result<u64, StoreError> {
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!(
        "SELECT number_key, version, body FROM desk_missed WHERE number_key IN ($1, $2) \
         ORDER BY number_key{locked}"
    );
    let mut own = None;
    for row in tx.rows(AssertSqlSafe(select), args![key, known]).await? {
        // What cannot be read stays as it is.
        let Ok(missed) = missed_of(&row) else { return Ok(0) };
        if row.get::<String>("number_key")? == known {
            own = Some(missed);
        }
    }
    // It may have become one with the others meanwhile.
    let own = own.filter(|(_, record)| number_key(&record.number) == key);
    let Some((version, record)) = own else { return Ok(0) };
    tx.execute("DELETE FROM desk_missed WHERE number_key = $1", args![known]).await?;
    let (mut changed, mut moved) = (0, Some((version, record)));
    while let Some((version, record)) = moved {
        moved = put(tx, version, record).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Stores missed calls under the key of their number; those of another number that were stored under it, and are no more.
async fn put(
    tx: &mut Tx,
    mut version: i64,
    mut record: MissedNumber,
) -> Result<Option<(i64, MissedNumber)>, StoreError> {
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!("SELECT version, body FROM desk_missed WHERE number_key = $1{locked}");
    let old = std::mem::replace(&mut record.key, number_key(&record.number));
    let row = tx.row(AssertSqlSafe(select), args![&record.key]).await?;
    let mut moved = None;
    match row.as_ref().map(missed_of) {
        None => {}
        Some(Ok((other, missed))) if number_key(&missed.number) == record.key => {
            version = version.max(other);
            record = MissedNumber { key: record.key.clone(), ..missed.joined(record) };
        }
        Some(Ok(other)) => moved = Some(other),
        // What cannot be read stays, and this is on the list beside it.
        Some(Err(_)) => record.key = format!("{} of {old}", record.key),
    }
    if let Some((from, _)) = last_conversation(tx, &record.key).await? {
        // It may have been while these were not found by their number.
        record.reached(from);
    }
    tx.execute("DELETE FROM desk_missed WHERE number_key = $1", args![&record.key]).await?;
    let insert = "INSERT INTO desk_missed (number_key, version, open, last, body) \
                  VALUES ($1, $2, $3, $4, $5)";
    // Whoever has loaded either loads it again.
    let args = args![&record.key, version + 1, record.is_open(), record.last_ms, to_json(&record)?];
    tx.execute(insert, args).await?;
    Ok(moved)
}

/// That the missed calls of a number have changed: who is on the list is seen by all.
pub(super) fn missed_changed(key: &str) -> Result<NewEvent, StoreError> {
    NewEvent::new("missed.changed", Audience::Everyone, &serde_json::json!({"id": key}))
}
