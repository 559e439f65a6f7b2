//! The post-call callback.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::error::{PushError, PushErrorKind};
use super::json;
use super::payload::{Keeps, PushPayload, Sealed, decode};
use super::per_leg::PerLeg;
use super::{ping, repair, twice};
use crate::api::cdr::{CallStatus, CallStatusKind, CallType, DialStatus, HangupBy, is_transfer};
use crate::types::ids::{
    AgentId, CallId, CampaignName, Did, DispositionName, PhoneName, SkillName,
};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{ClockDuration, Extra, LocalDateTime, SensitiveText, Zone, record};

record! {
    /// What the service sends after a call: one per call, after hang-up and wrap-up, sometimes twice.
    ///
    /// Upsert by [`call_id`](Self::call_id). `Duration` is the **conversation** here, [`call_duration`](Self::call_duration)
    /// the whole call; in a [`CallRecord`](crate::api::cdr::CallRecord) `Duration` is the whole call. Times are wall-clock
    /// times of the account: see [`span`](Self::span). The account's key is not in it.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"monitorUCID":"90000000000000001","Status":"NotAnswered","CallDuration":"00:00:30","Duration":""}"#;
    /// let push = PushReader::new().callbacks(None, body)?;
    /// let call = &push.items[0];
    /// assert_eq!(call.call_id.unwrap().as_str(), "90000000000000001");
    /// assert_eq!(call.call_duration.unwrap().seconds(), 30);
    /// assert_eq!(call.duration, None);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub struct Callback {
        /// The agents' login ids; `0` or nothing when there was none. Leading zeros are not stable.
        agent_id: PerLeg<AgentId> = "AgentID",
        /// The agents' names; `None` occurs as a word.
        agent_name: PerLeg<SensitiveText> = "AgentName",
        /// The agents' numbers.
        agent_phone_number: PerLeg<PhoneNumber> = "AgentPhoneNumber",
        /// How the agents' legs ended. May contradict [`status`](Self::status).
        agent_status: PerLeg<DialStatus> = "AgentStatus",
        /// The agents' numeric ids; in the agent summary the same name is the login id.
        agent_unique_id: PerLeg<String> = "AgentUniqueID",
        /// Link to the recording: anyone who has it can listen. The file may not exist yet.
        audio_file: SensitiveText = "AudioFile",
        /// The whole call.
        call_duration: ClockDuration = "CallDuration",
        /// Link to the conference's recording.
        caller_conf_audio_file: SensitiveText = "CallerConfAudioFile",
        /// The customer: ten digits, `91` and ten digits, or foreign without `+`.
        caller_id: PhoneNumber = "CallerID",
        /// The campaign.
        campaign_name: CampaignName = "CampaignName",
        /// `ONLINE` or `OFFLINE`.
        campaign_status: String = "CampaignStatus",
        /// The agent's comments.
        comments: SensitiveText = "Comments",
        /// In conference.
        conf_duration: ClockDuration = "ConfDuration" | "ConferenceDuration",
        /// How the customer's leg ended. May contradict [`status`](Self::status).
        customer_status: DialStatus = "CustomerStatus",
        /// The campaign's data row.
        data_unique_id: String = "DataUniqueId",
        /// How the dials ended. May contradict [`status`](Self::status).
        dial_status: PerLeg<DialStatus> = "DialStatus",
        /// The agents' numbers that were dialled.
        dialed_number: PerLeg<PhoneNumber> = "DialedNumber",
        /// The DID.
        did: Did = "Did" | "dId" | "DId" | "DID" | "did",
        /// The disposition, or an automatic text: see [`wrap_up_exceeded`](Self::wrap_up_exceeded).
        disposition: DispositionName = "Disposition",
        /// The conversation.
        duration: ClockDuration = "Duration",
        /// When the call ended.
        end_time: LocalDateTime = "EndTime",
        /// When the call began.
        start_time: LocalDateTime = "StartTime",
        /// When it was answered; newer, optional. The epoch stands for none.
        answer_time: LocalDateTime = "AnswerTime",
        /// What the IVR fell back to, such as `AgentDial`.
        fall_back_rule: String = "FallBackRule",
        /// Who hung up. `UserHangup` is also written when the network refused the customer's leg.
        hangup_by: HangupBy = "HangupBy" | "hangupBy",
        /// On hold, inside the conversation.
        hold_duration: ClockDuration = "HoldDuration",
        /// After-call work.
        wrap_up_duration: ClockDuration = "WrapUpDuration" | "WrapupDuration",
        /// Where the customer calls from.
        location: SensitiveText = "Location",
        /// The agents' phone names.
        phone_name: PerLeg<PhoneName> = "PhoneName",
        /// The skill; `None` occurs as a word.
        skill: SkillName = "Skill",
        /// What came in as UUI: the dial's reference, or what else the account puts there.
        uui: SensitiveText = "UUI",
        /// The account.
        user_name: String = "UserName" | "userName",
        /// The phone call: the CDR's `CallID`. There is no leg's id in a callback.
        call_id: CallId = "monitorUCID",
        /// The call's outcome.
        status: CallStatus = "Status",
        /// From start to answer.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// `No Transfers`, or the kind of transfer.
        transfer_type: String = "TransferType",
        /// Where it was transferred to.
        transferred_to: SensitiveText = "TransferredTo",
        /// Type and with it direction; its case varies.
        kind: CallType = "Type",
    }
}

