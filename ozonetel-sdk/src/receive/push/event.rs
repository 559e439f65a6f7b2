//! Call events and agent events.

use serde_json::{Map, Value};

use super::error::PushError;
use super::payload::{Keeps, PushPayload, Sealed, decode, encode};
use super::ping;
use crate::api::cdr::{CallStatus, CallType, DialStatus, HangupBy};
use crate::types::ids::{
    AgentId, CallId, CampaignName, Did, DispositionName, PhoneName, SkillName, Ucid,
};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{ClockDuration, Extra, LocalDateTime, SensitiveText, record, string_enum};

string_enum! {
    /// What an event is about.
    EventType, EventTypeKind {
        /// A phone call.
        Call = ["Call"],
        /// An agent.
        Agent = ["Agent"],
    }
}

string_enum! {
    /// What happened to a phone call.
    CallAction, CallActionKind {
        /// Someone is being dialled.
        Calling = ["Calling"],
        /// There is a conversation.
        Answered = ["Answered"],
        /// The call is over.
        Disconnect = ["Disconnect"],
    }
}

string_enum! {
    /// What happened to an agent. The service mixes cases.
    AgentAction, AgentActionKind {
        /// Logged in: not yet ready.
        Login = ["login"],
        /// Logged out.
        Logout = ["logout"],
        /// Away; also reasons that the service sets itself, such as a SIP phone that lost its connection.
        Aux = ["AUX"],
        /// Released: takes calls again.
        Release = ["release"],
        /// Idle.
        Idle = ["IDLE"],
        /// Takes calls.
        Ready = ["READY"],
        /// Being connected.
        Calling = ["calling"],
        /// In a call.
        InCall = ["incall"],
        /// After-call work.
        Acw = ["ACW"],
        /// Paused.
        Pause = ["pause"],
    }
}

impl AgentActionKind {
    /// Whether the agent takes calls from here on. Login is not readiness: only `READY` and `release` are.
    pub fn is_available(self) -> bool {
        matches!(self, Self::Ready | Self::Release)
    }
}

record! {
    /// What every event has besides its data.
    pub struct EventHeader {
        /// `Call` or `Agent`.
        event_type: EventType = "eventType" | "event_type",
        /// When it was pushed; when it happened is in the event itself.
        pushed_at: LocalDateTime = "eventTime",
        /// The account. The only mark of the sender.
        username: String = "username" | "userName",
    }
}

record! {
    /// What happened to a phone call. Order is not kept and events may be missing: see [`PhoneCalls`](crate::receive::phone_call::PhoneCalls).
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"eventType":"Call","data":{"action":"Disconnect","ucid":"1","agent_id":"0"}}"#;
    /// let push = PushReader::new().events(None, body)?;
    /// assert_eq!(push.items[0].call().unwrap().agent(), None);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct CallEvent {
        /// What happened.
        action: CallAction = "action",
        /// Type and with it direction.
        call_type: CallType = "call_type" | "callType",
        /// The leg.
        ucid: Ucid = "ucid" | "UCID",
        /// The phone call: the CDR's `CallID`.
        call_id: CallId = "monitor_ucid" | "monitorUcid" | "monitorUCID",
        /// The agent; empty or `0` before one is chosen, see [`agent`](Self::agent).
        agent_id: AgentId = "agent_id" | "agentId" | "agentID",
        /// The skill.
        skill: SkillName = "skill",
        /// The customer.
        caller_id: PhoneNumber = "caller_id" | "callerId" | "callerID",
        /// The DID.
        did: Did = "did",
        /// The agent's number.
        agent_number: PhoneNumber = "agent_number" | "agentNumber",
        /// When it happened.
        event_time: LocalDateTime = "event_time",
        /// How the dial ended (a field report, on `Disconnect`, like all that follow).
        dial_status: DialStatus = "dial_status",
        /// The outcome.
        call_status: CallStatus = "call_status",
        /// How the customer's leg ended.
        customer_status: DialStatus = "customer_status",
        /// How the agent's leg ended.
        agent_status: DialStatus = "agent_status",
        /// Who hung up.
        hangup_by: HangupBy = "hangup_by",
        /// The campaign.
        campaign_name: CampaignName = "campaign_name",
        /// What came in as UUI.
        uui: SensitiveText = "uui",
        /// The disposition.
        disposition: DispositionName = "disposition",
        /// Link to the recording.
        audio_file: SensitiveText = "audio_file",
        /// When the call began.
        start_time: LocalDateTime = "start_time",
        /// When it ended.
        end_time: LocalDateTime = "end_time",
        /// The whole call.
        duration: ClockDuration = "duration",
    }
}

impl CallEvent {
    /// The agent, if one was chosen: neither empty nor `0`.
    pub fn agent(&self) -> Option<&AgentId> {
        self.agent_id.as_ref().filter(|id| !matches!(id.as_str(), "" | "0"))
    }
}

