//! Real records of another agent: whoever may not see them is answered as if there were none, and nothing happens.

use axum::body::Body;
use desk::access::rule::Rule;
use desk::core::caller::{Role, Scope};
use desk::openapi;
use http::{Method, Request, header};
use ozonetel_sdk::types::Ucid;
use serde_json::json;

use crate::access::{caller, routes, whole};
use crate::floor::{Floor, token};

/// Which of agent01's records a path names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
    Call,
    Dial,
    FollowUp,
    /// A disposition that the service refused.
    Refused,
}

/// Every route on one stored record, with a body that is as it should be.
const RECORDS: &[(&str, &str, Of, &str)] = &[
    ("POST", "/api/owed/{id}/retry", Of::Refused, "{}"),
    ("POST", "/api/owed/{id}/take", Of::Refused, "{}"),
    ("GET", "/api/calls/{ucid}", Of::Call, ""),
    ("PUT", "/api/calls/{ucid}/draft", Of::Call, r#"{"notes":"x"}"#),
    ("POST", "/api/calls/{ucid}/hold", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/unhold", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/mute", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/unmute", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/end", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/reconnect", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/reveal", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/recording", Of::Call, r#"{"action":"pause"}"#),
    ("POST", "/api/calls/{ucid}/conference", Of::Call, r#"{"number":"9000000003"}"#),
    ("POST", "/api/calls/{ucid}/kick", Of::Call, r#"{"number":"9000000003"}"#),
    ("POST", "/api/calls/{ucid}/transfer", Of::Call, r#"{"kind":"cold","number":"9000000003"}"#),
    ("POST", "/api/calls/{ucid}/transfer/complete", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/transfer/cancel", Of::Call, "{}"),
    ("POST", "/api/calls/{ucid}/disposition", Of::Call, r#"{"code":"NO_ANSWER"}"#),
    ("GET", "/api/calls/{ucid}/recording", Of::Call, ""),
    ("GET", "/api/dials/{key}", Of::Dial, ""),
    ("POST", "/api/dials/{id}/settle", Of::Dial, r#"{"outcome":"placed","reason":"x"}"#),
    ("PATCH", "/api/follow-ups/{id}", Of::FollowUp, r#"{"done":true}"#),
];

/// Routes under the same paths that name no record of another agent: lists, what is the caller's own, and missed calls,
/// which are everyone's.
const OTHERS: &[(&str, &str)] = &[
    ("GET", "/api/calls"),
    ("POST", "/api/calls"),
    ("GET", "/api/calls/live"),
    ("GET", "/api/dials"),
    ("GET", "/api/phone/config"),
    ("POST", "/api/phone/events"),
    ("GET", "/api/phone/relay"),
    ("GET", "/api/follow-ups"),
    ("POST", "/api/follow-ups"),
    ("GET", "/api/owed"),
    ("GET", "/api/missed"),
    ("POST", "/api/missed/{id}/claim"),
    ("POST", "/api/missed/{id}/release"),
    ("POST", "/api/missed/{id}/close"),
    // Another agent's are asked for in `assist`.
    ("GET", "/api/calls/{ucid}/audio"),
    ("GET", "/api/calls/{ucid}/transcript"),
    ("GET", "/api/calls/{ucid}/suggestions"),
    ("POST", "/api/calls/{ucid}/suggestions/{id}/dismiss"),
    ("GET", "/api/calls/{ucid}/summary"),
];

const AREAS: [&str; 6] =
    ["/api/calls", "/api/dials", "/api/phone", "/api/follow-ups", "/api/missed", "/api/owed"];

#[test]
fn every_route_on_a_record_is_asked_for_anothers() {
    let listed = |method: &Method, path: &str| {
        RECORDS.iter().any(|(m, p, ..)| method == m && *p == path)
            || OTHERS.iter().any(|(m, p)| method == m && *p == path)
    };
    for route in routes() {
        if AREAS.iter().any(|area| route.path.starts_with(area)) {
            let name = format!("{} {}", route.method, route.path);
            assert!(listed(&route.method, &route.path), "{name}: say whose record it is");
        }
    }
    let paths = &openapi()["paths"];
    let all = RECORDS.iter().map(|(m, p, ..)| (m, p)).chain(OTHERS.iter().map(|(m, p)| (m, p)));
    for (method, path) in all {
        assert!(paths[path][method.to_lowercase()].is_object(), "{method} {path} is gone");
    }
}

/// agent01's records: a call with a refused disposition, its dial, and a follow-up.
async fn records(floor: &Floor) -> impl Fn(Of) -> String {
    let ucid = floor.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    // The service has one already, and refuses this.
    let leg = ucid.parse::<Ucid>().unwrap();
    let client = floor.sim.client();
    let first = client.disposition().set(leg, "918000000001", "agent01", "General Enquiry");
    first.await.unwrap();
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "INFO_PROVIDED"})).await;
    floor.wait(60).await;
    floor.sync().await;
    let store = floor.desk.store();
    let refused = store.outbox_of(&ucid).await.unwrap()[0].id.clone();
    let call = store.call(&ucid, &Scope::All).await.unwrap().unwrap();
    let dial = call.state.dial.clone().unwrap().0;
    let due = json!({"agent": "agent01", "dueAt": floor.desk.now() + 1, "text": "x"});
    let made =
        floor.raw(Method::POST, "/api/follow-ups", "application/json", &due.to_string()).await;
    let follow_up = made.text("id").to_owned();
    move |of| match of {
        Of::Call => ucid.clone(),
        Of::Dial => dial.clone(),
        Of::FollowUp => follow_up.clone(),
        Of::Refused => refused.clone(),
    }
}

fn request(bearer: &str, method: &str, path: &str, id: &str, body: &'static str) -> Request<Body> {
    let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
    let uri = format!("{}{id}{}", &path[..start], &path[end + 1..]);
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    request.body(Body::from(body)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stored_record_of_another_agent_does_not_exist() {
    let floor = Floor::new();
    let id = records(&floor).await;
    let before = floor.desk.store().newest_event().await;
    let asked = floor.sim.requests().len();
    for (role, agents) in
        [(Role::Agent, ["agent02"].as_slice()), (Role::Supervisor, &["agent02", "agent03"])]
    {
        let bearer = token(&floor.desk, role, agents).await;
        for (method, path, of, body) in RECORDS {
            let route =
                routes().into_iter().find(|route| route.method == *method && route.path == *path);
            let rule: Rule = route.unwrap().rule;
            if rule.check(Some(&caller(role))).is_err() {
                continue;
            }
            let theirs = whole(&floor, request(&bearer, method, path, &id(*of), body)).await;
            assert_eq!(theirs.0, 404, "{role}, {method} {path}: {}", theirs.1);
            let nothing =
                whole(&floor, request(&bearer, method, path, "90000000000000009", body)).await;
            assert_eq!(nothing, theirs, "{role}, {method} {path}");
        }
    }
    assert_eq!(floor.sim.requests().len(), asked, "the service was asked nothing");
    assert_eq!(floor.desk.store().newest_event().await, before, "nothing has changed");
    // Those who may see them do: the same requests find something.
    let bearer = token(&floor.desk, Role::Supervisor, &["agent01"]).await;
    for (method, path, of, body) in RECORDS.iter().filter(|(.., of, _)| *of != Of::Dial) {
        let (status, text) = whole(&floor, request(&bearer, method, path, &id(*of), body)).await;
        let missing = text.contains("there is no such");
        assert!(!missing, "{method} {path}: {status} {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_phone_says_nothing_of_a_call_that_it_was_not_rung_for() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    let bearer = token(&floor.desk, Role::Agent, &["agent02"]).await;
    for event in ["answered", "ended", "device_lost"] {
        let body = json!({"event": event, "ucid": ucid}).to_string();
        let request = Request::post("/api/phone/events")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::from(body))
            .unwrap();
        let (status, text) = whole(&floor, request).await;
        assert_eq!(status, 404, "{event}: {text}");
    }
    let call = floor.desk.store().call(&ucid, &Scope::All).await.unwrap().unwrap();
    assert_eq!(call.state.agents, ["agent01"]);
}
