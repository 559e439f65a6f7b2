//! One row: a leg of a phone call.

use crate::types::ids::{AgentId, CallId, CampaignName, Did, DispositionName, SkillName, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{
    ClockDuration, Day, SensitiveText, TimeOfDay, means_nothing, record, string_enum,
};

string_enum! {
    /// A call's type: the only reliable word on its direction.
    CallType, CallTypeKind {
        /// Dialled by an agent.
        Manual = ["Manual", "manual"],
        /// Came in. Today's store writes `InBound`, yesterday's `Inbound`.
        Inbound = ["InBound", "Inbound", "inbound"],
        /// Dialled by the service, one per free agent.
        Progressive = ["Progressive"],
        /// Dialled by the service, ahead of free agents.
        Predictive = ["Predictive"],
        /// Dialled after the agent saw the lead.
        Preview = ["Preview"],
        /// Handled by an IVR.
        Ivr = ["IVR"],
    }
}

impl CallTypeKind {
    /// Whether the service or an agent dialled.
    pub fn is_outbound(self) -> bool {
        matches!(self, Self::Manual | Self::Progressive | Self::Predictive | Self::Preview)
    }
}

string_enum! {
    /// A call's outcome. Rows say `Unanswered`; the filter and the callback say `NotAnswered`.
    CallStatus, CallStatusKind {
        /// There was a conversation.
        Answered = ["Answered", "answered"],
        /// There was none.
        NotAnswered = ["Unanswered", "NotAnswered"],
    }
}

string_enum! {
    /// Who hung up. `UserHangup` is also written when the network refused the customer's leg.
    HangupBy, HangupByKind {
        /// The customer, or the network.
        User = ["UserHangup"],
        /// The agent.
        Agent = ["AgentHangup"],
        /// The service.
        System = ["SystemHangup"],
    }
}

string_enum! {
    /// How a leg's dial ended, in the service's word.
    DialStatus, DialStatusKind {
        /// Answered.
        Answered = ["answered", "Answered"],
        /// Not answered.
        NotAnswered = ["not_answered", "Not Answered", "NoResponse", "NormalUnspecified", "MaxDialTimeExceeded", "ring", "Dialing"],
        /// Busy.
        Busy = ["Busy"],
        /// Declined.
        Rejected = ["Rejected"],
        /// The agent gave up first.
        AgentDisconnect = ["agent_disconnect"],
        /// The customer gave up first.
        UserDisconnect = ["user_disconnect", "user_disconnected", "disconnect"],
        /// No such number.
        InvalidNumber = ["InvalidNumber", "InvalidNumberFormat", "invalid_number"],
        /// No agent to ring.
        InvalidAgent = ["InvalidAgent"],
        /// Switched off or out of reach.
        Unreachable = ["SubcriberAbsent", "NoRouteDestination"],
        /// The network failed.
        NetworkError = [
            "NetworkOutOfOrder", "ProtocolError", "TemporaryFailureAtServiceProvider", "InterWorkingUnspecified",
            "Congestion", "ISDDisabled", "exception"
        ],
        /// The service's own word for failure.
        Error = ["error"],
        /// That leg was never dialled.
        NotDialed = ["NotDialed"],
        /// The caller waited in the queue until its limit.
        QueueTimeout = ["QTimeExceeded"],
    }
}

record! {
    borrowed BorrowedCallRecord;

    /// A row of the CDR: one leg of a phone call. Every field may be absent; text, number and `null` are all read.
    ///
    /// A row is bad, and an error of its own, where a value cannot be read that figures depend on: the ids (`UCID`,
    /// `CallID`), the durations, `Type` and `Status`; and where it has neither id. Any other field that cannot be read
    /// is absent, and what came is in [`extra`](field@Self::extra) under its name and `_text`.
    ///
    /// ```
    /// use ozonetel_sdk::cdr::CallRecord;
    /// let row: CallRecord = serde_json::from_str(r#"{"UCID":"90000000000000001","CallDate":"0000-00-00"}"#)?;
    /// assert_eq!((row.call_date, row.extra.get("CallDate_text").unwrap().as_str()), (None, Some("0000-00-00")));
    /// assert!(serde_json::from_str::<CallRecord>(r#"{"UCID":"90000000000000001","TalkTime":"-1"}"#).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CallRecord {
        /// The phone call, shared by its legs; the callback's `monitorUCID`.
        call_id: CallId = "CallID",
        /// The leg: the key of a row.
        ucid: Ucid = "UCID",
        /// The day the call began, in the account's zone.
        call_date: Day = "CallDate" or text,
        /// When the leg began.
        start_time: TimeOfDay = "StartTime" or text,
        /// When it ended; earlier than the start when the call ran past midnight.
        end_time: TimeOfDay = "EndTime" or text,
        /// When it was picked up. Does not mean that the call was answered.
        pickup_time: TimeOfDay = "PickupTime" or text,
        /// When after-call work began.
        wrap_up_start_time: TimeOfDay = "WrapUpStartTime" or text,
        /// When after-call work ended.
        wrap_up_end_time: TimeOfDay = "WrapUpEndTime" or text,
        /// The whole leg, from start to end.
        duration: ClockDuration = "Duration",
        /// The conversation, hold included. Above zero exactly on answered rows.
        talk_time: ClockDuration = "TalkTime",
        /// Talk time and wrap-up; absent while the row is unfinished.
        handling_time: ClockDuration = "HandlingTime",
        /// On hold, inside the talk time.
        hold_duration: ClockDuration = "HoldDuration",
        /// After-call work.
        wrapup_duration: ClockDuration = "WrapupDuration",
        /// In the queue.
        queue_time: ClockDuration = "QueueTime",
        /// From start to pick-up.
        time_to_answer: ClockDuration = "TimeToAnswer",
        /// In conference.
        conference_duration: ClockDuration = "ConferenceDuration",
        /// How long the customer's phone rang.
        customer_ring_time: ClockDuration = "CustomerRingTime",
        /// The customer, as dialled or as received.
        caller_id: PhoneNumber = "CallerID" or text,
        /// The agent's number that was dialled.
        dialed_number: PhoneNumber = "DialedNumber" or text,
        /// `+91` put in front of the customer's number; right for Indian ten-digit numbers only.
        e164: PhoneNumber = "E164" or text,
        /// The DID.
        did: Did = "DID" or text,
        /// The dynamic DID, if one was used.
        dynamic_did: Did = "DynamicDID" or text,
        /// The dial-out's name.
        dial_out_name: String = "DialOutName" or text,
        /// How often was dialled.
        dial_count: u32 = "DialCount" or text,
        /// The agent's login id; may be an e-mail address.
        agent_id: AgentId = "AgentID" or text,
        /// The agent's name.
        agent_name: SensitiveText = "AgentName" or text,
        /// The skill.
        skill: SkillName = "Skill" or text,
        /// The campaign.
        campaign_name: CampaignName = "CampaignName" or text,
        /// Where the customer calls from.
        location: SensitiveText = "Location" or text,
        /// What the leg was, such as `AgentDial` or `Agent Dials`.
        call_flow: String = "CallFlow" or text,
        /// What the leg was, such as `Queue`.
        event: String = "Event" or text,
        /// Type and with it direction.
        kind: CallType = "Type",
        /// The outcome.
        status: CallStatus = "Status",
        /// How the dial ended.
        dial_status: DialStatus = "DialStatus" or text,
        /// How the agent's leg ended.
        agent_dial_status: DialStatus = "AgentDialStatus" or text,
        /// How the customer's leg ended.
        customer_dial_status: DialStatus = "CustomerDialStatus" or text,
        /// The disposition, or an automatic text such as `Wrap up time exceeded :120`.
        disposition: DispositionName = "Disposition" or text,
        /// The agent's comments.
        comments: SensitiveText = "Comments" or text,
        /// The caller-chosen reference, or what else stood in UUI.
        uui: SensitiveText = "UUI" or text,
        /// Who hung up; absent on an agent's leg while the row is unfinished.
        hangup_by: HangupBy = "HangupBy" or text,
        /// The kind of transfer.
        transfer_type: String = "TransferType" or text,
        /// Where it was transferred to.
        transferred_to: SensitiveText = "TransferredTo" or text,
        /// The customer's rating.
        rating: String = "Rating" or text,
        /// The customer's words.
        rating_comments: SensitiveText = "RatingComments" or text,
        /// Link to the recording: anyone who has it can listen.
        call_audio: SensitiveText = "CallAudio" or text,
        /// Link to the conference's recording.
        caller_conf_audio_file: SensitiveText = "CallerConfAudioFile" or text,
        /// Link to the video.
        video_recording_url: SensitiveText = "VideoRecordingURL" or text,
    }
}

