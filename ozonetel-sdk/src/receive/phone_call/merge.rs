//! One phone call, put together from what was seen of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::observation::{CallObservation, DialReply, Invite};
use super::outcome::{CallOutcome, CallOutcomeKind, RawStatus};
use super::states::{MergedStates, Ranked};
use crate::api::cdr::CallRecord;
use crate::receive::push::callback::Callback;
use crate::receive::push::event::{CallActionKind, CallEvent};
use crate::receive::push::screen_pop::ScreenPop;
use crate::types::ids::{AgentId, CallId, Did, DispositionName, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{ClockDuration, LocalDateTime, SensitiveText};

/// How many legs, events and other parts of one call are kept: the ones with the highest ids.
const KEPT: usize = 256;

/// What a phone call is stored under.
///
/// The call's id, where it is known; before that, the id of the leg, which on dialled calls is the same. So the key of a
/// dialled call never changes, and that of an inbound call seen by its leg first changes once:
/// [`MergeResult::absorbed`](super::MergeResult::absorbed) has the old key.
///
/// ```
/// use ozonetel_sdk::types::Ucid;
/// use ozonetel_sdk::phone_call::CallKey;
/// let ucid: Ucid = "90000000000000001".parse()?;
/// assert_eq!(CallKey::from(ucid).to_string(), "90000000000000001");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallKey(CallId);

impl CallKey {
    /// The digits.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<CallId> for CallKey {
    fn from(call: CallId) -> Self {
        Self(call)
    }
}

impl From<Ucid> for CallKey {
    /// The documented equality on dialled calls; on inbound calls, the key until the call's id is seen.
    fn from(ucid: Ucid) -> Self {
        Self(ucid.into())
    }
}

impl fmt::Debug for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallKey({})", self.as_str())
    }
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An event is known by leg, action and time; another delivery of it may have more of the rest. One without a time of its
/// own has that of its push: delivered again with another, it is a second event.
type EventKey = (Option<LocalDateTime>, Option<Ucid>, Option<CallId>, String);

/// A phone call, from whichever sides it was seen.
///
/// [`merge`](Self::merge) is a union: merging twice, in another order or in other groups gives the same. Of a row that
/// was read several times, or a callback that came several times, each field is as the fullest state has it that has it
/// at all: a later delivery that lacks a field does not erase it. Neither a row nor a callback says when it was written: of
/// two readings that differ in the agent's disposition only, which one is shown is arbitrary, though always the same.
///
/// ```
/// use ozonetel_sdk::phone_call::{DialReply, PhoneCall};
/// let ucid = "90000000000000001".parse()?;
/// let dialed = PhoneCall::of(DialReply::new(ucid).uui("order 7")).unwrap();
/// let row = serde_json::from_str::<ozonetel_sdk::cdr::CallRecord>(
///     r#"{"CallID":"90000000000000001","UCID":"90000000000000001","TalkTime":"00:00:23"}"#)?;
/// let row = PhoneCall::of(row).unwrap();
/// let call = dialed.clone().merge(row.clone());
/// assert_eq!(call, row.merge(dialed));
/// assert_eq!(call.clone().merge(call.clone()), call);
/// assert_eq!((call.uui().unwrap().as_str(), call.conversation().unwrap().seconds()), ("order 7", 23));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// It is serialized as what was seen, so that a stored call can be merged with what arrives later. That holds personal
/// data.
///
/// ```
/// use ozonetel_sdk::phone_call::{DialReply, PhoneCall};
/// let call = PhoneCall::of(DialReply::new("90000000000000001".parse()?)).ok_or("names no call")?;
/// let stored = serde_json::to_string(&call)?;
/// assert_eq!(serde_json::from_str::<PhoneCall>(&stored)?, call);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "StoredCall", from = "StoredCall")]
pub struct PhoneCall {
    calls: BTreeSet<CallId>,
    legs: BTreeSet<Ucid>,
    dials: BTreeSet<DialReply>,
    invites: BTreeSet<Invite>,
    pops: BTreeMap<Option<Ucid>, MergedStates<ScreenPop>>,
    events: BTreeMap<EventKey, MergedStates<CallEvent>>,
    callback: Option<MergedStates<Callback>>,
    rows: BTreeMap<Option<Ucid>, MergedStates<CallRecord>>,
}

