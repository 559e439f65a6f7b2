//! What the service sends: every case of `fixtures/push.http` through the parsers.

use http::header::CONTENT_TYPE;
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind, PhoneCalls};
use ozonetel_sdk::push::{Callback, ParsedPush, PushError, PushErrorKind, PushReader};
use ozonetel_sdk::testing::record::{RecordedExchange, RecordedRequest};
use ozonetel_sdk::types::CallId;
use ozonetel_sim::world::{CallbackShape, Push, PushKind, Setup};
use ozonetel_sim::{Fault, FaultKind, Sim};
use ozonetel_tests::fixture::{Basis, folder, load, notes};
use serde::Deserialize;
use serde_json::Value;

/// The notes of a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    basis: Basis,
    source: String,
    masked: Vec<String>,
    note: Option<String>,
    outcome: String,
    #[serde(default)]
    calls: usize,
    #[serde(default)]
    monitor_ucids: Vec<String>,
}

struct Case {
    name: String,
    about: About,
    request: RecordedRequest,
}

impl Case {
    fn query(&self) -> Option<&str> {
        self.request.target.query()
    }

    fn content_type(&self) -> Option<&str> {
        let kind = self.request.headers.iter().find(|(name, _)| name == CONTENT_TYPE);
        kind.and_then(|(_, kind)| kind.to_str().ok())
    }
}

fn case(exchange: RecordedExchange) -> Case {
    let name = exchange.name;
    let about = notes(&name, &exchange.notes);
    assert!(exchange.answer.is_none(), "{name}: a push has no answer");
    Case { about, request: exchange.request.expect("a push is a request"), name }
}

fn cases() -> Vec<Case> {
    load(&folder().join("push.http")).exchanges.into_iter().map(case).collect()
}

fn named(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).expect(name)
}

fn read(case: &Case) -> Result<ParsedPush<Callback>, PushError> {
    PushReader::new().callbacks(case.query(), &case.request.body)
}

fn one(name: &str) -> Callback {
    let delivery = read(&named(name)).expect("a readable case");
    delivery.items.into_iter().next().expect("a call")
}

#[test]
fn every_case_reads_as_it_says() {
    let cases = cases();
    for case in cases {
        let name = &case.name;
        match (case.about.outcome.as_str(), read(&case)) {
            ("calls", Ok(delivery)) => {
                assert_eq!(delivery.items.len(), case.about.calls, "{name}");
                assert!(delivery.failed.is_empty(), "{name}: {:?}", delivery.failed);
                let ids = delivery.items.iter().filter_map(|call| call.call_id);
                let ids: Vec<String> = ids.map(|id: CallId| id.to_string()).collect();
                assert_eq!(ids, case.about.monitor_ucids, "{name}");
            }
            ("ping" | "check", Ok(delivery)) => assert!(delivery.is_ping(), "{name}"),
            ("no_id", Ok(delivery)) => {
                assert!(delivery.items.is_empty() && !delivery.is_ping(), "{name}");
                assert_eq!(delivery.failed[0].kind(), PushErrorKind::NoId, "{name}");
            }
            ("unreadable", Err(error)) => {
                assert!(!error.to_string().contains("test-key"), "{name}: {error}");
            }
            (want, got) => panic!("{name}: {} gives {got:?}, not {want}", case.request.method),
        }
    }
}

#[test]
fn every_case_says_where_it_is_from() {
    for case in cases() {
        let (name, about) = (&case.name, &case.about);
        let link = about.source.starts_with("https://docs.ozonetel.com/");
        assert_eq!(link, about.basis == Basis::Documented, "{name}: {}", about.source);
        assert!(!about.source.is_empty() && about.note.as_deref() != Some(""), "{name}");
        let shown = String::from_utf8_lossy(&case.request.body);
        let personal = shown.contains("agent01") || shown.contains("acme_support");
        assert!(!personal || !about.masked.is_empty(), "{name} does not say what was masked");
    }
}

#[test]
fn the_key_is_kept_nowhere_and_compared_everywhere() {
    let key = Secret::from("test-key");
    let mut carried = 0;
    for case in cases().iter().filter(|case| case.about.outcome == "calls") {
        let delivery = read(case).expect("a readable case");
        let right = !matches!(case.name.as_str(), "key_missing" | "key_wrong");
        assert_eq!(delivery.sanitized.key_is(&key), right, "{}", case.name);
        carried += usize::from(right);
        let kept = format!("{delivery:?}{}", delivery.sanitized.to_json());
        assert!(!kept.contains("test-key") && !kept.to_lowercase().contains("apikey"));
    }
    assert!(carried > 15, "{carried} cases carry the key");
}

#[test]
fn nothing_of_a_call_is_lost_but_the_key() {
    for case in cases().iter().filter(|case| case.about.outcome == "calls") {
        let delivery = read(case).expect("a readable case");
        for (call, fields) in delivery.items.iter().zip(delivery.sanitized.objects()) {
            let back = serde_json::to_value(call).expect("a writable call");
            for (name, value) in fields {
                let nothing = value.is_null() || value.as_str() == Some("");
                let spelled = name.eq_ignore_ascii_case("did");
                let back = if spelled { &back["Did"] } else { &back[name] };
                assert!(nothing || same(back, value), "{}: {name}: {value} is {back}", case.name);
            }
        }
    }
}

