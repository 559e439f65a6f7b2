//! Calls as they are sent out: what depends on settings, drafts and the ledger comes together here.

use std::sync::Arc;

use ozonetel_sdk::types::{AgentId, PhoneNumber, TimeOfDay};

use super::lead_names::LeadName;
use crate::core::call::{CallState, CallView, Viewer};
use crate::core::caller::Scope;
use crate::core::can::{CanContext, DispositionProgress, Refusal};
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
    let number = call.number.as_ref()?;
    desk.calling().refusal(number, || time_of_day(desk))
}

/// What judgements of this call depend on.
pub fn can_context(desk: &Desk, call: &CallState, may_act: bool) -> CanContext {
    CanContext {
        may_act,
        reconnect: desk.calling().settings().reconnect,
        dial: dial_refusal(desk, call),
        disposition: DispositionProgress::of(call),
    }
}

/// A call as a viewer sees it. `whole` is whether numbers and notes are shown: to who handles the call.
///
/// # Errors
/// The store is not available.
pub async fn view(
    desk: &Desk,
    call: &StoredCall,
    whole: bool,
    may_act: bool,
) -> Result<CallView, StoreError> {
    let draft = if whole { desk.store().draft(&call.id).await? } else { None };
    let said = call.state.disposition.as_ref().map_or(i64::MIN, |said| said.at_ms);
    let dial = match &call.state.dial {
        Some((id, _)) => desk.store().dial(id).await?,
        None => None,
    };
    let viewer = Viewer {
        // What was typed before it was said for good is no draft any more.
        notes: draft.filter(|draft| draft.at > said).map(|draft| draft.notes),
        dial_state: dial.map(|dial| dial.state.as_str().to_owned()),
        lead: lead_of_call(desk, &call.id, call.state.number.as_ref()).await,
        ..viewer(desk, call, whole, may_act)
    };
    Ok(CallView::of(&call.state, viewer))
}

fn viewer(desk: &Desk, call: &StoredCall, whole: bool, may_act: bool) -> Viewer {
    Viewer {
        ucid: call.id.clone(),
        version: call.version,
        whole,
        can: can_context(desk, &call.state, may_act),
        assist: desk.assist().state_of(&call.id, &call.state),
        now_ms: now_ms(desk),
        ..Viewer::default()
    }
}

/// The events that report a changed call: to the agent who has it, to supervisors without its numbers, and to an agent
/// who had it before.
pub(super) fn changed(
    desk: &Desk,
    call: &StoredCall,
    before: Option<&AgentId>,
    lead: Option<&LeadName>,
) -> Result<Vec<NewEvent>, StoreError> {
    let viewer =
        |whole, may_act| Viewer { lead: lead.cloned(), ..viewer(desk, call, whole, may_act) };
    let (state, whole) = (Arc::clone(&call.state), viewer(true, true));
    let write = move || {
        let texts = CallView::texts(&state, &whole);
        let (body, masked) = texts.map_err(|_| StoreError::Corrupt("event"))?;
        Ok(EventText { body, masked: Some(masked) })
    };
    let audience = match &call.state.agent {
        Some(agent) => Audience::Agent(agent.clone()),
        None => Audience::Supervisors,
    };
    let mut events = vec![NewEvent::unwritten("call.changed", audience, write)];
    let current = call.state.agent.as_ref();
    if let Some(before) = before.filter(|one| current.is_none_or(|now| !now.is_same_agent(one))) {
        let theirs = CallView::of(&call.state, viewer(false, false));
        events.push(NewEvent::new("call.changed", Audience::Agent(before.clone()), &theirs)?);
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
    let events = changed(desk, &call, None, Some(lead))?;
    desk.store().append_events(now_ms(desk), events).await
}
