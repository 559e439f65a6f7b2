//! The frames of audio that a page sends: 100 ms of one speaker, with a head of 16 bytes.

use std::fmt;

use bytes::Bytes;

use super::transcript::Speaker;

/// How many bytes a head has.
const HEAD: usize = 16;

/// How many bytes of samples a frame has: 1600 of 16 bits.
pub const SAMPLES: usize = 3_200;

/// How long a frame is, in milliseconds.
pub const FRAME_MS: i64 = 100;

/// How many samples a second has.
pub const RATE: u32 = 16_000;

/// A frame of audio. `Debug` shows no samples.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioFrame {
    /// Whose it is.
    pub speaker: Speaker,
    /// Its number among the speaker's; it begins at 0.
    pub sequence: u32,
    /// When its first sample was taken, by the page's clock of audio.
    pub captured_ms: u64,
    /// Samples: 16 bits, little endian, mono, 16 kHz.
    pub samples: Bytes,
}

impl fmt::Debug for AudioFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioFrame")
            .field("speaker", &self.speaker)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is longer or shorter than a frame is.
    #[error("a frame has 3216 bytes")]
    Length,
    /// Its head begins with another number than 1.
    #[error("the version of a frame is 1")]
    Version,
    /// It is of neither speaker.
    #[error("the channel of a frame is 0 or 1")]
    Channel,
    /// It has flags that are not known.
    #[error("the flags of a frame are 0")]
    Flags,
}

impl AudioFrame {
    /// The frame in a message.
    ///
    /// # Errors
    /// [`FrameError`].
    ///
    /// ```
    /// use desk::core::assist::audio_frame::{AudioFrame, FrameError};
    /// use desk::core::assist::transcript::Speaker;
    ///
    /// let mut message = vec![0; 3216];
    /// (message[0], message[1], message[4]) = (1, 1, 7);
    /// let frame = AudioFrame::parse(message.into()).unwrap();
    /// assert_eq!((frame.speaker, frame.sequence, frame.samples.len()), (Speaker::Agent, 7, 3200));
    /// assert_eq!(AudioFrame::parse(vec![1].into()), Err(FrameError::Length));
    /// ```
    pub fn parse(mut message: Bytes) -> Result<Self, FrameError> {
        if message.len() != HEAD + SAMPLES {
            return Err(FrameError::Length);
        }
        let samples = message.split_off(HEAD);
        let head: [u8; HEAD] = message.as_ref().try_into().map_err(|_| FrameError::Length)?;
        let [version, channel, f0, f1, s0, s1, s2, s3, at @ ..] = head;
        if version != 1 {
            return Err(FrameError::Version);
        }
        let speaker = match channel {
            0 => Speaker::Customer,
            1 => Speaker::Agent,
            _ => return Err(FrameError::Channel),
        };
        if u16::from_le_bytes([f0, f1]) != 0 {
            return Err(FrameError::Flags);
        }
        let sequence = u32::from_le_bytes([s0, s1, s2, s3]);
        Ok(Self { speaker, sequence, captured_ms: u64::from_le_bytes(at), samples })
    }

    /// The message of a frame, for those who send one.
    pub fn message(&self) -> Vec<u8> {
        let channel = u8::from(self.speaker == Speaker::Agent);
        let mut message = vec![1, channel, 0, 0];
        message.extend(self.sequence.to_le_bytes());
        message.extend(self.captured_ms.to_le_bytes());
        message.extend_from_slice(&self.samples);
        message
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> Vec<u8> {
        let mut message = vec![0; HEAD + SAMPLES];
        message[0] = 1;
        message
    }

    #[test]
    fn what_is_wrong_with_a_frame_is_named() {
        for (at, value, error) in [
            (0, 0, FrameError::Version),
            (0, 2, FrameError::Version),
            (1, 2, FrameError::Channel),
            (2, 1, FrameError::Flags),
            (3, 128, FrameError::Flags),
        ] {
            let mut message = message();
            message[at] = value;
            assert_eq!(AudioFrame::parse(message.into()), Err(error), "{at}");
        }
        for length in [0, HEAD, HEAD + SAMPLES - 1, HEAD + SAMPLES + 1] {
            assert_eq!(AudioFrame::parse(vec![1; length].into()), Err(FrameError::Length));
        }
    }

    proptest! {
        #[test]
        fn a_frame_is_what_was_sent(agent: bool, sequence: u32, captured_ms: u64, fill: u8) {
            let speaker = if agent { Speaker::Agent } else { Speaker::Customer };
            let samples = Bytes::from(vec![fill; SAMPLES]);
            let frame = AudioFrame { speaker, sequence, captured_ms, samples };
            prop_assert_eq!(AudioFrame::parse(frame.message().into()), Ok(frame));
        }

        #[test]
        fn any_message_is_taken(message in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(AudioFrame::parse(message.into()), Err(FrameError::Length));
        }
    }
}