/// A phone call as it is serialized: what was seen, each part once.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct StoredCall {
    call_ids: BTreeSet<CallId>,
    ucids: BTreeSet<Ucid>,
    dials: BTreeSet<DialReply>,
    invites: BTreeSet<Invite>,
    screen_pops: Vec<ScreenPop>,
    events: Vec<CallEvent>,
    callbacks: Vec<Callback>,
    rows: Vec<CallRecord>,
}

impl From<PhoneCall> for StoredCall {
    fn from(call: PhoneCall) -> Self {
        fn states<K, T: Ranked>(seen: BTreeMap<K, MergedStates<T>>) -> Vec<T> {
            seen.into_values().flat_map(MergedStates::into_states).collect()
        }
        Self {
            call_ids: call.calls,
            ucids: call.legs,
            dials: call.dials,
            invites: call.invites,
            screen_pops: states(call.pops),
            events: states(call.events),
            callbacks: call.callback.map(MergedStates::into_states).unwrap_or_default(),
            rows: states(call.rows),
        }
    }
}

impl From<StoredCall> for PhoneCall {
    fn from(stored: StoredCall) -> Self {
        let mut call = Self {
            calls: stored.call_ids,
            legs: stored.ucids,
            dials: stored.dials,
            invites: stored.invites,
            ..Self::default()
        };
        let pops = stored.screen_pops.into_iter().map(CallObservation::from);
        let events = stored.events.into_iter().map(CallObservation::from);
        let rows = stored.rows.into_iter().map(CallObservation::from);
        let callbacks = stored.callbacks.into_iter().map(CallObservation::from);
        let parts = pops.chain(events).chain(rows).chain(callbacks);
        for part in parts.filter_map(Self::of) {
            call = call.merge(part);
        }
        call
    }
}

/// A finished row has more than an unfinished one, a longer one more than a shorter one; of two that are alike, the one
/// with a disposition that an agent chose.
impl Ranked for CallRecord {
    type Rank = (bool, bool, Option<ClockDuration>, bool);

    fn rank(&self) -> Self::Rank {
        let given = self.disposition.as_ref().is_some_and(DispositionName::is_given);
        (self.hangup_by.is_some(), self.handling_time.is_some(), self.duration, given)
    }
}

/// As of a row.
impl Ranked for Callback {
    type Rank = (Option<ClockDuration>, bool, bool);

    fn rank(&self) -> Self::Rank {
        let given = self.disposition.as_ref().is_some_and(DispositionName::is_given);
        (self.call_duration, self.disposition.is_some(), given)
    }
}

impl Ranked for CallEvent {
    type Rank = ();

    fn rank(&self) -> Self::Rank {}
}

impl Ranked for ScreenPop {
    type Rank = ();

    fn rank(&self) -> Self::Rank {}
}

/// The first that an agent chose, else the first.
fn given_first<'n>(
    names: impl Iterator<Item = &'n DispositionName>,
) -> Option<&'n DispositionName> {
    let names: Vec<_> = names.collect();
    names.iter().find(|name| name.is_given()).or(names.first()).copied()
}

fn join<K: Ord, T: Ranked>(
    mine: &mut BTreeMap<K, MergedStates<T>>,
    theirs: BTreeMap<K, MergedStates<T>>,
) {
    for (key, value) in theirs {
        let value = match mine.remove(&key) {
            Some(other) => other.join(value),
            None => value,
        };
        mine.insert(key, value);
    }
    while mine.len() > KEPT {
        mine.pop_first();
    }
}

