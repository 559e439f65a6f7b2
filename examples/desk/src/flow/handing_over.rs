//! A voice assistant hands its call to an agent: the profile first, then the row, and only then a carrier is asked, once.

use std::sync::Arc;

use ozonetel_sdk::types::{AgentId, Did, PhoneName, PhoneNumber};
use serde_json::{Map, Value};

use super::caller_profiles::{Place, agent_of, cache, call_keys, extension, join_live};
use super::dialing::may_call;
use super::joining::{popup, profile_changed};
use crate::core::call::CallPhase;
use crate::core::caller::Scope;
use crate::core::handoff::intent::Intent;
use crate::core::handoff::{HandoffRequest, HandoffRow, HandoffState, REFERENCE};
use crate::core::profile::{CallKeys, Extension};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::ports::carriers::twilio::TWILIO;
use crate::ports::carriers::{Carrier, CarrierError, LegOrder, RungLeg};
use crate::problem::{Kind, Problem};
use crate::store::{HandoffBegun, StoreError};
use crate::tasks::TaskKind;

/// How often a change of a row is tried again that met another one.
const TRIES: usize = 8;

/// The largest session that is read.
const MOST_SESSION: usize = 1 << 20;

/// What became of a request to hand over.
#[derive(Debug, Clone)]
pub struct HandoffReply {
    /// The hand-off.
    pub row: HandoffRow,
    /// Whether the same call was handed over before.
    pub is_replay: bool,
}

/// Hands a call over. The same call of the same session again is answered with what became of it.
///
/// # Errors
/// A field that is not taken, the session of another call, an extension that no one has: nothing was stored. A store
/// that does not answer: no carrier was asked. A carrier that refuses, with its words; one that may have rung the agent,
/// as an unknown outcome.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn hand_over(
    desk: &Desk,
    maker: &str,
    request: HandoffRequest,
) -> Result<HandoffReply, Problem> {
    let (work, maker) = (desk.clone(), maker.to_owned());
    let work = async move { hand_over_now(&work, &maker, request).await };
    desk.tasks().run(TaskKind::Change, work).await
}

/// Hands a call over if its caller asks for a human.
///
/// # Errors
/// As [`hand_over`].
pub async fn hand_over_if_asked(
    desk: &Desk,
    maker: &str,
    request: HandoffRequest,
) -> Result<(Intent, Option<HandoffReply>), Problem> {
    let speech = request.speech.as_deref().map(str::trim).filter(|speech| !speech.is_empty());
    let speech = speech.ok_or_else(|| Problem::field("speech", "is missing"))?;
    if speech.chars().nth(8_000).is_some() {
        return Err(Problem::field("speech", "is too long"));
    }
    match desk.customers().intents().intent(speech) {
        Intent::None => Ok((Intent::None, None)),
        human @ Intent::Human(_) => Ok((human, Some(hand_over(desk, maker, request).await?))),
    }
}

async fn hand_over_now(
    desk: &Desk,
    maker: &str,
    mut request: HandoffRequest,
) -> Result<HandoffReply, Problem> {
    let missing = |field: &str| Problem::field(field, "is missing");
    let session = request.session_id.clone().ok_or_else(|| missing("session_id"))?;
    // What can be an id of a call can be a part of a key.
    let session = Extension::new(&session)
        .map_err(|reason| Problem::field("session_id", reason.to_string()))?
        .as_str()
        .to_owned();
    let extension = extension(request.extension.as_deref().unwrap_or_default())?;
    let unknown = || Problem::field("extension", "is not the extension of an agent");
    let agent = agent_of(desk, &extension).await?.ok_or_else(unknown)?;
    let place = Place { extension, agent };
    let mut keys = call_keys(request.call_sid.as_deref(), request.call_id.as_deref())?;
    if let Some(stored) = stored_session(desk, &request, &session).await? {
        request.fill(&stored, &keys)?;
        keys = call_keys(request.call_sid.as_deref(), request.call_id.as_deref())?;
    }
    if keys.is_empty() {
        // One session is one call: what names the session names the call.
        keys.call_id = Some(session.clone());
    }
    let row = new_row(desk, maker, (&place, session), &keys, &request)?;
    let carrier = carrier_of(desk, &request, &keys)?;
    let order = order(desk, &row, &place, &request).await?;
    if let Some(carrier) = &carrier {
        carrier.check(&order).map_err(|error| refused(error, &row))?;
        if let Some(number) = order.number.as_ref().filter(|_| carrier.calls_the_caller()) {
            may_call(desk, number)?;
        }
    }
    let row = match &carrier {
        Some(carrier) => HandoffRow {
            carrier: Some(carrier.name().to_owned()),
            state: HandoffState::Asking,
            ..row
        },
        None => row,
    };
    begin(desk, &place, row, carrier, order).await
}

