//! What was said in a call, and what was suggested.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The other side of the call.
    Customer,
    /// The agent's microphone.
    Agent,
}

impl Speaker {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Customer, Self::Agent];

    /// The word in frames and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }

    /// The speaker with this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|one| one.as_str() == word)
    }
}

/// What an entry of a transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptKind {
    /// Words.
    Speech,
    /// Nothing is known of this time: frames were dropped, or the provider was away.
    Gap,
}

impl TranscriptKind {
    /// The word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Speech => "speech",
            Self::Gap => "gap",
        }
    }

    /// The kind with this word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Speech, Self::Gap].into_iter().find(|one| one.as_str() == word)
    }
}

/// One entry of a transcript. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptEntry {
    /// Its id; ids rise with time. An entry that is not final keeps its id until it is.
    pub id: String,
    /// What it is.
    pub kind: TranscriptKind,
    /// Who spoke, or whose audio is missing.
    pub speaker: Speaker,
    /// When it began, in milliseconds since the call's first audio.
    pub start_ms: i64,
    /// When it ended.
    pub end_ms: i64,
    /// The words, with numbers of cards and identities masked. One that may still turn out to be such a number is masked
    /// until that is known; the entry is then sent again.
    pub text: String,
    /// Whether the words are the provider's last word on this time.
    #[serde(rename = "final")]
    pub is_final: bool,
}

impl fmt::Debug for TranscriptEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TranscriptEntry")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("speaker", &self.speaker)
            .finish_non_exhaustive()
    }
}

/// What was suggested in a call. `Debug` shows no words.
#[derive(Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// Its id; ids rise with time.
    pub id: String,
    /// Plain text.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether the agent has put it away.
    pub dismissed: bool,
}

impl fmt::Debug for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suggestion").field("id", &self.id).finish_non_exhaustive()
    }
}
