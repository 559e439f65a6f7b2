//! What a link reports: names, faults, pushes, snapshots.

use super::*;
use crate::mdl::link::limits::FATAL_STATUSES;

#[test]
fn a_handshake_without_ids_says_what_came() {
    let mut link = link();
    link.on(T0, LinkInput::Start);
    link.on(T0, LinkInput::Opened);
    for text in [r#"{"type":"hello"}"#, "{}", r#"{"type":"event","sourceId":"x"}"#] {
        link.on(T0, LinkInput::Text(text));
    }
    let out = link.on(at(10), LinkInput::Tick);
    let LinkOutput::Fault(fault) = &out[0] else { panic!("{out:?}") };
    assert_eq!(
        fault.to_string(),
        "the session's ids did not arrive in time: no token carried usId; tokens that arrived: hello, -, event; name the \
         fields that carry them, or set both ids"
    );
}

#[test]
fn handshakes_that_fail_in_a_row_end_it() {
    let mut link = link();
    let mut now = T0;
    link.on(now, LinkInput::Start);
    for round in 1..=3 {
        link.on(now, LinkInput::Opened);
        now = link.deadline().unwrap();
        let out = names(&link.on(now, LinkInput::Tick));
        let last = round == 3;
        assert_eq!(
            out,
            if last { "fault, drop, fault, =stopped" } else { "fault, drop, =waiting" }
        );
        if !last {
            now = link.deadline().unwrap();
            link.on(now, LinkInput::Tick);
        }
    }
    assert_eq!(link.state(), LinkState::Stopped(StopReason::Handshake));
}

#[test]
fn the_listed_reasons_are_fatal_and_no_others() {
    for (cause, fatal) in [
        (DisconnectReason::Unreachable, false),
        (DisconnectReason::Tls, false),
        (DisconnectReason::TimedOut, false),
        (DisconnectReason::Credentials, false),
        (DisconnectReason::Silence, false),
        (DisconnectReason::FrameTooLarge, false),
        (DisconnectReason::Status(302), false),
        (DisconnectReason::Status(408), false),
        (DisconnectReason::Status(429), false),
        (DisconnectReason::Status(500), false),
        (DisconnectReason::Status(503), false),
        (DisconnectReason::Closed(None), false),
        (DisconnectReason::Closed(Some(1000)), false),
        (DisconnectReason::Closed(Some(1001)), false),
        (DisconnectReason::Closed(Some(1011)), false),
        (DisconnectReason::Closed(Some(4000)), false),
        (DisconnectReason::Closed(Some(1008)), true),
        (DisconnectReason::SubProtocol, true),
    ]
    .into_iter()
    .chain(FATAL_STATUSES.map(|status| (DisconnectReason::Status(status), true)))
    {
        let mut link = link();
        link.on(T0, LinkInput::Start);
        link.on(T0, LinkInput::Failed(cause));
        assert_eq!(matches!(link.state(), LinkState::Stopped(_)), fatal, "{cause:?}");
    }
}

#[test]
fn what_went_wrong_with_a_connection_is_told_where_it_has_more_to_say() {
    for (cause, want) in [
        (DisconnectReason::Unreachable, None),
        (DisconnectReason::Tls, Some(SocketFault::Tls)),
        (DisconnectReason::FrameTooLarge, Some(SocketFault::FrameTooLarge { limit: 2 << 20 })),
        (DisconnectReason::Protocol, None),
    ] {
        let mut link = up();
        let faults: Vec<SocketFault> = link
            .on(T0, LinkInput::Failed(cause))
            .into_iter()
            .filter_map(|output| match output {
                LinkOutput::Fault(fault) => Some(fault),
                _ => None,
            })
            .collect();
        assert_eq!(faults, want.into_iter().collect::<Vec<_>>());
        assert!(matches!(link.state(), LinkState::Waiting { cause: of, .. } if of == cause));
    }
}

