//! Rows of the older CDR reports: three sets of names for the same things.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::api::cdr::{CallStatus, CallType, DialStatus, HangupBy};
use crate::types::ids::{
    AgentId, CallId, CampaignName, Did, DispositionName, PhoneName, SkillName, Ucid,
};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{ClockDuration, Day, LocalDateTime, SensitiveText, record};

record! {
    /// A row of the paged dump, of a range or of the current day. In these rows times are full date-times.
    ///
    /// A row is bad where a value cannot be read that figures depend on: the ids, the durations, `Type` and `Status`. Any
    /// other field that cannot be read is absent, and what came is in [`extra`](field@Self::extra) under its name and
    /// `_text`.
    pub struct DumpRow {
        /// The leg.
        ucid: Ucid = "UCID",
        /// The phone call.
        call_id: CallId = "monitorUCID",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI" or text,
        /// The DID.
        did: Did = "Did" or text,
        /// Where the customer calls from.
        location: SensitiveText = "Location" or text,
        /// When the leg began.
        start_time: LocalDateTime = "StartTime" or text,
        /// The customer.
        caller_id: PhoneNumber = "CallerID" or text,
        /// The agent's phone name.
        phone_name: PhoneName = "PhoneName" or text,
        /// The skill.
        skill: SkillName = "Skill" or text,
        /// When it ended.
        end_time: LocalDateTime = "EndTime" or text,
        /// From start to pick-up.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// The duration.
        duration: ClockDuration = "Duration",
        /// What the call falls back to.
        fallback_rule: String = "FallBackRule" or text,
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "DialedNumber" or text,
        /// The type.
        kind: CallType = "Type",
        /// The agent.
        agent_id: AgentId = "AgentID" or text,
        /// The agent's number, as text.
        agent_unique_id: String = "AgentUniqueID" or text,
        /// The agent's name.
        agent_name: SensitiveText = "AgentName" or text,
        /// The disposition.
        disposition: DispositionName = "Disposition" or text,
        /// Who hung up.
        hangup_by: HangupBy = "HangupBy" or text,
        /// The outcome.
        status: CallStatus = "Status",
        /// Link to the recording.
        audio_file: SensitiveText = "AudioFile" or text,
        /// The kind of transfer.
        transfer_type: String = "TransferType" or text,
        /// Where it was transferred to.
        transferred_to: SensitiveText = "TransferredTo" or text,
        /// The agent's comments.
        comments: SensitiveText = "Comments" or text,
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus" or text,
        /// Holds `No Transfers` in the samples: a slip of the page or of the service. Masked, should it be a key.
        api_key: SensitiveText = "ApiKey" or text,
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus" or text,
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus" or text,
        /// The campaign.
        campaign: CampaignName = "Campaign" or text,
        /// The conversation; on the current day only.
        talk_time: ClockDuration = "TalkTime",
        /// On hold; on the current day only.
        hold_duration: ClockDuration = "HoldDuration",
        /// After-call work; on the current day only.
        wrap_up_duration: ClockDuration = "WrapUpDuration",
    }
}

record! {
    /// A row of the report by UCID, whose names have blanks in them. What cannot be read is treated as in [`DumpRow`].
    pub struct SpacedRow {
        /// The phone call.
        call_id: CallId = "CallID",
        /// The leg.
        ucid: Ucid = "UCID",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI" or text,
        /// The campaign.
        campaign: CampaignName = "Campaign Name" or text,
        /// Where the customer calls from.
        location: SensitiveText = "Location" or text,
        /// The customer.
        caller_id: PhoneNumber = "Caller Id" or text,
        /// The skill.
        skill: SkillName = "Skill" or text,
        /// The day.
        call_date: Day = "Call Date" or text,
        /// When the leg began; sources do not say whether with the day.
        start_time: String = "Start Time" or text,
        /// From start to pick-up.
        time_to_answer: ClockDuration = "Time to Answer",
        /// When it ended.
        end_time: String = "End Time" or text,
        /// The conversation.
        talk_time: ClockDuration = "TalkTime",
        /// The duration.
        duration: ClockDuration = "Duration",
        /// How long the customer's phone rang.
        customer_ring_time: ClockDuration = "Customer Ring Time",
        /// What the call falls back to.
        fallback_rule: String = "FallBack Rule" or text,
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "Dialed Number" or text,
        /// The type.
        kind: CallType = "Type",
        /// The agent.
        agent: AgentId = "Agent" or text,
        /// The disposition.
        disposition: DispositionName = "Disposition" or text,
        /// The outcome.
        status: CallStatus = "Status",
        /// Who hung up.
        hangup_by: HangupBy = "Hangup By" or text,
        /// The kind of transfer.
        transfer: String = "Transfer" or text,
        /// Where it was transferred to.
        transferred_to: SensitiveText = "Transferred To" or text,
        /// The agent's comments.
        comments: SensitiveText = "comments" or text,
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus" or text,
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus" or text,
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus" or text,
        /// After-call work.
        wrapup_time: ClockDuration = "Wrapup Time",
        /// The customer's rating.
        rating: String = "Rating" or text,
        /// The customer's words.
        rating_comments: SensitiveText = "RatingComments" or text,
        /// Link to the recording.
        audio: SensitiveText = "Audio Download" or text,
    }
}

