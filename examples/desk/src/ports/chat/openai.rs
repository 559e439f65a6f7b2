//! An endpoint like OpenAI's `/chat/completions`, streamed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderValue, Request, Uri, header};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::transport::{Body, Incoming, Outgoing, Transport};
use serde::Deserialize;
use serde_json::json;

use super::{AnswerPart, AnswerStream, Chat, ChatError};
use crate::core::assist::prompt::Question;

/// Where OpenAI's interface is.
pub const BASE_URL: &str = "https://api.openai.com/v1";

/// How many bytes an answer may have, with all that is around its words.
const LARGEST: usize = 1 << 20;

/// How many tokens an answer may have: the words are cut anyway.
const TOKENS: usize = 400;

/// How such an endpoint is asked.
#[derive(Clone)]
pub struct OpenAi {
    address: Uri,
    key: Option<Secret>,
    model: String,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi")
            .field("host", &self.address.host())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl OpenAi {
    /// The endpoint at an address, the one that ends in `/chat/completions`; a local one may need no key.
    pub fn new(
        address: Uri,
        key: Option<Secret>,
        model: String,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self { address, key, model, transport }
    }

    fn request(&self, question: &Question) -> Option<Outgoing> {
        let body = json!({
            "model": self.model,
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_completion_tokens": TOKENS,
            "messages": [
                {"role": "system", "content": question.task},
                {"role": "user", "content": question.about},
            ],
        });
        let mut request = Request::post(self.address.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream");
        if let Some(key) = &self.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).ok()?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let body = Bytes::from(serde_json::to_vec(&body).ok()?);
        Some(Outgoing::new(request.body(body).ok()?, false))
    }
}

#[async_trait]
impl Chat for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn ask(&self, question: Question) -> Result<AnswerStream, ChatError> {
        let request = self.request(&question).ok_or(ChatError::Unreachable)?;
        let sent = self.transport.send(request).await;
        let Incoming { head, body } = sent.map_err(|_| ChatError::Unreachable)?;
        if !head.status().is_success() {
            return Err(ChatError::Refused(head.status().as_u16()));
        }
        let reading =
            Reading { body, lines: LineBuffer::default(), ready: VecDeque::new(), is_over: false };
        Ok(Box::pin(futures_util::stream::unfold(reading, |mut reading| async move {
            let part = reading.next().await?;
            Some((part, reading))
        })))
    }
}

/// Lines of what has come so far.
#[derive(Default)]
struct LineBuffer {
    bytes: BytesMut,
    read: usize,
}

impl LineBuffer {
    fn push(&mut self, bytes: &[u8]) -> Result<(), ChatError> {
        self.read = self.read.saturating_add(bytes.len());
        if self.read > LARGEST {
            return Err(ChatError::Garbage);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn next(&mut self) -> Option<Result<String, ChatError>> {
        let end = self.bytes.iter().position(|b| *b == b'\n')?;
        let line = self.bytes.split_to(end + 1);
        let text =
            std::str::from_utf8(&line).map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        Some(text.map_err(|_| ChatError::Garbage))
    }
}

struct Reading {
    body: Body,
    lines: LineBuffer,
    ready: VecDeque<AnswerPart>,
    is_over: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<AnswerPart, ChatError>> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Some(Ok(part));
            }
            if self.is_over {
                return None;
            }
            match self.step().await {
                Ok(()) => {}
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
    }

    async fn step(&mut self) -> Result<(), ChatError> {
        while let Some(line) = self.lines.next() {
            match line_of(&line?)? {
                AnswerLine::Nothing => {}
                AnswerLine::Parts(parts) => {
                    self.ready.extend(parts);
                    return Ok(());
                }
                AnswerLine::Done => {
                    self.is_over = true;
                    return Ok(());
                }
            }
        }
        match self.body.next().await {
            Some(Ok(bytes)) => self.lines.push(&bytes),
            // It ends with `[DONE]`, or it is not whole.
            Some(Err(_)) | None => Err(ChatError::Unreachable),
        }
    }
}

/// A line of the stream of events.
enum AnswerLine {
    Nothing,
    Parts(Vec<AnswerPart>),
    Done,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

fn line_of(line: &str) -> Result<AnswerLine, ChatError> {
    let Some(data) = line.strip_prefix("data:") else {
        // Blank lines, comments and other fields of an event.
        let is_field = line.is_empty()
            || ["", "event", "id", "retry"].contains(&line.split(':').next().unwrap_or(line));
        return if is_field { Ok(AnswerLine::Nothing) } else { Err(ChatError::Garbage) };
    };
    let data = data.trim();
    if data == "[DONE]" {
        return Ok(AnswerLine::Done);
    }
    let chunk: Chunk = serde_json::from_str(data).map_err(|_| ChatError::Garbage)?;
    let text = chunk.choices.into_iter().next().and_then(|choice| choice.delta?.content);
    let text = text.filter(|text| !text.is_empty()).map(AnswerPart::Text);
    let tokens = chunk.usage.map(|usage| AnswerPart::Tokens {
        input: usage.prompt_tokens.into(),
        output: usage.completion_tokens.into(),
    });
    Ok(AnswerLine::Parts(text.into_iter().chain(tokens).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_however_it_is_cut() {
        let answer = ": hello\r\n\
            data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
            event: x\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"Ask \"}}],\"usage\":null}\n\n\
            data:{\"choices\":[{\"delta\":{\"content\":\"wén.\"},\"finish_reason\":\"stop\"}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\n\
            data: [DONE]\n\n";
        for piece in [1, 2, 7, answer.len()] {
            let pieces: Vec<_> = answer
                .as_bytes()
                .chunks(piece)
                .map(|part| Ok(Bytes::copy_from_slice(part)))
                .collect();
            let parts = parts(pieces).await;
            let expected = [
                AnswerPart::Text("Ask ".into()),
                AnswerPart::Text("wén.".into()),
                AnswerPart::Tokens { input: 12, output: 3 },
            ];
            assert_eq!(parts, expected.map(Ok), "{piece}");
        }
    }

    async fn parts(
        pieces: Vec<Result<Bytes, ozonetel_sdk::transport::Failure>>,
    ) -> Vec<Result<AnswerPart, ChatError>> {
        let body: Body = Box::pin(futures_util::stream::iter(pieces));
        let mut reading =
            Reading { body, lines: LineBuffer::default(), ready: VecDeque::new(), is_over: false };
        let mut parts = Vec::new();
        while let Some(part) = reading.next().await {
            parts.push(part);
        }
        parts
    }

    #[tokio::test]
    async fn what_is_cut_off_wrong_or_too_much_is_an_error() {
        let error = async |text: &str| {
            let parts = parts(vec![Ok(Bytes::copy_from_slice(text.as_bytes()))]).await;
            parts.last().cloned().unwrap().unwrap_err()
        };
        assert_eq!(error("data: {\"choices\":[]}\n").await, ChatError::Unreachable);
        assert_eq!(error("").await, ChatError::Unreachable);
        assert_eq!(error("data: {\n").await, ChatError::Garbage);
        assert_eq!(error("<html>\n").await, ChatError::Garbage);
        assert_eq!(error(&"x".repeat(LARGEST + 1)).await, ChatError::Garbage);
    }
}
