//! What is to be done: leads, missed calls, follow-ups.

pub(super) mod joining;
pub(super) mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::AssertSqlSafe;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::json::from_json;
use super::missed_rows::write_missed;
use super::writer::Fails;
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::number_key;
use crate::core::followup::{FollowUp, FollowUpState};
use crate::core::missed::MissedNumber;

/// A person to call. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Lead {
    /// Its id.
    pub id: String,
    /// The number, as it was written.
    pub number: PhoneNumber,
    /// The name; empty where none was given.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// The e-mail address, where one is known.
    pub email: Option<String>,
    /// What else is known, by name, as it came.
    pub fields: BTreeMap<String, String>,
    /// Whom it is assigned to; everyone's where there is none.
    pub agent: Option<AgentId>,
    /// When it was added, in milliseconds since 1970.
    pub added: i64,
    /// When there was last something with this person.
    pub last_interaction: Option<i64>,
    /// Whether nothing is left to do.
    pub done: bool,
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a row is left out: it has no number.
pub const NO_NUMBER: &str = "has no number";

/// Why a row is left out: no one can be called on what it has.
pub const NOT_A_NUMBER: &str = "number is not a telephone number";

/// What an import left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The line in the file, counted from 1.
    pub line: i64,
    /// Why.
    pub reason: String,
    /// The agent that the row is for; everyone's where it names none.
    pub agent: Option<AgentId>,
    /// What the row has in common with itself in a file in which it has a number.
    pub row: Option<String>,
}

/// A record with the version it was loaded in, which the change of it has to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The version; 0 is a record that is not there yet.
    pub version: i64,
    /// The record.
    pub record: T,
}

/// Leads, missed calls, follow-ups.
#[async_trait]
pub trait Work: Send + Sync {
    /// Adds leads whose number is new; a known number keeps its row and takes name, source, e-mail address and other
    /// fields where it has none. How many were new. What was left out is kept with the import, to be counted. A long
    /// import is written in portions.
    ///
    /// # Errors
    /// The store is not available.
    async fn import_leads(
        &self,
        import: &str,
        at: i64,
        leads: Vec<Lead>,
        left_out: Vec<LeftOut>,
        events: Vec<NewEvent>,
    ) -> Result<u64, StoreError>;

    /// Assigns leads to an agent, or to everyone: those of the leads that are assigned to agents in the scope, or to no
    /// one. The ids of these; one that became one with another is the other.
    ///
    /// # Errors
    /// The store is not available.
    async fn assign_leads(
        &self,
        scope: &Scope,
        ids: BTreeSet<String>,
        agent: Option<AgentId>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<Vec<String>, StoreError>;

    /// Open leads, oldest first, after a place (when it was added, and its id), at most so many: those that are
    /// assigned to agents in the scope, and everyone's.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn open_leads(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        most: u32,
    ) -> Result<Vec<Lead>, StoreError>;

    /// The lead with a number, in whatever spelling.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, StoreError>;

    /// The leads with these numbers, in whatever spelling, by [`number_key`].
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn leads_of_numbers(
        &self,
        numbers: &[PhoneNumber],
    ) -> Result<BTreeMap<String, Lead>, StoreError>;

