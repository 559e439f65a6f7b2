//! Which way a phone call went.

use ozonetel_sdk::cdr::{CallRecord, CallTypeKind};

/// Which way a phone call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A customer called.
    Inbound,
    /// An agent or the service dialled.
    Outbound,
}

impl Direction {
    /// `inbound` or `outbound`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// By a row's type; `None` for one that says neither.
    pub fn of(record: &CallRecord) -> Option<Self> {
        match record.kind.as_ref()?.kind()? {
            CallTypeKind::Inbound => Some(Self::Inbound),
            kind if kind.is_outbound() => Some(Self::Outbound),
            _ => None,
        }
    }
}
