use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::mdl::{ByHand, InTokens, ManualDial, Request};

const T0: Duration = Duration::from_secs(1000);

fn at(seconds: u64) -> Duration {
    T0 + Duration::from_secs(seconds)
}

fn agent() -> Agent {
    Agent::new("acme_support", "agent01", 1001)
}

fn link() -> Link {
    let limits = Limits { seed: 7, ..Limits::default() };
    Link::new(agent(), Arc::new(InTokens::new("own")), limits)
}

fn dial(ticket: u64) -> Input<'static> {
    Input::Send { ticket, request: ManualDial::new(77, "9000000001", "500001").request().unwrap() }
}

const WELCOME: &str = r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE="}"#;

/// A link in each of its states, with one request waiting where there can be one.
fn link_in(name: &str) -> Link {
    let mut link = link();
    let steps: Vec<Input<'static>> = match name {
        "idle" => vec![],
        "connecting" => vec![Input::Start],
        "handshaking" => vec![Input::Start, Input::Opened],
        "up" => vec![Input::Start, Input::Opened, Input::Text(WELCOME), dial(1)],
        "waiting" => vec![Input::Start, Input::Failed(Cause::Unreachable)],
        "closing" => {
            vec![Input::Start, Input::Opened, Input::Text(WELCOME), dial(1), Input::Close]
        }
        "stopped" => vec![Input::Close],
        _ => unreachable!(),
    };
    for step in steps {
        link.on(T0, step);
    }
    assert_eq!(link.state().as_str(), name);
    link
}

/// Outputs by name, so that a row of the table fits a line.
fn names(out: &[Output]) -> String {
    let name = |output: &Output| match output {
        Output::Connect => "connect".to_owned(),
        Output::Write(token) => format!("write {}", token.kind().unwrap_or("-")),
        Output::Ping => "ping".into(),
        Output::CloseFrame => "close_frame".into(),
        Output::Drop => "drop".into(),
        Output::State(state) => format!("={}", state.as_str()),
        Output::Resumed(_) => "resumed".into(),
        Output::Push(token) => format!("push {}", token.kind().unwrap_or("-")),
        Output::Reply(_) => "reply".into(),
        Output::Late(_) => "late".into(),
        Output::Settle(settled) => format!("{} {}", settled.how.as_str(), settled.ticket),
        Output::Fault(_) => "fault".into(),
        Output::Skipped(_) => "skipped".into(),
    };
    out.iter().map(name).collect::<Vec<_>>().join(", ")
}

const REPLY: &str = r#"{"type":"response","utid":"1","resp":"Success:x"}"#;

fn input(name: &str) -> Input<'static> {
    match name {
        "start" => Input::Start,
        "opened" => Input::Opened,
        "welcome" => Input::Text(WELCOME),
        "reply" => Input::Text(REPLY),
        "html" => Input::Text("<html>"),
        "binary" => Input::Binary,
        "heard" => Input::Heard,
        "failed" => Input::Failed(Cause::Unreachable),
        "forbidden" => Input::Failed(Cause::Status(403)),
        "closed" => Input::Closed(None),
        "expelled" => Input::Closed(Some(1008)),
        "tick" | "late tick" => Input::Tick,
        "send" => dial(2),
        "close" => Input::Close,
        _ => unreachable!(),
    }
}

const LAST_ROW: usize = 6;
const LAST_COLUMN: usize = 9;

/// The table's row of a state. A state that is added does not compile until it has one here.
fn row(state: State) -> usize {
    match state {
        State::Idle => 0,
        State::Connecting { .. } => 1,
        State::Handshaking => 2,
        State::Up => 3,
        State::Waiting { .. } => 4,
        State::Closing => 5,
        State::Stopped(_) => LAST_ROW,
    }
}

/// The table's column of an input. An input that is added does not compile until it has one here.
fn column(input: &Input<'_>) -> usize {
    match input {
        Input::Start => 0,
        Input::Opened => 1,
        Input::Text(_) => 2,
        Input::Binary => 3,
        Input::Heard => 4,
        Input::Failed(_) => 5,
        Input::Closed(_) => 6,
        Input::Tick => 7,
        Input::Send { .. } => 8,
        Input::Close => LAST_COLUMN,
    }
}

