//! What goes into the state machine and what comes out.

use std::fmt;

use super::state::DisconnectReason;
use crate::mdl::token::request::TokenRequest;

/// Something that happened. `Debug` shows of a frame its length.
#[non_exhaustive]
pub enum LinkInput<'a> {
    /// Begin.
    Start,
    /// The connection that was asked for is open.
    Opened,
    /// A text frame.
    Text(&'a str),
    /// A binary frame.
    Binary,
    /// A frame without content for us: the other side lives.
    Heard,
    /// The connection could not be made, or broke.
    Failed(DisconnectReason),
    /// The other side closed the connection, with this code if it sent one.
    Closed(Option<u16>),
    /// Time has passed.
    Tick,
    /// A request. The ticket is the caller's: it comes back when the request settles.
    Send {
        /// Any number of the caller's; it comes back when the request settles.
        ticket: u64,
        /// The request.
        request: TokenRequest,
    },
    /// End in good order.
    Close,
}

impl fmt::Debug for LinkInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Opened => f.write_str("Opened"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary => f.write_str("Binary"),
            Self::Heard => f.write_str("Heard"),
            Self::Failed(reason) => f.debug_tuple("Failed").field(reason).finish(),
            Self::Closed(code) => f.debug_tuple("Closed").field(code).finish(),
            Self::Tick => f.write_str("Tick"),
            Self::Send { ticket, request } => write!(f, "Send({ticket}, {request:?})"),
            Self::Close => f.write_str("Close"),
        }
    }
}
