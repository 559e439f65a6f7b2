//! Facts are stored, applied, and what follows from them is written in the same transaction.

use std::sync::Arc;

use ozonetel_sdk::types::{AgentId, DispositionName, PhoneNumber};
use serde_json::json;

use super::joining::{self, profile_changed};
use super::lead_names::LeadName;
use super::ledger::{answered, dial_changed, dialed};
use super::owed;
use super::viewing::{changed, lead_of_call, now_ms};
use crate::core::call::{Call, CallState, Direction, Effect, effects_of_merged};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::{DialEntry, DialEvidence, SeenCall, settle};
use crate::core::fact::{Action, ActionFact, ActionOutcome, Fact, FactBody, FactSource};
use crate::core::followup::FollowUp;
use crate::core::handoff::HandoffRow;
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget, REPORT, after_news};
use crate::core::report::CallReport;
use crate::desk::Desk;
use crate::store::audit::AuditRow;
use crate::store::{
    Audience, CallChange, DialWrite, LoadedCall, NewEvent, OutboxWrite, StoreError, StoredCall,
};

/// How often a change is tried again that met another one.
pub(super) const TRIES: usize = 8;

/// What is written together with facts.
#[derive(Debug, Clone, Default)]
pub struct Together {
    /// An id of the call, where there may be no fact that names one.
    pub call: Option<String>,
    /// Changes of the outbox. The entries' call is filled in.
    pub outbox: Vec<OutboxWrite>,
    /// Changes of the ledger.
    pub dials: Vec<DialWrite>,
    /// Rows of the audit. They are written only if there is news of the call.
    pub audit: Vec<AuditRow>,
    /// Whether to look for the hand-off that the call is, also if nothing is new about it.
    pub look_for_handoff: bool,
    /// The calls that the facts are about, where they were loaded before; none, where nothing is likely to have been
    /// seen yet. That they have changed since is found as they are written, and then they are loaded.
    pub loaded: Option<Vec<LoadedCall>>,
}

/// A call after facts were recorded.
#[derive(Debug, Clone)]
pub struct RecordedCall {
    /// The call.
    pub call: StoredCall,
    /// Whether anything was new.
    pub is_news: bool,
}

/// Records facts of any calls, each call in a transaction of its own. Facts that name no call are left out. What was
/// recorded before changes nothing.
///
/// # Errors
/// The store is not available. What was recorded until then stays.
pub async fn record(desk: &Desk, facts: Vec<Fact>) -> Result<Vec<RecordedCall>, StoreError> {
    let mut recorded = Vec::new();
    for group in by_call(facts) {
        recorded.push(record_with(desk, group, Together::default()).await?);
    }
    Ok(recorded)
}

/// Facts in groups that share an id.
fn by_call(facts: Vec<Fact>) -> Vec<Vec<Fact>> {
    let mut groups: Vec<(Vec<String>, Vec<Fact>)> = Vec::new();
    for fact in facts {
        let mut ids = fact.ids();
        if ids.is_empty() {
            continue;
        }
        let mut group = vec![fact];
        let (same, other): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(known, _)| known.iter().any(|id| ids.contains(id)));
        for (known, facts) in same.into_iter().rev() {
            ids.extend(known);
            group.splice(0..0, facts);
        }
        groups = other;
        groups.push((ids, group));
    }
    groups.into_iter().map(|(_, facts)| facts).collect()
}

/// Records facts of one call, and what belongs to them, in one transaction.
///
/// # Errors
/// [`StoreError::Missing`] if no fact names a call; the store is not available; [`StoreError::Conflict`] after many
/// tries.
pub async fn record_with(
    desk: &Desk,
    facts: Vec<Fact>,
    mut together: Together,
) -> Result<RecordedCall, StoreError> {
    let mut loaded = together.loaded.take();
    let make = || (facts.clone(), Together { loaded: loaded.take(), ..together.clone() });
    record_made(desk, make).await
}

