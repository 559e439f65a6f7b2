//! What happens, to those who watch: from the log of events to every listener that may see it.
//!
//! [`audience`] says who sees what, [`hub`] carries new events of this process and of others to the listeners that see
//! them, each with a `mailbox`; [`stream`] is one listener: what it missed, then what happens, in order, without a gap.

pub mod audience;
pub mod hub;
mod mailbox;
pub mod stream;

pub use hub::EventHub;
pub use stream::{Frame, Snapshots};
