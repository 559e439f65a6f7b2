//! Settling unknown dials, on the simulator, with time under control.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::cdr::FetchDay;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{AgentDial, DialOutcome, DialSettlement, DialWindow};
use ozonetel_sdk::endpoint::Endpoint as _;
use ozonetel_sdk::types::Ucid;
use ozonetel_sdk::{Client, Error, ErrorKind};
use ozonetel_sim::world::Timestamp;
use ozonetel_sim::{Fault, FaultKind, Sim};

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// A simulator that starts at a time of the account's zone, and its client with an agent logged in.
async fn at(start: &str) -> (Sim, Client) {
    let start = Timestamp::parse(&format!("{start}+05:30")).unwrap();
    let sim = Sim::builder().seed(1).starting_at(start).build();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    (sim, client)
}

/// A dial that the connection breaks under, before it takes effect or after.
async fn unknown(sim: &Sim, client: &Client, kind: FaultKind) -> Error {
    sim.fault(Fault::new(kind).on(AgentDial::SPEC.path));
    match dial(client).await {
        DialOutcome::Unknown(error) => error,
        other => panic!("{kind:?} leaves the outcome open, and it was {other}"),
    }
}

async fn dial(client: &Client) -> DialOutcome {
    client.dial().agent("agent01", "support_out", "9000000001").uui("order-7").outcome().await
}

fn window(client: &Client, error: &Error) -> DialWindow {
    DialWindow::of(error, client.clock().now())
}

async fn settle(client: &Client, window: DialWindow) -> DialSettlement {
    client.settle("order-7", window).patience(Patience::Wait).await.unwrap()
}

fn only(settlement: &DialSettlement) -> Ucid {
    match settlement {
        DialSettlement::Happened { ucid, others } if others.is_empty() => *ucid,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_rang_is_found_at_once() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let error = unknown(&sim, &client, FaultKind::CloseAfter).await;
    let ucid = only(&settle(&client, window(&client, &error)).await);
    assert!(sim.world().call(ucid.as_str().parse().unwrap()).is_some());
    assert_eq!(sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_never_rang_is_proved_only_when_its_window_has_closed() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let error = unknown(&sim, &client, FaultKind::CloseBefore).await;
    let window = window(&client, &error).rows_within(minutes(10));
    let until = window.closes();
    assert_eq!(settle(&client, window).await, DialSettlement::StillUnknown { until });
    sim.advance(minutes(9)).await;
    assert_eq!(settle(&client, window).await, DialSettlement::StillUnknown { until });
    sim.advance(minutes(1)).await;
    assert_eq!(settle(&client, window).await, DialSettlement::DidNotHappen);
    assert_eq!(sim.effects("dial"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_comes_late_is_found_within_the_window() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let error = unknown(&sim, &client, FaultKind::CloseBefore).await;
    let window = window(&client, &error);
    assert!(matches!(settle(&client, window).await, DialSettlement::StillUnknown { .. }));
    // The service carries the request out late.
    sim.advance(minutes(2)).await;
    let DialOutcome::Accepted(late) = dial(&client).await else { panic!("the agent is free") };
    assert_eq!(only(&settle(&client, window).await), late);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_fails_proves_nothing() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let error = unknown(&sim, &client, FaultKind::CloseBefore).await;
    let window = window(&client, &error);
    sim.advance(minutes(10)).await;
    for (status, kind) in [(200, ErrorKind::Unreadable), (403, ErrorKind::Status)] {
        let fault = if status == 200 { FaultKind::Html } else { FaultKind::Status };
        sim.fault(Fault::new(fault).on(FetchDay::SPEC.path).status(status));
        let failed = client.settle("order-7", window).patience(Patience::Wait).await.unwrap_err();
        assert_eq!((failed.kind(), sim.faults_waiting()), (kind, 0));
    }
    let spent = client.settle("order-7", window).patience(Patience::Never);
    assert_eq!(spent.await.unwrap_err().kind(), ErrorKind::Paced);
    sim.advance(minutes(2)).await;
    assert_eq!(settle(&client, window).await, DialSettlement::DidNotHappen);
}

#[tokio::test(start_paused = true)]
async fn two_calls_with_one_reference_are_both_named() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let error = unknown(&sim, &client, FaultKind::CloseAfter).await;
    let window = window(&client, &error);
    sim.advance(minutes(1)).await;
    client.agents().login("agent02", "secret", "500002").await.unwrap();
    let again = client.dial().agent("agent02", "support_out", "9000000002").uui("order-7");
    let DialOutcome::Accepted(second) = again.outcome().await else { panic!("the agent is free") };
    let DialSettlement::Happened { ucid, others } = settle(&client, window).await else {
        panic!("it happened")
    };
    assert_ne!(ucid, second);
    assert_eq!(others, [second]);
}

#[tokio::test(start_paused = true)]
async fn a_call_from_before_midnight_is_found_after_it() {
    let (sim, client) = at("2026-11-20T23:59:30").await;
    let error = unknown(&sim, &client, FaultKind::CloseAfter).await;
    let window = window(&client, &error);
    let at_once = only(&settle(&client, window).await);
    sim.advance(minutes(2)).await;
    assert_eq!(client.today().to_string(), "2026-11-21");
    assert_eq!(only(&settle(&client, window).await), at_once);
}

#[tokio::test(start_paused = true)]
async fn after_midnight_nothing_is_proved_before_the_rows_have_moved() {
    let (sim, client) = at("2026-11-20T23:59:30").await;
    let error = unknown(&sim, &client, FaultKind::CloseBefore).await;
    let window = window(&client, &error);
    let morning: ozonetel_sdk::types::LocalDateTime = "2026-11-21 04:00:00".parse().unwrap();
    let until: SystemTime = morning.instant(client.zone());
    assert_eq!(settle(&client, window).await, DialSettlement::StillUnknown { until });
    sim.advance(minutes(10)).await;
    assert_eq!(settle(&client, window).await, DialSettlement::StillUnknown { until });
    sim.advance(minutes(240)).await;
    assert_eq!(settle(&client, window).await, DialSettlement::DidNotHappen);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_settled_is_refused_before_a_request_is_spent() {
    let (sim, client) = at("2026-11-20T10:00:00").await;
    let now = client.clock().now();
    let day = DialWindow::new(now - minutes(24 * 60), now);
    let longer = DialWindow::new(now - minutes(24 * 60 + 1), now);
    let backward = DialWindow::new(now, now - minutes(1));
    let forgotten = DialWindow::new(now - minutes(16 * 24 * 60), now - minutes(16 * 24 * 60));
    let before = sim.requests().len();
    for (reference, window) in
        [(" ", day), ("order-7", longer), ("order-7", backward), ("order-7", forgotten)]
    {
        let error = client.settle(reference, window).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{window:?}");
    }
    assert_eq!(sim.requests().len(), before);
}