fn unite<T: Ord>(mine: &mut BTreeSet<T>, theirs: BTreeSet<T>) {
    mine.extend(theirs);
    while mine.len() > KEPT {
        mine.pop_first();
    }
}

impl PhoneCall {
    /// A call from one observation. `None` where it names neither a leg nor a call.
    pub fn of(observation: impl Into<CallObservation>) -> Option<Self> {
        let observation = observation.into();
        let (ucid, call) = (observation.ucid(), observation.call_id());
        if ucid.is_none() && call.is_none() {
            return None;
        }
        let mut out = Self {
            calls: call.into_iter().collect(),
            legs: ucid.into_iter().collect(),
            ..Self::default()
        };
        match observation {
            CallObservation::Dial(dial) => _ = out.dials.insert(dial),
            CallObservation::Invite(invite) => _ = out.invites.insert(invite),
            CallObservation::Pop(pop) => _ = out.pops.insert(ucid, MergedStates::of(*pop)),
            CallObservation::Event(event) => {
                let action = event.action.as_ref().map(|a| a.as_str().to_ascii_lowercase());
                let key = (event.event_time, ucid, call, action.unwrap_or_default());
                out.events.insert(key, MergedStates::of(*event));
            }
            CallObservation::Callback(callback) => out.callback = Some(MergedStates::of(*callback)),
            CallObservation::Row(row) => _ = out.rows.insert(ucid, MergedStates::of(*row)),
            CallObservation::Unrelated => {}
        }
        Some(out)
    }

