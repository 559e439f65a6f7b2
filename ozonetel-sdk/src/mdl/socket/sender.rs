//! Senders: any number of them, over one bounded queue.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use crate::api::dial::DialOutcome;
use crate::core::error::{Error, Refusal};
use crate::core::reason;
use crate::mdl::link::fault::SocketFault;
use crate::mdl::link::output::{NotSentReason, SettledRequest, Settlement};
use crate::mdl::link::state::{LinkState, StopReason};
use crate::mdl::token::reply::ReplyStatus;
use crate::mdl::token::request::{ManualDial, TokenRequest};
use crate::mdl::token::{Token, short_kind};
use crate::types::ids::Ucid;
use crate::types::phone::DialPlan;

/// How much longer than the link itself a sender waits for the settlement.
const GRACE: Duration = Duration::from_secs(1);

pub(super) enum Command {
    Send { slot: RequestSlot, settle: oneshot::Sender<SettledRequest> },
    Close,
}

/// A request that either side can take, once: the link to send it, or the caller to have it back unsent.
#[derive(Clone)]
pub(super) struct RequestSlot(Arc<Mutex<Option<TokenRequest>>>);

impl RequestSlot {
    fn new(request: TokenRequest) -> Self {
        Self(Arc::new(Mutex::new(Some(request))))
    }

    pub(super) fn take(&self) -> Option<TokenRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Takes the request back when its caller goes away before it was sent.
struct WithdrawOnDrop<'a>(&'a RequestSlot);

impl Drop for WithdrawOnDrop<'_> {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Sends tokens over a link and awaits their replies. Cheap to clone.
#[derive(Clone)]
pub struct SocketSender {
    queue: mpsc::Sender<Command>,
    state: watch::Receiver<LinkState>,
    wait: Duration,
    dial_plan: Option<Arc<DialPlan>>,
}

impl fmt::Debug for SocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketSender({})", self.state().as_str())
    }
}

/// What a caller learns of its request.
enum SubmitResult {
    Settled(SettledRequest),
    /// Never handed to the link.
    NotTaken(SocketFault),
    /// Handed to it, and nothing came back.
    Lost(SocketFault),
}

impl SocketSender {
    pub(super) fn new(
        queue: mpsc::Sender<Command>,
        state: watch::Receiver<LinkState>,
        wait: Duration,
        dial_plan: Option<Arc<DialPlan>>,
    ) -> Self {
        Self { queue, state, wait, dial_plan }
    }

    /// The link's state.
    pub fn state(&self) -> LinkState {
        *self.state.borrow()
    }

