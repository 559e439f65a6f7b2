//! The verbs of an answer, done one after the other in the world's time.
//!
//! How long a verb takes is not documented where the verb itself does not say; those times are
//! ours.

use std::time::Duration;

use ozonetel_sdk::kookoo::verb::{CcTransfer, CollectDtmf, Dial, GotoUrl, Record, Verb};

use super::ask::Event;
use super::{IvrInput, Stage};
use crate::world::calls::CallKey;
use crate::world::dial::number_exists;
use crate::world::inbound::{ActionRefusal, PhoneAction};
use crate::world::moment::Moment;
use crate::world::timers::Timer;
use crate::world::{CampaignKind, World};

/// How long anything takes that is played or spoken.
const PLAYED: Duration = Duration::from_secs(1);
/// How long keys or words are waited for, and how long a recording is, when nobody says.
const WAITED: Duration = Duration::from_secs(5);

/// A verb that takes its time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Doing {
    /// Something is played.
    Plays,
    /// Keys are waited for.
    Keys { most: usize, end: Option<char>, got: String },
    /// The person is recorded.
    Records,
    /// Words are waited for.
    Listens,
    /// Somebody is rung.
    Rings { talk: Option<Duration>, limit: Option<Duration>, records: bool },
    /// The person talks to somebody.
    Talks { since: Moment, records: bool },
    /// In a room.
    Room,
    /// The audio goes elsewhere.
    Streams,
    /// With the agents of a skill.
    Agents(CallKey),
}

impl Doing {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Plays => "plays",
            Self::Keys { .. } => "collects",
            Self::Records => "records",
            Self::Listens => "listens",
            Self::Rings { .. } => "dials",
            Self::Talks { .. } => "talks",
            Self::Room => "conference",
            Self::Streams => "streams",
            Self::Agents(_) => "agents",
        }
    }

    /// The word of `process` when the person hangs up.
    pub(super) fn process(&self) -> Option<&'static str> {
        match self {
            Self::Rings { .. } | Self::Talks { .. } => Some("dial"),
            Self::Streams => Some("stream"),
            _ => None,
        }
    }
}

/// What a verb brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Keys(String),
    Recording(String),
    Speech(String),
    Dialed { answered: bool, seconds: u64, data: String },
    Streamed,
}

fn tag(verb: &Verb) -> &str {
    match verb {
        Verb::PlayText(_) => "playtext",
        Verb::PlayAudio(_) => "playaudio",
        Verb::SayAs(_) => "say-as",
        Verb::CollectDtmf(_) => "collectdtmf",
        Verb::Record(_) => "record",
        Verb::Dial(_) => "dial",
        Verb::Conference(_) => "conference",
        Verb::CcTransfer(_) => "cctransfer",
        Verb::GotoUrl(_) => "gotourl",
        Verb::Stream(_) => "stream",
        Verb::StartRecord(_) => "start-record",
        Verb::Recognize(_) => "recognize",
        Verb::SendSms(_) => "sendsms",
        Verb::Hangup(_) => "hangup",
        _ => "unknown",
    }
}

/// `true`, `yes`, `1`, in any case.
fn is_yes(word: Option<&String>) -> bool {
    word.is_some_and(|w| ["true", "yes", "1"].iter().any(|yes| w.eq_ignore_ascii_case(yes)))
}

/// A number whose unit the sources disagree on: from a thousand on it is taken for milliseconds.
fn either_unit(number: u32) -> Duration {
    if number >= 1000 {
        Duration::from_millis(number.into())
    } else {
        Duration::from_secs(number.into())
    }
}

