//! Handshake, pushes and what is strange about them.

use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{
    FixedSession, SocketEvent, SocketFault, SocketPush, SocketRecorder, SocketReplay,
    SocketSettings, TokenSession, Transcript,
};
use serde_json::json;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use super::pipe::{agent, collect, dial, drive, limits, pushes, settings, settlements, states};
use super::server::Peer;

type Pipe = Peer<tokio::io::DuplexStream>;

#[tokio::test(start_paused = true)]
async fn ids_set_by_hand_need_no_welcome() {
    let (sender, driven) = drive(
        settings(|_, mut peer: Pipe| async move {
            let dial = peer.token().await.unwrap();
            assert_eq!((&dial["usId"], &dial["browserSessionId"]), (&json!("u"), &json!("b")));
            peer.accept_dial(&dial).await;
            peer.idle().await;
        })
        .handshake(Arc::new(FixedSession::new("u", "b"))),
    );
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(None)));
    sender.close().await;
    assert_eq!(states(&driven.await.unwrap()), ["connecting", "up", "closing", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn ids_under_other_names_after_other_tokens() {
    let handshake = TokenSession::without_own().us_id_in(["sid"]).browser_session_id_in(["bid"]);
    let (sender, driven) = drive(
        settings(|_, mut peer: Pipe| async move {
            for text in [r#"{"type":"early"}"#, r#"{"sid":"s"}"#, r#"{"type":"late","bid":"b"}"#] {
                peer.text(text).await;
            }
            let dial = peer.token().await.unwrap();
            assert_eq!((&dial["usId"], &dial["browserSessionId"]), (&json!("s"), &json!("b")));
            peer.accept_dial(&dial).await;
            peer.idle().await;
        })
        .handshake(Arc::new(handshake)),
    );
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(None)));
    sender.close().await;
    // Tokens before the session are handed on like any others.
    assert_eq!(pushes(&driven.await.unwrap()), ["early", "-", "late"]);
}

#[tokio::test(start_paused = true)]
async fn without_ids_the_error_says_what_came_and_it_ends() {
    let (sender, driven) = drive(settings(|_, mut peer: Pipe| async move {
        peer.text(r#"{"type":"hello","usId":null}"#).await;
        peer.idle().await;
    }));
    assert!(sender.ready().await.is_err());
    let items = driven.await.unwrap();
    let faults: Vec<String> =
        items.iter().filter_map(|item| Some(item.as_ref().err()?.to_string())).collect();
    let missing = "mdl: the session's ids did not arrive in time: no token carried usId; tokens that \
                   arrived: hello; name the fields that carry them, or set both ids";
    assert_eq!(
        faults,
        [
            missing,
            missing,
            missing,
            "mdl: the session's ids did not arrive on several connections in a row"
        ]
    );
    let fault = items.iter().find_map(|item| item.as_ref().err()?.fault().cloned()).unwrap();
    assert_eq!(fault, SocketFault::Handshake { missing: vec!["usId"], seen: vec!["hello".into()] });
    assert_eq!(states(&items).last(), Some(&"stopped"));
}

#[tokio::test(start_paused = true)]
async fn one_browser_session_for_the_whole_link() {
    let (seen, mut told) = tokio::sync::mpsc::channel(4);
    let (sender, _driven) = drive(settings(move |nth, mut peer: Pipe| {
        let seen = seen.clone();
        async move {
            peer.text(&json!({"type": "welcome", "usid": format!("u{nth}")}).to_string()).await;
            let token = peer.token().await.unwrap();
            seen.send((token["usId"].clone(), token["browserSessionId"].clone())).await.unwrap();
        }
    }));
    let mut ids = Vec::new();
    for _ in 0..2 {
        sender.ready().await.unwrap();
        assert!(matches!(sender.dial(dial()).await, DialOutcome::Unknown(_)));
        ids.push(told.recv().await.unwrap());
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(
        (&ids[0].0, &ids[1].0),
        (&json!("u0"), &json!("u1")),
        "the session is the connection's"
    );
    assert_eq!(ids[0].1, ids[1].1, "the browser session is the client's");
    assert_eq!(ids[0].1.as_str().unwrap().len(), 36);
}

#[tokio::test(start_paused = true)]
async fn strange_frames_are_skipped_or_kept_whole_and_in_order() {
    let big = "x".repeat(1 << 20);
    let (mut events, sender) = settings(move |_, mut peer: Pipe| {
        let big = big.clone();
        async move {
            peer.welcome().await;
            for text in ["<html>", "[]", "", "{\"type\":"] {
                peer.text(text).await;
            }
            peer.send(Message::binary(vec![1, 2, 3])).await;
            peer.text(&json!({"type": "large", "x": big}).to_string()).await;
            for text in [
                r#"{"type":"new","a":30.0,"b":null,"c":{"d":[1]},"utid":"9"}"#,
                r#"{"type":null}"#,
                r#"{"noType":true}"#,
                r#"{"type":"response","utid":"999"}"#,
                r#"{"type":"busyAgent","ucid":{"not":"an id"}}"#,
                r#"{"type":"dropCall","ucid":"12345678901234567","callerId":9000000001}"#,
            ] {
                peer.text(text).await;
            }
            peer.idle().await;
        }
    })
    .connect()
    .unwrap();
    let closer = tokio::spawn(async move {
        sender.ready().await.unwrap();
        sleep(Duration::from_secs(5)).await;
        sender.close().await;
    });
    let items = collect(&mut events).await;
    closer.await.unwrap();
    assert_eq!(
        pushes(&items),
        ["welcome", "large", "new", "-", "-", "response", "busyAgent", "dropCall"]
    );
    let counters = events.counters();
    assert_eq!((counters.not_tokens, counters.binary), (4, 1));
    let tokens: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Ok(SocketEvent::Push(token)) => Some(token),
            _ => None,
        })
        .collect();
    assert_eq!(tokens[1].text("x").unwrap().len(), 1 << 20);
    assert_eq!(tokens[2].json(), r#"{"type":"new","a":30.0,"b":null,"c":{"d":[1]},"utid":"9"}"#);
    assert_eq!(tokens[6].push(), SocketPush::Other);
    let SocketPush::Dropped(call) = tokens[7].push() else { panic!() };
    assert_eq!(call.ucid.unwrap().as_str(), "12345678901234567");
}

#[tokio::test(start_paused = true)]
async fn a_frame_over_the_limit_is_an_error_that_names_it() {
    let mut small = limits();
    small.frame = 10_000;
    let (sender, driven) = drive(
        settings(|nth, mut peer: Pipe| async move {
            peer.welcome().await;
            if nth == 0 {
                peer.text(&json!({"type": "large", "x": "x".repeat(10_000)}).to_string()).await;
            }
            peer.idle().await;
        })
        .limits(small),
    );
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    sender.ready().await.unwrap();
    sender.close().await;
    let items = driven.await.unwrap();
    let errors: Vec<String> =
        items.iter().filter_map(|item| Some(item.as_ref().err()?.to_string())).collect();
    assert_eq!(
        errors,
        ["mdl: a frame over the limit of 10000 bytes arrived and ended the connection"]
    );
    assert!(states(&items).contains(&"resumed"), "and the link goes on");
}

#[tokio::test(start_paused = true)]
async fn the_consumer_is_told_what_was_last_known_after_a_break() {
    let (sender, driven) = drive(settings(|nth, mut peer: Pipe| async move {
        peer.welcome().await;
        let call =
            json!({"type": "busyAgent", "ucid": "11", "agentId": "agent41", "agentStatus": "BUSY"});
        peer.text(&call.to_string()).await;
        if nth == 1 {
            peer.idle().await;
        }
    }));
    sender.ready().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    sender.close().await;
    let items = driven.await.unwrap();
    let resumed: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Ok(SocketEvent::Resumed(snapshot)) => Some(snapshot),
            _ => None,
        })
        .collect();
    assert_eq!(resumed.len(), 1);
    assert_eq!(resumed[0].call.as_ref().unwrap().ucid.unwrap().as_str(), "11");
    assert_eq!(resumed[0].status.as_ref().unwrap().as_str(), "BUSY");
    assert!(resumed[0].down_for >= Duration::from_secs(2));
    assert_eq!(
        pushes(&items),
        ["welcome", "busyAgent", "welcome"],
        "the call is not reported twice"
    );
}

