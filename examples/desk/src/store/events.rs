//! The log of events: append-only, numbered without gaps in the order in which it becomes visible.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;
use serde::Serialize;
use tokio::sync::watch;

use super::conn::{Arg, Row, args};
use super::db::Db;
use super::error::StoreError;
use super::tx::Tx;
use super::writer::Fails;

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
    fn word(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Everyone => "everyone",
            Self::Supervisors => "supervisors",
        }
    }

    fn of(word: &str, agent: Option<String>) -> Result<Self, StoreError> {
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

/// The log of events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Appends events that report no change of another area. Changes take their events with them.
    ///
    /// # Errors
    /// The store is not available.
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError>;

    /// The events after a number, oldest first, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError>;

    /// The number of the newest event; 0 if there was never one.
    ///
    /// # Errors
    /// The store is not available.
    async fn newest_event(&self) -> Result<i64, StoreError>;

    /// The number of the oldest event that is still there.
    ///
    /// # Errors
    /// The store is not available.
    async fn oldest_event(&self) -> Result<Option<i64>, StoreError>;

    /// Removes events older than a time; how many. Numbers are not used again.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_events(&self, before: i64) -> Result<u64, StoreError>;

    /// Follows the newest number that this process has committed. Another desk's events do not show here.
    fn head(&self) -> watch::Receiver<i64>;
}

/// Appends events to the log. They are numbered and written when all else of the transaction is: the lock that this
/// takes orders the events of all transactions.
pub(super) fn append(tx: &mut Tx, at: i64, events: Vec<NewEvent>) {
    tx.report(events.into_iter().map(|event| (at, event)));
}

/// Writes what is to be appended; the number of the last one. After it nothing is changed until the commit.
pub(super) async fn write(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let events = tx.take_reports();
    if events.is_empty() {
        return Ok(None);
    }
    let count = i64::try_from(events.len()).map_err(|_| StoreError::Corrupt("events"))?;
    let take = "UPDATE desk_event_head SET id = id + $1 RETURNING id";
    let row = tx.row(take, args![count]).await?.ok_or(StoreError::Corrupt("log of events"))?;
    let last: i64 = row.get("id")?;
    let mut left = events.len();
    let mut rows = (last - count + 1..).zip(events);
    for (size, insert) in INSERTS.iter().rev() {
        while left >= *size {
            let mut values = Vec::with_capacity(7 * size);
            for (id, (at, event)) in rows.by_ref().take(*size) {
                values.extend(columns(event.numbered(id, at)?));
            }
            tx.execute(insert.as_str(), values).await?;
            left -= size;
        }
    }
    Ok(Some(last))
}

/// The columns of an event, in the order of [`insert`].
fn columns(event: Event) -> Vec<Arg> {
    let word = event.audience.word();
    let agent = match event.audience {
        Audience::Agent(agent) => Some(agent.as_str().to_owned()),
        _ => None,
    };
    args![event.id, event.at, event.kind, word, agent, event.body, event.masked]
}

/// The statements that write 1, 2, 4, 8 and 16 events.
static INSERTS: LazyLock<[(usize, String); 5]> =
    LazyLock::new(|| [1, 2, 4, 8, 16].map(|rows| (rows, insert(rows))));

/// The statement that writes so many events.
fn insert(rows: usize) -> String {
    let row = |row: usize| {
        let of = |column: usize| format!("${}", row * 7 + column);
        format!("({})", (1..=7).map(of).collect::<Vec<_>>().join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    format!("INSERT INTO desk_event (id, at, kind, audience, agent, body, masked) VALUES {rows}")
}

fn event_of(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        audience: Audience::of(&row.get::<String>("audience")?, row.get("agent")?)?,
        body: row.get("body")?,
        masked: row.get("masked")?,
    })
}

#[async_trait]
impl Events for Db {
    async fn append_events(&self, at: i64, events: Vec<NewEvent>) -> Result<(), StoreError> {
        let events = written(events)?;
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn events_after(&self, id: i64, most: u32) -> Result<Vec<Event>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, at, kind, audience, agent, body, masked \
                              FROM desk_event WHERE id > $1 ORDER BY id LIMIT $2";
                tx.rows(select, args![id, most]).await?.iter().map(event_of).collect()
            })
        })
        .await
    }

    async fn newest_event(&self) -> Result<i64, StoreError> {
        self.newest().await
    }

    async fn oldest_event(&self) -> Result<Option<i64>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let row = tx.row("SELECT MIN(id) AS id FROM desk_event", args![]).await?;
                row.map_or(Ok(None), |row| row.get("id"))
            })
        })
        .await
    }

    async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM desk_event WHERE at < $1", args![before]).await
            })
        })
        .await
    }

    fn head(&self) -> watch::Receiver<i64> {
        self.head_of()
    }
}
