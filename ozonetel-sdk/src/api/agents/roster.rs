//! The details of an agent, and the campaign that it is live on.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize};

use super::Agents;
use crate::core::call::Call;
use crate::core::endpoint::{Auth, Endpoint, Envelope, Method, Payload, Rate, Reply, Spec};
use crate::types::ids::{AgentId, CampaignName};
use crate::types::invalid::{Invalid, filled};
use crate::types::wire::{RawJson, record};

const DETAILS: Spec = Spec {
    name: "agents.details",
    title: "Agent details",
    method: Method::Post,
    path: "/ca_apis/agentDetails",
    path_verified: false,
    auth: Auth::KeyHeader,
    rate: Rate::AgentDetails,
    envelope: Envelope::of(&[], Payload::Open),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentdetails",
    ..Spec::DEFAULT
};

/// The details of an agent. No source shows a success, so the reply is the document as it came, whatever its status says
/// but a failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchDetails {
    /// The agent.
    #[serde(rename = "agentId")]
    pub agent: AgentId,
}

impl Endpoint for FetchDetails {
    const SPEC: Spec = DETAILS;
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentId", self.agent.as_str())
    }
}

/// The login status of an agent (field report).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchLoginStatus {
    /// The agent.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
}

record! {
    /// Where an agent is live.
    pub struct LoginStatus {
        /// The agent.
        agent_id: AgentId = "AgentId" | "agentID" | "AgentID" | "agentId",
        /// The campaign that the agent is live on.
        campaign: CampaignName = "CampaignName" | "Campaign" | "campaignName",
        /// The service's status word, where there is one next to the row.
        status: String = "status",
    }
}

/// A [`LoginStatus`] wherever the answer has it: as the first of a list under `message`, under `message`, or at the
/// top. Further rows of a list are in its `extra`, under `message`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(from = "Anywhere")]
pub struct LiveOn(pub LoginStatus);

#[derive(Deserialize)]
#[serde(untagged)]
enum Anywhere {
    Listed { status: Option<String>, message: Vec<LoginStatus> },
    Under { status: Option<String>, message: LoginStatus },
    Top(LoginStatus),
}

impl From<Anywhere> for LiveOn {
    fn from(found: Anywhere) -> Self {
        match found {
            Anywhere::Listed { status, message } => {
                let mut rows = message.into_iter();
                let mut row = rows.next().unwrap_or_default();
                row.status = row.status.or(status);
                let others: Vec<LoginStatus> = rows.collect();
                if !others.is_empty()
                    && let Ok(others) = serde_json::to_value(others)
                {
                    row.extra.0.entry("message".to_owned()).or_insert(others);
                }
                Self(row)
            }
            Anywhere::Under { status, message: mut row } => {
                row.status = row.status.or(status);
                Self(row)
            }
            Anywhere::Top(row) => Self(row),
        }
    }
}

/// In the first of the forms.
impl Serialize for LiveOn {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut row = self.0.clone();
        let status = row.status.take();
        let mut out = to.serialize_map(Some(2))?;
        out.serialize_entry("status", &status)?;
        out.serialize_entry("message", &[row])?;
        out.end()
    }
}

impl Reply for LiveOn {}

impl Endpoint for FetchLoginStatus {
    const SPEC: Spec = Spec {
        name: "agents.login_status",
        title: "Agent login status",
        path: "/ca_apis/AgentLoginStatus",
        path_verified: true,
        rate: Rate::Unstated,
        docs: "field report",
        ..DETAILS
    };
    type Reply = LiveOn;

    fn check(&self) -> Result<(), Invalid> {
        filled("agentID", self.agent.as_str())
    }

    /// No list, or an empty one, does not say that the agent is live on nothing.
    fn accepts(&self, LiveOn(status): &LiveOn) -> bool {
        status.agent_id.is_some() || status.campaign.is_some()
    }
}

impl<'c> Agents<'c> {
    /// The details of an agent: ten a minute. The path's letter case is unconfirmed, and no source shows the answer.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let details = client.agents().details("agent01").await?;
    /// assert!(details.get("message").is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn details(&self, agent: impl Into<AgentId>) -> Call<'c, FetchDetails> {
        Call::new(self.0, Ok(FetchDetails { agent: agent.into() }))
    }

    /// The campaign that an agent is live on; of several rows, that of the first.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let status = client.agents().login_status("agent01").await?;
    /// assert_eq!(status.0.campaign.as_ref().unwrap().as_str(), "support_out");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`Unreadable`](crate::ErrorKind::Unreadable) for an answer that names neither agent nor campaign; otherwise as any
    /// call.
    pub fn login_status(&self, agent: impl Into<AgentId>) -> Call<'c, FetchLoginStatus> {
        Call::new(self.0, Ok(FetchLoginStatus { agent: agent.into() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn the_campaign_is_found_wherever_it_stands() {
        let row = json!({"AgentId": "agent01", "Campaign": "support_out"});
        for body in [
            json!({"status": "success", "message": [row]}),
            json!({"status": "success", "message": row}),
            json!({"status": "success", "agentID": "agent01", "campaignName": "support_out"}),
        ] {
            let replay = Replay::new([Turn::json(body.to_string())]);
            let live = client(&replay).agents().login_status("agent01").await.unwrap().0;
            assert_eq!(live.campaign, Some("support_out".into()), "{body}");
            assert_eq!(live.agent_id, Some("agent01".into()), "{body}");
            assert_eq!(
                asked(&replay, 0),
                json!({"userName": "acme_support", "agentID": "agent01"})
            );
        }
    }

    #[tokio::test]
    async fn of_several_rows_the_first_counts_and_none_is_not_live_on_nothing() {
        let live = async |body: serde_json::Value| {
            let replay = Replay::new([Turn::json(body.to_string())]);
            client(&replay).agents().login_status("agent01").await
        };
        let row = |campaign: &str| json!({"AgentId": "agent01", "Campaign": campaign});
        let two = json!({"status": "success", "message": [row("support_out"), row("sales")]});
        let two = live(two).await.unwrap().0;
        assert_eq!(two.campaign, Some("support_out".into()));
        let others = two.extra.get("message").unwrap();
        assert_eq!(
            (others.as_array().unwrap().len(), &others[0]["CampaignName"]),
            (1, &json!("sales"))
        );
        for message in [json!([]), json!("done"), json!(null), json!([{}]), json!({}), json!([7])] {
            let body = json!({"status": "success", "message": message});
            let error = live(body.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
        }
        assert_eq!(
            live(json!({"status": "success"})).await.unwrap_err().kind(),
            ErrorKind::Unreadable
        );
    }

    #[tokio::test(start_paused = true)]
    async fn details_come_as_they_are_and_the_limit_is_one() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"success","message":[{"agentId":"agent01"}]}"#),
            Turn::json(r#"{"message":"Max limit exceeded","status":"error"}"#),
        ]);
        let client = client(&replay);
        let details = client.agents().details("agent01").await.unwrap();
        assert_eq!(details.get("message").unwrap()[0]["agentId"], "agent01");
        assert!(!format!("{details:?}").contains("agent01"));
        let never = crate::core::pace::Patience::Never;
        let error = client.agents().details("agent01").patience(never).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::TooManyRequests));
    }
}
