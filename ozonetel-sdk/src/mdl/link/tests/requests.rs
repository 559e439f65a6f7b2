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
        assert_eq!(names(&link.on(at(1), Input::Text(text))), want, "{text}");
    }
    assert_eq!(link.counters().repeated_replies, 2);
}

#[test]
fn a_reply_after_its_time_is_handed_on_once() {
    let mut link = up();
    link.on(T0, dial(1));
    let due = link.on(at(30), Input::Tick);
    assert!(names(&due).starts_with("no_reply 1"), "{due:?}");
    assert_eq!(names(&link.on(at(31), Input::Text(REPLY))), "late");
    assert_eq!(names(&link.on(at(31), Input::Text(REPLY))), "");
    let counters = link.counters();
    assert_eq!((counters.late_replies, counters.repeated_replies), (1, 1));
}

#[test]
fn a_reply_on_the_next_connection_is_late_and_nothing_goes_out_again() {
    let mut link = up();
    link.on(T0, dial(1));
    link.on(at(1), Input::Closed(None));
    let mut out = link.on(at(40), Input::Tick);
    out.extend(link.on(at(41), Input::Opened));
    out.extend(link.on(at(41), Input::Text(WELCOME)));
    assert_eq!(names(&out), "=connecting, connect, =handshaking, push welcome, =up, resumed");
    let Some(Output::Resumed(snapshot)) = out.last() else { panic!() };
    assert_eq!((snapshot.down_for, snapshot.unknown), (Duration::from_secs(40), 1));
    assert_eq!(names(&link.on(at(42), Input::Text(REPLY))), "late");
}

#[test]
fn replies_to_pings_are_not_handed_on() {
    let mut link = up();
    let out = link.on(at(10), Input::Tick);
    let Output::Write(ping) = &out[0] else { panic!("{out:?}") };
    assert_eq!(
        ping.json(),
        r#"{"echo":true,"ns":"org.jwebsocket.plugins.system","type":"ping","utid":1}"#
    );
    let answer = r#"{"ns":"org.jwebsocket.plugins.system","type":"response","utid":1,"code":0}"#;
    assert_eq!(link.on(at(11), Input::Text(answer)), []);
}

#[test]
fn limits_are_kept() {
    let limits = Limits { pending: 1, frame: 400, ..Limits::default() };
    let mut link = Link::new(agent(), Arc::new(ByHand::new("u", "b")), limits);
    link.on(T0, Input::Start);
    assert_eq!(names(&link.on(T0, Input::Opened)), "=up");
    let large = Request::new("x").field("a", "y".repeat(400));
    let out = link.on(T0, Input::Send { ticket: 1, request: large });
    let Output::Settle(settled) = &out[0] else { panic!("{out:?}") };
    assert_eq!(
        (settled.utid, &settled.how),
        (None, &How::NotSent(NotSent::TooLarge { limit: 400 }))
    );
    let out = link.on(T0, Input::Send { ticket: 2, request: Request::new("x") });
    let Output::Write(token) = &out[0] else { panic!("{out:?}") };
    assert_eq!(token.utid().as_deref(), Some("1"), "an id is spent only on what is sent");
    let out = link.on(T0, Input::Send { ticket: 3, request: Request::new("x") });
    let Output::Settle(settled) = &out[0] else { panic!("{out:?}") };
    assert_eq!(settled.how, How::NotSent(NotSent::PendingFull { limit: 1 }));
}

#[test]
fn the_other_sides_patience_is_asked_for_once_when_closing() {
    let mut link = up();
    link.on(T0, dial(1));
    link.on(T0, Input::Close);
    // The reply would have 30 s; closing waits 5.
    assert_eq!(names(&link.on(at(4), Input::Tick)), "");
    assert_eq!(names(&link.on(at(5), Input::Tick)), "unknown 1, close_frame");
    assert_eq!(names(&link.on(at(5), Input::Tick)), "");
    assert_eq!(names(&link.on(at(10), Input::Tick)), "drop, =stopped");
}

#[test]
fn a_token_may_be_as_large_as_the_limit_and_no_larger() {
    let limits = Limits { frame: 400, ..Limits::default() };
    let mut link = Link::new(agent(), Arc::new(ByHand::new("u", "b")), limits);
    link.on(T0, Input::Start);
    link.on(T0, Input::Opened);
    let session = link.session().unwrap().clone();
    let of = |length: usize| Request::new("x").field("a", "y".repeat(length));
    // Whatever its id will be.
    let bare = of(0).seal(&agent(), &session, Utid(u64::MAX)).json().len();
    let out = link.on(T0, Input::Send { ticket: 1, request: of(400 - bare) });
    assert_eq!(names(&out), "write x");
    let out = link.on(T0, Input::Send { ticket: 2, request: of(401 - bare) });
    assert_eq!(names(&out), "not_sent 2");
}
