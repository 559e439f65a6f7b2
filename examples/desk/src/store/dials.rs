//! The dial ledger.

use async_trait::async_trait;
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName, PhoneNumber};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::{self, NewEvent};
use super::event_rows;
use super::json::{from_json, to_json};
use super::missed_rows::{missed_changed, open_missed_of, write_missed};
use super::tx::Tx;
use super::work::of_scope;
use super::writer::Fails;
use crate::core::answer::{AskedLeg, AskedLegKind, WAITS_MS};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::{
    DialClaim, DialDecision, DialEntry, DialState, DialWay, IMPLICIT_KEY_MS, LedgerView,
    OpenMissed, decide,
};
use crate::core::missed::MissedNumber;

/// How often what another one has changed meanwhile is looked at again.
const TRIES: u32 = 4;

/// A change of the dial ledger, with a call's: nothing unless the row is in the state it was in.
#[derive(Debug, Clone, PartialEq)]
pub struct DialWrite {
    /// The state that the row has to be in.
    pub from: DialState,
    /// The row.
    pub entry: DialEntry,
}

/// The dial ledger, and the legs that this desk asked for.
#[async_trait]
pub trait Dials: Send + Sync {
    /// Decides about a dial and writes it down if it may go out: the agent's own way, or else the row's. `holder` is the
    /// desk that would send it.
    ///
    /// # Errors
    /// The store is not available.
    async fn begin_dial(
        &self,
        new: DialEntry,
        holder: &str,
        at: i64,
    ) -> Result<DialDecision, StoreError>;

    /// Decides about a dial as [`begin_dial`](Self::begin_dial) does, and writes nothing down.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn weigh_dial(&self, new: DialEntry, at: i64) -> Result<DialDecision, StoreError>;

    /// Changes a row that is in the given state. Once it says that no one was rung, the missed call that was claimed for
    /// the dial is given back.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is in another one; the store is not available.
    async fn change_dial(
        &self,
        write: DialWrite,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;

    /// A row by its id.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dial(&self, id: &str) -> Result<Option<DialEntry>, StoreError>;

    /// A row by the key that its request named.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dial_of_key(&self, asker: &str, key: &str) -> Result<Option<DialEntry>, StoreError>;

    /// A row by the reference that was sent along.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dial_of_reference(&self, reference: &str) -> Result<Option<DialEntry>, StoreError>;

    /// Rows in a state, of agents in a scope, the oldest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dials_in(
        &self,
        state: DialState,
        scope: &Scope,
        most: u32,
    ) -> Result<Vec<DialEntry>, StoreError>;

    /// Rows that were being sent by this desk, or by any desk longer ago than a dial can take.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dials_left_sending(
        &self,
        holder: &str,
        before: i64,
    ) -> Result<Vec<DialEntry>, StoreError>;

    /// Rows that are being sent by other desks than this one whose [`presence`](super::lease::presence) has ended.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn dials_of_dead_desks(&self, own: &str, at: i64) -> Result<Vec<DialEntry>, StoreError>;

    /// The open row of an agent.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn open_dial(&self, agent: &AgentId) -> Result<Option<DialEntry>, StoreError>;

    /// Notes that a leg was asked for.
    ///
    /// # Errors
    /// The store is not available.
    async fn ask_leg(&self, agent: &AgentId, leg: AskedLeg) -> Result<(), StoreError>;

    /// The legs of an agent that were asked for, have not come and are still waited for.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn asked_legs(&self, agent: &AgentId, at: i64) -> Result<Vec<AskedLeg>, StoreError>;

    /// Notes that a leg has come. Whether it was waited for: of two INVITEs only one gets it.
    ///
    /// # Errors
    /// The store is not available.
    async fn use_leg(&self, id: &str) -> Result<bool, StoreError>;
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, asker, key, explicit, body_hash, agent, number, number_key, campaign, did, phone_name, way, state, \
             reference, ucid, answer, asked, decided, settled_by, reason, open FROM desk_dial ",
            $rest
        )
    };
}