impl World {
    /// Does verbs until one takes time or brings something.
    pub(super) fn next_verb(&mut self, sid: u64) {
        loop {
            let Some(call) = self.ivr.calls.get_mut(&sid).filter(|call| call.live()) else {
                return;
            };
            let Some(verb) = call.verbs.pop_front() else {
                call.note("the answer ends");
                self.ivr_over(sid, Some(Event::Disconnect));
                return;
            };
            match &verb {
                Verb::Other(element) => call.note(format!("unknown tag {}", element.name)),
                known => call.note(tag(known)),
            }
            match verb {
                Verb::PlayText(_) | Verb::PlayAudio(_) | Verb::SayAs(_) => {
                    return self.takes(sid, Doing::Plays, Some(PLAYED));
                }
                Verb::CollectDtmf(verb) => return self.collect(sid, &verb),
                Verb::Record(Record { max_duration, .. }) => {
                    let most = max_duration.map_or(WAITED, |s| Duration::from_secs(s.into()));
                    return self.takes(sid, Doing::Records, Some(most));
                }
                Verb::Recognize(_) => return self.takes(sid, Doing::Listens, Some(WAITED)),
                Verb::Dial(verb) => return self.ivr_rings_callee(sid, &verb),
                Verb::Conference(_) => return self.takes(sid, Doing::Room, None),
                Verb::Stream(_) => return self.takes(sid, Doing::Streams, None),
                Verb::CcTransfer(verb) if self.hand_over(sid, &verb) => return,
                Verb::GotoUrl(verb) => return self.go_to(sid, &verb),
                Verb::Hangup(_) => return self.ivr_over(sid, Some(Event::Disconnect)),
                Verb::SendSms(_) => {
                    self.message_sent();
                }
                _ => {}
            }
        }
    }

    /// A verb is being done; after this time it is over by itself.
    fn takes(&mut self, sid: u64, doing: Doing, time: Option<Duration>) {
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        call.stage = Stage::Busy(doing);
        call.step += 1;
        let step = call.step;
        if let Some(time) = time {
            self.later(time, Timer::IvrVerb(sid, step));
        }
    }

    /// `l` digits, ended by the key `t`, within `o` milliseconds; a `t` of several digits is the
    /// time-out of the one document that says so.
    fn collect(&mut self, sid: u64, verb: &CollectDtmf) {
        let t = verb.end_key.as_deref().unwrap_or_default();
        let (end, in_t) = match t.len() {
            0 | 1 => (t.chars().next(), None),
            _ => (None, t.parse::<u32>().ok()),
        };
        let wait = verb.wait.or(in_t).map_or(WAITED, |ms| Duration::from_millis(ms.into()));
        let most = verb.max_digits.map_or(usize::MAX, |most| most as usize);
        self.takes(sid, Doing::Keys { most, end, got: String::new() }, Some(wait));
    }

    fn ivr_rings_callee(&mut self, sid: u64, verb: &Dial) {
        let target = verb.target.as_str();
        let plan = self.plan(target.contains('@') || number_exists(target), false);
        let limit = verb.limit_time.map(|s| Duration::from_secs(s.into()));
        let records = is_yes(verb.record.as_ref());
        let most = verb.timeout.map(|t| either_unit(t.number()));
        let doing = Doing::Rings { talk: plan.talk, limit, records };
        let behaviour = &self.setup.behaviour;
        let (answer, most) = (behaviour.customer_answer, most.unwrap_or(behaviour.ring_limit));
        let picks_up =
            plan.number_exists && plan.customer_answers && answer < most && !self.setup.manual;
        self.takes(sid, doing, (!picks_up).then_some(most));
        if picks_up {
            let step = self.ivr.calls.get(&sid).map_or(0, |call| call.step);
            self.later(answer, Timer::IvrCallee(sid, step));
        }
    }

    /// Somebody whom the application dialled has picked up.
    pub(in crate::world) fn ivr_callee(&mut self, sid: u64, step: u32) {
        let now = self.now;
        let Some(call) = self.ivr.calls.get(&sid).filter(|call| call.step == step) else { return };
        let Stage::Busy(Doing::Rings { talk, limit, records }) = call.stage else { return };
        let talk = talk.filter(|_| !self.setup.manual);
        let time = [talk, limit].into_iter().flatten().min();
        self.takes(sid, Doing::Talks { since: now, records }, time);
    }

