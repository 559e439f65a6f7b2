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
    pub struct DumpRow {
        /// The leg.
        ucid: Ucid = "UCID",
        /// The phone call.
        call_id: CallId = "monitorUCID",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI",
        /// The DID.
        did: Did = "Did",
        /// Where the customer calls from.
        location: SensitiveText = "Location",
        /// When the leg began.
        start_time: LocalDateTime = "StartTime",
        /// The customer.
        caller_id: PhoneNumber = "CallerID",
        /// The agent's phone name.
        phone_name: PhoneName = "PhoneName",
        /// The skill.
        skill: SkillName = "Skill",
        /// When it ended.
        end_time: LocalDateTime = "EndTime",
        /// From start to pick-up.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// The duration.
        duration: ClockDuration = "Duration",
        /// What the call falls back to.
        fallback_rule: String = "FallBackRule",
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "DialedNumber",
        /// The type.
        kind: CallType = "Type",
        /// The agent.
        agent_id: AgentId = "AgentID",
        /// The agent's number, as text.
        agent_unique_id: String = "AgentUniqueID",
        /// The agent's name.
        agent_name: SensitiveText = "AgentName",
        /// The disposition.
        disposition: DispositionName = "Disposition",
        /// Who hung up.
        hangup_by: HangupBy = "HangupBy",
        /// The outcome.
        status: CallStatus = "Status",
        /// Link to the recording.
        audio_file: SensitiveText = "AudioFile",
        /// The kind of transfer.
        transfer_type: String = "TransferType",
        /// Where it was transferred to.
        transferred_to: SensitiveText = "TransferredTo",
        /// The agent's comments.
        comments: SensitiveText = "Comments",
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus",
        /// Holds `No Transfers` in the samples: a slip of the page or of the service. Masked, should it be a key.
        api_key: SensitiveText = "ApiKey",
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus",
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus",
        /// The campaign.
        campaign: CampaignName = "Campaign",
        /// The conversation; on the current day only.
        talk_time: ClockDuration = "TalkTime",
        /// On hold; on the current day only.
        hold_duration: ClockDuration = "HoldDuration",
        /// After-call work; on the current day only.
        wrap_up_duration: ClockDuration = "WrapUpDuration",
    }
}

record! {
    /// A row of the report by UCID, whose names have blanks in them.
    pub struct SpacedRow {
        /// The phone call.
        call_id: CallId = "CallID",
        /// The leg.
        ucid: Ucid = "UCID",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI",
        /// The campaign.
        campaign: CampaignName = "Campaign Name",
        /// Where the customer calls from.
        location: SensitiveText = "Location",
        /// The customer.
        caller_id: PhoneNumber = "Caller Id",
        /// The skill.
        skill: SkillName = "Skill",
        /// The day.
        call_date: Day = "Call Date",
        /// When the leg began; sources do not say whether with the day.
        start_time: String = "Start Time",
        /// From start to pick-up.
        time_to_answer: ClockDuration = "Time to Answer",
        /// When it ended.
        end_time: String = "End Time",
        /// The conversation.
        talk_time: ClockDuration = "TalkTime",
        /// The duration.
        duration: ClockDuration = "Duration",
        /// How long the customer's phone rang.
        customer_ring_time: ClockDuration = "Customer Ring Time",
        /// What the call falls back to.
        fallback_rule: String = "FallBack Rule",
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "Dialed Number",
        /// The type.
        kind: CallType = "Type",
        /// The agent.
        agent: AgentId = "Agent",
        /// The disposition.
        disposition: DispositionName = "Disposition",
        /// The outcome.
        status: CallStatus = "Status",
        /// Who hung up.
        hangup_by: HangupBy = "Hangup By",
        /// The kind of transfer.
        transfer: String = "Transfer",
        /// Where it was transferred to.
        transferred_to: SensitiveText = "Transferred To",
        /// The agent's comments.
        comments: SensitiveText = "comments",
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus",
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus",
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus",
        /// After-call work.
        wrapup_time: ClockDuration = "Wrapup Time",
        /// The customer's rating.
        rating: String = "Rating",
        /// The customer's words.
        rating_comments: SensitiveText = "RatingComments",
        /// Link to the recording.
        audio: SensitiveText = "Audio Download",
    }
}

record! {
    /// The fields of a callback, as a report returns them. `Duration` is the conversation here.
    pub struct CallbackFields {
        /// The phone call.
        call_id: CallId = "monitorUCID",
        /// The agent.
        agent_id: AgentId = "AgentID",
        /// The agent's name.
        agent_name: SensitiveText = "AgentName",
        /// The agent's number that was dialled.
        agent_phone: PhoneNumber = "AgentPhoneNumber",
        /// How the agent's leg ended.
        agent_status: DialStatus = "AgentStatus",
        /// The agent's number, as text.
        agent_unique_id: String = "AgentUniqueID",
        /// Link to the recording.
        audio_file: SensitiveText = "AudioFile",
        /// The whole call.
        call_duration: ClockDuration = "CallDuration",
        /// The customer.
        caller_id: PhoneNumber = "CallerID",
        /// The campaign.
        campaign: CampaignName = "CampaignName",
        /// The agent's comments.
        comments: SensitiveText = "Comments",
        /// How the customer's leg ended.
        customer_status: DialStatus = "CustomerStatus",
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus",
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "DialedNumber",
        /// The DID.
        did: Did = "Did" | "dId",
        /// The disposition.
        disposition: DispositionName = "Disposition",
        /// The conversation.
        duration: ClockDuration = "Duration",
        /// When the call ended.
        end_time: LocalDateTime = "EndTime",
        /// Who hung up.
        hangup_by: HangupBy = "HangupBy",
        /// The agent's phone name.
        phone_name: PhoneName = "PhoneName",
        /// The skill.
        skill: SkillName = "Skill",
        /// When the call began.
        start_time: LocalDateTime = "StartTime",
        /// The outcome.
        status: CallStatus = "Status",
        /// From start to pick-up.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// The type.
        kind: CallType = "Type",
        /// The caller-chosen reference.
        uui: SensitiveText = "UUI",
        /// The account's key in plain text: masked here, and best dropped at once.
        api_key: SensitiveText = "Apikey",
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
