//! The softphone in a tab: what it is told about an INVITE, and what it reports.

use ozonetel_sdk::phone_call::{AutoAnswer, Invite};
use ozonetel_sdk::types::{AgentId, Ucid};

use super::agent_state::change_agent;
use super::facts::{Together, record, record_with};
use super::settling::leg_of_dial;
use super::viewing::now_ms;
use crate::core::answer::{Answer, InviteDecision, InviteFacts, RingKind, decide};
use crate::core::call::{CallPhase, Direction, SipLeg};
use crate::core::caller::Scope;
use crate::core::fact::{Fact, FactBody, FactSource, LegNews};
use crate::desk::Desk;
use crate::store::{StoreError, StoredCall};

/// How many live calls of one agent are looked at.
const MOST: u32 = 64;

/// An INVITE as a tab saw it.
#[derive(Debug, Clone)]
pub struct SeenInvite {
    /// Whose phone.
    pub agent: AgentId,
    /// What tells this INVITE from others: its `Call-ID`. The same one asked about again has the same answer.
    pub id: String,
    /// Its headers; `None` without a UCID that can be parsed.
    pub invite: Option<Invite>,
    /// Whether it names a caller.
    pub has_caller: bool,
    /// The agent's setting.
    pub policy: AutoAnswer,
}

/// Decides about an INVITE and records it.
///
/// # Errors
/// The store is not available: then the tab asks the agent.
pub async fn invited(desk: &Desk, seen: SeenInvite) -> Result<InviteDecision, StoreError> {
    let at = now_ms(desk);
    let ucid = seen.invite.as_ref().map(|invite| invite.ucid);
    let known = match ucid {
        Some(ucid) => desk.store().call(ucid.as_str(), &Scope::All).await?,
        None => None,
    };
    // A phone that gives two calls one Call-ID still has two INVITEs.
    let call_id = ucid.map(|ucid| ucid.to_string()).unwrap_or_default();
    let key = format!("{}:{}:{call_id}", crate::core::caller::agent_key(&seen.agent), seen.id);
    if let (Some(call), Some(ucid)) = (&known, ucid)
        && let Some(decision) = decided_before(desk, call, ucid, &key).await?
    {
        return Ok(decision);
    }
    let known_inbound = known.as_ref().is_some_and(|call| {
        call.state.direction == Some(Direction::Inbound) && call.state.dial.is_none()
    });
    let facts = InviteFacts { ucid, caller: seen.has_caller, known_inbound };
    let asked = desk.store().asked_legs(&seen.agent, at).await?;
    let in_call = in_call(desk, &seen.agent, ucid).await?;
    let mut decision = decide(seen.policy, facts, &asked, in_call, at);
    if let Some(leg) = &decision.used
        && !desk.store().use_leg(leg).await?
    {
        // Another INVITE took it between the question and now.
        let rest: Vec<_> = asked.into_iter().filter(|one| one.id != *leg).collect();
        decision = decide(seen.policy, facts, &rest, in_call, at);
    }
    if let Some(invite) = seen.invite.filter(|_| decision.answer != Answer::Busy) {
        let text = serde_json::to_string(&decision).unwrap_or_default();
        let body = FactBody::Invited { agent: seen.agent, invite, decision: text };
        let fact = Fact::new(FactSource::Invite, key, at, body);
        rang(desk, fact, decision.used.as_deref().zip(ucid)).await?;
    }
    Ok(decision)
}

/// Records an INVITE. One that a dial over the agent's socket has asked for names the dial's leg, which no reply may
/// have done.
async fn rang(desk: &Desk, fact: Fact, dial: Option<(&str, Ucid)>) -> Result<(), StoreError> {
    loop {
        let found = match dial {
            Some((dial, ucid)) => leg_of_dial(desk, dial, ucid).await?,
            None => None,
        };
        let (mut facts, mut together) = (vec![fact.clone()], Together::default());
        if let Some((dialed, write)) = found {
            facts.push(dialed);
            together.dials.push(write);
        }
        match record_with(desk, facts, together).await {
            // The reply to the dial was written in between.
            Err(StoreError::Conflict("dial")) => {}
            done => return done.map(|_| ()),
        }
    }
}

