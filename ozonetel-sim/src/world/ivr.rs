//! KooKoo: calls that an application leads. The application is asked, answers with verbs, and is
//! asked again when a verb has a result. Pure: requests go out, answers come in, time comes as an
//! argument; sending a request over a network is not the world's business.

mod address;
mod call;
mod requests;
mod running;
mod status;
mod verbs;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use ozonetel_sdk::kookoo::IvrResponse;
use serde_json::{Value, json};

use super::calls::{CallIds, draw_plan};
use super::context::Context;
use super::ids::CallKey;
use super::numbers::number_exists;
use super::switch::{ActionRefusal, PhoneAction, Switch};
use super::timers::Timer;
use address::ApplicationAddress;
use requests::IvrEvent;
use running::RunningVerb;

pub use call::IvrCall;
use call::IvrStage;

/// Calls kept, the newest ones.
const CALLS_KEPT: usize = 10_000;
/// Requests of one call at most; then the service ends it.
const ASKED_MOST: u32 = 200;
/// Requests that wait to be sent at most.
const WAITING_MOST: usize = 1024;
/// Dialled numbers that are remembered.
const DIALS_KEPT: usize = 100_000;

/// A request to an application: a GET. `Debug` hides the address, whose query names the caller.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApplicationRequest {
    /// The call.
    pub sid: u64,
    /// The address, its query included.
    pub url: String,
    number: u32,
}

impl ApplicationRequest {
    /// The query, as [`ozonetel_sdk::kookoo::IvrRequest::from_query`] parses it.
    pub fn query(&self) -> &str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }
}

impl fmt::Debug for ApplicationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplicationRequest({}, number {})", self.sid, self.number)
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

/// An application in process: request in, XML out.
pub type ApplicationFn = Box<dyn FnMut(&ApplicationRequest) -> String + Send>;

/// The calls that applications lead, and the requests to applications.
#[derive(Clone, Default)]
pub struct Ivr {
    calls: BTreeMap<u64, IvrCall>,
    waiting: VecDeque<ApplicationRequest>,
    requests_made: u64,
    application: Option<Arc<Mutex<ApplicationFn>>>,
    /// Outbound calls that were asked for: number and second.
    dialled: BTreeMap<u64, (String, i64)>,
}