record! {
    /// The fields of a callback, as a report returns them. `Duration` is the conversation here. What cannot be read is
    /// treated as in [`DumpRow`].
    pub struct CallbackFields {
        /// The phone call.
        call_id: CallId = "monitorUCID",
        /// The agent.
        agent_id: AgentId = "AgentID" or text,
        /// The agent's name.
        agent_name: SensitiveText = "AgentName" or text,
        /// The agent's number that was dialled.
        agent_phone: PhoneNumber = "AgentPhoneNumber" or text,
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus" or text,
        /// The agent's number, as text.
        agent_unique_id: String = "AgentUniqueID" or text,
        /// Link to the recording.
        audio_file: SensitiveText = "AudioFile" or text,
        /// The whole call.
        call_duration: ClockDuration = "CallDuration",
        /// The customer.
        caller_id: PhoneNumber = "CallerID" or text,
        /// The campaign.
        campaign: CampaignName = "CampaignName" or text,
        /// The agent's comments.
        comments: SensitiveText = "Comments" or text,
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus" or text,
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus" or text,
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "DialedNumber" or text,
        /// The DID.
        did: Did = "Did" | "dId" or text,
        /// The disposition.
        disposition: DispositionName = "Disposition" or text,
        /// The conversation.
        duration: ClockDuration = "Duration",
        /// When the call ended.
        end_time: LocalDateTime = "EndTime" or text,
        /// Who hung up.
        hangup_by: HangupBy = "HangupBy" or text,
        /// The agent's phone name.
        phone_name: PhoneName = "PhoneName" or text,
        /// The skill.
        skill: SkillName = "Skill" or text,
        /// When the call began.
        start_time: LocalDateTime = "StartTime" or text,
        /// The outcome.
        status: CallStatus = "Status",
        /// From start to pick-up.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// The type.
        kind: CallType = "Type",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI" or text,
        /// The account's key in plain text: masked here, and best dropped at once.
        api_key: SensitiveText = "Apikey" or text,
    }
}

/// A row of the callback report. Absent values arrive as the text `None` and are absent here.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct CallbackRow(pub CallbackFields);

impl<'de> Deserialize<'de> for CallbackRow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut row = Map::deserialize(from)?;
        row.retain(|_, value| *value != "None");
        serde_json::from_value(Value::Object(row)).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;

    /// The row, with one value that no one can read, as JSON.
    fn read<R: DeserializeOwned + Serialize>(field: &str, value: &Value) -> Option<Value> {
        let row = json!({"UCID": "7", field: value});
        let read = serde_json::from_value::<R>(row).ok();
        read.map(|row| serde_json::to_value(row).unwrap())
    }

    #[test]
    fn a_bad_value_costs_the_row_only_where_figures_depend_on_it() {
        for text in ["0000-00-00 00:00:00", "2026:11:2 10:00:00", "2026-11-02 10:00:00.0"] {
            for field in ["StartTime", "EndTime"] {
                let value = json!(text);
                let (name, want) = (format!("{field}_text"), Some(&value));
                let dump = read::<DumpRow>(field, &value).unwrap();
                assert_eq!(
                    (dump.get(&name), &dump[field], &dump["UCID"]),
                    (want, &Value::Null, &json!("7"))
                );
                let callback = read::<CallbackRow>(field, &value).unwrap();
                assert_eq!((callback.get(&name), &callback[field]), (want, &Value::Null));
            }
        }
        let spaced = read::<SpacedRow>("Call Date", &json!("2026-11-02 00:00:00")).unwrap();
        assert_eq!(spaced["Call Date_text"], json!("2026-11-02 00:00:00"));
        assert_eq!(spaced["Call Date"], Value::Null);
        let object = json!({"a": 1});
        for field in ["DialStatus", "Comments", "UUI", "HangupBy", "CallerID", "AgentID"] {
            assert!(read::<DumpRow>(field, &object).is_some(), "{field}");
            assert!(read::<CallbackRow>(field, &object).is_some(), "{field}");
        }
        for field in ["Duration", "TimeToAnswer", "TalkTime", "Type", "Status", "monitorUCID"] {
            assert_eq!(read::<DumpRow>(field, &object), None, "{field}");
        }
        for field in ["CallDuration", "Duration", "Type", "Status", "monitorUCID"] {
            assert_eq!(read::<CallbackRow>(field, &object), None, "{field}");
        }
        for field in ["CallID", "UCID", "Wrapup Time", "Customer Ring Time", "Type", "Status"] {
            assert_eq!(read::<SpacedRow>(field, &object), None, "{field}");
        }
    }
}
