//! Reminders: follow-ups whose time has come are announced to their agents, once for each due time.

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::json::{from_json, to_json};
use super::tx::Tx;
use crate::core::caller::agent_key;
use crate::core::dial::number_key;
use crate::core::followup::FollowUp;

/// How a follow-up that is due is announced.
pub type Announce = fn(&FollowUp) -> Result<NewEvent, StoreError>;

/// Follow-ups that become due.
#[async_trait]
pub trait Reminders: Send + Sync {
    /// Announces open follow-ups that have become due and were not announced for that time, the first due first, at
    /// most so many. How many there were.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn announce_due(&self, at: i64, most: u32, event: Announce) -> Result<usize, StoreError>;
}

#[async_trait]
impl Reminders for Db {
    async fn announce_due(&self, at: i64, most: u32, event: Announce) -> Result<usize, StoreError> {
        let select = "SELECT id, body FROM desk_follow_up WHERE open = 1 AND due <= $1 AND told <> due \
                      ORDER BY due, id LIMIT $2";
        let due = self
            .read(move |tx| Box::pin(async move { tx.rows(select, args![at, most]).await }))
            .await?;
        if due.is_empty() {
            // Nothing is written while nothing is due.
            return Ok(0);
        }
        self.write(move |tx| {
            Box::pin(async move {
                let mut events = Vec::new();
                for row in tx.rows(select, args![at, most]).await? {
                    let told = "UPDATE desk_follow_up SET told = due WHERE id = $1 AND open = 1 \
                                AND due <= $2 AND told <> due";
                    if tx.execute(told, args![row.get::<String>("id")?, at]).await? == 1 {
                        events.push(event(&from_json(&row.get::<String>("body")?, "follow-up")?)?);
                    }
                }
                let reminded = events.len();
                append(tx, at, events);
                Ok(reminded)
            })
        })
        .await
    }
}

/// Writes a follow-up that comes from a call: made once, and moved while it is open.
pub(super) async fn write(tx: &mut Tx, follow_up: &FollowUp) -> Result<(), StoreError> {
    let upsert = "INSERT INTO desk_follow_up (id, version, agent, open, due, body, number_key) \
                  VALUES ($1, 1, $2, 1, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
                  version = desk_follow_up.version + 1, agent = excluded.agent, due = excluded.due, \
                  body = excluded.body, number_key = excluded.number_key WHERE desk_follow_up.open = 1";
    let agent = agent_key(&follow_up.agent.as_str().into());
    let number = follow_up.number.as_ref().map(number_key);
    let args = args![&follow_up.id, agent, follow_up.due_ms, to_json(follow_up)?, number];
    tx.execute(upsert, args).await?;
    Ok(())
}
