//! Time: what is due when, the pings, and a peer that says nothing any more.

use std::time::Duration;

use super::steps::Output;
use super::{Cause, Link, Ping, State, Stop};
use crate::mdl::fault::Fault;
use crate::mdl::token::{SYSTEM_NS, Token};

impl Link {
    /// When the next [`Input::Tick`](super::Input::Tick) is wanted, if nothing else happens before.
    pub fn deadline(&self) -> Option<Duration> {
        let (beat, due) = match self.state {
            State::Up => {
                let dead =
                    self.beat.unanswered.map(|since| since.saturating_add(self.limits.silence));
                (
                    Some(dead.map_or(self.beat.next, |dead| dead.min(self.beat.next))),
                    self.replies.first_due(),
                )
            }
            State::Closing => (None, self.replies.first_due()),
            _ => (None, None),
        };
        [self.until, beat, due].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: Duration, out: &mut Vec<Output>) {
        let up = self.until.is_some_and(|until| until <= now);
        match self.state {
            State::Waiting { .. } if up => self.connect(now, out),
            State::Connecting { .. } if up => self.down(now, Cause::TimedOut, out),
            State::Handshaking if up => self.handshake_over(now, out),
            State::Closing if up && self.close_sent => self.stop(Stop::Asked, out),
            State::Closing => {
                self.overdue(now, out);
                if up {
                    self.settle_all(out);
                }
                self.close_if_drained(now, out);
            }
            State::Up => {
                self.overdue(now, out);
                self.pulse(now, out);
            }
            _ => {}
        }
    }

    fn handshake_over(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.handshake.time_up(&mut self.ids);
        if let Some(session) = self.ids.session() {
            return self.up(now, session, out);
        }
        let seen = std::mem::take(&mut self.seen);
        out.push(Output::Fault(Fault::Handshake { missing: self.ids.missing(), seen }));
        self.down(now, Cause::Handshake, out);
    }

    fn pulse(&mut self, now: Duration, out: &mut Vec<Output>) {
        if self
            .beat
            .unanswered
            .is_some_and(|since| now >= since.saturating_add(self.limits.silence))
        {
            return self.down(now, Cause::Silence, out);
        }
        if now < self.beat.next {
            return;
        }
        self.beat.next = now.saturating_add(self.limits.ping_every);
        self.beat.unanswered.get_or_insert(now);
        if self.limits.ping != Ping::Frame {
            let utid = self.replies.ping();
            let ping = Token::new("ping").with("ns", SYSTEM_NS).with("echo", true);
            out.push(Output::Write(ping.with("utid", utid.get())));
        }
        if self.limits.ping != Ping::Token {
            out.push(Output::Ping);
        }
    }
}