#[tokio::test(start_paused = true)]
async fn a_recorded_session_replays_without_its_secrets() {
    let recorder = Arc::new(SocketRecorder::new(Vec::new()));
    let (sender, driven) = drive(
        settings(|nth, mut peer: Pipe| async move {
            peer.welcome().await;
            peer.text("<html>").await;
            let dial = peer.token().await.unwrap();
            let utid = dial["utid"].to_string();
            if nth == 1 {
                peer.text(&json!({"type": "response", "utid": utid, "resp": "Failure:no"}).to_string()).await;
                return peer.idle().await;
            }
            let reply = json!({"type": "response", "utid": utid, "resp": "Success:x", "user": "acme_sales"});
            peer.text(&reply.to_string()).await;
            peer.text(&json!({"type": "busyAgent", "ucid": "12345678901234567", "callerId": "9000000417"}).to_string())
                .await;
        })
        .tap(Arc::clone(&recorder) as _),
    );
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(None)));
    sleep(Duration::from_secs(60)).await;
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Refused(_)));
    sender.close().await;
    let live = driven.await.unwrap();
    assert!(recorder.is_complete());
    let text = String::from_utf8(Arc::into_inner(recorder).unwrap().into_inner()).unwrap();
    for secret in
        ["9000000417", "c2Vzc2lvbi0wMDE=", "acme_sales", "agent41", "12345678901234567", "html"]
    {
        assert!(!text.contains(secret), "{secret} in {text}");
    }

    let replay = Arc::new(SocketReplay::new(&Transcript::parse(&text).unwrap()));
    let settings = SocketSettings::new("ws://agent.example.test/", agent()).unwrap();
    let (sender, driven) = drive(settings.limits(limits()).connector(Arc::clone(&replay) as _));
    sender.ready().await.unwrap();
    // The ids of now are not those of then.
    assert!(sender.send_token("tbOther", serde_json::Map::new()).await.is_err());
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Accepted(None)));
    sleep(Duration::from_secs(60)).await;
    sender.ready().await.unwrap();
    assert!(matches!(sender.dial(dial()).await, DialOutcome::Refused(_)));
    replay.finished().await;
    sender.close().await;
    let played = driven.await.unwrap();
    assert_eq!(pushes(&played), pushes(&live));
    assert_eq!(settlements(&played), ["no_reply", "reply", "reply"]);
    assert_eq!(states(&played), states(&live));
}
