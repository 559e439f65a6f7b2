//! A verb that is being done, and what it results in.

use std::time::Duration;

use crate::world::ids::CallKey;
use crate::world::time::Timestamp;

/// A verb that takes its time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RunningVerb {
    /// Something is played.
    Plays,
    /// Keys are waited for.
    Keys { most: usize, end: Option<char>, got: String },
    /// The person is recorded.
    Records,
    /// Words are waited for.
    Listens,
    /// The person's call is connected onwards: a telephone rings.
    Rings { talk: Option<Duration>, limit: Option<Duration>, records: bool },
    /// The person talks to the one who was dialled.
    Talks { since: Timestamp, records: bool },
    /// In a room.
    Room,
    /// The audio goes elsewhere.
    Streams,
    /// With the agents of a skill.
    Agents(CallKey),
}

impl RunningVerb {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Plays => "plays",
            Self::Keys { .. } => "collects",
            Self::Records => "records",
            Self::Listens => "listens",
            Self::Rings { .. } => "dials",
            Self::Talks { .. } => "talks",
            Self::Room => "conference",
            Self::Streams => "streams",
            Self::Agents(_) => "agents",
        }
    }

    /// The word of `process` when the person hangs up.
    pub(super) fn process(&self) -> Option<&'static str> {
        match self {
            Self::Rings { .. } | Self::Talks { .. } => Some("dial"),
            Self::Streams => Some("stream"),
            _ => None,
        }
    }
}

/// What a verb resulted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VerbResult {
    Keys(String),
    Recording(String),
    Speech(String),
    Dialed { answered: bool, seconds: u64, data: String },
    Streamed,
}
