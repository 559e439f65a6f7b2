//! The outbox.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::json::{from_json, to_json};
use super::tx::Tx;
use super::work::of_scope;
use super::writer::Fails;
use crate::core::caller::Scope;
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};

/// A change of the outbox, with a call's.
#[derive(Debug, Clone, PartialEq)]
pub enum OutboxWrite {
    /// A new entry. One that exists for the same target, call, kind and agent is replaced only if it has ended badly.
    Put(OutboxEntry),
    /// A new entry, or more of one that exists: where its payload is another, it is sent (again), and what becomes of
    /// an attempt that is under way does not count.
    Complete(OutboxEntry),
    /// What became of an entry; nothing if another attempt has been made meanwhile.
    Result(OutboxEntry),
}

/// What has to reach the service or the platform. Entries are written with the call that they belong to.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes entries of a target that are due, for the given time: each raises its attempt. A holder that dies loses them when that
    /// time is over; what it sent may have arrived.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn claim_outbox(
        &self,
        target: OutboxTarget,
        at: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Takes one entry, if it is to be sent and no one has it.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn claim_entry(
        &self,
        id: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<OutboxEntry>, StoreError>;

    /// Gives back every entry that is taken: its holder is gone. What was sent may have arrived. How many there were.
    ///
    /// # Errors
    /// The store is not available.
    async fn release_outbox(&self) -> Result<u64, StoreError>;

    /// The entries of a call.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn outbox_of(&self, call: &str) -> Result<Vec<OutboxEntry>, StoreError>;

    /// An entry by its id.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn outbox_entry(&self, id: &str) -> Result<Option<OutboxEntry>, StoreError>;

    /// Entries that ended badly, of calls that the caller sees, and which agents in the scope owe or no one: first those
    /// that no one has taken over, the newest first.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn owed(&self, scope: &Scope, most: u32) -> Result<Vec<OutboxEntry>, StoreError>;

    /// When the next entry of a target is due.
    ///
    /// # Errors
    /// The store is not available.
    async fn next_due(&self, target: OutboxTarget) -> Result<Option<i64>, StoreError>;

    /// How many entries are to be sent.
    ///
    /// # Errors
    /// The store is not available.
    async fn outbox_waiting(&self) -> Result<i64, StoreError>;
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, target, call, kind, agent, payload, state, attempt, unclear, leased, next, created, message \
             FROM desk_outbox ",
            $rest
        )
    };
}

/// When an entry is due: one that someone has, when that time is over. The index `desk_outbox_due` is by this.
macro_rules! due {
    () => {
        "CASE WHEN leased > next THEN leased ELSE next END"
    };
}

/// Whether anything is due of a target, at a time.
pub(super) const ANY_DUE: &str = concat!(
    "SELECT 1 AS due FROM desk_outbox WHERE state = 'pending' AND target = $1 AND ",
    due!(),
    " <= $2 LIMIT 1"
);

macro_rules! all_due {
    ($rest:literal) => {
        concat!(
            select!("WHERE state = 'pending' AND target = $1 AND "),
            due!(),
            " <= $2 ORDER BY ",
            due!(),
            ", id LIMIT $3",
            $rest
        )
    };
}

/// What is due of a target, at a time, at most so much.
pub(super) const DUE: &str = all_due!("");

/// The same, without what another desk takes right now.
const DUE_UNLOCKED: &str = all_due!(" FOR UPDATE SKIP LOCKED");

/// When the next of a target is due.
pub(super) const NEXT_DUE: &str = concat!(
    "SELECT ",
    due!(),
    " AS due FROM desk_outbox WHERE state = 'pending' AND target = $1 ORDER BY ",
    due!(),
    " LIMIT 1"
);

/// The entries of a call.
pub(super) const OF_CALL: &str = select!("WHERE call = $1 ORDER BY created, id");

