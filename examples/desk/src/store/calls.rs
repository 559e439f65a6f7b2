//! Phone calls: their facts, what these come down to, and what is written together with a change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ozonetel_sdk::types::AgentId;

use super::assist;
use super::audit::{self, AuditRow};
use super::call_ids::id_of;
use super::conn::args;
use super::db::Db;
use super::dials::{self, DialWrite};
use super::error::StoreError;
use super::event::{self, NewEvent};
use super::event_rows;
use super::handoffs;
use super::json::{from_json, to_json};
use super::outbox::{self, OutboxWrite};
use super::parts::{self, Draft};
use super::reminders;
use super::tx::Tx;
use super::writer::Fails;
use crate::core::call::{Call, CallPhase, CallState, Direction};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::number_key;
use crate::core::fact::Fact;
use crate::core::followup::FollowUp;
use async_trait::async_trait;

/// A call as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// Its id: one of those under which it was seen, for good.
    pub id: String,
    /// How often it has changed.
    pub version: i64,
    /// What its facts come down to.
    pub state: Arc<CallState>,
}

/// A call with its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedCall {
    /// Its id.
    pub id: String,
    /// How often it has changed.
    pub version: i64,
    /// What was seen of it, and what that comes down to.
    pub call: Call,
}

impl LoadedCall {
    /// The call as it would be stored.
    pub fn stored(&self) -> StoredCall {
        let state = Arc::clone(self.call.state());
        StoredCall { id: self.id.clone(), version: self.version, state }
    }
}

/// Everything that is written when a call changes, together.
#[derive(Clone, Default)]
pub struct CallChange {
    /// The call's id.
    pub id: String,
    /// The version that was loaded; 0 for a new call.
    pub version: i64,
    /// Calls that have turned out to be this one, with their versions.
    pub absorbed: Vec<(String, i64)>,
    /// New facts.
    pub facts: Vec<Fact>,
    /// What the facts come down to.
    pub state: Arc<CallState>,
    /// Changes of the outbox.
    pub outbox: Vec<OutboxWrite>,
    /// Changes of the ledger.
    pub dials: Vec<DialWrite>,
    /// Dials that keep their agents no longer.
    pub released: Vec<String>,
    /// The hand-off that it turned out to be.
    pub handoff: Option<String>,
    /// Follow-ups that come from what was said about it.
    pub follow_ups: Vec<FollowUp>,
    /// Events that report it.
    pub events: Vec<NewEvent>,
    /// Who did it.
    pub audit: Vec<AuditRow>,
    /// Now.
    pub at: i64,
}

impl fmt::Debug for CallChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallChange")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("facts", &self.facts.len())
            .finish_non_exhaustive()
    }
}

/// Phone calls and their facts.
#[async_trait]
pub trait PhoneCalls: Send + Sync {
    /// The calls that have one of these ids, with their facts, the one that changed first at the front.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn load_calls(&self, ids: &[String]) -> Result<Vec<LoadedCall>, StoreError>;

    /// Writes a change of a call and all that belongs to it. Returns its new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one of the calls has changed since it was loaded; the store is not available.
    async fn save_call(&self, change: CallChange) -> Result<i64, StoreError>;

    /// A call by any of its ids.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn call(&self, id: &str, scope: &Scope) -> Result<Option<StoredCall>, StoreError>;

    /// The calls that are not closed, at most so many, the oldest first.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn live_calls(&self, scope: &Scope, most: u32) -> Result<Vec<StoredCall>, StoreError>;

    /// Of the newest calls, at most so many: how many were looked at, and which are stored otherwise than this version
    /// makes them of their facts.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn unlike_facts(&self, most: u32) -> Result<(usize, Vec<String>), StoreError>;

    /// When a call was last heard of, apart from its dial's reply.
    ///
    /// # Errors
    /// The store is not available.
    async fn heard_of(&self, id: &str) -> Result<Option<i64>, StoreError>;