fn entry_of(row: &Row) -> Result<DialEntry, StoreError> {
    let corrupt = || StoreError::Corrupt("dial");
    let text = |name: &str| row.get::<Option<String>>(name);
    Ok(DialEntry {
        id: row.get("id")?,
        user: row.get("asker")?,
        key: row.get("key")?,
        is_explicit: row.flag("explicit")?,
        body_hash: row.get("body_hash")?,
        agent: row.get::<String>("agent")?.into(),
        number: PhoneNumber::from(row.get::<String>("number")?.as_str()),
        number_key: row.get("number_key")?,
        campaign: text("campaign")?.map(Into::into),
        did: text("did")?.map(Into::into),
        phone_name: text("phone_name")?.map(Into::into),
        way: DialWay::of_name(&row.get::<String>("way")?).ok_or_else(corrupt)?,
        state: DialState::of_name(&row.get::<String>("state")?).ok_or_else(corrupt)?,
        reference: row.get("reference")?,
        ucid: text("ucid")?.map(|text| text.parse()).transpose().map_err(|_| corrupt())?,
        answer: text("answer")?.map(|text| from_json(&text, "dial")).transpose()?,
        asked_ms: row.get("asked")?,
        decided_ms: row.get("decided")?,
        settled_by: text("settled_by")?,
        reason: text("reason")?,
        is_open: row.flag("open")?,
    })
}

async fn insert(tx: &mut Tx, new: &DialEntry, holder: &str) -> Result<bool, StoreError> {
    let insert = "INSERT INTO desk_dial (id, asker, key, explicit, body_hash, agent, agent_key, number, number_key, \
                  campaign, did, phone_name, way, state, reference, asked, open, holder) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, $17) \
                  ON CONFLICT DO NOTHING";
    let args = args![
        &new.id,
        &new.user,
        &new.key,
        new.is_explicit,
        &new.body_hash,
        new.agent.as_str(),
        agent_key(&new.agent),
        new.number.as_str(),
        &new.number_key,
        new.campaign.as_ref().map(CampaignName::as_str),
        new.did.as_ref().map(Did::as_str),
        new.phone_name.as_ref().map(PhoneName::as_str),
        new.way.as_str(),
        DialState::Sending.as_str(),
        &new.reference,
        new.asked_ms,
        holder,
    ];
    Ok(tx.execute(insert, args).await? == 1)
}

/// When a call was last heard of, apart from its dial's reply.
pub(super) async fn heard(tx: &mut Tx, call: &str) -> Result<Option<i64>, StoreError> {
    let select =
        "SELECT MAX(at) AS at FROM desk_fact WHERE call = $1 AND source NOT IN ('dial', 'action')";
    tx.row(select, args![call]).await?.map_or(Ok(None), |row| row.get("at"))
}

/// What an agent's link says of dials: how they go, where the agent has a way of their own, and the phone name.
async fn own_line(
    tx: &mut Tx,
    agent: &str,
) -> Result<(Option<DialWay>, Option<PhoneName>), StoreError> {
    let select = "SELECT dial_way, phone_name FROM desk_agent_link WHERE agent_key = $1";
    let Some(row) = tx.row(select, args![agent]).await? else { return Ok((None, None)) };
    let name = row.get::<Option<String>>("phone_name")?.map(Into::into);
    let Some(way) = row.get::<Option<String>>("dial_way")? else { return Ok((None, name)) };
    Ok((Some(DialWay::of_name(&way).ok_or(StoreError::Corrupt("link"))?), name))
}

/// When the conversation that an agent is in was last heard of, apart from a dial's reply.
async fn talking(tx: &mut Tx, agent: &str) -> Result<Option<i64>, StoreError> {
    let select = "SELECT c.id AS id FROM desk_call_agent a JOIN desk_call c ON c.id = a.call \
                  WHERE a.agent = $1 AND a.live = 1 AND c.phase = 'active' AND c.agent = $1";
    let mut last = None;
    for row in tx.rows(select, args![agent]).await? {
        last = last.max(heard(tx, &row.get::<String>("id")?).await?);
    }
    Ok(last)
}

/// An open missed call as a dial sees it.
pub(super) fn seen(missed: &MissedNumber, at: i64) -> OpenMissed {
    OpenMissed { claimed_by: missed.claimed_by(at).map(str::to_owned) }
}

