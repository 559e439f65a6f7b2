//! Two leads of one number, which become one.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::rows::TOUCH;
use super::{LEAD, Lead, lead_of};
use crate::core::caller::agent_key;
use crate::core::dial::number_key;
use crate::store::conn::args;
use crate::store::conversations::last_conversation;
use crate::store::error::StoreError;
use crate::store::json::to_json;
use crate::store::tx::Tx;

impl Lead {
    /// Takes from another with the same number what it has none of: name, source, e-mail address, other fields.
    pub(crate) fn fill(&mut self, other: Self) {
        if self.name.is_empty() {
            self.name = other.name;
        }
        if self.source.is_empty() {
            self.source = other.source;
        }
        self.email = self.email.take().or(other.email);
        if self.fields.is_empty() {
            self.fields = other.fields;
        }
    }

    /// The name as it is searched by.
    pub(super) fn folded(&self) -> Option<String> {
        Some(self.name.to_lowercase()).filter(|name| !name.is_empty())
    }

    /// One lead of two with the same number, under the id and in the spelling of this one.
    ///
    /// - Name, source, e-mail address and other fields are those of the one that was added first. What the other has
    ///   and differs stays among the other fields, under a name with a number.
    /// - It is done if someone was spoken to after both were added; if not, it waits as long as the one that is open.
    /// - It is the agent's whom one of them is assigned to: of two agents, the one's whose lead is open, and else the
    ///   one's of this lead.
    /// - There was something with the person when there was last with either.
    pub(crate) fn joined(mut self, mut other: Self) -> Self {
        let done = self.is_done_beside(&other) || other.is_done_beside(&self);
        let added = match (self.done, other.done) {
            (true, false) if !done => other.added,
            (false, true) if !done => self.added,
            _ => self.added.min(other.added),
        };
        let last_interaction = self.last_interaction.max(other.last_interaction);
        let agents = (self.agent.take(), other.agent.take());
        let agent =
            if self.done && !other.done { agents.1.or(agents.0) } else { agents.0.or(agents.1) };
        let (id, number) = (self.id.clone(), self.number.clone());
        let (mut first, second) =
            if other.added < self.added { (other, self) } else { (self, other) };
        first.keep("name", &first.name.clone(), &second.name);
        first.keep("source", &first.source.clone(), &second.source);
        let [known, email] = [&first, &second].map(|lead| lead.email.clone().unwrap_or_default());
        first.keep("email", &known, &email);
        for (name, value) in &second.fields {
            let known = first.fields.get(name).cloned().unwrap_or_default();
            if known.is_empty() {
                first.fields.insert(name.clone(), value.clone());
            }
            first.keep(name, &known, value);
        }
        let details = Self { fields: BTreeMap::new(), ..second };
        first.fill(details);
        Self { id, number, agent, added, last_interaction, done, ..first }
    }

    /// Whether it is done by what was after another of the same number had been added as well.
    fn is_done_beside(&self, other: &Self) -> bool {
        self.done && (other.done || self.last_interaction.is_some_and(|last| last >= other.added))
    }

    /// Keeps a value among the other fields that another takes the place of, under a name that is free.
    fn keep(&mut self, name: &str, known: &str, value: &str) {
        if known.is_empty() || value.is_empty() || known == value {
            return;
        }
        let free = (2..).map(|n: u32| format!("{name} ({n})"));
        if let Some(free) = free.into_iter().find(|free| !self.fields.contains_key(free)) {
            self.fields.insert(free, value.to_owned());
        }
    }
}

/// Gives a lead, by its id and what was read as its number, its key; how many rows that changed. If another lead of the
/// number has the key, the two become one, which is found by the ids of both; if a lead of another number has it still,
/// that one gets its own.
pub(crate) async fn renew_lead(
    tx: &mut Tx,
    (id, number): (&str, &str),
    key: &str,
) -> Result<u64, StoreError> {
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!(
        "SELECT {LEAD} FROM desk_lead WHERE number_key = $1 OR id = $2 ORDER BY number_key{locked}"
    );
    let rows = tx.rows(AssertSqlSafe(select), args![key, id]).await?;
    let leads: Vec<Lead> = match rows.iter().map(lead_of).collect() {
        Ok(leads) => leads,
        // It stays as it is.
        Err(StoreError::Corrupt(_)) => return Ok(0),
        Err(error) => return Err(error),
    };
    // It may have been written, or have become one with another, meanwhile.
    let is_own = |lead: &Lead| lead.id == id && lead.number.as_str() == number;
    let Some(own) = leads.into_iter().find(is_own) else { return Ok(0) };
    let (mut changed, mut moved) = (0, Some(own));
    while let Some(lead) = moved {
        let (rows, other) = give_key(tx, lead).await?;
        changed += rows;
        moved = other;
    }
    Ok(changed)
}

/// Gives a lead the key of its number; how many rows that changed, and the lead of another number that has none now since
/// it had this one.
async fn give_key(tx: &mut Tx, lead: Lead) -> Result<(u64, Option<Lead>), StoreError> {
    let (id, key) = (lead.id.clone(), number_key(&lead.number));
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!("SELECT {LEAD} FROM desk_lead WHERE number_key = $1 AND id <> $2{locked}");
    let other =
        match tx.row(AssertSqlSafe(select), args![&key, &id]).await?.map(|row| lead_of(&row)) {
            Some(Err(StoreError::Corrupt(_))) => return Ok((0, None)),
            other => other.transpose()?,
        };
    let update = "UPDATE desk_lead SET number_key = $1 WHERE id = $2";
    let (changed, moved) = match other {
        Some(other) if number_key(&other.number) == key => (join(tx, other, lead).await?, None),
        other => {
            if let Some(other) = &other {
                let unused = format!("{key} of {}", other.id);
                tx.execute(update, args![unused, &other.id]).await?;
            }
            (tx.execute(update, args![&key, &id]).await?, other)
        }
    };
    // Someone may have been spoken to while the lead was not found by its number.
    if let Some((_, until)) = last_conversation(tx, &key).await? {
        let touch = args![until, until, true, until, key, until, true, until];
        tx.execute(TOUCH, touch).await?;
    }
    Ok((changed, moved))
}