/// What ended badly and is owed by agents in a scope who see the call, of which `taken` was taken over from them or not:
/// the newest first.
pub(super) fn ended_badly(scope: &Scope, taken: bool, most: u32) -> (String, Vec<Arg>) {
    // What is of no agent is of the call's.
    let whose = "CASE WHEN o.agent = '' THEN COALESCE(c.agent, '') ELSE o.agent END";
    let is_taken = if taken { "IS NOT NULL" } else { "IS NULL" };
    let (own, args) = of_scope(scope, &format!("({whose})"), 1);
    let (seen, _) = of_scope(scope, "a.agent", 1);
    let own = match scope {
        Scope::All => own,
        Scope::Agents(_) => format!(
            "(({whose}) = '' OR {own}) AND EXISTS (SELECT 1 FROM desk_call_agent a WHERE a.call = c.id AND {seen})"
        ),
    };
    let select = format!(
        "SELECT o.id AS id, o.target AS target, o.call AS call, o.kind AS kind, o.agent AS agent, \
         o.payload AS payload, o.state AS state, o.attempt AS attempt, o.unclear AS unclear, o.leased AS leased, \
         o.next AS next, o.created AS created, o.message AS message FROM desk_outbox o \
         LEFT JOIN desk_call_id i ON i.alias = o.call \
         LEFT JOIN desk_call c ON c.id = COALESCE(i.call, o.call) \
         LEFT JOIN desk_call_part p ON p.call = c.id AND p.agent = {whose} \
         WHERE o.state NOT IN ('pending', 'sent') AND o.state NOT IN ('kept', 'no_call') \
         AND p.taken_by {is_taken} AND {own} \
         ORDER BY o.created DESC, o.id DESC LIMIT {most}"
    );
    (select, args)
}

fn entry_of(row: &Row) -> Result<OutboxEntry, StoreError> {
    let corrupt = || StoreError::Corrupt("outbox entry");
    Ok(OutboxEntry {
        id: row.get("id")?,
        target: OutboxTarget::of_name(&row.get::<String>("target")?).ok_or_else(corrupt)?,
        call: row.get("call")?,
        kind: row.get("kind")?,
        agent: row.get("agent")?,
        payload: from_json(&row.get::<String>("payload")?, "outbox entry")?,
        state: OutboxState::of_name(&row.get::<String>("state")?).ok_or_else(corrupt)?,
        attempt: row.get("attempt")?,
        may_have_arrived: row.flag("unclear")?,
        leased_until_ms: row.get("leased")?,
        next_ms: row.get("next")?,
        created_ms: row.get("created")?,
        message: row.get("message")?,
    })
}

/// Writes a change of the outbox.
pub(super) async fn write(tx: &mut Tx, write: &OutboxWrite) -> Result<(), StoreError> {
    match write {
        OutboxWrite::Put(entry) | OutboxWrite::Complete(entry) => {
            let put = "INSERT INTO desk_outbox (id, target, call, kind, agent, payload, state, attempt, unclear, \
                       leased, next, created, message) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                       ON CONFLICT (target, call, kind, agent) DO UPDATE SET payload = excluded.payload, \
                       state = excluded.state, next = excluded.next, leased = excluded.leased, \
                       created = excluded.created, message = excluded.message, forgotten = 0, \
                       attempt = desk_outbox.attempt + ";
            let put = if matches!(write, OutboxWrite::Complete(_)) {
                format!("{put} 1 WHERE desk_outbox.payload <> excluded.payload")
            } else {
                let ended = "desk_outbox.state NOT IN ('pending', 'sent', 'kept')";
                format!("{put} excluded.attempt WHERE {ended}")
            };
            let args = args![
                &entry.id,
                entry.target.as_str(),
                &entry.call,
                &entry.kind,
                &entry.agent,
                to_json(&entry.payload)?,
                entry.state.as_str(),
                entry.attempt,
                entry.may_have_arrived,
                entry.leased_until_ms,
                entry.next_ms,
                entry.created_ms,
                entry.message.clone(),
            ];
            tx.execute(AssertSqlSafe(put), args).await?;
        }
        OutboxWrite::Result(entry) => {
            let update = "UPDATE desk_outbox SET state = $1, unclear = $2, leased = $3, next = $4, created = $5, \
                          message = $6 WHERE id = $7 AND attempt = $8 RETURNING forgotten";
            let args = args![
                entry.state.as_str(),
                entry.may_have_arrived,
                entry.leased_until_ms,
                entry.next_ms,
                entry.created_ms,
                entry.message.clone(),
                &entry.id,
                entry.attempt,
            ];
            let written = tx.row(update, args).await?;
            let written = written.ok_or(StoreError::Conflict("outbox entry"))?;
            if written.flag("forgotten")? && entry.state != OutboxState::Pending {
                without_notes(tx, &entry.id).await?;
            }
        }
    }
    Ok(())
}

