//! Asks a provider, within its limits.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::spending::{spend, used_today};
use crate::core::assist::budget::Used;
use crate::core::assist::plain_text::plain;
use crate::core::assist::prompt::{Question, tokens_of};
use crate::desk::Desk;
use crate::ops::metrics::{ASSIST_ANSWER_SECONDS, ASSIST_PROVIDERS, label};
use crate::ports::chat::{AnswerPart, ChatError};

/// How much of an answer is read for each character that is shown: markup and addresses are left out.
const READ: usize = 8;

/// An answer.
pub(super) struct ChatAnswer {
    /// Plain text; `None` if there is no whole answer.
    pub(super) text: Option<String>,
    /// What it used.
    pub(super) used: Used,
}

impl ChatAnswer {
    const NONE: Self = Self { text: None, used: Used { audio_ms: 0, tokens: 0, micros: 0 } };
}

/// Asks, and says on `grows` what has come so far. There is no answer if the provider is left alone at present, too much
/// is asked at once, or the day's caps are reached. What it used is counted for the day.
pub(super) async fn ask(
    desk: &Desk,
    question: Question,
    within: Duration,
    call: Used,
    grows: Option<&mpsc::Sender<String>>,
) -> ChatAnswer {
    let assist = desk.assist();
    let Some(chat) = assist.settings().chat.clone() else { return ChatAnswer::NONE };
    if !assist.settings().caps.allow_tokens(call, used_today(desk)) {
        return ChatAnswer::NONE;
    }
    let Ok(_room) = Arc::clone(&assist.questions).try_acquire_owned() else {
        return ChatAnswer::NONE;
    };
    let now = assist.now_ms();
    if !assist.chat_breaker(|breaker| breaker.may_try(now)) {
        return ChatAnswer::NONE;
    }
    let begun = Instant::now();
    let (longest, asked) = (question.longest, question.tokens());
    let mut read = ReadAnswer::default();
    let reading = async {
        let mut parts = chat.ask(question).await?;
        while let Some(part) = parts.next().await {
            match part? {
                AnswerPart::Text(text) => {
                    read.text.push_str(&text);
                    if read.text.len() > READ * longest {
                        return Err(ChatError::Garbage);
                    }
                    if let Some(grows) = grows {
                        // Who is slow sees the next state.
                        let _ = grows.try_send(plain(&read.text, longest));
                    }
                }
                AnswerPart::Tokens { input, output } => read.tokens = Some((input, output)),
            }
        }
        Ok(())
    };
    let done = tokio::time::timeout(within, reading).await.unwrap_or(Err(ChatError::TooSlow));
    let now = assist.now_ms();
    assist.chat_breaker(|breaker| match done {
        Ok(()) => breaker.succeeded(),
        Err(_) => breaker.failed(now),
    });
    let labels = vec![label("provider", chat.name()), label("outcome", outcome(done))];
    desk.metrics().count(ASSIST_PROVIDERS, labels);
    desk.metrics().time(ASSIST_ANSWER_SECONDS, vec![], begun.elapsed());
    let (input, output) = read.tokens.unwrap_or((asked, tokens_of(read.text.len())));
    let used = assist.settings().prices.tokens(input, output);
    spend(desk, used).await;
    let text = plain(&read.text, longest);
    ChatAnswer { text: done.is_ok().then_some(text).filter(|text| !text.is_empty()), used }
}

#[derive(Default)]
struct ReadAnswer {
    text: String,
    tokens: Option<(i64, i64)>,
}

fn outcome(done: Result<(), ChatError>) -> &'static str {
    match done {
        Ok(()) => "answered",
        Err(ChatError::Unreachable) => "unreachable",
        Err(ChatError::Refused(_)) => "refused",
        Err(ChatError::Garbage) => "garbage",
        Err(ChatError::TooSlow) => "slow",
    }
}
