//! Requests: sent at most once, settled exactly once; and the end in good order, which waits for their replies.

use std::time::Duration;

use super::replies::Pending;
use super::steps::{How, NotSent, Output, Settled};
use super::{Limits, Link, State, Stop};
use crate::mdl::request::Request;
use crate::mdl::token::Utid;

impl Link {
    /// Writes a request, or settles it as not sent.
    pub(super) fn send(
        &mut self,
        now: Duration,
        ticket: u64,
        request: &Request,
        out: &mut Vec<Output>,
    ) {
        let refuse = |why| {
            let (utid, request) = (None, request.draft());
            Output::Settle(Settled { ticket, utid, request, how: How::NotSent(why) })
        };
        let (State::Up, Some(session)) = (self.state, &self.session) else {
            return out.push(refuse(NotSent::Down));
        };
        let Limits { pending: most, frame, .. } = self.limits;
        if self.replies.len() >= most {
            return out.push(refuse(NotSent::PendingFull { limit: most }));
        }
        // Measured with the longest id, so that an id is spent only on what is sent.
        if request.seal(&self.agent, session, Utid(u64::MAX)).json().len() > frame {
            return out.push(refuse(NotSent::TooLarge { limit: frame }));
        }
        let utid = self.replies.next();
        let token = request.seal(&self.agent, session, utid);
        let wait = request.reply_wait().unwrap_or(self.limits.reply_wait);
        let due = now.saturating_add(wait);
        self.replies.expect(utid, Pending { ticket, request: token.clone(), due });
        out.push(Output::Write(token));
    }

    pub(super) fn close(&mut self, now: Duration, out: &mut Vec<Output>) {
        match self.state {
            State::Idle | State::Connecting { .. } | State::Waiting { .. } => {
                self.stop(Stop::Asked, out);
            }
            State::Handshaking | State::Up => {
                self.enter(State::Closing, Some(now.saturating_add(self.limits.close_wait)), out);
                self.close_sent = false;
                self.close_if_drained(now, out);
            }
            State::Closing | State::Stopped(_) => {}
        }
    }

    pub(super) fn close_if_drained(&mut self, now: Duration, out: &mut Vec<Output>) {
        if self.state == State::Closing && !self.close_sent && self.replies.len() == 0 {
            self.close_sent = true;
            self.until = Some(now.saturating_add(self.limits.close_wait));
            out.push(Output::CloseFrame);
        }
    }

    pub(super) fn overdue(&mut self, now: Duration, out: &mut Vec<Output>) {
        for (utid, pending) in self.replies.due(now) {
            out.push(settle(utid, pending, How::NoReply));
        }
    }

    pub(super) fn settle_all(&mut self, out: &mut Vec<Output>) {
        for (utid, pending) in self.replies.drain() {
            out.push(settle(utid, pending, How::Unknown));
        }
    }
}

pub(super) fn settle(utid: Utid, pending: Pending, how: How) -> Output {
    let Pending { ticket, request, .. } = pending;
    Output::Settle(Settled { ticket, utid: Some(utid), request, how })
}
