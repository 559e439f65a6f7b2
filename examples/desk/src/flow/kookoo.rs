//! Calls over KooKoo: the customer is rung, and once there put into a conference named after the call, into which the
//! agent is rung. KooKoo asks this desk what to do with each leg, and is answered at once.
//!
//! Each leg is asked for once. Where either of the two has gone, the other's leg is ended too.

use std::time::Duration;

use ozonetel_sdk::kookoo::verb::{Conference, Hangup};
use ozonetel_sdk::kookoo::{IvrRequest, IvrResponse, IvrStep, OutboundCallStatus};
use ozonetel_sdk::types::{AgentId, Did, PhoneNumber, Ucid};
use serde_json::Value;

use super::facts::{Together, record, record_with};
use super::push_address::PushKind;
use super::settling::apply;
use super::viewing::now_ms;
use crate::core::answer::{AskedLeg, AskedLegKind, WAITS_MS};
use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::dial::{DialEntry, DialEvidence, DialWay};
use crate::core::fact::{ActionOutcome, Fact, KookooFact, KookooLeg, KookooNews};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::StoreError;

/// How long the answer to a customer who is there waits for the agent's leg to be asked for.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// How long a customer is in the conference alone at most: longer than an agent's telephone rings.
const ALONE_MS: i64 = 2 * WAITS_MS;

/// How many live calls are looked at.
const MOST: u32 = 5_000;

/// Where KooKoo asks about, or reports, a leg of a dial.
///
/// # Errors
/// [`Kind::Conflict`] if it is not known how KooKoo reaches this desk.
pub(super) fn address(
    desk: &Desk,
    kind: PushKind,
    dial: &str,
    leg: KookooLeg,
) -> Result<String, Problem> {
    let base = desk.intake().address(kind).ok_or_else(|| {
        let message = "it is not known how KooKoo reaches this desk: DESK_PUBLIC_URL";
        Problem::new(Kind::Conflict, message).because("no_public_url")
    })?;
    Ok(format!("{}?dial={dial}&leg={}", base.as_str(), leg.as_str()))
}

/// The telephone that KooKoo rings for an agent.
///
/// # Errors
/// [`Kind::Unprocessable`] for an agent whose number is not one of the telephone network: KooKoo dials whatever looks
/// like digits as a telephone number, also a SIP extension.
pub(super) async fn telephone(desk: &Desk, agent: &AgentId) -> Result<PhoneNumber, Problem> {
    let link = desk.store().link_of_agent(agent).await?;
    let number = link.and_then(|link| link.extension).map(|number| number.as_str().into());
    let number = number.or_else(|| desk.phone_number(None, agent).ok());
    let number =
        number.filter(|number: &PhoneNumber| number.for_kookoo(desk.client().dial_plan()).is_ok());
    number.ok_or_else(|| {
        let message = "KooKoo rings telephones only, and the agent's number is not a telephone number: it would be \
                       dialled as one";
        Problem::new(Kind::Unprocessable, message).because("not_a_telephone_number")
    })
}

/// The number that the two are shown, and that the legs run over.
pub(super) fn did_of(desk: &Desk, entry: &DialEntry) -> Option<Did> {
    entry.did.clone().or_else(|| desk.did(None).ok())
}

/// What a request is about: a leg of a dial.
struct Place {
    row: DialEntry,
    leg: KookooLeg,
}

/// Answers what KooKoo asks about a leg: XML.
///
/// # Errors
/// The query cannot be parsed; the store is not available.
pub async fn answer(desk: &Desk, query: &str) -> Result<String, Problem> {
    let request = IvrRequest::from_query(query)
        .map_err(|error| Problem::new(Kind::BadRequest, error.reason().to_string()))?;
    let response = match place_of(desk, &request).await? {
        Some(place) => step(desk, place, request).await?,
        // The console's test, or a call that is not this desk's.
        None => hang_up(),
    };
    response.to_xml().map_err(|_| Problem::new(Kind::Internal, "the answer cannot be written"))
}

fn hang_up() -> IvrResponse {
    IvrResponse::new().then(Hangup::new())
}

fn conference(call: &Ucid) -> IvrResponse {
    IvrResponse::new().then(Conference::new(format!("call-{call}")))
}

