//! Exit codes, in the order of their first match, and errors as JSON.

use std::time::Duration;

use ozonetel_sim::{Fault, FaultKind};
use serde_json::Value;

use crate::harness::{CDR, DIAL, Desk, Shell};

const LIST: &str = "/ca_apis/DispositionAPIV2";

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_are_2_and_json_too() {
    let shell = Shell::new("http://127.0.0.1:9").set("OZONETEL_AUTH", "key");
    for arguments in [
        &["--output", "json", "dial"][..],
        &["fly", "--output=json"],
        &["cdr", "day", "2026-02-30", "--output", "json"],
        &["call", "hold", "not-a-ucid", "--output", "json"],
        &["aht", "--agent", "a", "--campaign", "b", "--output", "json"],
        &["dial", "98765abcde", "--output", "json"],
        &["cdr", "range", "2026-11-02", "2026-11-01", "--output", "json"],
        &["cdr", "day", "2020-01-01", "--output", "json"],
    ] {
        let ran = shell.run(arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?} {ran:?}");
        let error = ran.error();
        assert_eq!((&error["kind"], &error["may_have_happened"]), (&"input".into(), &false.into()));
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{ran:?}");
    }
    let ran = shell.run(&["dial", "1", "9000000001"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("Usage: ozonetel dial") && !ran.err.contains("9000000001"), "{ran:?}");
    for (arguments, tip) in
        [(["agent", "login", "agent01"], "--agent"), (["agent", "pause", "lunch"], "--reason")]
    {
        let text = shell.run(&arguments).await.err;
        assert!(text.contains(&format!("it has a flag: {tip}")), "{text}");
        let error = shell.json(&arguments).await.error();
        assert!(error["message"].as_str().is_some_and(|text| text.ends_with(tip)), "{error}");
    }
    let secret = ["trigger", "callback", "http://crm.example.test/hook?code=s3cret"];
    for ran in [shell.run(&secret).await, shell.json(&secret).await] {
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("http://crm.example.test/hook?…"), "{ran:?}");
        assert!(ran.err.contains("it has a flag: --to") && !ran.err.contains("s3cret"), "{ran:?}");
    }
    // An address in the place of a command.
    for secret in [
        &["events", "http://crm.example.test/hook?code=s3cret"][..],
        &["http://crm.example.test/hook?code=s3cret"],
    ] {
        for ran in [shell.run(secret).await, shell.json(secret).await] {
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains("http://crm.example.test/hook?…"), "{ran:?}");
            assert!(!ran.err.contains("s3cret"), "{ran:?}");
        }
    }
    let ran = shell.run(&["cdr", "range", "--from", "-6d"]).await;
    assert!(
        ran.err.contains("'--from' found; it takes two days without flags: FROM TO"),
        "{ran:?}"
    );
    assert!(
        !ran.err.contains("as a value") && ran.err.contains("Usage: ozonetel cdr range"),
        "{ran:?}"
    );
    let ran = Shell::new("http://127.0.0.1:9")
        .unset("OZONETEL_DID")
        .json(&["call", "hold", "90000000000000001"])
        .await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("OZONETEL_DID"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_is_suggested_only_by_the_command_that_has_it() {
    let shell = Shell::new("http://127.0.0.1:9").set("OZONETEL_AUTH", "key");
    for arguments in [
        &["dial", "9000000001", "--campaign", "trigger", "y"][..],
        &["dial", "9000000001", "agent"],
        &["dial", "9000000001", "--uui", "agent", "login"],
        &["dial", "9000000001", "--campaign", "cdr", "--uui", "range", "--from"],
    ] {
        let ran = shell.run(arguments).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(!ran.err.contains("it has a flag"), "{ran:?}");
        assert!(
            !ran.err.contains("two days") && ran.err.contains("Usage: ozonetel dial"),
            "{ran:?}"
        );
    }
    for (arguments, tip) in [
        (&["--auth", "key", "agent", "--output", "table", "login", "agent01"][..], "--agent"),
        (&["-v", "trigger", "callback", "x"], "--to"),
    ] {
        let ran = shell.run(arguments).await;
        assert!(ran.err.contains(&format!("it has a flag: {tip}")), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_version_are_no_errors() {
    let shell = Shell::new("http://127.0.0.1:9").unset("OZONETEL_ACCOUNT");
    for arguments in [&["--help"][..], &["--version"], &["cdr", "range", "--help"]] {
        let ran = shell.run(arguments).await.done();
        assert!(ran.out.contains("ozonetel"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_4() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let ran = Shell::new(&address).unset("OZONETEL_ACCOUNT").json(&["dispositions"]).await;
    assert_eq!(ran.code, 4);
    assert!(ran.error()["message"].as_str().unwrap().contains("OZONETEL_ACCOUNT"), "{ran:?}");
    let ran = Shell::new(&address).unset("OZONETEL_API_KEY").run(&["dispositions"]).await;
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("OZONETEL_API_KEY"), "{ran:?}");

    let wrong = Shell::new(&address).set("OZONETEL_API_KEY", "another");
    let ran = wrong.json(&["dispositions"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (4, "[]\n"));
    assert_eq!(ran.error()["kind"], "credentials");
    // The wrong mode: the key, where the account wants a token.
    let ran = Shell::new(&address).set("OZONETEL_AUTH", "key").json(&["dial", "9000000001"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    // The wrong password of an agent, which is not printed.
    let ran = Shell::new(&address)
        .set("OZONETEL_AGENT_PASSWORD", "pw-pw-pw")
        .json(&["agent", "login"])
        .await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(!ran.err.contains("pw-pw-pw"));
    let ran = Shell::new(&address).unset("OZONETEL_AGENT_PASSWORD").json(&["agent", "login"]).await;
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("OZONETEL_AGENT_PASSWORD"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_5_and_say_when() {
    let desk = Desk::with_agent().await;
    // Kept on this side, by separate runs together: the third request does not go out.
    desk.json(&["cdr", "day"]).await.done();
    desk.json(&["cdr", "ucid", "90000000000000001"]).await.done();
    let ran = desk.json(&["cdr", "page"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (5, "[]\n"));
    assert_eq!(ran.error()["kind"], "paced");
    assert!((1..=61).contains(&ran.error()["ready_in_s"].as_u64().unwrap()), "{ran:?}");
    let reports =
        desk.sim.requests().iter().filter(|entry| entry.path.contains("/ca_reports/")).count();
    assert_eq!(reports, 2);
    // A wait that is longer than asked for is not begun.
    let ran = desk.json(&["--wait", "1", "cdr", "day"]).await;
    assert_eq!(ran.code, 5);

    // Said by the service, in either form, to a dial: known not to have happened.
    for kind in [FaultKind::LimitText, FaultKind::LimitStatus] {
        desk.sim.fault(Fault::new(kind).on(DIAL));
        let ran = desk.json(&["dial", "9000000001"]).await;
        assert_eq!(ran.code, 5, "{ran:?}");
        let error = ran.error();
        assert_eq!(
            (&error["kind"], &error["reason"]),
            (&"refused".into(), &"too_many_requests".into())
        );
        assert_eq!(
            (&error["ready_in_s"], &error["may_have_happened"]),
            (&60.into(), &false.into())
        );
    }
    assert_eq!(desk.sim.effects("dial"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_3_with_the_services_own_text() {
    let desk = Desk::with_agent().await;
    let ran = desk.json(&["dial", "9000000001", "--campaign", "nope"]).await;
    assert_eq!(ran.code, 3);
    let error = ran.error();
    assert_eq!((&error["kind"], &error["reason"]), (&"refused".into(), &"bad_input".into()));
    assert_eq!((&error["call"], &error["status"]), (&"dial.agent".into(), &200.into()));
    assert!(
        error["message"].as_str().unwrap().contains("Please pass Valid Campaign Details"),
        "{ran:?}"
    );
    let ran = desk.run(&["call", "hold", "90000000000000001"]).await;
    assert_eq!(ran.code, 3);
    assert!(
        ran.err.starts_with("error: call_control.hold: the service refused: Call not Found"),
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_6_and_a_read_gets_three_tries() {
    let desk = Desk::start().await;
    desk.run(&["token"]).await.done();
    for (kind, error_kind, status) in [
        (FaultKind::CloseBefore, "closed", Value::Null),
        (FaultKind::CloseAfter, "closed", Value::Null),
        (FaultKind::Status, "status", 503.into()),
    ] {
        let before = desk.sim.requests().len();
        desk.sim.fault(Fault::new(kind).on(LIST).times(3).status(503));
        let ran = desk.json(&["dispositions"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (6, "[]\n"), "{kind:?} {ran:?}");
        assert_eq!((&ran.error()["kind"], &ran.error()["status"]), (&error_kind.into(), &status));
        assert_eq!(desk.sim.requests().len() - before, 3, "{kind:?}");
    }
    // One fault is not noticed.
    desk.sim.fault(Fault::new(FaultKind::CloseBefore).on(LIST));
    desk.json(&["dispositions"]).await.done();
    // The limit of two a minute leaves two tries; the failure stays what it was.
    desk.sim.fault(Fault::new(FaultKind::CloseBefore).on(CDR).times(3));
    let ran = desk.json(&["cdr", "day"]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (6, &"closed".into()), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_6_and_a_dial_is_known_not_to_have_happened() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let shell = Shell::new(&address).set("OZONETEL_AUTH", "key");
    let ran = shell.json(&["dial", "9000000001"]).await;
    assert_eq!(ran.code, 6, "{ran:?}");
    let error = ran.error();
    assert_eq!(
        (&error["kind"], &error["may_have_happened"]),
        (&"unreachable".into(), &false.into())
    );
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("OZONETEL_BASE_URL") && advice.contains("http or https"), "{advice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_answer_is_8_and_shows_nothing_of_it() {
    let desk = Desk::start().await;
    desk.sim.fault(Fault::new(FaultKind::Html).on(LIST));
    let ran = desk.json(&["dispositions"]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (8, &"unreadable".into()));
    assert!(!ran.err.contains("<html"), "{ran:?}");
    // A late answer and a slow one are answers.
    for kind in [FaultKind::Delay, FaultKind::SlowDrip] {
        desk.sim.fault(Fault::new(kind).on(LIST).delay(Duration::from_millis(1)));
        assert_eq!(desk.json(&["dispositions"]).await.done().rows().len(), 7);
    }
}
