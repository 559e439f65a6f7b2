//! KooKoo: calls that an application leads. The application is asked, answers with verbs, and is
//! asked again when a verb brings something. Pure: questions go out, answers come in, time comes
//! as an argument; who carries a question to its address is of no concern here.

mod ask;
mod verbs;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use ozonetel_sdk::kookoo::IvrResponse;
use ozonetel_sdk::kookoo::verb::Verb;
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::CallKey;
use super::dial::number_exists;
use super::inbound::{ActionRefusal, PhoneAction};
use super::moment::Moment;
use super::push::{Push, PushKind};
use super::timers::Timer;
use super::{Arrived, World};

use verbs::Doing;

/// Calls kept, the newest ones.
const CALLS_KEPT: usize = 10_000;
/// Questions of one call at most; then the service ends it.
const ASKED_MOST: u32 = 200;
/// Questions that wait for a carrier at most.
const WAITING_MOST: usize = 1024;
/// Lines of a call's log at most.
const LOG_KEPT: usize = 500;

/// A number whose calls go to an application: a scenario's `[[applications]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSetup {
    /// The number that is called.
    pub did: String,
    /// Where the application is asked.
    pub url: String,
}

/// A question to an application: a GET. `Debug` hides the address, whose query names the caller.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// The call.
    pub sid: u64,
    /// The address, its query included.
    pub url: String,
    number: u32,
}

impl Question {
    /// The query, as [`ozonetel_sdk::kookoo::IvrRequest::from_query`] reads it.
    pub fn query(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({}, number {})", self.sid, self.number)
    }
}

/// An outbound call that was asked for.
#[derive(Clone, Default)]
pub struct IvrDial {
    /// The number to ring.
    pub number: String,
    /// The application's address.
    pub url: Option<String>,
    /// Verbs in place of an address; beside one, text that comes back with the outcome.
    pub extra_data: Option<String>,
    /// The number that is shown.
    pub caller_id: String,
    /// Where the outcome goes.
    pub callback_url: Option<String>,
}

impl fmt::Debug for IvrDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IvrDial")
    }
}

/// What people on a call with an application do.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IvrInput {
    /// The caller presses keys.
    Keys(String),
    /// The caller says something.
    Speech(String),
    /// The telephone that the application dialled.
    Callee(PhoneAction),
    /// The recording, the stream or the conference ends.
    End,
}

impl fmt::Debug for IvrInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys(_) => "Keys",
            Self::Speech(_) => "Speech",
            Self::Callee(_) => "Callee",
            Self::End => "End",
        })
    }
}

/// How far a call with an application is.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// The person who is called hears it ring.
    Ringing,
    /// The application has been asked.
    Asked,
    /// A verb takes its time.
    Busy(Doing),
    Over,
}

/// A call that an application leads.
#[derive(Clone)]
pub struct IvrCall {
    /// Its id: `sid`.
    pub sid: u64,
    /// The person on the line.
    pub person: String,
    /// The account's number: called, or shown.
    pub number: String,
    /// What was done, oldest first: verbs by their tags, and what went wrong.
    pub log: Vec<String>,
    outbound: bool,
    stage: Stage,
    application: Option<ask::Application>,
    xml: Option<String>,
    echo: Option<String>,
    callback_url: Option<String>,
    verbs: VecDeque<Verb>,
    began: Moment,
    answered: Option<Moment>,
    ended: Option<Moment>,
    failure: &'static str,
    asked: u32,
    /// Number of the verb that is being done, so that a late timer is known.
    step: u32,
    /// The call of agents that it came out of.
    out_of: Option<CallKey>,
}

impl fmt::Debug for IvrCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IvrCall({}, {})", self.sid, self.state_word())
    }
}

impl IvrCall {
    /// Still going on.
    pub fn live(&self) -> bool {
        self.stage != Stage::Over
    }

    /// The word of `/_sim/state`.
    pub fn state_word(&self) -> &'static str {
        match &self.stage {
            Stage::Ringing => "ringing",
            Stage::Asked => "asked",
            Stage::Busy(doing) => doing.word(),
            Stage::Over => "ended",
        }
    }

    fn note(&mut self, line: impl Into<String>) {
        if self.log.len() < LOG_KEPT {
            self.log.push(line.into());
        }
    }
}

/// An application in process: question in, XML out.
pub type Application = Box<dyn FnMut(&Question) -> String + Send>;

/// Everything KooKoo.
#[derive(Default)]
pub(crate) struct Ivr {
    calls: BTreeMap<u64, IvrCall>,
    waiting: VecDeque<Question>,
    asked: u64,
    application: Option<Application>,
}

impl Ivr {
    pub(super) fn take_application(&mut self) -> Option<Application> {
        self.application.take()
    }
}

