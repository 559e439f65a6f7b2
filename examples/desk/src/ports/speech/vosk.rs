//! The WebSocket of a Vosk server, a local engine: it takes a configuration as JSON, then samples, and answers with
//! partial results and results.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use url::Url;

use super::deepgram::{Socket, connect, millis, send, text_of};
use super::{HeardWords, SpeechError, SpeechStream, SpeechToText};
use crate::core::assist::audio_frame::RATE;
use crate::core::assist::transcript::Speaker;

/// A Vosk server.
#[derive(Clone)]
pub struct Vosk {
    url: Url,
}

impl fmt::Debug for Vosk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vosk").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Vosk {
    /// The one at an address.
    pub fn new(url: Url) -> Self {
        Self { url }
    }
}

#[async_trait]
impl SpeechToText for Vosk {
    fn name(&self) -> &'static str {
        "vosk"
    }

    async fn open(&self, _: Speaker) -> Result<Box<dyn SpeechStream>, SpeechError> {
        let request = self.url.as_str().into_client_request();
        let mut socket = connect(request.map_err(|_| SpeechError::Unreachable)?).await?;
        let config = format!(r#"{{"config":{{"sample_rate":{RATE},"words":1}}}}"#);
        send(&mut socket, Message::text(config)).await?;
        Ok(Box::new(VoskStream { socket, sent: 0, said_to_ms: 0, is_finished: false }))
    }
}

struct VoskStream {
    socket: Socket,
    /// How many samples were sent.
    sent: i64,
    /// Up to where there are results.
    said_to_ms: i64,
    is_finished: bool,
}

#[derive(Deserialize)]
struct VoskMessage {
    partial: Option<String>,
    text: Option<String>,
    #[serde(default)]
    result: Vec<VoskWord>,
}

#[derive(Deserialize)]
struct VoskWord {
    start: f64,
    end: f64,
}

/// The words in a message. A partial result has no times: it is about what was sent since the last result.
fn words_of(text: &str, said_to_ms: i64, sent_ms: i64) -> Result<HeardWords, SpeechError> {
    let message: VoskMessage = serde_json::from_str(text).map_err(|_| SpeechError::Garbage)?;
    let (text, is_final) = match (message.text, message.partial) {
        (Some(text), _) => (text, true),
        (None, Some(partial)) => (partial, false),
        (None, None) => return Err(SpeechError::Garbage),
    };
    let (first, last) = (message.result.first(), message.result.last());
    let from_ms = first.map_or(Ok(said_to_ms), |word| millis(word.start))?;
    let to_ms = last.map_or(Ok(sent_ms), |word| millis(word.end))?;
    Ok(HeardWords { from_ms, to_ms: to_ms.max(from_ms), text, is_final })
}

#[async_trait]
impl SpeechStream for VoskStream {
    async fn send(&mut self, samples: Bytes) -> Result<(), SpeechError> {
        let count = i64::try_from(samples.len() / 2).unwrap_or(0);
        self.sent = self.sent.saturating_add(count);
        send(&mut self.socket, Message::Binary(samples)).await
    }

    async fn keep_alive(&mut self) -> Result<(), SpeechError> {
        send(&mut self.socket, Message::Ping(Bytes::new())).await
    }

    async fn flush(&mut self) -> Result<i64, SpeechError> {
        // Half a second of silence ends an utterance; there is no command for it.
        let silence = vec![0; RATE as usize];
        self.send(silence.into()).await?;
        Ok(500)
    }

    async fn finish(&mut self) -> Result<(), SpeechError> {
        self.is_finished = true;
        send(&mut self.socket, Message::text(r#"{"eof" : 1}"#)).await
    }

    async fn next(&mut self) -> Result<Option<HeardWords>, SpeechError> {
        match text_of(&mut self.socket).await {
            Ok(Some(text)) => {
                let sent_ms = self.sent.saturating_mul(1_000) / i64::from(RATE);
                let words = words_of(&text, self.said_to_ms, sent_ms)?;
                if words.is_final {
                    self.said_to_ms = words.to_ms;
                }
                Ok(Some(words))
            }
            Ok(None) | Err(SpeechError::Ended(_)) if self.is_finished => Ok(None),
            Ok(None) => Err(SpeechError::Ended(Some(1000))),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_times_of_their_words_and_partial_ones_those_since() {
        let text = r#"{"result":[{"word":"good","start":3.45,"end":4.26,"conf":1},
            {"word":"day","start":4.26,"end":5.07,"conf":1}],"text":"good day"}"#;
        let words = words_of(text, 1_000, 9_000).unwrap();
        assert_eq!((words.from_ms, words.to_ms, words.is_final), (3_450, 5_070, true));
        let words = words_of(r#"{"partial" : "good"}"#, 1_000, 9_000).unwrap();
        assert_eq!((words.from_ms, words.to_ms, words.is_final), (1_000, 9_000, false));
        assert_eq!(words_of(r#"{"text":""}"#, 0, 5).unwrap().text, "");
        for wrong in ["", "{}", "[]", r#"{"text":"x","result":[{"start":-1,"end":1}]}"#] {
            assert_eq!(words_of(wrong, 0, 0), Err(SpeechError::Garbage), "{wrong}");
        }
    }
}
