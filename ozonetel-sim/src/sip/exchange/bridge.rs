//! Two softphones of one call: each gets the other's session, and the two talk directly.
//!
//! The agent's telephone is asked for an offer and gets its ACK when the customer's has answered that offer
//! (RFC 3725, first flow). Where this comes too late or the agent's telephone is another one by now, both
//! are asked again by re-INVITE. A browser's part in DTLS cannot change in a call, so the customer's always
//! has the active one, and a session of ours that stands in for a customer has it, too.

use std::time::Duration;

use sip_ucid::Message;

use super::Exchange;
use crate::sip::compose::{SipResponse, contact};
use crate::sip::dialog::{Dialog, DialogState, MediaSource, Reinvite};
use crate::world::LegSide;

/// How long a softphone waits for its ACK. After 32 s (RFC 3261, 13.3.1.4) it gives up.
const ACK_WAITS: Duration = Duration::from_secs(20);

impl Exchange {
    /// The customer's telephone has answered the offer of the agent's.
    pub(super) fn bridge(&mut self, id: &str, call: u64, answer: &str) {
        let first = |d: &&Dialog| d.call == call && d.waits_for_answer();
        // One that got an answer of ours in the meantime is asked again.
        let Some(first) = self.dialogs.values().find(first).map(|d| d.call_id.clone()) else {
            return self.bridge_the_rest();
        };
        self.acknowledge(&first, Some(answer));
        self.link(id, &first);
    }

    /// Two dialogs relay each other's media from now on.
    fn link(&mut self, one: &str, other: &str) {
        for (this, that) in [(one, other), (other, one)] {
            let Some(dialog) = self.dialogs.get_mut(this) else { continue };
            dialog.stage = DialogState::Up;
            dialog.offer = None;
            let before = dialog.peer.replace(that.to_owned()).filter(|before| before != that);
            if let Some(before) = before.and_then(|before| self.dialogs.get_mut(&before)) {
                before.peer = None;
            }
        }
    }

    /// Softphones that have waited for long enough get an answer of ours, so that they do not give up.
    pub(super) fn answer_for_the_late(&mut self, now: Duration) {
        let late = self.dialogs.values().filter(|dialog| match dialog.stage {
            DialogState::Held { since } => now.saturating_sub(since) >= ACK_WAITS,
            _ => false,
        });
        let late: Vec<String> = late.map(|dialog| dialog.call_id.clone()).collect();
        for id in late {
            self.stand_in(&id);
        }
    }

    /// Answers the offer of a softphone in place of the one that it is to talk to.
    fn stand_in(&mut self, id: &str) {
        let Some(dialog) = self.dialogs.get_mut(id).filter(|d| d.waits_for_answer()) else {
            return;
        };
        let offer = dialog.offer.take().unwrap_or_default();
        dialog.media.be_active();
        let answer = dialog.media.answer(&offer, &mut self.rng);
        dialog.stage = DialogState::Up;
        self.acknowledge(id, answer.as_deref());
    }

    /// Connects the softphones of calls whose agent's telephone is another one than before.
    pub(super) fn bridge_the_rest(&mut self) {
        let is_free = |d: &Dialog| {
            d.up() && d.line.is_some() && d.peer.is_none() && d.again.is_none() && !d.alone
        };
        let customers = self.dialogs.values().filter(|d| d.side == LegSide::Customer);
        let calls: Vec<u64> = customers.filter(|d| is_free(d)).map(|d| d.call).collect();
        for call in calls {
            let agent = |d: &&Dialog| d.call == call && d.side == LegSide::Agent && is_free(d);
            let agent = self.dialogs.values().find(agent).map(|d| d.call_id.clone());
            if let Some(agent) = agent {
                self.invite_again(&agent, None, Reinvite::AsksForOffer);
            }
        }
    }

    /// An agent's telephone has made an offer: the customer's gets it, if it is there already.
    pub(super) fn offer_to_customer(&mut self, id: &str, call: u64) {
        let customer = |d: &&Dialog| d.call == call && d.side == LegSide::Customer && d.up();
        let customer = self.dialogs.values().find(customer).map(|d| d.call_id.clone());
        let Some(customer) = customer else { return };
        let offer = self.dialogs.get(id).and_then(|d| d.offer.clone()).unwrap_or_default();
        let busy = self.dialogs.get(&customer).is_none_or(|d| d.again.is_some());
        if busy {
            return self.stand_in(id);
        }
        self.invite_again(&customer, Some(&offer), Reinvite::Offers { from: id.to_owned() });
    }