    /// Keeps notes of an agent's part in a call as they are typed. The later ones stay.
    ///
    /// # Errors
    /// The store is not available.
    async fn save_draft(&self, call: &str, agent: &AgentId, draft: Draft)
    -> Result<(), StoreError>;

    /// The notes that were typed last of an agent's part in a call.
    ///
    /// # Errors
    /// The store is not available.
    async fn draft(&self, call: &str, agent: &AgentId) -> Result<Option<Draft>, StoreError>;
}

/// The word of a phase.
pub(super) fn phase_word(phase: CallPhase) -> &'static str {
    match phase {
        CallPhase::Calling => "calling",
        CallPhase::Ringing => "ringing",
        CallPhase::Active => "active",
        CallPhase::AfterCall => "after_call",
        CallPhase::Closed => "closed",
    }
}

/// Whether a caller sees a call: one of the agents who had a part in it is in the scope.
pub(super) fn sees(scope: &Scope, state: &CallState) -> bool {
    match scope {
        Scope::All => true,
        Scope::Agents(_) => state.agents.iter().any(|agent| scope.contains(agent)),
    }
}

async fn facts_of(tx: &mut Tx, call: &str) -> Result<Vec<Fact>, StoreError> {
    let rows = tx.rows("SELECT body FROM desk_fact WHERE call = $1", args![call]).await?;
    rows.iter().map(|row| from_json(&row.get::<String>("body")?, "fact")).collect()
}

/// The call that has an id, with its facts, by one statement.
async fn load_one(tx: &mut Tx, id: String) -> Result<Vec<LoadedCall>, StoreError> {
    let select = "SELECT c.id AS id, c.version AS version, f.body AS body FROM desk_call_id i \
                  JOIN desk_call c ON c.id = i.call LEFT JOIN desk_fact f ON f.call = c.id WHERE i.alias = $1";
    let rows = tx.rows(select, args![id]).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut facts = Vec::new();
    for row in &rows {
        if let Some(body) = row.get::<Option<String>>("body")? {
            facts.push(from_json(&body, "fact")?);
        }
    }
    let (id, version) = (first.get("id")?, first.get("version")?);
    Ok(vec![LoadedCall { id, version, call: Call::of(facts) }])
}

pub(super) fn call_of(row: &super::Row) -> Result<StoredCall, StoreError> {
    Ok(StoredCall {
        id: row.get("id")?,
        version: row.get("version")?,
        state: Arc::new(from_json(&row.get::<String>("state")?, "call")?),
    })
}

/// The live calls of all, the oldest first, by the index `desk_call_live`.
pub(super) const LIVE: &str =
    "SELECT id, version, state FROM desk_call WHERE phase <> 'closed' ORDER BY began, id LIMIT $1";

/// Those of an agent, by the index `desk_call_agent_live`.
pub(super) const LIVE_OF: &str = "SELECT c.id AS id, c.version AS version, c.state AS state, c.began AS began \
                                  FROM desk_call_agent a JOIN desk_call c ON c.id = a.call \
                                  WHERE a.agent = $1 AND a.live = 1 AND c.phase <> 'closed' \
                                  ORDER BY c.began, c.id LIMIT $2";

async fn live_of_all(tx: &mut Tx, most: u32) -> Result<Vec<StoredCall>, StoreError> {
    tx.rows(LIVE, args![most]).await?.iter().map(call_of).collect()
}

/// The live calls of these agents: by the calls of each, not by all that are live.
async fn live_of(
    tx: &mut Tx,
    agents: &[AgentId],
    most: u32,
) -> Result<Vec<StoredCall>, StoreError> {
    let mut found = BTreeMap::new();
    for agent in agents.iter().map(agent_key).collect::<BTreeSet<_>>() {
        for row in tx.rows(LIVE_OF, args![agent, most]).await? {
            let call = call_of(&row)?;
            found.insert((row.get::<i64>("began")?, call.id.clone()), call);
        }
    }
    Ok(found.into_values().take(most as usize).collect())
}