impl fmt::Debug for Ivr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ivr").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl Ivr {
    /// The calls that applications lead, in order of their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &IvrCall> {
        self.calls.values()
    }

    /// One of them.
    pub fn get(&self, sid: u64) -> Option<&IvrCall> {
        self.calls.get(&sid)
    }

    /// Number and second of an outbound call that was asked for.
    pub fn dialled(&self, sid: u64) -> Option<(&str, i64)> {
        self.dialled.get(&sid).map(|(number, at)| (number.as_str(), *at))
    }

    pub(super) fn set_application(&mut self, application: Option<ApplicationFn>) {
        self.application = application.map(|application| Arc::new(Mutex::new(application)));
    }

    /// Takes over the application of another one.
    pub(super) fn keep_application(&mut self, before: &Self) {
        self.application.clone_from(&before.application);
    }

    pub(super) fn take_request(&mut self) -> Option<ApplicationRequest> {
        self.waiting.pop_front()
    }

    /// How many requests were ever put out to wait.
    pub(crate) fn requests_made(&self) -> u64 {
        self.requests_made
    }

    /// What an application answered: the body of a 200, or nothing for everything else.
    pub(super) fn application_answers(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        request: &ApplicationRequest,
        xml: Option<&[u8]>,
    ) {
        let Some(call) = self.calls.get_mut(&request.sid) else { return };
        if call.stage != IvrStage::Asked || call.asked != request.number {
            return;
        }
        let parsed = match xml {
            None => Err("the application did not answer with 200".to_owned()),
            Some(xml) => IvrResponse::read(xml).map_err(|error| format!("the answer: {error}")),
        };
        match parsed {
            Ok(answer) => {
                call.verbs = answer.verbs.into();
                self.next_verb(cx, switch, request.sid);
            }
            Err(line) => {
                call.note(line);
                self.end(cx, switch, request.sid, None);
            }
        }
    }

    /// Rings a number for an application: an outbound call of KooKoo's. Its id.
    pub(super) fn dial(&mut self, cx: &mut Context, switch: &Switch, dial: IvrDial) -> u64 {
        let sid = self.new_outbound_sid(cx, switch, &dial.number);
        let plan = draw_plan(cx, number_exists(&dial.number), false);
        let application = dial.url.as_deref().map(ApplicationAddress::new);
        let mut call = IvrCall::new(sid, dial.number, dial.caller_id, application, cx.now);
        call.outbound = true;
        if call.application.is_some() {
            call.echo = dial.extra_data;
        } else {
            call.xml = dial.extra_data;
        }
        call.callback_url = dial.callback_url;
        self.add(call);
        if !cx.setup.manual {
            let behaviour = &cx.setup.behaviour;
            let (after, failure) = match (plan.number_exists, plan.customer_answers) {
                (true, true) => (behaviour.customer_answer, ""),
                (true, false) => (behaviour.ring_limit, "NormalUnspecified"),
                (false, _) => (behaviour.customer_answer, "InvalidNumberFormat"),
            };
            cx.later(after, Timer::IvrRings(sid, failure));
        }
        sid
    }

    fn new_outbound_sid(&mut self, cx: &Context, switch: &Switch, number: &str) -> u64 {
        let now = cx.second();
        let taken = |id: &u64| self.dialled.contains_key(id) || switch.calls.key_of(*id).is_some();
        let first = u64::try_from(now).unwrap_or(0) * 1000;
        let sid = (first..=u64::MAX).find(|id| !taken(id)).unwrap_or(first);
        self.dialled.insert(sid, (number.to_owned(), now));
        if self.dialled.len() > DIALS_KEPT {
            self.dialled.pop_first();
        }
        sid
    }

    /// A customer calls a number that belongs to an application; `None` when it does not.
    pub(super) fn arrive(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        (did, caller): (&str, &str),
    ) -> Option<CallIds> {
        let url = &cx.setup.applications.iter().find(|a| a.did == did)?.url;
        let application = ApplicationAddress::new(url);
        let sid = switch.calls.new_inbound_ucid(cx);
        let (person, number) = (caller.trim().to_owned(), did.to_owned());
        self.add(IvrCall::new(sid, person, number, Some(application), cx.now));
        self.answered(cx, switch, sid);
        Some(CallIds { ucid: sid, monitor_ucid: sid })
    }

    /// A customer whom the agent has left continues with an application.
    pub(super) fn take_over(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        (key, sid): (CallKey, u64),
        url: &str,
        callback_url: Option<String>,
    ) {
        let Some(call) = switch.calls.get(key) else { return };
        let (person, number) = (call.caller.clone(), call.did.clone());
        let application = ApplicationAddress::new(url);
        let mut call = IvrCall::new(sid, person, number, Some(application), cx.now);
        call.out_of = Some(key);
        call.callback_url = callback_url;
        self.add(call);
        self.answered(cx, switch, sid);
    }

    fn add(&mut self, call: IvrCall) {
        self.calls.insert(call.sid, call);
        if self.calls.len() > CALLS_KEPT {
            let old = self.calls.values().find(|c| !c.live()).map(|c| c.sid);
            let old = old.or_else(|| self.calls.keys().next().copied());
            old.map(|sid| self.calls.remove(&sid));
        }
    }

    /// The telephone has rung long enough: it is picked up, or the call has failed.
    pub(super) fn rings(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        sid: u64,
        failure: &'static str,
    ) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.stage != IvrStage::Ringing {
            return;
        }
        if failure.is_empty() {
            self.answered(cx, switch, sid);
        } else {
            call.failure = failure;
            self.end(cx, switch, sid, None);
        }
    }

    fn answered(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.answered = Some(cx.now);
        let Some(xml) = call.xml.take() else {
            self.ask_application(cx, switch, sid, &IvrEvent::NewCall);
            return;
        };
        match IvrResponse::read(xml.as_bytes()) {
            Ok(answer) => {
                call.verbs = answer.verbs.into();
                self.next_verb(cx, switch, sid);
            }
            Err(error) => {
                call.note(format!("extra_data: {error}"));
                self.end(cx, switch, sid, None);
            }
        }
    }

    /// Makes the customer's telephone of a call with an application do something; `None` when there is
    /// no such call.
    pub(super) fn phone_action(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        sid: u64,
        action: PhoneAction,
    ) -> Option<Result<(), ActionRefusal>> {
        let call = self.calls.get(&sid).filter(|call| call.live())?;
        match (call.stage == IvrStage::Ringing, action) {
            (true, PhoneAction::Answer) => self.rings(cx, switch, sid, ""),
            (true, PhoneAction::Busy) => self.rings(cx, switch, sid, "Busy"),
            (true, PhoneAction::NoAnswer) => self.rings(cx, switch, sid, "NormalUnspecified"),
            (true, PhoneAction::Hangup) => self.rings(cx, switch, sid, "Rejected"),
            (false, PhoneAction::Hangup) => self.end(cx, switch, sid, Some(IvrEvent::Hangup)),
            (false, _) => return Some(Err(ActionRefusal::NotNow)),
        }
        Some(Ok(()))
    }

    /// The call is over; the application may still be notified. A call of agents that belongs to it ends
    /// as well.
    fn end(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64, event: Option<IvrEvent>) {
        let Some(call) = self.calls.get_mut(&sid).filter(|call| call.live()) else { return };
        let was = std::mem::replace(&mut call.stage, IvrStage::Over);
        call.ended = Some(cx.now);
        call.verbs.clear();
        let out_of = call.out_of;
        let by = if event == Some(IvrEvent::Hangup) { "UserHangup" } else { "SystemHangup" };
        if let Some(event) = event {
            self.tell_application(cx, sid, &event, &was);
        }
        if let Some(call) = self.calls.get(&sid) {
            status::push(cx, call);
        }
        let with_agents = match was {
            IvrStage::Busy(RunningVerb::Agents(key)) => Some(key),
            _ => None,
        };
        for key in [with_agents, out_of].into_iter().flatten() {
            if switch.calls.is_live(key) {
                switch.end_call(cx, key, by);
            }
        }
    }

    /// A call of agents has ended: so has the call of an application that it belongs to.
    pub(super) fn follow(&mut self, cx: &mut Context, switch: &mut Switch, key: CallKey, by: &str) {
        let in_it = |call: &&IvrCall| {
            let with_agents = call.stage == IvrStage::Busy(RunningVerb::Agents(key));
            call.live() && (call.out_of == Some(key) || with_agents)
        };
        let sid = self.calls.values().rev().find(in_it).map(|call| call.sid);
        let left = by == "UserHangup";
        let event = if left { IvrEvent::Hangup } else { IvrEvent::Disconnect };
        if let Some(sid) = sid {
            self.end(cx, switch, sid, Some(event));
        }
    }

    /// Ends a call with an application from the service's side. False when there is none.
    pub(super) fn disconnect(&mut self, cx: &mut Context, switch: &mut Switch, sid: u64) -> bool {
        let live = self.calls.get(&sid).is_some_and(IvrCall::live);
        if live {
            self.end(cx, switch, sid, Some(IvrEvent::Disconnect));
        }
        live
    }

    /// The newest calls, for `/_sim/state`.
    pub(super) fn to_json(&self) -> Value {
        let calls = self.calls.values().rev().take(100).map(|call| {
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
