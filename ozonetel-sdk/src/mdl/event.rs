//! What the owner of a link gets to see.

use super::link::{Settled, State};
use super::mask::Mask;
use super::session::Snapshot;
use super::token::Token;

/// One item of the stream. All kinds come through the same stream, in the order in which they happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AgentEvent {
    /// The link's state changed.
    Link(State),
    /// The link is up again after a break: this was last known, and something may have been missed.
    Resumed(Snapshot),
    /// A token that answers no request, known or not, whole.
    Push(Token),
    /// The reply to a request; its settlement follows.
    Reply(Token),
    /// The first reply to a request that had been settled without one: for a dial whose outcome was unknown, the
    /// answer.
    Late(Token),
    /// A request settled.
    Settled(Settled),
}

impl AgentEvent {
    /// The name in `snake_case`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Link(_) | Self::Resumed(_) => "link",
            Self::Push(_) => "push",
            Self::Reply(_) | Self::Late(_) => "reply",
            Self::Settled(_) => "settled",
        }
    }

    /// The token, where there is one: the push, the reply, the request that settled.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Push(token) | Self::Reply(token) | Self::Late(token) => Some(token),
            Self::Settled(settled) => Some(&settled.request),
            Self::Link(_) | Self::Resumed(_) => None,
        }
    }

    /// The event as one flat object, masked: `event`, and where they apply `state`, `type`, `utid`, `token`.
    /// `state` is the link's state, `resumed`, or how a request settled; `late` marks a reply after its time. Why a
    /// link is down is in [`State::cause`].
    pub fn masked(&self, mask: &mut Mask) -> Token {
        let mut line = Token::from(serde_json::Map::new()).with("event", self.as_str());
        let state = match self {
            Self::Link(state) => Some(state.as_str()),
            Self::Resumed(_) => Some("resumed"),
            Self::Late(_) => Some("late"),
            Self::Settled(settled) => Some(settled.how.as_str()),
            Self::Push(_) | Self::Reply(_) => None,
        };
        if let Some(state) = state {
            line = line.with("state", state);
        }
        if let Some(token) = self.token() {
            let masked = mask.token(token);
            for field in ["type", "utid"] {
                if let Some(value) = masked.text(field) {
                    line = line.with(field, value);
                }
            }
            line = line.with("token", masked.fields().clone());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mdl::{Cause, Stop};
    use std::time::Duration;

    #[test]
    fn a_line_is_flat_and_masked() {
        let push =
            Token::parse(r#"{"type":"busyAgent","callerId":"9000000001","utid":3}"#).unwrap();
        for (event, want) in [
            (AgentEvent::Link(State::Up), r#"{"event":"link","state":"up"}"#),
            (
                AgentEvent::Link(State::Waiting { cause: Cause::Silence, pause: Duration::ZERO }),
                r#"{"event":"link","state":"waiting"}"#,
            ),
            (
                AgentEvent::Link(State::Stopped(Stop::Asked)),
                r#"{"event":"link","state":"stopped"}"#,
            ),
            (AgentEvent::Resumed(Snapshot::default()), r#"{"event":"link","state":"resumed"}"#),
            (
                AgentEvent::Push(push),
                r#"{"event":"push","token":{"callerId":"0000000001","type":"busyAgent","utid":3},"type":"busyAgent","utid":"3"}"#,
            ),
        ] {
            assert_eq!(event.masked(&mut Mask::default()).json(), want);
        }
    }
}
