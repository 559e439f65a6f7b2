//! What is asked about a call: suggestions while it goes on, and its summary.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::asking::{ChatAnswer, ask};
use super::super::summary::lead_context;
use super::{Asked, AssistSession, FromQuestion};
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::prompt::{self, LeadContext};
use crate::core::assist::transcript::{Suggestion, TranscriptEntry, TranscriptKind};
use crate::store::NewEvent;

/// How long a suggestion may take.
const SUGGESTION: Duration = Duration::from_secs(15);

/// How long a call's summary may take.
const SUMMARY: Duration = Duration::from_secs(15);

/// How many entries are read at once for a summary, and at most: it is of the newest of them.
const PAGE: u32 = 500;
const MOST: usize = 20_000;

impl AssistSession {
    /// Asks for a suggestion if it is time, and something new was said.
    pub(super) async fn suggest(&mut self) {
        let settings = self.desk.assist().settings();
        let is_time = self.last_asked.elapsed() >= settings.every;
        if settings.chat.is_none()
            || !is_time
            || !self.has_news
            || self.asked.is_some()
            || !self.state().is_on()
        {
            return;
        }
        (self.has_news, self.last_asked) = (false, Instant::now());
        let lead = self.lead().await;
        let question = prompt::suggestion(self.heard.entries(), &lead);
        let id = crate::chance::id_text();
        self.asked = Some(Asked { id, at_ms: self.desk.now(), has_text: false });
        let (desk, says, used) = (self.desk.clone(), self.answers.0.clone(), self.used);
        self.desk.assist().spawn(async move {
            let (so_far, mut texts) = mpsc::channel(8);
            let shown = async {
                while let Some(text) = texts.recv().await {
                    let _ = says.try_send(FromQuestion::Grows(text));
                }
            };
            let asking = async {
                let answer = ask(&desk, question, SUGGESTION, used, Some(&so_far)).await;
                drop(so_far);
                answer
            };
            let (answer, ()) = tokio::join!(asking, shown);
            // A session that is over wants none.
            let _ = says.send(FromQuestion::Ended(answer)).await;
        });
    }

    /// What is known of the lead, once it was asked for.
    pub(super) async fn lead(&mut self) -> LeadContext {
        if self.lead.is_none() {
            let number = self.call.state.number.clone();
            let known = match &number {
                Some(number) => lead_context(&self.desk, number, Some(&self.call.id)).await,
                None => LeadContext::default(),
            };
            self.lead = Some(known);
        }
        self.lead.clone().unwrap_or_default()
    }

    fn suggestion_body(&self, asked: &Asked, text: &str, done: bool) -> serde_json::Value {
        let at = jiff::Timestamp::from_millisecond(asked.at_ms).unwrap_or_default().to_string();
        let suggestion = json!({"id": asked.id, "text": text, "done": done, "at": at});
        json!({"callId": self.call.id, "suggestion": suggestion})
    }

    pub(super) async fn answer(&mut self, answer: FromQuestion) {
        let Some(mut asked) = self.asked.take() else { return };
        match answer {
            FromQuestion::Grows(text) => {
                if !text.is_empty() {
                    asked.has_text = true;
                    self.pass_on("suggestion", &self.suggestion_body(&asked, &text, false));
                }
                self.asked = Some(asked);
            }
            FromQuestion::Ended(ChatAnswer { text, used }) => {
                self.used = self.used.and(used);
                self.of_call = self.of_call.and(used);
                match text {
                    Some(text) => self.suggested(&asked, text).await,
                    // What was shown of it goes.
                    None if asked.has_text => {
                        self.pass_on("suggestion", &self.suggestion_body(&asked, "", true));
                    }
                    None => {}
                }
            }
        }
    }

    async fn suggested(&self, asked: &Asked, text: String) {
        let body = self.suggestion_body(asked, &text, true);
        let (id, at_ms) = (asked.id.clone(), asked.at_ms);
        let suggestion = Suggestion { id, text, at_ms, dismissed: false };
        let written = match self.private("suggestion", &body) {
            Ok(event) => {
                self.desk.store().write_suggestion(&self.call.id, suggestion, vec![event]).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "a suggestion was not written");
        }
    }

    /// All that was said in the call, also before this session and to other desks; what this one has heard if that
    /// cannot be read.
    async fn all_entries(&mut self) -> Vec<TranscriptEntry> {
        let mut all: Vec<TranscriptEntry> = Vec::new();
        while all.len() < MOST {
            let after = all.last().map(|entry| entry.id.clone());
            let store = self.desk.store();
            let read = store.transcript(&self.call.id, after.as_deref(), PAGE).await;
            let Ok(more) = read else { return self.heard.entries().to_vec() };
            let is_last = more.len() < PAGE as usize;
            all.extend(more);
            if is_last {
                break;
            }
        }
        all
    }

    pub(super) async fn summarise(&mut self) {
        let entries = self.all_entries().await;
        if !entries.iter().any(|entry| entry.kind == TranscriptKind::Speech) {
            return;
        }
        let lead = self.lead().await;
        let question = prompt::call_summary(&entries, &lead);
        let ChatAnswer { text, used } = ask(&self.desk, question, SUMMARY, self.used, None).await;
        self.of_call = self.of_call.and(used);
        self.note_use().await;
        let Some(text) = text else { return };
        let done = AssistState { state: AssistWord::Ended, reason: Some("summary") };
        let body = json!({"callId": self.call.id, "state": done.state, "reason": done.reason});
        let written = match NewEvent::new("assist", self.audience(), &body) {
            Ok(event) => {
                let store = self.desk.store();
                store.write_summary(&self.call.id, &text, self.desk.now(), vec![event]).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(%error, "a call's summary was not written");
        }
    }
}
