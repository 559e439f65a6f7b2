//! Who may do what: every route of the document, asked by everyone.

use axum::body::Body;
use desk::access::rule::Rule;
use desk::call_memory::CallFacts;
use desk::core::caller::{Caller, Role, Scope};
use desk::{app, openapi};
use http::{Method, Request, header};
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, assisted, token};

/// A call that the desk knows, of agent02.
const ANOTHERS: &str = "90000000000000002";

/// Routes on which an agent acts on own records: the request for another agent's record, and for one that no one knows. A route whose rule says `:own` or `:team` is in here, or in [`LISTS`].
const RECORDS: &[(&str, &str, &str, &str)] = &[
    ("POST", "/api/ozonetel/agent-login", r#"{"agentId":"agent02"}"#, r#"{"agentId":"no-one"}"#),
    ("POST", "/api/ozonetel/agent-logout", r#"{"agentId":"agent02"}"#, r#"{"agentId":"no-one"}"#),
    ("POST", "/api/ozonetel/force-ready", r#"{"agentId":"agent02"}"#, r#"{"agentId":"no-one"}"#),
    (
        "POST",
        "/api/ozonetel/agent-state",
        r#"{"agentId":"agent02","state":"Ready"}"#,
        r#"{"agentId":"no-one","state":"Ready"}"#,
    ),
    (
        "POST",
        "/api/ozonetel/dial",
        r#"{"agentId":"agent02","phoneNumber":"9000000001"}"#,
        r#"{"agentId":"no-one","phoneNumber":"9000000001"}"#,
    ),
    (
        "POST",
        "/api/ozonetel/dispose",
        r#"{"ucid":"90000000000000002","disposition":"INFO_PROVIDED"}"#,
        r#"{"ucid":"90000000000000009","disposition":"INFO_PROVIDED"}"#,
    ),
    (
        "POST",
        "/api/ozonetel/call-control",
        r#"{"ucid":"90000000000000002","action":"HOLD"}"#,
        r#"{"ucid":"90000000000000009","action":"HOLD"}"#,
    ),
    (
        "POST",
        "/api/ozonetel/recording",
        r#"{"ucid":"90000000000000002","action":"pause"}"#,
        r#"{"ucid":"90000000000000009","action":"pause"}"#,
    ),
    ("POST", "/api/missed/{id}/claim", r#"{"agent":"agent02"}"#, r#"{"agent":"no-one"}"#),
    (
        "POST",
        "/api/follow-ups",
        r#"{"agent":"agent02","dueAt":9000000000000,"text":"x"}"#,
        r#"{"agent":"no-one","dueAt":9000000000000,"text":"x"}"#,
    ),
    (
        "POST",
        "/api/leads/assign",
        r#"{"agent":"agent02","leads":["1"]}"#,
        r#"{"agent":"no-one","leads":["1"]}"#,
    ),
    ("POST", "/api/agents/{id}/ready", "id=agent02", "id=no-one"),
    ("POST", "/api/agents/{id}/pause", "id=agent02", "id=no-one"),
    ("POST", "/api/agents/{id}/login", "id=agent02", "id=no-one"),
    ("POST", "/api/agents/{id}/logout", "id=agent02", "id=no-one"),
    ("POST", "/api/agents/{id}/force-ready", "id=agent02", "id=no-one"),
    ("POST", "/api/agents/{id}/free", "id=agent02", "id=no-one"),
    ("GET", "/api/agents/{id}", "id=agent02", "id=no-one"),
    ("GET", "/api/customer/data", "extension=500002", "extension=no-one"),
    ("GET", "/api/performance", "agent=agent02", "agent=no-one"),
    ("GET", "/api/performance/trend", "agent=agent02", "agent=no-one"),
    ("GET", "/api/ozonetel/performance", "agentId=agent02", "agentId=no-one"),
    ("GET", "/api/ozonetel/call-history", "agentId=agent02", "agentId=no-one"),
];

/// Routes that list what the caller may see and leave out the rest, and those on records of everyone's, which the tests
/// of their area look at.
const LISTS: &[(&str, &str)] = &[
    ("GET", "/api/ozonetel/missed-calls"),
    ("GET", "/api/events"),
    ("GET", "/api/audit"),
    ("GET", "/api/agents"),
    ("GET", "/api/calls"),
    ("GET", "/api/owed"),
    ("POST", "/api/owed/{id}/retry"),
    ("POST", "/api/owed/{id}/take"),
    ("GET", "/api/performance/team"),
    ("GET", "/api/worklist"),
    ("GET", "/api/leads"),
    ("GET", "/api/follow-ups"),
    ("PATCH", "/api/follow-ups/{id}"),
    ("POST", "/api/leads/import"),
    ("POST", "/api/missed/{id}/release"),
    ("POST", "/api/missed/{id}/close"),
];

/// Routes on stored calls and dials: [`anothers`](crate::anothers) asks those for real records.
const AREAS: &[&str] = &["/api/calls", "/api/dials", "/api/phone"];

pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) rule: Rule,
}

pub(crate) fn routes() -> Vec<Route> {
    let document = openapi();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                rule: operation["x-allow"].as_str().unwrap().parse().unwrap(),
            });
        }
    }
    assert!(routes.len() > 30, "{} routes", routes.len());
    routes
}

