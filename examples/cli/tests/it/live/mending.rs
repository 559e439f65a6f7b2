//! The setting that an assumption names makes a client work with a service that contradicts it.

use std::time::Duration;

use ozonetel_sdk::agents::{FetchDetails, FetchLoginStatus, Login};
use ozonetel_sdk::aht::AgentAht;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::cdr::FetchDay;
use ozonetel_sdk::endpoint::{Endpoint, Envelope, Input, Payload, ServiceMessage, Spec};
use ozonetel_sdk::summary::FetchSummary;
use ozonetel_sdk::types::{Ucid, Zone};
use ozonetel_sdk::{Client, ClientBuilder};
use ozonetel_sim::world::Contradiction;
use serde::{Deserialize, Serialize};

use super::{Desk, Kind, verdicts};

/// The agent of the calls here.
const AGENT: &str = "agent04";

/// A description of an endpoint with another envelope.
const fn read_as(mut spec: Spec, envelope: Envelope) -> Spec {
    spec.envelope = envelope;
    spec
}

static SUMMARY: Spec =
    read_as(FetchSummary::SPEC, Envelope::of(&["success"], Payload::RowsAt(&["rows"])));
static AHT: Spec = read_as(AgentAht::SPEC, Envelope::of(&["success"], Payload::Whole));
static DAY: Spec = read_as(FetchDay::SPEC, Envelope::of(&["success"], Payload::Whole));
static DETAILS: Spec = read_as(FetchDetails::SPEC, Envelope::of(&["success"], Payload::Plain));
static STATUS: Spec = read_as(FetchLoginStatus::SPEC, Envelope::of(&["success"], Payload::Whole));

/// A login whose parameters travel as JSON.
#[derive(Serialize, Deserialize)]
struct JsonLogin {
    #[serde(rename = "phoneNumber")]
    phone_number: String,
    #[serde(skip, default = "password")]
    password: Secret,
}

fn password() -> Secret {
    Secret::from("secret")
}

impl Endpoint for JsonLogin {
    const SPEC: Spec = {
        let mut spec = Login::SPEC;
        spec.input = Input::Json;
        spec
    };
    type Reply = ServiceMessage;

    fn agent(&self) -> Option<(&str, &Secret)> {
        Some((AGENT, &self.password))
    }
}

fn client(desk: &Desk, set: impl Fn(ClientBuilder) -> ClientBuilder) -> Client {
    set(desk.sim.client_builder()).build().unwrap()
}

/// A call that is up.
async fn talking(desk: &Desk, client: &Client) -> Ucid {
    client.agents().login(AGENT, "secret", "500004").await.unwrap();
    let dialed = client.dial().agent(AGENT, "support_out", "9000000051").await.unwrap();
    desk.sim.advance(Duration::from_secs(5)).await;
    dialed.ucid()
}

/// The client works once the setting is set.
pub(super) async fn works(one: Contradiction, desk: &Desk) {
    // A minute later, so that no window is used up.
    desk.sim.advance(Duration::from_secs(61)).await;
    match one {
        Contradiction::MissedRangeFields
        | Contradiction::SummaryFilterFields
        | Contradiction::CdrPageFields
        | Contradiction::CdrEndOfToday
        | Contradiction::BlockNumbersField
        | Contradiction::BlockNumbersSeparator => names(one, desk).await,
        Contradiction::RecordingOuterStatus
        | Contradiction::DispositionSecondText
        | Contradiction::CallControlKeyHeader
        | Contradiction::ZoneAccount => calls(one, desk).await,
        Contradiction::MdlSessionFields => {
            let to = desk.reports().display().to_string();
            let check = ["live", "check", "--yes", "--to", &to, "--agent", "agent01"];
            let ran =
                desk.json(&[&check[..], &["--us-id-field", "sessionKey"]].concat()).await.done();
            assert_eq!(verdicts(&ran)["mdl.session-fields"], "holds", "{ran:?}");
        }
        Contradiction::MdlInviteTarget => {
            // The desk's DESK_AGENT_SOCKET=browser: no server holds the socket, and the dial goes over REST.
            let ran = desk.check(Kind::SigningIn).await;
            assert_eq!(ran.code, 8, "what the call showed is kept: {ran:?}");
            let client = client(desk, |builder| builder);
            talking(desk, &client).await;
        }
        Contradiction::CallControlOnline
        | Contradiction::DialVirtualLogin
        | Contradiction::AgentsStateOnline => kept_apart(one, desk).await,
        _ => shapes(one, desk).await,
    }
}