/// What the ledger holds that matters to a new dial, and the missed calls of its number that are open.
async fn ledger(
    tx: &mut Tx,
    new: &DialEntry,
    at: i64,
) -> Result<(LedgerView, Option<(i64, MissedNumber)>), StoreError> {
    // Three questions in one, each by its own index.
    let select = select!(
        "WHERE (asker = $1 AND key = $2 AND explicit = 1) OR (agent_key = $3 AND open = 1) \
         OR (agent_key = $3 AND number_key = $4 AND explicit = 0 AND asked > $5) ORDER BY asked"
    );
    let agent = agent_key(&new.agent);
    let since = at.saturating_sub(IMPLICIT_KEY_MS);
    let args = args![&new.user, &new.key, &agent, &new.number_key, since];
    let (way, phone_name) = own_line(tx, &agent).await?;
    let missed = open_missed_of(tx, &new.number_key).await?;
    let mut view = LedgerView {
        way,
        phone_name,
        talking_ms: talking(tx, &agent).await?,
        missed: missed.as_ref().map(|(_, missed)| seen(missed, at)),
        ..LedgerView::default()
    };
    for row in tx.rows(select, args).await? {
        let entry = entry_of(&row)?;
        if entry.user == new.user && entry.key == new.key {
            view.same_key = Some(entry.clone());
        }
        let same_agent = agent_key(&entry.agent) == agent;
        if same_agent && entry.number_key == new.number_key && !entry.is_explicit {
            view.same_number = Some(entry.clone());
        }
        if same_agent && entry.is_open {
            view.open = Some(entry);
        }
    }
    if let Some(ucid) = view.open.as_ref().and_then(|open| open.ucid) {
        let select = "SELECT call FROM desk_call_id WHERE alias = $1";
        if let Some(row) = tx.row(select, args![ucid.as_str()]).await? {
            view.open_heard_ms = heard(tx, &row.get::<String>("call")?).await?;
        }
    }
    Ok((view, missed))
}

/// Claims the missed calls of a number for the agent of a dial; whether no one else has changed them meanwhile.
async fn claim(
    tx: &mut Tx,
    missed: Option<(i64, MissedNumber)>,
    new: &DialEntry,
    at: i64,
) -> Result<bool, StoreError> {
    let Some((version, mut missed)) = missed else { return Ok(true) };
    if missed.claim_for(&new.id, new.agent.as_str(), at).is_err()
        || write_missed(tx, version, &missed).await? != 1
    {
        return Ok(false);
    }
    event_rows::append(tx, at, vec![missed_changed(&missed.key)?]);
    Ok(true)
}

async fn begin(
    tx: &mut Tx,
    mut new: DialEntry,
    holder: String,
    at: i64,
) -> Result<DialDecision, StoreError> {
    // Another desk may write the same row, or claim the same number, between the question and the insertion: then the
    // question is asked again.
    for _ in 0..TRIES {
        let (view, missed) = ledger(tx, &new, at).await?;
        let decision = decide(&new, view, at);
        let DialDecision::Place { close, way, phone_name, claim: wanted } = &decision else {
            return Ok(decision);
        };
        if let Some(id) = close {
            release(tx, id).await?;
        }
        (new.way, new.phone_name) = (*way, phone_name.clone());
        if !insert(tx, &new, &holder).await? {
            continue;
        }
        // Only with its row: a dial that does not go out claims nothing.
        if *wanted == DialClaim::None || claim(tx, missed, &new, at).await? {
            return Ok(decision);
        }
        tx.execute("DELETE FROM desk_dial WHERE id = $1", args![&new.id]).await?;
    }
    Err(StoreError::Conflict("dial"))
}

/// Ends what keeps an agent from being dialled for. One whose outcome is not known goes on keeping it.
pub(super) async fn release(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let update =
        "UPDATE desk_dial SET open = 0 WHERE id = $1 AND state NOT IN ('sending', 'unknown')";
    tx.execute(update, args![id]).await?;
    Ok(())
}

/// Refuses what [`write`] would refuse, before anything is changed.
pub(super) async fn check(tx: &mut Tx, write: &DialWrite) -> Result<(), StoreError> {
    let select = "SELECT 1 AS one FROM desk_dial WHERE id = $1 AND state = $2";
    match tx.row(select, args![&write.entry.id, write.from.as_str()]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::Conflict("dial")),
    }
}

