//! What KooKoo asks an application, and what it reports afterwards.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::receive::push::error::PushError;
use crate::receive::push::payload::{Keeps, PushPayload, Sealed, decode};
use crate::receive::push::ping;
use crate::receive::push::reader::PushReader;
use crate::types::ids::Ucid;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{Extra, LocalDateTime, SensitiveText, record, string_enum};

string_enum! {
    /// Why KooKoo asks. Older code writes it in other cases.
    IvrEvent, IvrEventKind {
        /// A new call. The only request on which [`IvrRequest::caller`] is sure.
        NewCall = ["NewCall"],
        /// Keys were pressed, or the wait for them ended.
        GotDtmf = ["GotDTMF"],
        /// A recording ended.
        Record = ["Record"],
        /// A dial ended; the caller is still on the line.
        Dial = ["Dial"],
        /// Speech was recognized.
        Recognize = ["Recognize"],
        /// A stream ended; the caller is still on the line.
        Stream = ["Stream"],
        /// The caller hung up; nothing more is spoken.
        Hangup = ["Hangup"],
        /// The service ended the call; nothing more is spoken.
        Disconnect = ["Disconnect"],
        /// A text message came in.
        NewSms = ["NewSms"],
    }
}

string_enum! {
    /// How a dial of the application ended.
    IvrDialResult, IvrDialResultKind {
        /// Answered.
        Answered = ["answered"],
        /// Not answered.
        NotAnswered = ["not_answered"],
    }
}

record! {
    /// A request to the application: a GET with a query. Every field may be absent: the portal's test sends
    /// `event=NewCall` and nothing else.
    ///
    /// Sessions are keyed by [`sid`](Self::sid); keep the caller from `NewCall`. Parameters of the application's own
    /// address come back on each request, in [`extra`](field@Self::extra). Give them names that no field has: of two values
    /// under `data` the one that is not empty counts, so that "no input" could not be told from your own.
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::{IvrRequest, IvrStep};
    /// let request = IvrRequest::from_query("event=GotDTMF&sid=90000000000000001&data=12&shop=7")?;
    /// assert_eq!(request.ucid().unwrap().as_str(), "90000000000000001");
    /// assert_eq!(request.step(), IvrStep::Keys(Some("12".into())));
    /// assert_eq!(request.extra.get("shop").unwrap(), "7");
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct IvrRequest {
        /// Why it asks.
        event: IvrEvent = "event",
        /// The call. The same value as the UCID: see [`ucid`](Self::ucid).
        sid: String = "sid",
        /// The caller: `0` and ten digits, or `91` and ten digits.
        cid: PhoneNumber = "cid",
        /// The caller with `+`.
        cid_e164: PhoneNumber = "cid_e164",
        /// The number that was called.
        called_number: PhoneNumber = "called_number",
        /// The same, under another name.
        dnis: PhoneNumber = "dnis",
        /// The caller's operator.
        operator: String = "operator",
        /// The caller's telecom circle.
        circle: String = "circle",
        /// `MOBILE` or `LANDLINE`.
        cid_type: String = "cid_type",
        /// The caller's country.
        cid_country_name: String = "cid_countryname",
        /// The caller's country code.
        cid_country: String = "cid_country",
        /// When it asked, in the account's zone.
        request_time: LocalDateTime = "request_time",
        /// The outbound call that this belongs to.
        outbound_sid: String = "outbound_sid",
        /// Keys, a recording's link, or recognized text: see [`step`](Self::step).
        data: SensitiveText = "data",
        /// How a dial ended.
        status: IvrDialResult = "status",
        /// Seconds in a dial.
        call_duration: u32 = "callduration",
        /// On `Hangup`: the verb that was running.
        process: String = "process",
    }
}

