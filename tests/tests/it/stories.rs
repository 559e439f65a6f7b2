//! Whole stories on the simulator: what a desk does in a day, and what goes wrong while it does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::{CallRecord, CallStatusKind, CallTypeKind, FetchDay, HangupByKind};
use ozonetel_sdk::client::{ClientEvent, Observer};
use ozonetel_sdk::client::{Pacer, Patience};
use ozonetel_sdk::dial::{AgentDial, DialOutcome};
use ozonetel_sdk::endpoint::Endpoint as _;
use ozonetel_sdk::types::ClockDuration;
use ozonetel_sdk::types::Ucid;
use ozonetel_sdk::{Client, ErrorKind, Reason};
use ozonetel_sim::world::{LegSide, PhoneAction, Timestamp};
use ozonetel_sim::{Fault, FaultKind, Sim};
use serde_json::Value;

pub(crate) const DID: &str = "918000000001";

pub(crate) fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

pub(crate) fn sim(mode: AuthMode) -> Sim {
    let start = Timestamp::parse("2026-11-20T10:00:00+05:30").unwrap();
    Sim::builder().mode(mode).seed(11).starting_at(start).build()
}

fn call_state(sim: &Sim, ucid: Ucid) -> Value {
    let state = sim.state();
    let calls = state["calls"].as_array().unwrap();
    calls.iter().find(|call| call["ucid"] == ucid.as_str()).unwrap().clone()
}

fn agent_state(sim: &Sim, id: &str) -> String {
    let state = sim.state();
    let agents = state["agents"].as_array().unwrap();
    agents.iter().find(|agent| agent["id"] == id).unwrap()["state"].as_str().unwrap().to_owned()
}

