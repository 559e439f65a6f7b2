//! Requests and their replies.

use super::*;
use crate::mdl::token::Utid;

#[test]
fn a_reply_settles_once_and_later_ones_are_counted() {
    let mut link = up();
    link.on(T0, dial(1));
    for (text, want) in [
        (r#"{"type":"response","utid":" 1"}"#, "push response"),
        (r#"{"type":"response","utid":"01"}"#, "push response"),
        (r#"{"type":"response","utid":2}"#, "push response"),
        (r#"{"type":"tbManualDial","utid":1}"#, "push tbManualDial"),
        (r#"{"type":"response","utid":1.0,"code":0}"#, "reply, reply 1"),
        (r#"{"type":"response","utid":"1"}"#, ""),
        (r#"{"type":"response","utid":1}"#, ""),
    ] {
        assert_eq!(names(&link.on(at(1), LinkInput::Text(text))), want, "{text}");
    }
    assert_eq!(link.counters().repeated_replies, 2);
}

#[test]
fn a_reply_after_its_time_is_handed_on_once() {
    let mut link = up();
    link.on(T0, dial(1));
    let due = link.on(at(30), LinkInput::Tick);
    assert!(names(&due).starts_with("no_reply 1"), "{due:?}");
    assert_eq!(names(&link.on(at(31), LinkInput::Text(REPLY))), "late");
    assert_eq!(names(&link.on(at(31), LinkInput::Text(REPLY))), "");
    let counters = link.counters();
    assert_eq!((counters.late_replies, counters.repeated_replies), (1, 1));
}

#[test]
fn a_reply_on_the_next_connection_is_late_and_nothing_goes_out_again() {
    let mut link = up();
    link.on(T0, dial(1));
    link.on(at(1), LinkInput::Closed(None));
    let mut out = link.on(at(40), LinkInput::Tick);
    out.extend(link.on(at(41), LinkInput::Opened));
    out.extend(link.on(at(41), LinkInput::Text(WELCOME)));
    assert_eq!(names(&out), "=connecting, connect, =handshaking, push welcome, =up, resumed");
    let Some(LinkOutput::Resumed(snapshot)) = out.last() else { panic!() };
    assert_eq!((snapshot.down_for, snapshot.unknown), (Duration::from_secs(40), 1));
    assert_eq!(names(&link.on(at(42), LinkInput::Text(REPLY))), "late");
}

#[test]
fn replies_to_pings_are_not_handed_on() {
    let mut link = up();
    let out = link.on(at(10), LinkInput::Tick);
    let LinkOutput::Write(ping) = &out[0] else { panic!("{out:?}") };
    assert_eq!(
        ping.json(),
        r#"{"echo":true,"ns":"org.jwebsocket.plugins.system","type":"ping","utid":1}"#
    );
    let answer = r#"{"ns":"org.jwebsocket.plugins.system","type":"response","utid":1,"code":0}"#;
    assert_eq!(link.on(at(11), LinkInput::Text(answer)), []);
}

#[test]
fn limits_are_kept() {
    let limits = LinkLimits { pending: 1, frame: 400, ..LinkLimits::default() };
    let mut link = Link::new(agent(), Arc::new(FixedSession::new("u", "b")), limits);
    link.on(T0, LinkInput::Start);
    assert_eq!(names(&link.on(T0, LinkInput::Opened)), "=up");
    let large = TokenRequest::new("x").field("a", "y".repeat(400));
    let out = link.on(T0, LinkInput::Send { ticket: 1, request: large });
    let LinkOutput::Settle(settled) = &out[0] else { panic!("{out:?}") };
    assert_eq!(
        (settled.utid, &settled.settlement),
        (None, &Settlement::NotSent(NotSentReason::TooLarge { limit: 400 }))
    );
    let out = link.on(T0, LinkInput::Send { ticket: 2, request: TokenRequest::new("x") });
    let LinkOutput::Write(token) = &out[0] else { panic!("{out:?}") };
    assert_eq!(token.utid().as_deref(), Some("1"), "an id is spent only on what is sent");
    let out = link.on(T0, LinkInput::Send { ticket: 3, request: TokenRequest::new("x") });
    let LinkOutput::Settle(settled) = &out[0] else { panic!("{out:?}") };
    assert_eq!(settled.settlement, Settlement::NotSent(NotSentReason::PendingFull { limit: 1 }));
}

#[test]
fn the_other_sides_patience_is_asked_for_once_when_closing() {
    let mut link = up();
    link.on(T0, dial(1));
    link.on(T0, LinkInput::Close);
    // The reply would have 30 s; closing waits 5.
    assert_eq!(names(&link.on(at(4), LinkInput::Tick)), "");
    assert_eq!(names(&link.on(at(5), LinkInput::Tick)), "unknown 1, close_frame");
    assert_eq!(names(&link.on(at(5), LinkInput::Tick)), "");
    assert_eq!(names(&link.on(at(10), LinkInput::Tick)), "drop, =stopped");
}

#[test]
fn a_token_may_be_as_large_as_the_limit_and_no_larger() {
    let limits = LinkLimits { frame: 400, ..LinkLimits::default() };
    let mut link = Link::new(agent(), Arc::new(FixedSession::new("u", "b")), limits);
    link.on(T0, LinkInput::Start);
    link.on(T0, LinkInput::Opened);
    let session = link.session().unwrap().clone();
    let of = |length: usize| TokenRequest::new("x").field("a", "y".repeat(length));
    // Whatever its id will be.
    let bare = of(0).seal(&agent(), &session, Utid(u64::MAX)).json().len();
    let out = link.on(T0, LinkInput::Send { ticket: 1, request: of(400 - bare) });
    assert_eq!(names(&out), "write x");
    let out = link.on(T0, LinkInput::Send { ticket: 2, request: of(401 - bare) });
    assert_eq!(names(&out), "not_sent 2");
}
