//! What must never be.

use std::collections::BTreeMap;

use desk::core::call::Direction as DeskDirection;
use desk::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use desk::store::memory::Contents;
use desk::store::{CallReports as _, StoredCall};
use ozonetel_sdk::endpoint::Rate;
use ozonetel_sim::world::{Direction, Leg, PhoneCall, World};

use crate::agents::number_of;
use crate::desks::Desks;
use crate::log::Seen;
use crate::story::{Act, Story};

/// Everything that must never be, and is.
pub(crate) async fn check(desks: &Desks, seen: &Seen, contents: &Contents) -> Vec<String> {
    let world = desks.sim.world();
    let mut found = seen.violations.clone();
    rung_once(&desks.story, &world, seen, contents, &mut found);
    dispositions(&world, seen, contents, &mut found);
    records(&world, contents, &mut found);
    reports(desks, &world, &mut found).await;
    own_calls(&world, seen, &mut found);
    for wait in &seen.long_waits {
        found.push(format!("{} took {:?}", wait.what, wait.took));
    }
    windows(&seen.at_service, &mut found);
    tokens(&seen.tokens, &mut found);
    for id in desks.memory.unlike_their_facts() {
        found.push(format!("call {id} is not what its facts make of it"));
    }
    found
}

fn is_to(call: &PhoneCall, number: &str) -> bool {
    call.direction == Direction::Outbound && call.caller.ends_with(number)
}

/// No number is rung twice for one wish; what is certain about a dial is true, and in the end everything is certain.
fn rung_once(
    story: &Story,
    world: &World,
    seen: &Seen,
    contents: &Contents,
    found: &mut Vec<String>,
) {
    for step in &story.steps {
        let (Act::Dial { wish, .. } | Act::DialWithoutKey { wish, .. }) = step.act else {
            continue;
        };
        let number = number_of(wish);
        let rung = world.calls().iter().filter(|call| is_to(call, &number)).count();
        let rows: Vec<_> =
            contents.dials.iter().filter(|dial| dial.number.as_str().ends_with(&number)).collect();
        // Without a key the same click after a minute is another wish.
        let has_key = matches!(step.act, Act::Dial { .. });
        let allowed = if has_key { 1 } else { rows.len() };
        if rung > allowed {
            found.push(format!("wish {wish} rang {rung} times"));
        }
        if has_key && rows.len() > 1 {
            found.push(format!("wish {wish} has {} rows", rows.len()));
        }
        let happened = rows.iter().filter(|row| row.state.happened()).count();
        let is_certain = rows.iter().all(|row| !row.state.is_undecided());
        if is_certain && happened != rung {
            let states: Vec<_> = rows.iter().map(|row| row.state.as_str()).collect();
            found.push(format!("wish {wish} rang {rung} times, and its rows say {states:?}"));
        }
        let refused = |status: u16| matches!(status, 200 | 202);
        let said = seen.dials.iter().any(|dial| dial.wish == wish && refused(dial.status));
        if said && rung == 0 && is_certain && happened > 0 {
            found.push(format!("wish {wish} was answered with success and rang no one"));
        }
    }
    for dial in contents.dials.iter().filter(|dial| dial.state.is_undecided()) {
        found.push(format!("dial {} is still {}", dial.id, dial.state.as_str()));
    }
    for id in &seen.decided {
        let row = contents.dials.iter().find(|dial| dial.id == *id);
        if !row.is_some_and(|row| row.settled_by.is_some() && row.state.happened()) {
            let state = row.map(|row| row.state.as_str());
            found.push(format!("dial {id} is {state:?}, and not as a supervisor has said"));
        }
    }
    // All calls are over.
    for dial in contents.dials.iter().filter(|dial| dial.is_open) {
        let state = dial.state.as_str();
        found.push(format!("dial {} is {state} and keeps its agent from dialling", dial.id));
    }
}

fn leg_of<'w>(world: &'w World, ucid: u64, agent: &str) -> Option<&'w Leg> {
    let call = world.call(ucid)?;
    let own = |leg: &&Leg| leg.agent.as_deref() == Some(agent);
    let exact = call.legs.iter().find(|leg| leg.ucid == ucid && own(leg));
    exact.or_else(|| call.legs.iter().rfind(own))
}

