//! Dials whose outcome is unknown.

use std::time::Duration;

use ozonetel_sim::{Fault, FaultKind};
use serde_json::Value;

use crate::harness::{DIAL, Desk, ended};
use crate::signals::signal;

/// The keys of an error, no more and no fewer.
const KEYS: [&str; 11] = [
    "advice",
    "call",
    "kind",
    "may_have_happened",
    "message",
    "ready_in_s",
    "reason",
    "reference",
    "sent_after",
    "sent_before",
    "status",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_that_was_taken_without_an_answer_is_unknown_and_can_be_settled() {
    let desk = Desk::with_agent().await;
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(DIAL));
    let ran = desk.json(&["dial", "9000000001"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (7, ""));
    assert_eq!(desk.sim.effects("dial"), 1, "rung once, whatever the error");

    let error = ran.error();
    let mut keys: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, KEYS);
    assert_eq!(error["call"], "dial.agent");
    assert_eq!(error["kind"], "closed");
    assert_eq!(error["may_have_happened"], true);
    assert!(
        error["reason"].is_null() && error["status"].is_null() && error["ready_in_s"].is_null()
    );
    assert!(!ran.err.contains("9000000001") && !ran.err.contains("00000001"), "{ran:?}");

    let message = error["message"].as_str().unwrap();
    let reference = message.split("UUI ").last().unwrap().split(';').next().unwrap();
    assert!(reference.starts_with("cli-"), "{message}");
    let hint = format!("`ozonetel settle {reference} --after '2026-01-02 12:00:0");
    assert!(
        message.contains(&hint) && message.contains("' --before '2026-01-02 12:00:"),
        "{message}"
    );
    // The same without taking a sentence apart.
    assert_eq!(error["reference"], reference);
    let (after, before) =
        (error["sent_after"].as_str().unwrap(), error["sent_before"].as_str().unwrap());
    let command = format!("`ozonetel settle {reference} --after '{after}' --before '{before}'`");
    assert!(message.contains(&command), "{message}");
    desk.sim.advance(Duration::from_mins(1)).await;
    let settled = desk.json(&["settle", reference]).await.done().json();
    assert_eq!(settled["settlement"], "happened");
    assert_eq!(settled["ucid"], desk.sim.state()["calls"][0]["ucid"]);
    // A dial that is not found stays unknown, and without a time for good.
    desk.sim.advance(Duration::from_mins(2)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T06:33:00Z");
    let other = desk.json(&["settle", "cli-other"]).await;
    let printed = other.json();
    assert_eq!(
        (&printed["settlement"], &printed["until"]),
        (&"still_unknown".into(), &Value::Null)
    );
    // `settle && dial` must not ring twice.
    assert!(other.code == 7 && other.err.contains("stays unknown without --before"), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_that_is_too_long_ago_is_named_by_its_flag() {
    let desk = Desk::in_key_mode().await;
    let before = ["settle", "order-7", "--before", "2025-12-02 10:00:00"];
    let after = [&before[..], &["--after", "2025-12-02 09:00:00"]].concat();
    for (arguments, start) in
        [(&before[..], "--before `2025-12-01`: "), (&after[..], "--after `2025-12-02`: ")]
    {
        let ran = desk.json(arguments).await;
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(ran.code == 2 && message.starts_with(start), "{message}");
        assert!(message.contains("the service keeps 15 days"), "{message}");
    }
    assert!(desk.sim.requests().is_empty());
}

/// The words of the command that a failure names.
fn hint(message: &str) -> Vec<String> {
    let command = message.split("`ozonetel ").nth(1).unwrap().split('`').next().unwrap();
    let mut words = Vec::new();
    for (at, part) in command.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_shortly_before_midnight_is_found_the_day_after() {
    let desk = Desk::in_key_mode().await;
    let half_past_eleven = Duration::from_mins(690);
    desk.sim.advance(half_past_eleven).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T18:00:00Z");
    desk.run(&["agent", "login"]).await.done();
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(DIAL));
    let ran = desk.json(&["dial", "9000000001", "--uui", "order-7"]).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    let named = hint(ran.error()["message"].as_str().unwrap());
    assert_eq!(&named[..3], ["settle", "order-7", "--after"]);
    // 00:36 of the next day. A latest time is a true one, however late it is.
    desk.sim.advance(Duration::from_mins(66)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T19:06:00Z");
    let late = desk.json(&["settle", "order-7", "--before", "2026-01-03 00:30:00"]).await.done();
    assert_eq!(late.json()["settlement"], "happened", "{late:?}");
    desk.sim.advance(Duration::from_mins(2)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T19:08:00Z");
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let found = desk.json(&named).await.done().json();
    assert_eq!(found["ucid"], desk.sim.state()["calls"][0]["ucid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_within_a_day_that_may_carry_the_reference_leaves_a_dial_unknown() {
    let desk = Desk::in_key_mode().await;
    desk.run(&["agent", "login"]).await.done();
    desk.run(&["dial", "9000000001", "--uui", "order-"]).await.done();
    desk.sim.advance(Duration::from_mins(70)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T07:40:00Z");
    let before = ["settle", "order-7", "--before", "2026-01-02 13:00:00"];
    let ran = desk.json(&before).await;
    assert_eq!((ran.code, ran.out.as_str()), (8, ""), "{ran:?}");
    assert!(ran.err.contains("may carry the reference cut"), "{ran:?}");
    // Sent later than that call began: it is another.
    desk.sim.advance(Duration::from_mins(2)).await;
    let desk = desk.set("OZONETEL_NOW", "2026-01-02T07:42:00Z");
    let ran = desk.json(&[&before[..], &["--after", "2026-01-02 12:50:00"]].concat()).await;
    assert_eq!(ran.done().json()["settlement"], "did_not_happen");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_doubt_about_a_dial_is_exit_7_and_one_request() {
    let kinds = [
        FaultKind::CloseBefore,
        FaultKind::CloseAfter,
        FaultKind::Cut,
        FaultKind::Html,
        FaultKind::Status,
    ];
    for kind in kinds {
        let desk = Desk::with_agent().await;
        desk.sim.fault(Fault::new(kind).on(DIAL).times(5));
        let ran = desk.json(&["dial", "9000000001"]).await;
        assert_eq!(ran.code, 7, "{kind:?}: {ran:?}");
        assert_eq!(ran.error()["may_have_happened"], true, "{kind:?}");
        let requests = desk.sim.requests().iter().filter(|entry| entry.path == DIAL).count();
        assert_eq!(requests, 1, "{kind:?}");
        assert_eq!(desk.sim.effects("dial"), usize::from(kind.acts()), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_is_the_callers_own_and_hides_the_number_in_it() {
    let desk = Desk::with_agent().await;
    desk.sim.fault(Fault::new(FaultKind::Html).on(DIAL).times(3));
    let ran = desk.json(&["dial", "9000000001", "--uui", "order-7"]).await;
    assert!(ran.error()["message"].as_str().unwrap().contains("UUI order-7;"), "{ran:?}");
    let ran = desk.run(&["dial", "+91 90000 00001", "--uui", "lead-9000000001"]).await;
    assert_eq!(ran.code, 7);
    assert!(ran.err.contains("UUI lead-…01;") && !ran.err.contains("9000000001"), "{ran:?}");
    let ran = desk.json(&["dial", "9000000001", "--uui", "lead-9000000001"]).await;
    assert_eq!(ran.error()["reference"], "lead-…01");
    assert!(!ran.err.contains("9000000001"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_costs_a_dial_one_more_token_and_nothing_else() {
    let desk = Desk::with_agent().await;
    desk.sim.fault(Fault::new(FaultKind::ExpiredToken).on(DIAL));
    desk.json(&["dial", "9000000001"]).await.done();
    assert_eq!((desk.sim.effects("dial"), desk.sim.effects("token")), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_breaks_off_says_how_far_it_got() {
    const CONTROL: &str = "/ca_apis/CallControl_V4";
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    desk.sim.fault(Fault::new(FaultKind::Delay).on(CONTROL).delay(Duration::ZERO));
    desk.sim.fault(Fault::new(FaultKind::CloseAfter).on(CONTROL));
    let ran = desk.json(&["call", "transfer", &ucid, "9000000003", "--cold"]).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!(ran.error()["call"], "call_control.kick");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the third party is in the call"), "{message}");
    assert_eq!((desk.sim.effects("conference"), desk.sim.effects("kick")), (1, 1));
    assert!(!ran.err.contains("9000000003") && !message.contains("resume with"), "{message}");

    // Refused or never sent, it is known that the agent is still there; the third party has been rung all the same.
    for (kind, status) in
        [(FaultKind::LimitText, 200), (FaultKind::CloseBefore, 200), (FaultKind::Status, 503)]
    {
        let desk = Desk::with_agent().await;
        let ucid = desk.talking().await;
        desk.sim.fault(Fault::new(FaultKind::Delay).on(CONTROL).delay(Duration::ZERO));
        desk.sim.fault(Fault::new(kind).on(CONTROL).status(status));
        let ran = desk.json(&["call", "transfer", &ucid, "9000000003", "--cold"]).await;
        assert_eq!(ran.code, 7, "{kind:?} {ran:?}");
        let error = ran.error();
        assert_eq!(error["may_have_happened"], true, "{error}");
        let counts = (desk.sim.effects("conference"), desk.sim.effects("kick"));
        assert_eq!(counts, (1, 0), "{kind:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("the third party is in the call"), "{message}");
        if kind == FaultKind::LimitText {
            assert_eq!(error["call"], "call_control.conference");
            assert!(message.contains("resume with: ozonetel call kick"), "{message}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_interrupted_says_that_the_third_party_is_rung() {
    const CONTROL: &str = "/ca_apis/CallControl_V4";
    let desk = Desk::with_agent().await;
    let ucid = desk.talking().await;
    desk.sim.fault(Fault::new(FaultKind::Delay).on(CONTROL).delay(Duration::ZERO));
    desk.sim.fault(Fault::new(FaultKind::Delay).on(CONTROL).delay(Duration::from_mins(1)));
    let transfer = ["call", "transfer", &ucid, "9000000003", "--cold", "--output", "json"];
    let child = desk.shell.spawn(&transfer);
    let asked = || desk.sim.requests().iter().filter(|entry| entry.path == CONTROL).count();
    tokio::time::timeout(Duration::from_secs(30), async {
        while asked() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    signal(&child, "-INT").await;
    let ran = ended(child).await;
    assert_eq!(ran.code, 7, "{ran:?}");
    assert!(ran.err.contains("the third party is in the call"), "{ran:?}");
    assert_eq!(desk.sim.effects("conference"), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_and_could_not_be_printed_must_not_be_repeated() {
    let (desk, other) = (Desk::with_agent().await, Desk::with_agent().await);
    let failing = async |desk: &Desk, arguments: &[&str]| {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let arguments = [arguments, &["--output", "json"]].concat();
        ended(desk.shell.command(&arguments).stdout(full).spawn().unwrap()).await
    };
    let ran = failing(&desk, &["dial", "9000000001", "--uui", "order-7"]).await;
    let ucid = desk.sim.state()["calls"][0]["ucid"].as_str().unwrap().to_owned();
    let mut all = vec![(ran, "dial.agent", ucid)];
    let ucid = other.talking().await;
    let ran = failing(&other, &["call", "conference", &ucid, "9000000003"]).await;
    all.push((ran, "call_control.conference", "status".to_owned()));
    let ran = failing(&other, &["lead", "add", "9000000004"]).await;
    all.push((ran, "leads.add", "accepted".to_owned()));
    for (ran, call, named) in all {
        assert_eq!(ran.code, 7, "{ran:?}");
        let error = ran.error();
        assert_eq!((&error["call"], &error["may_have_happened"]), (&call.into(), &true.into()));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&named) && message.contains("do not repeat it"), "{message}");
        assert!(!message.contains("90000000"), "{message}");
    }
    assert_eq!((desk.sim.effects("dial"), other.sim.effects("conference")), (1, 1));
    // What may be repeated is none of it.
    let ran = failing(&other, &["call", "hold", "12345"]).await;
    assert_ne!(ran.code, 7, "{ran:?}");
}
