//! The exchange: registrations, and a dialog for every leg of the world that a softphone takes.
//!
//! Pure: messages and time come in, messages and what they mean for the world go out.

mod in_dialog;

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sip_ucid::{Message, WriteError};

use super::compose::{ALLOW, SipResponse};
use super::connection::ConnectionId;
use super::dialog::{Dialog, DialogState, FIRST, LegInvite, MediaSource};
use super::registrar::Registrar;
use super::sdp;
use crate::world::{LegSide, PhoneAction};

/// What the exchange asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeAction {
    /// Send a message.
    Send(ConnectionId, Vec<u8>),
    /// A telephone for this extension is there, or no longer.
    Outside(String, bool),
    /// A telephone of a leg did something.
    Phone(u64, LegSide, PhoneAction),
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

    /// Whether a softphone rings for an extension.
    pub(crate) fn has(&self, extension: &str) -> bool {
        self.registrar.binding(extension).is_some()
    }

    /// The legs that have a dialog.
    pub(crate) fn legs(&self) -> Vec<(u64, LegSide)> {
        let wanted = |d: &&Dialog| !matches!(d.stage, DialogState::Cancelled { .. });
        self.dialogs.values().filter(wanted).map(|d| (d.ucid, d.side)).collect()
    }

    /// Whether the agent's softphone has a call on hold.
    pub(crate) fn holds(&self, ucid: u64) -> bool {
        self.dialogs.values().any(|d| d.held && (d.ucid, d.side) == (ucid, LegSide::Agent))
    }

    /// A connection is there.
    pub(crate) fn opened(&mut self, line: ConnectionId) {
        let nonce = self.word();
        self.nonces.insert(line, nonce);
    }

    /// A connection is gone, and with it its registrations and calls.
    pub(crate) fn closed(&mut self, line: ConnectionId) {
        self.nonces.remove(&line);
        for extension in self.registrar.line_closed(line) {
            self.out.push(ExchangeAction::Outside(extension, false));
        }
        let lost: Vec<String> =
            self.dialogs.values().filter(|d| d.line == line).map(|d| d.call_id.clone()).collect();
        for call_id in lost {
            let Some(dialog) = self.dialogs.remove(&call_id) else { continue };
            let action = match dialog.stage {
                DialogState::Cancelled { .. } => continue,
                DialogState::Calling { .. } => PhoneAction::NoAnswer,
                DialogState::Held | DialogState::Up => PhoneAction::Hangup,
            };
            self.out.push(ExchangeAction::Phone(dialog.ucid, dialog.side, action));
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Duration) {
        for extension in self.registrar.tick(now) {
            self.out.push(ExchangeAction::Outside(extension, false));
        }
        self.dialogs.retain(|_, dialog| match dialog.stage {
            DialogState::Cancelled { since, .. } => now.saturating_sub(since) < PATIENCE,
            _ => true,
        });
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

    /// Rings a softphone. False when none is registered.
    pub(crate) fn ring(&mut self, ring: &LegInvite) -> bool {
        let again = self.dialogs.values().any(|d| (d.ucid, d.side) == (ring.ucid, ring.side));
        let Some(binding) = self.registrar.binding(&ring.extension).cloned() else { return false };
        if again {
            return true;
        }
        let domain = self.domain.clone();
        let (call_id, tag, branch) = (self.word(), self.word(), self.branch());
        let mut dialog = Dialog {
            line: binding.line,
            ucid: ring.ucid,
            side: ring.side,
            relay: ring.relay,
            offer: None,
            call_id,
            target: binding.contact,
            local: format!("sip:{}@{domain}", ring.from),
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
        };
        let offer = match ring.relay {
            MediaSource::No => Some(dialog.media.offer()),
            MediaSource::First => None,
            MediaSource::Second => self.held_offer(ring.ucid).or_else(|| {
                dialog.relay = MediaSource::No;
                Some(dialog.media.offer())
            }),
        };
        let invite = dialog.invite(&domain, &ring.headers, offer.as_deref());
        let sent = invite.is_ok();
        self.send(dialog.line, invite);
        if sent {
            self.dialogs.insert(dialog.call_id.clone(), dialog);
        }
        sent
    }

    /// The offer of the softphone that waits for this call's other one.
    fn held_offer(&self, ucid: u64) -> Option<String> {
        let held = |d: &&Dialog| d.ucid == ucid && d.stage == DialogState::Held;
        self.dialogs.values().find(held)?.offer.clone()
    }

    /// The world has ended a leg: whatever of it is still up ends.
    pub(crate) fn ended(&mut self, ucid: u64, side: Option<LegSide>, now: Duration) {
        let over: Vec<String> = self
            .dialogs
            .values()
            .filter(|d| d.ucid == ucid && side.is_none_or(|s| s == d.side))
            .map(|d| d.call_id.clone())
            .collect();
        for call_id in over {
            self.hang_up(&call_id, now);
        }
    }

    fn hang_up(&mut self, call_id: &str, now: Duration) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(mut dialog) = self.dialogs.remove(call_id) else { return };
        match dialog.stage {
            DialogState::Calling { provisional } => {
                dialog.stage = DialogState::Cancelled { sent: provisional, since: now };
                if provisional {
                    self.send(dialog.line, dialog.cancel(&domain));
                }
                self.dialogs.insert(call_id.to_owned(), dialog);
            }
            DialogState::Cancelled { .. } => {
                self.dialogs.insert(call_id.to_owned(), dialog);
            }
            DialogState::Held | DialogState::Up => {
                if dialog.stage == DialogState::Held {
                    self.send(dialog.line, dialog.ack(&domain, &branch, None));
                }
                let branch = self.branch();
                self.send(dialog.line, dialog.bye(&domain, &branch));
            }
        }
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
            let domain = self.domain.clone();
            let Some(nonce) = self.nonces.get(&line) else { return };
            let asked = (domain.as_str(), nonce.as_str());
            let registered = self.registrar.register(request, line, asked, now);
            self.reply(line, request, &registered.reply);
            if let Some((extension, there)) = registered.changed {
                self.out.push(ExchangeAction::Outside(extension, there));
            }
            return;
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

    fn reply(&mut self, line: ConnectionId, request: &Message<'_>, reply: &SipResponse<'_>) {
        self.send(line, reply.to(request));
    }

    fn send(&mut self, line: ConnectionId, message: Result<Vec<u8>, WriteError>) {
        match message {
            Ok(bytes) => self.out.push(ExchangeAction::Send(line, bytes)),
            Err(error) => tracing::warn!(%error, "a message could not be written"),
        }
    }

    fn word(&mut self) -> String {
        format!("{:032x}", self.rng.random::<u128>())
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{:016x}", self.rng.random::<u64>())
    }
}