/// The same INVITE asked about again.
async fn decided_before(
    desk: &Desk,
    call: &StoredCall,
    ucid: Ucid,
    key: &str,
) -> Result<Option<InviteDecision>, StoreError> {
    let loaded = desk.store().load_calls(&[call.id.clone(), ucid.to_string()]).await?;
    let mut facts = loaded.iter().flat_map(|loaded| loaded.call.facts());
    let known = facts.find(|fact| fact.source == FactSource::Invite && fact.key == key);
    Ok(known.and_then(|fact| match &fact.body {
        FactBody::Invited { decision, .. } => serde_json::from_str(decision).ok(),
        _ => None,
    }))
}

/// Whether the agent is in another call.
async fn in_call(desk: &Desk, agent: &AgentId, ucid: Option<Ucid>) -> Result<bool, StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let live = desk.store().live_calls(&scope, MOST).await?;
    Ok(live.iter().any(|call| {
        let state = &call.state;
        let own = state.agent.as_ref().is_some_and(|own| own.is_same_agent(agent));
        let up = state.phase == CallPhase::Active
            || (matches!(state.sip, SipLeg::Up | SipLeg::NoDevice) && !state.is_ended());
        let this = ucid.is_some_and(|ucid| state.ids.contains(ucid.as_str()));
        own && up && !this
    }))
}

/// Records what became of a leg.
///
/// # Errors
/// The store is not available.
pub async fn leg(desk: &Desk, agent: AgentId, ucid: Ucid, news: LegNews) -> Result<(), StoreError> {
    record(desk, vec![Fact::of_leg(agent, ucid, news, now_ms(desk))]).await.map(|_| ())
}

/// A phone registered: a new one, if its page is. Legs of the page before are dead. A phone that was away for a while,
/// as when the network changes in mid-call, is the one that it was, on whichever desk.
///
/// # Errors
/// The store is not available.
pub async fn registered(desk: &Desk, agent: AgentId, page: &str) -> Result<(), StoreError> {
    let at = now_ms(desk);
    desk.calling().note_phone(&agent);
    let kept = desk.store().kept_agent(&agent).await?;
    let known = kept.and_then(|kept| kept.record.phone_page);
    // The page is noted last: if that fails, the next try finds it new again.
    if known.as_deref() != Some(page) {
        lose_legs(desk, &agent, at).await?;
    }
    change_agent(desk, &agent, |kept| {
        if !kept.has_phone() || kept.phone_page.as_deref() != Some(page) {
            kept.record.registered = Some((true, at));
            kept.phone_page = Some(page.to_owned());
        }
    })
    .await
    .map(|_| ())
}

/// A phone is gone, if it is still that page's.
///
/// # Errors
/// The store is not available.
pub async fn unregistered(desk: &Desk, agent: &AgentId, page: &str) -> Result<(), StoreError> {
    let at = now_ms(desk);
    change_agent(desk, agent, |kept| {
        if kept.has_phone() && kept.phone_page.as_deref() == Some(page) {
            kept.record.registered = Some((false, at));
        }
    })
    .await
    .map(|_| ())
}

/// Notes whose phones were registered when the desk was there before.
///
/// # Errors
/// The store is not available.
pub async fn note_phones(desk: &Desk) -> Result<(), StoreError> {
    for kept in desk.store().kept_agents(&Scope::All).await? {
        if kept.record.phone_page.is_some() {
            desk.calling().note_phone(&kept.record.agent);
        }
    }
    Ok(())
}

/// The legs of a phone that is no more.
async fn lose_legs(desk: &Desk, agent: &AgentId, at: i64) -> Result<(), StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let mut facts = Vec::new();
    for call in desk.store().live_calls(&scope, MOST).await? {
        // A colleague's, who answered what rang here too, goes on, and what was handed on is another's.
        let up = matches!(call.state.phone_of(agent), SipLeg::Up | SipLeg::NoDevice)
            && call.state.part_of(agent).is_none();
        if let Some(ucid) = call.state.leg_of(agent).filter(|_| up && !call.state.is_ended()) {
            facts.push(Fact::of_leg(agent.clone(), ucid, LegNews::Lost, at));
        }
    }
    record(desk, facts).await.map(|_| ())
}

/// What to show for an INVITE that rings.
pub fn sentence(decision: &InviteDecision) -> &'static str {
    match decision.shown_as {
        RingKind::Own => "pick up to connect",
        RingKind::Inbound => "a customer calls",
        RingKind::Unclear => "a call",
    }
}
