//! The simulator: its world, asked for every second. It has no limits.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use ozonetel_sdk::types::redact_number;
use serde::Deserialize;
use url::Url;

use super::super::board::{AgentNews, CallNews, CallStage, Change};
use super::Changes;
use crate::web::Web;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct WorldView {
    agents: Vec<SimAgent>,
    calls: Vec<SimCall>,
}

#[derive(Debug, Deserialize)]
struct SimAgent {
    id: String,
    state: String,
    #[serde(default)]
    pause_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SimCall {
    ucid: String,
    state: String,
    agent: Option<String>,
    caller: Option<String>,
    campaign: Option<String>,
    started: Option<Timestamp>,
    #[serde(default)]
    legs: Vec<SimLeg>,
}

#[derive(Debug, Deserialize)]
struct SimLeg {
    answered: Option<Timestamp>,
}

/// Asks until no one listens.
pub(crate) async fn run(web: Web, base: Url, show_numbers: bool, changes: Changes) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let change = match ask(&web, &base).await {
            Ok(world) => news(world, show_numbers),
            Err(reason) => Change::Down(reason),
        };
        if changes.send(change).await.is_err() {
            return;
        }
    }
}

async fn ask(web: &Web, base: &Url) -> Result<WorldView, String> {
    let url = format!("{}/_sim/state", base.as_str().trim_end_matches('/'));
    let request = http::Request::get(url).body(Bytes::new()).map_err(|error| error.to_string())?;
    let reply = web.send(request).await.map_err(|error| error.to_string())?;
    if !reply.status().is_success() {
        return Err(format!("{} from {base}", reply.status()));
    }
    serde_json::from_slice(&reply.body).map_err(|_| format!("{base} is not a simulator"))
}

fn news(world: WorldView, show_numbers: bool) -> Change {
    let agents = world.agents.into_iter().map(|agent| AgentNews {
        agent: agent.id,
        word: agent.state,
        reason: agent.pause_reason.filter(|reason| !reason.is_empty()),
        since: None,
        at: None,
    });
    let calls = world.calls.into_iter().map(|call| {
        let stage = match call.state.as_str() {
            "queued" => CallStage::Waiting,
            "agent_ringing" | "customer_ringing" => CallStage::Ringing,
            "answered" | "held" => CallStage::Talking,
            "wrap_up" => CallStage::WrapUp,
            _ => CallStage::Ended,
        };
        let was_answered = call.legs.iter().any(|leg| leg.answered.is_some());
        let is_over = matches!(stage, CallStage::WrapUp | CallStage::Ended);
        CallNews {
            id: call.ucid,
            stage,
            caller: call
                .caller
                .map(|caller| if show_numbers { caller } else { redact_number(&caller) }),
            agent: call.agent.filter(|agent| !agent.is_empty()),
            campaign: call.campaign,
            since: call.started.filter(|_| stage == CallStage::Waiting),
            answered: (is_over || was_answered).then_some(was_answered),
            at: None,
        }
    });
    Change::Everything { agents: agents.collect(), calls: calls.collect() }
}
