//! Time: what is due when, the pings, and a peer that has fallen silent.

use super::Link;
use super::fault::SocketFault;
use super::limits::PingKind;
use super::output::LinkOutput;
use super::state::{DisconnectReason, LinkState, StopReason};
use crate::mdl::token::{SYSTEM_NS, Token};
use std::time::Duration;

impl Link {
    /// When the next [`LinkInput::Tick`](super::LinkInput::Tick) is wanted, if nothing else happens before.
    pub fn deadline(&self) -> Option<Duration> {
        let (beat, due) = match self.state {
            LinkState::Up => {
                let dead =
                    self.beat.unanswered.map(|since| since.saturating_add(self.limits.silence));
                (
                    Some(dead.map_or(self.beat.next, |dead| dead.min(self.beat.next))),
                    self.replies.first_due(),
                )
            }
            LinkState::Closing => (None, self.replies.first_due()),
            _ => (None, None),
        };
        [self.until, beat, due].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        let up = self.until.is_some_and(|until| until <= now);
        match self.state {
            LinkState::Waiting { .. } if up => self.connect(now, out),
            LinkState::Connecting { .. } if up => self.down(now, DisconnectReason::TimedOut, out),
            LinkState::Handshaking if up => self.handshake_over(now, out),
            LinkState::Closing if up && self.close_sent => self.stop(StopReason::Asked, out),
            LinkState::Closing => {
                self.overdue(now, out);
                if up {
                    self.settle_all(out);
                }
                self.close_if_drained(now, out);
            }
            LinkState::Up => {
                self.overdue(now, out);
                self.pulse(now, out);
            }
            _ => {}
        }
    }

    fn handshake_over(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        self.handshake.time_up(&mut self.ids);
        if let Some(session) = self.ids.session() {
            return self.up(now, session, out);
        }
        let seen = std::mem::take(&mut self.seen);
        out.push(LinkOutput::Fault(SocketFault::Handshake { missing: self.ids.missing(), seen }));
        self.down(now, DisconnectReason::Handshake, out);
    }

    fn pulse(&mut self, now: Duration, out: &mut Vec<LinkOutput>) {
        if self
            .beat
            .unanswered
            .is_some_and(|since| now >= since.saturating_add(self.limits.silence))
        {
            return self.down(now, DisconnectReason::Silence, out);
        }
        if now < self.beat.next {
            return;
        }
        self.beat.next = now.saturating_add(self.limits.ping_every);
        self.beat.unanswered.get_or_insert(now);
        if self.limits.ping != PingKind::Frame {
            let utid = self.replies.ping();
            let ping = Token::new("ping").with("ns", SYSTEM_NS).with("echo", true);
            out.push(LinkOutput::Write(ping.with("utid", utid.get())));
        }
        if self.limits.ping != PingKind::Token {
            out.push(LinkOutput::Ping);
        }
    }
}