/// Makes one lead of two, which has the id and the key of the first.
async fn join(tx: &mut Tx, lead: Lead, gone: Lead) -> Result<u64, StoreError> {
    let id = gone.id.clone();
    tx.execute("DELETE FROM desk_lead WHERE id = $1", args![&id]).await?;
    let lead = lead.joined(gone);
    let update = "UPDATE desk_lead SET name = $1, source = $2, email = $3, fields = $4, agent = $5, added = $6, \
                  last_interaction = $7, done = $8, folded = $9 WHERE id = $10";
    let args = args![
        &lead.name,
        &lead.source,
        lead.email.clone(),
        to_json(&lead.fields)?,
        lead.agent.as_ref().map(agent_key),
        lead.added,
        lead.last_interaction,
        lead.done,
        lead.folded(),
        &lead.id,
    ];
    let changed = tx.execute(update, args).await?;
    tx.execute("UPDATE desk_lead_id SET lead = $1 WHERE lead = $2", args![&lead.id, &id]).await?;
    let insert = "INSERT INTO desk_lead_id (alias, lead) VALUES ($1, $2)";
    tx.execute(insert, args![&id, &lead.id]).await?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::types::AgentId;

    use super::*;

    fn lead(id: &str, added: i64, last_interaction: Option<i64>, done: bool) -> Lead {
        Lead {
            id: id.into(),
            number: "9000000001".into(),
            name: String::new(),
            source: String::new(),
            email: None,
            fields: BTreeMap::new(),
            agent: None,
            added,
            last_interaction,
            done,
        }
    }

    #[test]
    fn it_is_done_by_what_was_after_both_were_added() {
        let (open, done) = (
            |added| lead("a", added, None, false),
            |added, last| lead("b", added, Some(last), true),
        );
        for (one, other, want) in [
            (open(1), open(10), (1, None, false)),
            // The person was called from the other row.
            (open(1), done(10, 20), (1, Some(20), true)),
            (open(10), done(1, 20), (1, Some(20), true)),
            (open(10), done(1, 10), (1, Some(10), true)),
            // Spoken to, and added once more later.
            (open(10), done(1, 5), (10, Some(5), false)),
            (done(1, 5), done(10, 20), (1, Some(20), true)),
            (done(1, 5), done(10, 10), (1, Some(10), true)),
            (lead("a", 10, Some(12), false), done(1, 5), (10, Some(12), false)),
        ] {
            for (one, other) in [(one.clone(), other.clone()), (other, one)] {
                let id = one.id.clone();
                let joined = one.joined(other);
                let found = (joined.added, joined.last_interaction, joined.done);
                assert_eq!((found, joined.id), (want, id));
            }
        }
    }

    #[test]
    fn it_is_whose_either_is() {
        let of = |agent: &str, done| Lead {
            agent: Some(agent).filter(|agent| !agent.is_empty()).map(Into::into),
            done,
            ..lead("a", 1, None, false)
        };
        for (one, other, want) in [
            (of("", false), of("", false), None),
            (of("", false), of("agent01", true), Some("agent01")),
            (of("agent02", false), of("agent01", false), Some("agent02")),
            (of("agent02", false), of("agent01", true), Some("agent02")),
            (of("agent02", true), of("agent01", false), Some("agent01")),
            (of("agent02", true), of("", false), Some("agent02")),
        ] {
            let agent = one.joined(other).agent;
            assert_eq!(agent.as_ref().map(AgentId::as_str), want);
        }
    }

    #[test]
    fn nothing_that_is_known_is_lost() {
        let fields = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let first = Lead {
            name: "Customer A".into(),
            email: Some("a@example.test".into()),
            fields: fields(&[("city", "Pune"), ("plan", ""), ("note (2)", "x"), ("note", "y")]),
            ..lead("a", 1, None, false)
        };
        let second = Lead {
            name: "Customer B".into(),
            source: "web".into(),
            email: Some("a@example.test".into()),
            fields: fields(&[("city", "Goa"), ("plan", "gold"), ("age", "40"), ("note", "z")]),
            number: "9000000001.0".into(),
            ..lead("b", 2, None, false)
        };
        let joined = second.clone().joined(first.clone());
        assert_eq!((joined.id.as_str(), joined.number.as_str()), ("b", "9000000001.0"));
        assert_eq!((joined.name.as_str(), joined.source.as_str()), ("Customer A", "web"));
        assert_eq!(joined.email.as_deref(), Some("a@example.test"));
        let all = fields(&[
            ("age", "40"),
            ("city", "Pune"),
            ("city (2)", "Goa"),
            ("name (2)", "Customer B"),
            ("note", "y"),
            ("note (2)", "x"),
            ("note (3)", "z"),
            ("plan", "gold"),
        ]);
        assert_eq!(joined.fields, all);
        let other_way = first.joined(second);
        assert_eq!((other_way.id.as_str(), other_way.name.as_str()), ("a", "Customer A"));
        assert_eq!(other_way.fields, all);
    }
}