/// Gives back the missed call that was claimed for a dial which rang no one.
async fn give_back(tx: &mut Tx, entry: &DialEntry, at: i64) -> Result<(), StoreError> {
    // Someone else may change it between the question and the update.
    for _ in 0..TRIES {
        let Some((version, mut missed)) = open_missed_of(tx, &entry.number_key).await? else {
            return Ok(());
        };
        if !missed.release_for(&entry.id) {
            return Ok(());
        }
        if write_missed(tx, version, &missed).await? == 1 {
            event_rows::append(tx, at, vec![missed_changed(&missed.key)?]);
            return Ok(());
        }
    }
    Err(StoreError::Conflict("dial"))
}

/// Writes a row that is in the given state. One that rang no one gives back what was claimed for it.
pub(super) async fn write(tx: &mut Tx, write: &DialWrite, at: i64) -> Result<(), StoreError> {
    let entry = &write.entry;
    let update = "UPDATE desk_dial SET state = $1, ucid = COALESCE($2, ucid), answer = $3, decided = $4, settled_by = $5, \
                  reason = $6, open = $7 WHERE id = $8 AND state = $9";
    let args = args![
        entry.state.as_str(),
        entry.ucid.map(String::from),
        entry.answer.as_ref().map(to_json).transpose()?,
        entry.decided_ms,
        entry.settled_by.clone(),
        entry.reason.clone(),
        entry.is_open,
        &entry.id,
        write.from.as_str(),
    ];
    if tx.execute(update, args).await? != 1 {
        return Err(StoreError::Conflict("dial"));
    }
    if entry.state.rang_no_one() { give_back(tx, entry, at).await } else { Ok(()) }
}

impl Db {
    async fn one_dial(
        &self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<Option<DialEntry>, StoreError> {
        self.find_one(move |tx| {
            Box::pin(async move { tx.row(sql, args).await?.as_ref().map(entry_of).transpose() })
        })
        .await
    }

    async fn many_dials(
        &self,
        sql: impl SqlSafeStr + Send + 'static,
        args: Vec<Arg>,
    ) -> Result<Vec<DialEntry>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move { tx.rows(sql, args).await?.iter().map(entry_of).collect() })
        })
        .await
    }
}

fn leg_of(row: &Row) -> Result<AskedLeg, StoreError> {
    let corrupt = || StoreError::Corrupt("leg");
    let kind = match row.get::<String>("kind")?.as_str() {
        "dial" => AskedLegKind::Dial,
        "reconnect" => AskedLegKind::Reconnect,
        "agent" => AskedLegKind::Agent,
        _ => return Err(corrupt()),
    };
    let ucid = row.get::<Option<String>>("ucid")?;
    Ok(AskedLeg {
        id: row.get("id")?,
        kind,
        ucid: ucid.map(|text| text.parse()).transpose().map_err(|_| corrupt())?,
        since_ms: row.get("since")?,
    })
}

/// The word of a leg's kind.
pub(super) fn leg_word(kind: AskedLegKind) -> &'static str {
    match kind {
        AskedLegKind::Dial => "dial",
        AskedLegKind::Reconnect => "reconnect",
        AskedLegKind::Agent => "agent",
    }
}

#[async_trait]
impl Dials for Db {
    async fn begin_dial(
        &self,
        new: DialEntry,
        holder: &str,
        at: i64,
    ) -> Result<DialDecision, StoreError> {
        let holder = holder.to_owned();
        self.write_often(Fails::BeforeChanges, move |tx| Box::pin(begin(tx, new, holder, at))).await
    }

    async fn weigh_dial(&self, new: DialEntry, at: i64) -> Result<DialDecision, StoreError> {
        self.find(move |tx| {
            Box::pin(async move { Ok(decide(&new, ledger(tx, &new, at).await?.0, at)) })
        })
        .await
    }

