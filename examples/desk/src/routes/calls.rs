//! Phone calls: placed, seen, handled, disposed of.

mod control;
mod dispose;
mod draft;
mod live;
mod place;
mod read;
mod reveal;

use ozonetel_sdk::types::{AgentId, PhoneName, PhoneNumber, Ucid};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{acting_agent, no_such};
use crate::call_memory::CallFacts;
use crate::core::call::CallView;
use crate::core::caller::Caller;
use crate::core::can::{Standing, own_part};
use crate::desk::Desk;
use crate::flow::auditing::append;
use crate::flow::viewing::view;
use crate::problem::{Problem, RequestId};
use crate::store::audit::AuditRow;
use crate::store::{LoadedCall, StoredCall};

pub(super) use control::word;
pub(super) use live::snapshot;
pub(super) use place::{IdempotencyKey, answer};

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(place::place))
        .routes(routes!(live::live))
        .routes(routes!(read::read))
        .routes(routes!(draft::save))
        .routes(routes!(control::hold))
        .routes(routes!(control::unhold))
        .routes(routes!(control::mute))
        .routes(routes!(control::unmute))
        .routes(routes!(control::end))
        .routes(routes!(control::reconnect))
        .routes(routes!(control::recording))
        .routes(routes!(control::conference))
        .routes(routes!(control::kick))
        .routes(routes!(control::transfer))
        .routes(routes!(control::complete))
        .routes(routes!(control::cancel))
        .routes(routes!(dispose::dispose))
        .routes(routes!(reveal::reveal))
}

/// A call that the caller sees.
///
/// # Errors
/// [`Kind::NotFound`], also for one that the caller may not see.
pub(super) async fn visible(desk: &Desk, caller: &Caller, id: &str) -> Result<StoredCall, Problem> {
    if id.parse::<Ucid>().is_err() {
        return Err(no_such("call"));
    }
    desk.store().call(id, &caller.scope).await?.ok_or_else(|| no_such("call"))
}

/// What is known of a call: by the store, by front ends, by the rows that were read; and the call as it was loaded.
pub(super) async fn known_of(
    desk: &Desk,
    ucid: &Ucid,
) -> Result<(CallFacts, Option<LoadedCall>), Problem> {
    let loaded = desk.store().load_calls(&[ucid.to_string()]).await?.into_iter().next();
    let known = desk.known(ucid).await;
    let Some(loaded) = loaded else { return Ok((known, None)) };
    let state = loaded.call.state();
    let facts = CallFacts {
        did: known.did.or_else(|| state.did.clone()),
        agent: state.agent.clone().or(known.agent),
        phone_name: known.phone_name.or_else(|| state.phone_name.clone()),
        unread_at: known.unread_at,
    };
    Ok((facts, Some(loaded)))
}

/// Whether a call is known by more than what was asked of the desk about it: it was dialled, or someone told of it.
pub(super) fn is_seen(loaded: Option<&LoadedCall>) -> bool {
    let state = loaded.map(|loaded| loaded.call.state());
    state.is_some_and(|state| state.dial.is_some() || state.began_ms.is_some())
}

/// The phone name of an agent's number: of its link, or of the desk's own agent.
pub(super) async fn phone_name(desk: &Desk, agent: &AgentId) -> Result<PhoneName, Problem> {
    let link = desk.store().link_of_agent(agent).await?;
    match link.and_then(|link| link.phone_name) {
        Some(name) => Ok(name.as_str().into()),
        None => desk.needed_phone_name(agent),
    }
}

/// Whether the caller handles a call, and so sees its number.
pub(super) fn handles(caller: &Caller, call: &StoredCall) -> bool {
    own_part(caller, &call.state).is_some()
}

/// A call as the caller sees it.
async fn shown(desk: &Desk, caller: &Caller, call: &StoredCall) -> Result<CallView, Problem> {
    let (own, standing) = (own_part(caller, &call.state), Standing::of(caller, &call.state));
    Ok(view(desk, call, own, standing).await?)
}

