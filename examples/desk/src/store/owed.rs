//! Calls that are over and of which nothing was said, and what was said of the others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::call_ids::id_of;
use super::calls::{StoredCall, call_of};
use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::work::of_scope;
use crate::core::caller::Scope;

/// A call whose disposition is owed.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedCall {
    /// The call.
    pub call: StoredCall,
    /// The user who has taken it over from its agent.
    pub taken_by: Option<String>,
}

/// What the desk keeps of a call beside the service's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCode {
    /// The front end's code of its disposition.
    pub code: Option<String>,
    /// The front end's lead.
    pub lead: Option<String>,
    /// Whether an appointment that was not cancelled names it.
    pub has_appointment: bool,
}

/// Dispositions that are owed, and those that were given.
#[async_trait]
pub trait OwedCalls: Send + Sync {
    /// Calls that are over and of which nothing was said, of agents in the scope, the oldest first.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError>;

    /// Notes who has taken an owed disposition over from its agent; whether there is such a one.
    ///
    /// # Errors
    /// The store is not available.
    async fn take_owed_call(
        &self,
        id: &str,
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError>;

    /// Who has taken a call's disposition over from its agent.
    ///
    /// # Errors
    /// The store is not available.
    async fn owed_taker(&self, id: &str) -> Result<Option<String>, StoreError>;

    /// What is kept of the calls under these ids, by id: of those that have a code or an appointment.
    ///
    /// # Errors
    /// The store is not available.
    async fn kept_codes(&self, ids: &[String]) -> Result<BTreeMap<String, KeptCode>, StoreError>;
}

/// What is kept of the calls that a list of ids names.
macro_rules! kept_of {
    ($ids:literal) => {
        concat!(
            "SELECT i.alias AS alias, c.code AS code, c.lead AS lead, c.booked AS booked ",
            "FROM desk_call_id i JOIN desk_call c ON c.id = i.call ",
            "WHERE i.alias IN (",
            $ids,
            ") AND (c.code IS NOT NULL OR c.booked = 1)"
        )
    };
}

#[async_trait]
impl OwedCalls for Db {
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError> {
        let (own, args) = of_scope(scope, "agent", 1);
        let select = format!(
            "SELECT id, version, state, owed_by FROM desk_call WHERE owes = 1 AND {own} \
             ORDER BY ended, id LIMIT {most}"
        );
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args).await?;
                let owed =
                    |row| Ok(OwedCall { call: call_of(row)?, taken_by: row.get("owed_by")? });
                rows.iter().map(owed).collect()
            })
        })
        .await
    }

    async fn take_owed_call(
        &self,
        id: &str,
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let Some(id) = id_of(tx, &id).await? else { return Ok(false) };
                let take = "UPDATE desk_call SET owed_by = $1 WHERE id = $2 AND (owes = 1 OR EXISTS (\
                            SELECT 1 FROM desk_outbox o WHERE o.call = desk_call.id \
                            AND o.state NOT IN ('pending', 'sent')))";
                if tx.execute(take, args![by, id]).await? == 0 {
                    return Ok(false);
                }
                append(tx, at, events);
                Ok(true)
            })
        })
        .await
    }

    async fn owed_taker(&self, id: &str) -> Result<Option<String>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let row = tx.row("SELECT owed_by FROM desk_call WHERE id = $1", args![id]).await?;
                row.map_or(Ok(None), |row| row.get("owed_by"))
            })
        })
        .await
    }

    async fn kept_codes(&self, ids: &[String]) -> Result<BTreeMap<String, KeptCode>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids = Value::from(ids).to_string();
        self.read(move |tx| {
            Box::pin(async move {
                let select = if tx.is_postgres() {
                    kept_of!("SELECT jsonb_array_elements_text($1::jsonb)")
                } else {
                    kept_of!("SELECT value FROM json_each($1)")
                };
                let rows = tx.rows(select, args![ids]).await?;
                let kept = |row: &super::Row| {
                    let kept = KeptCode {
                        code: row.get("code")?,
                        lead: row.get("lead")?,
                        has_appointment: row.flag("booked")?,
                    };
                    Ok((row.get("alias")?, kept))
                };
                rows.iter().map(kept).collect()
            })
        })
        .await
    }
}