/// Every disposition that was acknowledged is at the service, on that agent's leg, once, or listed as one that could not
/// be delivered. The record says what the agent said who answered. Nothing waits.
fn dispositions(world: &World, seen: &Seen, contents: &Contents, found: &mut Vec<String>) {
    let mut kept = BTreeMap::<(u64, &str), Vec<&str>>::new();
    for one in &seen.acknowledged {
        let names = kept.entry((one.ucid, one.agent.as_str())).or_default();
        if !names.contains(&one.disposition.as_str()) {
            names.push(&one.disposition);
        }
    }
    for ((ucid, agent), names) in kept {
        let Some(leg) = leg_of(world, ucid, agent) else {
            found.push(format!("{ucid} was disposed of, and is no call of {agent}"));
            continue;
        };
        let stored = record_of(contents, ucid);
        let rows = rows_of(contents, stored, agent);
        let [row] = rows.as_slice() else {
            let count = rows.len();
            found.push(format!("{ucid}: {count} rows of the outbox for what {agent} said of it"));
            continue;
        };
        let has = leg.disposition.as_deref().is_some_and(|name| names.contains(&name));
        match row.state {
            OutboxState::Pending => found.push(format!("{ucid}: its disposition still waits")),
            OutboxState::Sent if !(has && leg.disposed) => {
                let at = leg.disposition.as_deref();
                found.push(format!("{ucid}: {names:?} was sent, and the service has {at:?}"));
            }
            OutboxState::Refused | OutboxState::GivenUp | OutboxState::Already if !leg.disposed => {
                let (state, message) = (row.state, row.message.as_deref());
                found.push(format!(
                    "{ucid}: {names:?} is {state:?} ({message:?}), and not at the service"
                ));
            }
            _ => {}
        }
        let Some(given) = stored.and_then(|call| call.state.disposition.as_ref()) else {
            found.push(format!("{ucid}: its record has no disposition"));
            continue;
        };
        let by = given.agent.as_str();
        if by == agent && !names.contains(&given.said.disposition.as_str()) {
            found.push(format!("{ucid}: its record does not say {names:?}"));
        }
        if by != agent && talked(world, ucid, agent) {
            found.push(format!("{ucid}: its record says what {by} said, and {agent} answered"));
        }
        if by != agent && rows_of(contents, stored, by).is_empty() {
            found.push(format!("{ucid}: its record says what {by} said, which is not sent"));
        }
    }
    for one in &seen.said_already {
        let rows = rows_of(contents, record_of(contents, one.ucid), &one.agent);
        if rows.is_empty() && talked(world, one.ucid, &one.agent) {
            let agent = &one.agent;
            found.push(format!("{}: {agent} answered and could not say how it went", one.ucid));
        }
    }
    for row in contents.outbox.iter().filter(|row| row.state == OutboxState::Pending) {
        found.push(format!("outbox {} still waits: {:?}", row.id, row.message));
    }
}

fn record_of(contents: &Contents, ucid: u64) -> Option<&StoredCall> {
    let text = ucid.to_string();
    contents.calls.iter().find(|call| call.state.ids.contains(&text))
}

/// What has to reach the service of what an agent said about a call.
fn rows_of<'c>(
    contents: &'c Contents,
    call: Option<&StoredCall>,
    agent: &str,
) -> Vec<&'c OutboxEntry> {
    let dispositions = contents
        .outbox
        .iter()
        .filter(|row| row.target == OutboxTarget::Service && row.kind == "disposition");
    let of_call = dispositions.filter(|row| call.is_some_and(|call| call.id == row.call));
    of_call.filter(|row| row.payload["agent"] == agent).collect()
}

/// Whether this agent was the last one to answer a call.
fn talked(world: &World, ucid: u64, agent: &str) -> bool {
    let answered = world.call(ucid).and_then(|call| call.legs.iter().rfind(|leg| leg.answered()));
    answered.is_some_and(|leg| leg.agent.as_deref() == Some(agent))
}

/// The records that speak of a call.
fn records_of<'c>(contents: &'c Contents, call: &PhoneCall) -> Vec<&'c StoredCall> {
    let mut ids: Vec<String> = call.legs.iter().map(|leg| leg.ucid.to_string()).collect();
    ids.push(call.monitor.to_string());
    let of = |stored: &&StoredCall| ids.iter().any(|id| stored.state.ids.contains(id));
    contents.calls.iter().filter(of).collect()
}

