//! The stand-ins that hear: Deepgram's frames, and a Vosk server's.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use ozonetel_sdk::client::SystemClock;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::recogniser::{Recogniser, Spoken, loudness};
use super::{HeardPiece, HeardStream, MOST, Shared, StandInFault, StandInFaults};
use crate::core::assist::transcript::Speaker;
use crate::epoch::epoch_ms;

/// How late the slow one is.
const LATE: Duration = Duration::from_secs(3);

/// How long silence may last: the documented limit.
const SILENCE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
pub(super) struct ListenQuery {
    extra: Option<String>,
    encoding: Option<String>,
    sample_rate: Option<u32>,
    channels: Option<u32>,
}

/// A command of the client.
#[derive(Deserialize)]
struct Command {
    #[serde(rename = "type")]
    kind: String,
}

pub(super) async fn listen(
    State(shared): State<Shared>,
    Query(query): Query<ListenQuery>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let key = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let has_key = key.is_some_and(|key| key.starts_with("Token ") && key.len() > 6);
    let fault = shared.faults.borrow().speech;
    if !has_key || fault == StandInFault::Refuse {
        return (StatusCode::UNAUTHORIZED, [("dg-error", "Invalid credentials.")]).into_response();
    }
    if fault == StandInFault::Die {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let is_known = query.encoding.as_deref() == Some("linear16")
        && query.sample_rate == Some(16_000)
        && query.channels == Some(1);
    if !is_known {
        return (StatusCode::BAD_REQUEST, [("dg-error", "Unsupported audio.")]).into_response();
    }
    let speaker =
        query.extra.as_deref().and_then(|extra| Speaker::of(extra.strip_prefix("speaker:")?));
    upgrade.on_upgrade(move |socket| Stream::new(shared, speaker).deepgram(socket))
}

pub(super) async fn vosk(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    if shared.faults.borrow().speech == StandInFault::Die {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade.on_upgrade(move |socket| Stream::new(shared, None).vosk(socket))
}

/// One connection.
struct Stream {
    shared: Shared,
    speaker: Option<Speaker>,
    number: u64,
    recogniser: Recogniser,
    faults: watch::Receiver<StandInFaults>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.change(|stream| stream.open = false);
    }
}

impl Stream {
    fn new(shared: Shared, speaker: Option<Speaker>) -> Self {
        let number = shared.kept(|kept| {
            let number = kept.count;
            kept.count += 1;
            if kept.streams.len() >= MOST.0 {
                kept.streams.pop_front();
            }
            let stream = HeardStream { speaker, open: true, bytes: 0, pieces: VecDeque::new() };
            kept.streams.push_back((number, stream));
            number
        });
        let faults = shared.faults.subscribe();
        Self { shared, speaker, number, recogniser: Recogniser::default(), faults }
    }

    fn change(&self, work: impl FnOnce(&mut HeardStream)) {
        self.shared.kept(|kept| {
            let found = kept.streams.iter_mut().find(|(number, _)| *number == self.number);
            if let Some((_, stream)) = found {
                work(stream);
            }
        });
    }

    fn fault(&self) -> StandInFault {
        self.faults.borrow().speech
    }

    fn hear(&mut self, samples: &[u8]) -> Vec<Spoken> {
        let (loudness, onset) = loudness(samples);
        let (sample, bytes) = (self.recogniser.place(), samples.len() as u64);
        let onset = onset.map(|onset| sample + onset);
        let piece = HeardPiece { at: epoch_ms(&SystemClock), sample, loudness, onset };
        self.change(|stream| {
            stream.bytes += bytes;
            if stream.pieces.len() >= MOST.1 {
                stream.pieces.pop_front();
            }
            stream.pieces.push_back(piece);
        });
        let (shared, speaker) = (self.shared.clone(), self.speaker.unwrap_or(Speaker::Customer));
        self.recogniser.take(samples, || shared.words(speaker))
    }

    /// The next message; `None` at the end, which a command may bring.
    async fn next(&mut self, socket: &mut WebSocket) -> Option<Message> {
        loop {
            tokio::select! {
                message = tokio::time::timeout(SILENCE, socket.recv()) => {
                    return match message {
                        Ok(Some(Ok(message))) => Some(message),
                        Ok(_) => None,
                        Err(_) => {
                            close(socket, 1011, "NET-0001").await;
                            None
                        }
                    };
                }
                changed = self.faults.changed() => match self.fault() {
                    fault if changed.is_err() || fault == StandInFault::Die => return None,
                    StandInFault::Close => {
                        close(socket, 1011, "NET-0000").await;
                        return None;
                    }
                    _ => {}
                },
            }
        }
    }

    /// Sends what was heard, or what a fault makes of it; whether the connection is still there.
    async fn say(&self, socket: &mut WebSocket, text: &Value) -> bool {
        let text = match self.fault() {
            StandInFault::Mute => return true,
            StandInFault::Garbage => "<html>{".to_owned(),
            StandInFault::Slow => {
                tokio::time::sleep(LATE).await;
                text.to_string()
            }
            _ => text.to_string(),
        };
        socket.send(Message::Text(text.into())).await.is_ok()
    }

    async fn deepgram(mut self, mut socket: WebSocket) {
        while let Some(message) = self.next(&mut socket).await {
            let mut answers = Vec::new();
            let mut is_over = false;
            match message {
                Message::Binary(samples) if samples.is_empty() => is_over = true,
                Message::Binary(samples) => {
                    answers.extend(self.hear(&samples).iter().map(|spoken| results(spoken, false)));
                }
                Message::Text(text) => {
                    let command =
                        serde_json::from_str::<Command>(&text).map(|command| command.kind);
                    match command.as_deref() {
                        Ok("KeepAlive") => {}
                        Ok("Finalize") => {
                            answers.extend(
                                self.recogniser.finish().map(|spoken| results(&spoken, true)),
                            );
                        }
                        Ok("CloseStream") => is_over = true,
                        _ => {
                            close(&mut socket, 1008, "DATA-0000").await;
                            return;
                        }
                    }
                }
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => {}
            }
            if is_over {
                answers.extend(self.recogniser.finish().map(|spoken| results(&spoken, true)));
                answers.push(json!({"type": "Metadata", "channels": 1, "request_id": "stand-in"}));
            }
            for answer in &answers {
                if !self.say(&mut socket, answer).await {
                    return;
                }
            }
            if is_over {
                close(&mut socket, 1000, "").await;
                return;
            }
        }
    }

    async fn vosk(mut self, mut socket: WebSocket) {
        while let Some(message) = self.next(&mut socket).await {
            let mut answers = Vec::new();
            let mut is_over = false;
            match message {
                Message::Binary(samples) => {
                    answers.extend(self.hear(&samples).iter().map(vosk_result));
                }
                Message::Text(text) if text.contains("eof") => is_over = true,
                Message::Close(_) => return,
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
            }
            if is_over {
                let last = self.recogniser.finish();
                answers
                    .push(last.map_or_else(|| json!({"text": ""}), |spoken| vosk_result(&spoken)));
            }
            for answer in &answers {
                if !self.say(&mut socket, answer).await {
                    return;
                }
            }
            if is_over {
                close(&mut socket, 1000, "").await;
                return;
            }
        }
    }
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    // A client that is gone needs none.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

/// Each word with its place.
#[expect(clippy::cast_precision_loss, reason = "an utterance has few words")]
fn words(spoken: &Spoken) -> Vec<(String, f64, f64)> {
    let words: Vec<_> = spoken.text.split_whitespace().collect();
    let each = spoken.duration / words.len().max(1) as f64;
    let place = |n: usize| spoken.start + each * n as f64;
    words.iter().enumerate().map(|(n, word)| ((*word).to_owned(), place(n), place(n + 1))).collect()
}

fn results(spoken: &Spoken, from_finalize: bool) -> Value {
    let word = |(word, start, end): (String, f64, f64)| {
        let plain: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        json!({
            "word": plain.to_lowercase(), "start": start, "end": end, "confidence": 0.98,
            "punctuated_word": word,
        })
    };
    let words: Vec<_> = words(spoken).into_iter().map(word).collect();
    json!({
        "type": "Results", "channel_index": [0, 1], "start": spoken.start, "duration": spoken.duration,
        "is_final": spoken.is_final, "speech_final": spoken.is_final, "from_finalize": from_finalize,
        "channel": {"alternatives": [{"transcript": spoken.text, "confidence": 0.98, "words": words}]},
        "metadata": {"request_id": "stand-in", "model_info": {"name": "stand-in"}},
    })
}

fn vosk_result(spoken: &Spoken) -> Value {
    if !spoken.is_final {
        return json!({"partial": spoken.text});
    }
    let word = |(word, start, end): (String, f64, f64)| json!({"word": word, "start": start, "end": end, "conf": 1.0});
    let words: Vec<_> = words(spoken).into_iter().map(word).collect();
    json!({"result": words, "text": spoken.text})
}
