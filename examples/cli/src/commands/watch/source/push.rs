//! The service's own events: a receiver to which they are sent, or handed on by `listen --forward`.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use ozonetel_sdk::push::{
    AgentEvent, CallActionKind, CallEvent, EventBody, PushErrorKind, PushEvent, PushReader,
};
use ozonetel_sdk::types::{Zone, redact_number};
use tokio::net::TcpListener;

use super::super::board::{AgentNews, CallNews, CallStage, Change};
use super::Changes;

/// How events are read.
pub(crate) struct EventPlace {
    /// The account's.
    pub(crate) zone: Zone,
    /// How long a call may be silent before it is taken for one whose end was lost.
    pub(crate) silent: Option<SignedDuration>,
    pub(crate) show_numbers: bool,
}

/// How often it is looked for calls that are silent.
const LOOK: Duration = Duration::from_secs(10);

/// Says again and again which calls have ended by their silence.
async fn look_for_silent(silent: SignedDuration, changes: Changes) {
    while changes.send(Change::Silent(silent)).await.is_ok() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Receives until no one listens.
pub(crate) async fn run(
    listener: TcpListener,
    reader: PushReader,
    place: EventPlace,
    changes: Changes,
) {
    let EventPlace { zone, silent, show_numbers } = place;
    if changes.send(Change::Up).await.is_err() {
        return;
    }
    if let Some(silent) = silent {
        tokio::spawn(look_for_silent(silent, changes.clone()));
    }
    let receiver = EventReceiver { reader, zone, show_numbers, changes: changes.clone() };
    let app = Router::new().fallback(receive).with_state(receiver);
    let served = axum::serve(listener, app)
        .with_graceful_shutdown(async move { changes.closed().await })
        .await;
    drop(served);
}

#[derive(Clone)]
struct EventReceiver {
    reader: PushReader,
    zone: Zone,
    show_numbers: bool,
    changes: Changes,
}

async fn receive(
    State(receiver): State<EventReceiver>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> StatusCode {
    match receiver.reader.events(query.as_deref(), &body) {
        Ok(push) => {
            for event in &push.items {
                if let Some(change) = news(event, &receiver.zone, receiver.show_numbers)
                    && receiver.changes.send(change).await.is_err()
                {
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
            }
            StatusCode::OK
        }
        Err(error) if error.kind() == PushErrorKind::Proof => StatusCode::FORBIDDEN,
        Err(error) if error.kind() == PushErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // What is not an event is no news; the sender need not send it again.
        Err(_) => StatusCode::OK,
    }
}

fn news(event: &PushEvent, zone: &Zone, show_numbers: bool) -> Option<Change> {
    // Events arrive late, twice, and in any order.
    let at = event.happened_at().and_then(|at| Timestamp::try_from(at.instant(zone)).ok());
    match &event.what {
        EventBody::Agent(agent) => of_agent(agent, at).map(Change::Agent),
        EventBody::Call(call) => of_call(call, at, show_numbers).map(Change::Call),
        _ => None,
    }
}

fn of_agent(agent: &AgentEvent, at: Option<Timestamp>) -> Option<AgentNews> {
    Some(AgentNews {
        agent: agent.agent_id.as_ref()?.to_string(),
        word: agent.action.as_ref()?.as_str().to_owned(),
        reason: None,
        since: None,
        at,
    })
}

fn of_call(call: &CallEvent, at: Option<Timestamp>, show_numbers: bool) -> Option<CallNews> {
    let agent = call.agent().map(ToString::to_string);
    let stage = match call.action.as_ref()?.kind()? {
        // No agent has been chosen: it waits in the queue.
        CallActionKind::Calling if agent.is_none() => CallStage::Waiting,
        CallActionKind::Calling => CallStage::Ringing,
        CallActionKind::Answered => CallStage::Talking,
        CallActionKind::Disconnect => CallStage::Ended,
        _ => return None,
    };
    let number = call.caller_id.as_ref().map(|caller| {
        if show_numbers { caller.as_str().to_owned() } else { redact_number(caller.as_str()) }
    });
    let answered =
        call.call_status.as_ref().map(|status| status.as_str().eq_ignore_ascii_case("Answered"));
    Some(CallNews {
        id: call
            .call_id
            .map(|id| id.to_string())
            .or_else(|| call.ucid.map(|ucid| ucid.to_string()))?,
        stage,
        caller: number,
        agent,
        campaign: call.campaign_name.as_ref().map(ToString::to_string),
        since: None,
        at,
        answered: answered.filter(|_| stage == CallStage::Ended),
    })
}
