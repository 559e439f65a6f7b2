//! Messages to leads: written before they are sent, and kept.

use async_trait::async_trait;
use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows::append;
use super::json::{from_json, to_json};
use crate::core::dial::number_key;
use crate::core::message::{LeadMessage, MessageState};

/// A message that is to be sent, with the key of the wish to send it.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The message.
    pub message: LeadMessage,
    /// The key: one for each wish of who sends it.
    pub key: String,
    /// What stands for everything that was asked for.
    pub body_hash: String,
}

/// A message that was written before under a key, and what was asked for then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMessage {
    /// The message.
    pub message: LeadMessage,
    /// What stands for everything that was asked for.
    pub body_hash: String,
}

/// Messages to leads.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Writes a message that is to be sent. `None` if it is new; else the one with this key, and nothing is written.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn begin_message(&self, new: NewMessage) -> Result<Option<KnownMessage>, StoreError>;

    /// Writes what became of a message that was being sent. The first word counts.
    ///
    /// # Errors
    /// The store is not available.
    async fn end_message(
        &self,
        message: LeadMessage,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;

    /// Messages to a number, the newest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn messages_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<LeadMessage>, StoreError>;
}

#[async_trait]
impl Messages for Db {
    async fn begin_message(&self, new: NewMessage) -> Result<Option<KnownMessage>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let NewMessage { message, key, body_hash } = new;
                let insert = "INSERT INTO desk_message (id, asker, key, body_hash, number_key, at, state, body) \
                              VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
                let args = args![
                    &message.id,
                    &message.by,
                    &key,
                    body_hash,
                    number_key(&message.number),
                    message.at_ms,
                    message.state.as_str(),
                    to_json(&message)?,
                ];
                if tx.execute(insert, args).await? == 1 {
                    return Ok(None);
                }
                let select = "SELECT body, body_hash FROM desk_message WHERE asker = $1 AND key = $2";
                let row = tx.row(select, args![&message.by, &key]).await?;
                let row = row.ok_or(StoreError::Taken("the message"))?;
                let message = from_json(&row.get::<String>("body")?, "message")?;
                Ok(Some(KnownMessage { message, body_hash: row.get("body_hash")? }))
            })
        })
        .await
    }

    async fn end_message(
        &self,
        message: LeadMessage,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let sending = MessageState::Sending.as_str();
                let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
                let select = format!(
                    "SELECT number_key, body FROM desk_message WHERE id = $1 AND state = $2{locked}"
                );
                let row = tx.row(AssertSqlSafe(select), args![&message.id, sending]).await?;
                let Some(row) = row else { return Ok(()) };
                let state = message.state;
                // Its number was forgotten while it was sent: of what became of it no more is kept than that.
                let message = if row.get::<String>("number_key")? == number_key(&message.number) {
                    message
                } else {
                    LeadMessage { state, ..from_json(&row.get::<String>("body")?, "message")? }
                };
                let update = "UPDATE desk_message SET state = $1, body = $2 WHERE id = $3";
                let args = args![state.as_str(), to_json(&message)?, &message.id];
                tx.execute(update, args).await?;
                append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn messages_of_number(
        &self,
        number: &PhoneNumber,
        most: u32,
    ) -> Result<Vec<LeadMessage>, StoreError> {
        let key = number_key(number);
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT body FROM desk_message WHERE number_key = $1 ORDER BY at DESC, id DESC LIMIT $2";
                let rows = tx.rows(select, args![key, most]).await?;
                rows.iter().map(|row| from_json(&row.get::<String>("body")?, "message")).collect()
            })
        })
        .await
    }
}
