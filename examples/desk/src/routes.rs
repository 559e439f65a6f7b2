//! The routes: each translates a request into what the desk does, and the answer back. A route's file has its types, its
//! description with the rule that says who may ask, and its handler.

mod admin;
mod agent;
mod agents;
mod appointments;
mod assist;
mod audit;
mod call_control;
mod calls;
mod customers;
mod demo;
mod dial;
mod dials;
mod dispose;
pub(crate) mod document;
mod handoffs;
mod history;
mod kookoo;
mod leads;
mod live;
mod me;
mod missed;
mod performance;
mod phone;
mod recording;
mod records;
mod session;
mod setup;
mod signed_in;
mod twilio;
mod unreadable;
mod webhooks;
mod work;

use ozonetel_sdk::types::Day;
use ozonetel_sdk::types::{AgentId, Did, PhoneName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::given;
use crate::desk::Desk;
use crate::problem::Problem;

/// All of them; those of live assist only where there is some.
pub(crate) fn router(with_assist: bool) -> OpenApiRouter<Desk> {
    let all = OpenApiRouter::new();
    let all = if with_assist { all.merge(assist::router()) } else { all };
    all.merge(session::router())
        .merge(me::router())
        .merge(setup::router())
        .merge(admin::router())
        .merge(audit::router())
        .merge(records::router())
        .merge(document::router())
        .merge(live::router())
        .merge(work::router())
        .merge(leads::router())
        .merge(appointments::router())
        .merge(agents::router())
        .merge(calls::router())
        .merge(customers::router())
        .merge(handoffs::router())
        .merge(demo::router())
        .merge(twilio::router())
        .merge(dials::router())
        .merge(phone::router())
        .merge(webhooks::router())
        .merge(kookoo::router())
        .merge(frozen())
}

/// Those under `/api/ozonetel/`, the ones existing front ends call.
fn frozen() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(agent::login))
        .routes(routes!(agent::logout))
        .routes(routes!(agent::state))
        .routes(routes!(agent::force_ready))
        .routes(routes!(dial::dial))
        .routes(routes!(dispose::dispose))
        .routes(routes!(call_control::control))
        .routes(routes!(recording::record))
        .routes(routes!(missed::missed))
        .routes(routes!(history::history))
        .routes(routes!(performance::performance))
}

/// What every body may have in addition to its own fields.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BodyContext {
    /// The DID of the call.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    did: Option<Did>,
    /// The phone name of the agent's number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent_phone_name: Option<PhoneName>,
    /// The agent; the caller's own if it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
}

/// What a body says unless it is empty, else what is known of the call.
fn said_or<T: AsRef<str>>(said: Option<T>, known: Option<T>) -> Option<T> {
    said.filter(|said| !said.as_ref().trim().is_empty()).or(known)
}

/// What most changes are answered.
#[derive(Debug, Serialize, ToSchema)]
struct Ack {
    /// `success`.
    status: &'static str,
    /// The service's words.
    message: String,
}

impl Ack {
    fn new(message: &str) -> Self {
        Self { status: "success", message: message.to_owned() }
    }
}

/// The day asked for: today in the account's zone unless it says otherwise.
fn day(desk: &Desk, text: Option<&str>) -> Result<Day, Problem> {
    given(text).map_or(Ok(desk.client().today()), |text| {
        text.parse().map_err(|_| Problem::bad_request("date has to be a day YYYY-MM-DD"))
    })
}
