//! What agents owe: dispositions, and calls that they have promised.

use std::sync::Arc;

use desk::core::call::Call;
use desk::core::caller::{Role, Scope};
use desk::core::fact::{Fact, LegNews};
use desk::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use desk::flow::working::change_follow_up;
use desk::store::audit::AuditFilter;
use desk::store::{CallChange, Memory, OutboxWrite, Store};
use desk::work::outbox::deliver_due;
use desk::work::reminders::announce;
use desk::{Desk, Settings, app};
use http::{Method, Request, header};
use ozonetel_sdk::types::DispositionName;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::floor::{Answer, DISPOSITION, Floor, settings, token};
use crate::working::Someone;

async fn hung_up(floor: &Floor) -> String {
    let ucid = floor.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    ucid
}

async fn follow_ups(who: &Someone<'_>) -> Vec<Value> {
    who.get("/api/follow-ups").await.ok().json["followUps"].as_array().unwrap().clone()
}

async fn events(floor: &Floor, kind: &str) -> Vec<Value> {
    let all = floor.desk.store().events_after(0, 1_000).await.unwrap();
    let of_kind = all.into_iter().filter(|event| event.kind == kind);
    of_kind.map(|event| serde_json::from_str(&event.body).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_back_time_becomes_a_follow_up_that_is_announced_once_when_it_is_due() {
    let floor = Floor::new();
    let ucid = hung_up(&floor).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let due = floor.desk.now() + 600_000;
    let path = format!("/api/calls/{ucid}/disposition");
    let said = json!({"code": "FOLLOW_UP_SCHEDULED", "notes": "after ten", "callBackAt": due});
    agent.post(&path, said).await.ok();
    let promised = follow_ups(&agent).await;
    assert_eq!(promised.len(), 1);
    // The service takes whole minutes at best: what is kept is what was said.
    let kept = promised[0]["dueAt"].as_i64().unwrap();
    assert!((due - 60_000..=due).contains(&kept), "{kept}, {due}");
    for (field, value) in [
        ("number", json!("9000000001")),
        ("text", json!("after ten")),
        ("call", json!(ucid)),
        ("agent", json!("agent01")),
        ("state", json!("open")),
    ] {
        assert_eq!(promised[0][field], value, "{field}");
    }
    assert_eq!(announce(&floor.desk).await, Ok(0), "it is not due yet");
    assert_eq!(agent.get("/api/worklist").await.ok().json["entries"], json!([]));
    floor.wait(601).await;
    assert_eq!(announce(&floor.desk).await, Ok(1));
    assert_eq!(announce(&floor.desk).await, Ok(0), "once is enough");
    let announced = events(&floor, "followup.changed").await;
    assert_eq!(announced.last().unwrap(), &json!({"id": ucid, "dueAt": kept, "due": true}));
    let entries = agent.get("/api/worklist").await.ok().json["entries"].clone();
    assert_eq!(
        (&entries[0]["kind"], &entries[0]["number"]),
        (&json!("follow_up"), &json!("9000000001"))
    );
    // Put off, it is announced for its new time.
    let now = floor.desk.now();
    let scope = Scope::All;
    let later = |one: &mut desk::core::followup::FollowUp| {
        one.postpone(now + 60_000, now)
            .map_err(|error| desk::problem::Problem::bad_request(error.to_string()))
    };
    change_follow_up(&floor.desk, &scope, &ucid, later).await.unwrap();
    assert_eq!(announce(&floor.desk).await, Ok(0));
    floor.wait(61).await;
    assert_eq!(announce(&floor.desk).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_be_called_back_is_on_the_worklist_and_not_filed_as_not_interested() {
    let floor = Floor::new();
    let listed: Vec<DispositionName> =
        ["Not Interested", "General Enquiry"].map(DispositionName::from).into();
    floor.desk.calling().learn_dispositions(listed);
    let ucid = hung_up(&floor).await;
    let body = json!({"ucid": ucid, "disposition": "CALLBACK_REQUESTED"});
    floor.post("dispose", &body).await.ok();
    assert_eq!(floor.last(DISPOSITION).body["disposition"], "General Enquiry");
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let entries = agent.get("/api/worklist").await.ok().json["entries"].clone();
    assert_eq!(
        (&entries[0]["kind"], &entries[0]["number"]),
        (&json!("follow_up"), &json!("9000000001"))
    );
    // A disposition of another kind promises nothing.
    let other = Floor::new();
    let ucid = hung_up(&other).await;
    other.post("dispose", &json!({"ucid": ucid, "disposition": "NOT_INTERESTED"})).await.ok();
    let agent = Someone::new(&other.desk, Role::Agent, &["agent01"]).await;
    assert_eq!(follow_ups(&agent).await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_call_of_which_nothing_was_said_is_owed_until_something_is() {
    let floor = Floor::new();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let other = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let ucid = floor.talking().await;
    assert_eq!(
        agent.get("/api/owed").await.ok().json,
        json!({"owed": [], "more": false}),
        "it is going on"
    );
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    let owed = agent.get("/api/owed").await.ok().json["owed"].clone();
    assert_eq!(owed.as_array().unwrap().len(), 1, "{owed}");
    let one = &owed[0];
    assert_eq!(
        (&one["ucid"], &one["state"], &one["masked"], &one["takenBy"]),
        (&json!(ucid), &json!("none"), &json!("…01"), &Value::Null)
    );
    assert_eq!(agent.get("/api/agents/agent01").await.ok().json["owed"], 1);
    assert_eq!(other.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    let said = events(&floor, "owed.changed").await;
    assert_eq!(said.last().unwrap()["state"], "none");
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "INFO_PROVIDED"})).await.ok();
    assert_eq!(agent.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    assert_eq!(agent.get("/api/agents/agent01").await.ok().json["owed"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_takes_an_owed_disposition_and_gives_it() {
    let floor = Floor::new();
    let ucid = hung_up(&floor).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01"]).await;
    let foreign = Someone::new(&floor.desk, Role::Supervisor, &["agent02"]).await;
    let path = format!("/api/owed/{ucid}/take");
    agent.post(&path, json!({})).await.problem(403);
    foreign.post(&path, json!({})).await.problem(404);
    let taken = supervisor.post(&path, json!({})).await.ok().json;
    assert!(taken["takenBy"].is_string(), "{taken}");
    assert_eq!(agent.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    assert_eq!(agent.get("/api/agents/agent01").await.ok().json["owed"], 0);
    let left = supervisor.get("/api/owed").await.ok().json;
    assert_eq!(left["owed"][0]["takenBy"], taken["takenBy"]);
    let said = json!({"code": "INFO_PROVIDED"});
    supervisor.post(&format!("/api/calls/{ucid}/disposition"), said).await.ok();
    assert_eq!(floor.last(DISPOSITION).body["agentID"], "agent01");
    assert_eq!(supervisor.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    supervisor.post(&path, json!({})).await.problem(404);
    let filter =
        AuditFilter { action: Some("owed.take".into()), ..AuditFilter::newest(Scope::All, 9) };
    assert_eq!(floor.desk.store().audit(&filter).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_frees_a_stuck_agent_has_what_the_agent_owed() {
    let floor = Floor::new();
    let ucid = hung_up(&floor).await;
    assert_eq!(floor.sim.state()["agents"][0]["state"], "ACW");
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01"]).await;
    assert_eq!(agent.get("/api/owed").await.ok().json["owed"][0]["ucid"], ucid);
    supervisor.post("/api/agents/agent01/free", json!({})).await.ok();
    assert_eq!(agent.get("/api/owed").await.ok().json, json!({"owed": [], "more": false}));
    assert!(supervisor.get("/api/owed").await.ok().json["owed"][0]["takenBy"].is_string());
}

#[tokio::test(start_paused = true)]
async fn what_was_said_of_a_call_is_known_after_a_restart() {
    let floor = Floor::new();
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let desk =
        |records| Desk::with_records(floor.sim.client(), settings(), Arc::clone(&store), records);
    let first = desk(crate::floor::records(&floor.sim.client()));
    let ask = async |desk: &Desk, method: Method, path: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", token(desk, Role::Agent, &["agent01"]).await),
            )
            .body(axum::body::Body::from(body.to_string()));
        let answer = app(desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap();
        Answer::of(answer).await.ok().json
    };
    ask(&first, Method::POST, "/api/ozonetel/agent-login", json!({})).await;
    let dial = json!({"phoneNumber": "9000000001", "agentPhoneName": "agent01"});
    let dialed = ask(&first, Method::POST, "/api/ozonetel/dial", dial).await;
    floor.wait(5).await;
    // A process that knows no phone name has the one that the dial named.
    let nameless = Settings { phone_name: None, ..settings() };
    let nameless = Desk::new(floor.sim.client(), nameless, Arc::clone(&store));
    for action in ["HOLD", "UNHOLD"] {
        let body = json!({"action": action, "ucid": dialed["ucid"]});
        ask(&nameless, Method::POST, "/api/ozonetel/call-control", body).await;
    }
    let kick = json!({"action": "KICK_CALL", "ucid": dialed["ucid"], "conferenceNumber": "500001"});
    ask(&first, Method::POST, "/api/ozonetel/call-control", kick).await;
    let said = json!({"ucid": dialed["ucid"], "disposition": "APPOINTMENT_BOOKED", "leadId": 7});
    ask(&first, Method::POST, "/api/ozonetel/dispose", said).await;
    drop(first);
    let next = desk(crate::floor::records(&floor.sim.client()));
    floor.wait(60).await;
    for _ in 0..2 {
        next.records().step().await.unwrap();
    }
    let history = ask(&next, Method::GET, "/api/ozonetel/call-history", json!({})).await;
    assert_eq!(
        (&history[0]["code"], &history[0]["leadId"], &history[0]["disposition"]),
        (&json!("APPOINTMENT_BOOKED"), &json!("7"), &json!("General Enquiry"))
    );
    let figures = ask(&next, Method::GET, "/api/performance", json!({})).await;
    assert_eq!(figures["appointmentsBooked"], 1, "{figures}");
    let page = ask(&next, Method::GET, "/api/calls", json!({})).await;
    assert_eq!(page["calls"][0]["code"], "APPOINTMENT_BOOKED");
}

#[tokio::test(start_paused = true)]
async fn of_more_than_are_listed_the_newest_that_no_one_has_taken_are_and_that_is_said() {
    let floor = Floor::new();
    let store = floor.desk.store();
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01"]).await;
    for n in 1..=501 {
        let id = format!("12345170000{n:06}");
        let about = (OutboxTarget::Service, id.as_str(), "disposition");
        let entry = OutboxEntry {
            agent: "agent01".to_owned(),
            state: OutboxState::Refused,
            ..OutboxEntry::waiting(format!("o{n}"), about, json!({}), n)
        };
        let answered = Fact::of_leg("agent01".into(), id.parse().unwrap(), LegNews::Answered, n);
        let state = Arc::clone(Call::of([answered.clone()]).state());
        let (facts, outbox) = (vec![answered], vec![OutboxWrite::Put(entry)]);
        let change = CallChange { id, facts, state, outbox, at: n, ..CallChange::default() };
        store.save_call(change).await.unwrap();
    }
    let listed = async || {
        let listed = supervisor.get("/api/owed").await.ok().json;
        let all = listed["owed"].as_array().unwrap().clone();
        let ends =
            [&all[0]["id"], &all[all.len() - 1]["id"]].map(|id| id.as_str().unwrap().to_owned());
        (all.len(), ends, listed["more"].as_bool().unwrap())
    };
    let ends = |first: &str, last: &str| [first.to_owned(), last.to_owned()];
    assert_eq!(listed().await, (500, ends("o2", "o501"), true));
    supervisor.post("/api/owed/o501/take", json!({})).await.ok();
    assert_eq!(listed().await, (500, ends("o1", "o500"), true));
}

async fn owed_dispositions(who: &Someone<'_>) -> Vec<Value> {
    who.get("/api/owed").await.ok().json["owed"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_disposition_of_a_call_that_neither_side_knows_is_owed_by_no_one() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    // Mistyped, and again in another way.
    for code in ["FOLLOW_UP_SCHEDULED", "NOT_INTERESTED"] {
        floor.post("dispose", &json!({"ucid": "1", "disposition": code})).await.problem(404);
        assert_eq!(owed_dispositions(&agent).await, Vec::<Value>::new(), "{code}");
    }
    let view = agent.get("/api/agents/agent01").await.ok();
    assert_eq!(view.json["owed"], 0);
    assert_eq!(floor.count(DISPOSITION), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_disposition_is_owed_once_its_call_turns_up() {
    let floor = Floor::new();
    let ucid = {
        let client = floor.sim.client();
        client.agents().login("agent01", "secret", "500001").await.unwrap();
        client.dial().agent("agent01", "support_out", "9000000001").await.unwrap().ucid()
    };
    floor.wait(10).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    // The call is there, the number under which it is disposed of is another.
    let body = json!({"ucid": ucid, "disposition": "NOT_INTERESTED", "did": "918000000009"});
    floor.post("dispose", &body).await.problem(404);
    assert_eq!(owed_dispositions(&agent).await, Vec::<Value>::new());
    agent.post("/api/phone/events", json!({"event": "answered", "ucid": ucid})).await.ok();
    let owed = owed_dispositions(&agent).await;
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_eq!(
        (&owed[0]["code"], &owed[0]["state"]),
        (&json!("NOT_INTERESTED"), &json!("refused"))
    );
    // What is kept is sent again, not something else; another disposition is given to the call.
    let path = format!("/api/owed/{}/retry", owed[0]["id"].as_str().unwrap());
    let refused = agent.post(&path, json!({"code": "INFO_PROVIDED"})).await.problem(400);
    assert_eq!(refused.json["errors"][0]["path"], "code");
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_for_later_and_is_refused_then_is_owed() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let away = Fault::new(FaultKind::Status).on(DISPOSITION).status(503).times(9);
    assert!(floor.sim.fault(away));
    floor.post("dispose", &json!({"ucid": "1", "disposition": "NOT_INTERESTED"})).await;
    for _ in 0..12 {
        floor.wait(600).await;
        deliver_due(&floor.desk, OutboxTarget::Service).await.unwrap();
    }
    let owed = owed_dispositions(&agent).await;
    assert_eq!(owed.len(), 1, "who said it was told that it is kept: {owed:?}");
    // Sent again by hand it is refused before one's eyes, and owed no more.
    let path = format!("/api/owed/{}/retry", owed[0]["id"].as_str().unwrap());
    let again = agent.post(&path, json!({})).await.ok();
    assert_eq!(again.json["state"], "no_call");
    assert_eq!(owed_dispositions(&agent).await, Vec::<Value>::new());
}