impl BorrowedCallRecord<'_> {
    /// Whether the row has an id: its leg's, or its call's.
    pub fn is_named(&self) -> bool {
        matches!(self.ucid.read(), Ok(Some(_))) || matches!(self.call_id.read(), Ok(Some(_)))
    }
}

impl CallRecord {
    /// Whether the row has an id: its leg's, or its call's.
    pub fn is_named(&self) -> bool {
        self.ucid.is_some() || self.call_id.is_some()
    }

    /// Whether the row says that the call was transferred. No row that was seen says so; transfers show in the legs.
    pub fn is_transferred(&self) -> bool {
        self.transfer_type.as_deref().is_some_and(is_transfer)
    }

    /// Whether there was a conversation.
    pub fn is_answered(&self) -> bool {
        self.status.as_ref().is_some_and(|status| *status == CallStatusKind::Answered)
    }

    /// Whether the row is an agent's leg: `AgentDial` today, `Agent Dials` on earlier days.
    pub fn is_agent_leg(&self) -> bool {
        [&self.event, &self.call_flow].into_iter().flatten().any(|flow| is_agent_dial(flow))
    }

    /// Whether the service has written the row to its end. An unfinished one has no `HangupBy` on an agent's leg, or
    /// no `HandlingTime` on an answered one: the call runs, or after-call work does. A finished row may still get
    /// another disposition or comment.
    pub fn is_finished(&self) -> bool {
        let running = self.is_agent_leg() && self.hangup_by.is_none();
        let in_wrap_up = self.is_answered() && self.handling_time.is_none();
        !(running || in_wrap_up)
    }

