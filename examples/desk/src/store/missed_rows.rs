//! The missed calls of a number, as rows.

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::event::{Audience, NewEvent};
use super::tx::Tx;
use super::work::{Versioned, json, versioned};
use crate::core::missed::MissedNumber;

impl Db {
    /// Those that a statement selects, which has the number of rows as its parameter.
    pub(super) async fn missed_by(
        &self,
        select: &'static str,
        most: u32,
    ) -> Result<Vec<Versioned<MissedNumber>>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(select, args![most]).await?;
                rows.iter().map(|row| versioned(row, "missed call")).collect()
            })
        })
        .await
    }
}

/// The missed calls of a number that someone still has to call back.
pub(super) async fn open_missed_of(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<Versioned<MissedNumber>>, StoreError> {
    let select = "SELECT version, body FROM desk_missed WHERE number_key = $1 AND open = 1";
    let row = tx.row(select, args![key]).await?;
    row.map(|row| versioned(&row, "missed call")).transpose()
}

/// Writes the missed calls of a number over the version that was loaded; how many rows.
pub(super) async fn write_missed(
    tx: &mut Tx,
    missed: &Versioned<MissedNumber>,
) -> Result<u64, StoreError> {
    let Versioned { version, record } = missed;
    let body = json(record, "missed call")?;
    let (open, last) = (record.is_open(), record.last_ms);
    if *version == 0 {
        let insert = "INSERT INTO desk_missed (number_key, version, open, last, body) \
                      VALUES ($1, 1, $2, $3, $4) ON CONFLICT (number_key) DO NOTHING";
        return tx.execute(insert, args![&record.key, open, last, body]).await;
    }
    let update = "UPDATE desk_missed SET version = version + 1, open = $1, last = $2, body = $3 \
                  WHERE number_key = $4 AND version = $5";
    tx.execute(update, args![open, last, body, &record.key, *version]).await
}

/// That the missed calls of a number have changed: who is on the list is seen by all.
pub(super) fn missed_changed(key: &str) -> Result<NewEvent, StoreError> {
    NewEvent::new("missed.changed", Audience::Everyone, &serde_json::json!({"id": key}))
}