/// The same with facts and what belongs to them made for each try: nearly always there is one.
///
/// # Errors
/// As [`record_with`].
pub(super) async fn record_made(
    desk: &Desk,
    mut make: impl FnMut() -> (Vec<Fact>, Together),
) -> Result<RecordedCall, StoreError> {
    let mut tried = 0;
    loop {
        let (facts, together) = make();
        let reads_dial = together.dials.is_empty();
        // On the heap: every command on a call is moved with it otherwise.
        match Box::pin(attempt(desk, facts, together)).await {
            Err(StoreError::Conflict("call")) if tried < TRIES => tried += 1,
            // The row of a dial that the call was found to be of, not one that the caller has read.
            Err(StoreError::Conflict("dial")) if tried < TRIES && reads_dial => tried += 1,
            done => return done,
        }
    }
}

/// The same for facts that were judged by the calls as they were loaded: tried once.
///
/// # Errors
/// As [`record_with`]; [`StoreError::Conflict`] if a call has changed since it was loaded.
pub(super) async fn record_judged(
    desk: &Desk,
    facts: Vec<Fact>,
    together: Together,
) -> Result<RecordedCall, StoreError> {
    Box::pin(attempt(desk, facts, together)).await
}

/// The calls that were loaded, as one.
struct Merged {
    id: String,
    version: i64,
    absorbed: Vec<(String, i64)>,
    /// The call as it was stored.
    before: Arc<CallState>,
    /// Those that turn out to be part of it, as they were stored.
    others: Vec<Arc<CallState>>,
}

impl Merged {
    /// Whether what is known now may say what became of entries of the outbox.
    fn may_end_entries(&self, state: &CallState) -> bool {
        let is_found = self.before.began_ms.is_none() && state.began_ms.is_some();
        is_found || self.before.service_has != state.service_has || !self.absorbed.is_empty()
    }
}

fn merge(loaded: Vec<LoadedCall>, new_id: &str) -> (Merged, Call) {
    let mut loaded = loaded.into_iter();
    let Some(first) = loaded.next() else {
        let call = Call::default();
        let before = Arc::clone(call.state());
        let id = new_id.to_owned();
        let (absorbed, others) = (Vec::new(), Vec::new());
        return (Merged { id, version: 0, absorbed, before, others }, call);
    };
    let mut call = first.call;
    let before = Arc::clone(call.state());
    let (mut absorbed, mut others, mut facts) = (Vec::new(), Vec::new(), Vec::new());
    for other in loaded {
        absorbed.push((other.id, other.version));
        others.push(Arc::clone(other.call.state()));
        facts.extend(other.call.facts().iter().cloned());
    }
    if !facts.is_empty() {
        facts.splice(0..0, call.facts().iter().cloned());
        call = Call::of(facts);
    }
    (Merged { id: first.id, version: first.version, absorbed, before, others }, call)
}

/// Whether a call whose answer the service's last word denies is stored as one that was answered: it was stored before the
/// desk knew that word to count.
async fn kept_otherwise(desk: &Desk, merged: &mut Merged) -> Result<bool, StoreError> {
    if merged.before.denied_ms.is_none() {
        return Ok(false);
    }
    let kept = desk.store().call(&merged.id, &Scope::All).await?;
    let other = kept.filter(|kept| kept.version == merged.version && kept.state.is_answered());
    let is_other = other.is_some();
    if let Some(kept) = other {
        merged.before = kept.state;
    }
    Ok(is_other)
}

/// The calls as they were loaded before, or those that have one of these ids.
async fn loaded(
    desk: &Desk,
    before: Option<Vec<LoadedCall>>,
    ids: &[String],
) -> Result<Vec<LoadedCall>, StoreError> {
    match before {
        Some(loaded) => Ok(loaded),
        None => desk.store().load_calls(ids).await,
    }
}

