//! Live assist of calls: each call that is listened to has a session, a task of its own, so that no provider that is slow
//! or gone delays a command of the call.
//!
//! ```text
//!   the page's socket ──► session ──► line (one for each speaker) ──► provider
//!                           │  ▲                                        │
//!       transcript, masked ◄┘  └──────────────── words ◄────────────────┘
//! ```
//!
//! Every queue is bounded. Audio that finds no room is dropped and marked as a gap; commands never wait for one.

mod asking;
mod heard;
mod line;
mod session;
pub mod summary;

use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use self::session::Session;
use crate::core::assist::audio_frame::AudioFrame;
use crate::core::assist::budget::Used;
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::transcript::Speaker;
use crate::desk::Desk;
use crate::ops::metrics::{ASSIST_MONEY, ASSIST_SECONDS, ASSIST_TOKENS};
use crate::problem::{Kind, Problem};
use crate::store::{StoreError, StoredCall};

/// How many calls may be listened to at once.
const SESSIONS: usize = 1_000;

/// How much waits for a session: five seconds of both speakers.
const WAITING: usize = 100;

/// What comes from a page.
#[derive(Debug)]
pub(crate) enum FromPage {
    /// Another page, or the same one anew: its clock and its numbers begin again.
    Attached,
    /// A frame.
    Frame(AudioFrame),
    /// So many frames are missing here.
    Gap(Speaker, u32),
}

impl FromPage {
    /// Whose it is.
    pub(crate) fn speaker(&self) -> Option<Speaker> {
        match self {
            Self::Attached => None,
            Self::Frame(frame) => Some(frame.speaker),
            Self::Gap(speaker, _) => Some(*speaker),
        }
    }
}

/// A call that is listened to.
pub(crate) struct SessionHandle {
    input: mpsc::Sender<FromPage>,
    state: watch::Receiver<AssistState>,
    /// Which of the pages that were attached one after another has it.
    turn: watch::Sender<u64>,
    attached: Arc<()>,
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHandle").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl SessionHandle {
    pub(crate) fn state(&self) -> AssistState {
        *self.state.borrow()
    }

    /// Whether the call is over, and what it came to is being written.
    fn is_ending(&self) -> bool {
        self.state().state == AssistWord::Ended
    }

    /// Its states, until the session is over.
    fn states(&self) -> watch::Receiver<AssistState> {
        self.state.clone()
    }

    /// Another page takes it; the one before is told.
    fn attach(&self) -> Attachment {
        let mut turn = 0;
        self.turn.send_modify(|known| {
            *known += 1;
            turn = *known;
        });
        let (turns, attached) = (self.turn.subscribe(), Arc::clone(&self.attached));
        let (input, state) = (self.input.clone(), self.state.clone());
        Attachment { input, state, turns, turn, _attached: attached }
    }
}

/// A page's part in a session.
pub(crate) struct Attachment {
    pub(crate) input: mpsc::Sender<FromPage>,
    pub(crate) state: watch::Receiver<AssistState>,
    turns: watch::Receiver<u64>,
    turn: u64,
    _attached: Arc<()>,
}

impl Attachment {
    /// Resolves when another page has taken the session.
    pub(crate) async fn taken(&self) {
        let mut turns = self.turns.clone();
        let own = self.turn;
        if turns.wait_for(|turn| *turn != own).await.is_err() {
            // The session is over: its state says so.
            std::future::pending::<()>().await;
        }
    }
}

/// Attaches a page to the session of a call, a new one if there is none.
///
/// # Errors
/// Too many calls are listened to; the store is not available.
pub(crate) async fn attach(desk: &Desk, call: &StoredCall) -> Result<Attachment, Problem> {
    refresh_consents(desk).await?;
    let since = desk.store().begin_assist(&call.id, desk.now()).await?;
    let mut begun = None;
    let attachment = desk.assist().with_sessions(|sessions| {
        let full = sessions.len() >= SESSIONS;
        match sessions.entry(call.id.clone()) {
            Entry::Occupied(known) if !known.get().input.is_closed() => Ok(known.get().attach()),
            Entry::Vacant(_) if full => {
                Err(Problem::new(Kind::Busy, "too many calls are listened to"))
            }
            place => {
                let (input, from_page) = mpsc::channel(WAITING);
                let first = AssistState::of(&call.state, desk.assist().has_consent(&call.state));
                let (state, states) = watch::channel(first);
                let attached = Arc::new(());
                let handle = SessionHandle {
                    input,
                    state: states,
                    turn: watch::Sender::new(0),
                    attached: Arc::clone(&attached),
                };
                begun = Some(Session::new(desk, call, since, (from_page, state, attached)));
                let attachment = handle.attach();
                place.insert_entry(handle);
                Ok(attachment)
            }
        }
    })?;
    if let Some(session) = begun {
        // On the heap: it is large.
        desk.assist().spawn(Box::pin(session.run()));
    }
    // It has room: nothing was sent yet, or the page before is told to end.
    let _ = attachment.input.send(FromPage::Attached).await;
    Ok(attachment)
}

/// Looks what was said of campaigns, here and by other desks.
///
/// # Errors
/// The store is not available.
pub async fn refresh_consents(desk: &Desk) -> Result<(), StoreError> {
    if desk.assist().settings().is_on() {
        desk.assist().set_consents(desk.store().consents().await?);
    }
    Ok(())
}

/// Counts what was used, and learns what all desks have used today.
async fn spend(desk: &Desk, used: Used) {
    if used == Used::default() {
        return;
    }
    let positive = |amount: i64| u64::try_from(amount).unwrap_or(0);
    let metrics = desk.metrics();
    metrics.add(ASSIST_SECONDS, vec![], positive(used.audio_ms / 1_000));
    metrics.add(ASSIST_TOKENS, vec![], positive(used.tokens));
    metrics.add(ASSIST_MONEY, vec![], positive(used.micros));
    let day = desk.client().today().to_string();
    match desk.store().use_assist(&day, used).await {
        Ok(sum) => desk.assist().note_used(&day, sum),
        Err(error) => {
            // It counts here at least.
            desk.assist().note_used(&day, desk.assist().used_on(&day).and(used));
            tracing::warn!(%error, "what live assist used was not written down");
        }
    }
}

/// What was used today, by all desks.
fn used_today(desk: &Desk) -> Used {
    desk.assist().used_on(&desk.client().today().to_string())
}
