//! What goes into the state machine and what comes out.

use super::state::DisconnectReason;
use crate::mdl::token::request::TokenRequest;

/// Something that happened.
#[derive(Debug)]
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