    /// Both in one. Whether they are of the same call is for [`PhoneCalls`](super::PhoneCalls) to say.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        unite(&mut self.calls, other.calls);
        unite(&mut self.legs, other.legs);
        unite(&mut self.dials, other.dials);
        unite(&mut self.invites, other.invites);
        join(&mut self.pops, other.pops);
        join(&mut self.events, other.events);
        join(&mut self.rows, other.rows);
        self.callback = match (self.callback, other.callback) {
            (Some(a), Some(b)) => Some(a.join(b)),
            (a, b) => a.or(b),
        };
        self
    }

    /// What it is stored under.
    pub fn key(&self) -> Option<CallKey> {
        let call = self.calls.first().copied().map(CallKey::from);
        call.or_else(|| self.legs.first().copied().map(CallKey::from))
    }

    /// Whether the call's own id has been seen, so that the key stays.
    pub fn is_named(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The call's id. More than one only if the service contradicts itself.
    pub fn call_ids(&self) -> impl Iterator<Item = CallId> {
        self.calls.iter().copied()
    }

    /// The legs.
    pub fn ucids(&self) -> impl Iterator<Item = Ucid> {
        self.legs.iter().copied()
    }

    /// The rows of the CDR, by leg.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &CallRecord> {
        self.rows.values().map(MergedStates::whole)
    }

    /// The callback.
    pub fn callback(&self) -> Option<&Callback> {
        self.callback.as_ref().map(MergedStates::whole)
    }

    /// The events, oldest first by the time they happened.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &CallEvent> + Clone {
        self.events.values().map(MergedStates::whole)
    }

    /// The replies to dials.
    pub fn dials(&self) -> impl Iterator<Item = &DialReply> {
        self.dials.iter()
    }

    /// The SIP legs.
    pub fn invites(&self) -> impl Iterator<Item = &Invite> {
        self.invites.iter()
    }

    /// The screen pops, by leg.
    pub fn pops(&self) -> impl Iterator<Item = &ScreenPop> {
        self.pops.values().map(MergedStates::whole)
    }

    /// How it ended: by the callback, else by the rows, else by the events. Unknown while there are none of these.
    ///
    /// By events it has ended with any `Disconnect`: no source shows whether a call that is transferred gets one for each
    /// leg. Where it does, a later leg that is still going on is not seen until there is a row or a callback.
    ///
    /// Of several rows, a conversation counts first, then a leg that is still going on, then the last leg with any words.
    pub fn outcome(&self) -> CallOutcome {
        let from_callback = self.callback().map(CallOutcome::from);
        let known = |outcome: &CallOutcome| outcome.kind != CallOutcomeKind::Unknown;
        from_callback
            .clone()
            .filter(known)
            .or_else(|| self.by_rows().filter(known))
            .or_else(|| self.by_events().filter(known))
            .or(from_callback)
            .or_else(|| self.by_rows())
            .or_else(|| self.by_events())
            .unwrap_or_else(|| CallOutcome::from(RawStatus::default()))
    }

    /// The rows as their legs began: the ids of an inbound call's legs do not show which came last.
    fn rows_in_time(&self) -> impl DoubleEndedIterator<Item = &CallRecord> {
        let mut rows: Vec<&CallRecord> = self.rows().collect();
        rows.sort_by_key(|row| (row.call_date, row.start_time));
        rows.into_iter()
    }

    fn by_rows(&self) -> Option<CallOutcome> {
        let outcomes: Vec<CallOutcome> = self.rows_in_time().map(CallOutcome::from).collect();
        let of = |kind| outcomes.iter().rev().find(|outcome| outcome.kind == kind);
        let telling = |outcome: &&CallOutcome| {
            !matches!(outcome.kind, CallOutcomeKind::Unknown | CallOutcomeKind::NotDialed)
        };
        of(CallOutcomeKind::Completed)
            .or_else(|| of(CallOutcomeKind::InProgress))
            .or_else(|| outcomes.iter().rev().find(telling))
            .or_else(|| of(CallOutcomeKind::NotDialed))
            .or(outcomes.last())
            .cloned()
    }

    fn by_events(&self) -> Option<CallOutcome> {
        let is = |event: &CallEvent, kind| event.action.as_ref().is_some_and(|a| *a == kind);
        let last = self.events().rev();
        let end = last.clone().find(|event| is(event, CallActionKind::Disconnect));
        let Some(end) = end else { return last.map(CallOutcome::from).next() };
        let mut outcome = CallOutcome::from(end);
        let talked = self.events().any(|event| is(event, CallActionKind::Answered));
        if talked && outcome.kind == CallOutcomeKind::Unknown && outcome.raw.status.is_none() {
            outcome.kind = CallOutcomeKind::Completed;
        }
        Some(outcome)
    }

    /// The customer's number, as the first of these wrote it: callback, rows, events, pops, INVITEs, dials.
    pub fn caller(&self) -> Option<&PhoneNumber> {
        let rows = self.rows().filter_map(|row| row.caller_id.as_ref());
        let events = self.events().filter_map(|event| event.caller_id.as_ref());
        let pops = self.pops().filter_map(ScreenPop::caller);
        let invites = self.invites.iter().filter_map(|invite| invite.caller.as_ref());
        let dials = self.dials.iter().filter_map(|dial| dial.customer.as_ref());
        let callback = self.callback().and_then(|call| call.caller_id.as_ref());
        callback
            .into_iter()
            .chain(rows)
            .chain(events)
            .chain(pops)
            .chain(invites)
            .chain(dials)
            .next()
    }

    /// The DID, in the same order.
    pub fn did(&self) -> Option<&Did> {
        let rows = self.rows().filter_map(|row| row.did.as_ref());
        let events = self.events().filter_map(|event| event.did.as_ref());
        let pops = self.pops().filter_map(|pop| pop.did.as_ref());
        let invites = self.invites.iter().filter_map(|invite| invite.did.as_ref());
        let callback = self.callback().and_then(|call| call.did.as_ref());
        callback.into_iter().chain(rows).chain(events).chain(pops).chain(invites).next()
    }

    /// The reference that was sent along, as its sender wrote it where that is known.
    pub fn uui(&self) -> Option<&SensitiveText> {
        let dials = self.dials.iter().filter_map(|dial| dial.uui.as_ref());
        let rows = self.rows().filter_map(|row| row.uui.as_ref());
        let events = self.events().filter_map(|event| event.uui.as_ref());
        let pops = self.pops().filter_map(|pop| pop.uui.as_ref());
        let invites = self.invites.iter().filter_map(|invite| invite.uui.as_ref());
        let callback = self.callback().and_then(|call| call.uui.as_ref());
        dials.chain(callback).chain(rows).chain(events).chain(pops).chain(invites).next()
    }

    /// The agent whose leg counted: of the answered row, else of the callback's last leg, else of the last event that
    /// names one.
    pub fn agent(&self) -> Option<AgentId> {
        let answered = self.rows_in_time().rev().find(|row| row.is_answered());
        let row = answered.and_then(|row| row.agent_id.clone());
        row.or_else(|| self.callback()?.legs().last().and_then(|leg| leg.agent_id.clone()))
            .or_else(|| self.events().rev().find_map(|event| event.agent().cloned()))
    }

    /// The conversation: the callback's `Duration`, else the rows' talk times together.
    pub fn conversation(&self) -> Option<ClockDuration> {
        let callback = self.callback().and_then(|call| call.duration);
        callback.or_else(|| {
            let mut times = self.rows().filter_map(|row| row.talk_time).peekable();
            times.peek().is_some().then(|| times.sum())
        })
    }

    /// The disposition: the callback's, else of the last row that has one. One that an agent chose comes before the
    /// service's own text: it can be given after wrap-up has timed out.
    pub fn disposition(&self) -> Option<&DispositionName> {
        let callback = self.callback().and_then(|call| call.disposition.as_ref());
        let rows = self.rows_in_time().rev().filter_map(|row| row.disposition.as_ref());
        given_first(callback.into_iter().chain(rows))
    }

    /// The disposition of one agent's part: of the agent's last row that has one, else the callback's where it names
    /// this agent and no other; one that the agent chose before the service's own text. A callback has one `Disposition`
    /// for all who were rung, and does not say whose it is.
    ///
    /// ```
    /// use ozonetel_sdk::phone_call::PhoneCall;
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"monitorUCID":"90000000000000001","AgentID":"agent01 -> agent02","Disposition":"Sale"}"#;
    /// let push = PushReader::new().callbacks(None, body)?;
    /// let call = PhoneCall::of(push.items[0].clone()).unwrap_or_default();
    /// assert_eq!(call.disposition().map(|name| name.as_str()), Some("Sale"));
    /// assert_eq!(call.disposition_of(&"agent02".into()), None);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn disposition_of(&self, agent: &AgentId) -> Option<&DispositionName> {
        let is_of = |named: Option<&AgentId>| named.is_some_and(|named| named.is_same_agent(agent));
        let is_said = |name: &&DispositionName| !name.as_str().trim().is_empty();
        let own_rows = self.rows_in_time().rev().filter(|row| is_of(row.agent_id.as_ref()));
        let of_rows = own_rows.filter_map(|row| row.disposition.as_ref());
        let of_callback = self.callback().and_then(|callback| {
            let legs = callback.legs();
            let mut named = legs.legs.iter().filter_map(|leg| leg.agent_id.as_ref()).peekable();
            let is_own = named.peek().is_some() && named.all(|named| is_of(Some(named)));
            callback.disposition.as_ref().filter(|_| is_own)
        });
        given_first(of_rows.chain(of_callback).filter(is_said))
    }

    /// Link to the recording: anyone who has it can listen.
    pub fn recording(&self) -> Option<&SensitiveText> {
        let callback = self.callback().and_then(|call| call.audio_file.as_ref());
        callback.or_else(|| self.rows_in_time().rev().find_map(|row| row.call_audio.as_ref()))
    }
}