#[test]
fn a_call_that_was_dropped_can_be_answered_again() {
    let mut link = up();
    let (busy, drop) =
        (r#"{"type":"busyAgent","ucid":"11"}"#, r#"{"type":"dropCall","ucid":"11"}"#);
    for (text, told) in [
        (busy, "push busyAgent"),
        (r#"{"type":"busyAgent","ucid":"12"}"#, "push busyAgent"),
        (busy, ""),
        (drop, "push dropCall"),
        (drop, ""),
        (busy, "push busyAgent"),
        (busy, ""),
        (drop, "push dropCall"),
        (r#"{"type":"busyAgent","ucid":"12"}"#, ""),
    ] {
        assert_eq!(names(&link.on(T0, LinkInput::Text(text))), told, "{text}");
    }
    assert_eq!(link.counters().repeated_pushes, 4);
}

#[test]
fn the_same_push_twice_is_one_push() {
    let mut link = up();
    let busy = r#"{"type":"busyAgent","ucid":"11","utid":5}"#;
    assert_eq!(names(&link.on(T0, LinkInput::Text(busy))), "push busyAgent");
    let again = r#"{"utid":6,"ucid":"11","type":"busyAgent"}"#;
    assert_eq!(names(&link.on(T0, LinkInput::Text(again))), "");
    // More is known: not the same. No id, or a type that is not known: nothing distinguishes two of them.
    for text in [
        r#"{"type":"busyAgent","ucid":"11","endTime":"10:00:00"}"#,
        r#"{"type":"busyAgent"}"#,
        r#"{"type":"busyAgent"}"#,
        r#"{"type":"news","ucid":"11"}"#,
        r#"{"type":"news","ucid":"11"}"#,
    ] {
        assert!(names(&link.on(T0, LinkInput::Text(text))).starts_with("push"), "{text}");
    }
    assert_eq!(link.counters().repeated_pushes, 1);
    // Sent again after a reconnect, it is still the same.
    link.on(at(1), LinkInput::Closed(None));
    link.on(at(40), LinkInput::Tick);
    link.on(at(40), LinkInput::Opened);
    link.on(at(40), LinkInput::Text(WELCOME));
    assert_eq!(names(&link.on(at(40), LinkInput::Text(busy))), "");
}

#[test]
fn events_about_other_clients_are_counted_only() {
    let mut link = up();
    let event = r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":"login"}"#;
    assert_eq!(link.on(T0, LinkInput::Text(event)), []);
    assert_eq!(link.counters().others, 1);
    // The namespace may be missing: then the type decides.
    let bare = r#"{"type":"event","name":"disconnect"}"#;
    assert_eq!(link.on(T0, LinkInput::Text(bare)), []);
    assert_eq!(link.counters().others, 2);
    for other in [
        r#"{"ns":"ozonetel.cloudagent","type":"event","name":"login"}"#,
        r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":"somethingNew"}"#,
        r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":null}"#,
        r#"{"type":"event"}"#,
    ] {
        assert_eq!(names(&link.on(T0, LinkInput::Text(other))), "push event", "{other}");
    }
}

#[test]
fn the_snapshot_after_a_break_tells_state_and_call() {
    let mut link = up();
    let text = r#"{"type":"busyAgent","ucid":"11","agentId":"agent01","agentStatus":"BUSY"}"#;
    link.on(T0, LinkInput::Text(text));
    link.on(at(1), LinkInput::Closed(None));
    link.on(at(40), LinkInput::Tick);
    link.on(at(40), LinkInput::Opened);
    let out = link.on(at(40), LinkInput::Text(WELCOME));
    let Some(LinkOutput::Resumed(snapshot)) = out.last() else { panic!("{out:?}") };
    assert_eq!(snapshot.call.as_ref().unwrap().ucid.unwrap().as_str(), "11");
    assert_eq!(snapshot.status.as_ref().unwrap().as_str(), "BUSY");
}

#[test]
fn states_and_reasons_have_names() {
    let pause = Duration::ZERO;
    let waiting = |cause| LinkState::Waiting { cause, pause };
    for (state, name, cause) in [
        (LinkState::Idle, "idle", None),
        (LinkState::Connecting { attempt: 1 }, "connecting", None),
        (LinkState::Handshaking, "handshaking", None),
        (LinkState::Up, "up", None),
        (LinkState::Closing, "closing", None),
        (waiting(DisconnectReason::Unreachable), "waiting", Some("unreachable")),
        (waiting(DisconnectReason::Tls), "waiting", Some("tls")),
        (waiting(DisconnectReason::TimedOut), "waiting", Some("timed_out")),
        (waiting(DisconnectReason::Status(503)), "waiting", Some("status")),
        (waiting(DisconnectReason::Credentials), "waiting", Some("credentials")),
        (waiting(DisconnectReason::Handshake), "waiting", Some("handshake")),
        (waiting(DisconnectReason::Silence), "waiting", Some("silence")),
        (waiting(DisconnectReason::Closed(None)), "waiting", Some("closed")),
        (waiting(DisconnectReason::FrameTooLarge), "waiting", Some("frame_too_large")),
        (waiting(DisconnectReason::Protocol), "waiting", Some("protocol")),
        (LinkState::Stopped(StopReason::Asked), "stopped", Some("asked")),
        (LinkState::Stopped(StopReason::Status(403)), "stopped", Some("status")),
        (LinkState::Stopped(StopReason::SubProtocol), "stopped", Some("sub_protocol")),
        (LinkState::Stopped(StopReason::Code(1008)), "stopped", Some("code")),
        (LinkState::Stopped(StopReason::Handshake), "stopped", Some("handshake")),
    ] {
        assert_eq!((state.as_str(), state.cause()), (name, cause));
    }
    for (stop, text) in [
        (StopReason::Asked, "the link was closed"),
        (
            StopReason::Status(404),
            "the server refused the connection with HTTP 404; check the address",
        ),
        (
            StopReason::Status(403),
            "the server refused the connection with HTTP 403; check the credential and where it goes",
        ),
        (
            StopReason::SubProtocol,
            "the server chose a sub-protocol that was not offered; offer the one it speaks, or none",
        ),
        (StopReason::Code(1008), "the server closed the connection for good, with code 1008"),
        (StopReason::Handshake, "the session's ids did not arrive on several connections in a row"),
    ] {
        assert_eq!(stop.to_string(), text);
    }
}

#[test]
fn a_link_tells_of_itself() {
    let mut link = up();
    let session = link.session().unwrap();
    assert_eq!((session.us_id(), session.browser_session_id()), ("c2Vzc2lvbi0wMDE=", "own"));
    assert_eq!((link.limits().seed, link.counters().connections), (7, 1));
    link.on(T0, LinkInput::Text(r#"{"type":"busyAgent","ucid":"11","agentStatus":"BUSY"}"#));
    let snapshot = link.snapshot();
    assert_eq!(snapshot.status.unwrap().as_str(), "BUSY");
    assert_eq!(snapshot.call.unwrap().ucid.unwrap().as_str(), "11");
    assert_eq!((snapshot.down_for, snapshot.unknown), (Duration::ZERO, 0));
    for frame in [LinkInput::Text("<html>"), LinkInput::Binary, LinkInput::Binary] {
        link.on(T0, frame);
    }
    assert_eq!((link.counters().not_tokens, link.counters().binary), (1, 2));
    link.on(T0, LinkInput::Closed(None));
    assert!(link.session().is_none());
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut link = link();
    link.on(T0, LinkInput::Start);
    link.on(T0, LinkInput::Opened);
    for n in 0..40 {
        link.on(T0, LinkInput::Text(&format!(r#"{{"type":"t{n}"}}"#)));
    }
    let out = link.on(at(10), LinkInput::Tick);
    let LinkOutput::Fault(SocketFault::Handshake { seen, .. }) = &out[0] else { panic!("{out:?}") };
    assert_eq!((seen.len(), &*seen[31]), (32, "t31"));

    let mut link = up();
    let push = |ucid: usize| format!(r#"{{"type":"busyAgent","ucid":"{}"}}"#, 100 + ucid);
    for ucid in 0..65 {
        link.on(T0, LinkInput::Text(&push(ucid)));
    }
    assert_eq!(names(&link.on(T0, LinkInput::Text(&push(1)))), "", "one of the last 64");
    assert_eq!(names(&link.on(T0, LinkInput::Text(&push(0)))), "push busyAgent", "forgotten");

    // 16 pings without an answer: the answer to an older one is a reply that was had already.
    let limits = LinkLimits { silence: Duration::MAX, ..LinkLimits::default() };
    let mut link = Link::new(agent(), Arc::new(FixedSession::new("u", "b")), limits);
    link.on(T0, LinkInput::Start);
    link.on(T0, LinkInput::Opened);
    for n in 1..=17 {
        link.on(at(10 * n), LinkInput::Tick);
    }
    for (utid, repeated) in [(2, 0), (17, 0), (1, 1)] {
        link.on(at(200), LinkInput::Text(&format!(r#"{{"type":"response","utid":{utid}}}"#)));
        assert_eq!(link.counters().repeated_replies, repeated, "{utid}");
    }
}

#[test]
fn an_id_under_its_own_name_takes_the_place_of_one_that_stood_in_for_it() {
    let ids = |link: &Link| {
        let session = link.session().unwrap();
        (session.us_id().to_owned(), session.browser_session_id().to_owned())
    };
    let named = |us_id: &str, browser: &str| (us_id.to_owned(), browser.to_owned());
    let say = |link: &mut Link, text: &str| {
        link.on(at(1), LinkInput::Text(text));
    };
    let mut link = link();
    for step in [LinkInput::Start, LinkInput::Opened, LinkInput::Text(WELCOME)] {
        link.on(T0, step);
    }
    assert_eq!(ids(&link), named("c2Vzc2lvbi0wMDE=", "own"));
    // The echo of what we sent, another agent's, another client's, and a name that may stand in.
    say(&mut link, r#"{"type":"response","usId":"c2Vzc2lvbi0wMDE=","browserSessionId":"own"}"#);
    say(&mut link, r#"{"type":"x","agentId":"agent02","usId":"no","browserSessionId":"no"}"#);
    say(&mut link, r#"{"type":"x","agentUniqId":1002,"usId":"no","browserSessionId":"no"}"#);
    say(&mut link, r#"{"type":"x","customer":"acme_sales","usId":"no","browserSessionId":"no"}"#);
    say(&mut link, r#"{"type":"event","name":"login","usId":"no"}"#);
    say(&mut link, r#"{"type":"x","usid":"no","sourceId":"no","usId":""}"#);
    assert_eq!(ids(&link), named("c2Vzc2lvbi0wMDE=", "own"));
    say(&mut link, r#"{"type":"x","browserSessionId":"C"}"#);
    assert_eq!(ids(&link), named("c2Vzc2lvbi0wMDE=", "C"));
    say(&mut link, r#"{"type":"x","usId":"B"}"#);
    assert_eq!(ids(&link), named("B", "C"));
    let out = link.on(at(2), dial(1));
    let [LinkOutput::Write(token)] = out.as_slice() else { panic!("one write") };
    assert_eq!(
        (token.text("usId").as_deref(), token.text("browserSessionId").as_deref()),
        (Some("B"), Some("C"))
    );
    // Once for each id, and anew on each connection.
    say(&mut link, r#"{"type":"x","usId":"D","browserSessionId":"D"}"#);
    assert_eq!(ids(&link), named("B", "C"));
    link.on(at(3), LinkInput::Failed(DisconnectReason::Unreachable));
    for step in [LinkInput::Tick, LinkInput::Opened, LinkInput::Text(WELCOME)] {
        link.on(at(60), step);
    }
    assert_eq!(ids(&link), named("c2Vzc2lvbi0wMDE=", "own"));
}

#[test]
fn an_id_of_the_callers_own_is_not_the_sessions_when_a_reply_repeats_it() {
    let mut link = up();
    let send = |link: &mut Link| {
        let request = TokenRequest::new("tbX").field("usId", "mine").in_session();
        let out = link.on(at(1), LinkInput::Send { ticket: 1, request });
        let [LinkOutput::Write(token)] = out.as_slice() else { panic!("one write") };
        token.utid().unwrap().into_owned()
    };
    let reply = |link: &mut Link, utid: &str, us_id: &str| {
        let fields = format!(r#""type":"response","utid":{utid},"resp":"Success:tbX""#);
        link.on(at(2), LinkInput::Text(&format!(r#"{{{fields},"usId":"{us_id}"}}"#)));
        link.session().unwrap().us_id().to_owned()
    };
    let utid = send(&mut link);
    assert_eq!(reply(&mut link, &utid, "mine"), "c2Vzc2lvbi0wMDE=");
    assert_eq!(reply(&mut link, &utid, "mine"), "c2Vzc2lvbi0wMDE=", "the reply once more");
    let late = send(&mut link);
    link.on(at(31), LinkInput::Tick);
    assert_eq!(reply(&mut link, &late, "mine"), "c2Vzc2lvbi0wMDE=", "after its time");
    let utid = send(&mut link);
    assert_eq!(reply(&mut link, &utid, "B"), "B", "one that was not sent is the service's");
}

#[test]
fn ids_set_by_hand_stay() {
    let handshake = Arc::new(FixedSession::new("u", "b"));
    let mut link = Link::new(agent(), handshake, LinkLimits::default());
    for step in [LinkInput::Start, LinkInput::Opened] {
        link.on(T0, step);
    }
    link.on(T0, LinkInput::Text(r#"{"type":"x","usId":"B","browserSessionId":"C"}"#));
    let session = link.session().unwrap();
    assert_eq!((session.us_id(), session.browser_session_id()), ("u", "b"));
}
