mod requests;
mod telling;
mod timing;

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
