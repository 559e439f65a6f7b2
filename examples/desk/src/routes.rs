//! The routes under `/api/ozonetel/`: each translates a request into calls of the SDK, and the answer back.

mod agent;
mod call_control;
mod dial;
mod dispose;
mod history;
pub(crate) mod live;
mod missed;
mod performance;
mod recording;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue};
use axum::routing::{get, post};
use ozonetel_sdk::types::Day;
use ozonetel_sdk::types::{AgentId, Did, PhoneName};
use serde::{Deserialize, Serialize};

use crate::body::given;
use crate::desk::Desk;
use crate::problem::Problem;

/// All of them.
pub(crate) fn router() -> Router<Desk> {
    Router::new()
        .route("/agent-login", post(agent::login))
        .route("/agent-logout", post(agent::logout))
        .route("/agent-state", post(agent::state))
        .route("/force-ready", post(agent::force_ready))
        .route("/dial", post(dial::dial))
        .route("/dispose", post(dispose::dispose))
        .route("/call-control", post(call_control::control))
        .route("/recording", post(recording::record))
        .route("/missed-calls", get(missed::missed))
        .route("/call-history", get(history::history))
        .route("/performance", get(performance::performance))
}

/// What every body may have in addition to its own fields.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BodyContext {
    #[serde(default)]
    did: Option<Did>,
    #[serde(default)]
    agent_phone_name: Option<PhoneName>,
    #[serde(default)]
    agent_id: Option<AgentId>,
}

/// What a body says unless it is empty, else what is known of the call.
fn said_or<T: AsRef<str>>(said: Option<T>, known: Option<T>) -> Option<T> {
    said.filter(|said| !said.as_ref().trim().is_empty()).or(known)
}

/// What most changes are answered.
#[derive(Debug, Serialize)]
struct Ack {
    status: &'static str,
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

/// Reports how many rows of a report could not be parsed and are missing from the answer.
fn unreadable(rows: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if rows > 0 {
        headers.insert("desk-unreadable-rows", HeaderValue::from(rows));
    }
    headers
}