async fn attempt(
    desk: &Desk,
    mut facts: Vec<Fact>,
    together: Together,
) -> Result<RecordedCall, StoreError> {
    let at = now_ms(desk);
    let mut ids: Vec<String> = facts.iter().flat_map(Fact::ids).collect();
    ids.extend(together.call);
    ids.dedup();
    let first = ids.first().cloned().ok_or(StoreError::Missing("call"))?;
    let (mut merged, mut call) = merge(loaded(desk, together.loaded, &ids).await?, &first);
    facts.retain(|fact| !call.facts().iter().any(|known| known.is_same(fact)));
    let is_kept_otherwise = facts.is_empty() && kept_otherwise(desk, &mut merged).await?;
    for fact in &facts {
        call.apply(fact.clone());
    }
    let (mut outbox, mut dials) = (together.outbox, together.dials);
    if let Some((fact, write)) = own_dial(desk, call.state(), &dials, at).await? {
        dials.extend(write);
        call.apply(fact.clone());
        facts.push(fact);
    }
    if merged.may_end_entries(call.state()) {
        for (fact, write) in entries_ended(desk, &merged, call.state(), at).await? {
            call.apply(fact.clone());
            facts.push(fact);
            outbox.push(write);
        }
    }
    let state = Arc::clone(call.state());
    close(&mut dials, &state);
    let own = [&merged.id].into_iter().chain(merged.absorbed.iter().map(|(id, _)| id));
    let own: Vec<_> = own.cloned().collect();
    let handoff = if together.look_for_handoff || joining::may_change(&merged.before, &state) {
        joining::find(desk, &own, &state, at).await?
    } else {
        None
    };
    let is_news = !(facts.is_empty()
        && merged.absorbed.is_empty()
        && outbox.is_empty()
        && dials.is_empty()
        && handoff.is_none()
        && !is_kept_otherwise);
    if !is_news {
        let call = StoredCall { id: merged.id, version: merged.version, state };
        return Ok(RecordedCall { call, is_news });
    }
    let effects = effects_of_merged(&merged.before, &merged.others, &state);
    for write in &mut outbox {
        let (OutboxWrite::Put(entry) | OutboxWrite::Complete(entry) | OutboxWrite::Result(entry)) =
            write;
        entry.call.clone_from(&merged.id);
    }
    outbox.extend(effects.iter().filter_map(|effect| resume(effect, &merged.id, at)));
    outbox.extend(for_platform(&merged, &state, at));
    let call = StoredCall { id: merged.id.clone(), version: merged.version + 1, state };
    let lead = lead_of_call(desk, &call.id, call.state.number.as_ref()).await;
    let follow_ups = promises(desk, &effects, &call).await?;
    let writes = (outbox.as_slice(), dials.as_slice(), follow_ups.as_slice());
    let mut events = events(desk, &merged, (&call, lead.as_ref()), writes)?;
    events.extend(popups(desk, &call, &effects, &own, handoff.as_ref()).await?);
    let change = CallChange {
        events,
        handoff: handoff.map(|row| row.id),
        released: effects.iter().filter_map(released).collect(),
        id: merged.id,
        version: merged.version,
        absorbed: merged.absorbed,
        facts,
        state: Arc::clone(&call.state),
        follow_ups,
        outbox,
        dials,
        audit: together.audit,
        at,
    };
    let wakes = !change.outbox.is_empty();
    let version = desk.store().save_call(change).await?;
    if wakes {
        desk.calling().wake_outbox();
    }
    Ok(RecordedCall { call: StoredCall { version, ..call }, is_news })
}

/// Whether a call is what became of a dial without a reference: it was dialled for the same agent to the same number
/// when the dial was sent.
fn is_seen_as(dial: &DialEntry, call: &CallState) -> bool {
    let number = call.number.as_ref().is_some_and(|number| number.is_same_number(&dial.number));
    let seen = SeenCall {
        is_outbound: call.direction == Some(Direction::Outbound),
        is_same_number: number,
        began_ms: call.began_ms,
    };
    dial.is_seen_as(seen)
}

/// A call that carries the reference of a dial of this desk is that dial's: the ledger is settled, and the call has the
/// dial's agent and number.
async fn own_dial(
    desk: &Desk,
    call: &CallState,
    known: &[DialWrite],
    at: i64,
) -> Result<Option<(Fact, Option<DialWrite>)>, StoreError> {
    if call.dial.is_some() {
        return Ok(None);
    }
    let entry = match &call.uui {
        Some(reference) => desk.store().dial_of_reference(reference).await?,
        None => None,
    };
    let entry = match (entry, &call.agent) {
        (None, Some(agent)) if call.direction == Some(Direction::Outbound) => {
            // A dial over the agent's socket carries no reference.
            let open = desk.store().open_dial(agent).await?;
            open.filter(|open| is_seen_as(open, call))
        }
        (entry, _) => entry,
    };
    let Some(entry) = entry else { return Ok(None) };
    let Some(ucid) = call.leg.or(entry.ucid) else { return Ok(None) };
    let is_known = known.iter().any(|write| write.entry.id == entry.id);
    let evidence = DialEvidence::Seen { ucid: Some(ucid) };
    let settled = settle(&entry, &evidence, at).filter(|_| !is_known);
    let write =
        settled.map(|settled| DialWrite { from: entry.state, entry: answered(&entry, settled) });
    Ok(Some((dialed(&entry, ucid, entry.asked_ms), write)))
}

