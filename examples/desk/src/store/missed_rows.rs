//! The missed calls of a number, as rows: each with the version that a change of it has to name.

use sqlx::AssertSqlSafe;

use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::{Audience, NewEvent};
use super::json::{from_json, to_json};
use super::tx::Tx;
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

/// Gives missed calls, by their key and what was read as their record, another key; how many rows that changed. If others
/// have the key, the two become one.
pub(super) async fn renew_missed(
    tx: &mut Tx,
    (known, body): (&str, &str),
    key: &str,
) -> Result<u64, StoreError> {
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!(
        "SELECT number_key, version, body FROM desk_missed WHERE number_key IN ($1, $2) \
         ORDER BY number_key{locked}"
    );
    let (mut own, mut other) = (None, None);
    for row in tx.rows(AssertSqlSafe(select), args![key, known]).await? {
        let has_changed = row.get::<String>("body")? != body;
        if row.get::<String>("number_key")? == key {
            other = Some(row);
        } else if !has_changed {
            own = Some(row);
        }
    }
    // It may have been written, or have become one with the others, meanwhile.
    let Some(own) = own else { return Ok(0) };
    let records = (missed_of(&own), other.as_ref().map(missed_of).transpose());
    // What cannot be read stays as it is.
    let (Ok((version, mut record)), Ok(other)) = records else { return Ok(0) };
    record.key = key.to_owned();
    // Whoever has loaded either loads it again.
    let version = other.as_ref().map_or(version, |(other, _)| version.max(*other)) + 1;
    tx.execute("DELETE FROM desk_missed WHERE number_key = $1", args![known]).await?;
    if let Some((_, other)) = other {
        record = other.joined(record);
        tx.execute("DELETE FROM desk_missed WHERE number_key = $1", args![key]).await?;
    }
    let insert = "INSERT INTO desk_missed (number_key, version, open, last, body) \
                  VALUES ($1, $2, $3, $4, $5)";
    let args = args![key, version, record.is_open(), record.last_ms, to_json(&record)?];
    tx.execute(insert, args).await
}

/// That the missed calls of a number have changed: who is on the list is seen by all.
pub(super) fn missed_changed(key: &str) -> Result<NewEvent, StoreError> {
    NewEvent::new("missed.changed", Audience::Everyone, &serde_json::json!({"id": key}))
}