/// One leg of a callback: an agent who rang.
///
/// ```
/// use ozonetel_sdk::push::PushReader;
/// let body = br#"{"monitorUCID":"1","AgentID":"agent01","AgentStatus":"answered"}"#;
/// let push = PushReader::new().callbacks(None, body)?;
/// let legs = push.items[0].legs();
/// let leg = legs.last().unwrap();
/// assert_eq!(leg.agent_status.as_ref().unwrap().as_str(), "answered");
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct CallbackLeg {
    /// The agent, if there was one.
    pub agent_id: Option<AgentId>,
    /// The agent's name.
    pub agent_name: Option<SensitiveText>,
    /// The agent's number.
    pub agent_phone_number: Option<PhoneNumber>,
    /// How the agent's leg ended.
    pub agent_status: Option<DialStatus>,
    /// The agent's numeric id.
    pub agent_unique_id: Option<String>,
    /// The agent's phone name.
    pub phone_name: Option<PhoneName>,
    /// The number that was dialled.
    pub dialed_number: Option<PhoneNumber>,
    /// How the dial ended.
    pub dial_status: Option<DialStatus>,
}

/// The legs of a callback, in order of ringing.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct CallbackLegs {
    /// One per segment of `AgentID`; where that is absent, of the first chain that is there.
    pub legs: Vec<CallbackLeg>,
    /// Fields whose chain has another length. They are in no leg; their segments are in the callback.
    pub ragged: Vec<&'static str>,
}

impl CallbackLegs {
    /// The leg that counted: the last one (an inference from answered chains).
    pub fn last(&self) -> Option<&CallbackLeg> {
        self.legs.last()
    }
}

/// Words and numbers that mean "none" in one segment of a chain.
const NONE: &[&str] = &["", "0", "None", "NA"];

fn segment<T: AsRef<str> + Clone>(chain: Option<&PerLeg<T>>, legs: usize, leg: usize) -> Option<T> {
    let chain = chain.filter(|chain| chain.len() == legs)?;
    chain.segments().get(leg).filter(|value| !NONE.contains(&value.as_ref())).cloned()
}