async fn live_of_scope(
    tx: &mut Tx,
    scope: Scope,
    most: u32,
) -> Result<Vec<StoredCall>, StoreError> {
    match scope {
        Scope::All => live_of_all(tx, most).await,
        Scope::Agents(agents) => live_of(tx, &agents, most).await,
    }
}

/// The row of a call: written anew, or from the version that was loaded.
async fn write_row(tx: &mut Tx, change: &CallChange) -> Result<(), StoreError> {
    let state = &change.state;
    let next = change.version + 1;
    let mut columns = args![
        next,
        phase_word(state.phase),
        state.direction.map(Direction::as_str),
        state.agent.as_ref().map(agent_key),
        state.number.as_ref().map(number_key),
        state.began_ms.unwrap_or(change.at),
        state.ended_ms,
        change.at,
        to_json(&**state)?,
        state.owes_disposition(),
        state.kept_disposition().map(|given| given.said.code.as_str()),
        state.kept_disposition().and_then(|given| given.said.lead.as_deref()),
        !state.appointments.is_empty(),
        &change.id,
        change.version,
    ];
    let changed = if change.version == 0 {
        let insert = "INSERT INTO desk_call (version, phase, direction, agent, number_key, began, ended, changed, \
                      state, owes, code, lead, booked, id) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING";
        columns.pop();
        tx.execute(insert, columns).await?
    } else {
        let update = "UPDATE desk_call SET version = $1, phase = $2, direction = $3, agent = $4, \
                      number_key = $5, began = $6, ended = $7, changed = $8, state = $9, \
                      owes = $10, code = $11, lead = $12, booked = $13, notes_gone = 0 WHERE id = $14 AND version = $15";
        tx.execute(update, columns).await?
    };
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict("call")) }
}

/// What was a call of its own becomes part of another.
async fn absorb(tx: &mut Tx, id: &str, other: &str, version: i64) -> Result<(), StoreError> {
    let delete = "DELETE FROM desk_call WHERE id = $1 AND version = $2";
    if tx.execute(delete, args![other, version]).await? != 1 {
        return Err(StoreError::Conflict("call"));
    }
    tx.execute("UPDATE desk_call_id SET call = $1 WHERE call = $2", args![id, other]).await?;
    tx.execute("UPDATE desk_fact SET call = $1 WHERE call = $2", args![id, other]).await?;
    tx.execute("DELETE FROM desk_call_agent WHERE call = $1", args![other]).await?;
    // Of the platform's record there is one: it counts the attempts of both, so that the newest word is known.
    let counted = "UPDATE desk_outbox SET attempt = attempt + (SELECT o.attempt FROM desk_outbox AS o \
                   WHERE o.call = $1 AND o.target = 'platform' AND o.kind = desk_outbox.kind) \
                   WHERE call = $2 AND target = 'platform' AND EXISTS (SELECT 1 FROM desk_outbox AS o \
                   WHERE o.call = $3 AND o.target = 'platform' AND o.kind = desk_outbox.kind)";
    tx.execute(counted, args![other, id, other]).await?;
    let double = "DELETE FROM desk_outbox WHERE call = $1 AND target = 'platform' AND EXISTS (SELECT 1 \
                  FROM desk_outbox AS o WHERE o.call = $2 AND o.target = 'platform' AND o.kind = desk_outbox.kind)";
    tx.execute(double, args![other, id]).await?;
    // Two of one kind and agent cannot both be of one call: the other's stays where it is and is sent all the same.
    let outbox = "UPDATE desk_outbox SET call = $1 WHERE call = $2 AND NOT EXISTS (SELECT 1 FROM desk_outbox AS o \
                  WHERE o.call = $1 AND o.target = desk_outbox.target AND o.kind = desk_outbox.kind \
                  AND o.agent = desk_outbox.agent)";
    tx.execute(outbox, args![id, other]).await?;
    parts::absorb(tx, id, other).await?;
    assist::absorb(tx, id, other).await?;
    handoffs::absorb(tx, id, other).await
}

