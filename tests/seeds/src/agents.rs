//! Agents with their telephones and pages, and the customers they talk to.

use std::sync::Arc;
use std::time::Duration;

use desk::core::dial::DialState;
use ozonetel_sim::world::{Direction, EventKind, LegSide, PhoneAction, WorldEvent};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::chance::Chance;
use crate::desks::{Answer, Desks, agent_id};
use crate::log::{Acknowledged, AutoAnswered, DialAnswer, SaidAlready};
use crate::run::crash;

/// The number of a wish.
pub(crate) fn number_of(wish: usize) -> String {
    format!("90000{:05}", 1_000 + wish)
}

/// The number of a customer who calls.
pub(crate) fn caller_number(caller: usize) -> String {
    format!("90000{:05}", 500 + caller)
}

/// What agents may say of a call.
const CODES: [&str; 5] =
    ["APPOINTMENT_BOOKED", "FOLLOW_UP_SCHEDULED", "INFO_PROVIDED", "NO_ANSWER", "OTHER"];

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Clicks on a number.
pub(crate) async fn dial(desks: &Desks, (agent, wish, desk): (usize, usize, usize), has_key: bool) {
    let answer = if has_key {
        let key = format!("wish-{wish}");
        let body = json!({"number": number_of(wish)});
        desks.ask(desk, agent, ("/api/calls", Some(&key)), &body).await
    } else {
        let body = json!({"phoneNumber": number_of(wish), "agentId": agent_id(agent)});
        desks.ask(desk, agent, ("/api/ozonetel/dial", None), &body).await
    };
    if let Some(Answer { status, json }) = answer {
        let reason = json["reason"].as_str().map(str::to_owned);
        desks.log.note(|seen| seen.dials.push(DialAnswer { wish, status, reason }));
    }
}

/// Ends the call that an agent is in, by a click.
pub(crate) async fn end(desks: &Desks, agent: usize, desk: usize) {
    let id = agent_id(agent);
    let world = desks.sim.world();
    let live = world.calls().iter().filter(|call| call.live());
    let Some(call) = live.rev().find(|call| call.agents_on().any(|on| on == id)) else { return };
    let path = format!("/api/calls/{}/end", call.ucid());
    desks.ask(desk, agent, (&path, None), &json!({})).await;
}

/// Looks at the service for the dials of unknown outcome, and says of those that have rung that they have.
pub(crate) async fn decide(desks: &Desks, desk: usize) {
    let contents = desks.memory.contents();
    let unknown = contents.dials.iter().filter(|dial| dial.state == DialState::Unknown);
    for dial in unknown {
        let world = desks.sim.world();
        if !world.calls().iter().any(|call| call.uui.trim() == dial.reference) {
            continue;
        }
        let path = format!("/api/dials/{}/settle", dial.id);
        let body = json!({"outcome": "placed", "reason": "seen at the service"});
        let answer = desks.ask(desk, desks.supervisor(), (&path, None), &body).await;
        if answer.is_some_and(|answer| answer.status == 200) {
            desks.log.note(|seen| seen.decided.push(dial.id.clone()));
        }
    }
}

/// Loads an agent's page: its telephone registers anew.
pub(crate) async fn register(desks: &Desks, agent: usize, page: usize) {
    let news = json!({"event": "registered", "page": format!("page-{page}")});
    for desk in 0..desks.story.desks {
        tell(desks, desk, agent, &news).await;
    }
}

async fn tell(desks: &Desks, desk: usize, agent: usize, news: &Value) -> Option<Answer> {
    desks.ask(desk, agent, ("/api/phone/events", None), news).await
}

/// Plays agents and customers until it is dropped.
pub(crate) async fn play(desks: Arc<Desks>, mut events: broadcast::Receiver<WorldEvent>) {
    let mut count = 0_u64;
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => {
                desks.violation("the players missed events".to_owned());
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let (Some(agent), Some(ucid)) = (event.agent.as_deref().and_then(number), event.ucid)
        else {
            continue;
        };
        count += 1;
        let chance = Chance::of(desks.story.seed, ("player", count));
        let desks = Arc::clone(&desks);
        match event.kind {
            EventKind::AgentRinging => drop(tokio::spawn(phone_rings(desks, agent, ucid, chance))),
            EventKind::CustomerRinging => drop(tokio::spawn(customer_is_rung(desks, ucid, chance))),
            EventKind::Answered => drop(tokio::spawn(talk(desks, agent, ucid, chance))),
            EventKind::Ended => drop(tokio::spawn(wrap_up(desks, agent, ucid, chance))),
            _ => {}
        }
    }
}

fn number(id: &str) -> Option<usize> {
    id.strip_prefix("agent")?.parse::<usize>().ok()?.checked_sub(1)
}

/// The page of an agent is on one of the desks, and goes to another one when it gets no answer.
fn desk_of(desks: &Desks, chance: &mut Chance) -> usize {
    usize::try_from(chance.within(0..=1)).unwrap_or(0) % desks.story.desks
}

