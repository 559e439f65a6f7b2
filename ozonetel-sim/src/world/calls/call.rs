//! A phone call and its legs: what is known of each, and what can be computed from it alone.

use std::time::Duration;

use crate::world::ids::{CallKey, LegNo};
use crate::world::time::Timestamp;

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The customer called.
    Inbound,
    /// An agent's dial.
    Outbound,
}

impl Direction {
    /// The word of `/_sim/state`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStage {
    /// The caller waits for an agent.
    Queued,
    /// An agent's telephone rings.
    AgentRinging,
    /// The agent has picked up, the customer's telephone rings.
    CustomerRinging,
    /// People talk.
    Talking,
    /// Over.
    Ended,
}

/// What a leg is in the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegKind {
    /// An agent was rung.
    Agent,
    /// The caller waited and no one was rung.
    Queue,
    /// The service hung up.
    Disconnect,
}

/// After-call work of a leg, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrapUp {
    /// Begin; the leg's end.
    pub start: i64,
    /// End, once it is over.
    pub end: Option<i64>,
}

/// A disposition as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispositionRequest {
    /// The disposition.
    pub disposition: String,
    /// The agent's remark.
    pub comments: String,
    /// When the customer is to be called back, `YYYY-MM-DD HH:MM`.
    pub call_back_time: Option<String>,
    /// Ends wrap-up at once.
    pub auto_release: bool,
    /// Pauses the agent afterwards, for this reason.
    pub pause: Option<String>,
}

/// One leg: an agent who was rung, or what happened instead. Times are seconds since the epoch.
#[derive(Clone, Debug)]
pub struct Leg {
    /// The leg's own id.
    pub ucid: u64,
    /// What it means.
    pub kind: LegKind,
    /// The agent, by login id.
    pub agent: Option<String>,
    /// The agent's number.
    pub phone: String,
    /// Begin.
    pub started: i64,
    /// When the agent picked up.
    pub agent_up: Option<i64>,
    /// When the customer's telephone began to ring.
    pub customer_rang: Option<i64>,
    /// When agent and customer could talk.
    pub pickup: Option<i64>,
    /// End.
    pub ended: Option<i64>,
    /// `DialStatus`.
    pub dial_status: &'static str,
    /// `AgentDialStatus`.
    pub agent_status: &'static str,
    /// `CustomerDialStatus`.
    pub customer_status: &'static str,
    /// `HangupBy`.
    pub hangup_by: &'static str,
    /// After-call work, from the leg's end on, for answered legs.
    pub wrap_up: Option<WrapUp>,
    /// Disposition, set by the agent or by the wrap-up limit.
    pub disposition: Option<String>,
    /// Whether the agent set it.
    pub disposed: bool,
    /// The agent's remark.
    pub comments: String,
    /// When the customer is to be called back, as the agent gave it.
    pub call_back_time: Option<String>,
    /// A disposition that waits for the end of the leg.
    pub queued: Option<DispositionRequest>,
    /// Seconds on hold, finished holds only.
    pub held_s: i64,
    /// Where the leg's customer went when the agent left.
    pub transfer: Option<Transfer>,
    /// What was wrong, in words, where a status word does not say it.
    pub reason: String,
    /// Since when the softphone has had no connection.
    pub lost: Option<Timestamp>,
    /// `X-UCID` of the INVITE, and `ucid` on the agent socket.
    pub(crate) announced: u64,
}

/// A transfer: the agent left, and somebody who had been called into the call stayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whether the other one had answered before the agent left.
    pub warm: bool,
    /// The number that was called into the call.
    pub to: String,
}

impl Transfer {
    /// `TransferType`. No source has a word for either kind; these are ours.
    pub fn word(&self) -> &'static str {
        if self.warm { "Warm" } else { "Blind" }
    }
}

/// `HangupBy` of a leg whose softphone lost its connection and did not come back. No source has a word
/// for it; this one is ours.
pub const CONNECTION_LOST: &str = "ConnectionLost";

impl Leg {
    pub(crate) fn new(ucid: u64, kind: LegKind, started: i64) -> Self {
        Self {
            ucid,
            kind,
            agent: None,
            phone: String::new(),
            started,
            agent_up: None,
            customer_rang: None,
            pickup: None,
            ended: None,
            dial_status: "",
            agent_status: "",
            customer_status: "",
            hangup_by: "",
            wrap_up: None,
            disposition: None,
            disposed: false,
            comments: String::new(),
            call_back_time: None,
            queued: None,
            held_s: 0,
            transfer: None,
            reason: String::new(),
            lost: None,
            announced: ucid,
        }
    }

