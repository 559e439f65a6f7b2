//! Frames: whose reply a token is, and what is handed on.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde_json::Value;

use super::replies::Match;
use super::requests::settle;
use super::steps::{How, Output, Skip};
use super::{Link, State};
use crate::mdl::token::{SYSTEM_NS, Token, brief};
use crate::mdl::view::Push;

/// Types of tokens that are listed when a handshake fails.
const SEEN: usize = 32;

/// Pushes that are remembered, to recognise one that is sent twice.
const RECENT: usize = 64;

impl Link {
    pub(super) fn text(&mut self, now: Duration, text: &str, out: &mut Vec<Output>) {
        self.beat.unanswered = None;
        let Ok(token) = Token::parse(text) else {
            self.counters.not_tokens += 1;
            out.push(Output::Skipped(Skip::NotAToken));
            return;
        };
        if self.state == State::Handshaking {
            if self.seen.len() < SEEN {
                self.seen.push(token.kind().map_or_else(|| "-".into(), brief));
            }
            self.handshake.look(&token, &mut self.ids);
        }
        if token.is_reply() {
            self.reply(now, token, out);
        } else {
            self.push(token, out);
        }
        if self.state == State::Handshaking
            && let Some(session) = self.ids.session()
        {
            self.up(now, session, out);
        }
    }

    fn reply(&mut self, now: Duration, token: Token, out: &mut Vec<Output>) {
        match self.replies.take(&token) {
            Match::First(utid, pending) => {
                self.tracker.see(&self.agent, &token, &Push::Other);
                out.push(Output::Reply(token.clone()));
                out.push(settle(utid, pending, How::Reply(token)));
                self.close_if_drained(now, out);
            }
            Match::Late => {
                self.counters.late_replies += 1;
                self.tracker.see(&self.agent, &token, &Push::Other);
                out.push(Output::Late(token));
            }
            Match::Again => self.counters.repeated_replies += 1,
            Match::Ping => {}
            Match::Stranger => self.push(token, out),
        }
    }

    fn push(&mut self, token: Token, out: &mut Vec<Output>) {
        if is_about_others(&token) {
            self.counters.others += 1;
            return;
        }
        let push = token.push();
        if matches!(push, Push::Answered(_) | Push::Dropped(_)) && self.seen_before(&token) {
            self.counters.repeated_pushes += 1;
            return;
        }
        self.tracker.see(&self.agent, &token, &push);
        out.push(Output::Push(token));
    }

    /// Only pushes about a call that has an id can be told from two that look alike.
    fn seen_before(&mut self, token: &Token) -> bool {
        if token.ucid().is_none() {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        for (name, value) in token.fields().iter().filter(|(name, _)| *name != "utid") {
            (name, value.to_string()).hash(&mut hasher);
        }
        let print = hasher.finish();
        if self.recent.contains(&print) {
            return true;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(print);
        false
    }
}

/// A system event about another client. Where the namespace is missing, the type tells; an event with a name that is
/// not one of these is not known to be one.
fn is_about_others(token: &Token) -> bool {
    let system = token.ns().is_none_or(|ns| ns == SYSTEM_NS);
    let named = token.get("name").and_then(Value::as_str);
    system
        && token.kind() == Some("event")
        && named.is_some_and(|name| ["connect", "disconnect", "login", "logout"].contains(&name))
}
