//! The control API under `/_sim/`.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::AppState;
use crate::delivery_queue::DeliveryResult;
use crate::faults::{Fault, FaultKind};
use crate::sim::Sim;
use crate::world::{
    ActionRefusal, Aside, IvrInput, LegSide, PhoneAction, is_caller, is_web_address,
};

/// The furthest the clock is moved at once: about a month.
const FURTHEST_S: f64 = 31.0 * 86_400.0;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/inbound", post(inbound))
        .route("/call", post(call))
        .route("/agent", post(agent))
        .route("/clock", post(clock))
        .route("/reset", post(reset))
        .route("/ivr", post(ivr))
        .route("/faults", post(faults))
        .route("/callback_url", post(callback_url))
        .route("/state", get(state))
        .route("/requests", get(requests))
        .fallback(async || bad(StatusCode::NOT_FOUND, "there is no such control"))
        .method_not_allowed_fallback(async || {
            bad(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed")
        })
}

fn bad(status: StatusCode, error: &str) -> Response {
    json_response(status, &json!({ "error": error }))
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

/// `{"ok": true}` with more fields.
fn ok(mut more: Value) -> Response {
    more["ok"] = true.into();
    json_response(StatusCode::OK, &more)
}

/// Reads a body, whatever content type it claims.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|error| Box::new(bad(StatusCode::BAD_REQUEST, &error.to_string())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InboundCommand {
    did: String,
    caller: String,
    skill: Option<String>,
}