fn text<'r>(request: &'r IvrRequest, name: &str) -> Option<&'r str> {
    request.extra.get(name).and_then(Value::as_str)
}

/// The dial and the leg: by the address's own parameters, which need not come back, else by the leg's id.
async fn place_of(desk: &Desk, request: &IvrRequest) -> Result<Option<Place>, StoreError> {
    let leg = text(request, "leg").and_then(KookooLeg::of_name);
    if let Some((dial, leg)) = text(request, "dial").zip(leg) {
        return place(desk, dial, leg).await;
    }
    match request.ucid() {
        Some(sid) => place_of_leg(desk, sid).await,
        None => Ok(None),
    }
}

async fn place(desk: &Desk, dial: &str, leg: KookooLeg) -> Result<Option<Place>, StoreError> {
    let row = desk.store().dial(dial).await?;
    Ok(row.filter(|row| row.way == DialWay::Kookoo).map(|row| Place { row, leg }))
}

async fn place_of_leg(desk: &Desk, sid: Ucid) -> Result<Option<Place>, StoreError> {
    let Some(call) = desk.store().call(sid.as_str(), &Scope::All).await? else { return Ok(None) };
    let leg = match call.state.agent_leg {
        Some(agent) if agent == sid => KookooLeg::Agent,
        _ => KookooLeg::Customer,
    };
    match &call.state.dial {
        Some((dial, _)) => place(desk, dial, leg).await,
        None => Ok(None),
    }
}

async fn step(desk: &Desk, place: Place, request: IvrRequest) -> Result<IvrResponse, Problem> {
    let Some(sid) = request.ucid() else { return Ok(hang_up()) };
    let Place { row, leg } = place;
    // The customer's leg is the call; that it is there settles a dial whose answer was lost.
    let call = match (leg, row.ucid) {
        (KookooLeg::Customer, None) => sid,
        (KookooLeg::Customer, Some(known)) if known == sid => sid,
        (KookooLeg::Agent, Some(call)) => call,
        _ => return Ok(hang_up()),
    };
    if leg == KookooLeg::Customer {
        apply(desk, &row, &DialEvidence::Seen { ucid: Some(call) }).await?;
    }
    let what = request.step();
    let word = request.event.as_ref().map(|event| event.as_str().to_ascii_lowercase());
    let is_first = what == IvrStep::NewCall;
    let key = match word {
        // A leg begins and ends once; what is between may happen often.
        Some(word) if is_first || matches!(what, IvrStep::Over { .. }) => word,
        word => format!("{}:{}", word.unwrap_or_default(), now_ms(desk)),
    };
    let news = KookooNews::Asked(Box::new(request));
    let fact = KookooFact { ucid: call, agent: row.agent.clone(), leg, sid: Some(sid), news };
    let fact = Fact::of_kookoo(fact, &key, now_ms(desk));
    let recorded = record_with(desk, vec![fact], Together::default()).await?;
    let (state, is_news) = (recorded.call.state, recorded.is_news);
    match what {
        IvrStep::Over { .. } => {
            end_other(desk, row, call, leg, &state);
            Ok(hang_up())
        }
        _ if state.is_ended() => Ok(hang_up()),
        IvrStep::NewCall if leg == KookooLeg::Customer => {
            Ok(customer_is_there(desk, row, call, &state, is_news).await)
        }
        _ => Ok(conference(&call)),
    }
}

/// The customer has picked up: the agent is rung, once, and the two meet in a conference.
async fn customer_is_there(
    desk: &Desk,
    row: DialEntry,
    call: Ucid,
    state: &CallState,
    is_news: bool,
) -> IvrResponse {
    if !is_news {
        // Asked again. The agent is not rung again: after a stop in between, the customer is not kept waiting.
        let began = state.ringing_ms.unwrap_or(0);
        let may_come = now_ms(desk).saturating_sub(began) < WAITS_MS;
        let response = if may_come || state.is_answered() { conference(&call) } else { hang_up() };
        return response;
    }
    let (answered, asked) = tokio::sync::oneshot::channel();
    let ringing = desk.clone();
    let tasks = desk.tasks().clone();
    tasks.watch(async move {
        let rung = ring_agent(&ringing, &row, call).await;
        // KooKoo has its answer already, and the customer is in the conference alone.
        if answered.send(rung).is_err() && rung == ActionOutcome::Failed {
            disconnect(&ringing, &row, call).await;
        }
    });
    match tokio::time::timeout(ANSWERS_WITHIN, asked).await {
        Ok(Ok(ActionOutcome::Failed)) => hang_up(),
        _ => conference(&call),
    }
}

