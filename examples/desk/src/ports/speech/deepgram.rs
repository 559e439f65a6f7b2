//! Deepgram's streaming interface: a WebSocket that takes samples as binary frames, and commands and results as JSON.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use ozonetel_sdk::auth::Secret;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::Url;

use super::{HeardWords, LONGEST, PATIENCE, SpeechError, SpeechStream, SpeechToText};
use crate::core::assist::audio_frame::RATE;
use crate::core::assist::transcript::Speaker;

/// Where it is.
pub const URL: &str = "wss://api.deepgram.com/v1/listen";

/// The model that is asked for where none is named.
pub const MODEL: &str = "nova-3";

/// How Deepgram is asked.
#[derive(Clone)]
pub struct Deepgram {
    url: Url,
    key: Secret,
    model: String,
    language: Option<String>,
}

impl fmt::Debug for Deepgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deepgram")
            .field("host", &self.url.host_str())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl Deepgram {
    /// At an address, with a key.
    pub fn new(url: Url, key: Secret, model: String, language: Option<String>) -> Self {
        Self { url, key, model, language }
    }

    fn address(&self, speaker: Speaker) -> Url {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("model", &self.model)
            .append_pair("encoding", "linear16")
            .append_pair("sample_rate", &RATE.to_string())
            .append_pair("channels", "1")
            .append_pair("interim_results", "true")
            .append_pair("punctuate", "true")
            .append_pair("vad_events", "true")
            .append_pair("utterance_end_ms", "1000")
            .append_pair("extra", &format!("speaker:{}", speaker.as_str()));
        if let Some(language) = &self.language {
            query.append_pair("language", language);
        }
        drop(query);
        url
    }
}

/// A connection that is open.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a connection, in time.
pub(super) async fn connect(request: http::Request<()>) -> Result<Socket, SpeechError> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
        .max_write_buffer_size(1 << 20);
    let connecting = connect_async_with_config(request, Some(config), true);
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(response))) if response.status().is_client_error() => {
            Err(SpeechError::Refused(response.status().as_u16()))
        }
        Ok(Err(_)) | Err(_) => Err(SpeechError::Unreachable),
    }
}

/// The text of the next message; `None` at the end.
pub(super) async fn text_of(socket: &mut Socket) -> Result<Option<String>, SpeechError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map(|frame| u16::from(frame.code));
                return match code {
                    None | Some(1000 | 1005) => Ok(None),
                    Some(_) => Err(SpeechError::Ended(code)),
                };
            }
            Some(Ok(Message::Binary(_)) | Err(Error::Utf8(_) | Error::Capacity(_))) => {
                return Err(SpeechError::Garbage);
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(SpeechError::Ended(None)),
        }
    }
}

/// Sends a message.
pub(super) async fn send(socket: &mut Socket, message: Message) -> Result<(), SpeechError> {
    match tokio::time::timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(SpeechError::Ended(None)),
    }
}

#[async_trait]
impl SpeechToText for Deepgram {
    fn name(&self) -> &'static str {
        "deepgram"
    }

    async fn open(&self, speaker: Speaker) -> Result<Box<dyn SpeechStream>, SpeechError> {
        let request = self.address(speaker).as_str().into_client_request();
        let mut request = request.map_err(|_| SpeechError::Unreachable)?;
        let key = HeaderValue::from_str(&format!("Token {}", self.key.reveal()));
        let mut key = key.map_err(|_| SpeechError::Refused(401))?;
        key.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, key);
        Ok(Box::new(DeepgramStream { socket: connect(request).await?, is_finished: false }))
    }
}

struct DeepgramStream {
    socket: Socket,
    is_finished: bool,
}

/// What comes, as far as it is used. Types that are not known are passed over.
#[derive(Deserialize)]
struct DeepgramMessage {
    #[serde(rename = "type")]
    kind: String,
    start: Option<f64>,
    duration: Option<f64>,
    is_final: Option<bool>,
    channel: Option<DeepgramChannel>,
}