/// What the service has of an agent's part of a call names the end of that agent's outbox entry. One that was refused
/// for there was no such call is owed once there is.
async fn entries_ended(
    desk: &Desk,
    merged: &Merged,
    state: &CallState,
    at: i64,
) -> Result<Vec<(Fact, OutboxWrite)>, StoreError> {
    if merged.version == 0 || state.began_ms.is_none() {
        return Ok(Vec::new());
    }
    let mut entries = desk.store().outbox_of(&merged.id).await?;
    for (other, _) in &merged.absorbed {
        entries.extend(desk.store().outbox_of(other).await?);
    }
    let dispositions = entries.iter().filter(|entry| entry.kind == "disposition");
    Ok(dispositions
        .filter_map(|entry| after_news(entry, service_has(state, entry)))
        .filter_map(|entry| {
            let is_over = entry.state != OutboxState::Refused;
            Some((delivered(&entry, state, is_over, at)?, OutboxWrite::Result(entry)))
        })
        .collect())
}

/// The disposition that the service has where this entry's is to be: of the same agent's part of the call.
pub(super) fn service_has<'a>(call: &'a CallState, entry: &OutboxEntry) -> Option<&'a str> {
    let name = call.service_has.get(&entry.agent);
    name.filter(|_| entry.target == OutboxTarget::Service).map(DispositionName::as_str)
}

/// The fact that an outbox entry has come to an end.
pub(super) fn delivered(
    entry: &OutboxEntry,
    call: &CallState,
    is_over: bool,
    at: i64,
) -> Option<Fact> {
    let action = Action::Deliver {
        target: entry.target.as_str().to_owned(),
        state: entry.state.of_call().as_str().to_owned(),
        is_over,
    };
    let of_entry = Some(&entry.agent).filter(|agent| !agent.is_empty());
    let agent = of_entry.map(|agent| AgentId::from(agent.as_str())).or_else(|| call.agent.clone());
    let agent = agent.unwrap_or_else(|| AgentId::from(""));
    let key = format!("{}:{}:{}", entry.id, entry.attempt, entry.state.as_str());
    let by = Actor { by: "desk".to_owned(), agent };
    acted(call, key, by, action, ActionOutcome::Done, at)
}

/// Who does something to a call.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user, the token, or `desk`.
    pub by: String,
    /// The agent whose call it is.
    pub agent: AgentId,
}

/// The fact of a command. `None` for a call without any id.
pub(super) fn acted(
    call: &CallState,
    key: String,
    actor: Actor,
    action: Action,
    outcome: ActionOutcome,
    at: i64,
) -> Option<Fact> {
    let known = call.ids.iter().find_map(|id| id.parse().ok());
    let ucid = call.leg.or(known)?;
    let Actor { by, agent } = actor;
    let fact = ActionFact { ucid, by, agent, action, outcome };
    Some(Fact::new(FactSource::Action, key, at, FactBody::Acted(Box::new(fact))))
}

/// The outbox entry that resumes a recording which was paused when its call ended.
fn resume(effect: &Effect, call: &str, at: i64) -> Option<OutboxWrite> {
    let Effect::ResumeRecording { leg } = effect else { return None };
    let about = (OutboxTarget::Service, call, "resume_recording");
    let entry = OutboxEntry::waiting(format!("{call}:resume"), about, json!({"ucid": leg}), at);
    Some(OutboxWrite::Put(entry))
}

/// A dial whose outcome is known only after its call is over, or was handed on, keeps its agent from nothing: the release
/// came before it.
fn close(dials: &mut [DialWrite], call: &CallState) {
    for write in dials.iter_mut().filter(|_| call.is_done_with_dial()) {
        write.entry.is_open &= write.entry.state.is_undecided();
    }
}

/// The dial that its call keeps no longer.
fn released(effect: &Effect) -> Option<String> {
    match effect {
        Effect::ReleaseDial { dial } => Some(dial.clone()),
        _ => None,
    }
}

