//! What an application is asked: a GET whose query gives the reason.

use std::sync::{Mutex, PoisonError};

use super::call::{IvrCall, IvrStage};
use super::running::{RunningVerb, VerbResult};
use super::{ASKED_MOST, ApplicationFn, ApplicationRequest, Ivr, WAITING_MOST};
use crate::world::context::Context;
use crate::world::numbers::pushed_caller;
use crate::world::switch::Switch;

/// Addresses longer than this are not asked.
const LONGEST_URL: usize = 8192;

/// Asks an application in process.
fn ask(application: &Mutex<ApplicationFn>, request: &ApplicationRequest) -> String {
    let mut application = application.lock().unwrap_or_else(PoisonError::into_inner);
    application(request)
}

/// Why an application is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IvrEvent {
    NewCall,
    /// A verb resulted in this.
    VerbDone(VerbResult),
    /// The person hung up.
    Hangup,
    /// The service or the application ended the call.
    Disconnect,
}

impl IvrEvent {
    fn word(&self) -> &'static str {
        match self {
            Self::NewCall => "NewCall",
            Self::VerbDone(VerbResult::Keys(_)) => "GotDTMF",
            Self::VerbDone(VerbResult::Recording(_)) => "Record",
            Self::VerbDone(VerbResult::Speech(_)) => "Recognize",
            Self::VerbDone(VerbResult::Dialed { .. }) => "Dial",
            Self::VerbDone(VerbResult::Streamed) => "Stream",
            Self::Hangup => "Hangup",
            Self::Disconnect => "Disconnect",
        }
    }
}

/// What `NewCall` says about the person: an Indian number with its country's code, as the newer
/// platform writes it. Operator and circle stay empty.
fn person(number: &str) -> [(&'static str, String); 7] {
    let bare = pushed_caller(number);
    let digits = bare.bytes().all(|b| b.is_ascii_digit());
    let indian = digits && bare.len() == 10;
    let cid = if indian { format!("91{bare}") } else { bare.clone() };
    let e164 = if digits { format!("+{cid}") } else { String::new() };
    let mobile = bare.starts_with(['6', '7', '8', '9']);
    let (kind, name, code) = match (indian, mobile) {
        (true, true) => ("MOBILE", "India", "91"),
        (true, false) => ("LANDLINE", "India", "91"),
        (false, _) => ("", "", ""),
    };
    [
        ("cid", cid),
        ("cid_e164", e164),
        ("operator", String::new()),
        ("circle", String::new()),
        ("cid_type", kind.to_owned()),
        ("cid_countryname", name.to_owned()),
        ("cid_country", code.to_owned()),
    ]
}

fn fields(
    call: &IvrCall,
    event: &IvrEvent,
    running: Option<&RunningVerb>,
    now: String,
) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("event", event.word().to_owned()),
        ("sid", call.sid.to_string()),
        ("called_number", call.number.clone()),
        ("request_time", now),
    ];
    if call.outbound {
        fields.push(("outbound_sid", call.sid.to_string()));
    }
    match event {
        IvrEvent::NewCall => {
            fields.push(("dnis", call.number.clone()));
            fields.extend(person(&call.person));
        }
        IvrEvent::VerbDone(
            VerbResult::Keys(data) | VerbResult::Recording(data) | VerbResult::Speech(data),
        ) => {
            fields.push(("data", data.clone()));
        }
        IvrEvent::VerbDone(VerbResult::Dialed { answered, seconds, data }) => fields.extend([
            ("status", if *answered { "answered" } else { "not_answered" }.to_owned()),
            ("callduration", seconds.to_string()),
            ("data", data.clone()),
        ]),
        IvrEvent::VerbDone(VerbResult::Streamed) | IvrEvent::Disconnect => {}
        IvrEvent::Hangup => {
            if let Some(process) = running.and_then(RunningVerb::process) {
                fields.push(("process", process.to_owned()));
            }
        }
    }
    fields
}

impl Ivr {
    /// Asks the application, and waits for its verbs.
    pub(super) fn ask_application(
        &mut self,
        cx: &mut Context,
        switch: &mut Switch,
        sid: u64,
        event: &IvrEvent,
    ) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let problem = match &call.application {
            None => Some("there is no address to ask"),
            Some(_) if call.asked >= ASKED_MOST => Some("asked too often"),
            Some(_) => None,
        };
        if let Some(problem) = problem {
            call.note(problem);
            self.end(cx, switch, sid, None);
            return;
        }
        call.asked += 1;
        call.stage = IvrStage::Asked;
        let Some(request) = self.request(cx, sid, event, None) else {
            self.end(cx, switch, sid, None);
            return;
        };
        match self.application.clone() {
            Some(application) => {
                let xml = ask(&application, &request);
                self.application_answers(cx, switch, &request, Some(xml.as_bytes()));
            }
            None => {
                if !self.wait_to_be_sent(request) {
                    self.end(cx, switch, sid, None);
                }
            }
        }
    }

    /// Notifies the application that the call is over; what it answers is ignored.
    pub(super) fn tell_application(
        &mut self,
        cx: &Context,
        sid: u64,
        event: &IvrEvent,
        was: &IvrStage,
    ) {
        let running = match was {
            IvrStage::Busy(verb) => Some(verb),
            _ => None,
        };
        let Some(request) = self.request(cx, sid, event, running) else { return };
        match self.application.clone() {
            Some(application) => {
                ask(&application, &request);
            }
            None => {
                self.wait_to_be_sent(request);
            }
        }
    }

    fn request(
        &self,
        cx: &Context,
        sid: u64,
        event: &IvrEvent,
        running: Option<&RunningVerb>,
    ) -> Option<ApplicationRequest> {
        let call = self.calls.get(&sid)?;
        let now = cx.zone().date_time(cx.second());
        let url = call.application.as_ref()?.url(&fields(call, event, running, now));
        let fits = url.len() <= LONGEST_URL;
        fits.then_some(ApplicationRequest { sid, url, number: call.asked })
    }

    fn wait_to_be_sent(&mut self, request: ApplicationRequest) -> bool {
        let room = self.waiting.len() < WAITING_MOST;
        if room {
            self.requests_made += 1;
            self.waiting.push_back(request);
        } else if let Some(call) = self.calls.get_mut(&request.sid) {
            call.note("too many questions wait already");
        }
        room
    }
}