/// A softphone rings: the desk says what to do.
async fn phone_rings(desks: Arc<Desks>, agent: usize, ucid: u64, mut chance: Chance) {
    let Some((is_inbound, headers)) = invite(&desks, ucid) else { return };
    pass(chance.within(0..=150)).await;
    let desk = desk_of(&desks, &mut chance);
    let news = json!({"event": "invite", "headers": headers, "at": 1, "page": "page"});
    let asked = tell(&desks, desk, agent, &news);
    // Who gets no answer in time asks the agent.
    let asked = tokio::time::timeout(Duration::from_secs(1), asked).await.ok().flatten();
    let answer = asked.as_ref().and_then(|answer| answer.json["answer"].as_str()).unwrap_or("ask");
    let ucid_text = ucid.to_string();
    let action = match answer {
        "auto" => {
            let id = agent_id(agent);
            desks.log.note(|seen| {
                seen.auto_answered.push(AutoAnswered { ucid, agent: id, is_inbound });
            });
            PhoneAction::Answer
        }
        "busy" => PhoneAction::Busy,
        _ if chance.percent(80) => {
            pass(chance.within(500..=6_000)).await;
            PhoneAction::Answer
        }
        _ => {
            pass(20_000).await;
            PhoneAction::NoAnswer
        }
    };
    let done = desks.sim.phone(&ucid_text, LegSide::Agent, action);
    if done.is_ok() && action == PhoneAction::Answer {
        let news = json!({"event": "answered", "ucid": ucid_text});
        tell(&desks, desk, agent, &news).await;
    }
}

/// The headers of the INVITE that rings, and whether a customer calls.
fn invite(desks: &Desks, ucid: u64) -> Option<(bool, Value)> {
    let world = desks.sim.world();
    let call = world.call(ucid)?;
    let mut headers = json!({
        "X-UCID": ucid.to_string(), "X-DID": call.did, "Call-ID": format!("call-{ucid}"),
    });
    let is_inbound = call.direction == Direction::Inbound;
    if is_inbound && !call.caller.is_empty() {
        headers["X-CALLERNO"] = json!(format!("0{}", call.caller));
    }
    if !call.uui.trim().is_empty() {
        headers["X-UUI"] = json!(call.uui.trim());
    }
    Some((is_inbound, headers))
}

async fn customer_is_rung(desks: Arc<Desks>, ucid: u64, mut chance: Chance) {
    pass(chance.within(500..=8_000)).await;
    let action = match chance.within(0..=9) {
        0..=6 => PhoneAction::Answer,
        7 => PhoneAction::Busy,
        _ => PhoneAction::NoAnswer,
    };
    // The call may be over already.
    let _ = desks.sim.customer(&ucid.to_string(), action);
}

async fn talk(desks: Arc<Desks>, agent: usize, ucid: u64, mut chance: Chance) {
    pass(chance.within(500..=30_000)).await;
    let side = if chance.percent(50) { LegSide::Agent } else { LegSide::Customer };
    let text = ucid.to_string();
    if desks.sim.phone(&text, side, PhoneAction::Hangup).is_ok() {
        let desk = desk_of(&desks, &mut chance);
        tell(&desks, desk, agent, &json!({"event": "ended", "ucid": text})).await;
    }
}

/// After a call the agent says how it went, most of the time: once, and again as long as there is no answer.
async fn wrap_up(desks: Arc<Desks>, agent: usize, ucid: u64, mut chance: Chance) {
    if !chance.percent(80) {
        return;
    }
    pass(chance.within(100..=15_000)).await;
    let code = chance.one_of(&CODES).copied().unwrap_or("OTHER");
    if chance.percent(25) {
        // A second click, at the other desk perhaps.
        let (desks, again) = (Arc::clone(&desks), desk_of(&desks, &mut chance));
        let after = chance.within(0..=300);
        tokio::spawn(async move {
            pass(after).await;
            say(&desks, again, agent, ucid, code).await;
        });
    }
    for _ in 0..4 {
        let desk = desk_of(&desks, &mut chance);
        if say(&desks, desk, agent, ucid, code).await {
            return;
        }
        pass(chance.within(1_000..=8_000)).await;
    }
}

/// Says how a call went. Whether that was answered for good.
async fn say(desks: &Arc<Desks>, desk: usize, agent: usize, ucid: u64, code: &str) -> bool {
    if let Some(how) = desks.armed(desk) {
        crash(Arc::clone(desks), desk, how);
    }
    let path = format!("/api/calls/{ucid}/disposition");
    let body = json!({"code": code, "notes": "as agreed"});
    let Some(answer) = desks.ask(desk, agent, (&path, None), &body).await else { return false };
    if matches!(answer.status, 200 | 202) {
        let acknowledged = Acknowledged {
            ucid,
            agent: agent_id(agent),
            code: code.to_owned(),
            disposition: answer.json["disposition"].as_str().unwrap_or_default().to_owned(),
        };
        desks.log.note(|seen| seen.acknowledged.push(acknowledged));
    }
    if answer.json["reason"] == "already_disposed" {
        let said = SaidAlready { ucid, agent: agent_id(agent) };
        desks.log.note(|seen| seen.said_already.push(said));
    }
    matches!(answer.status, 200 | 202 | 422)
}
