//! Calls as they are sent out: what depends on settings, drafts and the ledger comes together here.

use std::sync::Arc;

use ozonetel_sdk::types::{AgentId, PhoneNumber, TimeOfDay};

use super::lead_names::LeadName;
use crate::core::call::{AgentPart, CallState, CallView, Viewer};
use crate::core::caller::Scope;
use crate::core::can::{CanContext, Refusal, Standing};
use crate::desk::Desk;
use crate::store::{Audience, EventText, NewEvent, StoreError, StoredCall};

/// Now, in milliseconds since 1970, by the account's clock.
pub fn now_ms(desk: &Desk) -> i64 {
    desk.now()
}

/// The time of day in the account's zone.
pub(super) fn time_of_day(desk: &Desk) -> TimeOfDay {
    let client = desk.client();
    client.zone().stamp(client.clock().now()).time()
}

/// Why the call's number cannot be dialled now.
pub fn dial_refusal(desk: &Desk, call: &CallState) -> Option<Refusal> {
    call_refusal(desk, call.number.as_ref()?)
}

/// Why a number cannot be called now.
pub(super) fn call_refusal(desk: &Desk, number: &PhoneNumber) -> Option<Refusal> {
    let time = || time_of_day(desk);
    if desk.calling().settings().policy.blocked.is_empty() {
        return desk.calling().refusal(number, time);
    }
    desk.calling().refusal(&as_rung(desk, number), time)
}

/// The number in the form in which it is rung, by which it is compared: what people write beside its digits can stand for
/// another number or for none. One that cannot be rung stays as it is.
pub(super) fn as_rung(desk: &Desk, number: &PhoneNumber) -> PhoneNumber {
    let plan = desk.client().dial_plan();
    let rung = number.for_dial(plan).or_else(|_| number.for_conference(plan));
    rung.unwrap_or_else(|_| number.clone())
}

/// What judgements of this call depend on.
pub fn can_context(desk: &Desk, call: &CallState, standing: Standing<'_>) -> CanContext {
    CanContext {
        reconnect: desk.calling().settings().reconnect.unwrap_or(false),
        dial: dial_refusal(desk, call),
        ..CanContext::of(call, standing)
    }
}

/// A call as a viewer sees it. To an agent of the call, numbers and that agent's notes are shown.
///
/// # Errors
/// The store is not available.
pub async fn view(
    desk: &Desk,
    call: &StoredCall,
    own: Option<&AgentId>,
    standing: Standing<'_>,
) -> Result<CallView, StoreError> {
    let draft = match own {
        Some(agent) => desk.store().draft(&call.id, agent).await?,
        None => None,
    };
    let said = own.and_then(|agent| call.state.word_of(agent)).map_or(i64::MIN, |said| said.at_ms);
    let dial = match &call.state.dial {
        Some((id, _)) => desk.store().dial(id).await?,
        None => None,
    };
    let viewer = Viewer {
        // What was typed before it was said for good is no draft any more.
        notes: draft.filter(|draft| draft.at > said).map(|draft| draft.notes),
        dial_state: dial.map(|dial| dial.state.as_str().to_owned()),
        lead: lead_of_call(desk, &call.id, call.state.number.as_ref()).await,
        ..viewer(desk, call, own, standing)
    };
    Ok(CallView::of(&call.state, viewer))
}

fn viewer(desk: &Desk, call: &StoredCall, own: Option<&AgentId>, standing: Standing<'_>) -> Viewer {
    let part = own.filter(|agent| call.state.part_of(agent).is_some());
    let context = |agent| can_context(desk, &call.state, Standing::Participant(agent));
    Viewer {
        ucid: call.id.clone(),
        version: call.version,
        whole: own.is_some(),
        can: can_context(desk, &call.state, standing),
        part: part.map(|agent| (agent.clone(), context(agent))),
        assist: desk.assist().state_of(&call.id, &call.state),
        now_ms: now_ms(desk),
        ..Viewer::default()
    }
}

/// The events that report a changed call: to the agent who has it, to supervisors without its numbers, to those who
/// handed it on, when their part or the call's phase has changed, and to an agent who had it before.
pub(super) fn changed(
    desk: &Desk,
    call: &StoredCall,
    before: &CallState,
    lead: Option<&LeadName>,
) -> Result<Vec<NewEvent>, StoreError> {
    let state = &call.state;
    let viewer =
        |own, standing| Viewer { lead: lead.cloned(), ..viewer(desk, call, own, standing) };
    let report = |audience, viewer| {
        let state = Arc::clone(state);
        let write = move || {
            let texts = CallView::texts(&state, &viewer);
            let (body, masked) = texts.map_err(|_| StoreError::Corrupt("event"))?;
            Ok(EventText { body, masked: Some(masked) })
        };
        NewEvent::unwritten("call.changed", audience, write)
    };
    let current = state.agent.as_ref();
    let audience = current.map_or(Audience::Supervisors, |agent| Audience::Agent(agent.clone()));
    let whole = Viewer { whole: true, ..viewer(None, Standing::Handler) };
    let mut events = vec![report(audience, whole)];
    let is_told = |part: &&AgentPart| {
        before.phase != state.phase || before.part_of(&part.agent) != Some(*part)
    };
    for part in state.parts.iter().filter(is_told) {
        let theirs = viewer(Some(&part.agent), Standing::Participant(&part.agent));
        events.push(report(Audience::Agent(part.agent.clone()), theirs));
    }
    let had = before.agent.as_ref().filter(|one| {
        current.is_none_or(|now| !now.is_same_agent(one)) && state.part_of(one).is_none()
    });
    if let Some(had) = had {
        let theirs = CallView::of(state, viewer(None, Standing::Participant(had)));
        events.push(NewEvent::new("call.changed", Audience::Agent(had.clone()), &theirs)?);
    }
    Ok(events)
}

/// The lead of a call's number, as far as that is known at once. Where the platform is elsewhere it is asked, and the
/// call is sent out again when it has answered: no call waits for it.
pub(super) async fn lead_of_call(
    desk: &Desk,
    call: &str,
    number: Option<&PhoneNumber>,
) -> Option<LeadName> {
    let number = number?;
    if desk.platform().is_local() {
        // A call without its lead is better than no call.
        let lead = desk.platform().lead_of_number(number).await.ok().flatten();
        return lead.map(|lead| (lead.id, lead.name));
    }
    if let Some(known) = desk.lead_names().get(number).await {
        return known;
    }
    let (desk, number, call) = (desk.clone(), number.clone(), call.to_owned());
    desk.tasks().clone().watch(async move {
        match desk.lead_names().ask(&**desk.platform(), &number).await {
            Ok(Some(lead)) => {
                if let Err(error) = show_again(&desk, &call, &lead).await {
                    tracing::warn!(%error, "a call was not sent out with its lead");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the lead of a call is not known"),
        }
    });
    None
}

/// Reports a call once more, with its lead.
async fn show_again(desk: &Desk, id: &str, lead: &LeadName) -> Result<(), StoreError> {
    let Some(call) = desk.store().call(id, &Scope::All).await? else { return Ok(()) };
    let events = changed(desk, &call, &call.state, Some(lead))?;
    desk.store().append_events(now_ms(desk), events).await
}