#[test]
fn every_state_and_every_input() {
    let stopped = "drop, fault, =stopped";
    #[rustfmt::skip]
    let table: &[(&str, &[(&str, &str)])] = &[
        ("idle", &[
            ("start", "=connecting, connect"), ("opened", ""), ("welcome", ""), ("reply", ""), ("html", ""),
            ("binary", ""), ("heard", ""), ("failed", ""), ("forbidden", ""), ("closed", ""), ("expelled", ""),
            ("tick", ""), ("late tick", ""), ("send", "not_sent 2"), ("close", "drop, =stopped"),
        ]),
        ("connecting", &[
            ("start", ""), ("opened", "=handshaking"), ("welcome", ""), ("reply", ""), ("html", ""),
            ("binary", ""), ("heard", ""), ("failed", "drop, =waiting"), ("forbidden", stopped),
            ("closed", "drop, =waiting"), ("expelled", stopped), ("tick", ""), ("late tick", "drop, =waiting"),
            ("send", "not_sent 2"), ("close", "drop, =stopped"),
        ]),
        ("handshaking", &[
            ("start", ""), ("opened", ""), ("welcome", "push welcome, =up"), ("reply", "push response"),
            ("html", "skipped"), ("binary", "skipped"), ("heard", ""), ("failed", "drop, =waiting"),
            ("forbidden", stopped), ("closed", "drop, =waiting"), ("expelled", stopped), ("tick", ""),
            ("late tick", "fault, drop, =waiting"), ("send", "not_sent 2"), ("close", "=closing, close_frame"),
        ]),
        ("up", &[
            ("start", ""), ("opened", ""), ("welcome", "push welcome"), ("reply", "reply, reply 1"),
            ("html", "skipped"), ("binary", "skipped"), ("heard", ""), ("failed", "drop, unknown 1, =waiting"),
            ("forbidden", "drop, unknown 1, fault, =stopped"), ("closed", "drop, unknown 1, =waiting"),
            ("expelled", "drop, unknown 1, fault, =stopped"), ("tick", ""),
            ("late tick", "no_reply 1, write ping, ping"), ("send", "write tbManualDial"), ("close", "=closing"),
        ]),
        ("waiting", &[
            ("start", ""), ("opened", ""), ("welcome", ""), ("reply", ""), ("html", ""), ("binary", ""),
            ("heard", ""), ("failed", ""), ("forbidden", ""), ("closed", ""), ("expelled", ""), ("tick", ""),
            ("late tick", "=connecting, connect"), ("send", "not_sent 2"), ("close", "drop, =stopped"),
        ]),
        ("closing", &[
            ("start", ""), ("opened", ""), ("welcome", "push welcome"), ("reply", "reply, reply 1, close_frame"),
            ("html", "skipped"), ("binary", "skipped"), ("heard", ""), ("failed", "drop, unknown 1, =stopped"),
            ("forbidden", "drop, unknown 1, =stopped"), ("closed", "drop, unknown 1, =stopped"),
            ("expelled", "drop, unknown 1, =stopped"), ("tick", ""),
            ("late tick", "no_reply 1, close_frame"), ("send", "not_sent 2"), ("close", ""),
        ]),
        ("stopped", &[
            ("start", ""), ("opened", ""), ("welcome", ""), ("reply", ""), ("html", ""), ("binary", ""),
            ("heard", ""), ("failed", ""), ("forbidden", ""), ("closed", ""), ("expelled", ""), ("tick", ""),
            ("late tick", ""), ("send", "not_sent 2"), ("close", ""),
        ]),
    ];
    let states: Vec<usize> = table.iter().map(|(state, _)| row(link_in(state).state())).collect();
    assert_eq!(states, (0..=LAST_ROW).collect::<Vec<_>>(), "a row for every state");
    for (state, cells) in table {
        let columns: BTreeSet<usize> = cells.iter().map(|(name, _)| column(&input(name))).collect();
        assert_eq!(columns, (0..=LAST_COLUMN).collect(), "{state}: a cell for every input");
        assert_eq!(cells.len(), 15, "{state}: all the kinds of an input");
        for (name, want) in *cells {
            let mut link = link_in(state);
            let now = if *name == "late tick" { at(31) } else { at(1) };
            assert_eq!(names(&link.on(now, input(name))), *want, "{name} in {state}");
        }
    }
}

