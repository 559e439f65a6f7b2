//! Which way a call went.

use ozonetel_sdk::cdr::{CallType, CallTypeKind};
use ozonetel_sdk::mdl::SocketCallTypeKind;

use super::state::Direction;
use crate::core::fact::{Action, Fact, FactBody};

/// Which way a call went: outbound if this desk dialled it, else by the service's last word, else by its INVITE, else
/// as a front end said.
pub(super) fn direction(facts: &[Fact]) -> Option<Direction> {
    let ranked = |fact: &Fact| match &fact.body {
        FactBody::Dialed(_) => Some((3, Direction::Outbound)),
        FactBody::Event(event) => Some((2, by_type(event.call_type.as_ref())?)),
        FactBody::Callback(callback) => Some((2, by_type(callback.kind.as_ref())?)),
        FactBody::Row(row) => Some((2, by_type(row.kind.as_ref())?)),
        FactBody::Pushed { push, .. } => {
            let incoming = push.call_type.as_ref()?.kind()? == SocketCallTypeKind::Incoming;
            Some((2, if incoming { Direction::Inbound } else { Direction::Outbound }))
        }
        FactBody::Invited { invite, .. } => invite.caller.as_ref().map(|_| (1, Direction::Inbound)),
        FactBody::Acted(acted) => match &acted.action {
            Action::Dispose(said) => match said.direction.as_deref() {
                Some("inbound") => Some((0, Direction::Inbound)),
                Some("outbound") => Some((0, Direction::Outbound)),
                _ => None,
            },
            _ => None,
        },
        FactBody::Leg { .. } | FactBody::Kookoo(_) | FactBody::Elapsed { .. } => None,
    };
    // Of equal rank the last one counts.
    facts.iter().filter_map(ranked).max_by_key(|(rank, _)| *rank).map(|(_, way)| way)
}

fn by_type(kind: Option<&CallType>) -> Option<Direction> {
    match kind?.kind()? {
        CallTypeKind::Inbound => Some(Direction::Inbound),
        kind if kind.is_outbound() => Some(Direction::Outbound),
        _ => None,
    }
}