    /// Sends another INVITE in a dialog that is up.
    pub(super) fn invite_again(&mut self, id: &str, offer: Option<&str>, again: Reinvite) {
        let (domain, branch) = (self.domain.clone(), self.branch());
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        dialog.cseq += 1;
        dialog.invite = dialog.cseq;
        dialog.branch = branch;
        dialog.again = Some(again);
        let (line, invite) = (dialog.line, dialog.invite(&domain, &[], offer));
        self.send(line, invite);
    }

    /// A re-INVITE of ours was agreed to.
    pub(super) fn agreed(
        &mut self,
        id: &str,
        again: &Reinvite,
        theirs: Option<String>,
        now: Duration,
    ) {
        match again {
            Reinvite::Relayed { from, request } => {
                self.acknowledge(id, None);
                let reply = theirs.map(|answer| SipResponse::new(200, "OK", "sim").body(answer));
                self.passed_on(from, request, reply);
            }
            Reinvite::AsksForOffer => {
                let Some(dialog) = self.dialogs.get_mut(id) else { return };
                dialog.stage = DialogState::Held { since: now };
                dialog.offer = theirs;
                let call = dialog.call;
                self.offer_to_customer(id, call);
                // Without a customer's telephone there is no one to wait for.
                if !self.is_offered(id) {
                    self.stand_in(id);
                }
            }
            Reinvite::Offers { from } => {
                self.acknowledge(id, None);
                let waits = self.dialogs.get(from).is_some_and(Dialog::waits_for_answer);
                match theirs {
                    Some(answer) if waits => {
                        self.acknowledge(from, Some(&answer));
                        self.link(id, from);
                    }
                    _ => self.stand_in(from),
                }
            }
        }
    }

    /// Whether another softphone has been sent this one's offer.
    fn is_offered(&self, id: &str) -> bool {
        let offers = |again: &Reinvite| matches!(again, Reinvite::Offers { from } if from == id);
        self.dialogs.values().any(|dialog| dialog.again.as_ref().is_some_and(offers))
    }

    /// A re-INVITE of ours was not agreed to, or there will be no response.
    pub(super) fn disagreed_on(&mut self, again: &Reinvite) {
        match again {
            Reinvite::Relayed { from, request } => self.passed_on(from, request, None),
            Reinvite::AsksForOffer => {}
            Reinvite::Offers { from } => {
                if let Some(dialog) = self.dialogs.get_mut(from) {
                    dialog.alone = true;
                }
                self.stand_in(from);
            }
        }
    }

    /// Answers the re-INVITE that was passed on.
    fn passed_on(&mut self, from: &str, request: &[u8], reply: Option<SipResponse<'static>>) {
        let Some(line) = self.dialogs.get(from).and_then(|d| d.line) else { return };
        let Ok(request) = Message::websocket(request) else { return };
        if let Some(offer) = super::in_dialog::body(&request).filter(|_| reply.is_some()) {
            self.held(from, &offer);
        }
        let contact = contact(&self.domain);
        let reply = match reply {
            Some(reply) => reply.header("Contact", contact),
            None => SipResponse::new(488, "Not Acceptable Here", "sim"),
        };
        self.reply(line, &request, &reply);
    }

    /// Whether a softphone's session comes from another one, and how.
    pub(super) fn takes_media(
        &mut self,
        id: &str,
        relay: MediaSource,
        theirs: Option<String>,
        now: Duration,
    ) -> bool {
        let Some(dialog) = self.dialogs.get_mut(id) else { return false };
        let call = dialog.call;
        match (relay, theirs) {
            (MediaSource::No | MediaSource::Later, theirs) => {
                if let Some(answer) = &theirs {
                    dialog.media.answered(answer);
                }
                self.acknowledge(id, None);
            }
            (MediaSource::First, Some(offer)) => {
                dialog.stage = DialogState::Held { since: now };
                dialog.offer = Some(offer);
                self.offer_to_customer(id, call);
            }
            (MediaSource::Second, Some(answer)) => {
                self.acknowledge(id, None);
                self.bridge(id, call, &answer);
            }
            (MediaSource::First | MediaSource::Second, None) => {
                self.acknowledge(id, None);
                return false;
            }
        }
        true
    }
}