/// `[0, 1]` in the messages that are no results.
#[derive(Deserialize)]
#[serde(untagged)]
enum DeepgramChannel {
    Heard { alternatives: Vec<DeepgramAlternative> },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct DeepgramAlternative {
    transcript: String,
}

/// The words in a message; `None` for one that has none.
pub(super) fn words_of(text: &str) -> Result<Option<HeardWords>, SpeechError> {
    let message: DeepgramMessage = serde_json::from_str(text).map_err(|_| SpeechError::Garbage)?;
    if message.kind != "Results" {
        return Ok(None);
    }
    let (Some(start), Some(duration), Some(DeepgramChannel::Heard { alternatives })) =
        (message.start, message.duration, message.channel)
    else {
        return Err(SpeechError::Garbage);
    };
    let first = alternatives.into_iter().next().ok_or(SpeechError::Garbage)?;
    let from_ms = millis(start)?;
    Ok(Some(HeardWords {
        from_ms,
        to_ms: from_ms.saturating_add(millis(duration)?),
        text: first.transcript,
        is_final: message.is_final.unwrap_or(false),
    }))
}

/// Seconds of a day at most, as milliseconds.
pub(super) fn millis(seconds: f64) -> Result<i64, SpeechError> {
    let duration = std::time::Duration::try_from_secs_f64(seconds);
    let ms = duration.ok().and_then(|duration| i64::try_from(duration.as_millis()).ok());
    ms.filter(|ms| *ms <= 24 * 3_600_000).ok_or(SpeechError::Garbage)
}

#[async_trait]
impl SpeechStream for DeepgramStream {
    async fn send(&mut self, samples: Bytes) -> Result<(), SpeechError> {
        // An empty frame would end the stream.
        if samples.is_empty() {
            Ok(())
        } else {
            send(&mut self.socket, Message::Binary(samples)).await
        }
    }

    async fn keep_alive(&mut self) -> Result<(), SpeechError> {
        send(&mut self.socket, Message::text(r#"{"type":"KeepAlive"}"#)).await
    }

    async fn flush(&mut self) -> Result<i64, SpeechError> {
        send(&mut self.socket, Message::text(r#"{"type":"Finalize"}"#)).await?;
        Ok(0)
    }

    async fn finish(&mut self) -> Result<(), SpeechError> {
        self.is_finished = true;
        send(&mut self.socket, Message::text(r#"{"type":"CloseStream"}"#)).await
    }

    async fn next(&mut self) -> Result<Option<HeardWords>, SpeechError> {
        loop {
            match text_of(&mut self.socket).await {
                Ok(Some(text)) => {
                    if let Some(words) = words_of(&text)? {
                        return Ok(Some(words));
                    }
                }
                Ok(None) | Err(SpeechError::Ended(_)) if self.is_finished => return Ok(None),
                Ok(None) => return Err(SpeechError::Ended(Some(1000))),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_and_other_messages_are_passed_over() {
        let text = r#"{"type":"Results","channel_index":[0,1],"duration":1.5,"start":2.25,"is_final":true,
            "speech_final":true,"from_finalize":false,"metadata":{"request_id":"x"},
            "channel":{"alternatives":[{"transcript":"hello there","confidence":0.9,"words":[]}]}}"#;
        let words = words_of(text).unwrap().unwrap();
        assert_eq!((words.from_ms, words.to_ms, words.is_final), (2_250, 3_750, true));
        assert_eq!(words.text, "hello there");
        for text in [
            r#"{"type":"Metadata","channels":1,"duration":3.0}"#,
            r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.3}"#,
            r#"{"type":"SpeechStarted","channel":[0,1],"timestamp":9.5}"#,
            r#"{"type":"SomethingNew","start":"x"}"#,
        ] {
            let found = words_of(text);
            assert!(matches!(found, Ok(None)) || text.contains("SomethingNew"), "{found:?}");
        }
        for text in [
            "",
            "x",
            "[]",
            "{}",
            r#"{"type":"Results"}"#,
            r#"{"type":"Results","start":-1,"duration":1,"channel":{"alternatives":[{"transcript":""}]}}"#,
            r#"{"type":"Results","start":1e300,"duration":1,"channel":{"alternatives":[{"transcript":""}]}}"#,
            r#"{"type":"Results","start":1,"duration":1,"channel":{"alternatives":[]}}"#,
            r#"{"type":"Results","start":1,"duration":1,"channel":[0,1]}"#,
        ] {
            assert_eq!(words_of(text), Err(SpeechError::Garbage), "{text}");
        }
    }

    #[test]
    fn the_address_says_what_is_sent_and_nothing_shows_the_key() {
        let url = Url::parse(URL).unwrap();
        let hears = Deepgram::new(url, "hunter2".into(), MODEL.into(), Some("hi".into()));
        let address = hears.address(Speaker::Agent).to_string();
        for part in [
            "wss://api.deepgram.com/v1/listen?model=nova-3",
            "encoding=linear16",
            "sample_rate=16000",
            "channels=1",
            "interim_results=true",
            "language=hi",
            "extra=speaker%3Aagent",
        ] {
            assert!(address.contains(part), "{address}");
        }
        assert!(!format!("{hears:?} {address}").contains("hunter2"));
    }
}
