//! The stand-in that is asked: an endpoint like OpenAI's, which answers with the same few sentences.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{QUESTIONS, Shared, StandInFault};

/// How long a word takes.
const WORD: Duration = Duration::from_millis(20);

/// How late the slow one is.
const LATE: Duration = Duration::from_secs(20);

const SUGGESTIONS: [&str; 3] = [
    "Ask which day suits the customer best.",
    "Offer the next free time with the same doctor.",
    "Repeat the day and the time, and ask whether a message is wanted.",
];

#[derive(Deserialize)]
pub(super) struct Completion {
    stream: bool,
    model: String,
    messages: Vec<ChatMessage>,
}

#[derive(Deserialize)]
struct ChatMessage {
    role: String,
    content: String,
}

fn answer_to(task: &str, count: usize) -> &'static str {
    if task.contains("about to call") {
        return "There were calls with this person before, about an appointment. Ask whether the time still suits.";
    }
    if task.contains("notes") {
        return "The customer asked about an appointment. The agent looked it up and confirmed it. Nothing else is to be done.";
    }
    SUGGESTIONS.get(count % SUGGESTIONS.len()).copied().unwrap_or_default()
}

pub(super) async fn complete(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Completion>,
) -> Response {
    let fault = shared.faults.borrow().chat;
    if !headers.contains_key(header::AUTHORIZATION) || fault == StandInFault::Refuse {
        let body = json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    let of_role = |role: &str| {
        let found = asked.messages.iter().find(|message| message.role == role);
        found.map(|message| message.content.clone()).unwrap_or_default()
    };
    let (task, about) = (of_role("system"), of_role("user"));
    if !asked.stream || asked.model.is_empty() || about.is_empty() {
        let body =
            json!({"error": {"message": "only streams here", "type": "invalid_request_error"}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let count = shared.kept(|kept| {
        if kept.questions.len() >= QUESTIONS {
            kept.questions.pop_front();
        }
        kept.questions.push_back(format!("{task}\n{about}"));
        kept.questions.len()
    });
    match fault {
        StandInFault::Die | StandInFault::Close => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        StandInFault::Mute => std::future::pending().await,
        StandInFault::Slow => {
            tokio::time::sleep(LATE).await;
            stream(answer_to(&task, count), &about)
        }
        StandInFault::Garbage => {
            let text =
                "<script>alert(1)</script> **Click** [here](https://evil.example.test/) or call";
            if count % 2 == 0 { stream(text, &about) } else { "<html><body>".into_response() }
        }
        StandInFault::None | StandInFault::Refuse => stream(answer_to(&task, count), &about),
    }
}

fn stream(text: &'static str, about: &str) -> Response {
    let chunk = |delta: Value, finish: Option<&str>| {
        json!({
            "id": "chatcmpl-stand-in", "object": "chat.completion.chunk", "model": "stand-in", "usage": null,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), None)];
    chunks.extend(text.split_inclusive(' ').map(|word| chunk(json!({"content": word}), None)));
    chunks.push(chunk(json!({}), Some("stop")));
    let (input, output) = (about.len() / 4, text.len() / 4);
    chunks.push(json!({
        "id": "chatcmpl-stand-in", "object": "chat.completion.chunk", "model": "stand-in", "choices": [],
        "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output},
    }));
    let lines = chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n"));
    let lines: Vec<String> = lines.chain(["data: [DONE]\n\n".to_owned()]).collect();
    let slowly = futures_util::stream::iter(lines).then(|line| async move {
        tokio::time::sleep(WORD).await;
        Ok::<_, Infallible>(Bytes::from(line))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(slowly)).into_response()
}
