//! A message to a lead: written, sent once, and what became of it written beside it. Nothing is sent twice: what may have
//! been sent is said to be unknown.

use ozonetel_sdk::types::SensitiveText;
use ozonetel_sdk::{Error, ErrorKind};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::viewing::as_rung;
use crate::core::caller::Caller;
use crate::core::hex::hex;
use crate::core::message::{Channel, LeadMessage, MessageState, fill};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::problem::{Kind, Problem};
use crate::store::messages::{KnownMessage, NewMessage};
use crate::store::work::Lead;
use crate::store::{Audience, NewEvent};
use crate::tasks::TaskKind;

/// What is to be sent.
#[derive(Debug, Clone)]
pub enum MessageContent {
    /// A template with what is filled in.
    Template {
        /// Its name.
        name: String,
        /// What is filled in.
        parameters: Vec<SensitiveText>,
    },
    /// A text.
    Text(SensitiveText),
}

/// A message, and whether it is the answer of an earlier wish with the same key.
#[derive(Debug, Clone)]
pub struct MessageReply {
    /// The message.
    pub message: LeadMessage,
    /// Whether nothing was sent now.
    pub is_replay: bool,
    /// Why it was not sent, or may not have been.
    pub problem: Option<Problem>,
}

fn hash(lead: &Lead, content: &MessageContent) -> String {
    let text = match content {
        MessageContent::Template { name, parameters } => json!([lead.id, name, parameters]),
        MessageContent::Text(text) => json!([lead.id, text]),
    };
    let digest = Sha256::digest(text.to_string().as_bytes());
    hex(digest.iter().take(16))
}

/// Sends a message to a lead, once for each key.
///
/// # Errors
/// There is no such template; the number is blocked; the key was used for another message; the store fails, and then
/// nothing was sent.
///
/// # Cancel safety
/// If it is dropped, the work continues.
pub async fn send(
    desk: &Desk,
    caller: &Caller,
    lead: Lead,
    content: MessageContent,
    key: Option<String>,
) -> Result<MessageReply, Problem> {
    if desk.calling().settings().policy.blocks(&as_rung(desk, &lead.number)) {
        let problem =
            Problem::new(Kind::Unprocessable, "the number is on the list of blocked ones");
        return Err(problem.because("blocked_number"));
    }
    let work = {
        let (desk, by) = (desk.clone(), caller.id.clone());
        async move { write_and_send(&desk, by, lead, content, key).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn write_and_send(
    desk: &Desk,
    by: String,
    lead: Lead,
    content: MessageContent,
    key: Option<String>,
) -> Result<MessageReply, Problem> {
    let body_hash = hash(&lead, &content);
    let id = new_id();
    let key = key.unwrap_or_else(|| format!("~{id}"));
    let message = message(desk, id, by, &lead, &content);
    let new = NewMessage { message: message.clone(), key, body_hash: body_hash.clone() };
    if let Some(KnownMessage { message, body_hash: known }) =
        desk.store().begin_message(new).await?
    {
        if known != body_hash {
            let text = "this Idempotency-Key was used for another message";
            return Err(Problem::new(Kind::Unprocessable, text).because("key_used"));
        }
        return Ok(MessageReply { message, is_replay: true, problem: None });
    }
    let (state, answer, problem) = match transmit(desk, &message, &content).await {
        Ok(answer) => (MessageState::Sent, answer, None),
        Err(error) => {
            let state = match error.kind() {
                _ if error.may_have_happened() => MessageState::Unknown,
                ErrorKind::Refused => MessageState::Refused,
                _ => MessageState::NotSent,
            };
            let text = error.service_text().map_or_else(|| error.summary(), str::to_owned);
            (state, Some(text), Some(Problem::from(&error)))
        }
    };
    let message = LeadMessage { state, answer, ..message };
    let changed = NewEvent::new("lead.changed", Audience::Everyone, &json!({"id": lead.id}))?;
    if let Err(error) = desk.store().end_message(message.clone(), desk.now(), vec![changed]).await {
        tracing::error!(%error, "what became of a message was not written: it counts as unknown");
    }
    Ok(MessageReply { message, is_replay: false, problem })
}

fn message(
    desk: &Desk,
    id: String,
    by: String,
    lead: &Lead,
    content: &MessageContent,
) -> LeadMessage {
    let (channel, template, parameters, text) = match content {
        MessageContent::Template { name, parameters } => {
            let known = desk.settings().templates.get(name);
            let text = known.and_then(|template| template.text.as_ref());
            let text = text.map(|text| SensitiveText::from(fill(text, parameters)));
            (Channel::Whatsapp, Some(name.clone()), parameters.clone(), text)
        }
        MessageContent::Text(text) => (Channel::Sms, None, Vec::new(), Some(text.clone())),
    };
    LeadMessage {
        id,
        lead: lead.id.clone(),
        number: lead.number.clone(),
        channel,
        template,
        parameters,
        text,
        state: MessageState::Sending,
        answer: None,
        at_ms: desk.now(),
        by,
    }
}

/// Sends a message. The service's words, where it has any.
async fn transmit(
    desk: &Desk,
    message: &LeadMessage,
    content: &MessageContent,
) -> Result<Option<String>, Error> {
    let client = desk.client();
    match content {
        MessageContent::Template { name, parameters } => {
            let known = desk.settings().templates.get(name);
            let language = known.map(|template| template.language.clone()).unwrap_or_default();
            let did = desk.settings().did.clone().unwrap_or_else(|| "".into());
            let sending = client.whatsapp().template(did, message.number.clone(), name, language);
            sending.parameters(parameters.clone()).await?;
            Ok(None)
        }
        MessageContent::Text(text) => {
            let fields = desk.settings().sms_fields.as_ref();
            let fields = fields.map(|fields| fields.fill(&message.number, text.as_str()));
            let queued = client.kookoo().sms(fields.unwrap_or_default()).await?;
            Ok(queued.sid)
        }
    }
}