/// Someone of a role, as a rule sees it.
pub(crate) fn caller(role: Role) -> Caller {
    Caller {
        id: "x".into(),
        role,
        own: Vec::new(),
        scope: Scope::All,
        is_person: false,
        must_change_password: false,
    }
}

/// A request for a record that does not exist, with an empty body.
fn request(route: &Route, bearer: Option<&str>) -> Request<Body> {
    let mut path = route.path.clone();
    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
        path.replace_range(from..=to, "1");
    }
    let mut request = Request::builder().method(route.method.clone()).uri(path);
    if let Some(bearer) = bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    }
    request.header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap()
}

/// Status and whole text of an answer, without the request's id.
pub(crate) async fn whole(floor: &Floor, request: Request<Body>) -> (u16, String) {
    let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
    if kind == Some("text/event-stream") {
        return (parts.status.as_u16(), String::new());
    }
    let bytes = axum::body::to_bytes(body, 10 << 20).await.unwrap();
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if let Ok(mut json) = serde_json::from_str::<Value>(&text) {
        if let Some(object) = json.as_object_mut() {
            object.remove("instance");
        }
        text = json.to_string();
    }
    (parts.status.as_u16(), text)
}

#[tokio::test(start_paused = true)]
async fn without_session_or_token_only_open_routes_answer_and_a_wrong_token_opens_none() {
    let floor = Floor::with(Setup::default(), assisted());
    let mut closed = Vec::new();
    for route in routes() {
        for bearer in [None, Some("desk_wrong"), Some("")] {
            let (status, text) = whole(&floor, request(&route, bearer)).await;
            let name = format!("{} {}, {bearer:?}: {status} {text}", route.method, route.path);
            if route.rule.is_open() {
                assert!(!text.contains("Authorization"), "{name}");
            } else {
                assert_eq!(status, 401, "{name}");
                closed.push((bearer, text));
            }
        }
    }
    closed.sort();
    closed.dedup();
    assert_eq!(closed.len(), 3, "each kind of refusal is the same everywhere: {closed:?}");
}

