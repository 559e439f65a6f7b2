//! Calls that are over and of which nothing was said, and what was said of the others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;
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
use crate::core::caller::{Scope, agent_key};

/// A disposition that is owed of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedCall {
    /// The call.
    pub call: StoredCall,
    /// The agent who owes it.
    pub agent: AgentId,
    /// The user who has taken it over from the agent.
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
    /// The dispositions that agents in the scope owe: of calls that are over, and of parts that they handed on, where
    /// nothing was said; the oldest first. Where there are more than `most`, first those that no one has taken over, the
    /// newest.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError>;

    /// Notes who has taken over what an agent owes of a call; whether there is such a one.
    ///
    /// # Errors
    /// The store is not available.
    async fn take_owed_call(
        &self,
        of: (&str, Option<&AgentId>),
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError>;

    /// Who has taken over what an agent owes of a call.
    ///
    /// # Errors
    /// The store is not available.
    async fn owed_taker(
        &self,
        id: &str,
        agent: Option<&AgentId>,
    ) -> Result<Option<String>, StoreError>;

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

impl OwedCall {
    /// What an agent owes of a call, if it does: whose call it is, or who handed it on.
    pub(super) fn of(call: &StoredCall, agent: &str, taken_by: Option<String>) -> Option<Self> {
        let agent = call.state.owing().find(|one| agent_key(one) == agent)?.clone();
        Some(Self { call: call.clone(), agent, taken_by })
    }
}

/// An agent's key; without an agent, no agent's.
pub(super) fn key_of(agent: Option<&AgentId>) -> String {
    agent.map(agent_key).unwrap_or_default()
}

#[async_trait]
impl OwedCalls for Db {
    async fn owed_calls(&self, scope: &Scope, most: u32) -> Result<Vec<OwedCall>, StoreError> {
        let ((own, args), (part, _)) =
            (of_scope(scope, "c.agent", 1), of_scope(scope, "p.agent", 1));
        let select = format!(
            "SELECT c.id AS id, c.version AS version, c.state AS state, c.agent AS agent, \
             COALESCE(c.ended, 0) AS ended, p.taken_by AS taken_by, \
             CASE WHEN p.taken_by IS NULL THEN 0 ELSE 1 END AS taken FROM desk_call c \
             LEFT JOIN desk_call_part p ON p.call = c.id AND p.agent = c.agent WHERE c.owes = 1 AND {own} \
             UNION ALL SELECT c.id, c.version, c.state, p.agent, COALESCE(p.ended, 0), p.taken_by, \
             CASE WHEN p.taken_by IS NULL THEN 0 ELSE 1 END FROM desk_call_part p \
             JOIN desk_call c ON c.id = p.call WHERE p.owes = 1 AND p.agent <> COALESCE(c.agent, '') AND {part} \
             ORDER BY taken, ended DESC, id DESC, agent DESC LIMIT {most}"
        );
        self.read(move |tx| {
            Box::pin(async move {
                let mut owed = Vec::new();
                for row in tx.rows(AssertSqlSafe(select), args).await? {
                    let (call, agent): (_, String) = (call_of(&row)?, row.get("agent")?);
                    let since: (i64, _, _) = (row.get("ended")?, call.id.clone(), agent.clone());
                    let one = OwedCall::of(&call, &agent, row.get("taken_by")?);
                    owed.extend(one.map(|one| (since, one)));
                }
                owed.sort_by(|(one, _), (other, _)| one.cmp(other));
                Ok(owed.into_iter().map(|(_, one)| one).collect())
            })
        })
        .await
    }

    async fn take_owed_call(
        &self,
        (id, agent): (&str, Option<&AgentId>),
        by: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        let (id, agent, by) = (id.to_owned(), key_of(agent), by.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let Some(id) = id_of(tx, &id).await? else { return Ok(false) };
                // What is of no agent in the outbox is of the call's.
                let select = "SELECT 1 AS owed FROM desk_call c WHERE c.id = $1 AND (\
                              (c.owes = 1 AND c.agent = $2) OR EXISTS (SELECT 1 FROM desk_call_part p \
                              WHERE p.call = c.id AND p.agent = $2 AND p.owes = 1) OR EXISTS (\
                              SELECT 1 FROM desk_outbox o WHERE o.call = c.id \
                              AND o.state NOT IN ('pending', 'sent', 'kept', 'no_call') \
                              AND (o.agent = $2 OR (o.agent = '' AND COALESCE(c.agent, '') = $2))))";
                if tx.row(select, args![&id, &agent]).await?.is_none() {
                    return Ok(false);
                }
                let take = "INSERT INTO desk_call_part (call, agent, owes, taken_by) VALUES ($1, $2, 0, $3) \
                            ON CONFLICT (call, agent) DO UPDATE SET taken_by = excluded.taken_by";
                tx.execute(take, args![id, agent, by]).await?;
                append(tx, at, events);
                Ok(true)
            })
        })
        .await
    }

    async fn owed_taker(
        &self,
        id: &str,
        agent: Option<&AgentId>,
    ) -> Result<Option<String>, StoreError> {
        let (id, agent) = (id.to_owned(), key_of(agent));
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT taken_by FROM desk_call_part WHERE call = $1 AND agent = $2";
                let row = tx.row(select, args![id, agent]).await?;
                row.map_or(Ok(None), |row| row.get("taken_by"))
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
