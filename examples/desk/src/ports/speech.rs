//! Who hears what is said: one trait, and an adapter for each provider.

pub mod deepgram;
pub mod vosk;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::core::assist::transcript::Speaker;

/// How long a connection may take to be made.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The longest message of a provider that is read.
pub const LONGEST: usize = 256 << 10;

/// Words of one time.
#[derive(Clone, PartialEq, Eq)]
pub struct HeardWords {
    /// Where they begin in the audio that was sent, in milliseconds.
    pub from_ms: i64,
    /// Where they end.
    pub to_ms: i64,
    /// The words; none are heard of silence.
    pub text: String,
    /// Whether they change no more.
    pub is_final: bool,
}

impl fmt::Debug for HeardWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeardWords").field("is_final", &self.is_final).finish_non_exhaustive()
    }
}

/// Why a provider hears no more. Texts of theirs are not part of it: they may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// No connection was made: there is none, or not in time.
    #[error("no connection could be made")]
    Unreachable,
    /// The provider does not take the key or the settings: trying again changes nothing.
    #[error("the provider refuses the connection ({0})")]
    Refused(u16),
    /// The connection ended, with this code if there was one.
    #[error("the connection has ended ({0:?})")]
    Ended(Option<u16>),
    /// What came is not of the protocol.
    #[error("what came is not of the protocol")]
    Garbage,
}

/// Hears one speaker of a call.
#[async_trait]
pub trait SpeechToText: Send + Sync + fmt::Debug {
    /// The provider's name, for metrics.
    fn name(&self) -> &'static str;

    /// Opens a stream for one speaker.
    ///
    /// # Errors
    /// [`SpeechError`].
    ///
    /// # Cancel safety
    /// What was opened is closed.
    async fn open(&self, speaker: Speaker) -> Result<Box<dyn SpeechStream>, SpeechError>;
}

/// A stream of one speaker's audio to a provider, and of words back.
#[async_trait]
pub trait SpeechStream: Send {
    /// Sends samples: 16 bits, little endian, mono, 16 kHz.
    ///
    /// # Errors
    /// The connection has ended.
    ///
    /// # Cancel safety
    /// The samples may have been sent.
    async fn send(&mut self, samples: Bytes) -> Result<(), SpeechError>;

    /// Keeps the stream open while there is nothing to send.
    ///
    /// # Errors
    /// The connection has ended.
    async fn keep_alive(&mut self) -> Result<(), SpeechError>;

    /// Nothing more is sent now: what was heard is to come soon, as final. How many milliseconds of silence that took,
    /// which count in the times of later words.
    ///
    /// # Errors
    /// The connection has ended.
    async fn flush(&mut self) -> Result<i64, SpeechError>;

    /// Nothing more is sent at all: the rest comes, and then the end.
    ///
    /// # Errors
    /// The connection has ended.
    async fn finish(&mut self) -> Result<(), SpeechError>;

    /// The next words; `None` once the provider has ended a stream that was finished.
    ///
    /// # Errors
    /// [`SpeechError`].
    ///
    /// # Cancel safety
    /// Nothing is lost.
    async fn next(&mut self) -> Result<Option<HeardWords>, SpeechError>;
}