#[tokio::test(start_paused = true)]
async fn every_role_gets_what_the_document_says_and_nothing_else() {
    let floor = Floor::with(Setup::default(), assisted());
    for role in Role::ALL {
        let bearer = token(&floor.desk, role, &["agent01"]).await;
        for route in routes() {
            let (status, text) = whole(&floor, request(&route, Some(&bearer))).await;
            let refused = status == 403 && text.contains("not for your role");
            let expected = route.rule.check(Some(&caller(role))).is_err();
            let name = format!("{} {}, {role}: {status} {text}", route.method, route.path);
            assert_eq!(refused, expected, "{name}");
            assert!(status != 401 || route.rule.is_open(), "{name}");
            assert!(status < 500 || status == 502, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn anothers_record_is_answered_as_one_that_does_not_exist() {
    let floor = Floor::new();
    let known = CallFacts { agent: Some("agent02".into()), ..CallFacts::default() };
    floor.desk.memory().learn(ANOTHERS.parse().unwrap(), known);
    let find =
        |method: &Method, path: &str| RECORDS.iter().find(|(m, p, ..)| method == m && path == *p);
    for route in routes().into_iter().filter(|route| route.rule.is_scoped()) {
        let listed = |(method, path): &(&str, &str)| route.method == *method && route.path == *path;
        if LISTS.iter().any(listed) || AREAS.iter().any(|start| route.path.starts_with(start)) {
            continue;
        }
        let found = find(&route.method, &route.path);
        let (_, path, anothers, nowhere) = found.unwrap_or_else(|| {
            panic!("{} {}: say in RECORDS or LISTS whose it is", route.method, route.path)
        });
        for (role, agents) in [(Role::Agent, ["agent01"]), (Role::Supervisor, ["agent03"])] {
            if route.rule.check(Some(&caller(role))).is_err() {
                continue;
            }
            let bearer = token(&floor.desk, role, &agents).await;
            let ask = async |text: &str| {
                let id = text.strip_prefix("id=");
                let path = path.replace("{id}", id.unwrap_or("1"));
                let (uri, body) = match (&route.method, id) {
                    (&Method::GET, None) => (format!("{path}?{text}"), Body::empty()),
                    (_, None) => (path, Body::from(text.to_owned())),
                    (_, Some(_)) => (path, Body::from(r#"{"reason":"lunch"}"#)),
                };
                let request = Request::builder()
                    .method(route.method.clone())
                    .uri(uri)
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::AUTHORIZATION, format!("Bearer {bearer}"));
                whole(&floor, request.body(body).unwrap()).await
            };
            let sent = floor.sim.requests().len();
            let (status, text) = ask(anothers).await;
            assert_eq!(status, 404, "{role}, {path}: {text}");
            assert_eq!(floor.sim.requests().len(), sent, "{path}: the service is not asked");
            assert_eq!(ask(nowhere).await, (status, text), "{role}, {path}");
        }
    }
    for (method, path, ..) in RECORDS {
        let scoped = |route: &Route| route.rule.is_scoped() && route.path == *path;
        assert!(
            routes().iter().any(|r| scoped(r) && r.method == *method),
            "{method} {path} is gone"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_acts_as_the_own_agent_and_a_supervisor_for_the_team() {
    let floor = Floor::new();
    let ask = async |bearer: &str, body: Value| {
        let request = Request::post("/api/ozonetel/agent-state")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        Answer::of(app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap()).await
    };
    let agent = token(&floor.desk, Role::Agent, &["agent02"]).await;
    floor.post("agent-login", &json!({})).await.ok();
    // Whatever the environment's agent is: the token's own is meant.
    ask(&agent, json!({"state": "Ready"})).await;
    assert_eq!(floor.last("/ca_apis/changeAgentState").body["agentId"], "agent02");
    let supervisor = token(&floor.desk, Role::Supervisor, &["agent01", "agent02"]).await;
    ask(&supervisor, json!({"state": "Ready", "agentId": "agent01"})).await.ok();
    let unsaid = ask(&supervisor, json!({"state": "Ready"})).await;
    assert_eq!(unsaid.status, 200, "the desk's own agent is in the team: {}", unsaid.json);
    let two = token(&floor.desk, Role::Agent, &["agent02", "agent03"]).await;
    let answer = ask(&two, json!({"state": "Ready"})).await.problem(400);
    assert_eq!(answer.json["errors"][0]["path"], "agentId");
    ask(&two, json!({"state": "Ready", "agentId": "agent01"})).await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn an_agents_lists_hold_own_records_and_those_of_no_agent() {
    let floor = Floor::new();
    floor.talking().await;
    floor.sim.inbound("918000000001", "9000000003").unwrap();
    floor.wait(60).await;
    floor.sync().await;
    let list = async |agents: &[&str], route: &str| {
        let bearer = token(&floor.desk, Role::Agent, agents).await;
        let request = Request::get(format!("/api/ozonetel/{route}"))
            .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
            .body(Body::empty())
            .unwrap();
        let answer = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
        Answer::of(answer).await.ok().json.as_array().unwrap().len()
    };
    assert_eq!(list(&["agent01"], "call-history").await, 1);
    assert_eq!(list(&["agent02"], "call-history").await, 0);
    assert_eq!(list(&["agent02"], "missed-calls").await, 1, "no agent was rung");
    assert_eq!(floor.get("call-history").await.ok().json.as_array().unwrap().len(), 2);
}

#[test]
fn the_document_is_complete() {
    let document = openapi();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.trim().is_empty(), "{name}: no summary");
            assert!(operation["tags"][0].is_string(), "{name}: no tag");
            assert!(operation["security"].is_array(), "{name}: no security");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|s| s.starts_with('2') || s == "101"), "{name}: no success");
            assert!(answers.contains_key("default"), "{name}: no failure");
            for (status, answer) in answers {
                assert!(!answer["description"].as_str().unwrap().is_empty(), "{name}, {status}");
            }
            let named = path.matches('{').count();
            let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(in_path, named, "{name}: parameters of the path");
            for parameter in parameters {
                assert!(parameter["description"].is_string(), "{name}: {parameter}");
            }
            ids.push(operation["operationId"].as_str().unwrap_or_default().to_owned());
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two operations have one id");
    assert!(ids.iter().any(|id| id == "postCallsByUcidTransferComplete"), "{ids:?}");
    check_references(&document, &document);
    assert!(document["components"]["schemas"]["Problem"]["properties"]["instance"].is_object());
}

/// Every schema that is referred to is there.
fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(place) = fields.get("$ref").and_then(Value::as_str) {
                let found = document.pointer(place.trim_start_matches('#'));
                assert!(found.is_some_and(|schema| !schema.is_null()), "{place}");
            }
            fields.values().for_each(|value| check_references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_document_and_its_page_are_served_to_who_is_signed_in() {
    let floor = Floor::with(Setup::default(), assisted());
    let answer = floor.raw(Method::GET, "/openapi.json", "text/plain", "").await.ok();
    assert_eq!(answer.json, openapi());
    let bearer = token(&floor.desk, Role::Service, &[]).await;
    let request = Request::get("/docs").header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    let request = request.body(Body::empty()).unwrap();
    let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
    assert!(
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'none'")
    );
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
    let page = String::from_utf8(bytes.to_vec()).unwrap();
    for route in routes() {
        assert!(page.contains(&format!("</span> {}</h3>", route.path)), "{}", route.path);
    }
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[tokio::test(start_paused = true)]
async fn unknown_names_are_refused_in_new_routes_and_counted_in_old_ones() {
    let floor = Floor::new();
    let body = json!({"name": "x", "role": "agent", "agents": ["a"], "dayz": 3, "Role": "agent"});
    let answer = floor
        .raw(Method::POST, "/api/admin/tokens", "application/json", &body.to_string())
        .await
        .problem(400);
    let errors = answer.json["errors"].as_array().unwrap();
    let paths: Vec<_> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["Role", "dayz"]);
    let body = json!({"state": "Pause", "pauseReason": "lunch", "agentID": "x", "note": 1});
    floor.post("agent-login", &json!({})).await.ok();
    floor.post("agent-state", &body).await.ok();
    let text = floor.desk.metrics().render();
    let line = r#"desk_unknown_fields_total{route="/api/ozonetel/agent-state"} 2"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    // A missing field is named by its path.
    let answer = floor.post("dispose", &json!({"disposition": "X"})).await.problem(400);
    assert_eq!(answer.json["errors"], json!([{"path": "ucid", "text": "is missing"}]));
    assert_eq!(answer.text("message"), "ucid is missing");
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer.text("instance"), format!("urn:ozonetel-desk:request:{id}"));
}

/// What the page knows of the routes is generated from this document: `scripts/page types`.
#[test]
fn the_types_of_the_page_are_those_of_the_document() {
    let text = serde_json::to_string_pretty(&openapi()).unwrap();
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let types = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/api/schema.d.ts");
    let types = std::fs::read_to_string(types).unwrap();
    let first = types.lines().next().unwrap_or_default();
    assert!(first.ends_with(&digest), "run scripts/page types: {first}");
}

#[test]
fn both_dials_name_what_they_are_refused_for() {
    let document = openapi();
    for path in ["/api/ozonetel/dial", "/api/calls"] {
        let text = &document["paths"][path]["post"]["responses"]["409"]["description"];
        for reason in ["`in_a_call`", "`claimed`", "`outside_calling_hours`", "Location"] {
            assert!(text.as_str().unwrap().contains(reason), "{path}: {text}");
        }
    }
}
