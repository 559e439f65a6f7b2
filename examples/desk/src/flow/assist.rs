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
mod spending;
pub mod summary;

use std::collections::hash_map::Entry;

use tokio::sync::{mpsc, watch};

use self::session::{AssistSession, SessionEnds};
use crate::assist::attachment::{Attachment, SessionHandle};
use crate::core::assist::gate::AssistState;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::{StoreError, StoredCall};

/// How many calls may be listened to at once.
const SESSIONS: usize = 1_000;

/// How much waits for a session: five seconds of both speakers.
const WAITING: usize = 100;

/// Attaches a page to the session of a call, a new one if there is none.
///
/// # Errors
/// Too many calls are listened to; the store is not available.
pub(crate) async fn attach(desk: &Desk, call: &StoredCall) -> Result<Attachment, Problem> {
    refresh_consents(desk).await?;
    let since = desk.store().begin_assist(&call.id, desk.now()).await?;
    let (agent, mut begun) = (call.state.agent.clone(), None);
    let attachment = desk.assist().with_sessions(|sessions| {
        let full = sessions.len() >= SESSIONS;
        match sessions.entry(call.id.clone()) {
            Entry::Occupied(mut known) if !known.get().is_closed() => {
                Ok(known.get_mut().attach(agent))
            }
            Entry::Vacant(_) if full => {
                Err(Problem::new(Kind::Busy, "too many calls are listened to"))
            }
            place => {
                let (input, from_page) = mpsc::channel(WAITING);
                let first = AssistState::of(&call.state, desk.assist().has_consent(&call.state));
                let (state, states) = watch::channel(first);
                let (tells, shown) = watch::channel(first);
                let mut handle = SessionHandle::new(input, states, shown);
                let attached = handle.attached();
                let ends = SessionEnds { input: from_page, state, tells, attached };
                begun = Some(AssistSession::new(desk, call, since, ends));
                let attachment = handle.attach(agent);
                place.insert_entry(handle);
                Ok(attachment)
            }
        }
    })?;
    if let Some(session) = begun {
        // On the heap: it is large.
        desk.assist().spawn(Box::pin(session.run()));
    }
    attachment.begin().await;
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