    /// Waits until the link is up.
    ///
    /// # Errors
    /// The link stopped for good, or its stream was dropped.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut state = self.state.clone();
        let settled = |state: &LinkState| matches!(state, LinkState::Up | LinkState::Stopped(_));
        let stop = match state.wait_for(settled).await.map(|state| *state) {
            Ok(LinkState::Up) => return Ok(()),
            Ok(LinkState::Stopped(stop)) => stop,
            _ => StopReason::Asked,
        };
        Err(Error::socket(SocketFault::Stopped(stop)).named("mdl", 0, Duration::ZERO))
    }

    /// Asks the link to end in good order; see [`SocketEvents::close`](super::SocketEvents::close). Returns once it
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
        self.send(TokenRequest::new(name).fields(fields)).await
    }

    /// Sends a request and awaits its reply: whatever it says.
    ///
    /// # Errors
    /// Not sent, no reply in time, or the link broke before the reply. In the last two
    /// [`Error::may_have_happened`] is true; [`Error::token`] carries the request.
    ///
    /// # Cancel safety
    /// Dropped before the link has the request, it is not sent. Dropped later, it is sent all the same, even where it
    /// still waits for the network to take it; the outcome comes as an
    /// [`SocketEvent::Settled`](crate::mdl::SocketEvent::Settled).
    pub async fn send(&self, request: TokenRequest) -> Result<Token, Error> {
        Ok(self.call("mdl.send", request).await?.0)
    }

    /// Rings the agent's softphone, then the customer, whose number is put into the form of the settings' dial plan.
    /// Never repeated: when the outcome is unknown, settle it before
    /// dialing again. The UCID is there where the reply carries one; else it comes with the INVITE and the pushes.
    ///
    /// The error of a dial that the link had carries the request as it was sent, or, where the link's stream was dropped
    /// meanwhile, as it was asked for, without its ids: see [`Error::token`].
    ///
    /// # Cancel safety
    /// As [`send`](Self::send): once the link has the dial, dropping the future does not stop it. Whoever drops it then
    /// has a dial whose outcome is unknown until its [`SocketEvent::Settled`](crate::mdl::SocketEvent::Settled).
    pub async fn dial(&self, dial: ManualDial) -> DialOutcome<Option<Ucid>> {
        const CALL: &str = "mdl.dial";
        let begun = Instant::now();
        let customer = match &self.dial_plan {
            Some(plan) => dial.customer.for_dial(plan),
            None => Ok(dial.customer.clone()),
        };
        let request = customer.and_then(|customer| ManualDial { customer, ..dial }.request());
        let request = match request {
            Ok(request) => request,
            Err(invalid) => {
                return DialOutcome::of(Error::from(invalid).named(CALL, 0, Duration::ZERO));
            }
        };
        let (reply, sent) = match self.call(CALL, request).await {
            Ok(settled) => settled,
            Err(error) => return DialOutcome::of(error),
        };
        let error = match reply.reply_status() {
            ReplyStatus::Succeeded => return DialOutcome::Accepted(reply.ucid()),
            ReplyStatus::Refused => {
                let text = reply.message().unwrap_or_default();
                // A reply has no status of its own.
                let status = http::StatusCode::SWITCHING_PROTOCOLS;
                let refusal = Refusal::new(reason::reason(text), text, status);
                Error::refused(refusal).named(CALL, 1, begun.elapsed())
            }
            ReplyStatus::Unclear => {
                let fault = SocketFault::Unclear { kind: ManualDial::KIND.into() };
                Error::socket(fault).named(CALL, 1, begun.elapsed()).uncertain(true, None)
            }
        };
        DialOutcome::of(error.carrying(sent))
    }

    /// The reply, and the request as it was sent.
    async fn call(
        &self,
        call: &'static str,
        request: TokenRequest,
    ) -> Result<(Token, Token), Error> {
        let begun = Instant::now();
        let (kind, draft) = (short_kind(request.kind()), request.draft());
        let (fault, request, sent) = match self.submit(request).await {
            SubmitResult::NotTaken(fault) => (fault, draft, false),
            // How it was sealed went with the link.
            SubmitResult::Lost(fault) => (fault, draft, true),
            SubmitResult::Settled(SettledRequest { settlement, request, .. }) => match settlement {
                Settlement::Reply(token) => return Ok((token, request)),
                Settlement::NoReply => (SocketFault::NoReply { kind }, request, true),
                Settlement::Unknown => (SocketFault::Broken { kind }, request, true),
                Settlement::NotSent(NotSentReason::Down) => {
                    (SocketFault::Down { kind }, request, false)
                }
                Settlement::NotSent(NotSentReason::PendingFull { limit }) => {
                    (SocketFault::PendingFull { limit }, request, false)
                }
                Settlement::NotSent(NotSentReason::TooLarge { limit }) => {
                    (SocketFault::TokenTooLarge { kind, limit }, request, false)
                }
            },
        };
        let error = Error::socket(fault).named(call, u32::from(sent), begun.elapsed());
        Err(error.uncertain(sent, None).carrying(request))
    }

    async fn submit(&self, request: TokenRequest) -> SubmitResult {
        let kind = short_kind(request.kind());
        let wait = request.reply_wait().unwrap_or(self.wait);
        let slot = RequestSlot::new(request);
        let _withdraw = WithdrawOnDrop(&slot);
        let (settle, mut settled) = oneshot::channel();
        let command = Command::Send { slot: slot.clone(), settle };
        let first = timeout(wait, async {
            if self.queue.send(command).await.is_err() {
                return None;
            }
            (&mut settled).await.ok()
        });
        match first.await {
            Ok(Some(settled)) => return SubmitResult::Settled(settled),
            // The stream is gone.
            Ok(None) if slot.take().is_some() => {
                return SubmitResult::NotTaken(SocketFault::Down { kind });
            }
            Ok(None) => return SubmitResult::Lost(SocketFault::Broken { kind }),
            Err(_) if slot.take().is_some() => {
                return SubmitResult::NotTaken(SocketFault::NotTaken { kind });
            }
            Err(_) => {}
        }
        // Taken late: its own time began only then.
        match timeout(wait.saturating_add(GRACE), settled).await {
            Ok(Ok(settled)) => SubmitResult::Settled(settled),
            Ok(Err(_)) => SubmitResult::Lost(SocketFault::Broken { kind }),
            Err(_) => SubmitResult::Lost(SocketFault::NoReply { kind }),
        }
    }
}
