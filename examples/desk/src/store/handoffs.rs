//! Calls that voice assistants hand to agents.

use async_trait::async_trait;
use ozonetel_sdk::types::{AgentId, PhoneNumber};

use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows;
use super::json::{from_json, to_json};
use super::tx::Tx;
use crate::core::caller::agent_key;
use crate::core::dial::number_key;
use crate::core::handoff::HandoffRow;
use crate::core::profile::CallKeys;

/// How many hand-offs to one agent are looked at.
const MOST: i64 = 200;

/// The hand-offs to an agent without a call that changed or were made since a time, each by its own index: SQLite would
/// take the index of the calls, which finds all that have none.
pub(super) const WAITING: &str = "SELECT body, changed, id FROM desk_handoff \
    WHERE agent_key = $1 AND changed >= $2 AND (call || '') IS NULL \
    UNION SELECT body, changed, id FROM desk_handoff \
    WHERE agent_key = $1 AND made >= $2 AND (call || '') IS NULL \
    ORDER BY changed DESC, id DESC LIMIT $3";

/// What became of a new hand-off.
#[derive(Debug, Clone, PartialEq)]
pub enum HandoffBegun {
    /// It is stored.
    New,
    /// The same call is being handed over already: nothing was stored.
    Repeated(Box<HandoffRow>),
}

/// Hand-offs, each with the caller's profile.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Stores a hand-off before anything is asked of a carrier, unless the same call is being handed over.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn begin_handoff(
        &self,
        row: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<HandoffBegun, StoreError>;

    /// The hand-off of the same call in the same session that goes on.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn open_handoff(&self, row: &HandoffRow) -> Result<Option<HandoffRow>, StoreError>;

    /// A hand-off by its id.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn handoff(&self, id: &str) -> Result<Option<HandoffRow>, StoreError>;

    /// The newest hand-off on an extension whose call has one of these ids: the carrier's of either leg, or the
    /// assistant's.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn handoff_with(
        &self,
        extension: &str,
        keys: &CallKeys,
    ) -> Result<Option<HandoffRow>, StoreError>;

    /// The hand-off that a phone call is.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn handoff_of_call(&self, call: &str) -> Result<Option<HandoffRow>, StoreError>;

    /// The hand-offs to an agent that no phone call has been found for and that were written since a time.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn waiting_handoffs(
        &self,
        agent: &AgentId,
        since_ms: i64,
    ) -> Result<Vec<HandoffRow>, StoreError>;

    /// Removes hand-offs that were last written before a time and that no phone call has been found for. How many there
    /// were.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_handoffs(&self, before_ms: i64) -> Result<u64, StoreError>;

    /// Writes a hand-off over the one that was loaded.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it has changed since; the store is not available.
    async fn change_handoff(
        &self,
        from: &HandoffRow,
        to: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;
}

/// Writes that a hand-off's call was found, if none of both has another.
pub(super) async fn join(tx: &mut Tx, id: &str, call: &str) -> Result<(), StoreError> {
    let select = "SELECT body FROM desk_handoff WHERE id = $1 AND call IS NULL";
    let Some(row) = tx.row(select, args![id]).await? else {
        return Err(StoreError::Conflict("call"));
    };
    let row = HandoffRow { call: Some(call.to_owned()), ..row_of(&row)? };
    let update = "UPDATE desk_handoff SET call = $1, body = $2 WHERE id = $3 AND call IS NULL \
                  AND NOT EXISTS (SELECT 1 FROM desk_handoff AS h WHERE h.call = $1)";
    if tx.execute(update, args![call, to_json(&row)?, id]).await? == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("call"))
    }
}

/// What was a call of its own becomes part of another, which takes its hand-off if it has none.
pub(super) async fn absorb(tx: &mut Tx, id: &str, other: &str) -> Result<(), StoreError> {
    let select = "SELECT body FROM desk_handoff WHERE call = $1";
    let Some(row) = tx.row(select, args![other]).await? else { return Ok(()) };
    let row = HandoffRow { call: Some(id.to_owned()), ..row_of(&row)? };
    let update = "UPDATE desk_handoff SET call = $1, body = $2 WHERE id = $3 \
                  AND NOT EXISTS (SELECT 1 FROM desk_handoff AS h WHERE h.call = $1)";
    tx.execute(update, args![id, to_json(&row)?, &row.id]).await?;
    Ok(())
}

fn row_of(row: &Row) -> Result<HandoffRow, StoreError> {
    from_json(&row.get::<String>("body")?, "hand-off")
}

fn text(id: Option<&String>) -> String {
    id.cloned().unwrap_or_default()
}

/// What all spellings of the caller's number have in common, where it is one.
pub(super) fn caller_key(row: &HandoffRow) -> Option<String> {
    let number = PhoneNumber::from(row.profile.phone.as_deref()?);
    number.key().is_some().then(|| number_key(&number))
}

async fn open(tx: &mut Tx, row: &HandoffRow) -> Result<Option<HandoffRow>, StoreError> {
    let select = "SELECT body FROM desk_handoff WHERE maker = $1 AND session = $2 AND call_sid = $3 \
                  AND call_id = $4 AND state NOT IN ('failed', 'ended')";
    let args =
        args![&row.maker, &row.session, text(row.call_sid.as_ref()), text(row.call_id.as_ref())];
    tx.row(select, args).await?.as_ref().map(row_of).transpose()
}

