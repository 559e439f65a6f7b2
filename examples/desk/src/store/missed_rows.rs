//! The missed calls of a number, as rows: each with the version that a change of it has to name.

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

/// That the missed calls of a number have changed: who is on the list is seen by all.
pub(super) fn missed_changed(key: &str) -> Result<NewEvent, StoreError> {
    NewEvent::new("missed.changed", Audience::Everyone, &serde_json::json!({"id": key}))
}