impl fmt::Debug for Ivr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ivr").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl World {
    /// The calls that applications lead, in order of their ids.
    pub fn ivr_calls(&self) -> impl DoubleEndedIterator<Item = &IvrCall> {
        self.ivr.calls.values()
    }

    /// One of them.
    pub fn ivr_call(&self, sid: u64) -> Option<&IvrCall> {
        self.ivr.calls.get(&sid)
    }

    /// Every application is this closure from now on, whatever its address. It is asked at once and
    /// must not use the simulator itself.
    pub fn set_application(&mut self, application: Option<Application>) {
        self.ivr.application = application;
    }

    /// Takes the oldest question that waits for its application; it has to be answered with
    /// [`World::application_answers`].
    pub fn take_question(&mut self) -> Option<Question> {
        self.ivr.waiting.pop_front()
    }

    /// How many questions were ever put out to wait.
    pub(crate) fn questions_asked(&self) -> u64 {
        self.ivr.asked
    }

    /// What an application answered: the body of a 200, or nothing for everything else.
    pub fn application_answers(&mut self, question: &Question, xml: Option<&[u8]>) {
        let Some(call) = self.ivr.calls.get_mut(&question.sid) else { return };
        if call.stage != Stage::Asked || call.asked != question.number {
            return;
        }
        let read = match xml {
            None => Err("the application did not answer with 200".to_owned()),
            Some(xml) => IvrResponse::read(xml).map_err(|error| format!("the answer: {error}")),
        };
        match read {
            Ok(answer) => {
                call.verbs = answer.verbs.into();
                self.next_verb(question.sid);
            }
            Err(line) => {
                call.note(line);
                self.ivr_over(question.sid, None);
            }
        }
    }

    /// Rings a number for an application: an outbound call of KooKoo's. Its id.
    pub fn ivr_dial(&mut self, dial: IvrDial) -> u64 {
        let sid = self.queue_outbound(&dial.number);
        let plan = self.plan(number_exists(&dial.number), false);
        let application = dial.url.as_deref().map(ask::Application::new);
        let mut call = self.new_ivr_call(sid, dial.number, dial.caller_id, application);
        call.outbound = true;
        if call.application.is_some() {
            call.echo = dial.extra_data;
        } else {
            call.xml = dial.extra_data;
        }
        call.callback_url = dial.callback_url;
        self.add_ivr_call(call);
        if !self.setup.manual {
            let behaviour = &self.setup.behaviour;
            let (after, failure) = match (plan.number_exists, plan.customer_answers) {
                (true, true) => (behaviour.customer_answer, ""),
                (true, false) => (behaviour.ring_limit, "NormalUnspecified"),
                (false, _) => (behaviour.customer_answer, "InvalidNumberFormat"),
            };
            self.later(after, Timer::IvrRings(sid, failure));
        }
        sid
    }

    /// A customer calls a number that belongs to an application.
    pub(super) fn ivr_arrives(&mut self, did: &str, caller: &str) -> Option<Arrived> {
        let url = &self.setup.applications.iter().find(|a| a.did == did)?.url;
        let application = ask::Application::new(url);
        let sid = self.ucids.inbound(self.now.second(), &mut self.rng, &self.known);
        let (person, number) = (caller.trim().to_owned(), did.to_owned());
        let call = self.new_ivr_call(sid, person, number, Some(application));
        self.add_ivr_call(call);
        self.ivr_answered(sid);
        Some(Arrived { ucid: sid, monitor_ucid: sid })
    }

    /// A customer whom the agent has left goes on with an application.
    pub(super) fn ivr_takes_over(
        &mut self,
        key: CallKey,
        id: u64,
        url: &str,
        back: Option<String>,
    ) {
        let Some(call) = self.calls.get(&key) else { return };
        let (person, number) = (call.caller.clone(), call.did.clone());
        let application = ask::Application::new(url);
        let mut call = self.new_ivr_call(id, person, number, Some(application));
        call.out_of = Some(key);
        call.callback_url = back;
        self.add_ivr_call(call);
        self.ivr_answered(id);
    }

    fn new_ivr_call(
        &self,
        sid: u64,
        person: String,
        number: String,
        application: Option<ask::Application>,
    ) -> IvrCall {
        IvrCall {
            sid,
            person,
            number,
            log: Vec::new(),
            outbound: false,
            stage: Stage::Ringing,
            application,
            xml: None,
            echo: None,
            callback_url: None,
            verbs: VecDeque::new(),
            began: self.now,
            answered: None,
            ended: None,
            failure: "",
            asked: 0,
            step: 0,
            out_of: None,
        }
    }

    fn add_ivr_call(&mut self, call: IvrCall) {
        self.ivr.calls.insert(call.sid, call);
        if self.ivr.calls.len() > CALLS_KEPT {
            let old = self.ivr.calls.values().find(|c| !c.live()).map(|c| c.sid);
            let old = old.or_else(|| self.ivr.calls.keys().next().copied());
            old.map(|sid| self.ivr.calls.remove(&sid));
        }
    }

    /// The telephone has rung long enough: it is picked up, or the call has failed.
    pub(super) fn ivr_rings(&mut self, sid: u64, failure: &'static str) {
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        if call.stage != Stage::Ringing {
            return;
        }
        if failure.is_empty() {
            self.ivr_answered(sid);
        } else {
            call.failure = failure;
            self.ivr_over(sid, None);
        }
    }

    fn ivr_answered(&mut self, sid: u64) {
        let now = self.now;
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        call.answered = Some(now);
        let Some(xml) = call.xml.take() else {
            self.ask_application(sid, &ask::Event::NewCall);
            return;
        };
        match IvrResponse::read(xml.as_bytes()) {
            Ok(answer) => {
                call.verbs = answer.verbs.into();
                self.next_verb(sid);
            }
            Err(error) => {
                call.note(format!("extra_data: {error}"));
                self.ivr_over(sid, None);
            }
        }
    }

    /// Tells a telephone of a call with an application what to do; `None` when there is none.
    pub(super) fn ivr_phone(
        &mut self,
        sid: u64,
        action: PhoneAction,
    ) -> Option<Result<(), ActionRefusal>> {
        let call = self.ivr.calls.get(&sid).filter(|call| call.live())?;
        match (call.stage == Stage::Ringing, action) {
            (true, PhoneAction::Answer) => self.ivr_rings(sid, ""),
            (true, PhoneAction::Busy) => self.ivr_rings(sid, "Busy"),
            (true, PhoneAction::NoAnswer) => self.ivr_rings(sid, "NormalUnspecified"),
            (true, PhoneAction::Hangup) => self.ivr_rings(sid, "Rejected"),
            (false, PhoneAction::Hangup) => self.ivr_over(sid, Some(ask::Event::Hangup)),
            (false, _) => return Some(Err(ActionRefusal::NotNow)),
        }
        Some(Ok(()))
    }

    /// The call is over; the application may still be told.
    fn ivr_over(&mut self, sid: u64, event: Option<ask::Event>) {
        let now = self.now;
        let Some(call) = self.ivr.calls.get_mut(&sid).filter(|call| call.live()) else { return };
        let doing = std::mem::replace(&mut call.stage, Stage::Over);
        call.ended = Some(now);
        call.verbs.clear();
        let out_of = call.out_of;
        let by = if event == Some(ask::Event::Hangup) { "UserHangup" } else { "SystemHangup" };
        if let Some(event) = event {
            self.tell_application(sid, &event, &doing);
        }
        self.post_status(sid);
        let with_agents = match doing {
            Stage::Busy(Doing::Agents(key)) => Some(key),
            _ => None,
        };
        for key in [with_agents, out_of].into_iter().flatten() {
            self.end_if_live(key, by);
        }
    }

    fn end_if_live(&mut self, key: CallKey, by: &'static str) {
        if self.calls.get(&key).is_some_and(super::PhoneCall::live) {
            self.end_call(key, by);
        }
    }

    /// A call of agents has ended: so has the call of an application that was in it.
    pub(super) fn ivr_follows(&mut self, key: CallKey, by: &str) {
        let in_it = |call: &&IvrCall| {
            call.live()
                && (call.out_of == Some(key) || call.stage == Stage::Busy(Doing::Agents(key)))
        };
        let sid = self.ivr.calls.values().rev().find(in_it).map(|call| call.sid);
        let left = by == "UserHangup";
        let event = if left { ask::Event::Hangup } else { ask::Event::Disconnect };
        if let Some(sid) = sid {
            self.ivr_over(sid, Some(event));
        }
    }

    /// Ends a call with an application from the service's side. False when there is none.
    pub(super) fn ivr_disconnect(&mut self, sid: u64) -> bool {
        let live = self.ivr.calls.get(&sid).is_some_and(IvrCall::live);
        if live {
            self.ivr_over(sid, Some(ask::Event::Disconnect));
        }
        live
    }

    fn post_status(&mut self, sid: u64) {
        let zone = self.setup.zone;
        let Some(call) = self.ivr.calls.get(&sid) else { return };
        let Some(url) = call.callback_url.clone().filter(|url| !url.is_empty()) else { return };
        let end = call.ended.unwrap_or(self.now);
        let seconds = |from: Option<Moment>, to: Moment| {
            from.map_or(Duration::ZERO, |from| to.since(from)).as_secs().to_string()
        };
        let status = if call.answered.is_some() { "answered" } else { "not_answered" };
        let fields = [
            ("status", status.to_owned()),
            ("status_details", call.failure.to_owned()),
            ("sid", sid.to_string()),
            ("phone_no", call.person.clone()),
            ("caller_id", call.number.clone()),
            ("start_time", zone.date_time(call.began.second())),
            ("duration", seconds(call.answered, end)),
            ("ringing_time", seconds(Some(call.began), call.answered.unwrap_or(end))),
        ];
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let echo = call.echo.as_deref().map(|text| ("extra_data", text));
        let fields: Vec<(&str, &str)> = fields.chain(echo).collect();
        let push = Push::form(PushKind::KookooStatus, self.now, url, &fields);
        self.post(Push { call_id: Some(sid), ..push });
    }

    /// The newest calls, for `/_sim/state`.
    pub(super) fn ivr_json(&self) -> Value {
        let calls = self.ivr.calls.values().rev().take(100).map(|call| {
            json!({
                "sid": call.sid.to_string(),
                "person": call.person,
                "number": call.number,
                "outbound": call.outbound,
                "state": call.state_word(),
                "log": call.log,
            })
        });
        calls.collect()
    }
}
