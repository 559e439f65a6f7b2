//! What was heard, shown and written down.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::super::heard::HeardChange;
use super::AssistSession;
use crate::core::assist::transcript::TranscriptEntry;
use crate::store::{NewEvent, StoreError};

/// For how long the last entries are tried to be written, and how often.
const LAST_WRITE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(1);

/// How many entries wait for a store that does not answer.
const UNWRITTEN: usize = 1_000;

impl AssistSession {
    /// An event for the agent alone: whoever else may read it asks, and is in the audit.
    pub(super) fn private(
        &self,
        kind: &'static str,
        body: &serde_json::Value,
    ) -> Result<NewEvent, StoreError> {
        NewEvent::new(kind, self.audience(), body)?.not_masked()
    }

    /// Shows something that is not kept.
    pub(super) fn pass_on(&self, kind: &'static str, body: &serde_json::Value) {
        if let Ok(event) = self.private(kind, body) {
            self.desk.events().pass_on(event);
        }
    }

    pub(super) async fn keep(&mut self, change: HeardChange) {
        if let Some(entry) = change.passing {
            let body = json!({"callId": self.call.id, "entry": entry});
            self.pass_on("transcript", &body);
        }
        for entry in change.kept {
            self.unwritten.retain(|known| known.id != entry.id);
            if self.unwritten.len() < UNWRITTEN {
                self.unwritten.push(entry);
            } else {
                tracing::error!("an entry of a transcript is lost: too many wait for the store");
            }
        }
        self.write().await;
    }

    /// Writes the last of it, for as long as that may take; what is left then is lost.
    pub(super) async fn write_last(&mut self) {
        let until = Instant::now() + LAST_WRITE;
        while !self.unwritten.is_empty() && Instant::now() < until {
            tokio::time::sleep(AGAIN).await;
            self.write().await;
        }
        if !self.unwritten.is_empty() {
            tracing::error!(entries = self.unwritten.len(), "the end of a transcript is lost");
        }
    }

    /// Writes what is to be kept. What cannot be written is written later.
    pub(super) async fn write(&mut self) {
        if self.unwritten.is_empty() {
            return;
        }
        let event = |entry: &TranscriptEntry| {
            let body = json!({"callId": self.call.id, "entry": entry});
            self.private("transcript", &body)
        };
        let events: Result<Vec<_>, _> = self.unwritten.iter().map(event).collect();
        let written = match events {
            Ok(events) => {
                let (store, entries) = (self.desk.store(), self.unwritten.clone());
                store.write_transcript(&self.call.id, entries, self.desk.now(), events).await
            }
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => self.unwritten.clear(),
            Err(error) => tracing::warn!(%error, "a transcript was not written; trying again"),
        }
    }
}