async fn inbound(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: InboundCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    if !is_caller(asked.caller.trim()) {
        return bad(StatusCode::BAD_REQUEST, "caller has to be a number, a word or empty");
    }
    if asked.skill.as_ref().is_some_and(|skill| !sim.look(|world| world.has_skill(skill))) {
        return bad(StatusCode::BAD_REQUEST, "no one has this skill");
    }
    let arrived =
        sim.change(|world| world.inbound(&asked.did, &asked.caller, asked.skill.as_deref()));
    match arrived {
        Some(arrived) => ok(json!({
            "ucid": arrived.ucid.to_string(),
            "monitor_ucid": arrived.monitor_ucid.to_string(),
        })),
        None => bad(StatusCode::BAD_REQUEST, "the DID belongs to no campaign"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallCommand {
    ucid: String,
    #[serde(default)]
    leg: SideWord,
    action: ActionWord,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum SideWord {
    #[default]
    Customer,
    Agent,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionWord {
    Answer,
    Hangup,
    Busy,
    NoAnswer,
}

impl From<ActionWord> for PhoneAction {
    fn from(action: ActionWord) -> Self {
        match action {
            ActionWord::Answer => Self::Answer,
            ActionWord::Hangup => Self::Hangup,
            ActionWord::Busy => Self::Busy,
            ActionWord::NoAnswer => Self::NoAnswer,
        }
    }
}

async fn call(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: CallCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let side = match asked.leg {
        SideWord::Customer => LegSide::Customer,
        SideWord::Agent => LegSide::Agent,
    };
    let action = asked.action.into();
    done(sim.phone(&asked.ucid, side, action))
}

fn done(result: Result<(), ActionRefusal>) -> Response {
    match result {
        Ok(()) => ok(json!({})),
        Err(ActionRefusal::NotLive) => bad(StatusCode::NOT_FOUND, "no live call has this ucid"),
        Err(ActionRefusal::NotNow) => bad(StatusCode::BAD_REQUEST, "this leg cannot do that now"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IvrCommand {
    sid: String,
    keys: Option<String>,
    speech: Option<String>,
    callee: Option<ActionWord>,
    #[serde(default)]
    end: bool,
}

async fn ivr(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: IvrCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let given = [
        asked.keys.map(IvrInput::Keys),
        asked.speech.map(IvrInput::Speech),
        asked.callee.map(|action| IvrInput::Callee(action.into())),
        asked.end.then_some(IvrInput::End),
    ];
    let mut given = given.into_iter().flatten();
    let (Some(input), None) = (given.next(), given.next()) else {
        return bad(StatusCode::BAD_REQUEST, "one of keys, speech, callee and end is needed");
    };
    let Ok(sid) = asked.sid.parse() else {
        return bad(StatusCode::BAD_REQUEST, "sid has to be a number as text");
    };
    done(sim.ivr_input(sid, input))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentCommand {
    agent: String,
    state: AsideWord,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AsideWord {
    Idle,
    Aux,
}

/// Puts an agent into a state of the platform's.
async fn agent(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: AgentCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let aside = match asked.state {
        AsideWord::Idle => Aside::Idle,
        AsideWord::Aux => Aside::Aux(asked.reason),
    };
    if sim.change(|world| world.put_aside(&asked.agent, aside)) {
        ok(json!({}))
    } else {
        bad(StatusCode::BAD_REQUEST, "no such agent is signed in and free of calls")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockCommand {
    advance_s: f64,
}

async fn clock(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: ClockCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    if !(0.0..=FURTHEST_S).contains(&asked.advance_s) {
        return bad(StatusCode::BAD_REQUEST, "advance_s has to be from 0 to 2678400");
    }
    sim.advance(Duration::from_secs_f64(asked.advance_s)).await;
    ok(json!({ "now": sim.now().to_string() }))
}

async fn reset(State(sim): State<Sim>) -> Response {
    sim.reset();
    ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultCommand {
    path: String,
    method: Option<String>,
    kind: String,
    count: Option<u32>,
    delay_ms: Option<u64>,
    status: Option<u16>,
}

async fn faults(State(sim): State<Sim>, body: Bytes) -> Response {
    let asked: FaultCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let Ok(kind) = asked.kind.parse::<FaultKind>() else {
        let words: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.word()).collect();
        let error = format!("kind has to be one of {}", words.join(", "));
        return bad(StatusCode::BAD_REQUEST, &error);
    };
    if asked.status.is_some_and(|status| !(200..=599).contains(&status)) {
        return bad(StatusCode::BAD_REQUEST, "status has to be from 200 to 599");
    }
    if asked.delay_ms.is_some_and(|ms| ms > 600_000) {
        return bad(StatusCode::BAD_REQUEST, "delay_ms has to be at most 600000");
    }
    let mut fault = Fault::new(kind).on(asked.path).times(asked.count.unwrap_or(1));
    fault.method = asked.method.map(|method| method.to_ascii_uppercase());
    fault.delay = asked.delay_ms.map(Duration::from_millis);
    fault.status = asked.status;
    if let Some(why) = fault.never_hits() {
        return bad(StatusCode::BAD_REQUEST, why);
    }
    if sim.fault(fault) {
        ok(json!({}))
    } else {
        bad(StatusCode::BAD_REQUEST, "too many faults are waiting already")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallbackCommand {
    /// Empty takes the address away.
    url: String,
    campaign: Option<String>,
    #[serde(default)]
    check: UrlCheck,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
enum UrlCheck {
    #[default]
    Get,
    Head,
    None,
}

/// Saves a callback URL as the console does: after a check, which has to be answered with 200.
async fn callback_url(State(served): State<AppState>, body: Bytes) -> Response {
    let asked: CallbackCommand = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    if !asked.url.is_empty() && !is_web_address(&asked.url) {
        let error = "url has to be an http or https address without a user's name";
        return bad(StatusCode::BAD_REQUEST, error);
    }
    let method = match asked.check {
        UrlCheck::None => None,
        _ if asked.url.is_empty() => None,
        UrlCheck::Get => Some(http::Method::GET),
        UrlCheck::Head => Some(http::Method::HEAD),
    };
    if let Some(method) = method {
        match served.sender.check(&served.sim, method, &asked.url).await {
            DeliveryResult::Answered(200) => {}
            DeliveryResult::Answered(status) => {
                let error = format!("the address answered the check with {status}");
                return bad(StatusCode::BAD_REQUEST, &error);
            }
            DeliveryResult::Failed => {
                return bad(StatusCode::BAD_REQUEST, "the address did not answer the check");
            }
        }
    }
    let url = Some(asked.url).filter(|url| !url.is_empty());
    if served.sim.change(|world| world.set_callback_url(asked.campaign.as_deref(), url)) {
        ok(json!({}))
    } else {
        bad(StatusCode::BAD_REQUEST, "there is no such campaign")
    }
}

async fn state(State(sim): State<Sim>) -> Response {
    json_response(StatusCode::OK, &sim.state())
}

async fn requests(State(sim): State<Sim>) -> Response {
    json_response(StatusCode::OK, &json!({ "requests": sim.requests() }))
}