    /// Whether both are equal in the two spellings of today's and yesterday's store: a `Rating` of 0 is none,
    /// a missing `WrapupDuration` is zero, `AgentDial` is `Agent Dials`. Use it to tell a row that changed from one
    /// that moved overnight.
    ///
    /// ```
    /// use ozonetel_sdk::cdr::CallRecord;
    /// let today: CallRecord = serde_json::from_str(r#"{"UCID":7,"Rating":0,"Event":"AgentDial"}"#)?;
    /// let later: CallRecord = serde_json::from_str(r#"{"UCID":"7","Rating":"","Event":"Agent Dials"}"#)?;
    /// assert!(today != later && today.says_the_same_as(&later));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self == other || self.in_one_spelling() == other.in_one_spelling()
    }

    fn in_one_spelling(&self) -> Self {
        let mut row = self.clone();
        row.rating = row.rating.filter(|rating| rating.trim() != "0");
        row.wrapup_duration = row.wrapup_duration.filter(|wrap_up| *wrap_up != ClockDuration::ZERO);
        for flow in [&mut row.event, &mut row.call_flow] {
            if flow.as_deref().is_some_and(is_agent_dial) {
                *flow = Some("AgentDial".to_owned());
            }
        }
        row
    }
}

/// Whether the word under `TransferType` names a transfer: it may say in several ways that there was none.
pub(crate) fn is_transfer(word: &str) -> bool {
    !means_nothing(word) && !word.trim().eq_ignore_ascii_case("No Transfers")
}