impl Callback {
    /// The legs. Chains are paired by position only where their lengths agree.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"monitorUCID":"90000000000000001","AgentID":"agent01 -> agent02",
    ///     "AgentStatus":"not_answered -> answered","DialStatus":"answered"}"#;
    /// let push = PushReader::new().callbacks(None, body)?;
    /// let legs = push.items[0].legs();
    /// assert_eq!(legs.legs.len(), 2);
    /// assert_eq!(legs.last().unwrap().agent_id.as_ref().unwrap().as_str(), "agent02");
    /// assert_eq!(legs.ragged, ["DialStatus"]);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn legs(&self) -> CallbackLegs {
        fn len<T>(chain: Option<&PerLeg<T>>) -> usize {
            chain.map_or(0, PerLeg::len)
        }
        let lengths = [
            ("AgentID", len(self.agent_id.as_ref())),
            ("AgentName", len(self.agent_name.as_ref())),
            ("AgentPhoneNumber", len(self.agent_phone_number.as_ref())),
            ("AgentStatus", len(self.agent_status.as_ref())),
            ("AgentUniqueID", len(self.agent_unique_id.as_ref())),
            ("PhoneName", len(self.phone_name.as_ref())),
            ("DialedNumber", len(self.dialed_number.as_ref())),
            ("DialStatus", len(self.dial_status.as_ref())),
        ];
        let n = lengths.iter().map(|(_, len)| *len).find(|len| *len > 0).unwrap_or(0);
        let ragged = lengths.iter().filter(|(_, len)| *len > 0 && *len != n);
        let leg = |at| CallbackLeg {
            agent_id: segment(self.agent_id.as_ref(), n, at),
            agent_name: segment(self.agent_name.as_ref(), n, at),
            agent_phone_number: segment(self.agent_phone_number.as_ref(), n, at),
            agent_status: segment(self.agent_status.as_ref(), n, at),
            agent_unique_id: segment(self.agent_unique_id.as_ref(), n, at),
            phone_name: segment(self.phone_name.as_ref(), n, at),
            dialed_number: segment(self.dialed_number.as_ref(), n, at),
            dial_status: segment(self.dial_status.as_ref(), n, at),
        };
        CallbackLegs {
            legs: (0..n).map(leg).collect(),
            ragged: ragged.map(|(name, _)| *name).collect(),
        }
    }

    /// Whether there was a conversation, by the call's own `Status`.
    pub fn is_answered(&self) -> bool {
        self.status.as_ref().is_some_and(|status| *status == CallStatusKind::Answered)
    }

    /// When the call began and ended, given the account's zone. `None` where one is missing, or the end is before the
    /// beginning.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// use ozonetel_sdk::types::Zone;
    /// let body = br#"{"monitorUCID":"90000000000000001","StartTime":"1970-01-01 05:30:00","EndTime":"1970-01-01 05:30:30"}"#;
    /// let push = PushReader::new().callbacks(None, body)?;
    /// let (start, end) = push.items[0].span(&Zone::india()).unwrap();
    /// assert_eq!(start, std::time::UNIX_EPOCH);
    /// assert_eq!(end.duration_since(start).unwrap().as_secs(), 30);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn span(&self, zone: &Zone) -> Option<(SystemTime, SystemTime)> {
        let (start, end) = (self.start_time?.instant(zone), self.end_time?.instant(zone));
        (start <= end).then_some((start, end))
    }

    /// The campaign's wrap-up limit in seconds, when the disposition is the automatic text
    /// `Wrap up time exceeded :120` instead of an agent's choice.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let body = br#"{"monitorUCID":"90000000000000001","Disposition":"Wrap up time exceeded :120"}"#;
    /// let push = PushReader::new().callbacks(None, body)?;
    /// assert_eq!(push.items[0].wrap_up_exceeded(), Some(120));
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn wrap_up_exceeded(&self) -> Option<u32> {
        self.disposition.as_ref()?.wrap_up_limit()
    }

    /// Whether the call was transferred: `TransferType` is something other than `No Transfers` and words for "none".
    pub fn is_transferred(&self) -> bool {
        self.transfer_type.as_deref().is_some_and(is_transfer)
    }
}

impl Sealed for Callback {}

impl PushPayload for Callback {
    const FLAT: bool = false;

    fn is_ping(fields: &Map<String, Value>) -> bool {
        ping::is_ping(fields, Self::FIELDS)
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
        let mut fields = call_fields(fields);
        let missing = || PushError::field("monitorUCID", "is missing");
        if !names_a_call(&fields) {
            let known = is_known(&fields);
            return Err(if known { missing().of_kind(PushErrorKind::NoId) } else { missing() });
        }
        name_the_id(&mut fields);
        if fields.get(ANSWERED).is_some_and(is_epoch)
            && let Some(epoch) = fields.remove(ANSWERED)
        {
            fields.insert(format!("{ANSWERED}_text"), epoch);
        }
        decode(fields)
    }
}

/// An id of zeros names nothing.
fn is_zero(value: &Value) -> bool {
    value.as_u64() == Some(0)
        || value.as_str().is_some_and(|text| text.trim().bytes().all(|byte| byte == b'0'))
}

/// Puts the id under its name: of several spellings the first that has one, that of the name itself before the others.
/// What else they hold stays beside it.
fn name_the_id(fields: &mut Map<String, Value>) {
    let rank = |name: &str| match fields.get(name) {
        Some(value) if serde_json::from_value::<CallId>(value.clone()).is_ok() => 2,
        Some(value) => u8::from(is_given(value)),
        None => 0,
    };
    let names = fields.keys().map(String::as_str).filter(|name| is_id(name));
    let best = names.fold(ID, |best, name| if rank(name) > rank(best) { name } else { best });
    if best == ID {
        return;
    }
    let best = best.to_owned();
    if let Some(id) = fields.remove(&best)
        && let Some(other) = fields.insert(ID.to_owned(), id)
        && is_given(&other)
    {
        fields.insert(format!("{ID}_text"), other);
    }
}

/// When the call was answered.
const ANSWERED: &str = "AnswerTime";

/// Whether a time is the epoch's, in whichever zone: a back end's word for none.
fn is_epoch(time: &Value) -> bool {
    let text = repair::time_text(time);
    text.is_some_and(|text| text.starts_with("1970-01-01 "))
}

/// The name of a callback's id.
const ID: &str = "monitorUCID";