/// What a request means for the application.
///
/// ```
/// use ozonetel_sdk::kookoo::{IvrRequest, IvrStep};
/// let request = IvrRequest::from_query("event=Dial&status=not_answered&callduration=0&data=-1")?;
/// let IvrStep::Dialed { result, recording, .. } = request.step() else { panic!("no dial") };
/// assert_eq!(result.unwrap().as_str(), "not_answered");
/// assert_eq!(recording, None);
/// assert_eq!(request.step().caller_is_there(), Some(true));
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IvrStep {
    /// A new call.
    NewCall,
    /// The keys that were pressed; none when nothing was.
    Keys(Option<SensitiveText>),
    /// The recording's link.
    Recorded(Option<SensitiveText>),
    /// A dial ended and the caller is still there.
    Dialed {
        /// How it ended.
        result: Option<IvrDialResult>,
        /// How long it lasted.
        lasted: Option<Duration>,
        /// The recording's link, where it was recorded.
        recording: Option<SensitiveText>,
    },
    /// The text that was recognized.
    Recognized(Option<SensitiveText>),
    /// A stream ended and the caller is still there.
    Streamed,
    /// The call is over: answer 200, nothing more is spoken.
    Over {
        /// The verb that was running.
        during: Option<String>,
    },
    /// A text message.
    Sms(Option<SensitiveText>),
    /// An event that is not known, or none.
    Other,
}

impl IvrStep {
    /// Whether the caller is on the line, so that an answer will be heard. `None` where that is not known.
    pub fn caller_is_there(&self) -> Option<bool> {
        match self {
            Self::Over { .. } | Self::Sms(_) => Some(false),
            Self::Other => None,
            _ => Some(true),
        }
    }
}

impl IvrRequest {
    /// Reads a query as KooKoo sends it, escaped ampersands included.
    ///
    /// # Errors
    /// The field and what was expected of it; too many fields or bytes.
    pub fn from_query(query: &str) -> Result<Self, PushError> {
        let push = PushReader::new().read(Some(query), b"")?;
        Ok(push.items.into_iter().next().unwrap_or_default())
    }

    /// The UCID, which is what `sid` holds. `None` where `sid` is not a UCID.
    pub fn ucid(&self) -> Option<Ucid> {
        self.sid.as_deref()?.parse().ok()
    }

    /// The caller, in the most exact form that came.
    pub fn caller(&self) -> Option<&PhoneNumber> {
        self.cid_e164.as_ref().or(self.cid.as_ref())
    }

    /// What it means.
    pub fn step(&self) -> IvrStep {
        // An unrecorded dial has nothing or -1.
        let data = || self.data.clone().filter(|data| !matches!(data.as_str(), "" | "-1"));
        match self.event.as_ref().and_then(IvrEvent::kind) {
            Some(IvrEventKind::NewCall) => IvrStep::NewCall,
            Some(IvrEventKind::GotDtmf) => {
                IvrStep::Keys(self.data.clone().filter(|data| !data.as_str().is_empty()))
            }
            Some(IvrEventKind::Record) => IvrStep::Recorded(data()),
            Some(IvrEventKind::Dial) => IvrStep::Dialed {
                result: self.status.clone(),
                lasted: self.call_duration.map(|s| Duration::from_secs(s.into())),
                recording: data(),
            },
            Some(IvrEventKind::Recognize) => IvrStep::Recognized(data()),
            Some(IvrEventKind::Stream) => IvrStep::Streamed,
            Some(IvrEventKind::Hangup | IvrEventKind::Disconnect) => {
                IvrStep::Over { during: self.process.clone() }
            }
            Some(IvrEventKind::NewSms) => IvrStep::Sms(data()),
            None => IvrStep::Other,
        }
    }
}

record! {
    /// The end of an outbound call, posted as a form to its `callback_url`. Names are field reports; forms of times and
    /// durations are not stated, so they are text. Parameters of one's own come back in [`extra`](field@Self::extra).
    ///
    /// ```
    /// use ozonetel_sdk::kookoo::OutboundCallStatus;
    /// use ozonetel_sdk::push::PushReader;
    /// let body = b"status=answered&sid=90000000000000001&phone_no=09000000001&duration=23";
    /// let push = PushReader::new().read::<OutboundCallStatus>(None, body)?;
    /// assert_eq!(push.items[0].ucid().unwrap().as_str(), "90000000000000001");
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct OutboundCallStatus {
        /// How it ended, in the service's word.
        status: String = "status",
        /// More about it.
        status_details: String = "status_details",
        /// The call: what the outbound request answered with.
        sid: String = "sid" | "ucid",
        /// The number that was called.
        phone_no: PhoneNumber = "phone_no",
        /// The number that called.
        caller_id: PhoneNumber = "caller_id",
        /// When it began.
        start_time: String = "start_time",
        /// When it was picked up.
        pick_time: String = "pick_time",
        /// When it ended.
        end_time: String = "end_time",
        /// How long it lasted; the unit is not stated.
        duration: String = "duration",
        /// How long it rang; the unit is not stated.
        ringing_time: String = "ringing_time",
        /// The network's code.
        telco_code: String = "telco_code",
        /// The `extra_data` of the request.
        extra_data: SensitiveText = "extra_data",
    }
}