/// Agents at the toolbar and offline ones are two kinds.
async fn kept_apart(one: Contradiction, desk: &Desk) {
    let client = client(desk, |builder| builder);
    match one {
        Contradiction::CallControlOnline => {
            let (did, number) = ("918000000002", "9000000051");
            let dialed = client.dial().phone(AGENT, did, number).await.unwrap();
            desk.sim.advance(Duration::from_secs(5)).await;
            client.call_control().hold(dialed, did, AGENT).await.unwrap();
        }
        Contradiction::DialVirtualLogin => {
            assert_eq!(desk.sim.effects("dial"), 0, "no one was rung");
            desk.sim.change(|world| world.toolbar_login(AGENT, "secret")).unwrap();
            client.dial().agent(AGENT, "support_out", "9000000051").await.unwrap();
        }
        _ => {
            desk.sim.change(|world| world.toolbar_login(AGENT, "secret")).unwrap();
            let error = client.agents().ready(AGENT).await.unwrap_err();
            assert_eq!(error.service_text(), Some("Agent is not Logged In"));
            client.agents().login("agent03", "secret", "500003").await.ok();
            client.agents().ready("agent03").await.unwrap();
        }
    }
}

async fn names(one: Contradiction, desk: &Desk) {
    let today = desk.sim.client().today();
    match one {
        Contradiction::MissedRangeFields => {
            let client = client(desk, |builder| {
                let builder = builder.field_name("missed.fetch", "fromTime", "startTime");
                builder.field_name("missed.fetch", "toTime", "endTime")
            });
            let missed = client.missed();
            let day = missed.between(today.start(), today.end()).by_range().await.unwrap();
            assert!(!day.inside.is_empty() && day.outside.is_empty());
            let first = day.inside.iter().filter_map(|row| row.call_time).min().unwrap();
            let before = missed.between(today.start(), first).by_range().await.unwrap();
            assert!(before.inside.len() < day.inside.len() && before.outside.is_empty());
        }
        Contradiction::SummaryFilterFields => {
            let client =
                client(desk, |builder| builder.field_name("summary.fetch", "agentId", "agent"));
            let rows = client.summary().for_day(today).agent("agent02").await.unwrap();
            let of = |row: &ozonetel_sdk::summary::AgentSummary| {
                row.agent_unique_id.as_ref().is_some_and(|agent| agent.as_str() == "agent02")
            };
            assert!(!rows.is_empty() && rows.iter().all(of));
        }
        Contradiction::CdrPageFields => {
            let client = client(desk, |builder| {
                let builder = builder.field_name("cdr.fetch_page", "pageNo", "page");
                builder.field_name("cdr.fetch_page", "pageSize", "limit")
            });
            assert_eq!(client.cdr().page(today, 2, 1).await.unwrap().len(), 1);
        }
        Contradiction::CdrEndOfToday => {
            let client = desk.sim.client();
            let now = client.zone().stamp(client.clock().now());
            let rows = client.call(FetchDay::new(today.start(), now)).await.unwrap();
            assert!(!rows.is_empty());
        }
        _ => blocked(one, desk).await,
    }
}