/// Rings the agent into the conference: asked for once, whatever becomes of it.
async fn ring_agent(desk: &Desk, row: &DialEntry, call: Ucid) -> ActionOutcome {
    let asked = ask_for_agent(desk, row).await;
    let (outcome, sid) = match asked {
        Ok(sid) => (ActionOutcome::Done, sid),
        Err(outcome) => (outcome, None),
    };
    let news = KookooNews::AskedFor(outcome);
    let agent = row.agent.clone();
    let fact = KookooFact { ucid: call, agent, leg: KookooLeg::Agent, sid, news };
    let fact = Fact::of_kookoo(fact, "asked_for", now_ms(desk));
    if let Err(error) = record(desk, vec![fact]).await {
        tracing::error!(%error, "that an agent was rung was not recorded");
    }
    outcome
}

async fn ask_for_agent(desk: &Desk, row: &DialEntry) -> Result<Option<Ucid>, ActionOutcome> {
    let not_sent = |problem: Problem| {
        tracing::warn!(?problem, "an agent was not rung over KooKoo");
        ActionOutcome::Failed
    };
    let number = telephone(desk, &row.agent).await.map_err(not_sent)?;
    let asks = address(desk, PushKind::Ivr, &row.id, KookooLeg::Agent).map_err(not_sent)?;
    let tells = address(desk, PushKind::Kookoo, &row.id, KookooLeg::Agent).map_err(not_sent)?;
    let leg = AskedLeg {
        id: format!("{}:agent", row.id),
        kind: AskedLegKind::Agent,
        ucid: None,
        since_ms: now_ms(desk),
    };
    desk.store().ask_leg(&row.agent, leg).await.map_err(|error| not_sent(error.into()))?;
    let mut call = desk.client().kookoo().call(number, asks).callback_url(tells);
    if let Some(did) = did_of(desk, row) {
        call = call.caller_id(did);
    }
    match call.await {
        Ok(queued) => Ok(queued.ucid()),
        Err(error) if error.may_have_happened() => Err(ActionOutcome::Unknown),
        Err(error) => {
            tracing::warn!(error = error.summary(), "an agent was not rung over KooKoo");
            Err(ActionOutcome::Failed)
        }
    }
}

/// One of the two has gone: the other's leg is ended.
fn end_other(desk: &Desk, row: DialEntry, call: Ucid, gone: KookooLeg, state: &CallState) {
    let other = match gone {
        KookooLeg::Customer => state.agent_leg,
        KookooLeg::Agent => Some(call),
    };
    let Some(other) = other else { return };
    let desk = desk.clone();
    let tasks = desk.tasks().clone();
    tasks.watch(async move { disconnect(&desk, &row, other).await });
}

async fn disconnect(desk: &Desk, row: &DialEntry, leg: Ucid) {
    let Some(did) = did_of(desk, row) else {
        tracing::warn!("a leg over KooKoo is not ended: the number it runs over is not known");
        return;
    };
    match desk.client().kookoo().disconnect(leg, did).await {
        Ok(_) => {}
        // It has ended by itself, most often.
        Err(error) => tracing::debug!(error = error.summary(), "a leg over KooKoo was not ended"),
    }
}