fn up() -> Link {
    let mut link = link();
    for step in [Input::Start, Input::Opened, Input::Text(WELCOME)] {
        link.on(T0, step);
    }
    link
}

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
fn a_dead_peer_is_found_by_silence() {
    let mut link = up();
    assert_eq!(link.deadline(), Some(at(10)));
    assert_eq!(names(&link.on(at(10), Input::Tick)), "write ping, ping");
    assert_eq!(names(&link.on(at(20), Input::Tick)), "write ping, ping");
    assert_eq!(names(&link.on(at(29), Input::Tick)), "");
    assert_eq!(names(&link.on(at(30), Input::Tick)), "drop, =waiting");
    assert_eq!(link.state().cause(), Some("silence"));
    // Any sign of life, even one without content, starts the count anew.
    let mut link = up();
    link.on(at(10), Input::Tick);
    link.on(at(29), Input::Heard);
    assert_eq!(names(&link.on(at(30), Input::Tick)), "write ping, ping");
    assert_eq!(link.deadline(), Some(at(40)));
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

fn pauses(link: &mut Link, now: &mut Duration, times: usize) -> Vec<Duration> {
    let mut pauses = Vec::new();
    for _ in 0..times {
        let out = link.on(*now, Input::Failed(Cause::Unreachable));
        for output in &out {
            if let Output::State(State::Waiting { pause, .. }) = output {
                pauses.push(*pause);
            }
        }
        *now = link.deadline().unwrap();
        link.on(*now, Input::Tick);
    }
    pauses
}

#[test]
fn pauses_stay_between_the_bounds_and_start_short_only_after_a_good_while() {
    let (s2, s3, s30) = (Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(30));
    let mut now = T0;
    let mut link = link();
    link.on(now, Input::Start);
    let first = pauses(&mut link, &mut now, 200);
    assert!(first.iter().all(|pause| (s2..=s30).contains(pause)));
    assert!(first[0] <= s3);
    assert!(first.iter().any(|pause| *pause > Duration::from_secs(25)), "they grow");
    assert!(first[100..].iter().any(|pause| *pause < Duration::from_secs(8)), "full jitter");
    for (good_for, short_again) in [(59, false), (60, true)] {
        link.on(now, Input::Opened);
        link.on(now, Input::Text(WELCOME));
        now += Duration::from_secs(good_for);
        link.on(now, Input::Closed(None));
        let all_short = (0..64).all(|seed| {
            let attempt = link.history.attempt;
            link.limits.pause(attempt, seed * 977) <= s3
        });
        assert_eq!(all_short, short_again, "after {good_for} s");
        now = link.deadline().unwrap();
        link.on(now, Input::Tick);
    }
}

#[test]
fn a_handshake_without_ids_says_what_came() {
    let mut link = link();
    link.on(T0, Input::Start);
    link.on(T0, Input::Opened);
    for text in [r#"{"type":"hello"}"#, "{}", r#"{"type":"event","sourceId":"x"}"#] {
        link.on(T0, Input::Text(text));
    }
    let out = link.on(at(10), Input::Tick);
    let Output::Fault(fault) = &out[0] else { panic!("{out:?}") };
    assert_eq!(fault.to_string(), "no token carried usId; tokens that came: hello, -, event");
}

#[test]
fn handshakes_that_fail_in_a_row_end_it() {
    let mut link = link();
    let mut now = T0;
    link.on(now, Input::Start);
    for round in 1..=3 {
        link.on(now, Input::Opened);
        now = link.deadline().unwrap();
        let out = names(&link.on(now, Input::Tick));
        let last = round == 3;
        assert_eq!(
            out,
            if last { "fault, drop, fault, =stopped" } else { "fault, drop, =waiting" }
        );
        if !last {
            now = link.deadline().unwrap();
            link.on(now, Input::Tick);
        }
    }
    assert_eq!(link.state(), State::Stopped(Stop::Handshake));
}

#[test]
fn the_listed_reasons_are_fatal_and_no_others() {
    for (cause, fatal) in [
        (Cause::Unreachable, false),
        (Cause::Tls, false),
        (Cause::TimedOut, false),
        (Cause::Credentials, false),
        (Cause::Silence, false),
        (Cause::FrameTooLarge, false),
        (Cause::Status(302), false),
        (Cause::Status(408), false),
        (Cause::Status(429), false),
        (Cause::Status(500), false),
        (Cause::Status(503), false),
        (Cause::Closed(None), false),
        (Cause::Closed(Some(1000)), false),
        (Cause::Closed(Some(1001)), false),
        (Cause::Closed(Some(1011)), false),
        (Cause::Closed(Some(4000)), false),
        (Cause::Closed(Some(1008)), true),
        (Cause::SubProtocol, true),
    ]
    .into_iter()
    .chain(FATAL_STATUSES.map(|status| (Cause::Status(status), true)))
    {
        let mut link = link();
        link.on(T0, Input::Start);
        link.on(T0, Input::Failed(cause));
        assert_eq!(matches!(link.state(), State::Stopped(_)), fatal, "{cause:?}");
    }
}

#[test]
fn what_went_wrong_with_a_connection_is_told_where_it_has_more_to_say() {
    for (cause, want) in [
        (Cause::Unreachable, None),
        (Cause::Tls, Some(Fault::Tls)),
        (Cause::FrameTooLarge, Some(Fault::FrameTooLarge { limit: 2 << 20 })),
        (Cause::Protocol, None),
    ] {
        let mut link = up();
        let faults: Vec<Fault> = link
            .on(T0, Input::Failed(cause))
            .into_iter()
            .filter_map(|output| match output {
                Output::Fault(fault) => Some(fault),
                _ => None,
            })
            .collect();
        assert_eq!(faults, want.into_iter().collect::<Vec<_>>());
        assert!(matches!(link.state(), State::Waiting { cause: of, .. } if of == cause));
    }
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
fn the_same_push_twice_is_one_push() {
    let mut link = up();
    let busy = r#"{"type":"busyAgent","ucid":"11","utid":5}"#;
    assert_eq!(names(&link.on(T0, Input::Text(busy))), "push busyAgent");
    let again = r#"{"utid":6,"ucid":"11","type":"busyAgent"}"#;
    assert_eq!(names(&link.on(T0, Input::Text(again))), "");
    // More is known: not the same. No id, or a type that is not known: nothing tells two of them apart.
    for text in [
        r#"{"type":"busyAgent","ucid":"11","endTime":"10:00:00"}"#,
        r#"{"type":"busyAgent"}"#,
        r#"{"type":"busyAgent"}"#,
        r#"{"type":"news","ucid":"11"}"#,
        r#"{"type":"news","ucid":"11"}"#,
    ] {
        assert!(names(&link.on(T0, Input::Text(text))).starts_with("push"), "{text}");
    }
    assert_eq!(link.counters().repeated_pushes, 1);
    // Sent again after a reconnect, it is still the same.
    link.on(at(1), Input::Closed(None));
    link.on(at(40), Input::Tick);
    link.on(at(40), Input::Opened);
    link.on(at(40), Input::Text(WELCOME));
    assert_eq!(names(&link.on(at(40), Input::Text(busy))), "");
}

#[test]
fn events_about_other_clients_are_counted_only() {
    let mut link = up();
    let event = r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":"login"}"#;
    assert_eq!(link.on(T0, Input::Text(event)), []);
    assert_eq!(link.counters().others, 1);
    // The namespace may be missing: then the type tells.
    let bare = r#"{"type":"event","name":"disconnect"}"#;
    assert_eq!(link.on(T0, Input::Text(bare)), []);
    assert_eq!(link.counters().others, 2);
    for other in [
        r#"{"ns":"ozonetel.cloudagent","type":"event","name":"login"}"#,
        r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":"somethingNew"}"#,
        r#"{"ns":"org.jwebsocket.plugins.system","type":"event","name":null}"#,
        r#"{"type":"event"}"#,
    ] {
        assert_eq!(names(&link.on(T0, Input::Text(other))), "push event", "{other}");
    }
}

#[test]
fn the_snapshot_after_a_break_tells_state_and_call() {
    let mut link = up();
    let text = r#"{"type":"busyAgent","ucid":"11","agentId":"agent01","agentStatus":"BUSY"}"#;
    link.on(T0, Input::Text(text));
    link.on(at(1), Input::Closed(None));
    link.on(at(40), Input::Tick);
    link.on(at(40), Input::Opened);
    let out = link.on(at(40), Input::Text(WELCOME));
    let Some(Output::Resumed(snapshot)) = out.last() else { panic!("{out:?}") };
    assert_eq!(snapshot.call.as_ref().unwrap().ucid.unwrap().as_str(), "11");
    assert_eq!(snapshot.state.as_ref().unwrap().as_str(), "BUSY");
}

#[test]
fn times_beyond_every_clock_do_no_harm() {
    let far = Duration::MAX;
    let limits = Limits {
        connect_wait: far,
        handshake_wait: far,
        reply_wait: far,
        close_wait: far,
        ping_every: far,
        silence: far,
        shortest_pause: far,
        longest_pause: far,
        good_after: far,
        ..Limits::default()
    };
    let mut link = Link::new(agent(), Arc::new(InTokens::new("own")), limits);
    for step in [Input::Start, Input::Failed(Cause::Unreachable)] {
        link.on(T0, step);
    }
    assert_eq!(link.deadline(), Some(far));
    link.on(far, Input::Tick);
    for step in [Input::Opened, Input::Text(WELCOME), dial(1), Input::Tick, Input::Close] {
        link.on(far, step);
    }
    assert_eq!(link.state(), State::Closing);
}

#[derive(Debug, Clone)]
enum Step {
    Input(usize),
    Send,
    Reply(u64, bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..10).prop_map(Step::Input),
        3 => Just(Step::Send),
        3 => ((0_u64..12), any::<bool>()).prop_map(|(utid, text)| Step::Reply(utid, text)),
        2 => (0_u64..40).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens: one settlement per request, at most one write, and never a write after a settlement.
    #[test]
    fn a_request_settles_exactly_once(steps in prop::collection::vec(step(), 0..120)) {
        let kinds = ["start", "opened", "welcome", "html", "binary", "heard", "failed", "closed", "tick", "close"];
        let (mut link, mut now, mut ticket) = (link(), T0, 0);
        link.on(now, Input::Start);
        let mut out = Vec::new();
        for step in steps {
            out.extend(match step {
                Step::Input(kind) => link.on(now, input(kinds[kind])),
                Step::Send => {
                    ticket += 1;
                    link.on(now, dial(ticket))
                }
                Step::Reply(utid, text) => {
                    let utid = if text { format!("\"{utid}\"") } else { utid.to_string() };
                    link.on(now, Input::Text(&format!(r#"{{"type":"response","utid":{utid}}}"#)))
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    link.on(now, Input::Tick)
                }
            });
        }
        out.extend(link.on(now, Input::Close));
        out.extend(link.on(now, Input::Closed(None)));
        prop_assert!(matches!(link.state(), State::Stopped(_)));
        prop_assert_eq!(link.deadline(), None);
        let (mut settled, mut written) = (BTreeMap::new(), BTreeSet::new());
        for output in &out {
            match output {
                Output::Settle(one) => {
                    prop_assert!(settled.insert(one.ticket, one.how.as_str()).is_none());
                    let sent = one.utid.is_some_and(|utid| written.contains(&utid.to_string()));
                    prop_assert_eq!(sent, !matches!(one.how, How::NotSent(_)));
                }
                Output::Write(token) if token.kind() == Some("tbManualDial") => {
                    let utid = token.utid().unwrap().into_owned();
                    prop_assert!(written.insert(utid), "written twice");
                }
                _ => {}
            }
        }
        prop_assert_eq!(settled.len() as u64, ticket);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,64}", json in "\\{(\"(type|utid|ucid|code|resp|agentStatus)\":(null|1|-1|\"x\"|1e300|\\[\\]),){0,4}\"a\":1\\}") {
        let mut link = up();
        link.on(T0, Input::Text(&text));
        link.on(T0, Input::Text(&json));
        prop_assert_eq!(link.state(), State::Up);
    }
}
