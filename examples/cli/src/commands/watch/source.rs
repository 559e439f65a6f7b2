//! Where the wallboard gets its news from: one task that sends changes until no one listens.

pub(super) mod agent_socket;
pub(super) mod desk;
pub(super) mod poll;
pub(super) mod push;
pub(super) mod simulator;

use tokio::sync::mpsc;

use super::board::Change;

/// Changes on their way to the board: bounded, so that a source that is faster than the board waits.
pub(super) type Changes = mpsc::Sender<Change>;

/// Changes that wait, at most.
pub(super) const WAITING: usize = 1024;