/// Lets customers go who are in their conference alone for so long that no agent comes any more: the desk was stopped
/// before it knew what became of the agent's leg, and the agent is not rung a second time. How many were.
///
/// # Errors
/// The store is not available.
pub async fn let_go_alone(desk: &Desk) -> Result<usize, StoreError> {
    let now = now_ms(desk);
    let mut gone = 0;
    for call in desk.store().live_calls(&Scope::All, MOST).await? {
        let state = &call.state;
        let waits = state.way == DialWay::Kookoo && !state.is_ended() && !state.is_answered();
        let since = state.ringing_ms.filter(|_| waits);
        if since.is_none_or(|since| now.saturating_sub(since) < ALONE_MS) {
            continue;
        }
        let row = match &state.dial {
            Some((dial, _)) => desk.store().dial(dial).await?,
            None => None,
        };
        if let Some((row, leg)) = row.and_then(|row| row.ucid.map(|leg| (row, leg))) {
            tracing::warn!(call = call.id, "a customer over KooKoo is alone and is let go");
            disconnect(desk, &row, leg).await;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Ends both legs of a call over KooKoo, for the agent who hangs up. A customer's leg that is refused has gone, where the
/// agent's is there to be ended.
///
/// # Errors
/// The customer's leg was not ended, or may not have been.
pub(super) async fn end(desk: &Desk, state: &CallState) -> Result<(), ozonetel_sdk::Error> {
    let row = match &state.dial {
        Some((dial, _)) => desk.store().dial(dial).await.ok().flatten(),
        None => None,
    };
    let Some((row, call)) = row.and_then(|row| row.ucid.map(|call| (row, call))) else {
        return Ok(());
    };
    let did = did_of(desk, &row).unwrap_or_else(|| Did::from(""));
    let kookoo = desk.client().kookoo();
    let customer = kookoo.disconnect(call, did.clone()).await;
    let Some(agent) = state.agent_leg else { return customer.map(|_| ()) };
    match (customer, kookoo.disconnect(agent, did).await) {
        (Err(error), Ok(_)) if !error.may_have_happened() => {
            tracing::debug!(error = error.summary(), "a customer's leg had ended already");
            Ok(())
        }
        (customer, agent) => {
            if let Err(error) = agent {
                tracing::debug!(error = error.summary(), "an agent's leg was not ended");
            }
            customer.map(|_| ())
        }
    }
}

/// What KooKoo reports of a leg's end, as it is stored: the report, and the parameters of its address.
pub(super) fn stored(query: Option<&str>, report: &Value) -> Value {
    let mut stored = serde_json::Map::from_iter([("report".to_owned(), report.clone())]);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if matches!(&*name, "dial" | "leg") && value.len() <= 64 {
            stored.insert(name.into_owned(), value.into_owned().into());
        }
    }
    Value::Object(stored)
}

/// Works a report that was stored. Why it cannot be.
///
/// # Errors
/// The store is not available.
pub(super) async fn work(desk: &Desk, stored: &str, at: i64) -> Result<Option<String>, Problem> {
    let Ok(stored) = serde_json::from_str::<Value>(stored) else {
        return Ok(Some("what is stored cannot be parsed".to_owned()));
    };
    let report = &stored["report"];
    let report = report.get(0).unwrap_or(report);
    let Ok(status) = serde_json::from_value::<OutboundCallStatus>(report.clone()) else {
        return Ok(Some("it is not a report on a call".to_owned()));
    };
    let sid = status.ucid();
    let leg = stored["leg"].as_str().and_then(KookooLeg::of_name);
    let found = match (stored["dial"].as_str().zip(leg), sid) {
        (Some((dial, leg)), _) => place(desk, dial, leg).await?,
        (None, Some(sid)) => place_of_leg(desk, sid).await?,
        (None, None) => None,
    };
    let Some(Place { row, leg }) = found else {
        return Ok(Some("it names no call of this desk".to_owned()));
    };
    let call = match leg {
        KookooLeg::Customer => row.ucid.or(sid),
        KookooLeg::Agent => row.ucid,
    };
    let Some(call) = call else { return Ok(Some("it names no call".to_owned())) };
    if leg == KookooLeg::Customer {
        apply(desk, &row, &DialEvidence::Seen { ucid: Some(call) }).await?;
    }
    let news = KookooNews::Over(Box::new(status));
    let fact = KookooFact { ucid: call, agent: row.agent.clone(), leg, sid, news };
    let fact = Fact::of_kookoo(fact, "over", at);
    let recorded = record_with(desk, vec![fact], Together::default()).await?;
    if recorded.is_news {
        end_other(desk, row, call, leg, &recorded.call.state);
    }
    Ok(None)
}