impl OutboundCallStatus {
    /// The UCID, which is what `sid` holds. `None` where `sid` is not a UCID.
    pub fn ucid(&self) -> Option<Ucid> {
        self.sid.as_deref()?.parse().ok()
    }
}

impl Sealed for IvrRequest {}

impl PushPayload for IvrRequest {
    const FLAT: bool = true;

    fn is_ping(fields: &Map<String, Value>) -> bool {
        ping::is_ping(fields, Self::FIELDS)
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
        decode(fields)
    }
}

impl Sealed for OutboundCallStatus {}

impl PushPayload for OutboundCallStatus {
    const FLAT: bool = true;

    fn is_ping(fields: &Map<String, Value>) -> bool {
        ping::is_ping(fields, Self::FIELDS)
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
        decode(fields)
    }
}

impl Keeps for IvrRequest {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

impl Keeps for OutboundCallStatus {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(query: &str) -> IvrStep {
        IvrRequest::from_query(query).unwrap().step()
    }

    #[test]
    fn the_portals_test_sends_nothing_but_the_event() {
        let request = IvrRequest::from_query("event=NewCall").unwrap();
        assert_eq!((request.step(), request.ucid()), (IvrStep::NewCall, None));
    }

    #[test]
    fn every_event_is_a_step_in_any_case() {
        assert_eq!(step("event=newcall"), IvrStep::NewCall);
        assert_eq!(step("event=GotDTMF&data="), IvrStep::Keys(None));
        assert_eq!(step("event=gotdtmf&data=12%23"), IvrStep::Keys(Some("12#".into())));
        assert_eq!(step("event=GotDTMF&data=-1"), IvrStep::Keys(Some("-1".into())));
        assert_eq!(
            step("event=Record&data=https://example.test/a.wav"),
            IvrStep::Recorded(Some("https://example.test/a.wav".into()))
        );
        let dialed = |result: &str, seconds| IvrStep::Dialed {
            result: Some(result.into()),
            lasted: Some(Duration::from_secs(seconds)),
            recording: None,
        };
        assert_eq!(
            step("event=Dial&status=answered&callduration=20&data=-1"),
            dialed("answered", 20)
        );
        assert_eq!(
            step("event=Dial&status=not_answered&callduration=0&data="),
            dialed("not_answered", 0)
        );
        assert_eq!(step("event=Recognize&data=yes"), IvrStep::Recognized(Some("yes".into())));
        assert_eq!(step("event=Stream"), IvrStep::Streamed);
        assert_eq!(
            step("event=Hangup&process=stream"),
            IvrStep::Over { during: Some("stream".into()) }
        );
        assert_eq!(step("event=Disconnect"), IvrStep::Over { during: None });
        assert_eq!(step("event=NewSms"), IvrStep::Sms(None));
        assert_eq!(step("event=Later"), IvrStep::Other);
    }

    #[test]
    fn after_dial_and_stream_the_caller_is_still_there() {
        for (query, there) in [
            ("event=Dial", Some(true)),
            ("event=Stream", Some(true)),
            ("event=Hangup", Some(false)),
            ("event=Disconnect", Some(false)),
            ("event=Later", None),
        ] {
            assert_eq!(step(query).caller_is_there(), there, "{query}");
        }
    }

    #[test]
    fn a_seconds_count_that_is_none_does_not_cost_the_request() {
        for seconds in ["long", "-1", "99999999999"] {
            let query = format!("event=Dial&status=answered&sid=1&callduration={seconds}");
            let request = IvrRequest::from_query(&query).unwrap();
            assert_eq!(request.call_duration, None);
            assert_eq!(request.extra.get("callduration_text").unwrap(), seconds);
            assert!(matches!(request.step(), IvrStep::Dialed { lasted: None, .. }));
        }
        let request =
            IvrRequest::from_query("event=NewCall&request_time=2026:1:2 9:00:00.5").unwrap();
        assert_eq!(request.request_time.unwrap().to_string(), "2026-01-02 09:00:00");
    }
}
