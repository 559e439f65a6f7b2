//! What the owner of a link gets to see.

use super::output::{LinkOutput, SettledRequest};
use super::state::LinkState;
use super::tracker::AgentSnapshot;
use crate::mdl::token::Token;

/// One item of the stream. All kinds come through the same stream, in the order in which they happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SocketEvent {
    /// The link's state changed.
    Link(LinkState),
    /// The link is up again after a break: this was last known, and something may have been missed.
    Resumed(AgentSnapshot),
    /// A token that answers no request, known or not, whole.
    Push(Token),
    /// The reply to a request; its settlement follows.
    Reply(Token),
    /// The first reply to a request that had been settled without one: for a dial whose outcome was unknown, the
    /// answer.
    Late(Token),
    /// A request settled.
    Settled(SettledRequest),
}

impl SocketEvent {
    /// What the owner of a link sees of an output.
    pub(crate) fn of(output: LinkOutput) -> Option<Self> {
        match output {
            LinkOutput::State(state) => Some(Self::Link(state)),
            LinkOutput::Resumed(snapshot) => Some(Self::Resumed(snapshot)),
            LinkOutput::Push(token) => Some(Self::Push(token)),
            LinkOutput::Reply(token) => Some(Self::Reply(token)),
            LinkOutput::Late(token) => Some(Self::Late(token)),
            LinkOutput::Settle(settled) => Some(Self::Settled(settled)),
            _ => None,
        }
    }

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
}