async fn blocked(one: Contradiction, desk: &Desk) {
    let client = client(desk, |builder| match one {
        Contradiction::BlockNumbersField => {
            builder.field_name("block_numbers.delete", "blockNumbers", "blockNumber")
        }
        _ => builder,
    });
    let numbers = ["9000000031", "9000000032"];
    let joined = "9000000031;9000000032";
    let semicolons = one == Contradiction::BlockNumbersSeparator;
    let create = client.block_numbers().create("evening", numbers);
    let create = if semicolons { create.field("blockNumbers", joined) } else { create };
    assert_eq!(create.await.unwrap().taken().len(), 2);
    let delete = client.block_numbers().delete(numbers);
    let delete = if semicolons { delete.field("blockNumbers", joined) } else { delete };
    assert_eq!(delete.await.unwrap().taken().len(), 2);
}

async fn shapes(one: Contradiction, desk: &Desk) {
    let sim = desk.sim.client();
    let (from, to) = (sim.today().start().to_string(), sim.today().end().to_string());
    match one {
        Contradiction::SummaryRowsPlace => {
            let rows = sim.raw(&SUMMARY, [("fromDate", from), ("toDate", to)]).await.unwrap();
            assert!(rows.as_array().is_some_and(|rows| rows.len() > 1), "{rows}");
        }
        Contradiction::AhtNesting => {
            let answer = sim.raw(&AHT, [("agentId", "agent02")]).await.unwrap();
            assert!(answer["message"]["result"]["AHT"].is_string(), "{answer}");
        }
        Contradiction::CdrRowDialects => {
            let day = sim.today().previous();
            let fields = [("fromDate", day.start().to_string()), ("toDate", day.end().to_string())];
            let answer = sim.raw(&DAY, fields).await.unwrap();
            assert!(answer["details"][0]["LegNumber"].is_string(), "{answer}");
        }
        Contradiction::PathLetterCase => {
            let client =
                client(desk, |builder| builder.path("agents.details", "/ca_apis/agentdetails"));
            client.agents().details("agent02").await.unwrap();
        }
        Contradiction::AnswerOpen => {
            let answer = sim.raw(&DETAILS, [("agentId", "agent02")]).await.unwrap();
            assert_eq!(answer, "success: see the console");
        }
        Contradiction::LoginStatusShape => {
            let answer = sim.raw(&STATUS, [("agentID", "agent02")]).await.unwrap();
            assert_eq!(answer["result"][0]["AgentId"], "agent02", "{answer}");
        }
        Contradiction::AgentsLoginForm => {
            let login = JsonLogin { phone_number: "500004".into(), password: password() };
            let said = sim.call(login).field("action", "login").await.unwrap();
            assert!(said.as_str().contains("logged in"), "{said:?}");
        }
        other => panic!("{other:?} is not mended"),
    }
}

async fn calls(one: Contradiction, desk: &Desk) {
    let client = client(desk, |builder| match one {
        Contradiction::CallControlKeyHeader => builder.key_header("call_control.hold", "api_key"),
        Contradiction::ZoneAccount => builder.zone("UTC".parse::<Zone>().unwrap()),
        _ => builder,
    });
    let ucid = talking(desk, &client).await;
    match one {
        Contradiction::CallControlKeyHeader => {
            client.call_control().hold(ucid, "918000000001", AGENT).await.unwrap();
        }
        Contradiction::RecordingOuterStatus => {
            // A refusal, whose text says what happened.
            let error = client.recording().pause(ucid).await.unwrap_err();
            assert_eq!(error.service_text(), Some("paused monitoring of the channel"));
        }
        Contradiction::DispositionSecondText => {
            for _ in 0..2 {
                let disposed = client.disposition().set(ucid, "918000000001", AGENT, "Follow Up");
                disposed.await.unwrap();
            }
        }
        _ => {
            super::hang_up(&desk.sim);
            desk.sim.advance(Duration::from_secs(30)).await;
            let rows = client.cdr().for_ucid(ucid, client.today()).await.unwrap();
            let begun = rows[0].start_time.unwrap();
            let now = client.zone().stamp(client.clock().now());
            let apart = jiff::civil::DateTime::from(now)
                .duration_since(client.today().at(begun).into())
                .as_secs();
            assert!((0..600).contains(&apart), "{apart} s");
        }
    }
}
