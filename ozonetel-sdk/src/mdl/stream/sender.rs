//! Senders: any number of them, over one bounded queue.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use crate::api::dial::Outcome;
use crate::core::envelope;
use crate::core::error::{Error, Refusal};
use crate::mdl::fault::Fault;
use crate::mdl::link::{How, NotSent, Settled, State, Stop};
use crate::mdl::request::{ManualDial, Request};
use crate::mdl::token::{Token, Verdict, brief};

/// How much longer than the link itself a sender waits for the settlement.
const GRACE: Duration = Duration::from_secs(1);

pub(super) enum Command {
    Send { offer: Offer, settle: oneshot::Sender<Settled> },
    Close,
}

/// A request that either side can take, once: the link to send it, or the caller to have it back unsent.
#[derive(Clone)]
pub(super) struct Offer(Arc<Mutex<Option<Request>>>);

impl Offer {
    fn new(request: Request) -> Self {
        Self(Arc::new(Mutex::new(Some(request))))
    }

    pub(super) fn take(&self) -> Option<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Takes the request back when its caller goes away before it was sent.
struct Held<'a>(&'a Offer);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Sends tokens over a link and awaits their replies. Cheap to clone.
#[derive(Clone)]
pub struct AgentSender {
    queue: mpsc::Sender<Command>,
    state: watch::Receiver<State>,
    wait: Duration,
}

impl fmt::Debug for AgentSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentSender({})", self.state().as_str())
    }
}

/// What a caller learns of its request.
enum Fate {
    Settled(Settled),
    /// Never handed to the link.
    NotTaken(Fault),
    /// Handed to it, and nothing came back.
    Lost(Fault),
}

impl AgentSender {
    pub(super) fn new(
        queue: mpsc::Sender<Command>,
        state: watch::Receiver<State>,
        wait: Duration,
    ) -> Self {
        Self { queue, state, wait }
    }

    /// Where the link stands.
    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Waits until the link is up.
    ///
    /// # Errors
    /// The link stopped for good, or its stream was dropped.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut state = self.state.clone();
        let settled = |state: &State| matches!(state, State::Up | State::Stopped(_));
        let stop = match state.wait_for(settled).await.map(|state| *state) {
            Ok(State::Up) => return Ok(()),
            Ok(State::Stopped(stop)) => stop,
            _ => Stop::Asked,
        };
        Err(Error::socket(Fault::Stopped(stop)).named("mdl", 0, Duration::ZERO))
    }

    /// Asks the link to end in good order; see [`AgentEvents::close`](super::AgentEvents::close). Returns once it
    /// was asked.
    pub async fn close(&self) {
        // A link that is gone needs no asking.
        let _ = self.queue.send(Command::Close).await;
    }

    /// Sends any token by its name, with these fields as they are, and awaits its reply: whatever it says.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_token(&self, name: &str, fields: Map<String, Value>) -> Result<Token, Error> {
        self.send(Request::new(name).fields(fields)).await
    }

    /// Sends a request and awaits its reply: whatever it says.
    ///
    /// # Errors
    /// Not sent, no reply in time, or the link broke before the reply. In the last two
    /// [`Error::may_have_happened`] is true; [`Error::token`] carries the request.
    ///
    /// # Cancel safety
    /// Dropped before the request was sent, it is not sent. Dropped later, the outcome still comes as an
    /// [`AgentEvent::Settled`](crate::mdl::AgentEvent::Settled).
    pub async fn send(&self, request: Request) -> Result<Token, Error> {
        self.call("mdl.send", request).await
    }

    /// Rings the agent's softphone, then the customer. Never repeated: when the outcome is unknown, settle it before
    /// dialing again. The UCID is there where the reply carries one; else it comes with the INVITE and the pushes.
    pub async fn dial(&self, dial: ManualDial) -> Outcome {
        const CALL: &str = "mdl.dial";
        let begun = Instant::now();
        let request = match dial.request() {
            Ok(request) => request,
            Err(invalid) => {
                let error = Error::from(invalid);
                return Outcome::NotSent(error.named(CALL, 0, Duration::ZERO));
            }
        };
        let draft = request.draft();
        let reply = match self.call(CALL, request).await {
            Ok(reply) => reply,
            Err(error) => return Outcome::of(error),
        };
        match reply.verdict() {
            Verdict::Done => Outcome::Accepted(reply.ucid()),
            Verdict::Refused => {
                let text = reply.message().unwrap_or_default();
                let status = http::StatusCode::SWITCHING_PROTOCOLS;
                let refusal = Refusal::new(envelope::reason(text), text, status);
                let error = Error::refused(refusal).named(CALL, 1, begun.elapsed());
                Outcome::Refused(error.carrying(draft))
            }
            Verdict::Unclear => {
                let fault = Fault::Unclear { kind: ManualDial::KIND.into() };
                let error =
                    Error::socket(fault).named(CALL, 1, begun.elapsed()).uncertain(true, None);
                Outcome::Unknown(error.carrying(draft))
            }
        }
    }

    async fn call(&self, call: &'static str, request: Request) -> Result<Token, Error> {
        let begun = Instant::now();
        let (kind, draft) = (brief(request.kind()), request.draft());
        let (fault, request, sent) = match self.submit(request).await {
            Fate::NotTaken(fault) => (fault, draft, false),
            Fate::Lost(fault) => (fault, draft, true),
            Fate::Settled(Settled { how, request, .. }) => match how {
                How::Reply(token) => return Ok(token),
                How::NoReply => (Fault::NoReply { kind }, request, true),
                How::Unknown => (Fault::Broken { kind }, request, true),
                How::NotSent(NotSent::Down) => (Fault::Down { kind }, request, false),
                How::NotSent(NotSent::PendingFull { limit }) => {
                    (Fault::PendingFull { limit }, request, false)
                }
                How::NotSent(NotSent::TooLarge { limit }) => {
                    (Fault::TokenTooLarge { kind, limit }, request, false)
                }
            },
        };
        let error = Error::socket(fault).named(call, u32::from(sent), begun.elapsed());
        Err(error.uncertain(sent, None).carrying(request))
    }

    async fn submit(&self, request: Request) -> Fate {
        let kind = brief(request.kind());
        let wait = request.reply_wait().unwrap_or(self.wait);
        let offer = Offer::new(request);
        let _held = Held(&offer);
        let (settle, mut settled) = oneshot::channel();
        let command = Command::Send { offer: offer.clone(), settle };
        let first = timeout(wait, async {
            if self.queue.send(command).await.is_err() {
                return None;
            }
            (&mut settled).await.ok()
        });
        match first.await {
            Ok(Some(settled)) => return Fate::Settled(settled),
            // The stream is gone.
            Ok(None) if offer.take().is_some() => return Fate::NotTaken(Fault::Down { kind }),
            Ok(None) => return Fate::Lost(Fault::Broken { kind }),
            Err(_) if offer.take().is_some() => return Fate::NotTaken(Fault::NotTaken { kind }),
            Err(_) => {}
        }
        // Taken late: its own time began only then.
        match timeout(wait.saturating_add(GRACE), settled).await {
            Ok(Ok(settled)) => Fate::Settled(settled),
            Ok(Err(_)) => Fate::Lost(Fault::Broken { kind }),
            Err(_) => Fate::Lost(Fault::NoReply { kind }),
        }
    }
}