/// `AgentDial`, `Agent Dials`, `Agent+Dials`.
fn is_agent_dial(flow: &str) -> bool {
    let letters = flow.bytes().filter(u8::is_ascii_alphabetic);
    letters.map(|byte| byte.to_ascii_lowercase()).take(9).eq("agentdial".bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_dialects_of_a_row_are_equal_after_reading() {
        let today = r#"{"CallID":12345170000000099,"UCID":12345170000000099,"Rating":0,"WrapUpStartTime":null,
            "CallAudio":null,"Type":"InBound","Status":"Unanswered"}"#;
        let earlier = r#"{"CallID":"12345170000000099","UCID":"12345170000000099","Rating":"0","WrapUpStartTime":"",
            "CallAudio":"","Type":"Inbound","Status":"Unanswered"}"#;
        let (today, earlier): (CallRecord, CallRecord) =
            (serde_json::from_str(today).unwrap(), serde_json::from_str(earlier).unwrap());
        assert_eq!(today, earlier);
        assert_eq!(today.kind.unwrap().as_str(), "InBound");
    }

    #[test]
    fn an_unfinished_row_is_told_by_what_it_lacks() {
        let row = |text: &str| serde_json::from_str::<CallRecord>(text).unwrap();
        for (text, finished) in [
            (r#"{"Event":"AgentDial"}"#, false),
            (r#"{"CallFlow":"Agent Dials","HangupBy":""}"#, false),
            (r#"{"Event":"AgentDial","HangupBy":"UserHangup"}"#, true),
            (r#"{"Event":"AgentDial","HangupBy":"UserHangup","Status":"Answered"}"#, false),
            (
                r#"{"Event":"AgentDial","HangupBy":"UserHangup","Status":"Answered","HandlingTime":"00:00:09"}"#,
                true,
            ),
            (r#"{"Event":"AgentDial","Status":"Answered","HandlingTime":"00:00:09"}"#, false),
            (
                r#"{"Event":"AgentDial","HangupBy":"AgentHangup","Status":"Unanswered","HandlingTime":null}"#,
                true,
            ),
            (r#"{"Event":"Queue","DialStatus":"error"}"#, true),
            ("{}", true),
        ] {
            assert_eq!(row(text).is_finished(), finished, "{text}");
        }
    }

    #[test]
    fn a_leg_that_was_not_answered_is_that_in_each_reports_spelling() {
        for word in ["not_answered", "Not Answered", "NoResponse"] {
            let status = DialStatus::from(word);
            assert_eq!((status.kind(), status.as_str()), (Some(DialStatusKind::NotAnswered), word));
        }
        assert_eq!(DialStatus::from("Not  Answered").kind(), None);
    }

    #[test]
    fn a_row_that_moved_overnight_says_the_same_and_one_that_changed_does_not() {
        let row = |text: &str| serde_json::from_str::<CallRecord>(text).unwrap();
        let today = row(
            r#"{"UCID":7,"Rating":0,"Event":"AgentDial","CallFlow":"AgentDial","WrapupDuration":null,"Type":"InBound"}"#,
        );
        let moved = row(
            r#"{"UCID":"7","Rating":"","Event":"Agent Dials","CallFlow":"Agent Dials","WrapupDuration":"00:00:00","Type":"Inbound"}"#,
        );
        assert!(today.says_the_same_as(&moved) && moved.says_the_same_as(&today));
        for (field, value) in
            [("Rating", "5"), ("Event", "Queue"), ("WrapupDuration", "00:00:07"), ("Comments", "x")]
        {
            let mut other = serde_json::to_value(&moved).unwrap();
            other[field] = value.into();
            let other: CallRecord = serde_json::from_value(other).unwrap();
            assert!(!today.says_the_same_as(&other), "{field}");
        }
    }

    #[test]
    fn the_row_names_all_47_fields_once() {
        let names: std::collections::BTreeSet<_> = CallRecord::FIELDS.iter().collect();
        assert_eq!((names.len(), CallRecord::FIELDS.len()), (47, 47));
    }

    #[test]
    fn a_bad_value_costs_the_row_only_where_figures_depend_on_it() {
        let costs = |name: &&str| {
            let row = serde_json::json!({"UCID": "7", *name: {"odd": [1]}});
            serde_json::from_str::<CallRecord>(&row.to_string()).is_err()
        };
        let cost: Vec<&str> = CallRecord::FIELDS.iter().copied().filter(costs).collect();
        assert_eq!(
            cost,
            [
                "CallID",
                "UCID",
                "Duration",
                "TalkTime",
                "HandlingTime",
                "HoldDuration",
                "WrapupDuration",
                "QueueTime",
                "TimeToAnswer",
                "ConferenceDuration",
                "CustomerRingTime",
                "Type",
                "Status",
            ]
        );
        for (field, value) in [
            ("CallDate", "0000-00-00"),
            ("CallDate", "2026:11:21"),
            ("StartTime", "24:00:00"),
            ("EndTime", "1970-01-01 05:30:00"),
            ("DialCount", "-1"),
            ("AgentID", "agent\u{fffd}"),
        ] {
            let row = serde_json::json!({"UCID": "7", field: value, "TalkTime": "00:00:09"});
            let row: CallRecord = serde_json::from_str(&row.to_string()).unwrap();
            assert_eq!(row.extra.get(&format!("{field}_text")).unwrap(), value);
            assert_eq!(row.talk_time.unwrap().seconds(), 9);
        }
    }

    #[test]
    fn a_word_for_none_is_no_transfer() {
        for (word, transfer) in [
            ("No Transfers", false),
            ("None", false),
            ("null", false),
            ("NA", false),
            ("-", false),
            ("", false),
            ("Agent", true),
            ("Nonestop", true),
        ] {
            let row = serde_json::json!({"UCID": "7", "TransferType": word});
            let row: CallRecord = serde_json::from_value(row).unwrap();
            assert_eq!(row.is_transferred(), transfer, "{word}");
        }
    }
}