/// What is known of a call's agent for commands on the call.
pub(super) struct CallPlace {
    pub(super) agent: AgentId,
    pub(super) phone_name: Option<PhoneName>,
    pub(super) agent_number: Option<PhoneNumber>,
}

/// The agent whose call it is; of a call that names none, whom the caller acts for.
fn agent_on(desk: &Desk, caller: &Caller, call: &StoredCall) -> Result<AgentId, Problem> {
    match &call.state.agent {
        Some(agent) => Ok(agent.clone()),
        None => acting_agent(desk, caller, None),
    }
}

/// The agent of whose part in a call a caller speaks: the one that is named, else whose call it is, else the caller's own
/// agent, who had a part in it before.
///
/// # Errors
/// [`Kind::NotFound`] for an agent whom the caller may not see; [`Kind::BadRequest`] for one without a part in the call.
pub(super) fn part_of(
    desk: &Desk,
    caller: &Caller,
    call: &StoredCall,
    named: Option<AgentId>,
) -> Result<AgentId, Problem> {
    let state = &call.state;
    if let Some(agent) = named.filter(|agent| !agent.as_str().trim().is_empty()) {
        let agent = acting_agent(desk, caller, Some(agent))?;
        let has = state.agent.as_ref().is_none_or(|own| own.is_same_agent(&agent));
        let has_part = has || state.is_of(&agent);
        return has_part
            .then_some(agent)
            .ok_or_else(|| Problem::field("agent", "has no part in the call"));
    }
    match Standing::of(caller, state) {
        Standing::Handler => agent_on(desk, caller, call),
        Standing::Participant(agent) => Ok(agent.clone()),
        Standing::Onlooker => Err(no_such("call")),
    }
}

/// Where a call is: its agent's link first, then the call's own facts, then what the desk is set to.
async fn place_of(desk: &Desk, caller: &Caller, call: &StoredCall) -> Result<CallPlace, Problem> {
    let agent = agent_on(desk, caller, call)?;
    let link = desk.store().link_of_agent(&agent).await?;
    let (name, extension) = link.map(|link| (link.phone_name, link.extension)).unwrap_or_default();
    let name = name.map(|name| PhoneName::from(name.as_str()));
    let phone_name = desk.phone_name(name.or_else(|| call.state.phone_name.clone()), &agent);
    let number = extension.as_deref().map(PhoneNumber::from);
    let agent_number = number.or_else(|| desk.phone_number(None, &agent).ok());
    Ok(CallPlace { agent, phone_name, agent_number })
}

/// Writes the audit row of an action on a call. An action that is done is not undone because its row cannot be
/// written: that is logged.
pub(super) async fn audited(
    desk: &Desk,
    caller: &Caller,
    action: &str,
    call: &str,
    (agent, failure): (Option<&AgentId>, Option<&Problem>),
) {
    let row = audit_row(desk, caller, action, call, agent);
    let row = match failure {
        Some(problem) => row.ending(problem.word()),
        None => row,
    };
    append(desk, row).await;
}

/// Writes the audit row of something of a call that is about to be shown: nothing is shown that is not in the audit.
///
/// # Errors
/// The store is not available.
pub(super) async fn audit_showing(
    desk: &Desk,
    caller: &Caller,
    action: &str,
    call: &StoredCall,
) -> Result<(), Problem> {
    let row = audit_row(desk, caller, action, &call.id, call.state.agent.as_ref());
    desk.store().append_audit(vec![row]).await?;
    Ok(())
}

/// The audit row of an action on a call, for a flow that writes it with what it does.
pub(super) fn audit_row(
    desk: &Desk,
    caller: &Caller,
    action: &str,
    call: &str,
    agent: Option<&AgentId>,
) -> AuditRow {
    AuditRow::new(desk.now(), caller, action, ["call:", call].concat())
        .about(agent)
        .in_request(RequestId::current().map(|id| id.as_str().to_owned()))
}