    /// The agent's share of a hold: after the conversation has begun.
    fn hold_s(&self, from: i64, until: i64) -> i64 {
        let begin = self.pickup.filter(|_| self.agent.is_some());
        begin.map_or(0, |pickup| (until - from.max(pickup)).max(0))
    }

    /// Ends a hold that began at a second.
    pub(crate) fn add_hold(&mut self, from: i64, until: i64) {
        self.held_s += self.hold_s(from, until);
    }

    /// Ends after-call work now, if it is still going on.
    pub(crate) fn end_wrap_up(&mut self, now: i64) {
        if let Some(wrap) = &mut self.wrap_up {
            wrap.end.get_or_insert(now.max(wrap.start));
        }
    }

    /// The address of the leg's recording, if there is one.
    pub(crate) fn audio(&self, account: &str) -> Option<String> {
        let ucid = self.ucid;
        self.answered()
            .then(|| format!("https://recordings.example.test/{account}/{account}_{ucid}.mp3"))
    }

    /// Whether customer and agent talked.
    pub fn answered(&self) -> bool {
        self.pickup.is_some()
    }

    /// The leg's end as a report made at `now` gives it. An answered leg lasts a second at least.
    pub(crate) fn end_at(&self, now: i64) -> i64 {
        let least = self.pickup.map_or(self.started, |p| p + 1);
        self.ended.unwrap_or(now.max(least))
    }

    /// Seconds of conversation as of `now`.
    pub fn talk_s(&self, now: i64) -> i64 {
        self.pickup.map_or(0, |p| self.end_at(now) - p)
    }

    /// The disposition as reports and callback give it: none of a leg that was not answered, as in every
    /// such row of the field notes.
    pub fn reported_disposition(&self) -> Option<&str> {
        self.disposition.as_deref().filter(|_| self.answered())
    }

    /// Seconds of finished wrap-up.
    pub fn wrap_up_s(&self) -> Option<i64> {
        self.wrap_up.and_then(|w| w.end.map(|end| end - w.start))
    }

    /// Conversation plus wrap-up, once both are over.
    pub fn handling_s(&self) -> Option<i64> {
        Some(self.talk_s(self.ended?) + self.wrap_up_s()?)
    }

    /// Seconds the customer's telephone rang, as of `now`.
    pub(crate) fn customer_rang_s(&self, now: i64) -> i64 {
        self.customer_rang.map_or(0, |from| self.pickup.unwrap_or(self.end_at(now)) - from)
    }
}

/// A third person who was added to a call: a number outside, or an agent's extension.
#[derive(Clone, Debug)]
pub struct ConferenceParty {
    /// The number dialled.
    pub number: String,
    /// The id of the leg that it becomes if the agent leaves first.
    pub ucid: u64,
    /// The agent whose extension it is.
    pub agent: Option<String>,
    /// When the number began to ring.
    pub rang: i64,
    /// When it was answered.
    pub joined: Option<i64>,
    /// When it left, or took over as a leg of the call.
    pub left: Option<i64>,
    /// Why it did not answer.
    pub failure: &'static str,
    /// What was wrong, in words.
    pub reason: String,
    /// Since when its softphone has had no connection.
    pub lost: Option<Timestamp>,
    /// The number of the leg that it has become.
    pub(crate) leg: Option<LegNo>,
    /// `X-UCID` of its INVITE.
    pub(crate) announced: u64,
}

impl ConferenceParty {
    pub(crate) fn new(number: &str, (ucid, announced): (u64, u64), rang: i64) -> Self {
        Self {
            number: number.to_owned(),
            ucid,
            agent: None,
            rang,
            joined: None,
            left: None,
            failure: "",
            reason: String::new(),
            lost: None,
            leg: None,
            announced,
        }
    }

    /// On the line, or still ringing.
    pub fn expected(&self) -> bool {
        self.left.is_none()
    }
}

/// A stretch of a call that was recorded, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingSegment {
    /// Begin.
    pub from: i64,
    /// End, unless it is being recorded now.
    pub to: Option<i64>,
}

/// Recorded stretches of one call at most.
const SEGMENTS_MOST: usize = 1_000;

/// The ids of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallIds {
    /// Of the first leg.
    pub ucid: u64,
    /// Of the call.
    pub monitor_ucid: u64,
}

