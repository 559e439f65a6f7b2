//! Leads looked at one by one: by id, by what someone types, and what there was with a number.

use std::collections::BTreeSet;

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::calls::{StoredCall, call_of};
use super::conn::{Arg, args};
use super::db::Db;
use super::error::StoreError;
use super::work::{LEAD, Lead, Versioned, lead_of, of_scope, versioned};
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::FollowUp;

/// What leads are searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadSearch {
    /// A part of a name, in lower case, or of a number; all of them if it is empty.
    pub text: String,
    /// After this place: when the lead was added, and its id.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub most: u32,
}

/// How many digits a part of a number has to have to be looked for.
const FEWEST_DIGITS: usize = 3;

impl LeadSearch {
    /// The digits of a part of a number; `None` where there are too few.
    pub(super) fn digits(&self) -> Option<String> {
        let digits: String = self.text.chars().filter(char::is_ascii_digit).collect();
        (digits.len() >= FEWEST_DIGITS).then_some(digits)
    }

    /// What all spellings of the number have in common, where it is a whole one.
    pub(super) fn key(&self) -> String {
        number_key(&PhoneNumber::from(self.text.as_str()))
    }
}

/// Leads, one by one.
#[async_trait]
pub trait Leads: Send + Sync {
    /// Which of these numbers, by [`number_key`], agents in the scope handle: who had a call with one of them, and whose
    /// lead it is, everyone if it is no one's.
    ///
    /// # Errors
    /// The store is not available.
    async fn handled_numbers(
        &self,
        scope: &Scope,
        keys: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// The lead of this id, also where it has become one with another of the same number.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn lead(&self, id: &str) -> Result<Option<Lead>, StoreError>;

    /// Leads, the newest first: those that are assigned to agents in the scope, and everyone's.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<Vec<Lead>, StoreError>;

    /// Calls with a number, whoever had them, the newest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn calls_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<StoredCall>, StoreError>;

    /// Follow-ups for a number, whoever promised them, the newest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn follow_ups_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError>;
}

/// So many places for parameters.
fn places(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// A text in which `%`, `_` and `\` stand for themselves, anywhere in another.
fn anywhere(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[async_trait]
impl Leads for Db {
    async fn handled_numbers(
        &self,
        scope: &Scope,
        keys: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        if keys.is_empty() {
            return Ok(keys);
        }
        let (_, agents) = of_scope(scope, "agent", keys.len() + 1);
        let of_scope = |column| of_scope(scope, column, keys.len() + 1).0;
        let (numbers, of_call, of_lead) =
            (places(keys.len()), of_scope("a.agent"), of_scope("agent"));
        let select = format!(
            "SELECT c.number_key FROM desk_call AS c JOIN desk_call_agent AS a ON a.call = c.id \
             WHERE c.number_key IN ({numbers}) AND {of_call} \
             UNION SELECT number_key FROM desk_lead \
             WHERE number_key IN ({numbers}) AND (agent IS NULL OR {of_lead})"
        );
        let mut args: Vec<_> = keys.into_iter().map(Arg::from).collect();
        args.extend(agents);
        self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args).await?;
                rows.iter().map(|row| row.get("number_key")).collect()
            })
        })
        .await
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, StoreError> {
        let id = id.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = format!("SELECT {LEAD} FROM desk_lead WHERE id = ");
                let own = AssertSqlSafe(format!("{select}$1"));
                let mut row = tx.row(own, args![&id]).await?;
                if row.is_none() {
                    let joined = "(SELECT lead FROM desk_lead_id WHERE alias = $1)";
                    row = tx.row(AssertSqlSafe(format!("{select}{joined}")), args![id]).await?;
                }
                row.as_ref().map(lead_of).transpose()
            })
        })
        .await
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<Vec<Lead>, StoreError> {
        let (own, agents) = of_scope(scope, "agent", 7);
        let select = format!(
            "SELECT {LEAD} FROM desk_lead WHERE (added < $1 OR (added = $2 AND id < $3)) \
             AND (COALESCE(folded, LOWER(name)) LIKE $4 ESCAPE '\\' OR number_key = $5 OR number_key LIKE $6) \
             AND (agent IS NULL OR {own}) ORDER BY added DESC, id DESC LIMIT {}",
            search.most
        );
        let (at, id) = search.after.clone().unwrap_or((i64::MAX, String::new()));
        let digits = search.digits().map(|digits| format!("%{digits}%"));
        let mut args = args![at, at, id, anywhere(&search.text), search.key(), digits];
        args.extend(agents);
        self.read(move |tx| {
            Box::pin(async move {
                tx.rows(AssertSqlSafe(select), args).await?.iter().map(lead_of).collect()
            })
        })
        .await
    }

    async fn calls_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<StoredCall>, StoreError> {
        let key = number_key(number);
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, version, state FROM desk_call WHERE number_key = $1 \
                              ORDER BY began DESC, id DESC LIMIT $2";
                tx.rows(select, args![key, most]).await?.iter().map(call_of).collect()
            })
        })
        .await
    }

    async fn follow_ups_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError> {
        let key = number_key(number);
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT version, body FROM desk_follow_up WHERE number_key = $1 \
                              ORDER BY due DESC, id DESC LIMIT $2";
                let rows = tx.rows(select, args![key, most]).await?;
                rows.iter().map(|row| versioned(row, "follow-up")).collect()
            })
        })
        .await
    }
}