/// What the voice server has stored about the session, where the request leaves something out.
async fn stored_session(
    desk: &Desk,
    request: &HandoffRequest,
    session: &str,
) -> Result<Option<Map<String, Value>>, Problem> {
    let text = match desk.customers().profiles().session(session).await {
        Ok(text) => text,
        // The request says everything itself.
        Err(_) if request.is_whole() => None,
        Err(error) => return Err(error.into()),
    };
    let Some(text) = text else { return Ok(None) };
    let wrong = |text: &str| Problem::field("session_id", text.to_owned());
    if text.len() > MOST_SESSION {
        return Err(wrong("has a session of more than 1 MiB"));
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(session)) => Ok(Some(session)),
        _ => Err(wrong("has a session that is not a JSON object")),
    }
}

fn new_row(
    desk: &Desk,
    maker: &str,
    (place, session): (&Place, String),
    keys: &CallKeys,
    request: &HandoffRequest,
) -> Result<HandoffRow, Problem> {
    let waits_at = request.waits_at.as_deref().map(Extension::new).transpose();
    let waits_at = waits_at.map_err(|reason| Problem::field("waits_at", reason.to_string()))?;
    let mut profile = request.profile()?;
    place.extension.as_str().clone_into(&mut profile.extension);
    profile.set_keys(keys);
    Ok(HandoffRow {
        id: format!("{REFERENCE}{}", new_id()),
        maker: maker.to_owned(),
        session,
        extension: place.extension.as_str().to_owned(),
        agent: place.agent.clone(),
        call_sid: keys.call_sid.clone(),
        call_id: keys.call_id.clone(),
        leg_sid: None,
        profile,
        carrier: None,
        waits_at: waits_at.map(|place| place.as_str().to_owned()),
        state: HandoffState::Waiting,
        message: None,
        call: None,
        made_ms: desk.now(),
        changed_ms: desk.now(),
    })
}

/// Who rings the agent: as said, else by the kind of the call's id; no one if the voice server brings the call itself.
fn carrier_of(
    desk: &Desk,
    request: &HandoffRequest,
    keys: &CallKeys,
) -> Result<Option<Arc<dyn Carrier>>, Problem> {
    let customers = desk.customers();
    let said = request.carrier.as_deref().map(str::trim).filter(|said| !said.is_empty());
    match said {
        Some("none") => Ok(None),
        Some(name) => {
            let known = customers.carrier(name).cloned();
            let names = customers.carrier_names().join(", ");
            let wrong = || Problem::field("carrier", format!("has to be none, {names}"));
            known.map(Some).ok_or_else(wrong)
        }
        None => Ok(customers.carrier_for(keys).cloned()),
    }
}

