//! What is each agent's own of a call: notes as they are typed, and what is owed of a part.

use std::fmt;

use super::conn::args;
use super::error::StoreError;
use super::tx::Tx;
use crate::core::call::{AgentPart, CallState};
use crate::core::caller::agent_key;

/// Notes as they were typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who typed them.
    pub by: String,
    /// The notes.
    pub notes: String,
    /// When they were stored.
    pub at: i64,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Keeps notes of an agent's part, unless later ones are there.
pub(super) async fn save_draft(
    tx: &mut Tx,
    call: String,
    agent: String,
    draft: Draft,
) -> Result<(), StoreError> {
    let upsert = "INSERT INTO desk_note_draft (call, agent, typed_by, notes, at) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (call, agent) DO UPDATE SET typed_by = excluded.typed_by, notes = excluded.notes, \
                  at = excluded.at WHERE desk_note_draft.at <= excluded.at";
    tx.execute(upsert, args![call, agent, draft.by, draft.notes, draft.at]).await?;
    Ok(())
}

/// The notes that were typed last of an agent's part.
pub(super) async fn draft(
    tx: &mut Tx,
    call: String,
    agent: String,
) -> Result<Option<Draft>, StoreError> {
    let select = "SELECT typed_by, notes, at FROM desk_note_draft WHERE call = $1 AND agent = $2";
    let row = tx.row(select, args![call, agent]).await?;
    let draft = |row: super::Row| {
        Ok(Draft { by: row.get("typed_by")?, notes: row.get("notes")?, at: row.get("at")? })
    };
    row.map(draft).transpose()
}

/// Removes the notes that were typed before a time. In `desk_draft` are those from before there were any of each agent:
/// nothing reads them.
pub(super) async fn drop_drafts(tx: &mut Tx, before: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM desk_note_draft WHERE at < $1", args![before]).await?;
    tx.execute("DELETE FROM desk_draft WHERE at < $1", args![before]).await?;
    Ok(())
}

/// Removes what was typed about a call.
pub(super) async fn clear_drafts(tx: &mut Tx, call: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM desk_note_draft WHERE call = $1", args![call]).await?;
    tx.execute("DELETE FROM desk_draft WHERE call = $1", args![call]).await?;
    Ok(())
}

/// Writes the parts of the agents who handed the call on. Who has it back owes nothing of the time before.
pub(super) async fn save(tx: &mut Tx, call: &str, state: &CallState) -> Result<(), StoreError> {
    for part in &state.parts {
        write(tx, call, part).await?;
    }
    if state.agents.len() < 2 {
        return Ok(());
    }
    for agent in state.agents.iter().filter(|agent| state.part_of(agent).is_none()) {
        let update = "UPDATE desk_call_part SET owes = 0, taken_by = NULL \
                      WHERE call = $1 AND agent = $2 AND owes = 1";
        tx.execute(update, args![call, agent_key(agent)]).await?;
    }
    Ok(())
}

async fn write(tx: &mut Tx, call: &str, part: &AgentPart) -> Result<(), StoreError> {
    let upsert = "INSERT INTO desk_call_part (call, agent, ended, owes) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (call, agent) DO UPDATE SET ended = excluded.ended, owes = excluded.owes";
    let args = args![call, agent_key(&part.agent), part.wrapup.started_ms, part.owes];
    tx.execute(upsert, args).await?;
    Ok(())
}

/// What is of each agent's part in a call is of their parts in the one that it is a part of. Where there is the same of
/// both, that one's stays.
pub(super) async fn absorb(tx: &mut Tx, id: &str, other: &str) -> Result<(), StoreError> {
    let drafts = "UPDATE desk_note_draft SET call = $1 WHERE call = $2 AND NOT EXISTS (SELECT 1 \
                  FROM desk_note_draft AS d WHERE d.call = $1 AND d.agent = desk_note_draft.agent)";
    tx.execute(drafts, args![id, other]).await?;
    clear_drafts(tx, other).await?;
    // What is owed is written with the call.
    let taken = "INSERT INTO desk_call_part (call, agent, owes, taken_by) \
                 SELECT $1, agent, 0, taken_by FROM desk_call_part WHERE call = $2 AND taken_by IS NOT NULL \
                 ON CONFLICT (call, agent) DO UPDATE SET \
                 taken_by = COALESCE(desk_call_part.taken_by, excluded.taken_by)";
    tx.execute(taken, args![id, other]).await?;
    tx.execute("DELETE FROM desk_call_part WHERE call = $1", args![other]).await?;
    Ok(())
}