    /// Hands the person to the agents of a skill. False when nobody has it.
    fn hand_over(&mut self, sid: u64, verb: &CcTransfer) -> bool {
        let skill = verb.skill.trim();
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return false };
        let (person, number) = (call.person.clone(), call.number.clone());
        let campaigns = &self.setup.campaigns;
        let of_agents = campaigns.iter().find(|c| c.kind == CampaignKind::Inbound);
        let Some(campaign) = of_agents.filter(|_| self.setup.has_skill(skill)) else {
            call.note("nobody has this skill");
            return false;
        };
        let campaign = campaign.name.clone();
        let uui = verb.uui.as_ref().map_or("", |uui| uui.as_str()).to_owned();
        let key = self.arrive_from_application(campaign, (&number, &person), skill, uui);
        if self.calls.get(&key).is_some_and(crate::world::PhoneCall::live) {
            self.takes(sid, Doing::Agents(key), None);
        } else {
            self.ivr_over(sid, Some(Event::Disconnect));
        }
        true
    }

    fn go_to(&mut self, sid: u64, verb: &GotoUrl) {
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        let clean = is_yes(verb.clean_params.as_ref());
        let url = verb.url.trim();
        call.application = Some(match &call.application {
            Some(old) => old.moved(url, clean),
            None => super::ask::Application::new(url),
        });
        // No source says with which event the next address is asked.
        self.ask_application(sid, &Event::NewCall);
    }

    /// A verb's time is over.
    pub(in crate::world) fn ivr_verb_ends(&mut self, sid: u64, step: u32) {
        let current = self.ivr.calls.get(&sid).is_some_and(|call| call.step == step);
        if current {
            self.verb_done(sid);
        }
    }

    fn verb_done(&mut self, sid: u64) {
        let now = self.now;
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        let Stage::Busy(doing) = &call.stage else { return };
        let account = &self.setup.account;
        let file = |step: u32| {
            format!("https://recordings.example.test/{account}/{account}_{sid}_{step}.wav")
        };
        let unrecorded = || "-1".to_owned();
        let heard = match doing {
            Doing::Plays | Doing::Room => None,
            Doing::Keys { got, .. } => Some(Heard::Keys(got.clone())),
            Doing::Records => Some(Heard::Recording(file(call.step))),
            Doing::Listens => Some(Heard::Speech(String::new())),
            Doing::Streams => Some(Heard::Streamed),
            Doing::Rings { .. } => {
                Some(Heard::Dialed { answered: false, seconds: 0, data: unrecorded() })
            }
            Doing::Talks { since, records } => Some(Heard::Dialed {
                answered: true,
                seconds: now.since(*since).as_secs(),
                data: if *records { file(call.step) } else { unrecorded() },
            }),
            Doing::Agents(_) => return,
        };
        match heard {
            None => self.next_verb(sid),
            Some(heard) => self.brought(sid, heard),
        }
    }

    /// A verb has brought something: the application is asked; what stood behind the verb is not
    /// done.
    fn brought(&mut self, sid: u64, heard: Heard) {
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        let left: Vec<String> =
            call.verbs.drain(..).map(|verb| format!("not done: {}", tag(&verb))).collect();
        for line in left {
            call.note(line);
        }
        self.ask_application(sid, &Event::Heard(heard));
    }

    /// What people on a call with an application do.
    ///
    /// # Errors
    ///
    /// No such call is up, or nothing waits for this now.
    pub fn ivr_input(&mut self, sid: u64, input: IvrInput) -> Result<(), ActionRefusal> {
        let call = self.ivr.calls.get_mut(&sid).filter(|call| call.live());
        let call = call.ok_or(ActionRefusal::NotLive)?;
        let Stage::Busy(doing) = &mut call.stage else { return Err(ActionRefusal::NotNow) };
        match (doing, input) {
            (Doing::Keys { most, end, got }, IvrInput::Keys(keys)) => {
                for key in keys.chars().filter(|c| c.is_ascii_digit() || "*#".contains(*c)) {
                    if *end == Some(key) || got.len() >= *most {
                        self.verb_done(sid);
                        return Ok(());
                    }
                    got.push(key);
                    if got.len() >= *most {
                        self.verb_done(sid);
                        return Ok(());
                    }
                }
            }
            (Doing::Listens, IvrInput::Speech(text)) => {
                self.brought(sid, Heard::Speech(text));
            }
            (Doing::Rings { .. }, IvrInput::Callee(PhoneAction::Answer)) => {
                let step = call.step;
                self.ivr_callee(sid, step);
            }
            (Doing::Rings { .. }, IvrInput::Callee(_))
            | (Doing::Talks { .. }, IvrInput::Callee(PhoneAction::Hangup))
            | (Doing::Records | Doing::Streams | Doing::Room, IvrInput::End) => self.verb_done(sid),
            _ => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }
}