/// Whether this is the name of a callback's id, however it is spelled. `UCID` and `CallID` are names of other pushes.
fn is_id(name: &str) -> bool {
    [ID, "monitor_ucid"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a callback names a call.
fn names_a_call(fields: &Map<String, Value>) -> bool {
    fields.iter().any(|(name, value)| is_id(name) && is_given(value))
}

fn is_given(value: &Value) -> bool {
    !ping::is_blank(value) && !is_zero(value)
}

/// Whether the fields are a callback's, and none of the others may hold the id under another name.
fn is_known(fields: &Map<String, Value>) -> bool {
    let known = |name: &str| Callback::FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name));
    let given = fields.iter().filter(|(_, value)| !ping::is_blank(value));
    let (known, others): (Vec<_>, Vec<_>) = given.partition(|(name, _)| known(name));
    !known.is_empty() && others.iter().all(|(_, value)| ping::is_harmless(value))
}

/// How often text within text is undone under `data`.
const LAYERS: usize = 3;

/// The object under `data`, as such or as JSON text.
fn data_of(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut data = fields.get("data")?.clone();
    for _ in 0..=LAYERS {
        data = match data {
            Value::Object(data) => return Some(data),
            Value::String(text) => json::value(&text).ok()?,
            _ => return None,
        };
    }
    None
}

/// A callback's fields: at the top, or under `data` beside others.
fn call_fields(mut fields: Map<String, Value>) -> Map<String, Value> {
    if names_a_call(&fields) {
        return fields;
    }
    let Some(data) = data_of(&fields) else { return fields };
    fields.remove("data");
    for (name, value) in data {
        twice::put(&mut fields, name, value);
    }
    fields
}

impl Keeps for Callback {
    fn extra(&mut self) -> &mut Extra {
        &mut self.extra
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Callback {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn duration_is_the_conversation_and_call_duration_the_call() {
        let call =
            read(r#"{"CallDuration":"00:00:30","Duration":"00:00:23","TimeToAnswer":"00:00:07"}"#);
        let (whole, talk) = (call.call_duration.unwrap(), call.duration.unwrap());
        assert_eq!(talk + call.time_to_answer.unwrap(), whole);
        assert_eq!((whole.seconds(), talk.seconds()), (30, 23));
    }

    #[test]
    fn every_spelling_of_the_did_is_read() {
        for name in ["Did", "dId", "DId", "DID", "did"] {
            let call = read(&format!(r#"{{"{name}":"918000000001"}}"#));
            assert_eq!(call.did.unwrap().as_str(), "918000000001", "{name}");
        }
    }

    #[test]
    fn nobody_is_no_agent() {
        for id in ["", "0"] {
            let call =
                read(&format!(r#"{{"AgentID":"{id}","AgentName":"None","DialStatus":"error"}}"#));
            let legs = call.legs();
            assert_eq!(legs.legs.len(), 1);
            assert_eq!((&legs.legs[0].agent_id, &legs.legs[0].agent_name), (&None, &None));
            assert_eq!(legs.legs[0].dial_status.as_ref().unwrap().as_str(), "error");
        }
        assert_eq!(read("{}").legs(), CallbackLegs::default());
    }

    #[test]
    fn only_an_agents_choice_is_a_disposition() {
        assert_eq!(read(r#"{"Disposition":"Sale"}"#).wrap_up_exceeded(), None);
        assert_eq!(
            read(r#"{"Disposition":"Wrap up time exceeded :30"}"#).wrap_up_exceeded(),
            Some(30)
        );
        for none in ["No Transfers", "no transfers", "None", "", "-", "NA", "null"] {
            assert!(!read(&format!(r#"{{"TransferType":"{none}"}}"#)).is_transferred(), "{none}");
        }
        assert!(read(r#"{"TransferType":"Agent"}"#).is_transferred());
    }

    proptest! {
        #[test]
        fn a_segment_stands_in_a_leg_exactly_when_its_chain_is_as_long_as_the_agents(
            agents in 1usize..5, names in 1usize..5, statuses in 0usize..5,
        ) {
            let chain = |word: &str, n: usize| {
                (0..n).map(|i| format!("{word}{i}")).collect::<Vec<_>>().join(" -> ")
            };
            let call = Callback {
                agent_id: Some(chain("agent", agents).parse().unwrap()),
                agent_name: Some(chain("A B ", names).parse().unwrap()),
                agent_status: (statuses > 0).then(|| chain("word", statuses).parse().unwrap()),
                ..Callback::default()
            };
            let legs = call.legs();
            prop_assert_eq!(legs.legs.len(), agents);
            prop_assert_eq!(legs.ragged.contains(&"AgentName"), names != agents);
            prop_assert_eq!(legs.ragged.contains(&"AgentStatus"), statuses > 0 && statuses != agents);
            for (at, leg) in legs.legs.iter().enumerate() {
                let name = leg.agent_name.as_ref().map(SensitiveText::as_str);
                let want = format!("A B {at}");
                prop_assert_eq!(name, (names == agents).then_some(want.as_str()));
            }
        }
    }
}
