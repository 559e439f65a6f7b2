//! Agents: what the service says of them, what was asked for, who logged them in.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::json::{from_json, to_json};
use super::work::{Versioned, of_scope};
use super::writer::Fails;
use crate::core::agent::{AgentRecord, StateSource, StateWord};
use crate::core::caller::{Scope, agent_key};

/// What is kept of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAgent {
    /// The agent.
    pub agent: AgentId,
    /// The service's words, and what was asked for.
    pub record: AgentRecord,
    /// What the service answered last to a login or logout: whether the agent is in, and since when.
    pub login: Option<(bool, i64)>,
    /// Why the last login failed.
    pub login_problem: Option<String>,
    /// Whether a session of this desk logged the agent in: its end logs the agent out.
    pub held_by_session: bool,
    /// The page whose phone registered last. It stays while its phone is away: one that comes back is the same.
    #[serde(default)]
    pub phone_page: Option<String>,
    /// What was told of the agent's calls.
    #[serde(default)]
    pub work: AgentWork,
}

/// What is shown of an agent's calls beside the state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentWork {
    /// The call that is going on.
    pub call: Option<String>,
    /// How many dispositions the agent owes.
    pub owed: usize,
    /// When after-call work began.
    pub wrapup_ms: Option<i64>,
}

impl KeptAgent {
    /// An agent of whom nothing is known.
    pub fn new(agent: AgentId) -> Self {
        Self {
            agent,
            record: AgentRecord::default(),
            login: None,
            login_problem: None,
            held_by_session: false,
            phone_page: None,
            work: AgentWork::default(),
        }
    }

    /// Whether the agent's phone is registered by a page.
    pub fn has_phone(&self) -> bool {
        self.record.registered.is_some_and(|(is_up, _)| is_up)
    }
}

/// Agents.
#[async_trait]
pub trait Agents: Send + Sync {
    /// What is kept of an agent, in whatever spelling.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn kept_agent(&self, agent: &AgentId)
    -> Result<Option<Versioned<KeptAgent>>, StoreError>;

    /// What is kept of the agents in the scope.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn kept_agents(&self, scope: &Scope) -> Result<Vec<Versioned<KeptAgent>>, StoreError>;

    /// Writes what is known of an agent, and words of the service that are new; the new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is no longer the version that was loaded; the store is not available.
    async fn save_agent(
        &self,
        kept: Versioned<KeptAgent>,
        at: i64,
        words: Vec<StateWord>,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError>;

    /// The service's words about the agents of a scope between two times, and the last of each before: by agent, in the
    /// order of their times.
    ///
    /// # Errors
    /// The store is not available.
    async fn agent_words(
        &self,
        scope: &Scope,
        from: i64,
        until: i64,
    ) -> Result<BTreeMap<String, Vec<StateWord>>, StoreError>;

    /// Removes words that are older than a time; how many.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_agent_words(&self, before: i64) -> Result<u64, StoreError>;
}

fn kept_of(row: &Row) -> Result<Versioned<KeptAgent>, StoreError> {
    let record = from_json(&row.get::<String>("body")?, "agent")?;
    Ok(Versioned { version: row.get("version")?, record })
}

#[async_trait]
impl Agents for Db {
    async fn kept_agent(
        &self,
        agent: &AgentId,
    ) -> Result<Option<Versioned<KeptAgent>>, StoreError> {
        let key = agent_key(agent);
        self.find_one(move |tx| {
            Box::pin(async move {
                let select = "SELECT version, body FROM desk_agent WHERE agent_key = $1";
                tx.row(select, args![key]).await?.as_ref().map(kept_of).transpose()
            })
        })
        .await
    }

    async fn kept_agents(&self, scope: &Scope) -> Result<Vec<Versioned<KeptAgent>>, StoreError> {
        let (own, args) = of_scope(scope, "agent_key", 1);
        let select = format!("SELECT version, body FROM desk_agent WHERE {own} ORDER BY agent_key");
        self.read(move |tx| {
            Box::pin(async move {
                tx.rows(AssertSqlSafe(select), args).await?.iter().map(kept_of).collect()
            })
        })
        .await
    }

    async fn save_agent(
        &self,
        kept: Versioned<KeptAgent>,
        at: i64,
        words: Vec<StateWord>,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        let Versioned { version, record } = kept;
        let (key, body) = (agent_key(&record.agent), to_json(&record)?);
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                let rows = if version == 0 {
                    let insert = "INSERT INTO desk_agent (agent_key, version, body) VALUES ($1, 1, $2) \
                                  ON CONFLICT (agent_key) DO NOTHING";
                    tx.execute(insert, args![&key, body]).await?
                } else {
                    let update = "UPDATE desk_agent SET version = version + 1, body = $1 \
                                  WHERE agent_key = $2 AND version = $3";
                    tx.execute(update, args![body, &key, version]).await?
                };
                if rows != 1 {
                    return Err(StoreError::Conflict("agent"));
                }
                for word in &words {
                    let insert = "INSERT INTO desk_agent_word (agent_key, at, source, word) \
                                  VALUES ($1, $2, $3, $4) ON CONFLICT (agent_key, at, source, word) DO NOTHING";
                    let source = word.source.as_str();
                    tx.execute(insert, args![&key, word.at_ms, source, &word.word]).await?;
                }
                append(tx, at, events);
                Ok(version + 1)
            })
        })
        .await
    }

    async fn agent_words(
        &self,
        scope: &Scope,
        from: i64,
        until: i64,
    ) -> Result<BTreeMap<String, Vec<StateWord>>, StoreError> {
        let (own, mut agents) = of_scope(scope, "w.agent_key", 3);
        let select = format!(
            "SELECT w.agent_key AS agent_key, w.at AS at, w.source AS source, w.word AS word \
             FROM desk_agent_word w WHERE w.at < $1 AND w.at >= COALESCE((SELECT MAX(b.at) \
             FROM desk_agent_word b WHERE b.agent_key = w.agent_key AND b.at <= $2), 0) AND {own} \
             ORDER BY w.agent_key, w.at"
        );
        let mut args = args![until, from];
        args.append(&mut agents);
        self.read(move |tx| {
            Box::pin(async move {
                let mut all: BTreeMap<String, Vec<StateWord>> = BTreeMap::new();
                for row in tx.rows(AssertSqlSafe(select), args).await? {
                    let source = StateSource::of_name(&row.get::<String>("source")?);
                    let word = StateWord {
                        at_ms: row.get("at")?,
                        source: source.ok_or(StoreError::Corrupt("agent's word"))?,
                        word: row.get("word")?,
                        reason: None,
                    };
                    all.entry(row.get("agent_key")?).or_default().push(word);
                }
                for words in all.values_mut() {
                    words.sort();
                }
                Ok(all)
            })
        })
        .await
    }

    async fn forget_agent_words(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_agent_word WHERE at < $1", args![before]).await
            })
        })
        .await
    }
}
