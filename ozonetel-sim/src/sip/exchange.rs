//! The exchange: registrations, and a dialog for every leg of the world that a softphone takes.
//!
//! Pure: messages and time come in, messages and what they mean for the world go out.

mod bridge;
mod in_dialog;
mod lost;

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sip_ucid::Message;

use super::compose::{ALLOW, ComposeError, SipResponse};
use super::connection::ConnectionId;
use super::dialog::{Dialog, DialogState, FIRST, LegInvite, MediaSource};
use super::registrar::Registrar;
use super::sdp;
use crate::world::{LegFailure, LegSide, PhoneAction};

/// What the exchange asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeAction {
    /// Send a message.
    Send(ConnectionId, Vec<u8>),
    /// A telephone for this extension is there, or no longer.
    Outside(String, bool),
    /// A telephone of a leg did something.
    Phone(u64, LegSide, PhoneAction),
    /// A telephone of a leg could not be rung, or stopped ringing.
    Fails(u64, LegSide, LegFailure),
    /// A telephone that was answered has lost its connection.
    Lost(u64, LegSide),
    /// It is back.
    Back(u64, LegSide),
    /// The agent's telephone has put a call on hold, or taken it back.
    Hold(u64, bool),
}

/// How long a CANCEL may take.
const PATIENCE: Duration = Duration::from_secs(32);

/// All softphones and their calls.
#[derive(Debug)]
pub(crate) struct Exchange {
    domain: String,
    rng: StdRng,
    nonces: BTreeMap<ConnectionId, String>,
    registrar: Registrar,
    dialogs: BTreeMap<String, Dialog>,
    out: Vec<ExchangeAction>,
}