/// Takes the notes out of an entry: of what the store has, for the entry was loaded before its call was forgotten.
async fn without_notes(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let select = "SELECT payload FROM desk_outbox WHERE id = $1";
    let Some(row) = tx.row(select, args![id]).await? else { return Ok(()) };
    let mut payload: Value = from_json(&row.get::<String>("payload")?, "outbox entry")?;
    if let Some(payload) = payload.as_object_mut() {
        payload.remove("notes");
    }
    let update = "UPDATE desk_outbox SET payload = $1 WHERE id = $2";
    tx.execute(update, args![payload.to_string(), id]).await?;
    Ok(())
}

#[async_trait]
impl Outbox for Db {
    async fn claim_outbox(
        &self,
        target: OutboxTarget,
        at: i64,
        until: i64,
        most: u32,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        // Most of the time nothing is due: then nothing waits for the writer either.
        let is_due = self.find_one(move |tx| {
            Box::pin(
                async move { Ok(tx.row(ANY_DUE, args![target.as_str(), at]).await?.is_some()) },
            )
        });
        if !is_due.await? {
            return Ok(Vec::new());
        }
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let due = if tx.is_postgres() { DUE_UNLOCKED } else { DUE };
                let mut entries = Vec::new();
                for row in tx.rows(due, args![target.as_str(), at, most]).await? {
                    let entry = entry_of(&row)?;
                    let take = "UPDATE desk_outbox SET leased = $1, attempt = attempt + 1, \
                                unclear = CASE WHEN leased > 0 THEN 1 ELSE unclear END WHERE id = $2";
                    tx.execute(take, args![until, &entry.id]).await?;
                    entries.push(entry.taken(until));
                }
                Ok(entries)
            })
        })
        .await
    }

    async fn claim_entry(
        &self,
        id: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        let id = id.to_owned();
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let take = "UPDATE desk_outbox SET leased = $1, attempt = attempt + 1, \
                            unclear = CASE WHEN leased > 0 THEN 1 ELSE unclear END WHERE id = $2 AND state = 'pending' AND leased <= $3";
                if tx.execute(take, args![until, &id, at]).await? == 0 {
                    return Ok(None);
                }
                let row = tx.row(select!("WHERE id = $1"), args![id]).await?;
                row.as_ref().map(entry_of).transpose()
            })
        })
        .await
    }

    async fn release_outbox(&self) -> Result<u64, StoreError> {
        self.write(|tx| {
            Box::pin(async move {
                // Not 0, which would say that no one ever had it.
                let release =
                    "UPDATE desk_outbox SET leased = 1 WHERE state = 'pending' AND leased > 1";
                tx.execute(release, args![]).await
            })
        })
        .await
    }

    async fn outbox_of(&self, call: &str) -> Result<Vec<OutboxEntry>, StoreError> {
        let call = call.to_owned();
        self.find_one(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(OF_CALL, args![call]).await?;
                rows.iter().map(entry_of).collect()
            })
        })
        .await
    }

    async fn outbox_entry(&self, id: &str) -> Result<Option<OutboxEntry>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                tx.row(select!("WHERE id = $1"), args![id])
                    .await?
                    .as_ref()
                    .map(entry_of)
                    .transpose()
            })
        })
        .await
    }

    async fn owed(&self, scope: &Scope, most: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        let scope = scope.clone();
        self.snapshot(move |tx| {
            Box::pin(async move {
                let mut entries = Vec::new();
                for taken in [false, true] {
                    let known = u32::try_from(entries.len()).unwrap_or(u32::MAX);
                    let room = most.saturating_sub(known);
                    if room > 0 {
                        let (select, args) = ended_badly(&scope, taken, room);
                        for row in tx.rows(AssertSqlSafe(select), args).await? {
                            entries.push(entry_of(&row)?);
                        }
                    }
                }
                Ok(entries)
            })
        })
        .await
    }

    async fn next_due(&self, target: OutboxTarget) -> Result<Option<i64>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                tx.row(NEXT_DUE, args![target.as_str()])
                    .await?
                    .map_or(Ok(None), |row| row.get("due"))
            })
        })
        .await
    }

    async fn outbox_waiting(&self) -> Result<i64, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT COUNT(*) AS n FROM desk_outbox WHERE state = 'pending'";
                tx.row(select, args![]).await?.map_or(Ok(0), |row| row.get("n"))
            })
        })
        .await
    }
}
