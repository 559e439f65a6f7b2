//! One call of a softphone: what RFC 3261 calls a dialog, from its INVITE to its BYE.
//!
//! A WebSocket is a reliable transport: nothing is sent again, and no timer of a transaction is
//! needed but the one that gives up.

use std::time::Duration;

use super::compose::{ComposeError, SipRequest};
use super::connection::{ConnectionId, SoftphoneId};
use super::sdp;
use crate::world::LegSide;

/// A leg of the world that rings at a softphone.
#[derive(Clone, Debug)]
pub(crate) struct LegInvite {
    /// The leg's own id in the world.
    pub(crate) ucid: u64,
    /// The call's id in the world.
    pub(crate) call: u64,
    /// Whose telephone it is.
    pub(crate) side: LegSide,
    /// The extension that rings.
    pub(crate) extension: String,
    /// The agent whose telephone it is.
    pub(crate) agent: Option<String>,
    /// The number in From; none when it is withheld.
    pub(crate) from: Option<String>,
    /// Headers that say which call it is.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Where its session comes from.
    pub(crate) relay: MediaSource,
}

/// Whose session a softphone is offered.
///
/// Between two softphones it is RFC 3725's first flow: the first is asked for an offer, the second
/// gets it, and the first's ACK waits for the answer. A session of ours in between would not do:
/// browsers do not get over a change of the other side's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaSource {
    /// Ours, without media.
    No,
    /// None: it makes the offer.
    First,
    /// The first one's.
    Second,
    /// Ours, until the telephone that the customer talks to has left.
    Later,
}

/// How far a dialog is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DialogState {
    /// The INVITE is out.
    Calling {
        /// Something came back: it may be cancelled.
        provisional: bool,
    },
    /// The call is not wanted any more.
    Cancelled {
        /// Whether CANCEL is out.
        sent: bool,
        /// When.
        since: Duration,
    },
    /// Answered; ACK waits for the other telephone's answer.
    Held {
        /// Since when.
        since: Duration,
    },
    /// Answered.
    Up,
    /// Over, but its softphone has no connection over which that could be said.
    Owed {
        /// Since when.
        since: Duration,
    },
}

/// What a re-INVITE of ours is for.
#[derive(Clone, Debug)]
pub(super) enum Reinvite {
    /// It passes on one of the other softphone's.
    Relayed {
        /// The dialog it came in.
        from: String,
        /// Its text, for the response.
        request: Vec<u8>,
    },
    /// It asks for an offer, which goes to another softphone.
    AsksForOffer,
    /// It carries another softphone's offer; the answer goes into that one's ACK.
    Offers {
        /// The dialog that made the offer.
        from: String,
    },
}

/// One dialog. We placed the call.
#[derive(Debug)]
pub(super) struct Dialog {
    /// Its connection; none while it is lost.
    pub(super) line: Option<ConnectionId>,
    pub(super) softphone: SoftphoneId,
    pub(super) ucid: u64,
    pub(super) call: u64,
    pub(super) side: LegSide,
    pub(super) relay: MediaSource,
    /// What it offered, while ACK waits.
    pub(super) offer: Option<String>,
    pub(super) call_id: String,
    pub(super) target: String,
    pub(super) display: Option<&'static str>,
    pub(super) local: String,
    pub(super) local_tag: String,
    pub(super) remote: String,
    pub(super) remote_tag: String,
    pub(super) branch: String,
    pub(super) cseq: u32,
    /// CSeq of the last INVITE of ours.
    pub(super) invite: u32,
    pub(super) remote_cseq: Option<u32>,
    pub(super) stage: DialogState,
    /// Whether this softphone has put the other side on hold.
    pub(super) held: bool,
    pub(super) media: sdp::LocalSession,
    /// The dialog that media is relayed with.
    pub(super) peer: Option<String>,
    pub(super) again: Option<Reinvite>,
    /// No other session can be agreed on.
    pub(super) alone: bool,
}

/// The first CSeq of our own requests.
pub(super) const FIRST: u32 = 1;

impl Dialog {
    pub(super) fn up(&self) -> bool {
        self.stage == DialogState::Up
    }

    pub(super) fn waits_for_answer(&self) -> bool {
        matches!(self.stage, DialogState::Held { .. })
    }

    /// Still wanted: neither cancelled nor over.
    pub(super) fn wanted(&self) -> bool {
        !matches!(self.stage, DialogState::Cancelled { .. } | DialogState::Owed { .. })
    }

    fn ask<'a>(&'a self, method: &'a str, branch: &'a str, domain: &'a str) -> SipRequest<'a> {
        SipRequest {
            method,
            target: &self.target,
            branch,
            domain,
            display: self.display,
            from: (&self.local, &self.local_tag),
            to: (&self.remote, &self.remote_tag),
            call_id: &self.call_id,
            cseq: self.invite,
            headers: &[],
            body: None,
        }
    }

    /// INVITE, the first one or another.
    pub(super) fn invite(
        &self,
        domain: &str,
        headers: &[(&'static str, String)],
        body: Option<&str>,
    ) -> Result<Vec<u8>, ComposeError> {
        SipRequest { headers, body, ..self.ask("INVITE", &self.branch, domain) }.write()
    }

    /// CANCEL of the INVITE.
    pub(super) fn cancel(&self, domain: &str) -> Result<Vec<u8>, ComposeError> {
        self.ask("CANCEL", &self.branch, domain).write()
    }

    /// ACK of a refusal, part of the INVITE's transaction; the response gives To's tag.
    pub(super) fn ack_refusal(&self, domain: &str, tag: &str) -> Result<Vec<u8>, ComposeError> {
        SipRequest { to: (&self.remote, tag), ..self.ask("ACK", &self.branch, domain) }.write()
    }

    /// ACK of an answer, a transaction of its own.
    pub(super) fn ack(
        &self,
        domain: &str,
        branch: &str,
        body: Option<&str>,
    ) -> Result<Vec<u8>, ComposeError> {
        SipRequest { body, ..self.ask("ACK", branch, domain) }.write()
    }

    /// BYE.
    pub(super) fn bye(&mut self, domain: &str, branch: &str) -> Result<Vec<u8>, ComposeError> {
        self.cseq += 1;
        SipRequest { cseq: self.cseq, ..self.ask("BYE", branch, domain) }.write()
    }
}
