//! An event as one masked line.

use super::mask::Mask;
use crate::mdl::link::event::SocketEvent;
use crate::mdl::token::Token;

impl SocketEvent {
    /// The event as one flat object, masked: `event`, and where they apply `state`, `type`, `utid`, `token`.
    /// `state` is the link's state, `resumed`, or how a request settled; `late` marks a reply after its time. Why a
    /// link is down is in [`LinkState::cause`](crate::mdl::LinkState::cause).
    pub fn masked(&self, mask: &Mask) -> Token {
        let mut line = Token::from(serde_json::Map::new()).with("event", self.as_str());
        let state = match self {
            Self::Link(state) => Some(state.as_str()),
            Self::Resumed(_) => Some("resumed"),
            Self::Late(_) => Some("late"),
            Self::Settled(settled) => Some(settled.settlement.as_str()),
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
    use crate::mdl::link::state::{DisconnectReason, LinkState, StopReason};
    use crate::mdl::link::tracker::AgentSnapshot;
    use std::time::Duration;

    #[test]
    fn a_line_is_flat_and_masked() {
        let push =
            Token::parse(r#"{"type":"busyAgent","callerId":"9000000417","utid":3}"#).unwrap();
        for (event, want) in [
            (SocketEvent::Link(LinkState::Up), r#"{"event":"link","state":"up"}"#),
            (
                SocketEvent::Link(LinkState::Waiting {
                    cause: DisconnectReason::Silence,
                    pause: Duration::ZERO,
                }),
                r#"{"event":"link","state":"waiting"}"#,
            ),
            (
                SocketEvent::Link(LinkState::Stopped(StopReason::Asked)),
                r#"{"event":"link","state":"stopped"}"#,
            ),
            (
                SocketEvent::Resumed(AgentSnapshot::default()),
                r#"{"event":"link","state":"resumed"}"#,
            ),
            (
                SocketEvent::Push(push),
                r#"{"event":"push","token":{"callerId":"9000000001","type":"busyAgent","utid":3},"type":"busyAgent","utid":"3"}"#,
            ),
        ] {
            assert_eq!(event.masked(&Mask::default()).json(), want);
        }
    }
}