/// Whether a change is refused, if it is, by [`check`] and by the row of the call, and by nothing that comes later.
fn is_plain(change: &CallChange) -> bool {
    change.absorbed.is_empty()
        && change.outbox.is_empty()
        && change.handoff.is_none()
        && change.follow_ups.is_empty()
        && change.dials.len() < 2
        && !change.dials.iter().any(|write| write.entry.state.rang_no_one())
}

/// Looks at what a plain change may meet. Returns the ids that are new.
async fn check<'c>(tx: &mut Tx, change: &'c CallChange) -> Result<Vec<&'c String>, StoreError> {
    let mut new = Vec::new();
    for alias in &change.state.ids {
        match id_of(tx, alias).await? {
            None => new.push(alias),
            Some(id) if id == change.id => {}
            // It is absorbed, or belongs to another call by now: then the two have to be loaded together.
            Some(id) if change.absorbed.iter().any(|(other, _)| *other == id) => new.push(alias),
            Some(_) => return Err(StoreError::Conflict("call")),
        }
    }
    for write in &change.dials {
        dials::check(tx, write).await?;
    }
    Ok(new)
}

async fn save(tx: &mut Tx, change: CallChange) -> Result<i64, StoreError> {
    let new_ids = check(tx, &change).await?;
    write_row(tx, &change).await?;
    for (other, version) in &change.absorbed {
        absorb(tx, &change.id, other, *version).await?;
    }
    for alias in new_ids {
        let insert =
            "INSERT INTO desk_call_id (alias, call) VALUES ($1, $2) ON CONFLICT (alias) DO NOTHING";
        // Another desk was faster.
        if tx.execute(insert, args![alias, &change.id]).await? == 0
            && id_of(tx, alias).await?.as_ref() != Some(&change.id)
        {
            return Err(StoreError::Conflict("call"));
        }
    }
    let is_live = change.state.phase != CallPhase::Closed;
    for agent in &change.state.agents {
        let insert = "INSERT INTO desk_call_agent (call, agent, live) VALUES ($1, $2, $3) \
                      ON CONFLICT (call, agent) DO UPDATE SET live = excluded.live \
                      WHERE desk_call_agent.live <> excluded.live";
        tx.execute(insert, args![&change.id, agent_key(agent), is_live]).await?;
    }
    parts::save(tx, &change.id, &change.state).await?;
    for fact in &change.facts {
        let insert = "INSERT INTO desk_fact (source, key, call, at, body) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (source, key) DO NOTHING";
        let args = args![fact.source.as_str(), &fact.key, &change.id, fact.at_ms, to_json(fact)?];
        tx.execute(insert, args).await?;
    }
    for write in &change.outbox {
        outbox::write(tx, write).await?;
    }
    for write in &change.dials {
        dials::write(tx, write, change.at).await?;
    }
    for dial in &change.released {
        dials::release(tx, dial).await?;
    }
    if let Some(handoff) = &change.handoff {
        handoffs::join(tx, handoff, &change.id).await?;
    }
    for follow_up in &change.follow_ups {
        reminders::write(tx, follow_up).await?;
    }
    audit::append(tx, &change.audit).await?;
    event_rows::append(tx, change.at, change.events);
    Ok(change.version + 1)
}

#[async_trait]
impl PhoneCalls for Db {
    async fn load_calls(&self, ids: &[String]) -> Result<Vec<LoadedCall>, StoreError> {
        if let [id] = ids {
            let id = id.clone();
            return self.find_one(move |tx| Box::pin(load_one(tx, id))).await;
        }
        let ids = ids.to_vec();
        self.find(move |tx| {
            Box::pin(async move {
                let mut found: Vec<(i64, LoadedCall)> = Vec::new();
                for alias in &ids {
                    let Some(id) = id_of(tx, alias).await? else { continue };
                    if found.iter().any(|(_, call)| call.id == id) {
                        continue;
                    }
                    let select = "SELECT version, began FROM desk_call WHERE id = $1";
                    let Some(row) = tx.row(select, args![&id]).await? else { continue };
                    let call = Call::of(facts_of(tx, &id).await?);
                    let version = row.get("version")?;
                    found.push((row.get("began")?, LoadedCall { id, version, call }));
                }
                found.sort_by(|(one, a), (other, b)| (one, &a.id).cmp(&(other, &b.id)));
                Ok(found.into_iter().map(|(_, call)| call).collect())
            })
        })
        .await
    }

