//! The agent socket: one agent's own state and calls.

use futures_util::StreamExt as _;
use ozonetel_sdk::mdl::{CallPush, LinkState, SocketEvent, SocketEvents, SocketPush, Token};
use ozonetel_sdk::types::redact_number;

use super::super::board::{AgentNews, CallNews, CallStage, Change};
use super::Changes;

/// Reads until the link ends or no one listens.
pub(crate) async fn run(
    mut events: SocketEvents,
    agent: String,
    show_numbers: bool,
    changes: Changes,
) {
    while let Some(item) = events.next().await {
        let news = match item {
            Ok(SocketEvent::Link(LinkState::Up)) => vec![Change::Up],
            Ok(SocketEvent::Link(LinkState::Waiting { cause, .. })) => {
                vec![Change::Down(cause.as_str().to_owned())]
            }
            Ok(SocketEvent::Push(token)) => news(&token, &agent, show_numbers),
            Ok(_) => Vec::new(),
            Err(error) => vec![Change::Down(error.summary())],
        };
        for change in news {
            if changes.send(change).await.is_err() {
                return;
            }
        }
    }
    // With no one left to listen, there is nothing to say.
    let _ = changes.send(Change::Down("the socket has ended".to_owned())).await;
}

fn news(token: &Token, agent: &str, show_numbers: bool) -> Vec<Change> {
    let mut news = Vec::new();
    if let Some(status) = token.agent_status() {
        news.push(Change::Agent(AgentNews {
            agent: agent.to_owned(),
            word: status.as_str().to_owned(),
            reason: None,
            since: None,
            at: None,
        }));
    }
    let of = |call: &CallPush, stage: CallStage, answered: Option<bool>| {
        let id = call.ucid.map(|ucid| ucid.to_string())?;
        let caller = call.caller_id.as_ref().map(|caller| {
            if show_numbers { caller.as_str().to_owned() } else { redact_number(caller.as_str()) }
        });
        Some(Change::Call(CallNews {
            id,
            stage,
            caller,
            agent: Some(agent.to_owned()),
            campaign: call.campaign.as_ref().map(ToString::to_string),
            since: None,
            answered,
            at: None,
        }))
    };
    match token.push() {
        SocketPush::Answered(call) => news.extend(of(&call, CallStage::Talking, Some(true))),
        SocketPush::Dropped(call) => news.extend(of(&call, CallStage::Ended, Some(false))),
        _ => {}
    }
    news
}