/// What will happen if nothing interferes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallPlan {
    pub(crate) customer_answers: bool,
    pub(crate) number_exists: bool,
    pub(crate) talk: Option<Duration>,
    pub(crate) agent_hangs_up: bool,
}

/// A phone call.
#[derive(Clone, Debug)]
pub struct PhoneCall {
    /// The call's id: `CallID`, `monitorUCID`.
    pub monitor: u64,
    /// Who called whom.
    pub direction: Direction,
    /// Went through a campaign of offline agents.
    pub offline: bool,
    /// Campaign name.
    pub campaign: String,
    /// DID the customer dialled or saw.
    pub did: String,
    /// The customer's number as it was dialled, or as the network gave it.
    pub caller: String,
    /// Skill asked for.
    pub skill: String,
    /// The dialler's own reference.
    pub uui: String,
    /// Begin.
    pub started: Timestamp,
    /// How far it is.
    pub stage: CallStage,
    /// End, in seconds since the epoch.
    pub ended: Option<i64>,
    /// Legs in order of ringing.
    pub legs: Vec<Leg>,
    /// On hold since, in seconds since the epoch.
    pub held_since: Option<i64>,
    /// The agent is muted.
    pub muted: bool,
    /// Since when the customer's softphone has had no connection.
    pub customer_lost: Option<Timestamp>,
    /// Third parties.
    pub parties: Vec<ConferenceParty>,
    /// Recorded stretches.
    pub recording: Vec<RecordingSegment>,
    pub(crate) key: CallKey,
    pub(crate) plan: CallPlan,
    pub(crate) call_limit: Option<Duration>,
    pub(crate) traffic: bool,
    pub(crate) next_ucid: u64,
    pub(crate) tried: Vec<String>,
    /// The callback has gone out.
    pub(crate) called_back: bool,
}

impl PhoneCall {
    /// A call without any leg yet, in its first stage.
    pub(super) fn new(
        key: CallKey,
        direction: Direction,
        ucids: CallIds,
        started: Timestamp,
    ) -> Self {
        let stage = match direction {
            Direction::Inbound => CallStage::Queued,
            Direction::Outbound => CallStage::AgentRinging,
        };
        Self {
            monitor: ucids.monitor_ucid,
            direction,
            offline: false,
            campaign: String::new(),
            did: String::new(),
            caller: String::new(),
            skill: String::new(),
            uui: String::new(),
            started,
            stage,
            ended: None,
            legs: Vec::new(),
            held_since: None,
            muted: false,
            customer_lost: None,
            parties: Vec::new(),
            recording: Vec::new(),
            key,
            plan: CallPlan::default(),
            call_limit: None,
            traffic: false,
            next_ucid: ucids.ucid,
            tried: Vec::new(),
            called_back: false,
        }
    }

    /// Still going on.
    pub fn live(&self) -> bool {
        self.stage != CallStage::Ended
    }

    /// Puts the call on hold, or takes it back; the time is the leg's.
    pub(crate) fn set_hold(&mut self, on: bool, now: i64) {
        if on {
            self.held_since.get_or_insert(now);
        } else if let Some(from) = self.held_since.take()
            && let Some(leg) = self.legs.last_mut().filter(|leg| leg.ended.is_none())
        {
            leg.add_hold(from, now);
        }
    }

    /// Closes the stretch being recorded.
    pub(crate) fn close_recording(&mut self, end: i64) {
        if let Some(open) = self.recording.last_mut().filter(|s| s.to.is_none()) {
            open.to = Some(end.max(open.from));
        }
    }

    /// Stops or resumes the recording. False when it has been resumed too often.
    pub(crate) fn record(&mut self, on: bool, now: i64) -> bool {
        let running = self.recording.last().is_some_and(|s| s.to.is_none());
        match (on, running) {
            (true, false) if self.recording.len() >= SEGMENTS_MOST => return false,
            (true, false) => self.recording.push(RecordingSegment { from: now, to: None }),
            (false, true) => self.close_recording(now),
            _ => {}
        }
        true
    }

    /// How long a leg was on hold, as of `now`.
    pub(crate) fn held_s(&self, leg: &Leg, now: i64) -> i64 {
        let talking = self.stage == CallStage::Talking && leg.ended.is_none();
        let open = self.held_since.filter(|_| talking);
        leg.held_s + open.map_or(0, |from| leg.hold_s(from, now))
    }

