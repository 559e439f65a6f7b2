//! Requests: sent at most once, settled exactly once; and the end in good order, which waits for their replies.

use super::Link;
use super::limits::LinkLimits;
use super::output::{LinkOutput, NotSentReason, SettledRequest, Settlement};
use super::replies::PendingRequest;
use super::state::{LinkState, StopReason};
use crate::mdl::token::Utid;
use crate::mdl::token::request::TokenRequest;
use std::time::Duration;

impl Link {
    /// Writes a request, or settles it as not sent.
    pub(super) fn send(
        &mut self,
        now: Duration,
        ticket: u64,
        request: &TokenRequest,
        out: &mut Vec<LinkOutput>,
    ) {
        let refuse = |why| {
            let (utid, request) = (None, request.draft());
            LinkOutput::Settle(SettledRequest {
                ticket,
                utid,
                request,
                settlement: Settlement::NotSent(why),
            })
        };
        let (LinkState::Up, Some(session)) = (self.state, &self.session) else {
            return out.push(refuse(NotSentReason::Down));
        };
        let LinkLimits { pending: most, frame, .. } = self.limits;
        if self.replies.len() >= most {
            return out.push(refuse(NotSentReason::PendingFull { limit: most }));
        }
        // Measured with the longest id, so that an id is spent only on what is sent.
        if request.seal(&self.agent, session, Utid(u64::MAX)).json().len() > frame {
            return out.push(refuse(NotSentReason::TooLarge { limit: frame }));
        }
        let utid = self.replies.next();
        let token = request.seal(&self.agent, session, utid);
        let wait = request.reply_wait().unwrap_or(self.limits.reply_wait);
        let due = now.saturating_add(wait);
        self.replies.expect(utid, PendingRequest { ticket, request: token.clone(), due });
        out.push(LinkOutput::Write(token));
    }

    pub(super) fn close(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        match self.state {
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Waiting { .. } => {
                self.stop(StopReason::Asked, out);
            }
            LinkState::Handshaking | LinkState::Up => {
                self.enter(
                    LinkState::Closing,
                    Some(now.saturating_add(self.limits.close_wait)),
                    out,
                );
                self.close_sent = false;
                self.close_if_drained(now, out);
            }
            LinkState::Closing | LinkState::Stopped(_) => {}
        }
    }

    pub(super) fn close_if_drained(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        if self.state == LinkState::Closing && !self.close_sent && self.replies.len() == 0 {
            self.close_sent = true;
            self.until = Some(now.saturating_add(self.limits.close_wait));
            out.push(LinkOutput::CloseFrame);
        }
    }

    pub(super) fn overdue(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        for (utid, pending) in self.replies.due(now) {
            out.push(settle(utid, pending, Settlement::NoReply));
        }
    }

    pub(super) fn settle_all(&mut self, out: &mut Vec<LinkOutput>) {
        for (utid, pending) in self.replies.drain() {
            out.push(settle(utid, pending, Settlement::Unknown));
        }
    }
}

pub(super) fn settle(utid: Utid, pending: PendingRequest, settlement: Settlement) -> LinkOutput {
    let PendingRequest { ticket, request, .. } = pending;
    LinkOutput::Settle(SettledRequest { ticket, utid: Some(utid), request, settlement })
}
