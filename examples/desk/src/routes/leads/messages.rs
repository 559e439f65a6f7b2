//! Messages to a lead.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use ozonetel_sdk::types::SensitiveText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::{Body, given};
use crate::core::caller::Caller;
use crate::core::message::{
    Channel, LONGEST_PARAMETER, LONGEST_TEXT, LeadMessage, MessageState, MessageTemplate,
};
use crate::desk::Desk;
use crate::flow::customers::handles_lead;
use crate::flow::messaging::{MessageContent, send as send_message};
use crate::problem::{Kind, Problem, RequestId};
use crate::routes::calls::IdempotencyKey;
use crate::store::audit::AuditRow;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A template.
#[derive(Serialize, ToSchema)]
struct TemplateView {
    /// The id, to send it by.
    id: String,
    /// Its name.
    name: String,
    /// Its language.
    language: String,
    /// What it says, with `{1}`, `{2}` where something is filled in.
    text: Option<String>,
    /// How much is filled in.
    params: usize,
}

/// What can be sent.
#[derive(Serialize, ToSchema)]
pub(super) struct TemplateList {
    /// Templates of WhatsApp.
    whatsapp: Vec<TemplateView>,
    /// Whether an SMS can be sent: its fields are set.
    sms: bool,
}

/// What can be sent to a lead.
#[utoipa::path(
    get,
    path = "/api/message-templates",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "Templates, and whether there is SMS", body = TemplateList)),
)]
pub(super) async fn templates(State(desk): State<Desk>) -> Json<TemplateList> {
    let view = |template: &MessageTemplate| TemplateView {
        id: template.name.clone(),
        name: template.name.clone(),
        language: template.language.clone(),
        text: template.text.clone(),
        params: template.parameters,
    };
    let settings = desk.settings();
    let whatsapp = match settings.did {
        Some(_) => settings.templates.all().iter().map(view).collect(),
        // A message has to come from somewhere.
        None => Vec::new(),
    };
    Json(TemplateList { whatsapp, sms: settings.sms_fields.is_some() })
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageView {
    /// Its id.
    id: String,
    /// The lead's id.
    lead_id: String,
    /// Which way it went.
    channel: Channel,
    /// The template.
    template: Option<String>,
    /// What it says; only for who handles the person.
    text: Option<String>,
    /// What became of it.
    state: MessageState,
    /// What the service said, where it did not take it.
    message: Option<String>,
    /// When it was written, in milliseconds since 1970.
    at: i64,
    /// The user or token that sent it.
    by: String,
}

impl MessageView {
    pub(super) fn of(message: LeadMessage, whole: bool, now_ms: i64) -> Self {
        Self {
            state: message.state_at(now_ms),
            id: message.id,
            lead_id: message.lead,
            channel: message.channel,
            template: message.template,
            text: message.text.filter(|_| whole).map(|text| text.as_str().to_owned()),
            message: message.answer,
            at: message.at_ms,
            by: message.by,
        }
    }
}

/// What is to be sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewLeadMessage {
    /// `whatsapp` or `sms`.
    channel: Channel,
    /// The template's id, of WhatsApp.
    #[serde(default)]
    template: Option<String>,
    /// What is filled in.
    #[serde(default)]
    params: Vec<String>,
    /// The text, of an SMS.
    #[serde(default)]
    text: Option<String>,
}

/// Sends a message to a lead: a template over WhatsApp, or a text over SMS where its fields are set. It is sent once; the
/// same `Idempotency-Key` and body again is the first message. Where the answer was lost the outcome is unknown, and the
/// message is kept as that.
#[utoipa::path(
    post,
    path = "/api/leads/{id}/messages",
    tag = "customers",
    params(
        ("id" = String, Path, description = "The lead's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "One key for one wish to send"),
    ),
    extensions(("x-allow" = json!("agent"))),
    request_body = NewLeadMessage,
    responses(
        (status = 200, description = "The same was sent before", body = MessageView),
        (status = 201, description = "Sent", body = MessageView),
        (status = 403, description = "Someone else handles the person"),
        (status = 404, description = "There is no such lead"),
        (status = 409, description = "This cannot be sent with this account's settings"),
        (status = 422, description = "The service does not take it; the number is blocked; the key was used for something else"),
        (status = 504, description = "It may have been sent: do not repeat it"),
    ),
)]
pub(super) async fn send(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    key: IdempotencyKey,
    Body(body): Body<NewLeadMessage>,
) -> Result<Response, Problem> {
    let key = key.0?;
    let lead = desk.platform().lead(&id).await?.ok_or_else(|| no_such("lead"))?;
    if !handles_lead(&desk, &caller, &lead).await? {
        return Err(Problem::new(Kind::Forbidden, "someone else handles this person"));
    }
    let content = content(&desk, body)?;
    let reply = send_message(&desk, &caller, lead, content, key).await?;
    if !reply.is_replay {
        let row = AuditRow::new(desk.now(), &caller, "lead.message", format!("lead:{id}"))
            .about(caller.own.first())
            .in_request(RequestId::current().map(|id| id.as_str().to_owned()))
            .ending(match reply.message.state {
                MessageState::Sent => "ok",
                other => other.as_str(),
            });
        if let Err(error) = desk.store().append_audit(vec![row]).await {
            tracing::error!(%error, "an audit row was not written");
        }
    }
    if let Some(problem) = reply.problem {
        return Err(problem);
    }
    let status = if reply.is_replay { StatusCode::OK } else { StatusCode::CREATED };
    let view = MessageView::of(reply.message, true, desk.now());
    let mut response = (status, Json(view)).into_response();
    if reply.is_replay {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// What is to be sent, if it can be.
fn content(desk: &Desk, body: NewLeadMessage) -> Result<MessageContent, Problem> {
    let settings = desk.settings();
    match body.channel {
        Channel::Sms => {
            if settings.sms_fields.is_none() {
                let text = "the fields of an SMS are not set: DESK_SMS_FIELDS";
                return Err(Problem::new(Kind::Conflict, text).because("no_sms"));
            }
            let text = given(body.text.as_deref());
            let text = text.ok_or_else(|| Problem::field("text", "is missing"))?;
            if text.len() > LONGEST_TEXT {
                return Err(Problem::field("text", format!("has more than {LONGEST_TEXT} bytes")));
            }
            Ok(MessageContent::Text(text.into()))
        }
        Channel::Whatsapp => {
            if settings.did.is_none() {
                let text = "there is no number that it could come from: OZONETEL_DID";
                return Err(Problem::new(Kind::Conflict, text).because("no_did"));
            }
            let name = body.template.unwrap_or_default();
            let template = settings.templates.get(&name);
            let template = template
                .ok_or_else(|| Problem::field("template", "is not one of the account's"))?;
            if body.params.len() != template.parameters {
                let text = format!("have to be {} for this template", template.parameters);
                return Err(Problem::field("params", text));
            }
            if body.params.iter().any(|one| one.trim().is_empty() || one.len() > LONGEST_PARAMETER)
            {
                let text = format!("have to have from 1 to {LONGEST_PARAMETER} bytes each");
                return Err(Problem::field("params", text));
            }
            let parameters = body.params.into_iter().map(SensitiveText::from).collect();
            Ok(MessageContent::Template { name, parameters })
        }
    }
}
