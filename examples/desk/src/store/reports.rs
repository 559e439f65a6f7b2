//! Finished calls in the desk's own tables.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::json::{from_json, to_json};
use super::tx::Tx;
use super::writer::Fails;
use crate::core::dial::number_key;
use crate::core::report::CallReport;

/// Finished calls.
#[async_trait]
pub trait CallReports: Send + Sync {
    /// Keeps a finished call, by any of its ids: one phone call is one record, and a later revision replaces it. An
    /// earlier one, and the same again, changes nothing.
    ///
    /// # Errors
    /// The store is not available.
    async fn keep_report(&self, report: CallReport, revision: i64) -> Result<(), StoreError>;

    /// All records whose call has one of these ids, with their revisions.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn reports(&self, ids: &[String]) -> Result<Vec<(CallReport, i64)>, StoreError>;

    /// The days of the call-detail records that are taken over from, each with the reading that was taken over. The
    /// first time of all that is `first`, of which nothing was taken over.
    ///
    /// # Errors
    /// The store is not available.
    async fn report_days(&self, first: &str) -> Result<BTreeMap<String, i64>, StoreError>;

    /// Notes which reading of a day was taken over.
    ///
    /// # Errors
    /// The store is not available.
    async fn note_report_day(&self, day: &str, reading: i64) -> Result<(), StoreError>;
}

async fn record_of(tx: &mut Tx, alias: &str) -> Result<Option<String>, StoreError> {
    let select = "SELECT call FROM desk_report_id WHERE alias = $1";
    tx.row(select, args![alias]).await?.map(|row| row.get("call")).transpose()
}

async fn keep(tx: &mut Tx, report: CallReport, revision: i64) -> Result<(), StoreError> {
    // Ids in one order, so that of two transactions about one call the second waits for the first.
    let mut ids: Vec<&String> = report.ids().collect();
    ids.sort();
    let mut known = Vec::new();
    for id in ids {
        // An id that is known is locked by writing it as it is: two reports of one call are worked one after the other.
        let insert = "INSERT INTO desk_report_id (alias, call) VALUES ($1, $2) \
                      ON CONFLICT (alias) DO UPDATE SET call = desk_report_id.call";
        tx.execute(insert, args![id, &report.call_id]).await?;
        known.extend(record_of(tx, id).await?.filter(|known| *known != report.call_id));
    }
    // What was kept under other ids before is this call's: the newest of all stays.
    let mut newest: Option<(i64, String)> = None;
    for call in known.iter().chain([&report.call_id]) {
        let select = "SELECT revision, body FROM desk_report WHERE call = $1";
        if let Some(row) = tx.row(select, args![call]).await? {
            let found: (i64, String) = (row.get("revision")?, row.get("body")?);
            newest = newest.max(Some(found));
        }
    }
    for other in &known {
        tx.execute("DELETE FROM desk_report WHERE call = $1", args![other]).await?;
        let update = "UPDATE desk_report_id SET call = $1 WHERE call = $2";
        tx.execute(update, args![&report.call_id, other]).await?;
    }
    let (revision, report) = match newest {
        Some((known, body)) if known >= revision => {
            let kept: CallReport = from_json(&body, "call report")?;
            (known, CallReport { call_id: report.call_id.clone(), ..kept })
        }
        _ => (revision, report),
    };
    let upsert = "INSERT INTO desk_report (call, revision, lead, number_key, body) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (call) DO UPDATE SET revision = excluded.revision, lead = excluded.lead, \
                  number_key = excluded.number_key, body = excluded.body";
    let args = args![
        &report.call_id,
        revision,
        report.lead_id.clone(),
        report.caller_phone.as_ref().map(number_key),
        to_json(&report)?,
    ];
    tx.execute(upsert, args).await?;
    Ok(())
}

#[async_trait]
impl CallReports for Db {
    async fn keep_report(&self, report: CallReport, revision: i64) -> Result<(), StoreError> {
        self.write_often(Fails::Anywhere, move |tx| Box::pin(keep(tx, report, revision))).await
    }

    async fn reports(&self, ids: &[String]) -> Result<Vec<(CallReport, i64)>, StoreError> {
        let ids = ids.to_vec();
        self.snapshot(move |tx| {
            Box::pin(async move {
                let mut calls = std::collections::BTreeSet::new();
                for id in &ids {
                    calls.extend(record_of(tx, id).await?);
                }
                let mut found = Vec::new();
                for call in calls {
                    let select = "SELECT revision, body FROM desk_report WHERE call = $1";
                    if let Some(row) = tx.row(select, args![call]).await? {
                        let report = from_json(&row.get::<String>("body")?, "call report")?;
                        found.push((report, row.get("revision")?));
                    }
                }
                Ok(found)
            })
        })
        .await
    }

    async fn report_days(&self, first: &str) -> Result<BTreeMap<String, i64>, StoreError> {
        let first = first.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let select = "SELECT day, reading FROM desk_report_day";
                let mut days = BTreeMap::new();
                for row in tx.rows(select, args![]).await? {
                    days.insert(row.get("day")?, row.get("reading")?);
                }
                if days.is_empty() {
                    let insert = "INSERT INTO desk_report_day (day, reading) VALUES ($1, 0) ON CONFLICT DO NOTHING";
                    tx.execute(insert, args![&first]).await?;
                    days.insert(first, 0);
                }
                Ok(days)
            })
        })
        .await
    }

    async fn note_report_day(&self, day: &str, reading: i64) -> Result<(), StoreError> {
        let day = day.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let upsert = "INSERT INTO desk_report_day (day, reading) VALUES ($1, $2) \
                              ON CONFLICT (day) DO UPDATE SET reading = excluded.reading";
                tx.execute(upsert, args![day, reading]).await?;
                Ok(())
            })
        })
        .await
    }
}