    /// Ends the call: no one rings, talks or is recorded any more.
    pub(crate) fn end(&mut self, now: i64) {
        let end = self.legs.iter().filter_map(|l| l.ended).max().unwrap_or(now).max(now);
        self.stage = CallStage::Ended;
        self.ended = Some(end);
        self.held_since = None;
        self.close_recording(end);
        for party in &mut self.parties {
            party.left.get_or_insert(end);
        }
    }

    /// Notes a stretch in which no agent was rung: it begins where the last leg ended.
    pub(crate) fn add_queue_leg(&mut self, status: &'static str, by: &'static str, now: i64) {
        let from = self.legs.iter().filter_map(|l| l.ended).max();
        let from = from.unwrap_or(self.started.second()).min(now);
        let mut leg = Leg::new(self.next_ucid, LegKind::Queue, from);
        leg.ended = Some(now);
        leg.dial_status = status;
        leg.hangup_by = by;
        self.legs.push(leg);
    }

    /// Sets the outcome of the last leg.
    pub(crate) fn set_status(
        &mut self,
        dial: &'static str,
        agent: &'static str,
        customer: &'static str,
    ) {
        if let Some(leg) = self.legs.last_mut() {
            leg.dial_status = dial;
            leg.agent_status = agent;
            leg.customer_status = customer;
        }
    }

    /// Whether agent and customer ever talked.
    pub fn answered(&self) -> bool {
        self.legs.iter().any(Leg::answered)
    }

    /// The leg that rings or talks now, and its number.
    pub fn current_leg(&self) -> Option<(usize, &Leg)> {
        let no = self.legs.len().checked_sub(1)?;
        let leg = self.legs.get(no)?;
        (leg.ended.is_none()).then_some((no, leg))
    }

    /// Whether the customer waits alone: the agent is gone, and no one else is on the line or rung.
    pub fn is_alone(&self) -> bool {
        self.stage == CallStage::Talking
            && self.current_leg().is_none()
            && !self.parties.iter().any(ConferenceParty::expected)
    }

    /// The agents who are rung or on the line now.
    pub fn agents_on(&self) -> impl Iterator<Item = &str> {
        let parties = self.parties.iter().filter(|party| party.expected());
        let leg = self.current_leg().and_then(|(_, leg)| leg.agent.as_deref());
        leg.into_iter().chain(parties.filter_map(|party| party.agent.as_deref()))
    }

    /// The transfer that came last.
    pub fn transfer(&self) -> Option<&Transfer> {
        self.legs.iter().rev().find_map(|leg| leg.transfer.as_ref())
    }

    /// The agent on the call, else the last one who was.
    pub fn agent(&self) -> Option<&str> {
        self.legs.iter().rev().find_map(|l| l.agent.as_deref())
    }

    /// Seconds in which a leg had a third party on the line, as of `now`.
    pub(crate) fn conference_s(&self, leg: &Leg, now: i64) -> i64 {
        let Some(begin) = leg.pickup else { return 0 };
        let end = leg.end_at(now);
        let stretches = self.parties.iter().filter_map(|party| {
            let (from, to) = (party.joined?.max(begin), party.left.unwrap_or(end).min(end));
            (from < to).then_some((from, to))
        });
        let (mut total, mut counted) = (0, begin);
        let mut stretches: Vec<(i64, i64)> = stretches.collect();
        stretches.sort_unstable();
        for (from, to) in stretches {
            total += (to - from.max(counted)).max(0);
            counted = counted.max(to);
        }
        total
    }

    /// The id shown for the call: of the leg that rings, talks or came last.
    pub fn ucid(&self) -> u64 {
        self.legs.last().map_or(self.next_ucid, |l| l.announced)
    }

    /// Whether an agent is in after-call work for it.
    pub(crate) fn wrapping(&self) -> bool {
        self.legs.iter().any(|l| l.wrap_up.is_some_and(|w| w.end.is_none()))
    }

    /// The word of `/_sim/state`.
    pub fn state_word(&self) -> &'static str {
        match self.stage {
            CallStage::Queued => "queued",
            CallStage::AgentRinging => "agent_ringing",
            CallStage::CustomerRinging => "customer_ringing",
            CallStage::Talking if self.is_alone() => "held",
            CallStage::Talking => "answered",
            CallStage::Ended if self.wrapping() => "wrap_up",
            CallStage::Ended => "ended",
        }
    }
}