async fn row(client: &Client, ucid: Ucid) -> CallRecord {
    let call = client.cdr().for_ucid(ucid, client.today()).patience(Patience::Wait);
    let mut rows = call.await.unwrap();
    // Whoever took the call over has a row of its own.
    rows.retain(|row| row.ucid == Some(ucid));
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Login, dial, hold, mute, recording, warm transfer, disposition, and the reports before and after.
async fn a_whole_call(sim: &Sim, client: &Client) {
    client.check().await.unwrap();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let dial = client.dial().agent("agent01", "support_out", "+91 90000 00001").uui("order-7");
    let ucid = dial.await.unwrap().ucid();
    assert_eq!(ucid.as_str().len(), 17);
    sim.advance(seconds(10)).await;
    assert_eq!(call_state(sim, ucid)["state"], "answered");

    let running = row(client, ucid).await;
    assert_eq!(running.ucid, Some(ucid));
    assert_eq!(running.call_id.unwrap().as_str(), ucid.as_str());
    assert_eq!(running.caller_id.as_ref().unwrap().as_str(), "9000000001");
    assert_eq!(running.uui.as_ref().unwrap().as_str(), "order-7");
    assert!(running.hangup_by.is_none() && running.handling_time.is_none(), "{running:?}");

    let control = client.call_control();
    control.hold(ucid, DID, "agent01").await.unwrap();
    assert_eq!(call_state(sim, ucid)["held"], true);
    sim.advance(seconds(5)).await;
    control.unhold(ucid, DID, "agent01").await.unwrap();
    control.mute(ucid, DID, "agent01").await.unwrap();
    assert_eq!(call_state(sim, ucid)["muted"], true);
    control.unmute(ucid, DID, "agent01").await.unwrap();
    client.recording().pause(ucid).await.unwrap();
    sim.advance(seconds(4)).await;
    client.recording().unpause(ucid).await.unwrap();
    sim.advance(seconds(3)).await;
    let call = call_state(sim, ucid);
    assert_eq!((&call["held"], &call["muted"]), (&Value::from(false), &Value::from(false)));
    assert_eq!(call["recording"].as_array().unwrap().len(), 2, "a pause is a gap");

    let transfer = control.transfer(ucid, DID, "agent01", "500001", "9000000002");
    let warm = transfer.warm().await.unwrap();
    sim.advance(seconds(5)).await;
    assert_eq!(call_state(sim, ucid)["conference"][0]["state"], "joined");
    let kicked = warm.complete().await.unwrap();
    assert!(kicked.message.is_some_and(|text| text == "call got disconnected"));
    sim.advance(seconds(8)).await;
    let set = client.disposition().set(ucid, DID, "agent01", "Appointment Booked");
    assert!(!set.comments("on Monday").await.unwrap().is_queued());
    let again = client.disposition().set(ucid, DID, "agent01", "Follow Up").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Refused);
    sim.phone(ucid.as_str(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    sim.advance(seconds(60)).await;

    let done = row(client, ucid).await;
    assert_eq!(done.kind.as_ref().unwrap().kind(), Some(CallTypeKind::Manual));
    assert_eq!(done.status.as_ref().unwrap().kind(), Some(CallStatusKind::Answered));
    assert_eq!(done.hangup_by.as_ref().unwrap().kind(), Some(HangupByKind::Agent));
    assert_eq!(done.disposition.as_ref().unwrap().as_str(), "Appointment Booked");
    assert_eq!(done.comments.as_ref().unwrap().as_str(), "on Monday");
    assert_eq!(done.hold_duration, Some(ClockDuration::from_seconds(5)));
    assert_eq!(done.wrapup_duration, Some(ClockDuration::from_seconds(8)));
    let (talk, handling) = (done.talk_time.unwrap(), done.handling_time.unwrap());
    assert_eq!(handling, talk + ClockDuration::from_seconds(8));
    let span = done.end_time.unwrap().seconds() - done.start_time.unwrap().seconds();
    assert_eq!(done.duration, Some(ClockDuration::from_seconds(span)));

    let figure = client.aht().agent("agent01").await.unwrap().0;
    assert_eq!(figure.aht, Some(handling));
    let of_campaign = client.aht().campaign("support_out").await.unwrap().0;
    assert_eq!(of_campaign.aht, Some(handling));
    let rows = client.summary().for_day(client.today()).agent("agent01").await.unwrap();
    for row in &rows {
        let parts = [
            row.total_busy_time,
            row.total_dial_time,
            row.total_idle_time,
            row.total_pause_time,
            row.total_wrapup_time,
        ];
        let sum: ClockDuration = parts.into_iter().flatten().sum();
        assert_eq!(row.total_login_duration, Some(sum));
    }
    let wrap_up: ClockDuration = rows.iter().filter_map(|row| row.total_wrapup_time).sum();
    assert_eq!(wrap_up, ClockDuration::from_seconds(8));
    let (from, to) = (client.today().start(), client.today().end());
    assert!(client.missed().between(from, to).await.unwrap().is_empty());
    client.agents().logout("agent01", "secret").await.unwrap();
    assert_eq!(["dial", "conference", "kick"].map(|effect| sim.effects(effect)), [1, 1, 1]);
    assert!(sim.requests().iter().all(|entry| entry.status == Some(200)));
}

#[tokio::test(start_paused = true)]
async fn a_whole_call_in_token_mode() {
    let sim = sim(AuthMode::Token);
    a_whole_call(&sim, &sim.client()).await;
    assert_eq!(sim.effects("token"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_whole_call_in_key_mode() {
    let sim = sim(AuthMode::Key);
    a_whole_call(&sim, &sim.client()).await;
    assert_eq!(sim.effects("token"), 0);
}

#[tokio::test]
async fn a_whole_call_over_a_socket() {
    let sim = sim(AuthMode::Token);
    let server = sim.serve().await.unwrap();
    let client = Client::builder().account("acme_support").key("test-key").base_url(server.url());
    let client = client.clock(Arc::new(sim.clock())).build().unwrap();
    a_whole_call(&sim, &client).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_takes_is_missed_and_wrap_up_ends_by_itself() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    let lost = sim.inbound(DID, "9000000003").unwrap();
    sim.advance(seconds(4)).await;
    let today = client.today();
    let missed = client.missed().between(today.start(), today.end()).await.unwrap();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].call_id.unwrap().as_str(), lost.monitor_ucid.to_string());
    assert_eq!(missed[0].campaign.as_ref().unwrap().as_str(), "support_inbound");

    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let dial = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let ucid = dial.ucid();
    sim.advance(seconds(20)).await;
    sim.phone(ucid.as_str(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    let busy = client.dial().agent("agent01", "support_out", "9000000002").await.unwrap_err();
    assert_eq!(busy.reason(), Some(Reason::NotAllowed), "after-call work is not over");
    sim.advance(seconds(121)).await;
    assert_eq!(agent_state(&sim, "agent01").to_lowercase(), "ready");
    let row = row(&client, ucid).await;
    assert_eq!(row.disposition.unwrap().as_str(), "Wrap up time exceeded :120");
    assert_eq!(row.wrapup_duration, Some(ClockDuration::from_seconds(120)));
}

#[tokio::test(start_paused = true)]
async fn a_cold_transfer_leaves_the_customer_with_the_third_party() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let dial = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let ucid = dial.ucid();
    sim.advance(seconds(10)).await;
    let control = client.call_control();
    control.transfer(ucid, DID, "agent01", "500001", "9000000002").cold().await.unwrap();
    let call = call_state(&sim, ucid);
    assert!(call["ended"].is_null(), "{call}");
    let failed = control.transfer(ucid, DID, "agent01", "500001", "12").cold().await.unwrap_err();
    assert!(!failed.error().may_have_happened());
    assert_eq!(sim.effects("conference"), 1);
}

fn limited(sim: &Sim) -> usize {
    let text = |entry: &ozonetel_sim::LogEntry| entry.fault == Some("limit_text");
    sim.requests().iter().filter(|entry| text(entry)).count()
}

#[tokio::test(start_paused = true)]
async fn the_three_report_calls_share_one_window() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    let day = client.today();
    let ucid = "90000000000000001".parse().unwrap();
    client.cdr().for_day(day).await.unwrap();
    client.cdr().page(day, 1, 100).await.unwrap();
    let sent = sim.requests().len();
    let error = client.cdr().for_ucid(ucid, day).patience(Patience::Never).await.unwrap_err();
    assert_eq!((error.kind(), error.ready_in()), (ErrorKind::Paced, Some(seconds(61))));
    let error = client.cdr().for_day(day).patience(Patience::Until(seconds(60))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paced);
    assert_eq!(sim.requests().len(), sent, "no request was spent");
    let before = sim.now();
    client.cdr().for_ucid(ucid, day).patience(Patience::Until(seconds(62))).await.unwrap();
    assert_eq!(sim.now().since(before), seconds(61));
    // Another class is not held up.
    client.aht().agent("agent01").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn programs_that_share_no_window_are_told_by_the_service_and_listen() {
    let sim = sim(AuthMode::Key);
    let (one, other) = (sim.client(), sim.client());
    let day = one.today();
    one.cdr().for_day(day).await.unwrap();
    one.cdr().for_day(day).await.unwrap();
    let told = other.cdr().for_day(day).await.unwrap_err();
    assert_eq!((told.kind(), told.reason()), (ErrorKind::Refused, Some(Reason::TooManyRequests)));
    assert_eq!(told.ready_in(), Some(seconds(60)));
    let sent = sim.requests().len();
    let held = other.cdr().page(day, 1, 10).await.unwrap_err();
    assert_eq!((held.kind(), sim.requests().len()), (ErrorKind::Paced, sent));
    other.cdr().for_day(day).patience(Patience::Wait).await.unwrap();

    let pacer = Pacer::default();
    let sharing = || sim.client_builder().pacer(pacer.clone()).build().unwrap();
    sim.advance(seconds(120)).await;
    let (one, other) = (sharing(), sharing());
    one.cdr().for_day(day).await.unwrap();
    other.cdr().for_day(day).await.unwrap();
    let sent = sim.requests().len();
    assert_eq!(one.cdr().for_day(day).await.unwrap_err().kind(), ErrorKind::Paced);
    assert_eq!(sim.requests().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_patient_caller_waits_for_a_limit_that_the_service_names() {
    for kind in [FaultKind::LimitText, FaultKind::LimitStatus] {
        let sim = sim(AuthMode::Token);
        let client = sim.client();
        sim.fault(Fault::new(kind).on(FetchDay::SPEC.path));
        let before = sim.now();
        client.cdr().for_day(client.today()).patience(Patience::Wait).await.unwrap();
        assert_eq!(sim.now().since(before), seconds(60));
        assert_eq!(sim.faults_waiting(), 0);
        // A dial waits for nothing: a refusal is an answer, and the caller decides.
        client.agents().login("agent01", "secret", "500001").await.unwrap();
        sim.fault(Fault::new(kind).on(AgentDial::SPEC.path));
        let dial = client.dial().agent("agent01", "support_out", "9000000001");
        let error = dial.patience(Patience::Wait).await.unwrap_err();
        assert_eq!(error.ready_in(), Some(seconds(60)));
        assert!(limited(&sim) <= 2 && sim.effects("dial") == 0);
    }
}

#[derive(Debug, Clone, Default)]
struct Watching(Arc<Mutex<Vec<String>>>);

impl Observer for Watching {
    fn on(&self, event: &ClientEvent<'_>) {
        if let ClientEvent::Abandoned { spec, reference, may_have_happened: true, .. } = event {
            self.0.lock().unwrap().push(format!("{} {}", spec.name, reference.unwrap_or("-")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_is_dropped_on_its_way_is_reported() {
    let sim = sim(AuthMode::Token);
    let watching = Watching::default();
    let client = sim.client_builder().observer(Arc::new(watching.clone())).build().unwrap();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let told = || watching.0.lock().unwrap().clone();
    let dial = || client.dial().agent("agent01", "support_out", "9000000001").uui("order-7");

    drop(dial());
    drop(dial().send());
    assert_eq!((told().len(), sim.effects("dial")), (0, 0));

    sim.fault(Fault::new(FaultKind::Delay).on(AgentDial::SPEC.path).delay(seconds(20)));
    let gone = tokio::time::timeout(seconds(1), dial().send()).await;
    assert!(gone.is_err());
    assert_eq!(told(), ["dial.agent order-7"]);
    assert_eq!(sim.effects("dial"), 1, "the phone rings all the same");

    // A report may be asked for again: nothing to tell.
    sim.fault(Fault::new(FaultKind::Delay).on(FetchDay::SPEC.path).delay(seconds(20)));
    let day = client.today();
    let gone = tokio::time::timeout(seconds(1), client.cdr().for_day(day).send()).await;
    assert!(gone.is_err());
    assert_eq!(told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_dial_is_settled_by_its_reference() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    for (kind, rang) in [(FaultKind::CloseAfter, true), (FaultKind::CloseBefore, false)] {
        let reference = format!("order-{}", kind.word());
        sim.fault(Fault::new(kind).on(AgentDial::SPEC.path));
        let dial = client.dial().agent("agent01", "support_out", "9000000001");
        let DialOutcome::Unknown(error) = dial.uui(reference.as_str()).outcome().await else {
            panic!("{kind:?} leaves the outcome open");
        };
        assert_eq!(error.reference(), Some(reference.as_str()));
        assert!(error.advice().unwrap().contains("UUI"));
        let rows = client.cdr().for_day(client.today()).patience(Patience::Wait).await.unwrap();
        let found = rows.iter().any(|row| {
            row.uui.as_ref().is_some_and(|uui| uui.as_str() == error.reference().unwrap())
        });
        assert_eq!(found, rang, "{kind:?}");
        sim.advance(seconds(300)).await;
    }
    assert_eq!(sim.effects("dial"), 1);
}

async fn a_call_of_today(sim: &Sim, client: &Client) -> Ucid {
    let dial = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let ucid = dial.ucid();
    sim.advance(seconds(10)).await;
    sim.phone(ucid.as_str(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    sim.advance(seconds(200)).await;
    ucid
}

#[tokio::test(start_paused = true)]
async fn days_are_read_in_order_and_go_on_where_they_stopped() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let first = client.today();
    let mut calls = Vec::new();
    for _ in 0..4 {
        for _ in 0..3 {
            calls.push(a_call_of_today(&sim, &client).await);
        }
        sim.advance(seconds(86_400 - 3 * 210)).await;
    }
    let last = client.today();
    assert_eq!(first.days_until(last), 4);
    // Whole days, oldest first, newest row first within each.
    let in_order: Vec<Ucid> = calls.chunks(3).flat_map(|day| day.iter().rev().copied()).collect();

    let mut days = client.cdr().for_days(first, last);
    let mut rows = Vec::new();
    while rows.len() < 6 {
        rows.push(days.try_next().await.unwrap().unwrap().ucid.unwrap());
    }
    // The third day breaks off in the middle of its second row.
    sim.fault(Fault::new(FaultKind::Cut).on(FetchDay::SPEC.path));
    rows.push(days.try_next().await.unwrap().unwrap().ucid.unwrap());
    let error = days.try_next().await.unwrap_err();
    assert_eq!((error.kind(), error.row()), (ErrorKind::Unreadable, Some(2)));
    assert!(days.try_next().await.unwrap().is_none());
    assert_eq!(rows, in_order[..7]);
    let unfinished = days.unfinished().unwrap();
    assert_eq!(unfinished, first.next().next());

    let mut again = client.cdr().for_days(unfinished, last);
    let mut rest = Vec::new();
    while let Some(row) = again.try_next().await.unwrap() {
        rest.push(row.ucid.unwrap());
    }
    assert_eq!(again.unfinished(), None);
    assert_eq!(rest, in_order[6..], "the broken day is read again from its beginning");
}

#[tokio::test(start_paused = true)]
async fn fifteen_days_take_seven_minutes_and_no_refusal() {
    let sim = sim(AuthMode::Token);
    let client = sim.client();
    let last = client.today();
    let first = (0..14).fold(last, |day, _| day.previous());
    let before = sim.now();
    let mut days = client.cdr().for_days(first, last);
    assert!(days.try_next().await.unwrap().is_none());
    assert_eq!(days.unfinished(), None);
    let requests = sim.requests();
    let reports: Vec<_> =
        requests.iter().filter(|entry| entry.path == FetchDay::SPEC.path).collect();
    assert_eq!(reports.len(), 15);
    assert!(reports.iter().all(|entry| entry.status == Some(200)));
    // The limit's minute, and the margin of a second.
    assert_eq!(sim.now().since(before), seconds(7 * 61));
}
