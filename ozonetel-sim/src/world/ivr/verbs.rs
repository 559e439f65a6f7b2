//! The verbs of an answer, done one after the other in the world's time.
//!
//! How long a verb takes is not documented where the verb itself does not say; those times are
//! ours.

use std::time::Duration;

use ozonetel_sdk::kookoo::verb::{CcTransfer, CollectDtmf, Dial, GotoUrl, Record, Verb};

use super::address::ApplicationAddress;
use super::call::IvrStage;
use super::requests::IvrEvent;
use super::running::{RunningVerb, VerbResult};
use super::{Ivr, IvrInput};
use crate::world::calls::draw_plan;
use crate::world::context::Context;
use crate::world::numbers::number_exists;
use crate::world::switch::{ActionRefusal, PhoneAction, Switch};
use crate::world::timers::Timer;

/// How long anything takes that is played or spoken.
const PLAYED: Duration = Duration::from_secs(1);
/// How long keys or words are waited for, and how long a recording is, unless the verb says.
const WAITED: Duration = Duration::from_secs(5);

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

impl Ivr {
    /// Does verbs until one takes time or has a result.
    pub(super) fn next_verb(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64) {
        loop {
            let Some(call) = self.calls.get_mut(&sid).filter(|call| call.live()) else {
                return;
            };
            let Some(verb) = call.verbs.pop_front() else {
                call.note("the answer ends");
                self.end(cx, switch, sid, Some(IvrEvent::Disconnect));
                return;
            };
            match &verb {
                Verb::Other(element) => call.note(format!("unknown tag {}", element.name)),
                known => call.note(tag(known)),
            }
            match verb {
                Verb::PlayText(_) | Verb::PlayAudio(_) | Verb::SayAs(_) => {
                    return self.takes(cx, sid, RunningVerb::Plays, Some(PLAYED));
                }
                Verb::CollectDtmf(verb) => return self.collect(cx, sid, &verb),
                Verb::Record(Record { max_duration, .. }) => {
                    let most = max_duration.map_or(WAITED, |s| Duration::from_secs(s.into()));
                    return self.takes(cx, sid, RunningVerb::Records, Some(most));
                }
                Verb::Recognize(_) => {
                    return self.takes(cx, sid, RunningVerb::Listens, Some(WAITED));
                }
                Verb::Dial(verb) => return self.ring_callee(cx, sid, &verb),
                Verb::Conference(_) => return self.takes(cx, sid, RunningVerb::Room, None),
                Verb::Stream(_) => return self.takes(cx, sid, RunningVerb::Streams, None),
                Verb::CcTransfer(verb) if self.hand_over(cx, switch, sid, &verb) => return,
                Verb::GotoUrl(verb) => return self.go_to(cx, switch, sid, &verb),
                Verb::Hangup(_) => return self.end(cx, switch, sid, Some(IvrEvent::Disconnect)),
                Verb::SendSms(_) => {
                    cx.send_message();
                }
                _ => {}
            }
        }
    }

