//! Agents' state summaries.

use ozonetel_sdk::types::Day;

use super::super::SummaryRows;
use super::column::{day, text_of};
use super::db::{Db, Value};
use super::migrate;
use crate::error::StoreError;
use crate::leg::{agent_key, seconds, text};

/// Replaces the days.
pub(super) async fn save(db: &Db, days: &SummaryRows, at: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    migrate::fits(&mut tx).await?;
    for (day, rows) in days {
        tx.execute("delete from cdr_summary where day = $1", vec![text_of(*day)]).await?;
        let sql = "insert into cdr_summary_day (day, stored_at, rows) values ($1, $2, $3)
                   on conflict (day) do update set stored_at = excluded.stored_at, rows = excluded.rows";
        let count = Value::count(rows.len().try_into().unwrap_or(u64::MAX));
        tx.execute(sql, vec![text_of(*day), Value::int(at), count]).await?;
        for (n, row) in (0..).zip(rows) {
            let whole = serde_json::to_string(row).map_err(|_| StoreError::damaged("a summary"))?;
            let sql = "insert into cdr_summary (day, n, agent, agent_key, mode, login_sec, busy_sec, idle_sec,
                       pause_sec, wrapup_sec, dial_sec, record)
                       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
            let values = vec![
                text_of(*day),
                Value::int(n),
                Value::Text(text(row.agent_unique_id.as_ref())),
                Value::Text(row.agent_unique_id.as_ref().and_then(agent_key)),
                Value::Text(text(row.mode_type.as_ref())),
                Value::Int(seconds(row.total_login_duration)),
                Value::Int(seconds(row.total_busy_time)),
                Value::Int(seconds(row.total_idle_time)),
                Value::Int(seconds(row.total_pause_time)),
                Value::Int(seconds(row.total_wrapup_time)),
                Value::Int(seconds(row.total_dial_time)),
                Value::text(whole),
            ];
            tx.execute(sql, values).await?;
        }
    }
    tx.commit().await
}

/// The days that were ever stored, each with its rows.
pub(super) async fn rows(db: &Db, from: Day, to: Day) -> Result<SummaryRows, StoreError> {
    let sql = "select d.day as day, s.record as record from cdr_summary_day d left join cdr_summary s on s.day = d.day
               where d.day >= $1 and d.day <= $2 order by d.day, s.n";
    let mut found = SummaryRows::new();
    for record in db.rows(sql, vec![text_of(from), text_of(to)]).await? {
        let rows = found.entry(day(&record, "day")?).or_default();
        let Some(text) = record.text("record")? else { continue };
        let row = serde_json::from_str(&text);
        rows.push(row.map_err(|_| StoreError::damaged("a summary"))?);
    }
    Ok(found)
}