record! {
    /// What happened to an agent. In camelCase as a rule; snake_case is read as well.
    ///
    /// ```
    /// use ozonetel_sdk::push::{AgentActionKind, PushReader};
    /// let body = br#"{"eventType":"Agent","data":{"agentId":"agent01","action":"READY"}}"#;
    /// let push = PushReader::new().events(None, body)?;
    /// let agent = push.items[0].agent().unwrap();
    /// assert!(agent.action.as_ref().and_then(|word| word.kind()).is_some_and(AgentActionKind::is_available));
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct AgentEvent {
        /// What happened.
        action: AgentAction = "action",
        /// The agent; a number or text.
        agent_id: AgentId = "agentId" | "agent_id" | "agentID" | "AgentID" | "AgentId",
        /// The agent's name.
        agent_name: SensitiveText = "agentName" | "agent_name",
        /// The agent's mode.
        agent_mode: String = "agentMode" | "agent_mode",
        /// The agent's number.
        phone_number: PhoneNumber = "phoneNumber" | "phone_number",
        /// The agent's phone name.
        phone_name: PhoneName = "phoneName" | "phone_name",
        /// The skill.
        skill: SkillName = "skill",
        /// When it happened, if the event says.
        event_time: LocalDateTime = "event_time" | "eventTime",
    }
}