/// Equal but for the spelling of numbers and the blanks around an arrow.
fn same(a: &Value, b: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.replace(' ', ""),
        other => other.to_string(),
    };
    text(a) == text(b)
}

#[test]
fn chains_of_another_length_are_in_no_leg() {
    let legs = one("form_chain").legs();
    assert!(legs.legs.len() > 1 && legs.ragged.is_empty(), "{legs:?}");
    let tight = one("form_chain_tight").legs();
    assert_eq!(tight.legs.len(), legs.legs.len());
    let unequal = one("form_chain_unequal").legs();
    assert_eq!(unequal.ragged, ["AgentName", "AgentStatus"]);
    assert_eq!(unequal.legs.len(), 2);
    for leg in &unequal.legs {
        assert!(leg.agent_name.is_none() && leg.agent_status.is_none());
        assert!(leg.agent_id.is_some() && leg.dial_status.is_some());
    }
}

#[test]
fn a_repeat_makes_no_second_call() {
    let mut calls = PhoneCalls::new(100);
    for name in ["form", "form_repeat", "json", "get_query", "form_flat"] {
        assert!(calls.observe(one(name)).is_some(), "{name}");
    }
    assert_eq!(calls.len(), 1);
    let outcome = calls.iter().next().expect("a call").outcome();
    assert_eq!(outcome.kind, CallOutcomeKind::Completed);
    let missed = CallOutcome::from(&one("form_not_answered"));
    assert_ne!(missed.kind, CallOutcomeKind::Completed);
    assert_eq!(missed.raw.status.expect("a status").as_str(), "NotAnswered");
}

/// What the simulator sends for a call that no one is there to take, or that is answered.
async fn sent(answered: bool, change: impl FnOnce(&mut Setup)) -> Vec<Push> {
    let mut setup = Setup::default();
    setup.push.callback_url = Some("https://hooks.example.test/call".into());
    change(&mut setup);
    let sim = Sim::builder().setup(setup).build();
    assert!(sim.fault(Fault::new(FaultKind::Ping).on("push:callback")));
    if answered {
        sim.change(|world| world.login("agent01", "secret", "")).expect("a login");
    }
    let call = sim.inbound("918000000001", "9000000001").expect("a call");
    for pause in [5, 1000] {
        sim.advance(std::time::Duration::from_secs(pause)).await;
        sim.change(|world| world.disconnect(&call.monitor_ucid.to_string()));
    }
    for method in ["GET", "HEAD"] {
        let method = method.parse().expect("a method");
        sim.change(|world| world.check_url(method, "https://hooks.example.test/call"));
    }
    sim.take_pushes()
}

/// Method, content type and the names of the fields, wherever they are.
fn form_of(
    method: &str,
    kind: Option<&str>,
    query: Option<&str>,
    body: &[u8],
) -> (String, Option<String>, Vec<String>, Vec<String>) {
    let pairs = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(text).into_owned();
        text.split('&').filter_map(|p| Some(p.split_once('=')?.0.to_owned())).collect()
    };
    let outside = match kind {
        Some("application/json") => Vec::new(),
        _ => pairs(if body.is_empty() { query.unwrap_or_default().as_bytes() } else { body }),
    };
    let sanitized = PushReader::new().sanitize(query, body).expect("a readable push");
    let inside =
        sanitized.objects().next().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    (method.to_owned(), kind.map(str::to_owned), outside, inside)
}

#[tokio::test]
async fn the_simulator_sends_what_the_fixtures_show() {
    type Change = fn(&mut Setup);
    let plain: Change = |_| ();
    let cases: [(&str, PushKind, bool, Change); 10] = [
        ("form", PushKind::Callback, true, plain),
        ("form_not_answered", PushKind::Callback, false, plain),
        ("form_no_agent", PushKind::Callback, false, plain),
        ("form_list", PushKind::Callback, true, |s| s.push.shape = CallbackShape::List),
        ("json", PushKind::Callback, true, |s| s.push.shape = CallbackShape::Json),
        ("form_flat", PushKind::Callback, true, |s| s.push.shape = CallbackShape::Flat),
        ("get_query", PushKind::Callback, true, |s| s.push.shape = CallbackShape::Query),
        ("form_newer_fields", PushKind::Callback, true, |s| s.push.newer_fields = true),
        ("ping_form", PushKind::Ping, true, plain),
        ("get_check", PushKind::Check, true, plain),
    ];
    for (name, kind, answered, change) in cases {
        let pushes = sent(answered, change).await;
        let push = pushes.iter().find(|push| push.kind == kind).expect(name);
        let case = named(name);
        let (method, kind) = (case.request.method.as_str(), case.content_type());
        let shown = form_of(method, kind, case.query(), &case.request.body);
        let made = form_of(push.method.as_str(), push.content_type, push.query(), &push.body);
        assert_eq!(made, shown, "{name}");
        assert_eq!(pushes.iter().filter(|push| push.kind == PushKind::Check).count(), 2);
    }
}