    async fn save_call(&self, mut change: CallChange) -> Result<i64, StoreError> {
        change.events = event::written(change.events)?;
        let fails = if is_plain(&change) { Fails::BeforeChanges } else { Fails::Anywhere };
        self.write_often(fails, move |tx| Box::pin(save(tx, change))).await
    }

    async fn call(&self, id: &str, scope: &Scope) -> Result<Option<StoredCall>, StoreError> {
        let (id, scope) = (id.to_owned(), scope.clone());
        self.find_one(move |tx| {
            Box::pin(async move {
                let select = "SELECT c.id AS id, c.version AS version, c.state AS state FROM desk_call_id i \
                              JOIN desk_call c ON c.id = i.call WHERE i.alias = $1";
                let call = tx.row(select, args![id]).await?.as_ref().map(call_of).transpose()?;
                Ok(call.filter(|call| sees(&scope, &call.state)))
            })
        })
        .await
    }

    async fn live_calls(&self, scope: &Scope, most: u32) -> Result<Vec<StoredCall>, StoreError> {
        let scope = scope.clone();
        let is_one_statement = matches!(&scope, Scope::Agents(agents) if agents.len() == 1);
        if is_one_statement {
            return self.read(move |tx| Box::pin(live_of_scope(tx, scope, most))).await;
        }
        self.snapshot(move |tx| Box::pin(live_of_scope(tx, scope, most))).await
    }

    async fn unlike_facts(&self, most: u32) -> Result<(usize, Vec<String>), StoreError> {
        self.snapshot(move |tx| {
            Box::pin(async move {
                // Of the newest on either side, each by its own index.
                let select = "SELECT id, version, state FROM (SELECT * FROM (SELECT id, version, state, began \
                              FROM desk_call WHERE phase <> 'closed' ORDER BY began DESC, id LIMIT $1) AS l \
                              UNION ALL SELECT * FROM (SELECT id, version, state, began FROM desk_call \
                              WHERE phase = 'closed' ORDER BY began DESC, id LIMIT $1) AS c) AS n \
                              ORDER BY began DESC, id LIMIT $1";
                let calls = tx.rows(select, args![most]).await?;
                let calls = calls.iter().map(call_of).collect::<Result<Vec<_>, StoreError>>()?;
                let mut unlike = Vec::new();
                for call in &calls {
                    if *Call::of(facts_of(tx, &call.id).await?).state() != call.state {
                        unlike.push(call.id.clone());
                    }
                }
                Ok((calls.len(), unlike))
            })
        })
        .await
    }

    async fn heard_of(&self, id: &str) -> Result<Option<i64>, StoreError> {
        let id = id.to_owned();
        self.snapshot(move |tx| {
            Box::pin(async move {
                let Some(id) = id_of(tx, &id).await? else { return Ok(None) };
                dials::heard(tx, &id).await
            })
        })
        .await
    }

    async fn save_draft(
        &self,
        call: &str,
        agent: &AgentId,
        draft: Draft,
    ) -> Result<(), StoreError> {
        let (call, agent) = (call.to_owned(), agent_key(agent));
        self.write(move |tx| Box::pin(parts::save_draft(tx, call, agent, draft))).await
    }

    async fn draft(&self, call: &str, agent: &AgentId) -> Result<Option<Draft>, StoreError> {
        let (call, agent) = (call.to_owned(), agent_key(agent));
        self.find_one(move |tx| Box::pin(parts::draft(tx, call, agent))).await
    }
}
