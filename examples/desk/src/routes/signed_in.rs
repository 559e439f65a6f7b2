//! Who is signed in, as several answers have it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::people::cookie;
use crate::people::sign_in::OpenedSession;
use crate::problem::{Kind, Problem};
use crate::store::sessions::Session;
use crate::store::users::User;

/// Who asks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// The id of the user or token.
    id: String,
    /// The address; none for a token.
    email: Option<String>,
    /// The name of the user or token.
    name: String,
    /// What one may do.
    role: Role,
    /// The CloudAgent agents that this one is: of a user at most one.
    agents: Vec<String>,
    /// Whether nothing is allowed before the password is changed.
    must_change_password: bool,
    /// The account's time zone: a name or an offset.
    #[schema(example = "+05:30")]
    zone: String,
    /// Whether calls are simulated inside this desk, where a made-up one can be asked for.
    demo: bool,
    /// What there is of live assist; not there where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    assist: Option<AssistParts>,
}

/// What there is of live assist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssistParts {
    /// Calls are listened to.
    transcript: bool,
    /// Suggestions are made in calls.
    suggestions: bool,
    /// Calls and leads are summarised.
    summary: bool,
    /// The providers are stand-ins of the demo: nothing that they say was heard.
    stand_in: bool,
}

impl AssistParts {
    fn of(desk: &Desk) -> Option<Self> {
        let settings = desk.assist().settings();
        let (transcript, summary) = (settings.speech.is_some(), settings.chat.is_some());
        settings.is_on().then_some(Self {
            transcript,
            suggestions: transcript && summary,
            summary,
            stand_in: settings.stand_in,
        })
    }
}

impl Me {
    pub(crate) async fn of_user(desk: &Desk, user: &User) -> Result<Self, Problem> {
        let links = desk.store().links().await?;
        let own = links.into_iter().find(|link| link.user == user.id);
        Ok(Self {
            id: user.id.clone(),
            email: Some(user.email.clone()),
            name: user.name.clone(),
            role: user.role,
            agents: own.into_iter().map(|link| link.agent.as_str().to_owned()).collect(),
            must_change_password: user.must_change,
            zone: desk.client().zone().to_string(),
            demo: desk.settings().customers.demo.is_some(),
            assist: AssistParts::of(desk),
        })
    }

    pub(crate) async fn of(desk: &Desk, caller: &Caller) -> Result<Self, Problem> {
        let user = if caller.is_person { desk.store().user(&caller.id).await? } else { None };
        let tokens = if caller.is_person { Vec::new() } else { desk.store().tokens().await? };
        let token = tokens.into_iter().find(|token| token.id == caller.id);
        let name = user.as_ref().map(|user| user.name.clone()).or(token.map(|token| token.name));
        Ok(Self {
            id: caller.id.clone(),
            email: user.map(|user| user.email),
            name: name.unwrap_or_default(),
            role: caller.role,
            agents: caller.own.iter().map(|agent| agent.as_str().to_owned()).collect(),
            must_change_password: caller.must_change_password,
            zone: desk.client().zone().to_string(),
            demo: desk.settings().customers.demo.is_some(),
            assist: AssistParts::of(desk),
        })
    }
}

/// A session. The secret in the cookie is not part of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    /// The id, to end it by.
    id: String,
    /// When the user signed in, in milliseconds since 1970.
    opened_at: i64,
    /// When it was last used, to the minute.
    seen_at: i64,
    /// When it ends, however much it is used.
    ends_at: i64,
    /// Whether this request rests on it.
    current: bool,
}

impl SessionView {
    pub(crate) fn new(session: Session, current: &str) -> Self {
        let current = session.id == current;
        let Session { id, opened_at, seen_at, ends_at, .. } = session;
        Self { id, opened_at, seen_at, ends_at, current }
    }
}

/// The answer that signs in: who it is, and the cookie.
pub(crate) async fn signed_in(
    desk: &Desk,
    status: StatusCode,
    opened: OpenedSession,
) -> Result<Response, Problem> {
    let secure = desk.people().settings().address.is_secure();
    let cookie = cookie::set_session(secure, &opened.secret)
        .ok_or_else(|| Problem::new(Kind::Internal, "the session cannot be written as a cookie"))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, cookie);
    let me = Me::of_user(desk, &opened.user).await?;
    Ok((status, headers, Json(me)).into_response())
}
