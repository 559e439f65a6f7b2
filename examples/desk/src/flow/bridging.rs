//! What Twilio asks and reports about a hand-off, and what it is answered.
//!
//! Two ways. A caller whose leg is at Twilio is sent here and connected to the agent's extension: Twilio ends both legs
//! together, and asks what to tell the caller when the agent was not reached. A caller who waits elsewhere is left alone
//! until the agent has picked up a leg of its own, which is then connected to where the caller waits.

use super::handing_over::{cache_leg, hand_over, news};
use crate::core::handoff::intent::Intent;
use crate::core::handoff::{HandoffRequest, HandoffRow, HandoffState};
use crate::core::profile::Extension;
use crate::core::twilio::{AfterText, FormParams, TwimlAnswer, apology, state_of};
use crate::desk::Desk;
use crate::ports::carriers::twilio::{TWILIO, Twilio};
use crate::problem::Problem;

/// How often a caller is asked again for words that were not understood.
const TRIES: u32 = 3;

/// What the address of a request says.
#[derive(Debug, Clone, Default)]
pub struct TwilioQuery {
    /// The hand-off.
    pub handoff: Option<String>,
    /// Which leg it is about.
    pub leg: Option<String>,
    /// The session, where there is no hand-off yet.
    pub session: Option<String>,
    /// The extension, where there is no hand-off yet.
    pub extension: Option<String>,
    /// How often the caller has been asked already.
    pub tries: u32,
}

fn param<'p>(params: &'p FormParams, name: &str) -> Option<&'p str> {
    let mut found = params.iter().filter(|(known, _)| known == name);
    found.next().map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

/// Where the caller's words go, to be handed over again.
fn listen(twilio: &Twilio, query: &TwilioQuery) -> AfterText {
    let Some((session, extension)) = query.session.as_ref().zip(query.extension.as_ref()) else {
        return AfterText::HangUp;
    };
    if query.tries >= TRIES {
        return AfterText::HangUp;
    }
    let tries = (query.tries + 1).to_string();
    AfterText::Listen(
        twilio.address(
            "speech",
            &[("session_id", session), ("extension", extension), ("tries", &tries)],
        ),
    )
}

/// Twilio has a leg and asks what to do with it.
///
/// # Errors
/// The store is not available.
pub async fn voice(
    desk: &Desk,
    twilio: &Twilio,
    query: &TwilioQuery,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    match &query.handoff {
        Some(id) => {
            let row = carried(desk, id).await?;
            let Some(row) = row else { return Ok(TwimlAnswer::HangUp) };
            connect(desk, twilio, &row, params).await
        }
        None => from_here(desk, twilio, query, params).await,
    }
}

/// The caller has said something.
///
/// # Errors
/// The store is not available.
pub async fn speech(
    desk: &Desk,
    twilio: &Twilio,
    query: &TwilioQuery,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    let said = param(params, "SpeechResult").unwrap_or_default();
    if desk.customers().intents().intent(said) == Intent::None {
        let text = "Please say: talk to a person.".to_owned();
        return Ok(TwimlAnswer::Tell(text, listen(twilio, query)));
    }
    from_here(desk, twilio, query, params).await
}

/// A hand-off that is carried here.
async fn carried(desk: &Desk, id: &str) -> Result<Option<HandoffRow>, Problem> {
    let row = desk.store().handoff(id).await?;
    Ok(row.filter(|row| row.carrier.as_deref() == Some(TWILIO)))
}

/// Hands over the call that asks: its own leg is the caller's. What goes wrong is told to the caller, who stays.
async fn from_here(
    desk: &Desk,
    twilio: &Twilio,
    query: &TwilioQuery,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    let request = HandoffRequest {
        session_id: query.session.clone(),
        extension: query.extension.clone(),
        call_sid: param(params, "CallSid").map(str::to_owned),
        caller: param(params, "From").map(str::to_owned),
        carrier: Some("none".to_owned()),
        ..HandoffRequest::default()
    };
    let handed = match hand_over(desk, TWILIO, request).await {
        Ok(reply) => reply.row,
        Err(problem) => {
            tracing::warn!(kind = problem.word(), "a call at Twilio was not handed over");
            let text = apology("failed").to_owned();
            return Ok(TwimlAnswer::Tell(text, listen(twilio, query)));
        }
    };
    let ours = |row: &HandoffRow| {
        let ours = row.carrier.as_deref() == Some(TWILIO);
        (!ours).then(|| HandoffRow { carrier: Some(TWILIO.to_owned()), ..row.clone() })
    };
    match news(desk, &handed.id, ours).await? {
        Some(row) => connect(desk, twilio, &row, params).await,
        None => Ok(TwimlAnswer::HangUp),
    }
}

