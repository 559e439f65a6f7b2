//! What an application is asked: a GET whose query says why.

use super::verbs::{Doing, Heard};
use super::{ASKED_MOST, IvrCall, Question, Stage, WAITING_MOST};
use crate::world::World;
use crate::world::callback::pushed_caller;

/// Addresses longer than this are not asked.
const LONGEST_URL: usize = 8192;

/// Why an application is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    NewCall,
    /// A verb has brought this.
    Heard(Heard),
    /// The person hung up.
    Hangup,
    /// The service or the application ended the call.
    Disconnect,
}

impl Event {
    fn word(&self) -> &'static str {
        match self {
            Self::NewCall => "NewCall",
            Self::Heard(Heard::Keys(_)) => "GotDTMF",
            Self::Heard(Heard::Recording(_)) => "Record",
            Self::Heard(Heard::Speech(_)) => "Recognize",
            Self::Heard(Heard::Dialed { .. }) => "Dial",
            Self::Heard(Heard::Streamed) => "Stream",
            Self::Hangup => "Hangup",
            Self::Disconnect => "Disconnect",
        }
    }
}

/// Where an application is: an address without its query, and the query's parameters, which are
/// sent along each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Application {
    base: String,
    parameters: Vec<(String, String)>,
}

impl Application {
    pub(super) fn new(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { base: base.to_owned(), parameters }
    }

    /// Goes on at another address; the old one's parameters stay unless they are to be dropped.
    pub(super) fn moved(&self, url: &str, clean: bool) -> Self {
        let mut next = Self::new(url);
        if !clean {
            let new = |name: &String| next.parameters.iter().any(|(n, _)| n == name);
            let old: Vec<_> =
                self.parameters.iter().filter(|(name, _)| !new(name)).cloned().collect();
            next.parameters.extend(old);
        }
        next
    }

    fn url(&self, fields: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        query.extend_pairs(fields);
        format!("{}?{}", self.base, query.finish())
    }
}

/// What `NewCall` says of the person: an Indian number with its country's code, as the newer
/// platform writes it. Operator and circle are looked up nowhere.
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
    event: &Event,
    doing: Option<&Doing>,
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
        Event::NewCall => {
            fields.push(("dnis", call.number.clone()));
            fields.extend(person(&call.person));
        }
        Event::Heard(Heard::Keys(data) | Heard::Recording(data) | Heard::Speech(data)) => {
            fields.push(("data", data.clone()));
        }
        Event::Heard(Heard::Dialed { answered, seconds, data }) => fields.extend([
            ("status", if *answered { "answered" } else { "not_answered" }.to_owned()),
            ("callduration", seconds.to_string()),
            ("data", data.clone()),
        ]),
        Event::Heard(Heard::Streamed) | Event::Disconnect => {}
        Event::Hangup => {
            if let Some(process) = doing.and_then(Doing::process) {
                fields.push(("process", process.to_owned()));
            }
        }
    }
    fields
}

impl World {
    /// Asks the application, and waits for its verbs.
    pub(super) fn ask_application(&mut self, sid: u64, event: &Event) {
        let Some(call) = self.ivr.calls.get_mut(&sid) else { return };
        if call.application.is_none() {
            call.note("there is no address to ask");
            self.ivr_over(sid, None);
            return;
        }
        if call.asked >= ASKED_MOST {
            call.note("asked too often");
            self.ivr_over(sid, None);
            return;
        }
        call.asked += 1;
        call.stage = Stage::Asked;
        let Some(question) = self.question(sid, event, None) else {
            self.ivr_over(sid, None);
            return;
        };
        match self.ivr.application.take() {
            Some(mut application) => {
                let xml = application(&question);
                self.ivr.application = Some(application);
                self.application_answers(&question, Some(xml.as_bytes()));
            }
            None => {
                if !self.wait_for_carrier(question) {
                    self.ivr_over(sid, None);
                }
            }
        }
    }

    /// Tells the application that the call is over; what it answers is not looked at.
    pub(super) fn tell_application(&mut self, sid: u64, event: &Event, was: &Stage) {
        let doing = match was {
            Stage::Busy(doing) => Some(doing),
            _ => None,
        };
        let Some(question) = self.question(sid, event, doing) else { return };
        match self.ivr.application.take() {
            Some(mut application) => {
                application(&question);
                self.ivr.application = Some(application);
            }
            None => {
                self.wait_for_carrier(question);
            }
        }
    }

    fn question(&self, sid: u64, event: &Event, doing: Option<&Doing>) -> Option<Question> {
        let call = self.ivr.calls.get(&sid)?;
        let now = self.setup.zone.date_time(self.now.second());
        let url = call.application.as_ref()?.url(&fields(call, event, doing, now));
        (url.len() <= LONGEST_URL).then_some(Question { sid, url, number: call.asked })
    }

    fn wait_for_carrier(&mut self, question: Question) -> bool {
        let room = self.ivr.waiting.len() < WAITING_MOST;
        if room {
            self.ivr.asked += 1;
            self.ivr.waiting.push_back(question);
        } else if let Some(call) = self.ivr.calls.get_mut(&question.sid) {
            call.note("too many questions wait already");
        }
        room
    }
}
