//! What happens within a call: responses to our INVITEs, and what the softphone asks.

use std::time::Duration;

use sip_ucid::Message;

use super::{Exchange, ExchangeAction};
use crate::sip::compose::{ALLOW, SipResponse, check_target, contact};
use crate::sip::connection::ConnectionId;
use crate::sip::dialog::{Dialog, DialogState, FIRST, Reinvite};
use crate::sip::sdp;
use crate::world::{LegSide, PhoneAction};

fn call_id(message: &Message<'_>) -> Option<String> {
    message.call_id().ok().map(sip_ucid::Text::to_owned_string)
}

pub(super) fn body(message: &Message<'_>) -> Option<String> {
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
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|d| d.line == Some(line)) else {
            return;
        };
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
            (200..300, Some(again)) => self.agreed(&id, &again, body(message), now),
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
            DialogState::Held { .. } | DialogState::Owed { .. } => return,
            DialogState::Calling { .. } | DialogState::Cancelled { .. } => {}
        }
        let wanted = dialog.wanted();
        dialog.remote_tag = tag(message);
        dialog.stage = DialogState::Up;
        let (ucid, side, relay) = (dialog.ucid, dialog.side, dialog.relay);
        let contact = message.contacts().flatten().find_map(|c| Some(c.address()?.uri()));
        let target = contact.map(sip_ucid::Text::to_owned_string);
        // What is kept has to be writable. What cannot be written to is hung up on where it registered.
        match target.map(|uri| check_target(&uri).map(|()| uri)) {
            Some(Ok(uri)) => dialog.target = uri,
            None => {}
            Some(Err(error)) => {
                self.acknowledge(id, None);
                self.hang_up(id, now);
                if wanted {
                    self.fails(ucid, side, &error);
                }
                return;
            }
        }
        if !wanted {
            self.acknowledge(id, None);
            return self.hang_up(id, now);
        }
        if self.takes_media(id, relay, body(message), now) {
            self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Answer));
        } else {
            self.hang_up(id, now);
            self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Busy));
        }
    }

    pub(super) fn acknowledge(&mut self, id: &str, answer: Option<&str>) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (line, ack) = (dialog.line, dialog.ack(&domain, &branch, answer));
        self.send(line, ack);
    }

    fn disagreed(&mut self, id: &str, again: &Reinvite, message: &Message<'_>) {
        let domain = self.domain.clone();
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        // It does not talk with any other telephone than it does now.
        dialog.alone |= matches!(again, Reinvite::AsksForOffer);
        let (line, ack) = (dialog.line, dialog.ack_refusal(&domain, &tag(message)));
        self.send(line, ack);
        self.disagreed_on(again);
    }

    fn refused(&mut self, id: &str, code: u16, message: &Message<'_>) {
        let rings = |dialog: &Dialog| {
            matches!(dialog.stage, DialogState::Calling { .. } | DialogState::Cancelled { .. })
        };
        if !self.dialogs.get(id).is_some_and(rings) {
            return;
        }
        let domain = self.domain.clone();
        let Some(dialog) = self.remove(id) else { return };
        self.send(dialog.line, dialog.ack_refusal(&domain, &tag(message)));
        if dialog.wanted() {
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
            let (ucid, side, wanted) = (dialog.ucid, dialog.side, dialog.wanted());
            let lost = dialog.line.is_none();
            self.remove(&id);
            self.reply(line, request, &ok);
            if wanted && lost {
                self.out.push(ExchangeAction::Back(ucid, side));
            }
            if wanted {
                self.out.push(ExchangeAction::Phone(ucid, side, PhoneAction::Hangup));
            }
        } else if method.is("INVITE") || (method.is("UPDATE") && !request.body().is_empty()) {
            self.offered(&id, request);
        } else if method.is("INFO") || method.is("UPDATE") || method.is("OPTIONS") {
            self.reply(line, request, &ok.header("Allow", ALLOW));
        } else {
            let reply = SipResponse::new(405, "Method Not Allowed", "sim").header("Allow", ALLOW);
            self.reply(line, request, &reply);
        }
    }

    /// The dialog a request belongs to. One without a connection can be ended over any: its tags are known
    /// to its softphone alone.
    fn of(&self, line: ConnectionId, request: &Message<'_>) -> Option<String> {
        let id = call_id(request)?;
        let ends = request.method().is("BYE");
        let here = |own: Option<ConnectionId>| own.map_or(ends, |own| own == line);
        let dialog = self.dialogs.get(&id).filter(|dialog| here(dialog.line))?;
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
        let Some(line) = dialog.line else { return };
        if dialog.again.is_some() || !dialog.up() {
            return self.reply(line, request, &SipResponse::new(491, "Request Pending", "sim"));
        }
        let offer = body(request);
        let peer = dialog.peer.clone().filter(|_| request.method().is("INVITE"));
        if let Some((peer, offer)) = peer.zip(offer.clone()) {
            let free = |p: &Dialog| p.again.is_none() && p.up() && p.line.is_some();
            let busy = !self.dialogs.get(&peer).is_some_and(free);
            if busy {
                return self.reply(line, request, &SipResponse::new(491, "Request Pending", "sim"));
            }
            let kept = [request.as_bytes(), request.body()].concat();
            let again = Reinvite::Relayed { from: id.to_owned(), request: kept };
            return self.invite_again(&peer, Some(&offer), again);
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
    pub(super) fn held(&mut self, id: &str, offer: &str) {
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