    /// Notes that there was something with a number; whether that changed a lead. A time before the known one changes
    /// nothing, and nothing is reported then. By what was before it was added, a lead is not done.
    ///
    /// # Errors
    /// The store is not available.
    async fn touch_lead(
        &self,
        number: &PhoneNumber,
        at: i64,
        done: bool,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError>;

    /// Takes back what was noted last of a number, if it is still `noted`: there was nothing since `before`, and a lead
    /// that was added after that is not done. Whether it was.
    ///
    /// # Errors
    /// The store is not available.
    async fn take_back_touch(
        &self,
        number: &PhoneNumber,
        (noted, before): (i64, Option<i64>),
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError>;

    /// How many rows were left out since they have no number that can be called, each once, however many files it was in:
    /// those for agents in the scope, and everyone's.
    ///
    /// # Errors
    /// The store is not available.
    async fn left_out(&self, scope: &Scope) -> Result<u64, StoreError>;

    /// Counts rows no longer that were left out: these, by [`LeftOut::row`], have a number now. Of other agents than
    /// those in the scope they go on counting.
    ///
    /// # Errors
    /// The store is not available.
    async fn have_numbers(&self, scope: &Scope, rows: Vec<String>) -> Result<(), StoreError>;

    /// Removes rows that were left out before a time: in a file that comes again they would count again. How many.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_left_out(&self, before: i64) -> Result<u64, StoreError>;

    /// The missed calls of a number, by [`number_key`].
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn missed_number(&self, key: &str)
    -> Result<Option<Versioned<MissedNumber>>, StoreError>;

    /// Those that someone still has to call back, the newest missed call first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn open_missed(&self, most: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError>;

    /// Those that someone still has to call back, the longest wait first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn longest_missed(&self, most: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError>;

    /// Writes the missed calls of a number; the new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is no longer the version that was loaded; the store is not available.
    async fn save_missed(
        &self,
        missed: Versioned<MissedNumber>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError>;

    /// A follow-up of an agent in the scope.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn follow_up(
        &self,
        scope: &Scope,
        id: &str,
    ) -> Result<Option<Versioned<FollowUp>>, StoreError>;

    /// Open follow-ups of the agents in the scope, the first due first, after a place (when one is due, and its id), at
    /// most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn open_follow_ups(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        most: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError>;

    /// Writes a follow-up; the new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is no longer the version that was loaded, or one that is new exists already;
    /// the store is not available.
    async fn save_follow_up(
        &self,
        follow_up: Versioned<FollowUp>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError>;
}

pub(super) const LEAD: &str =
    "id, number, name, source, email, fields, agent, added, last_interaction, done";

pub(super) fn lead_of(row: &Row) -> Result<Lead, StoreError> {
    Ok(Lead {
        id: row.get("id")?,
        number: PhoneNumber::from(row.get::<String>("number")?.as_str()),
        name: row.get("name")?,
        source: row.get("source")?,
        email: row.get("email")?,
        fields: match row.get::<Option<String>>("fields")? {
            Some(text) => from_json(&text, "lead")?,
            None => BTreeMap::new(),
        },
        agent: row.get::<Option<String>>("agent")?.map(|agent| agent.as_str().into()),
        added: row.get("added")?,
        last_interaction: row.get("last_interaction")?,
        done: row.get::<i64>("done")? != 0,
    })
}

fn json(record: &impl Serialize, what: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(|_| StoreError::Corrupt(what))
}

pub(super) fn versioned<T: DeserializeOwned>(
    row: &Row,
    what: &'static str,
) -> Result<Versioned<T>, StoreError> {
    let body: String = row.get("body")?;
    let record = serde_json::from_str(&body).map_err(|_| StoreError::Corrupt(what))?;
    Ok(Versioned { version: row.get("version")?, record })
}

/// A condition that a column names an agent of the scope, with its parameters from `$first` on.
pub(super) fn of_scope(scope: &Scope, column: &str, first: usize) -> (String, Vec<Arg>) {
    let Some(agents) = scope.agents() else { return ("1 = 1".to_owned(), Vec::new()) };
    if agents.is_empty() {
        return ("1 = 0".to_owned(), Vec::new());
    }
    let places: Vec<_> = (first..).take(agents.len()).map(|n| format!("${n}")).collect();
    let args = agents.iter().map(|agent| Arg::from(agent_key(agent))).collect();
    (format!("{column} IN ({})", places.join(", ")), args)
}

#[async_trait]
impl Work for Db {
    async fn import_leads(
        &self,
        import: &str,
        at: i64,
        leads: Vec<Lead>,
        left_out: Vec<LeftOut>,
        events: Vec<NewEvent>,
    ) -> Result<u64, StoreError> {
        let import = import.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let new = rows::add(tx, leads).await?;
                rows::leave_out(tx, &import, at, left_out).await?;
                append(tx, at, events);
                Ok(new)
            })
        })
        .await
    }

    async fn assign_leads(
        &self,
        scope: &Scope,
        ids: BTreeSet<String>,
        agent: Option<AgentId>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<Vec<String>, StoreError> {
        let (own, agents) = of_scope(scope, "agent", ids.len() + 1);
        self.write(move |tx| {
            Box::pin(async move {
                let found = rows::assignable(tx, ids, &own, agents).await?;
                let agent = agent.as_ref().map(agent_key);
                for id in &found {
                    let assign = "UPDATE desk_lead SET agent = $1 WHERE id = $2";
                    tx.execute(assign, args![agent.clone(), id]).await?;
                }
                append(tx, at, events);
                Ok(found)
            })
        })
        .await
    }

    async fn open_leads(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        most: u32,
    ) -> Result<Vec<Lead>, StoreError> {
        let (added, id) = after.unwrap_or((i64::MIN, String::new()));
        let (own, agents) = of_scope(scope, "agent", 4);
        let select = format!(
            "SELECT {LEAD} FROM desk_lead WHERE done = 0 \
             AND (added > $1 OR (added = $2 AND id > $3)) AND (agent IS NULL OR {own}) \
             ORDER BY added, id LIMIT {most}"
        );
        let mut args = args![added, added, id];
        args.extend(agents);
        self.read(move |tx| {
            Box::pin(async move {
                tx.rows(AssertSqlSafe(select), args).await?.iter().map(lead_of).collect()
            })
        })
        .await
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, StoreError> {
        let key = number_key(number);
        self.find_one(move |tx| {
            Box::pin(async move {
                let select = format!("SELECT {LEAD} FROM desk_lead WHERE number_key = $1");
                let row = tx.row(AssertSqlSafe(select), args![key]).await?;
                row.as_ref().map(lead_of).transpose()
            })
        })
        .await
    }

    async fn leads_of_numbers(
        &self,
        numbers: &[PhoneNumber],
    ) -> Result<BTreeMap<String, Lead>, StoreError> {
        let keys: BTreeSet<_> = numbers.iter().map(number_key).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        self.read(move |tx| {
            Box::pin(async move {
                let mut leads = BTreeMap::new();
                for some in keys.chunks(rows::AT_ONCE) {
                    for row in rows::leads_of(tx, some).await? {
                        leads.insert(row.get("number_key")?, lead_of(&row)?);
                    }
                }
                Ok(leads)
            })
        })
        .await
    }

    async fn touch_lead(
        &self,
        number: &PhoneNumber,
        at: i64,
        done: bool,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        let key = number_key(number);
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let values = args![at, at, done, at, key, at, done, at];
                let has_changed = tx.execute(rows::TOUCH, values).await? == 1;
                if has_changed {
                    append(tx, at, events);
                }
                Ok(has_changed)
            })
        })
        .await
    }

    async fn take_back_touch(
        &self,
        number: &PhoneNumber,
        (noted, before): (i64, Option<i64>),
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        let key = number_key(number);
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let values = args![before, before, key, noted];
                let has_changed = tx.execute(rows::TAKE_BACK, values).await? == 1;
                if has_changed {
                    append(tx, at, events);
                }
                Ok(has_changed)
            })
        })
        .await
    }

    async fn left_out(&self, scope: &Scope) -> Result<u64, StoreError> {
        let scope = scope.clone();
        self.read(move |tx| Box::pin(async move { rows::count_left(tx, &scope).await })).await
    }

    async fn have_numbers(&self, scope: &Scope, rows: Vec<String>) -> Result<(), StoreError> {
        let scope = scope.clone();
        self.write(move |tx| Box::pin(async move { rows::have_numbers(tx, &scope, &rows).await }))
            .await
    }

    async fn forget_left_out(&self, before: i64) -> Result<u64, StoreError> {
        let delete = "DELETE FROM desk_lead_left WHERE at < $1";
        self.write(move |tx| Box::pin(async move { tx.execute(delete, args![before]).await })).await
    }

    async fn missed_number(
        &self,
        key: &str,
    ) -> Result<Option<Versioned<MissedNumber>>, StoreError> {
        let key = key.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT version, body FROM desk_missed WHERE number_key = $1";
                let row = tx.row(select, args![key]).await?;
                row.map(|row| versioned(&row, "missed call")).transpose()
            })
        })
        .await
    }

    async fn open_missed(&self, most: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError> {
        let select = "SELECT version, body FROM desk_missed WHERE open = 1 \
                      ORDER BY last DESC, number_key LIMIT $1";
        Ok(all_versioned(self.missed_by(select, most).await?))
    }

    async fn longest_missed(&self, most: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError> {
        let select = "SELECT version, body FROM desk_missed WHERE open = 1 \
                      ORDER BY last, number_key LIMIT $1";
        Ok(all_versioned(self.missed_by(select, most).await?))
    }

    async fn save_missed(
        &self,
        missed: Versioned<MissedNumber>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let Versioned { version, record } = missed;
                saved(write_missed(tx, version, &record).await?, "the missed call")?;
                append(tx, at, events);
                Ok(version + 1)
            })
        })
        .await
    }

    async fn follow_up(
        &self,
        scope: &Scope,
        id: &str,
    ) -> Result<Option<Versioned<FollowUp>>, StoreError> {
        let (own, agents) = of_scope(scope, "agent", 2);
        let select = format!("SELECT version, body FROM desk_follow_up WHERE id = $1 AND {own}");
        let mut args = args![id];
        args.extend(agents);
        self.read(move |tx| {
            Box::pin(async move {
                let row = tx.row(AssertSqlSafe(select), args).await?;
                row.map(|row| versioned(&row, "follow-up")).transpose()
            })
        })
        .await
    }

    async fn open_follow_ups(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        most: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError> {
        let (due, id) = after.unwrap_or((i64::MIN, String::new()));
        let (own, agents) = of_scope(scope, "agent", 4);
        let select = format!(
            "SELECT version, body FROM desk_follow_up WHERE open = 1 \
             AND (due > $1 OR (due = $2 AND id > $3)) AND {own} ORDER BY due, id LIMIT {most}"
        );
        let mut args = args![due, due, id];
        args.extend(agents);
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args).await?;
                rows.iter().map(|row| versioned(row, "follow-up")).collect()
            })
        })
        .await
    }

    async fn save_follow_up(
        &self,
        follow_up: Versioned<FollowUp>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        let Versioned { version, record } = follow_up;
        let body = json(&record, "follow-up")?;
        self.write(move |tx| {
            Box::pin(async move {
                let agent = agent_key(&record.agent.as_str().into());
                let open = record.state == FollowUpState::Open;
                let number = record.number.as_ref().map(number_key);
                let done = if version == 0 {
                    let insert = "INSERT INTO desk_follow_up (id, version, agent, open, due, body, number_key) \
                                  VALUES ($1, 1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
                    let args = args![&record.id, agent, open, record.due_ms, body, number];
                    tx.execute(insert, args).await?
                } else {
                    let update = "UPDATE desk_follow_up SET version = version + 1, agent = $1, open = $2, due = $3, \
                                  body = $4, number_key = $5 WHERE id = $6 AND version = $7";
                    let args = args![agent, open, record.due_ms, body, number, &record.id, version];
                    tx.execute(update, args).await?
                };
                saved(done, "the follow-up")?;
                append(tx, at, events);
                Ok(version + 1)
            })
        })
        .await
    }
}

fn all_versioned<T>(rows: Vec<(i64, T)>) -> Vec<Versioned<T>> {
    rows.into_iter().map(|(version, record)| Versioned { version, record }).collect()
}

/// No row affected: someone else was faster.
fn saved(rows: u64, what: &'static str) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Conflict(what)) }
}