/// What the carrier needs to know.
async fn order(
    desk: &Desk,
    row: &HandoffRow,
    place: &Place,
    request: &HandoffRequest,
) -> Result<LegOrder, Problem> {
    let call = match &row.call_id {
        Some(id) => desk.store().call(id, &Scope::All).await?,
        None => None,
    };
    let state = call.map(|call| call.state);
    let said = request.did.as_deref().map(Did::from);
    let known = state.as_ref().and_then(|state| state.did.clone());
    let call_phone =
        linked_phone(desk, state.as_ref().and_then(|state| state.agent.as_ref())).await?;
    let said_phone = request.phone_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let agent_phone = linked_phone(desk, Some(&place.agent)).await?;
    let number = row.profile.phone.as_deref().map(PhoneNumber::from);
    Ok(LegOrder {
        handoff: row.id.clone(),
        extension: place.extension.clone(),
        agent: place.agent.clone(),
        keys: row.keys(),
        waits_at: row.waits_at.as_deref().and_then(|place| Extension::new(place).ok()),
        number: number.filter(|number| number.key().is_some()),
        did: desk.did(said.or(known)).ok(),
        call_phone: said_phone
            .map(PhoneName::from)
            .or(call_phone)
            .or_else(|| desk.settings().phone_name.clone()),
        agent_phone: agent_phone.or_else(|| desk.phone_name(None, &place.agent)),
    })
}

/// The phone name of an agent's number, by the agent's link.
async fn linked_phone(
    desk: &Desk,
    agent: Option<&AgentId>,
) -> Result<Option<PhoneName>, StoreError> {
    let link = match agent {
        Some(agent) => desk.store().link_of_agent(agent).await?,
        None => None,
    };
    Ok(link.and_then(|link| link.phone_name).map(|name| PhoneName::from(name.as_str())))
}

async fn begin(
    desk: &Desk,
    place: &Place,
    row: HandoffRow,
    carrier: Option<Arc<dyn Carrier>>,
    order: LegOrder,
) -> Result<HandoffReply, Problem> {
    for _ in 0..TRIES {
        if let Some(known) = desk.store().open_handoff(&row).await? {
            match known_again(desk, known).await? {
                Some(known) if known.extension == row.extension => {
                    return Ok(HandoffReply { row: known, is_replay: true });
                }
                Some(_) => {
                    let message = "this call is being handed to another extension";
                    return Err(Problem::new(Kind::Conflict, message).because("handed_over"));
                }
                // It is over: this is a new one.
                None => {}
            }
        }
        cache(desk, place, &row.profile).await?;
        let events = vec![profile_changed(&row, &row.agent, None)?];
        match desk.store().begin_handoff(row.clone(), events).await? {
            HandoffBegun::Repeated(_) => {}
            HandoffBegun::New => {
                join_live(desk, &place.agent).await?;
                return ask(desk, row, carrier, &order).await;
            }
        }
    }
    Err(StoreError::Conflict("hand-off").into())
}

/// A hand-off of the same call, as it is by now; `None` if it is over.
async fn known_again(desk: &Desk, row: HandoffRow) -> Result<Option<HandoffRow>, Problem> {
    let state = state_now(desk, &row).await?;
    if state == row.state {
        return Ok(Some(row));
    }
    // One that was written meanwhile goes on.
    let change = |now: &HandoffRow| (*now == row).then(|| HandoffRow { state, ..now.clone() });
    let now = news(desk, &row.id, change).await?;
    Ok(now.filter(|row| !row.state.is_over()))
}

/// How far a hand-off is: by its carrier, and by the phone call that it was joined to.
///
/// # Errors
/// The store is not available.
pub async fn state_now(desk: &Desk, row: &HandoffRow) -> Result<HandoffState, StoreError> {
    let known = row.state_at(desk.now());
    let call = match &row.call {
        Some(id) if !row.state.is_over() => desk.store().call(id, &Scope::All).await?,
        _ => None,
    };
    let Some(state) = call.map(|call| call.state) else { return Ok(known) };
    let own = state.agent.as_ref().is_some_and(|agent| agent.is_same_agent(&row.agent));
    let by_call = match state.phase {
        _ if state.is_ended() => HandoffState::Ended,
        CallPhase::Active if own => HandoffState::Connected,
        _ => known,
    };
    Ok(if known.may_become(by_call) { by_call } else { known })
}

