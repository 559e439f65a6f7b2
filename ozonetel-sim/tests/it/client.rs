//! Whole stories: from login to the figures.

use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::{Client, Reason};
use ozonetel_sim::world::{EventKind, LegSide, PhoneAction, Timestamp};
use ozonetel_sim::{Fault, FaultKind, Sim};

const DID: &str = "918000000001";

fn sim(mode: AuthMode) -> (Sim, Client) {
    let start = Timestamp::parse("2026-11-21T04:00:00Z").unwrap();
    let sim = Sim::builder().mode(mode).starting_at(start).build();
    let client = sim.client_builder().patience(Patience::Wait).build().unwrap();
    (sim, client)
}

async fn whole_day(mode: AuthMode) {
    let (sim, client) = sim(mode);
    client.check().await.unwrap();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").uui("r-1").await;
    let ucid = dialed.unwrap().ucid();
    sim.advance(Duration::from_secs(10)).await;

    let control = client.call_control();
    control.hold(ucid, DID, "agent01").await.unwrap();
    sim.advance(Duration::from_secs(5)).await;
    control.unhold(ucid, DID, "agent01").await.unwrap();
    client.recording().pause(ucid).await.unwrap();
    client.recording().unpause(ucid).await.unwrap();
    let transfer = control.transfer(ucid, DID, "agent01", "500001", "9000000005");
    transfer.cold().await.unwrap();
    assert!(
        sim.world().calls().by_text(ucid.as_ref()).unwrap().live(),
        "the customer is still there"
    );
    assert_eq!(sim.world().agent("agent01").unwrap().state.word(), "ACW");
    sim.advance(Duration::from_secs(20)).await;
    let saved = client.disposition().set(ucid, DID, "agent01", "Follow Up").await.unwrap();
    assert!(!saved.is_queued());
    assert_eq!(sim.world().agent("agent01").unwrap().state.word(), "READY");
    sim.phone(ucid.as_ref(), LegSide::Customer, PhoneAction::Hangup).unwrap();

    let inbound = sim.inbound(DID, "9000000009").unwrap();
    sim.advance(Duration::from_secs(2)).await;
    sim.phone(&inbound.ucid.to_string(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    client.agents().logout("agent01", "secret").await.unwrap();
    let missed = sim.inbound(DID, "9000000008").unwrap();

    let today = client.today();
    let rows = client.cdr().for_day(today).await.unwrap();
    assert_eq!(
        rows.len(),
        5,
        "a transferred call, an answered one, two legs of one that no one took"
    );
    let abandoned = client.missed().between(today.start(), today.end()).await.unwrap();
    assert_eq!(abandoned.len(), 1);
    let id = abandoned[0].call_id.as_ref().unwrap().to_string();
    assert_eq!(id, missed.monitor_ucid.to_string());
    let one = client.cdr().for_ucid(ucid, today).await.unwrap();
    assert_eq!(one.len(), 2, "the agent's leg, and the one of whoever took the call over");
    let page = client.cdr().page(today, 1, 2).await.unwrap();
    assert_eq!(page.len(), 2);

    let summary = client.summary().for_day(today).await.unwrap();
    assert_eq!(summary.len(), 1);
    assert_eq!(summary[0].agent_unique_id.as_ref().unwrap().as_str(), "agent01");
    let aht = client.aht().agent("agent01").await.unwrap();
    let own = one.iter().find(|row| row.ucid == Some(ucid)).unwrap();
    let handling = own.handling_time.as_ref().unwrap();
    assert_eq!(aht.0.aht.as_ref().unwrap().to_string(), handling.to_string());
    assert_eq!(client.disposition().list().await.unwrap().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_day_of_an_account_in_token_mode() {
    whole_day(AuthMode::Token).await;
}

#[tokio::test(start_paused = true)]
async fn a_day_of_an_account_in_key_mode() {
    whole_day(AuthMode::Key).await;
}

#[tokio::test(start_paused = true)]
async fn both_dialects_read_the_same() {
    let (sim, client) = sim(AuthMode::Key);
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let ucid = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap().ucid();
    sim.advance(Duration::from_secs(30)).await;
    sim.phone(ucid.as_ref(), LegSide::Customer, PhoneAction::Hangup).unwrap();
    sim.inbound(DID, "9000000002").unwrap();
    sim.advance(Duration::from_secs(600)).await;
    let day = client.today();
    let first = client.cdr().for_day(day).await.unwrap();
    sim.advance(Duration::from_secs(86_400)).await;
    let second = client.cdr().for_day(day).await.unwrap();
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!((a.ucid, a.call_id, &a.talk_time), (b.ucid, b.call_id, &b.talk_time));
        assert_eq!(a.status, b.status);
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_waits_for_the_window_so_the_simulator_never_refuses() {
    let (sim, client) = sim(AuthMode::Token);
    let day = client.today();
    for _ in 0..5 {
        assert!(client.cdr().for_day(day).await.unwrap().is_empty());
    }
    assert_eq!(sim.effects("token"), 1);
    assert!(sim.requests().iter().all(|r| r.status == Some(200)));
}

#[tokio::test(start_paused = true)]
async fn another_program_draws_from_the_same_window() {
    let (sim, client) = sim(AuthMode::Key);
    let other = sim.client();
    let day = client.today();
    other.cdr().for_day(day).await.unwrap();
    other.cdr().for_day(day).await.unwrap();
    let hasty = sim.client_builder().patience(Patience::Never).build().unwrap();
    let error = hasty.cdr().for_day(day).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::TooManyRequests));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_another_process_ended_is_replaced_once() {
    let (sim, client) = sim(AuthMode::Token);
    client.check().await.unwrap();
    sim.change(ozonetel_sim::world::World::issue_token).unwrap();
    client.disposition().list().await.unwrap();
    assert_eq!(sim.effects("token"), 2);
}

#[tokio::test(start_paused = true)]
async fn subscribers_are_told_when_it_happens_without_asking() {
    let (sim, client) = sim(AuthMode::Key);
    let driver = tokio::spawn({
        let sim = sim.clone();
        async move { sim.run().await }
    });
    tokio::task::yield_now().await;
    let mut events = sim.subscribe();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let begun = tokio::time::Instant::now();
    let mut next = async |wanted: EventKind| loop {
        let event = events.recv().await.unwrap();
        if event.kind == wanted {
            return begun.elapsed().as_millis();
        }
    };
    assert_eq!(next(EventKind::AgentRinging).await, 0);
    let answered = next(EventKind::AgentAnswered).await;
    assert!((1000..1010).contains(&answered), "{answered}");
    // The customer rings for two seconds, half of which are skipped.
    tokio::task::yield_now().await;
    sim.advance(Duration::from_secs(1)).await;
    let talking = next(EventKind::Answered).await;
    assert!((2000..2020).contains(&talking), "{talking}");
    driver.abort();
}

#[tokio::test(start_paused = true)]
async fn a_fault_for_everything_spares_the_token() {
    let (sim, client) = sim(AuthMode::Token);
    sim.fault(Fault::new(FaultKind::Status).times(1));
    client.disposition().list().await.unwrap();
    let hit: Vec<_> = sim.requests().iter().map(|r| (r.effect, r.fault)).collect();
    assert_eq!(hit, [(Some("token"), None), (None, Some("status")), (None, None)]);
}

#[tokio::test(start_paused = true)]
async fn a_former_dial_that_does_not_ask_for_json_is_answered_in_xml() {
    use ozonetel_sdk::ErrorKind;
    use ozonetel_sdk::dial::{AgentDial, PhoneDial};
    use ozonetel_sdk::legacy::Legacy;
    let (sim, client) = sim(AuthMode::Key);
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    let dial = || Legacy::new(AgentDial::new("agent01", "support_out", "9000000001"));
    let error = client.call(dial()).field("format", "xml").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Unreadable, true));
    assert_eq!(sim.effects("dial"), 1, "it rings all the same");
    let phone = || Legacy::new(PhoneDial::new("agent02", "918000000002", "9000000002"));
    let error = client.call(phone()).field("format", "").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Unreadable, true));
    sim.advance(Duration::from_mins(10)).await;
    assert!(client.call(phone()).await.is_ok());
}
