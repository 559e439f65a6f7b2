//! Agent state summary: how long an agent was busy, idle, paused, per day and mode.
//!
//! One row per agent, day and mode, so an agent's totals have to be summed over the modes. Five requests a minute, 30
//! days at most per request. The names of the filters are not documented: `agentId` and `modeType` are assumed and can
//! be renamed with [`ClientBuilder::field_name`](crate::ClientBuilder::field_name).

use serde::{Deserialize, Serialize, Serializer};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{Endpoint, Envelope, Method, Payload, Rate, Rows, Spec};
use crate::types::ids::AgentId;
use crate::types::invalid::Invalid;
use crate::types::wire::{ClockDuration, Day, LocalDateTime, SensitiveText, record, string_enum};

/// The summary of a stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchSummary {
    /// From, inclusive.
    #[serde(rename = "fromDate")]
    pub from: LocalDateTime,
    /// To, inclusive.
    #[serde(rename = "toDate")]
    pub to: LocalDateTime,
    /// Only these agents, separated by commas.
    #[serde(rename = "agentId", default)]
    pub agents: Option<String>,
    /// Only these modes, separated by commas. A known word goes out in the page's spelling.
    #[serde(rename = "modeType", default, serialize_with = "filter_modes")]
    pub modes: Option<String>,
}

/// The modes in the page's spelling.
#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn filter_modes<S: Serializer>(modes: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    let spelled = |word: &str| {
        let mode = ModeType::from(word);
        mode.kind().map_or(mode, ModeType::from).as_str().to_owned()
    };
    let words =
        modes.as_ref().map(|modes| modes.split(',').map(spelled).collect::<Vec<_>>().join(","));
    words.serialize(to)
}

string_enum! {
    /// The mode that an agent was in.
    ModeType, ModeTypeKind {
        /// Takes inbound calls.
        Inbound = ["Inbound", "InBound"],
        /// Dials manually.
        Manual = ["Manual"],
        /// Both.
        Blended = ["Blended"],
    }
}

record! {
    /// One agent on one day in one mode. A row whose day or mode cannot be read is kept without it; what came is in
    /// [`extra`](field@Self::extra), under the field's name and `_text`.
    pub struct AgentSummary {
        /// The agent's number, as text.
        agent_incr_id: String = "AgentIncrID",
        /// The agent's name.
        agent_name: SensitiveText = "AgentName",
        /// The agent's login id; in a callback the field of this name is the number.
        agent_unique_id: AgentId = "AgentUniqueID",
        /// The day.
        call_date: Day = "CallDate" or text,
        /// The mode.
        mode_type: ModeType = "ModeType" or text,
        /// In calls.
        total_busy_time: ClockDuration = "TotalBusyTime",
        /// Dialing.
        total_dial_time: ClockDuration = "TotalDialTime",
        /// Waiting for calls.
        total_idle_time: ClockDuration = "TotalIdleTime",
        /// Logged in: the sum of the other five.
        total_login_duration: ClockDuration = "TotalLoginDuration",
        /// Paused.
        total_pause_time: ClockDuration = "TotalPauseTime",
        /// In after-call work.
        total_wrapup_time: ClockDuration = "TotalWrapupTime",
    }
}

const KEYS: &[&str] = &["message", "data", "details"];

impl Endpoint for FetchSummary {
    const SPEC: Spec = Spec {
        name: "summary.fetch",
        title: "Agent state summary",
        method: Method::Post,
        path: "/ca_reports/summaryReport",
        rate: Rate::Summary,
        envelope: Envelope {
            success_words: &["success"],
            payload: Payload::RowsAt(KEYS),
            empty_messages: &["No Data Found"],
        },
        docs: "https://docs.ozonetel.com/reference/post_ca-reports-summaryreport-2",
        ..Spec::DEFAULT
    };
    type Reply = Vec<AgentSummary>;
    const ROW_FIELDS: &'static [&'static str] = AgentSummary::FIELDS;

    fn check(&self) -> Result<(), Invalid> {
        if self.from > self.to {
            return Err(Invalid::new("fromDate", "is later than toDate"));
        }
        if self.from.day().days_until(self.to.day()) > 30 {
            return Err(Invalid::new("toDate", "is more than 30 days after fromDate"));
        }
        Ok(())
    }
}

impl Rows for FetchSummary {
    type Row = AgentSummary;
    const KEYS: &'static [&'static str] = KEYS;
}

/// Agent state summary: see [`Client::summary`].
#[derive(Debug, Clone, Copy)]
pub struct Summary<'c>(pub(crate) &'c Client);

impl Client {
    /// Agent state summary.
    pub fn summary(&self) -> Summary<'_> {
        Summary(self)
    }
}

impl<'c> Summary<'c> {
    /// The summary of one day in the account's zone.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// sim.advance(std::time::Duration::from_secs(600)).await;
    /// let rows = client.summary().for_day(client.today()).agent("agent01").await?;
    /// let login: ozonetel_sdk::types::ClockDuration = rows.iter().filter_map(|row| row.total_login_duration).sum();
    /// assert!(login.seconds() >= 600);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call. "No Data Found", which the service reports as an error, is an empty list.
    pub fn for_day(&self, day: Day) -> Call<'c, FetchSummary> {
        self.between(day.start(), day.end())
    }

    /// The summary of at most 30 days.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// sim.advance(std::time::Duration::from_secs(60)).await;
    /// let (from, to) = (client.today().start(), client.today().end());
    /// let rows = client.summary().between(from, to).await?;
    /// assert_eq!(rows[0].agent_unique_id.as_ref().unwrap().as_str(), "agent01");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`for_day`](Self::for_day).
    pub fn between(&self, from: LocalDateTime, to: LocalDateTime) -> Call<'c, FetchSummary> {
        Call::new(self.0, Ok(FetchSummary { from, to, agents: None, modes: None }))
    }
}

setters! { FetchSummary {
    /// Only this agent.
    agent(agent: impl Into<AgentId>) => agents = agent.into().as_str().to_owned();
    /// Only this mode.
    mode(mode: impl Into<ModeType>) => modes = mode.into().as_str().to_owned();
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test(start_paused = true)]
    async fn a_filter_has_the_pages_spelling_of_a_mode() {
        let none = || Turn::json(r#"{"status":"error","message":"No Data Found"}"#);
        let replay = Replay::new([none(), none(), none()]);
        let client = client(&replay);
        let day = client.today();
        client.summary().for_day(day).mode("blended").await.unwrap();
        client.summary().for_day(day).mode("Outbound").await.unwrap();
        let (from, to) = (day.start(), day.end());
        let modes = Some("inbound,MANUAL,x".to_owned());
        client.call(FetchSummary { from, to, agents: None, modes }).await.unwrap();
        for (at, want) in ["Blended", "Outbound", "Inbound,Manual,x"].into_iter().enumerate() {
            assert_eq!(asked(&replay, at)["modeType"], *want);
        }
    }
}
