//! An event, and one that is to be written.

use std::sync::Arc;

use ozonetel_sdk::types::AgentId;
use serde::Serialize;

use super::error::StoreError;

/// Whom an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// One agent, who sees it whole, and that agent's supervisors.
    Agent(AgentId),
    /// All agents and supervisors.
    Everyone,
    /// Supervisors and administrators.
    Supervisors,
}

impl Audience {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Everyone => "everyone",
            Self::Supervisors => "supervisors",
        }
    }

    pub(super) fn of(word: &str, agent: Option<String>) -> Result<Self, StoreError> {
        match (word, agent) {
            ("agent", Some(agent)) => Ok(Self::Agent(agent.as_str().into())),
            ("everyone", None) => Ok(Self::Everyone),
            ("supervisors", None) => Ok(Self::Supervisors),
            _ => Err(StoreError::Corrupt("event")),
        }
    }
}

/// The two texts of an event. `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct EventText {
    /// JSON, whole.
    pub body: String,
    /// JSON for those who may see it but not whole; without it everyone in the audience sees the body.
    pub masked: Option<String>,
}

impl std::fmt::Debug for EventText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventText")
    }
}

impl EventText {
    /// The text that everyone in the audience sees.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the body is not JSON.
    pub fn of(body: &impl Serialize) -> Result<Self, StoreError> {
        Ok(Self { body: json(body)?, masked: None })
    }
}

/// Writes the texts of an event. It holds what the event reports as that was, so that it writes the same whenever it is
/// asked to.
type WriteText = Arc<dyn Fn() -> Result<EventText, StoreError> + Send + Sync>;

/// The texts of an event, or what writes them.
#[derive(Clone)]
enum Content {
    Written(EventText),
    Unwritten(WriteText),
}

/// An event to be written with the change that it reports. `Debug` shows no body: it may hold a number.
#[derive(Clone)]
pub struct NewEvent {
    /// What kind of event, such as `call.changed`.
    pub kind: &'static str,
    /// Whom it is for.
    pub audience: Audience,
    content: Content,
}

impl NewEvent {
    /// An event that everyone in its audience sees whole.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the body is not JSON.
    pub fn new(
        kind: &'static str,
        audience: Audience,
        body: &impl Serialize,
    ) -> Result<Self, StoreError> {
        Ok(Self::written(kind, audience, EventText::of(body)?))
    }

    /// An event with these texts.
    fn written(kind: &'static str, audience: Audience, text: EventText) -> Self {
        Self { kind, audience, content: Content::Written(text) }
    }

    /// An event whose texts are written once someone needs them: a database that keeps them, or a listener.
    pub fn unwritten(
        kind: &'static str,
        audience: Audience,
        write: impl Fn() -> Result<EventText, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { kind, audience, content: Content::Unwritten(Arc::new(write)) }
    }

    /// What those see who may not see it whole.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the body is not JSON.
    pub fn masked(self, body: &impl Serialize) -> Result<Self, StoreError> {
        self.masked_as(json(body)?)
    }

    /// The same, with nothing of it for those who may not see it whole.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the body is not JSON.
    pub fn not_masked(self) -> Result<Self, StoreError> {
        self.masked_as(String::new())
    }

    fn masked_as(self, masked: String) -> Result<Self, StoreError> {
        let Self { kind, audience, content } = self;
        let text = EventText { masked: Some(masked), ..content.into_text()? };
        Ok(Self::written(kind, audience, text))
    }

    /// As the log has it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the body is not JSON.
    pub(crate) fn numbered(self, id: i64, at: i64) -> Result<Event, StoreError> {
        let Self { kind, audience, content } = self;
        let EventText { body, masked } = content.into_text()?;
        Ok(Event { id, at, kind: kind.to_owned(), audience, body, masked })
    }
}

impl Content {
    fn into_text(self) -> Result<EventText, StoreError> {
        match self {
            Self::Written(text) => Ok(text),
            Self::Unwritten(write) => write(),
        }
    }
}

/// The same events with their texts: written before a writer has them, whom all others wait for.
pub(super) fn written(mut events: Vec<NewEvent>) -> Result<Vec<NewEvent>, StoreError> {
    for event in &mut events {
        if let Content::Unwritten(write) = &event.content {
            event.content = Content::Written(write()?);
        }
    }
    Ok(events)
}

fn json(body: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(body).map_err(|_| StoreError::Corrupt("event"))
}

impl std::fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewEvent").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An event of the log. `Debug` shows no body.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number: one more than that of the event before.
    pub id: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What kind of event.
    pub kind: String,
    /// Whom it is for.
    pub audience: Audience,
    /// JSON, whole.
    pub body: String,
    /// JSON for those who may see it but not whole.
    pub masked: Option<String>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
