mod requests;
mod telling;
mod timing;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::handshake::{FixedSession, TokenSession};
use super::limits::PingKind;
use super::output::{NotSentReason, Settlement};
use super::*;
use crate::mdl::token::request::{ManualDial, TokenRequest};

const T0: Duration = Duration::from_secs(1000);

fn at(seconds: u64) -> Duration {
    T0 + Duration::from_secs(seconds)
}

fn agent() -> AgentIdentity {
    AgentIdentity::new("acme_support", "agent01", 1001)
}

fn link() -> Link {
    let limits = LinkLimits { seed: 7, ..LinkLimits::default() };
    Link::new(agent(), Arc::new(TokenSession::new("own")), limits)
}

fn dial(ticket: u64) -> LinkInput<'static> {
    LinkInput::Send {
        ticket,
        request: ManualDial::new(77, "9000000001", "500001").request().unwrap(),
    }
}

const WELCOME: &str = r#"{"type":"welcome","sourceId":"c2Vzc2lvbi0wMDE="}"#;

/// A link in each of its states, with one request waiting where there can be one.
fn link_in(name: &str) -> Link {
    let mut link = link();
    let steps: Vec<LinkInput<'static>> = match name {
        "idle" => vec![],
        "connecting" => vec![LinkInput::Start],
        "handshaking" => vec![LinkInput::Start, LinkInput::Opened],
        "up" => vec![LinkInput::Start, LinkInput::Opened, LinkInput::Text(WELCOME), dial(1)],
        "waiting" => vec![LinkInput::Start, LinkInput::Failed(DisconnectReason::Unreachable)],
        "closing" => {
            vec![
                LinkInput::Start,
                LinkInput::Opened,
                LinkInput::Text(WELCOME),
                dial(1),
                LinkInput::Close,
            ]
        }
        "stopped" => vec![LinkInput::Close],
        _ => unreachable!(),
    };
    for step in steps {
        link.on(T0, step);
    }
    assert_eq!(link.state().as_str(), name);
    link
}

/// Outputs by name, so that a row of the table fits a line.
fn names(out: &[LinkOutput]) -> String {
    let name = |output: &LinkOutput| match output {
        LinkOutput::Connect => "connect".to_owned(),
        LinkOutput::Write(token) => format!("write {}", token.kind().unwrap_or("-")),
        LinkOutput::Ping => "ping".into(),
        LinkOutput::CloseFrame => "close_frame".into(),
        LinkOutput::Drop => "drop".into(),
        LinkOutput::State(state) => format!("={}", state.as_str()),
        LinkOutput::Resumed(_) => "resumed".into(),
        LinkOutput::Push(token) => format!("push {}", token.kind().unwrap_or("-")),
        LinkOutput::Reply(_) => "reply".into(),
        LinkOutput::Late(_) => "late".into(),
        LinkOutput::Settle(settled) => {
            format!("{} {}", settled.settlement.as_str(), settled.ticket)
        }
        LinkOutput::Fault(_) => "fault".into(),
        LinkOutput::Skipped(_) => "skipped".into(),
    };
    out.iter().map(name).collect::<Vec<_>>().join(", ")
}

const REPLY: &str = r#"{"type":"response","utid":"1","resp":"Success:x"}"#;

fn input(name: &str) -> LinkInput<'static> {
    match name {
        "start" => LinkInput::Start,
        "opened" => LinkInput::Opened,
        "welcome" => LinkInput::Text(WELCOME),
        "reply" => LinkInput::Text(REPLY),
        "html" => LinkInput::Text("<html>"),
        "binary" => LinkInput::Binary,
        "heard" => LinkInput::Heard,
        "failed" => LinkInput::Failed(DisconnectReason::Unreachable),
        "forbidden" => LinkInput::Failed(DisconnectReason::Status(403)),
        "closed" => LinkInput::Closed(None),
        "expelled" => LinkInput::Closed(Some(1008)),
        "tick" | "late tick" => LinkInput::Tick,
        "send" => dial(2),
        "close" => LinkInput::Close,
        _ => unreachable!(),
    }
}

const LAST_ROW: usize = 6;
const LAST_COLUMN: usize = 9;

/// The table's row of a state. A state that is added does not compile until it has one here.
fn row(state: LinkState) -> usize {
    match state {
        LinkState::Idle => 0,
        LinkState::Connecting { .. } => 1,
        LinkState::Handshaking => 2,
        LinkState::Up => 3,
        LinkState::Waiting { .. } => 4,
        LinkState::Closing => 5,
        LinkState::Stopped(_) => LAST_ROW,
    }
}

/// The table's column of an input. An input that is added does not compile until it has one here.
fn column(input: &LinkInput<'_>) -> usize {
    match input {
        LinkInput::Start => 0,
        LinkInput::Opened => 1,
        LinkInput::Text(_) => 2,
        LinkInput::Binary => 3,
        LinkInput::Heard => 4,
        LinkInput::Failed(_) => 5,
        LinkInput::Closed(_) => 6,
        LinkInput::Tick => 7,
        LinkInput::Send { .. } => 8,
        LinkInput::Close => LAST_COLUMN,
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
    for step in [LinkInput::Start, LinkInput::Opened, LinkInput::Text(WELCOME)] {
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
        link.on(now, LinkInput::Start);
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
                    link.on(now, LinkInput::Text(&format!(r#"{{"type":"response","utid":{utid}}}"#)))
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    link.on(now, LinkInput::Tick)
                }
            });
        }
        out.extend(link.on(now, LinkInput::Close));
        out.extend(link.on(now, LinkInput::Closed(None)));
        prop_assert!(matches!(link.state(), LinkState::Stopped(_)));
        prop_assert_eq!(link.deadline(), None);
        let (mut settled, mut written) = (BTreeMap::new(), BTreeSet::new());
        for output in &out {
            match output {
                LinkOutput::Settle(one) => {
                    prop_assert!(settled.insert(one.ticket, one.settlement.as_str()).is_none());
                    let sent = one.utid.is_some_and(|utid| written.contains(&utid.to_string()));
                    prop_assert_eq!(sent, !matches!(one.settlement, Settlement::NotSent(_)));
                }
                LinkOutput::Write(token) if token.kind() == Some("tbManualDial") => {
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
        link.on(T0, LinkInput::Text(&text));
        link.on(T0, LinkInput::Text(&json));
        prop_assert_eq!(link.state(), LinkState::Up);
    }
}