async fn begin(
    tx: &mut Tx,
    row: HandoffRow,
    new: Vec<NewEvent>,
) -> Result<HandoffBegun, StoreError> {
    let insert = "INSERT INTO desk_handoff (id, maker, session, extension, agent_key, call_sid, call_id, leg_sid, \
                  number_key, state, call, made, changed, body) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
    let columns = args![
        &row.id,
        &row.maker,
        &row.session,
        &row.extension,
        agent_key(&row.agent),
        text(row.call_sid.as_ref()),
        text(row.call_id.as_ref()),
        row.leg_sid.clone(),
        caller_key(&row),
        row.state.as_str(),
        row.call.clone(),
        row.made_ms,
        row.changed_ms,
        to_json(&row)?,
    ];
    if tx.execute(insert, columns).await? == 0 {
        let known = open(tx, &row).await?;
        return known
            .map(|known| HandoffBegun::Repeated(Box::new(known)))
            .ok_or(StoreError::Conflict("hand-off"));
    }
    event_rows::append(tx, row.made_ms, new);
    Ok(HandoffBegun::New)
}

async fn change(
    tx: &mut Tx,
    from: HandoffRow,
    to: HandoffRow,
    new: Vec<NewEvent>,
) -> Result<(), StoreError> {
    let select = "SELECT body FROM desk_handoff WHERE id = $1";
    let found = tx.row(select, args![&to.id]).await?;
    let known = found.map(|row| row.get::<String>("body")).transpose()?;
    // What it says counts, not how that is written: a number that was forgotten was taken out of the text.
    let same = |body: &String| from_json::<HandoffRow>(body, "hand-off").map(|row| row == from);
    let is_same = known.as_ref().map(same).transpose()?.unwrap_or(false);
    let Some(known) = known.filter(|_| is_same) else {
        return Err(StoreError::Conflict("hand-off"));
    };
    let update = "UPDATE desk_handoff SET extension = $1, agent_key = $2, leg_sid = $3, number_key = $4, \
                  state = $5, call = $6, changed = $7, body = $8 WHERE id = $9 AND body = $10";
    let columns = args![
        &to.extension,
        agent_key(&to.agent),
        to.leg_sid.clone(),
        caller_key(&to),
        to.state.as_str(),
        to.call.clone(),
        to.changed_ms,
        to_json(&to)?,
        &to.id,
        known,
    ];
    if tx.execute(update, columns).await? != 1 {
        return Err(StoreError::Conflict("hand-off"));
    }
    event_rows::append(tx, to.changed_ms, new);
    Ok(())
}

#[async_trait]
impl Handoffs for Db {
    async fn begin_handoff(
        &self,
        row: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<HandoffBegun, StoreError> {
        self.write(move |tx| Box::pin(begin(tx, row, events))).await
    }

    async fn open_handoff(&self, row: &HandoffRow) -> Result<Option<HandoffRow>, StoreError> {
        let row = row.clone();
        self.read(move |tx| Box::pin(async move { open(tx, &row).await })).await
    }

    async fn handoff(&self, id: &str) -> Result<Option<HandoffRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT body FROM desk_handoff WHERE id = $1";
                tx.row(select, args![id]).await?.as_ref().map(row_of).transpose()
            })
        })
        .await
    }

    async fn handoff_with(
        &self,
        extension: &str,
        keys: &CallKeys,
    ) -> Result<Option<HandoffRow>, StoreError> {
        let extension = extension.to_owned();
        let (sid, id) = (text(keys.call_sid.as_ref()), text(keys.call_id.as_ref()));
        self.read(move |tx| {
            Box::pin(async move {
                // A blank is no id: no row has it.
                let or_none = |id: String| if id.is_empty() { " ".to_owned() } else { id };
                let (sid, id) = (or_none(sid), or_none(id));
                let select = "SELECT body FROM desk_handoff WHERE extension = $1 \
                              AND (call_sid = $2 OR leg_sid = $2 OR call_id = $3 OR id = $3) \
                              ORDER BY made DESC, id DESC LIMIT 1";
                tx.row(select, args![extension, sid, id]).await?.as_ref().map(row_of).transpose()
            })
        })
        .await
    }

    async fn handoff_of_call(&self, call: &str) -> Result<Option<HandoffRow>, StoreError> {
        let call = call.to_owned();
        self.find_one(move |tx| {
            Box::pin(async move {
                let select = "SELECT body FROM desk_handoff WHERE call = $1";
                tx.row(select, args![call]).await?.as_ref().map(row_of).transpose()
            })
        })
        .await
    }

    async fn waiting_handoffs(
        &self,
        agent: &AgentId,
        since_ms: i64,
    ) -> Result<Vec<HandoffRow>, StoreError> {
        let agent = agent_key(agent);
        self.find_one(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(WAITING, args![agent, since_ms, MOST]).await?;
                rows.iter().map(row_of).collect()
            })
        })
        .await
    }

    async fn forget_handoffs(&self, before_ms: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                // A row of a desk that does not write `changed` is as old as it was made.
                let delete =
                    "DELETE FROM desk_handoff WHERE call IS NULL AND changed < $1 AND made < $1";
                tx.execute(delete, args![before_ms]).await
            })
        })
        .await
    }

    async fn change_handoff(
        &self,
        from: &HandoffRow,
        to: HandoffRow,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let from = from.clone();
        self.write(move |tx| Box::pin(change(tx, from, to, events))).await
    }
}
