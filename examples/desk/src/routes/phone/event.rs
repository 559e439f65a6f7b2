//! News of the softphone, and the answer to an INVITE.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::phone_call::{AutoAnswer, Invite};
use ozonetel_sdk::types::{AgentId, Ucid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::Body;
use crate::core::answer::{Answer, RingKind};
use crate::core::caller::{Caller, Scope};
use crate::core::fact::LegNews;
use crate::desk::Desk;
use crate::flow::phone::{SeenInvite, invited, leg, registered, unregistered};
use crate::problem::{Kind, Problem};

/// What happened to the phone.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneNews {
    /// `invite`, `registered`, `unregistered`, `answered`, `ended` or `device_lost`.
    event: String,
    /// The leg.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ucid: Option<Ucid>,
    /// The INVITE's headers.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Whom the INVITE is from; it is kept nowhere.
    #[serde(default)]
    #[allow(dead_code, reason = "a header that says nothing the others do not")]
    from: Option<String>,
    /// The page's own id: another page is another phone.
    #[serde(default)]
    page: Option<String>,
    /// Why a leg ended: `lost` if no one hung up.
    #[serde(default)]
    cause: Option<String>,
    /// Whether the agent hung up.
    #[serde(default)]
    #[allow(dead_code, reason = "either way the leg is over")]
    by_agent: Option<bool>,
    /// When, by the page's clock: what tells one INVITE from another.
    #[serde(default)]
    at: Option<i64>,
}

/// What to do with an INVITE.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneReply {
    /// `auto`, `ask` or `busy`; none for other news.
    answer: Option<Answer>,
    /// What it is shown as; none for other news.
    shown_as: Option<RingKind>,
}

/// Takes news of the softphone. An INVITE is answered `auto`, `ask` or `busy`.
#[utoipa::path(
    post,
    path = "/api/phone/events",
    tag = "phone",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = PhoneNews,
    responses((status = 200, description = "Taken; for an INVITE, what to do with it", body = PhoneReply)),
)]
pub(crate) async fn event(
    State(desk): State<Desk>,
    caller: Caller,
    Body(news): Body<PhoneNews>,
) -> Result<Json<PhoneReply>, Problem> {
    let [agent] = caller.own.as_slice() else {
        let message = "the caller is not one agent: a phone belongs to one";
        return Err(Problem::new(Kind::Forbidden, message));
    };
    let agent = agent.clone();
    let page = news.page.clone().unwrap_or_default();
    let needed = || news.ucid.ok_or_else(|| Problem::field("ucid", "is missing"));
    match news.event.as_str() {
        "invite" => return invite(&desk, agent, news).await,
        "registered" => registered(&desk, agent, &page).await?,
        "unregistered" => unregistered(&desk, &agent, &page).await?,
        "answered" => own_leg(&desk, agent, needed()?, LegNews::Answered).await?,
        "ended" => {
            let lost = news.cause.as_deref() == Some("lost");
            let what = if lost { LegNews::Lost } else { LegNews::Ended };
            // A leg without a UCID is none that the desk knows.
            if let Some(ucid) = news.ucid {
                own_leg(&desk, agent, ucid, what).await?;
            }
        }
        "device_lost" => {
            if let Some(ucid) = news.ucid {
                own_leg(&desk, agent, ucid, LegNews::DeviceLost).await?;
            }
        }
        _ => {
            let known =
                "has to be invite, registered, unregistered, answered, ended or device_lost";
            return Err(Problem::field("event", known));
        }
    }
    Ok(Json(PhoneReply { answer: None, shown_as: None }))
}

/// Takes news of a leg, unless the call is known and this agent had no part in it: a phone says nothing of others' calls.
async fn own_leg(desk: &Desk, agent: AgentId, ucid: Ucid, news: LegNews) -> Result<(), Problem> {
    let call = desk.store().call(ucid.as_str(), &Scope::All).await?;
    if call.is_some_and(|call| !call.state.is_of(&agent)) {
        return Err(no_such("call"));
    }
    // The page does nothing with the answer.
    Ok(leg(&desk.patient(), agent, ucid, news).await?)
}

async fn invite(desk: &Desk, agent: AgentId, news: PhoneNews) -> Result<Json<PhoneReply>, Problem> {
    let header = |name: &str| {
        let mut found = news.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let ucid = header("x-ucid").and_then(|text| text.parse::<Ucid>().ok());
    let caller = header("x-callerno");
    let seen = ucid.map(|ucid| {
        let mut invite = Invite::new(ucid);
        if let Some(caller) = caller {
            invite = invite.caller(caller);
        }
        if let Some(did) = header("x-did") {
            invite = invite.did(did);
        }
        match header("x-uui") {
            Some(uui) => invite.uui(uui),
            None => invite,
        }
    });
    let link = desk.store().link_of_agent(&agent).await?;
    let own = link.and_then(|link| u8::try_from(link.auto_answer?).ok());
    let own = own.and_then(|digit| AutoAnswer::try_from(digit).ok());
    let policy = own.unwrap_or(desk.calling().settings().auto_answer);
    let id = header("call-id").map(str::to_owned);
    let key = format!("{}:{}", ucid.map(String::from).unwrap_or_default(), news.at.unwrap_or(0));
    let seen = SeenInvite {
        agent,
        id: id.unwrap_or(key),
        invite: seen,
        has_caller: caller.is_some(),
        policy,
    };
    let decision = invited(desk, seen).await?;
    Ok(Json(PhoneReply { answer: Some(decision.answer), shown_as: Some(decision.shown_as) }))
}
