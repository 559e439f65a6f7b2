//! Abandoned calls.
//!
//! No source gives the names of the range fields: `fromTime`, `toTime` and `campaignName` are assumed, and each can be
//! renamed with [`ClientBuilder::field_name`](crate::ClientBuilder::field_name). A service that knows them under other
//! names answers with its default range, so rows outside the range that was asked for are told apart:
//! [`Call::by_range`] and [`FetchMissed::covers`].

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{Endpoint, Envelope, Method, Payload, Rows, Spec};
use crate::core::error::Error;
use crate::types::ids::{AgentId, CallId, CampaignName, Did, SkillName};
use crate::types::invalid::Invalid;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{LocalDateTime, record};

/// Lists abandoned calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FetchMissed {
    /// From, inclusive; absent: as the service has it.
    #[serde(rename = "fromTime", default)]
    pub from: Option<LocalDateTime>,
    /// To, inclusive; absent: as the service has it.
    #[serde(rename = "toTime", default)]
    pub to: Option<LocalDateTime>,
    /// Of one campaign only.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
}

record! {
    /// An abandoned call.
    pub struct MissedCall {
        /// The call.
        call_id: CallId = "monitorUCID",
        /// The call's type, such as `Manual`.
        kind: crate::api::cdr::CallType = "type" or text,
        /// The call's status, such as `NotAnswered`.
        status: crate::api::cdr::CallStatus = "status" or text,
        /// The campaign.
        campaign: CampaignName = "campaign" or text,
        /// The caller.
        caller: PhoneNumber = "callerID" or text,
        /// The DID.
        did: Did = "did" or text,
        /// The skill's id.
        skill_id: String = "skillID" or text,
        /// The skill.
        skill: SkillName = "skill" or text,
        /// The agent's number or login id; sources do not say which.
        agent_id: String = "agentID" or text,
        /// The agent.
        agent: AgentId = "agent" or text,
        /// Who hung up.
        hangup_by: crate::api::cdr::HangupBy = "hangupBy" or text,
        /// When, in the account's zone.
        call_time: LocalDateTime = "callTime" or text,
    }
}

impl Endpoint for FetchMissed {
    const SPEC: Spec = Spec {
        name: "missed.fetch",
        title: "Abandoned calls",
        method: Method::Get,
        path: "/ca_apis/abandonCalls",
        envelope: Envelope {
            success_words: &["success"],
            payload: Payload::RowsAt(&["message"]),
            empty_messages: &["No Data Found"],
        },
        docs: "https://docs.ozonetel.com/reference/get_ca-apis-abandoncalls",
        ..Spec::DEFAULT
    };
    type Reply = Vec<MissedCall>;
    const ROW_FIELDS: &'static [&'static str] = MissedCall::FIELDS;

    fn check(&self) -> Result<(), Invalid> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => {
                Err(Invalid::new("fromTime", "is later than toTime"))
            }
            _ => Ok(()),
        }
    }

    fn accepts(&self, reply: &Vec<MissedCall>) -> bool {
        reply.iter().all(<Self as Rows>::is_named)
    }
}

impl FetchMissed {
    /// Whether a row is within the range that was asked for. `None` where the row has no time.
    ///
    /// ```
    /// use ozonetel_sdk::missed::{FetchMissed, MissedCall};
    /// let request = FetchMissed { from: Some("2026-11-21 10:00:00".parse()?), ..FetchMissed::default() };
    /// let row: MissedCall = serde_json::from_str(r#"{"callTime":"2026-11-20 23:00:00"}"#)?;
    /// assert_eq!(request.covers(&row), Some(false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn covers(&self, row: &MissedCall) -> Option<bool> {
        let at = row.call_time?;
        Some(self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to))
    }
}

/// Abandoned calls by the range that was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct MissedByRange {
    /// Within the range.
    pub inside: Vec<MissedCall>,
    /// Outside of it: the service may have ignored the range.
    pub outside: Vec<MissedCall>,
    /// Without a time.
    pub undated: Vec<MissedCall>,
}

impl Rows for FetchMissed {
    type Row = MissedCall;
    const KEYS: &'static [&'static str] = &["message"];

    fn is_named(row: &MissedCall) -> bool {
        row.call_id.is_some()
    }
}

/// Abandoned calls: see [`Client::missed`].
#[derive(Debug, Clone, Copy)]
pub struct Missed<'c>(pub(crate) &'c Client);

impl Client {
    /// Abandoned calls.
    pub fn missed(&self) -> Missed<'_> {
        Missed(self)
    }
}

impl<'c> Missed<'c> {
    /// Abandoned calls of the range that the service takes by default; how long it is, no page says.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// assert!(client.missed().recent().await?.is_empty());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn recent(&self) -> Call<'c, FetchMissed> {
        Call::new(self.0, Ok(FetchMissed::default()))
    }

    /// Abandoned calls of a stretch of time, in the account's zone.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let today = client.today();
    /// let missed = client.missed().between(today.start(), today.end()).campaign("support_inbound").await?;
    /// assert!(missed.is_empty());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn between(&self, from: LocalDateTime, to: LocalDateTime) -> Call<'c, FetchMissed> {
        let request = FetchMissed { from: Some(from), to: Some(to), campaign: None };
        Call::new(self.0, Ok(request))
    }
}

impl Call<'_, FetchMissed> {
    /// Sends the call and tells rows outside the range apart, since the service may ignore it.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let today = client.today();
    /// let missed = client.missed().between(today.start(), today.end()).by_range().await?;
    /// assert!(missed.outside.is_empty());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As awaiting the call.
    pub async fn by_range(self) -> Result<MissedByRange, Error> {
        let range = self.request().ok().cloned().unwrap_or_default();
        let mut found = MissedByRange::default();
        for row in self.await? {
            match range.covers(&row) {
                Some(true) => found.inside.push(row),
                Some(false) => found.outside.push(row),
                None => found.undated.push(row),
            }
        }
        Ok(found)
    }
}

setters! { FetchMissed {
    /// Of one campaign only.
    campaign(campaign: impl Into<CampaignName>) => campaign = campaign.into();
} }

#[cfg(test)]
mod tests {
    use super::MissedCall;

    #[test]
    fn an_odd_time_or_number_does_not_cost_an_abandoned_call() {
        let text = r#"{"monitorUCID":"90000000000000001","callerID":"9000000001","callTime":"21-11-2026","skillID":[7],
            "hangupBy":{"a":1},"status":"NotAnswered"}"#;
        let row: MissedCall = serde_json::from_str(text).unwrap();
        assert_eq!(row.call_id.as_ref().unwrap().as_str(), "90000000000000001");
        assert_eq!((row.call_time, row.caller.unwrap().as_str()), (None, "9000000001"));
        assert_eq!(row.extra.get("callTime_text").unwrap(), "21-11-2026");
        assert_eq!(row.extra.get("skillID_text").unwrap(), &serde_json::json!([7]));
        // Without its id it is no row.
        let unnamed = r#"{"monitorUCID":7.5e16}"#;
        assert!(serde_json::from_str::<MissedCall>(unnamed).is_err());
    }
}