/// Asks the carrier, and writes down what became of it.
async fn ask(
    desk: &Desk,
    row: HandoffRow,
    carrier: Option<Arc<dyn Carrier>>,
    order: &LegOrder,
) -> Result<HandoffReply, Problem> {
    let Some(carrier) = carrier else {
        let row = desk.store().handoff(&row.id).await?.unwrap_or(row);
        return Ok(HandoffReply { row, is_replay: false });
    };
    let rung = carrier.ring(order).await;
    let now = news(desk, &row.id, |row| rung_row(row, &rung)).await;
    let failure = rung.err();
    match (failure, now) {
        (Some(error), _) => Err(refused(error, &row)),
        (None, Ok(now)) => {
            let row = now.unwrap_or(row);
            if row.leg_sid.is_some() {
                cache_leg(desk, &row).await;
            }
            Ok(HandoffReply { row, is_replay: false })
        }
        (None, Err(error)) => {
            // The agent is rung: the row says "asking" and is taken for unknown later.
            tracing::error!(?error, "the outcome of a hand-off was not stored");
            let row = HandoffRow { state: HandoffState::Ringing, ..row };
            Ok(HandoffReply { row, is_replay: false })
        }
    }
}

/// The profile again under the id that the carrier gave the agent's leg. The row has it too: a store that does not
/// answer now costs nothing.
pub(super) async fn cache_leg(desk: &Desk, row: &HandoffRow) {
    let Ok(extension) = Extension::new(&row.extension) else { return };
    let mut profile = row.profile.clone();
    profile.call_sid.clone_from(&row.leg_sid);
    let place = Place { extension, agent: row.agent.clone() };
    if let Err(problem) = cache(desk, &place, &profile).await {
        tracing::warn!(?problem, "a profile was not stored under its leg");
    }
}

/// What a carrier's answer makes of a hand-off. News that came first, by a callback, is not taken back.
fn rung_row(row: &HandoffRow, rung: &Result<RungLeg, CarrierError>) -> Option<HandoffRow> {
    let (state, message, leg_sid) = match rung {
        Ok(leg) => (HandoffState::Ringing, None, leg.leg_sid.clone()),
        Err(CarrierError::Unknown) => {
            (HandoffState::Unknown, Some(CarrierError::Unknown.to_string()), None)
        }
        Err(error) => (HandoffState::Failed, Some(error.to_string()), None),
    };
    let leg_sid = row.leg_sid.clone().or(leg_sid);
    let state = if row.state.may_become(state) { state } else { row.state };
    let to = HandoffRow { leg_sid, state, message, ..row.clone() };
    (to != *row).then_some(to)
}

fn refused(error: CarrierError, row: &HandoffRow) -> Problem {
    match error {
        CarrierError::Missing { field, text } => Problem::field(field, text),
        CarrierError::Failed(message) => {
            Problem::new(Kind::Service, message).because("agent_not_rung").with_reference(&row.id)
        }
        CarrierError::Unknown => {
            let message = "It is not known whether the agent is rung. Do not hand over again.";
            Problem::new(Kind::Unknown, message).with_reference(&row.id)
        }
    }
}

/// Changes a hand-off, and says so to its agent. `None` if there is no such hand-off; one that `change` leaves as it is
/// stays.
///
/// # Errors
/// The store is not available.
pub async fn news(
    desk: &Desk,
    id: &str,
    change: impl Fn(&HandoffRow) -> Option<HandoffRow>,
) -> Result<Option<HandoffRow>, StoreError> {
    for _ in 0..TRIES {
        let Some(row) = desk.store().handoff(id).await? else { return Ok(None) };
        let Some(to) = change(&row) else { return Ok(Some(row)) };
        let to = HandoffRow { changed_ms: desk.now(), ..to };
        let mut events = vec![profile_changed(&to, &to.agent, None)?];
        let rings = to.state == HandoffState::Ringing && row.state != HandoffState::Ringing;
        if rings && to.carrier.as_deref() == Some(TWILIO) {
            // The desk sees nothing of such a call: what it knows is shown now.
            events.push(popup(&to)?);
        }
        match desk.store().change_handoff(&row, to.clone(), events).await {
            Ok(()) => return Ok(Some(to)),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict("hand-off"))
}
