//! What leads from a page to the session that listens to its call.

use std::fmt;
use std::sync::Arc;

use ozonetel_sdk::types::AgentId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::core::assist::audio_frame::AudioFrame;
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::transcript::Speaker;

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

/// What comes from a page, and which of those that were attached one after another it is: what one of them said may
/// still be on its way when the next one has the session.
pub(crate) type OfPage = (u64, FromPage);

/// A call that is listened to.
pub(crate) struct SessionHandle {
    input: mpsc::Sender<OfPage>,
    state: watch::Receiver<AssistState>,
    /// What is said of it to who looks.
    shown: watch::Receiver<AssistState>,
    /// Which of the pages that were attached one after another has it.
    turn: watch::Sender<u64>,
    /// The agent whose page has it.
    holder: Option<AgentId>,
    attached: Arc<()>,
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionHandle").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl SessionHandle {
    pub(crate) fn new(
        input: mpsc::Sender<OfPage>,
        state: watch::Receiver<AssistState>,
        shown: watch::Receiver<AssistState>,
    ) -> Self {
        let (turn, attached) = (watch::Sender::new(0), Arc::new(()));
        Self { input, state, shown, turn, holder: None, attached }
    }

    /// Whether the session is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.input.is_closed()
    }

    /// What is held by each page that is attached.
    pub(crate) fn attached(&self) -> Arc<()> {
        Arc::clone(&self.attached)
    }

    pub(crate) fn state(&self) -> AssistState {
        *self.state.borrow()
    }

    /// What is said of it to who looks: it is not listened to while no audio comes.
    pub(crate) fn shown(&self) -> AssistState {
        *self.shown.borrow()
    }

    /// Whether the call is over, and what it came to is being written.
    pub(crate) fn is_ending(&self) -> bool {
        self.state().state == AssistWord::Ended
    }

    /// Its states, until the session is over.
    pub(crate) fn states(&self) -> watch::Receiver<AssistState> {
        self.state.clone()
    }

    /// The call is this agent's: another one's page is told that it has it no more. The turn that this was, if there is
    /// such a page; that of who comes next is higher.
    pub(crate) fn let_go(&mut self, agent: &AgentId) -> Option<u64> {
        self.holder.take_if(|holder| !holder.is_same_agent(agent))?;
        self.turn.send_modify(|known| *known += 1);
        Some(*self.turn.borrow())
    }

    /// A page of this agent takes it; the one before is told.
    pub(crate) fn attach(&mut self, agent: Option<AgentId>) -> Attachment {
        self.holder = agent;
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
    input: mpsc::Sender<OfPage>,
    pub(crate) state: watch::Receiver<AssistState>,
    turns: watch::Receiver<u64>,
    turn: u64,
    _attached: Arc<()>,
}

impl Attachment {
    /// Tells the session that the page has it, before anything else of the page.
    pub(crate) async fn begin(&self) {
        // It has room: nothing was sent yet, or the page before is told to end.
        let _ = self.input.send((self.turn, FromPage::Attached)).await;
    }

    /// Hands on what the page said, without waiting.
    pub(crate) fn hand_on(&self, said: FromPage) -> Result<(), TrySendError<OfPage>> {
        self.input.try_send((self.turn, said))
    }

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
