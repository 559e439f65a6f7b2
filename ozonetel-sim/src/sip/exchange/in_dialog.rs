//! What happens within a call: responses to our INVITEs, and what the softphone asks.

use std::time::Duration;

use sip_ucid::Message;

use super::{Exchange, ExchangeAction};
use crate::sip::compose::{ALLOW, SipResponse, contact};
use crate::sip::connection::ConnectionId;
use crate::sip::dialog::{Dialog, DialogState, FIRST, MediaSource, RelayedReinvite};
use crate::sip::sdp;
use crate::world::{LegSide, PhoneAction};

fn call_id(message: &Message<'_>) -> Option<String> {
    message.call_id().ok().map(sip_ucid::Text::to_owned_string)
}

fn body(message: &Message<'_>) -> Option<String> {
    let text = std::str::from_utf8(message.body()).ok()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn tag(message: &Message<'_>) -> String {
    let tag = message.to().ok().and_then(|to| to.tag());
    tag.map(sip_ucid::Text::to_owned_string).unwrap_or_default()
}

/// How a telephone refuses a call.
fn refusal(code: u16) -> PhoneAction {
    match code {
        408 | 480 | 487 => PhoneAction::NoAnswer,
        _ => PhoneAction::Busy,
    }
}

impl Exchange {
    /// A response to a request of ours; only those to INVITE matter.
    pub(super) fn response(&mut self, line: ConnectionId, message: &Message<'_>, now: Duration) {
        let (Some(id), Some(code), Ok(cseq)) = (call_id(message), message.code(), message.cseq())
        else {
            return;
        };
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|d| d.line == line) else { return };
        if !cseq.method().is("INVITE") || cseq.number() != dialog.invite {
            return;
        }
        if code >= 200 && dialog.again.is_none() && dialog.invite != FIRST && dialog.up() {
            // The final response came again: so does its ACK.
            return self.acknowledge(&id, None);
        }
        match (code, dialog.again.take()) {
            (100..200, again) => {
                dialog.again = again;
                self.provisional(&id);
            }
            (200..300, Some(again)) => self.agreed(&id, &again, body(message)),
            (200..300, None) => self.answered(&id, message, now),
            (_, Some(again)) => self.disagreed(&id, &again, message),
            (_, None) => self.refused(&id, code, message),
        }
    }

    fn provisional(&mut self, id: &str) {
        let domain = self.domain.clone();
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        match &mut dialog.stage {
            DialogState::Calling { provisional } => *provisional = true,
            DialogState::Cancelled { sent, .. } if !*sent => {
                *sent = true;
                let cancel = dialog.cancel(&domain);
                let line = dialog.line;
                self.send(line, cancel);
            }
            _ => {}
        }
    }

    /// The softphone was picked up.
    fn answered(&mut self, id: &str, message: &Message<'_>, now: Duration) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        match dialog.stage {
            DialogState::Up => return self.acknowledge(id, None),
            DialogState::Held => return,
            DialogState::Calling { .. } | DialogState::Cancelled { .. } => {}
        }
        let wanted = !matches!(dialog.stage, DialogState::Cancelled { .. });
        dialog.remote_tag = tag(message);
        let contact = message.contacts().flatten().find_map(|c| Some(c.address()?.uri()));
        if let Some(uri) = contact {
            dialog.target = uri.to_owned_string();
        }
        dialog.stage = DialogState::Up;
        let (ucid, side, relay) = (dialog.ucid, dialog.side, dialog.relay);
        let theirs = body(message);
        if !wanted {
            self.acknowledge(id, None);
            return self.hang_up(id, now);
        }
        match (relay, theirs) {
            (MediaSource::No, theirs) => {
                if let Some(answer) = &theirs {
                    dialog.media.answered(answer);
                }
                self.acknowledge(id, None);
            }
            (MediaSource::First, Some(offer)) => {
                dialog.stage = DialogState::Held;
                dialog.offer = Some(offer);
            }
            (MediaSource::Second, Some(answer)) => {
                self.acknowledge(id, None);
                self.bridge(id, ucid, &answer);
            }
            (MediaSource::First | MediaSource::Second, None) => {
                self.acknowledge(id, None);
                self.hang_up(id, now);
                return self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Busy));
            }
        }
        self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Answer));
    }

    /// The second telephone has answered the first one's offer.
    fn bridge(&mut self, id: &str, ucid: u64, answer: &str) {
        let first = |d: &&Dialog| d.ucid == ucid && d.stage == DialogState::Held;
        let Some(first) = self.dialogs.values().find(first).map(|d| d.call_id.clone()) else {
            return;
        };
        self.acknowledge(&first, Some(answer));
        for (this, that) in [(id, first.as_str()), (first.as_str(), id)] {
            if let Some(dialog) = self.dialogs.get_mut(this) {
                dialog.stage = DialogState::Up;
                dialog.peer = Some(that.to_owned());
            }
        }
    }

    fn acknowledge(&mut self, id: &str, answer: Option<&str>) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (line, ack) = (dialog.line, dialog.ack(&domain, &branch, answer));
        self.send(line, ack);
    }

    /// Sends another INVITE in a dialog that is up.
    fn invite_again(&mut self, id: &str, offer: &str, again: RelayedReinvite) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        dialog.cseq += 1;
        dialog.invite = dialog.cseq;
        dialog.branch = branch;
        dialog.again = Some(again);
        let (line, invite) = (dialog.line, dialog.invite(&domain, &[], Some(offer)));
        self.send(line, invite);
    }

    /// A re-INVITE that was passed on was answered.
    fn agreed(&mut self, id: &str, again: &RelayedReinvite, answer: Option<String>) {
        self.acknowledge(id, None);
        let reply = answer.map(|answer| SipResponse::new(200, "OK", "sim").body(answer));
        self.passed_on(again, reply);
    }

    fn disagreed(&mut self, id: &str, again: &RelayedReinvite, message: &Message<'_>) {
        let domain = self.domain.clone();
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (line, ack) = (dialog.line, dialog.ack_refusal(&domain, &tag(message)));
        self.send(line, ack);
        self.passed_on(again, None);
    }

    /// Answers the re-INVITE that was passed on.
    fn passed_on(&mut self, again: &RelayedReinvite, reply: Option<SipResponse<'static>>) {
        let Some(line) = self.dialogs.get(&again.from).map(|d| d.line) else { return };
        let Ok(request) = Message::websocket(&again.request) else { return };
        if let Some(offer) = body(&request).filter(|_| reply.is_some()) {
            self.held(&again.from, &offer);
        }
        let contact = contact(&self.domain);
        let reply = match reply {
            Some(reply) => reply.header("Contact", contact),
            None => SipResponse::new(488, "Not Acceptable Here", "sim"),
        };
        self.reply(line, &request, &reply);
    }

    fn refused(&mut self, id: &str, code: u16, message: &Message<'_>) {
        let domain = self.domain.clone();
        let Some(dialog) = self.dialogs.remove(id) else { return };
        self.send(dialog.line, dialog.ack_refusal(&domain, &tag(message)));
        if !matches!(dialog.stage, DialogState::Cancelled { .. }) {
            self.out.push(ExchangeAction::Phone(dialog.ucid, dialog.side, refusal(code)));
        }
    }

    /// A request within a dialog.
    pub(super) fn within(&mut self, line: ConnectionId, request: &Message<'_>) {
        let Some(id) = self.of(line, request) else {
            let reply = SipResponse::new(481, "Call/Transaction Does Not Exist", "sim");
            return self.reply(line, request, &reply);
        };
        let number = request.cseq().map(|c| c.number()).unwrap_or_default();
        let Some(dialog) = self.dialogs.get_mut(&id) else { return };
        if dialog.remote_cseq.is_some_and(|last| number <= last) {
            return self.reply(line, request, &SipResponse::new(500, "CSeq Out Of Order", "sim"));
        }
        dialog.remote_cseq = Some(number);
        let method = request.method();
        let ok = SipResponse::new(200, "OK", "sim");
        if method.is("BYE") {
            let (ucid, side) = (dialog.ucid, dialog.side);
            self.dialogs.remove(&id);
            self.reply(line, request, &ok);
            self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Hangup));
        } else if method.is("INVITE") || (method.is("UPDATE") && !request.body().is_empty()) {
            self.offered(&id, request);
        } else if method.is("INFO") || method.is("UPDATE") || method.is("OPTIONS") {
            self.reply(line, request, &ok.header("Allow", ALLOW));
        } else {
            let reply = SipResponse::new(405, "Method Not Allowed", "sim").header("Allow", ALLOW);
            self.reply(line, request, &reply);
        }
    }

    /// The dialog a request belongs to.
    fn of(&self, line: ConnectionId, request: &Message<'_>) -> Option<String> {
        let id = call_id(request)?;
        let dialog = self.dialogs.get(&id).filter(|d| d.line == line)?;
        let theirs = request.from().ok()?.tag()?;
        let ours = request.to().ok()?.tag()?;
        let fits = theirs.as_bytes() == dialog.remote_tag.as_bytes()
            && ours.as_bytes() == dialog.local_tag.as_bytes();
        fits.then_some(id)
    }

    /// The softphone wants another session: hold, or the end of it.
    fn offered(&mut self, id: &str, request: &Message<'_>) {
        let contact = contact(&self.domain);
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        let line = dialog.line;
        if dialog.again.is_some() || !dialog.up() {
            return self.reply(line, request, &SipResponse::new(491, "Request Pending", "sim"));
        }
        let offer = body(request);
        let peer = dialog.peer.clone().filter(|_| request.method().is("INVITE"));
        if let Some((peer, offer)) = peer.zip(offer.clone()) {
            let busy = self.dialogs.get(&peer).is_none_or(|p| p.again.is_some() || !p.up());
            if busy {
                return self.reply(line, request, &SipResponse::new(491, "Request Pending", "sim"));
            }
            let kept = [request.as_bytes(), request.body()].concat();
            let again = RelayedReinvite { from: id.to_owned(), request: kept };
            return self.invite_again(&peer, &offer, again);
        }
        let answer = match &offer {
            Some(offer) => dialog.media.answer(offer, &mut self.rng),
            None => Some(dialog.media.offer()),
        };
        if let Some(offer) = offer.filter(|_| answer.is_some()) {
            self.held(id, &offer);
        }
        let reply = match answer {
            Some(answer) => {
                SipResponse::new(200, "OK", "sim").header("Contact", contact).body(answer)
            }
            None => SipResponse::new(488, "Not Acceptable Here", "sim"),
        };
        self.reply(line, request, &reply);
    }

    /// An offer was agreed to: the agent's hold is the call's.
    fn held(&mut self, id: &str, offer: &str) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        let held = sdp::holds(offer);
        if dialog.held != held {
            dialog.held = held;
            if dialog.side == LegSide::Agent {
                self.out.push(ExchangeAction::Hold(dialog.ucid, held));
            }
        }
    }
}
