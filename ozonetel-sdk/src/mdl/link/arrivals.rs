//! Frames: whose reply a token is, and what is passed on.

use std::time::Duration;

use super::Link;
use super::handshake::SessionIds;
use super::output::{LinkOutput, Settlement, SkippedFrame};
use super::replies::ReplyMatch;
use super::requests::settle;
use super::state::LinkState;
use super::tracker::{is_of_another, is_of_another_account};
use crate::mdl::token::push::SocketPush;
use crate::mdl::token::{EVENTS, SYSTEM_NS, Token, short_kind};
use serde_json::Value;

/// Types of tokens that are listed when a handshake fails.
const SEEN: usize = 32;

impl Link {
    pub(super) fn text(&mut self, now: Duration, text: &str, out: &mut Vec<LinkOutput>) {
        self.beat.unanswered = None;
        let Ok(token) = Token::parse(text) else {
            self.counters.not_tokens += 1;
            out.push(LinkOutput::Skipped(SkippedFrame::NotAToken));
            return;
        };
        let answers = token.is_reply().then(|| self.replies.take(&token));
        match &answers {
            Some(ReplyMatch::First(_, pending)) => {
                self.name_session(&token, Some(&pending.request));
            }
            // What it may be the echo of is no longer known.
            Some(ReplyMatch::Late | ReplyMatch::Again) => {}
            Some(ReplyMatch::Ping | ReplyMatch::Stranger) | None => self.name_session(&token, None),
        }
        if self.state == LinkState::Handshaking {
            if self.seen.len() < SEEN {
                self.seen.push(token.kind().map_or_else(|| "-".into(), short_kind));
            }
            self.handshake.look(&token, &mut self.ids);
        }
        match answers {
            Some(answers) => self.reply(now, token, answers, out),
            None => self.push(token, out),
        }
        if self.state == LinkState::Handshaking
            && let Some(session) = self.ids.session()
        {
            self.up(now, session, out);
        }
    }

    /// Puts an id that came under its very name in the place of one that stood in for it; not one that is in the request
    /// which the token answers, since that may be no more than its echo.
    fn name_session(&mut self, token: &Token, request: Option<&Token>) {
        if is_of_another(&self.agent, token) || is_of_another_account(&self.agent, token) {
            return;
        }
        let (mut found, mut sent) = (SessionIds::default(), SessionIds::default());
        self.handshake.named(token, &mut found);
        if let Some(request) = request {
            self.handshake.named(request, &mut sent);
        }
        let mut changed = false;
        for (id, known, found, sent) in [
            (&mut self.ids.us_id, &mut self.named.us_id, found.us_id, sent.us_id),
            (
                &mut self.ids.browser_session_id,
                &mut self.named.browser_session_id,
                found.browser_session_id,
                sent.browser_session_id,
            ),
        ] {
            if known.is_none() && found.is_some() && found != *id && found != sent {
                known.clone_from(&found);
                *id = found;
                changed = true;
            }
        }
        if changed && self.session.is_some() {
            self.session = self.ids.session();
        }
    }

    fn reply(
        &mut self,
        now: Duration,
        token: Token,
        answers: ReplyMatch,
        out: &mut Vec<LinkOutput>,
    ) {
        match answers {
            ReplyMatch::First(utid, pending) => {
                self.tracker.see(&self.agent, &token, &SocketPush::Other);
                out.push(LinkOutput::Reply(token.clone()));
                out.push(settle(utid, pending, Settlement::Reply(token)));
                self.close_if_drained(now, out);
            }
            ReplyMatch::Late => {
                self.counters.late_replies += 1;
                self.tracker.see(&self.agent, &token, &SocketPush::Other);
                out.push(LinkOutput::Late(token));
            }
            ReplyMatch::Again => self.counters.repeated_replies += 1,
            ReplyMatch::Ping => {}
            ReplyMatch::Stranger => self.push(token, out),
        }
    }

    fn push(&mut self, token: Token, out: &mut Vec<LinkOutput>) {
        if is_about_others(&token) {
            self.counters.others += 1;
            return;
        }
        let push = token.push();
        let answered = match &push {
            SocketPush::Answered(_) => Some(true),
            SocketPush::Dropped(_) => Some(false),
            _ => None,
        };
        if answered.is_some_and(|answered| self.recent.has(&token, answered)) {
            self.counters.repeated_pushes += 1;
            return;
        }
        self.tracker.see(&self.agent, &token, &push);
        out.push(LinkOutput::Push(token));
    }
}

/// A system event about another client. Where the namespace is missing, the type decides; an event with a name that is
/// not one of these is not known to be one.
fn is_about_others(token: &Token) -> bool {
    let system = token.ns().is_none_or(|ns| ns == SYSTEM_NS);
    let named = token.get("name").and_then(Value::as_str);
    system && token.kind() == Some("event") && named.is_some_and(|name| EVENTS.contains(&name))
}