impl Exchange {
    /// An exchange where no extension may register yet.
    pub(crate) fn new(domain: &str, seed: u64) -> Self {
        Self {
            domain: domain.to_owned(),
            rng: StdRng::seed_from_u64(seed),
            nonces: BTreeMap::new(),
            registrar: Registrar::default(),
            dialogs: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    /// What is to be done, in order.
    pub(crate) fn outputs(&mut self) -> Vec<ExchangeAction> {
        std::mem::take(&mut self.out)
    }

    /// The extensions that may register from now on, and their passwords.
    pub(crate) fn allow(&mut self, passwords: BTreeMap<String, String>) {
        self.registrar.allow(passwords);
    }

    /// Whether a softphone is registered for an extension.
    pub(crate) fn has(&self, extension: &str) -> bool {
        self.registrar.has(extension)
    }

    /// The legs that have a dialog: leg, call, side.
    pub(crate) fn legs(&self) -> Vec<(u64, u64, LegSide)> {
        let wanted = self.dialogs.values().filter(|dialog| dialog.wanted());
        wanted.map(|d| (d.ucid, d.call, d.side)).collect()
    }

    /// Whether the agent's softphone has a call on hold.
    pub(crate) fn holds(&self, ucid: u64) -> bool {
        let agents = |d: &Dialog| (d.ucid, d.side) == (ucid, LegSide::Agent);
        self.dialogs.values().any(|d| d.held && d.wanted() && agents(d))
    }

    /// A connection is there.
    pub(crate) fn opened(&mut self, line: ConnectionId) {
        let nonce = self.word();
        self.nonces.insert(line, nonce);
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Duration) {
        for extension in self.registrar.tick(now) {
            self.out.push(ExchangeAction::Outside(extension, false));
        }
        self.dialogs.retain(|_, dialog| match dialog.stage {
            DialogState::Cancelled { since, .. } => now.saturating_sub(since) < PATIENCE,
            DialogState::Owed { since } => now.saturating_sub(since) < lost::LONGEST_OWED,
            _ => true,
        });
        self.answer_for_the_late(now);
        self.bridge_the_rest();
    }

    /// A message has come.
    pub(crate) fn received(&mut self, line: ConnectionId, bytes: &[u8], now: Duration) {
        let blank = bytes.iter().all(|b| matches!(b, b'\r' | b'\n'));
        if blank {
            if bytes.len() >= 4 {
                self.out.push(ExchangeAction::Send(line, b"\r\n".to_vec()));
            }
            return;
        }
        let Ok(message) = Message::websocket(bytes) else {
            tracing::warn!("a softphone sent something that is not SIP");
            return;
        };
        if message.code().is_some() {
            self.response(line, &message, now);
        } else {
            self.request(line, &message, now);
        }
    }

    /// Rings the softphone of a leg, over a connection that may be rung. False when there is none.
    pub(crate) fn ring(
        &mut self,
        ring: &LegInvite,
        may_ring: impl Fn(ConnectionId) -> bool,
    ) -> bool {
        let own = |d: &Dialog| (d.ucid, d.side) == (ring.ucid, ring.side);
        let again = self.dialogs.values().any(|d| d.wanted() && own(d));
        let binding = self.registrar.binding(&ring.extension, may_ring);
        let Some(binding) = binding.cloned() else { return false };
        if again {
            return true;
        }
        let domain = self.domain.clone();
        let (call_id, tag, branch) = (self.word(), self.word(), self.branch());
        let (display, local) = match &ring.from {
            Some(number) => (None, format!("sip:{number}@{domain}")),
            // RFC 3323, 4.1.1.3: how a caller without a name is written.
            None => (Some("Anonymous"), "sip:anonymous@anonymous.invalid".to_owned()),
        };
        let mut dialog = Dialog {
            line: Some(binding.line),
            ucid: ring.ucid,
            call: ring.call,
            side: ring.side,
            relay: ring.relay,
            offer: None,
            call_id,
            target: binding.softphone.contact.clone(),
            softphone: binding.softphone,
            display,
            local,
            local_tag: tag,
            remote: format!("sip:{}@{domain}", ring.extension),
            remote_tag: String::new(),
            branch,
            cseq: FIRST,
            invite: FIRST,
            remote_cseq: None,
            stage: DialogState::Calling { provisional: false },
            held: false,
            media: sdp::LocalSession::new(&mut self.rng),
            peer: None,
            again: None,
            alone: false,
        };
        let offer = match ring.relay {
            MediaSource::No => Some(dialog.media.offer()),
            MediaSource::First => None,
            MediaSource::Later => {
                dialog.media.be_active();
                Some(dialog.media.offer())
            }
            MediaSource::Second => self.held_offer(ring.call).or_else(|| {
                dialog.relay = MediaSource::No;
                Some(dialog.media.offer())
            }),
        };
        match dialog.invite(&domain, &ring.headers, offer.as_deref()) {
            Ok(invite) => {
                self.out.push(ExchangeAction::Send(binding.line, invite));
                self.dialogs.insert(dialog.call_id.clone(), dialog);
            }
            Err(error) => self.fails(ring.ucid, ring.side, &error),
        }
        true
    }

    /// A leg ends at once, because a message to its softphone cannot be written.
    fn fails(&mut self, ucid: u64, side: LegSide, error: &ComposeError) {
        let reason = format!("the softphone cannot be rung: {error}");
        tracing::warn!(%reason, "a leg fails");
        self.out.push(ExchangeAction::Fails(ucid, side, LegFailure::Unwritable(reason)));
    }

    /// The offer of the softphone that waits for this call's other one.
    fn held_offer(&self, call: u64) -> Option<String> {
        let held = |d: &&Dialog| d.call == call && d.waits_for_answer();
        self.dialogs.values().find(held)?.offer.clone()
    }

    /// The world has ended a leg: whatever of it is still up ends.
    pub(crate) fn ended(&mut self, ucid: u64, side: LegSide, now: Duration) {
        self.end_where(|d| (d.ucid, d.side) == (ucid, side), now);
    }

    /// The world has ended a call.
    pub(crate) fn call_ended(&mut self, call: u64, now: Duration) {
        self.end_where(|d| d.call == call, now);
    }

    fn end_where(&mut self, over: impl Fn(&Dialog) -> bool, now: Duration) {
        let over = self.dialogs.values().filter(|dialog| over(dialog));
        let over: Vec<String> = over.map(|dialog| dialog.call_id.clone()).collect();
        for call_id in over {
            self.hang_up(&call_id, now);
        }
    }

    fn hang_up(&mut self, call_id: &str, now: Duration) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(mut dialog) = self.remove(call_id) else { return };
        match dialog.stage {
            DialogState::Calling { provisional } => {
                dialog.stage = DialogState::Cancelled { sent: provisional, since: now };
                if provisional {
                    self.send(dialog.line, dialog.cancel(&domain));
                }
                self.dialogs.insert(call_id.to_owned(), dialog);
            }
            DialogState::Cancelled { .. } | DialogState::Owed { .. } => {
                self.dialogs.insert(call_id.to_owned(), dialog);
            }
            DialogState::Held { .. } | DialogState::Up if dialog.line.is_none() => {
                self.owe(dialog, now);
            }
            DialogState::Held { .. } | DialogState::Up => {
                if dialog.waits_for_answer() {
                    self.send(dialog.line, dialog.ack(&domain, &branch, None));
                }
                let branch = self.branch();
                self.send(dialog.line, dialog.bye(&domain, &branch));
            }
        }
    }

    /// Takes a dialog out; the one that its media went to has no peer any more.
    fn remove(&mut self, call_id: &str) -> Option<Dialog> {
        let mut dialog = self.dialogs.remove(call_id)?;
        let peer = dialog.peer.take();
        if let Some(peer) = peer.and_then(|peer| self.dialogs.get_mut(&peer))
            && peer.peer.as_deref() == Some(call_id)
        {
            peer.peer = None;
        }
        if let Some(again) = dialog.again.take() {
            self.disagreed_on(&again);
        }
        Some(dialog)
    }

    fn request(&mut self, line: ConnectionId, request: &Message<'_>, now: Duration) {
        let method = request.method();
        let sound = request.cseq().is_ok_and(|c| c.method().as_bytes() == method.as_bytes())
            && request.call_id().is_ok()
            && request.via().is_ok()
            && request.from().is_ok_and(|from| from.tag().is_some())
            && request.to().is_ok();
        if method.is("ACK") {
            return;
        }
        if !sound {
            return self.reply(line, request, &SipResponse::new(400, "Bad Request", "sim"));
        }
        if method.is("REGISTER") {
            return self.register(line, request, now);
        }
        let tagged = request.to().is_ok_and(|to| to.tag().is_some());
        if tagged {
            return self.within(line, request);
        }
        let reply = if method.is("OPTIONS") {
            SipResponse::new(200, "OK", "sim").header("Allow", ALLOW).header("Accept", sdp::KIND)
        } else if method.is("CANCEL") {
            SipResponse::new(481, "Call/Transaction Does Not Exist", "sim")
        } else if method.is("INVITE") {
            // Dials go over REST or the agent socket.
            SipResponse::new(403, "Forbidden", "sim")
        } else {
            SipResponse::new(405, "Method Not Allowed", "sim").header("Allow", ALLOW)
        };
        self.reply(line, request, &reply);
    }

    fn register(&mut self, line: ConnectionId, request: &Message<'_>, now: Duration) {
        let domain = self.domain.clone();
        let Some(nonce) = self.nonces.get(&line) else { return };
        let asked = (domain.as_str(), nonce.as_str());
        let registered = self.registrar.register(request, line, asked, now);
        self.reply(line, request, &registered.reply);
        if let Some((extension, there)) = registered.changed {
            self.out.push(ExchangeAction::Outside(extension, there));
        }
        for softphone in &registered.softphones {
            self.continue_on(line, softphone);
        }
    }

    fn reply(&mut self, line: ConnectionId, request: &Message<'_>, reply: &SipResponse<'_>) {
        self.send(Some(line), reply.to(request));
    }

    /// Sends over a connection; without one nothing can be sent.
    fn send(&mut self, line: Option<ConnectionId>, message: Result<Vec<u8>, ComposeError>) {
        match (line, message) {
            (Some(line), Ok(bytes)) => self.out.push(ExchangeAction::Send(line, bytes)),
            (None, Ok(_)) => tracing::debug!("a softphone has no connection"),
            (_, Err(error)) => tracing::warn!(%error, "a message could not be written"),
        }
    }

    fn word(&mut self) -> String {
        format!("{:032x}", self.rng.random::<u128>())
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{:016x}", self.rng.random::<u64>())
    }
}