/// One record per call, and it says what happened.
fn records(world: &World, contents: &Contents, found: &mut Vec<String>) {
    for call in world.calls().iter() {
        let ucid = call.monitor;
        if call.live() {
            found.push(format!("{ucid} goes on for ever at the service"));
            continue;
        }
        let records = records_of(contents, call);
        let [record] = records.as_slice() else {
            found.push(format!("{ucid} has {} records", records.len()));
            continue;
        };
        let state = &record.state;
        let mut differs = |what: &str, desk: String, service: String| {
            if desk != service {
                found.push(format!(
                    "{ucid}: {what} is {desk} at the desk, {service} at the service"
                ));
            }
        };
        differs("answered", state.is_answered().to_string(), call.answered().to_string());
        differs("ended", state.is_ended().to_string(), true.to_string());
        let is_inbound = state.direction.map(|way| way == DeskDirection::Inbound);
        let inbound = call.direction == Direction::Inbound;
        differs("inbound", format!("{is_inbound:?}"), format!("{:?}", Some(inbound)));
        let number = state.number.as_ref().map_or("", |number| number.as_str());
        let last = |text: &str| text.get(text.len().saturating_sub(10)..).unwrap_or("").to_owned();
        differs("number", last(number), last(&call.caller));
        let answered = call.legs.iter().rfind(|leg| leg.answered());
        if let Some(agent) = answered.and_then(|leg| leg.agent.as_deref()) {
            let own = state.agent.as_ref().map_or("", |agent| agent.as_str());
            differs("agent", own.to_owned(), agent.to_owned());
        }
    }
    let known = |stored: &&StoredCall| {
        let ids = stored.state.ids.iter().filter_map(|id| id.parse().ok());
        ids.into_iter().any(|ucid| world.call(ucid).is_some())
    };
    for stored in contents.calls.iter().filter(|stored| !known(stored)) {
        found.push(format!("record {} is of no call", stored.id));
    }
}

/// The platform has each call once.
async fn reports(desks: &Desks, world: &World, found: &mut Vec<String>) {
    for call in world.calls().iter() {
        let mut ids: Vec<String> = call.legs.iter().map(|leg| leg.ucid.to_string()).collect();
        ids.push(call.monitor.to_string());
        ids.dedup();
        match desks.memory.reports(&ids).await {
            Ok(reports) if reports.len() == 1 => {
                if reports.iter().any(|(report, _)| report.answered != call.answered()) {
                    found.push(format!("{}: the platform has another outcome", call.monitor));
                }
            }
            Ok(reports) => {
                found.push(format!("the platform has {} {} times", call.monitor, reports.len()));
            }
            Err(error) => found.push(format!("the reports cannot be read: {error}")),
        }
    }
}

/// No call is answered by itself that the agent did not ask for.
fn own_calls(world: &World, seen: &Seen, found: &mut Vec<String>) {
    for one in &seen.auto_answered {
        if one.is_inbound {
            found.push(format!("{} was answered by itself, and a customer called", one.ucid));
        }
        let rings = world.call(one.ucid).is_some_and(|call| {
            call.legs.iter().any(|leg| leg.agent.as_deref() == Some(one.agent.as_str()))
        });
        if !rings {
            found.push(format!("{} was answered by {}, whom it did not ring", one.ucid, one.agent));
        }
    }
}

/// No published window is exceeded.
fn windows(at_service: &[(Rate, i64)], found: &mut Vec<String>) {
    let mut by_rate = BTreeMap::<Rate, Vec<i64>>::new();
    for (rate, at) in at_service {
        by_rate.entry(*rate).or_default().push(*at);
    }
    for (rate, mut times) in by_rate {
        let Some((most, seconds)) = rate.limit() else { continue };
        times.sort_unstable();
        let size = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1);
        let is_too_short = |window: &[i64]| {
            let ends = window.first().zip(window.last());
            ends.is_some_and(|(first, last)| last - first < i64::from(seconds) * 1_000)
        };
        if times.windows(size).any(is_too_short) {
            found.push(format!("{} was asked {size} times within its window", rate.name()));
        }
    }
}

/// No two tokens are asked for at once: each ends the one before, which the other desk would go on with.
fn tokens(asked: &[(i64, i64)], found: &mut Vec<String>) {
    let mut asked = asked.to_vec();
    asked.sort_unstable();
    for (one, next) in asked.iter().zip(asked.iter().skip(1)) {
        if next.0 < one.1 {
            found.push(format!("a token was asked for {} ms before another came", one.1 - next.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(check: impl FnOnce(&mut Vec<String>)) -> Vec<String> {
        let mut found = Vec::new();
        check(&mut found);
        found
    }

    #[test]
    fn two_tokens_at_once_are_seen_and_one_after_the_other_are_not() {
        let two = [(100, 200), (0, 150)];
        let found = violations(|found| tokens(&two, found));
        assert_eq!(found, ["a token was asked for 50 ms before another came"]);
        assert!(violations(|found| tokens(&[(0, 100), (100, 200)], found)).is_empty());
    }

    #[test]
    fn a_third_report_within_a_minute_is_seen_and_one_after_it_is_not() {
        let asked =
            |last| [(Rate::Cdr, 20_000), (Rate::Cdr, 0), (Rate::Token, 1), (Rate::Cdr, last)];
        let found = violations(|found| windows(&asked(59_999), found));
        assert_eq!(found, ["cdr was asked 3 times within its window"]);
        assert!(violations(|found| windows(&asked(60_000), found)).is_empty());
    }
}