/// One event.
///
/// ```
/// use ozonetel_sdk::push::{PushReader, EventBody};
/// let body = br#"{"eventType":"Call","eventTime":"2026-11-21 10:35:56","username":"acme_support",
///     "data":{"action":"Calling","ucid":"90000000000000002","monitor_ucid":"90000000000000001",
///             "event_time":"2026-11-21 10:35:55"}}"#;
/// let push = PushReader::new().events(None, body)?;
/// let event = &push.items[0];
/// assert_eq!(event.happened_at().unwrap().to_string(), "2026-11-21 10:35:55");
/// let EventBody::Call(call) = &event.what else { panic!("no call") };
/// assert_ne!(call.ucid.unwrap().as_str(), call.call_id.unwrap().as_str());
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PushEvent {
    /// Type, time of the push, account.
    pub head: EventHeader,
    /// What happened.
    pub what: EventBody,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EventBody {
    /// A phone call.
    Call(Box<CallEvent>),
    /// An agent.
    Agent(Box<AgentEvent>),
    /// A type that is not known: its fields as they came.
    Other(Extra),
}

/// Fields that mark an event without `eventType` as a call's: the leg's and the call's id.
const OF_A_CALL: &[&str] =
    &["ucid", "UCID", "monitor_ucid", "monitorUcid", "monitorUCID", "call_type", "caller_id"];
const OF_AN_AGENT: &[&str] = &["agentId", "agent_id", "agentID", "AgentID", "AgentId"];

impl PushEvent {
    /// When it happened; where the event does not say, when it was pushed. Sort by this one.
    pub fn happened_at(&self) -> Option<LocalDateTime> {
        let own = match &self.what {
            EventBody::Call(call) => call.event_time,
            EventBody::Agent(agent) => agent.event_time,
            EventBody::Other(_) => None,
        };
        own.or(self.head.pushed_at)
    }

    /// The call event, if it is one.
    pub fn call(&self) -> Option<&CallEvent> {
        match &self.what {
            EventBody::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The agent event, if it is one.
    pub fn agent(&self) -> Option<&AgentEvent> {
        match &self.what {
            EventBody::Agent(agent) => Some(agent),
            _ => None,
        }
    }

    /// Reads an event from its fields: the event's own under `data`, or all at the top.
    fn parse(mut fields: Map<String, Value>) -> Result<Self, PushError> {
        let data = match fields.remove("data") {
            Some(Value::Object(data)) => data,
            Some(Value::String(text)) => serde_json::from_str(&text)
                .map_err(|_| PushError::field("data", "expected an object"))?,
            Some(Value::Null) | None => {
                let heads = ["eventType", "event_type", "eventTime", "username", "userName"];
                let (head, data) =
                    fields.into_iter().partition(|(name, _)| heads.contains(&name.as_str()));
                fields = head;
                data
            }
            Some(_) => return Err(PushError::field("data", "expected an object")),
        };
        let head: EventHeader = decode(fields)?;
        let has = |names: &[&str]| names.iter().any(|name| data.contains_key(*name));
        let kind = head.event_type.as_ref().map_or_else(
            || match () {
                () if has(OF_A_CALL) => Some(EventTypeKind::Call),
                () if has(OF_AN_AGENT) => Some(EventTypeKind::Agent),
                () => None,
            },
            EventType::kind,
        );
        let inside = |error: PushError| error.inside("data");
        let what = match kind {
            Some(EventTypeKind::Call) => EventBody::Call(Box::new(decode(data).map_err(inside)?)),
            Some(EventTypeKind::Agent) => EventBody::Agent(Box::new(decode(data).map_err(inside)?)),
            None => EventBody::Other(Extra(data.into_iter().collect())),
        };
        Ok(Self { head, what })
    }

    /// The event as the service sends it: absent fields left out, its type written even where it was missing.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"data":{"action":"READY","agentId":"agent01"},"eventType":"Agent"}"#;
    /// let push = PushReader::new().events(None, body)?;
    /// assert_eq!(push.items[0].to_json().to_string().as_bytes(), body);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn to_json(&self) -> Value {
        let mut fields = encode(&self.head);
        let data = match &self.what {
            EventBody::Call(call) => encode(call),
            EventBody::Agent(agent) => encode(agent),
            EventBody::Other(extra) => encode(extra),
        };
        let kind = match &self.what {
            EventBody::Call(_) => Some(EventTypeKind::Call),
            EventBody::Agent(_) => Some(EventTypeKind::Agent),
            EventBody::Other(_) => None,
        };
        if let Some(kind) = kind.filter(|_| self.head.event_type.is_none()) {
            fields.insert("eventType".into(), EventType::from(kind).as_str().into());
        }
        fields.insert("data".into(), Value::Object(data));
        Value::Object(fields)
    }
}

impl Sealed for PushEvent {}

impl PushPayload for PushEvent {
    const FLAT: bool = false;

    fn is_ping(fields: &Map<String, Value>) -> bool {
        let known =
            [&["action", "data", "eventType", "event_type"], OF_A_CALL, OF_AN_AGENT].concat();
        ping::is_ping(fields, &known)
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
        Self::parse(fields)
    }
}

impl Keeps for EventHeader {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

impl Keeps for CallEvent {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

impl Keeps for AgentEvent {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<PushEvent, PushError> {
        match value {
            Value::Object(fields) => PushEvent::parse(fields),
            _ => panic!("no object"),
        }
    }

    #[test]
    fn agent_events_read_in_both_cases_and_with_numbers() {
        let camel = json!({"eventType":"Agent","eventTime":"2026-11-21 10:00:00","username":"acme_support",
            "data":{"agentId":7,"agentName":"A B","agentMode":"Manual","phoneNumber":9_000_000_001_u64,"action":"aux"}});
        let snake = json!({"event_type":"agent","eventTime":"2026-11-21 10:00:00","username":"acme_support",
            "data":{"agent_id":"7","agent_name":"A B","agent_mode":"Manual","phone_number":"9000000001","action":"AUX"}});
        let (camel, snake) = (read(camel).unwrap(), read(snake).unwrap());
        assert_eq!(camel, snake);
        let agent = camel.agent().unwrap();
        assert_eq!(agent.action.as_ref().unwrap().kind(), Some(AgentActionKind::Aux));
        assert_eq!(agent.agent_id.as_ref().unwrap().as_str(), "7");
    }

    #[test]
    fn fields_at_the_top_are_read_as_well_as_under_data() {
        let nested = json!({"eventType":"Call","eventTime":"2026-11-21 10:00:01",
            "data":{"action":"Answered","ucid":90_000_000_000_000_002_u64,"agent_id":0}});
        let flat = json!({"eventType":"Call","eventTime":"2026-11-21 10:00:01",
            "action":"Answered","ucid":"90000000000000002","agent_id":"0"});
        let nested = read(nested).unwrap();
        assert_eq!(nested, read(flat).unwrap());
        assert_eq!(nested.call().unwrap().agent(), None);
        assert_eq!(nested.happened_at().unwrap().to_string(), "2026-11-21 10:00:01");
    }

    #[test]
    fn an_unknown_type_and_an_unknown_action_are_kept() {
        let chat = read(json!({"eventType":"Chat","data":{"action":"x","room":1}})).unwrap();
        let EventBody::Other(extra) = &chat.what else { panic!("{chat:?}") };
        assert_eq!(extra.get("room"), Some(&json!(1)));
        let odd =
            read(json!({"eventType":"Agent","data":{"action":"Siesta","new":"kept"}})).unwrap();
        assert_eq!(
            odd.to_json(),
            json!({"eventType":"Agent","data":{"action":"Siesta","new":"kept"}})
        );
    }

    #[test]
    fn what_is_written_keeps_its_type() {
        // Found by fuzzing: the field that made it a call's is empty, so it is not written.
        let event = read(json!({"caller_id":"","agentId":"agent01"})).unwrap();
        assert!(event.call().is_some());
        assert!(read(event.to_json()).unwrap().call().is_some());
    }

    #[test]
    fn an_error_names_the_field_under_data() {
        let error = read(json!({"eventType":"Call","data":{"ucid":"x"}})).unwrap_err();
        assert_eq!(error.to_string(), "data.ucid: expected 1 to 19 decimal digits");
        let error = read(json!({"eventType":"Call","data":[]})).unwrap_err();
        assert_eq!(error.to_string(), "data: expected an object");
    }

    #[test]
    fn login_is_not_readiness() {
        let ready: Vec<_> = [
            "login", "logout", "AUX", "release", "IDLE", "READY", "calling", "incall", "ACW",
            "pause",
        ]
        .into_iter()
        .filter(|word| AgentAction::from(*word).kind().unwrap().is_available())
        .collect();
        assert_eq!(ready, ["release", "READY"]);
    }
}