/// What was promised about a call. What a colleague has promised about the same one stands beside it.
async fn promises(
    desk: &Desk,
    effects: &[Effect],
    call: &StoredCall,
) -> Result<Vec<FollowUp>, StoreError> {
    let key = |agent: &str| agent_key(&agent.into());
    let mut made: Vec<FollowUp> = Vec::new();
    for mut promise in effects.iter().filter_map(|effect| follow_up(effect, call)) {
        let known = desk.store().follow_up(&Scope::All, &promise.id).await?;
        let is_of_colleague = |agent: &str| key(agent) != key(&promise.agent);
        if known.is_some_and(|known| is_of_colleague(&known.record.agent)) || !made.is_empty() {
            promise.id = format!("{}:{}", promise.id, key(&promise.agent));
        }
        made.push(promise);
    }
    Ok(made)
}

/// The follow-up of a customer who is to be called back. It has the call's id: one call leaves one.
fn follow_up(effect: &Effect, call: &StoredCall) -> Option<FollowUp> {
    let Effect::CallBack { agent, due_ms } = effect else { return None };
    let given = call.state.word_of(agent)?;
    let notes = given.said.notes.as_ref().map_or("", |notes| notes.as_str());
    Some(FollowUp {
        id: call.id.clone(),
        agent: agent.as_str().to_owned(),
        number: [&call.state.number, &given.said.caller]
            .into_iter()
            .flatten()
            .find(|number| number.key().is_some())
            .cloned(),
        lead: given.said.lead.clone(),
        due_ms: *due_ms,
        note: notes.to_owned(),
        call: Some(call.id.clone()),
        changed_ms: given.at_ms,
        ..FollowUp::default()
    })
}

/// What the platform is told of a finished call, if that is more than before.
fn for_platform(merged: &Merged, state: &CallState, at: i64) -> Option<OutboxWrite> {
    let report = CallReport::of(state)?;
    if CallReport::of(&merged.before).as_ref() == Some(&report) {
        return None;
    }
    let (id, about) =
        (format!("{}:platform", merged.id), (OutboxTarget::Platform, &*merged.id, REPORT));
    Some(OutboxWrite::Complete(OutboxEntry::waiting(id, about, json!(report), at)))
}

fn events(
    desk: &Desk,
    merged: &Merged,
    (call, lead): (&StoredCall, Option<&LeadName>),
    (outbox, dials, promises): (&[OutboxWrite], &[DialWrite], &[FollowUp]),
) -> Result<Vec<NewEvent>, StoreError> {
    let mut events = changed(desk, call, &merged.before, lead)?;
    for write in dials {
        events.push(dial_changed(&write.entry));
    }
    events.extend(owed::changed(&merged.before, call, outbox)?);
    for (id, _) in &merged.absorbed {
        let body = json!({"ucid": id, "into": call.id});
        events.push(NewEvent::new("call.merged", Audience::Everyone, &body)?);
    }
    for promise in promises {
        let body = json!({"id": promise.id, "dueAt": promise.due_ms});
        let audience = Audience::Agent(promise.agent.as_str().into());
        events.push(NewEvent::new("followup.changed", audience, &body)?);
    }
    Ok(events)
}

/// Who calls, for the agents who are rung, and whether a profile belongs to it; a profile that was found just now.
async fn popups(
    desk: &Desk,
    call: &StoredCall,
    effects: &[Effect],
    own: &[String],
    found: Option<&HandoffRow>,
) -> Result<Vec<NewEvent>, StoreError> {
    let mut events = Vec::new();
    for effect in effects {
        let Effect::Popup { agent } = effect else { continue };
        let known = match found {
            Some(_) => None,
            None => joining::joined(desk, own).await?,
        };
        let row = found.or(known.as_ref());
        let body = json!({
            "ucid": call.id, "number": call.state.number, "did": call.state.did,
            "profile": row.is_some(), "callId": row.and_then(|row| row.call_id.as_ref()),
        });
        let number = call.state.number.as_ref().map(PhoneNumber::as_str);
        events.push(joining::popup_of(agent, body, number)?);
    }
    if let Some(row) = found {
        let agent = call.state.agent.as_ref().unwrap_or(&row.agent);
        events.push(profile_changed(row, agent, Some(&call.id))?);
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