    async fn change_dial(
        &self,
        change: DialWrite,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let events = event::written(events)?;
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                write(tx, &change, at).await?;
                event_rows::append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn dial(&self, id: &str) -> Result<Option<DialEntry>, StoreError> {
        self.one_dial(select!("WHERE id = $1"), args![id]).await
    }

    async fn dial_of_key(&self, asker: &str, key: &str) -> Result<Option<DialEntry>, StoreError> {
        self.one_dial(select!("WHERE asker = $1 AND key = $2 AND explicit = 1"), args![asker, key])
            .await
    }

    async fn dial_of_reference(&self, reference: &str) -> Result<Option<DialEntry>, StoreError> {
        self.one_dial(select!("WHERE reference = $1"), args![reference]).await
    }

    async fn dials_in(
        &self,
        state: DialState,
        scope: &Scope,
        most: u32,
    ) -> Result<Vec<DialEntry>, StoreError> {
        // The index is of these two alone, which a statement has to say: of the others there are many.
        let indexed = match state {
            DialState::Sending => "state = 'sending' AND ",
            DialState::Unknown => "state = 'unknown' AND ",
            _ => "",
        };
        let (own, agents) = of_scope(scope, "agent_key", 3);
        let select = select!("WHERE ");
        let sql = format!("{select}{indexed}state = $1 AND {own} ORDER BY asked, id LIMIT $2");
        let mut args = args![state.as_str(), most];
        args.extend(agents);
        self.many_dials(AssertSqlSafe(sql), args).await
    }

    async fn dials_left_sending(
        &self,
        holder: &str,
        before: i64,
    ) -> Result<Vec<DialEntry>, StoreError> {
        let sql =
            select!("WHERE state = 'sending' AND (holder = $1 OR asked < $2) ORDER BY asked, id");
        self.many_dials(sql, args![holder, before]).await
    }

    async fn dials_of_dead_desks(&self, own: &str, at: i64) -> Result<Vec<DialEntry>, StoreError> {
        // One that was never present is of a version that does not say so.
        let sql = select!(
            "WHERE state = 'sending' AND holder <> $1 AND EXISTS (SELECT 1 FROM desk_lease \
             WHERE desk_lease.name = 'desk ' || desk_dial.holder AND desk_lease.until <= $2) \
             ORDER BY asked, id"
        );
        self.many_dials(sql, args![own, at]).await
    }

    async fn open_dial(&self, agent: &AgentId) -> Result<Option<DialEntry>, StoreError> {
        self.one_dial(select!("WHERE agent_key = $1 AND open = 1"), args![agent_key(agent)]).await
    }

    async fn ask_leg(&self, agent: &AgentId, leg: AskedLeg) -> Result<(), StoreError> {
        let agent = agent_key(agent);
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO desk_leg (id, agent_key, kind, ucid, since) VALUES ($1, $2, $3, $4, $5)";
                let ucid = leg.ucid.map(String::from);
                tx.execute(insert, args![leg.id, agent, leg_word(leg.kind), ucid, leg.since_ms]).await?;
                // What is no longer waited for is of no use to anyone.
                let old = leg.since_ms.saturating_sub(10 * WAITS_MS);
                tx.execute("DELETE FROM desk_leg WHERE since < $1", args![old]).await?;
                Ok(())
            })
        })
        .await
    }

    async fn asked_legs(&self, agent: &AgentId, at: i64) -> Result<Vec<AskedLeg>, StoreError> {
        let (agent, since) = (agent_key(agent), at.saturating_sub(WAITS_MS));
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, kind, ucid, since FROM desk_leg \
                              WHERE agent_key = $1 AND rung = 0 AND since > $2 \
                              UNION ALL SELECT id, 'dial' AS kind, ucid, COALESCE(decided, asked) AS since \
                              FROM desk_dial WHERE agent_key = $1 AND open = 1 AND rung = 0 \
                              AND COALESCE(decided, asked) > $2 ORDER BY since, id";
                tx.rows(select, args![agent, since]).await?.iter().map(leg_of).collect()
            })
        })
        .await
    }

    async fn use_leg(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let leg = "UPDATE desk_leg SET rung = 1 WHERE id = $1 AND rung = 0";
                let dial = "UPDATE desk_dial SET rung = 1 WHERE id = $1 AND rung = 0";
                let changed =
                    tx.execute(leg, args![&id]).await? + tx.execute(dial, args![&id]).await?;
                Ok(changed > 0)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests;
