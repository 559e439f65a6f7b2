//! How a request is settled.

use std::time::Duration;

use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{ReplyStatus, SocketEvent, SocketFault, StopReason, TokenRequest};
use ozonetel_sdk::types::CallId;
use ozonetel_sdk::{ErrorKind, Reason};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::pipe::{dial, drive, limits, settings, settlements};
use super::server::Peer;

type Pipe = Peer<tokio::io::DuplexStream>;

/// The outcome of one dial that is answered with this.
async fn answered(reply: Value) -> DialOutcome<Option<ozonetel_sdk::types::Ucid>> {
    let (sender, driven) = drive(settings(move |_, mut peer: Pipe| {
        let mut reply = reply.clone();
        async move {
            peer.welcome().await;
            let dial = peer.token().await.unwrap();
            assert_eq!(dial["params"], "77,9000000417,500001,SIP:true");
            assert_eq!(dial["usId"], "c2Vzc2lvbi0wMDE=");
            if reply["utid"] == "text" {
                reply["utid"] = dial["utid"].to_string().into();
            } else {
                reply["utid"] = dial["utid"].clone();
            }
            peer.text(&reply.to_string()).await;
            peer.idle().await;
        }
    }));
    sender.ready().await.unwrap();
    let outcome = sender.dial(dial()).await;
    sender.close().await;
    assert_eq!(settlements(&driven.await.unwrap()), ["reply"]);
    outcome
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_matched_whether_its_utid_is_text_or_number() {
    for utid in ["text", "number"] {
        let reply = json!({"type": "response", "utid": utid, "resp": "Success:x", "ucid": 12_345_678_901_234_567_u64});
        let DialOutcome::Accepted(Some(ucid)) = answered(reply).await else { panic!("{utid}") };
        assert_eq!(CallId::from(ucid).as_str(), "12345678901234567");
    }
    let DialOutcome::Accepted(None) = answered(json!({"type": "response", "code": 0})).await else {
        panic!()
    };
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_refusal_and_silence_about_it_is_unknown() {
    let refused =
        answered(json!({"type": "response", "resp": "Failure:Agent is not available"})).await;
    let DialOutcome::Refused(error) = refused else { panic!("{refused:?}") };
    assert_eq!(error.reason(), Some(Reason::NotAllowed));
    assert_eq!(error.refusal().unwrap().message(), "Agent is not available");
    assert!(!error.may_have_happened());
    let refused = answered(json!({"type": "response", "code": -1, "msg": "no"})).await;
    assert!(matches!(refused, DialOutcome::Refused(_)));
    for unclear in [json!({"type": "response"}), json!({"type": "response", "resp": "queued"})] {
        let outcome = answered(unclear).await;
        let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.may_have_happened());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_a_call_leaves_the_dial_unknown() {
    for (name, value) in [("ucid", "90000000000000001"), ("msg", "Success:tbManualDial")] {
        let outcome = answered(json!({"type": "response", "code": -1, name: value})).await;
        let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
        assert!(error.may_have_happened());
        let sent = error.token().unwrap();
        assert!(sent.utid().is_some() && sent.text("usId").is_some(), "as it was sent");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_work_as_it_is_is_invalid_as_over_rest() {
    let text = "Failure:Please pass Valid Campaign Details";
    let outcome = answered(json!({"type": "response", "resp": text})).await;
    let DialOutcome::Invalid(error) = outcome else { panic!("{outcome:?}") };
    assert!(error.token().unwrap().utid().is_some());
}

#[tokio::test(start_paused = true)]
async fn no_reply_in_time_is_unknown_and_the_link_stays() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        assert_eq!(nth, 0, "no second connection");
        peer.welcome().await;
        peer.token().await.unwrap();
        let news = peer.token().await.unwrap();
        assert_eq!(news["type"], "tbNews");
        peer.text(&json!({"type": "response", "utid": news["utid"]}).to_string()).await;
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    let begun = Instant::now();
    let outcome = sender.dial(dial()).await;
    let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(error.fault(), Some(&SocketFault::NoReply { kind: "tbManualDial".into() }));
    assert!(
        error
            .to_string()
            .starts_with("mdl.dial: no reply to tbManualDial in time; it may have happened")
    );
    // The error carries the request as it was sent, and prints none of it.
    let request = error.token().unwrap();
    assert_eq!(request.text("params").unwrap(), "77,9000000417,500001,SIP:true");
    assert!(request.utid().is_some());
    assert!(!format!("{error} {error:?}").contains("9000000417"));
    let reply = sender.send_token("tbNews", Map::new()).await.unwrap();
    assert_eq!(reply.reply_status(), ReplyStatus::Unclear);
    sender.close().await;
    assert_eq!(settlements(&driven.await.unwrap()), ["no_reply", "reply"]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_breaks_before_the_reply_leaves_it_unknown_and_sends_nothing_again() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        if nth == 0 {
            assert_eq!(peer.token().await.unwrap()["type"], "tbManualDial");
            return;
        }
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    let outcome = sender.dial(dial()).await;
    let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(error.fault(), Some(&SocketFault::Broken { kind: "tbManualDial".into() }));
    assert!(error.may_have_happened() && error.token().is_some());
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(120)).await;
    sender.close().await;
    assert_eq!(settlements(&driven.await.unwrap()), ["unknown"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_right_after_the_reply_keeps_the_reply() {
    let (sender, _driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        if nth == 0 {
            let dial = peer.token().await.unwrap();
            peer.accept_dial(&dial).await;
            return;
        }
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(_)));
}

#[tokio::test(start_paused = true)]
async fn replies_out_of_order_twice_and_late() {
    let (sender, driven) = drive(settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        let mut tokens = Vec::new();
        for _ in 0..50 {
            tokens.push(peer.token().await.unwrap());
        }
        let late = tokens.pop().unwrap();
        for token in tokens.iter().rev().chain(&tokens) {
            let reply = json!({"type": "response", "utid": token["utid"], "echo": token["n"]});
            peer.text(&reply.to_string()).await;
        }
        assert!(timeout(Duration::from_secs(40), peer.token()).await.is_err(), "only pings");
        for _ in 0..2 {
            peer.text(&json!({"type": "response", "utid": late["utid"]}).to_string()).await;
        }
        peer.idle().await;
    }));
    sender.ready().await.unwrap();
    let asked: Vec<_> = (0..50_u64)
        .map(|n| {
            let sender = sender.clone();
            tokio::spawn(
                async move { (n, sender.send(TokenRequest::new("tbAny").field("n", n)).await) },
            )
        })
        .collect();
    let mut lost = 0;
    for task in asked {
        match task.await.unwrap() {
            (n, Ok(reply)) => assert_eq!(reply.get("echo").unwrap(), n),
            (_, Err(error)) => {
                assert!(error.may_have_happened());
                lost += 1;
            }
        }
    }
    assert_eq!(lost, 1);
    sleep(Duration::from_secs(30)).await;
    sender.close().await;
    let items = driven.await.unwrap();
    assert_eq!(settlements(&items).iter().filter(|how| **how == "reply").count(), 49);
    let late = items.iter().filter(|item| matches!(item, Ok(SocketEvent::Late(_)))).count();
    assert_eq!(late, 1, "the first late reply is handed on, the second is not");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_says_so() {
    let (events, sender) =
        settings(|_, mut peer: Pipe| async move { peer.idle().await }).connect().unwrap();
    // No one polls: taken back, so it cannot be sent later.
    let outcome = sender.dial(dial()).await;
    let DialOutcome::NotSent(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.fault(), Some(&SocketFault::NotTaken { kind: "tbManualDial".into() }));
    // A number with a comma never gets near the link.
    let mut bad = dial();
    bad.customer = "9000000001,9000000002".into();
    let DialOutcome::Invalid(error) = sender.dial(bad).await else { panic!() };
    assert_eq!(error.kind(), ErrorKind::Input);
    // The handshake is not done: not up.
    let mut events = events;
    let driven = tokio::spawn(async move { super::pipe::collect(&mut events).await });
    let DialOutcome::NotSent(error) = sender.dial(dial()).await else { panic!() };
    assert_eq!(error.fault(), Some(&SocketFault::Down { kind: "tbManualDial".into() }));
    assert!(!error.may_have_happened() && error.attempts() == 0);
    sender.close().await;
    driven.await.unwrap();
    // The end is the end.
    let DialOutcome::NotSent(error) = sender.dial(dial()).await else { panic!() };
    assert_eq!(error.kind(), ErrorKind::Closed);
    let error = sender.ready().await.unwrap_err();
    assert_eq!(error.fault(), Some(&SocketFault::Stopped(StopReason::Asked)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_that_was_not_taken_is_not_sent() {
    let (mut events, sender) = settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        peer.idle().await;
    })
    .connect()
    .unwrap();
    tokio::select! {
        biased;
        _ = sender.dial(dial()) => panic!("no one polls"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    let driven = tokio::spawn(async move { super::pipe::collect(&mut events).await });
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    sender.close().await;
    assert!(settlements(&driven.await.unwrap()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_tells_what_was_on_its_way() {
    let (mut events, sender) = settings(|_, mut peer: Pipe| async move {
        peer.welcome().await;
        peer.token().await;
        peer.idle().await;
    })
    .connect()
    .unwrap();
    let asked = tokio::spawn({
        let sender = sender.clone();
        async move {
            sender.ready().await.unwrap();
            sender.dial(dial()).await
        }
    });
    let _ = tokio::time::timeout(Duration::from_secs(5), super::pipe::collect(&mut events)).await;
    drop(events);
    let outcome = asked.await.unwrap();
    let DialOutcome::Unknown(error) = outcome else { panic!("{outcome:?}") };
    assert!(error.may_have_happened());
    assert!(matches!(sender.dial(dial()).await, DialOutcome::NotSent(_)));
}

#[tokio::test(start_paused = true)]
async fn pending_requests_are_bounded() {
    let mut few = limits();
    few.pending = 3;
    let (sender, driven) = drive(
        settings(|_, mut peer: Pipe| async move {
            peer.welcome().await;
            peer.idle_with(3).await;
        })
        .limits(few),
    );
    sender.ready().await.unwrap();
    let asked: Vec<_> = (0..5)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(TokenRequest::new("tbAny")).await.unwrap_err() })
        })
        .collect();
    let mut full = 0;
    for task in asked {
        let error = task.await.unwrap();
        full += usize::from(error.fault() == Some(&SocketFault::PendingFull { limit: 3 }));
    }
    assert_eq!(full, 2);
    sender.close().await;
    driven.await.unwrap();
}

impl Pipe {
    /// Lives on; so many tokens may come.
    async fn idle_with(&mut self, tokens: usize) {
        let mut came = 0;
        while self.token().await.is_some() {
            came += 1;
            assert!(came <= tokens);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_dial_plan_does_not_have_is_not_dialled() {
    use ozonetel_sdk::types::{DialPlan, Region};
    let settings = settings(|_, mut peer: Pipe| async move { peer.idle().await });
    let plan = DialPlan::new(Region::India).own(["918000000001"]);
    let (_events, sender) = settings.dial_plan(plan).connect().unwrap();
    for customer in ["112", "500001", "+12025550143", "8000000001", "100 101"] {
        let mut bad = dial();
        bad.customer = customer.into();
        let outcome = sender.dial(bad).await;
        let DialOutcome::Invalid(error) = outcome else { panic!("{customer}: {outcome:?}") };
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Input, 0));
    }
}