    /// A verb is being done; after this time it is over.
    fn takes(&mut self, cx: &mut Context, sid: u64, doing: RunningVerb, time: Option<Duration>) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.stage = IvrStage::Busy(doing);
        call.step += 1;
        let step = call.step;
        if let Some(time) = time {
            cx.later(time, Timer::IvrVerb(sid, step));
        }
    }

    /// `l` digits, ended by the key `t`, within `o` milliseconds; a `t` of several digits is the
    /// time-out of the one document that says so.
    fn collect(&mut self, cx: &mut Context, sid: u64, verb: &CollectDtmf) {
        let t = verb.end_key.as_deref().unwrap_or_default();
        let (end, in_t) = match t.len() {
            0 | 1 => (t.chars().next(), None),
            _ => (None, t.parse::<u32>().ok()),
        };
        let wait = verb.wait.or(in_t).map_or(WAITED, |ms| Duration::from_millis(ms.into()));
        let most = verb.max_digits.map_or(usize::MAX, |most| most as usize);
        self.takes(cx, sid, RunningVerb::Keys { most, end, got: String::new() }, Some(wait));
    }

    fn ring_callee(&mut self, cx: &mut Context, sid: u64, verb: &Dial) {
        let target = verb.target.as_str();
        let plan = draw_plan(cx, target.contains('@') || number_exists(target), false);
        let limit = verb.limit_time.map(|s| Duration::from_secs(s.into()));
        let records = is_yes(verb.record.as_ref());
        let most = verb.timeout.map(|t| either_unit(t.number()));
        let doing = RunningVerb::Rings { talk: plan.talk, limit, records };
        let behaviour = &cx.setup.behaviour;
        let (answer, most) = (behaviour.customer_answer, most.unwrap_or(behaviour.ring_limit));
        let picks_up =
            plan.number_exists && plan.customer_answers && answer < most && !cx.setup.manual;
        self.takes(cx, sid, doing, (!picks_up).then_some(most));
        if picks_up {
            let step = self.calls.get(&sid).map_or(0, |call| call.step);
            cx.later(answer, Timer::IvrCallee(sid, step));
        }
    }

    /// The person whom the application dialled has picked up.
    pub(crate) fn callee_answers(&mut self, cx: &mut Context, sid: u64, step: u32) {
        let now = cx.now;
        let Some(call) = self.calls.get(&sid).filter(|call| call.step == step) else { return };
        let IvrStage::Busy(RunningVerb::Rings { talk, limit, records }) = call.stage else {
            return;
        };
        let talk = talk.filter(|_| !cx.setup.manual);
        let time = [talk, limit].into_iter().flatten().min();
        self.takes(cx, sid, RunningVerb::Talks { since: now, records }, time);
    }

    /// Hands the person to the agents of a skill. False when no one has it.
    fn hand_over(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        sid: u64,
        verb: &CcTransfer,
    ) -> bool {
        let Some(call) = self.calls.get_mut(&sid) else { return false };
        let uui = verb.uui.as_ref().map_or("", |uui| uui.as_str());
        let line = (call.number.as_str(), call.person.as_str());
        let Some(key) = switch.arrive_from_application(cx, line, verb.skill.trim(), uui) else {
            call.note("no one has this skill");
            return false;
        };
        if switch.calls.is_live(key) {
            self.takes(cx, sid, RunningVerb::Agents(key), None);
        } else {
            self.end(cx, switch, sid, Some(IvrEvent::Disconnect));
        }
        true
    }

    fn go_to(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64, verb: &GotoUrl) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let clean = is_yes(verb.clean_params.as_ref());
        let url = verb.url.trim();
        call.application = Some(match &call.application {
            Some(old) => old.moved(url, clean),
            None => ApplicationAddress::new(url),
        });
        // No source says with which event the next address is asked.
        self.ask_application(cx, switch, sid, &IvrEvent::NewCall);
    }

    /// A verb's time is over.
    pub(crate) fn verb_ends(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64, step: u32) {
        let current = self.calls.get(&sid).is_some_and(|call| call.step == step);
        if current {
            self.verb_done(cx, switch, sid);
        }
    }

    fn verb_done(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64) {
        let now = cx.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let IvrStage::Busy(doing) = &call.stage else { return };
        let account = &cx.setup.account;
        let file = |step: u32| {
            format!("https://recordings.example.test/{account}/{account}_{sid}_{step}.wav")
        };
        let unrecorded = || "-1".to_owned();
        let heard = match doing {
            RunningVerb::Plays | RunningVerb::Room => None,
            RunningVerb::Keys { got, .. } => Some(VerbResult::Keys(got.clone())),
            RunningVerb::Records => Some(VerbResult::Recording(file(call.step))),
            RunningVerb::Listens => Some(VerbResult::Speech(String::new())),
            RunningVerb::Streams => Some(VerbResult::Streamed),
            RunningVerb::Rings { .. } => {
                Some(VerbResult::Dialed { answered: false, seconds: 0, data: unrecorded() })
            }
            RunningVerb::Talks { since, records } => Some(VerbResult::Dialed {
                answered: true,
                seconds: now.since(*since).as_secs(),
                data: if *records { file(call.step) } else { unrecorded() },
            }),
            RunningVerb::Agents(_) => return,
        };
        match heard {
            None => self.next_verb(cx, switch, sid),
            Some(heard) => self.has_result(cx, switch, sid, heard),
        }
    }

    /// A verb has a result: the application is asked; the verbs after it are not done.
    fn has_result(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64, heard: VerbResult) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let left: Vec<String> =
            call.verbs.drain(..).map(|verb| format!("not done: {}", tag(&verb))).collect();
        for line in left {
            call.note(line);
        }
        self.ask_application(cx, switch, sid, &IvrEvent::VerbDone(heard));
    }

    /// What people on a call with an application do.
    ///
    /// # Errors
    ///
    /// No such call is up, or nothing waits for this now.
    pub(crate) fn input(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        sid: u64,
        input: IvrInput,
    ) -> Result<(), ActionRefusal> {
        let call = self.calls.get_mut(&sid).filter(|call| call.live());
        let call = call.ok_or(ActionRefusal::NotLive)?;
        let IvrStage::Busy(doing) = &mut call.stage else { return Err(ActionRefusal::NotNow) };
        match (doing, input) {
            (RunningVerb::Keys { most, end, got }, IvrInput::Keys(keys)) => {
                for key in keys.chars().filter(|c| c.is_ascii_digit() || "*#".contains(*c)) {
                    if *end == Some(key) || got.len() >= *most {
                        self.verb_done(cx, switch, sid);
                        return Ok(());
                    }
                    got.push(key);
                    if got.len() >= *most {
                        self.verb_done(cx, switch, sid);
                        return Ok(());
                    }
                }
            }
            (RunningVerb::Listens, IvrInput::Speech(text)) => {
                self.has_result(cx, switch, sid, VerbResult::Speech(text));
            }
            (RunningVerb::Rings { .. }, IvrInput::Callee(PhoneAction::Answer)) => {
                let step = call.step;
                self.callee_answers(cx, sid, step);
            }
            (RunningVerb::Rings { .. }, IvrInput::Callee(_))
            | (RunningVerb::Talks { .. }, IvrInput::Callee(PhoneAction::Hangup))
            | (RunningVerb::Records | RunningVerb::Streams | RunningVerb::Room, IvrInput::End) => {
                self.verb_done(cx, switch, sid);
            }
            _ => return Err(ActionRefusal::NotNow),
        }
        Ok(())
    }
}