/// Connects the leg that asks with the other one.
async fn connect(
    desk: &Desk,
    twilio: &Twilio,
    row: &HandoffRow,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    let sid = param(params, "CallSid").unwrap_or_default();
    let own = match (&row.call_sid, &row.leg_sid) {
        (Some(caller), _) => caller == sid,
        (None, Some(agent)) => agent == sid,
        (None, None) => !sid.is_empty(),
    };
    if !own || row.state.is_over() {
        return Ok(TwimlAnswer::HangUp);
    }
    let (to, leg) = match (&row.call_sid, &row.waits_at) {
        (Some(_), _) => (Extension::new(&row.extension), "agent"),
        (None, Some(place)) => (Extension::new(place), "caller"),
        (None, None) => return Ok(TwimlAnswer::HangUp),
    };
    let Ok(to) = to else { return Ok(TwimlAnswer::HangUp) };
    let agents = row.call_sid.is_none().then(|| sid.to_owned());
    heard(desk, row, (HandoffState::Ringing, agents.as_deref())).await?;
    Ok(TwimlAnswer::Connect(twilio.bridge(&row.id, &to, leg)))
}

/// Takes news of a hand-off's legs: further or later, and a leg's first id. Late and repeated news changes nothing.
async fn heard(
    desk: &Desk,
    row: &HandoffRow,
    (state, leg): (HandoffState, Option<&str>),
) -> Result<Option<HandoffRow>, Problem> {
    let leg = leg.filter(|sid| Extension::new(sid).is_ok());
    let named = row.leg_sid.is_none() && leg.is_some();
    let changed = news(desk, &row.id, |row| {
        let state = if row.state.may_become(state) { state } else { row.state };
        let leg_sid = row.leg_sid.clone().or_else(|| leg.map(str::to_owned));
        let to = HandoffRow { leg_sid, state, ..row.clone() };
        (to != *row).then_some(to)
    });
    let changed = changed.await?;
    if let Some(row) = changed.as_ref().filter(|_| named) {
        cache_leg(desk, row).await;
    }
    Ok(changed)
}

/// Takes news of a leg, and says what the leg that asks does next.
///
/// # Errors
/// The store is not available: Twilio asks again.
pub async fn status(
    desk: &Desk,
    twilio: &Twilio,
    query: &TwilioQuery,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    let id = query.handoff.as_deref().unwrap_or_default();
    let Some(row) = carried(desk, id).await? else { return Ok(TwimlAnswer::Nothing) };
    match query.leg.as_deref() {
        Some("bridge") => bridged(desk, twilio, &row, params).await,
        Some("agent" | "caller") => {
            leg_news(desk, &row, query.leg.as_deref() == Some("agent"), params).await?;
            Ok(TwimlAnswer::Nothing)
        }
        _ => Ok(TwimlAnswer::Nothing),
    }
}

/// The connection is over, or never was: the leg that asks is still there.
async fn bridged(
    desk: &Desk,
    twilio: &Twilio,
    row: &HandoffRow,
    params: &FormParams,
) -> Result<TwimlAnswer, Problem> {
    let asks = param(params, "CallSid");
    let own = row.call_sid.as_deref().or(row.leg_sid.as_deref());
    if asks != own {
        return Ok(TwimlAnswer::HangUp);
    }
    let word = param(params, "DialCallStatus").unwrap_or("failed");
    if matches!(word, "completed" | "answered") {
        heard(desk, row, (HandoffState::Ended, None)).await?;
        return Ok(TwimlAnswer::HangUp);
    }
    let row = heard(desk, row, (HandoffState::Failed, None)).await?.unwrap_or(row.clone());
    if row.call_sid.is_none() {
        let text = "The caller is no longer there.".to_owned();
        return Ok(TwimlAnswer::Tell(text, AfterText::HangUp));
    }
    let query = TwilioQuery {
        session: Some(row.session).filter(|session| !session.is_empty()),
        extension: Some(row.extension),
        ..TwilioQuery::default()
    };
    Ok(TwimlAnswer::Tell(apology(word).to_owned(), listen(twilio, &query)))
}

async fn leg_news(
    desk: &Desk,
    row: &HandoffRow,
    of_agent: bool,
    params: &FormParams,
) -> Result<(), Problem> {
    let (own, parent) = (param(params, "CallSid"), param(params, "ParentCallSid"));
    let word = param(params, "CallStatus").unwrap_or_default();
    let Some(said) = state_of(word) else { return Ok(()) };
    let created = row.call_sid.is_none();
    // A leg of another call is none of this one.
    let (known, leg) = match (created, of_agent) {
        (false, _) => (parent == row.call_sid.as_deref(), own),
        (true, true) => (row.leg_sid.is_none() || own == row.leg_sid.as_deref(), own),
        (true, false) => (parent.is_some() && parent == row.leg_sid.as_deref(), None),
    };
    if !known {
        return Ok(());
    }
    let state = match (said, created && of_agent) {
        // The agent has picked up, and is not connected yet.
        (HandoffState::Connected, true) => HandoffState::Ringing,
        // The agent hung up before the caller was there.
        (HandoffState::Ended, true) if row.state != HandoffState::Connected => HandoffState::Failed,
        (state, _) => state,
    };
    heard(desk, row, (state, leg)).await.map(|_| ())
}
