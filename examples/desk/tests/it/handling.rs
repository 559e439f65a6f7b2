//! Calls over the routes of the desk's own page: what must not happen, does not.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use desk::core::caller::{Role, Scope};
use desk::core::outbox::OutboxTarget;
use desk::store::Dials as _;
use desk::work::call_reports::TakenOver;
use desk::work::{outbox, settle};
use desk::{Desk, Settings, app};
use http::{Method, Request, header};
use ozonetel_sim::world::{LegSide, PhoneAction, Setup};
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::floor::{Answer, CDR, DIAL, DISPOSITION, Floor, settings, token};

/// A browser: one token, and so one caller.
pub(crate) struct Browser<'f> {
    pub(crate) floor: &'f Floor,
    pub(crate) token: String,
}

impl<'f> Browser<'f> {
    pub(crate) async fn new(floor: &'f Floor, role: Role) -> Self {
        Self { floor, token: token(&floor.desk, role, &["agent01"]).await }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Answer {
        Answer::of(self.response(method, path, key, body).await).await
    }

    pub(crate) async fn response(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let request = request.body(Body::from(body.to_string())).unwrap();
        app(self.floor.desk.clone()).unwrap().oneshot(request).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, None, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &json!({})).await
    }

    pub(crate) async fn dial(&self, key: &str, number: &str) -> Answer {
        self.send(Method::POST, "/api/calls", Some(key), &json!({"number": number})).await
    }

    async fn talking(&self) -> String {
        let ucid = self.dial("first", "9000000001").await.ok().text("ucid").to_owned();
        self.floor.wait(5).await;
        ucid
    }
}

async fn floor() -> Floor {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    floor
}

fn is_replay(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

#[tokio::test(start_paused = true)]
async fn a_repeated_post_rings_once() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok();
    assert!(!is_replay(&first));
    floor.wait(600).await;
    let again = browser.dial("k1", "9000000001").await.ok();
    assert!(is_replay(&again));
    assert_eq!(again.json, first.json);
    assert_eq!(floor.sim.effects("dial"), 1);
    let other = browser.dial("k1", "9000000002").await.problem(422);
    assert_eq!(other.text("reason"), "key_used");
    let found = browser.get("/api/dials/k1").await.ok();
    assert_eq!((found.text("state"), found.text("masked")), ("accepted", "…01"));
    assert!(!found.json.to_string().contains("9000000001"));
    browser.dial("", "9000000001").await.problem(400);
    let wrong = browser.dial("k2", "hello").await.problem(400);
    assert_eq!(wrong.json["errors"][0]["path"], "number");
    assert!(wrong.text("message").starts_with("number has to be one number"), "{}", wrong.json);
}

fn row(answer: &Answer) -> Option<&str> {
    answer.headers.get("desk-dial").and_then(|id| id.to_str().ok())
}

#[tokio::test(start_paused = true)]
async fn each_answer_says_whether_a_row_stands_for_the_key() {
    let floor = Floor::new();
    let browser = Browser::new(&floor, Role::Agent).await;
    // What is refused before anything is written down has none.
    assert_eq!(row(&browser.dial("k0", "hello").await.problem(400)), None);
    // The service refuses it: the agent is not logged in.
    let refused = browser.dial("k1", "9000000001").await.problem(409);
    let id = row(&refused).unwrap().to_owned();
    let kept = browser.get("/api/dials/k1").await.ok();
    assert_eq!((kept.text("id"), kept.text("state")), (id.as_str(), "refused"));
    let again = browser.dial("k1", "9000000001").await;
    assert_eq!((row(&again), is_replay(&again)), (Some(id.as_str()), true));
    let used = browser.dial("k1", "9000000002").await.problem(422);
    assert_eq!(row(&used), Some(id.as_str()));
    floor.post("agent-login", &json!({})).await.ok();
    let placed = browser.dial("k2", "9000000001").await.ok();
    assert_eq!(row(&placed), Some(placed.text("id")));
    // The open dial is another one's.
    let open = browser.dial("k3", "9000000002").await.problem(409);
    assert_eq!((row(&open), open.text("reference")), (None, placed.text("reference")));
    // The routes of existing front ends answer as ever.
    let body = json!({"phoneNumber": "9000000001"});
    assert_eq!(row(&floor.post("dial", &body).await), None);
}

#[tokio::test(start_paused = true)]
async fn two_clicks_ring_once() {
    let floor = floor().await;
    let late = Fault::new(FaultKind::Delay).on(DIAL).delay(Duration::from_secs(3));
    assert!(floor.sim.fault(late));
    let body = json!({"phoneNumber": "9000000001"});
    let (one, other) = tokio::join!(floor.post("dial", &body), floor.post("dial", &body));
    let (one, other) = (one.ok(), other.ok());
    assert_eq!(one.json, other.json);
    assert_ne!(is_replay(&one), is_replay(&other));
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_tabs_ring_once() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let (one, other) =
        tokio::join!(browser.dial("tab-1", "9000000001"), browser.dial("tab-2", "9000000001"));
    let (first, second) = if one.status == 200 { (one, other) } else { (other, one) };
    let first = first.ok();
    let second = second.problem(409);
    assert_eq!(second.text("reason"), "dial_open");
    let place = format!("/api/dials/{}", first.text("id"));
    assert_eq!(second.headers[header::LOCATION], place);
    assert_eq!(second.text("reference"), first.text("reference"));
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_dial_waits_for_evidence_or_for_a_supervisor() {
    let floor = floor().await;
    let agent = Browser::new(&floor, Role::Agent).await;
    let supervisor = Browser::new(&floor, Role::Supervisor).await;
    // Nothing arrives, and the report cannot be asked.
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseBefore).on(DIAL)));
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseBefore).on(CDR).times(99)));
    let problem = agent.dial("k1", "9000000001").await.problem(504);
    let id = problem.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(problem.text("instance"), format!("urn:ozonetel-desk:request:{id}"));
    let reference = problem.text("reference").to_owned();
    agent.dial("k2", "9000000002").await.problem(409);
    let listed = supervisor.get("/api/dials?state=unknown").await.ok();
    let dial = &listed.json["dials"][0];
    assert_eq!(dial["reference"], reference);
    let wrong = supervisor.get("/api/dials?state=placed").await.problem(400);
    assert!(wrong.text("message").contains("sending, accepted, refused"), "{}", wrong.json);
    let path = format!("/api/dials/{}/settle", dial["id"].as_str().unwrap());
    let wrong = json!({"outcome": "placed?", "reason": "seen"});
    let wrong = supervisor.post(&path, &wrong).await.problem(400);
    assert_eq!(wrong.text("message"), "outcome has to be placed or not_placed");
    let word = json!({"outcome": "not_placed", "reason": "the agent's phone did not ring"});
    agent.post(&path, &word).await.problem(403);
    supervisor.post(&path, &json!({"outcome": "not_placed", "reason": " "})).await.problem(400);
    let settled = supervisor.post(&path, &word).await.ok();
    assert_eq!(settled.text("state"), "settled_not_happened");
    supervisor.post(&path, &word).await.problem(409);
    agent.dial("k1", "9000000001").await.problem(409);
    agent.dial("k3", "9000000001").await.ok();
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_events_the_call_records_say_that_a_customer_has_answered() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseAfter).on(DIAL)));
    let asked = floor.desk.now();
    let dial = browser.dial("k1", "9000000001").await.ok();
    assert_eq!(dial.text("state"), "settled_happened");
    let ucid = dial.text("ucid").to_owned();
    floor.wait(60).await;
    let path = format!("/api/calls/{ucid}");
    let shown = async || browser.get(&path).await.ok().json;
    assert_eq!(shown().await["phase"], "calling", "its reference was found, and no more was read");
    let mut taken = TakenOver::default();
    floor.sync().await;
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 1);
    let call = shown().await;
    let answered = call["answeredAt"].as_i64().unwrap();
    assert!((asked..=asked + 5_000).contains(&answered), "{answered} {asked}");
    assert_eq!((&call["phase"], &call["recording"]), (&json!("active"), &json!("on")));
    let talk_sec = async || {
        let kept = floor.desk.store().call(&ucid, &Scope::All).await.unwrap().unwrap();
        kept.state.talk_sec
    };
    assert_eq!(talk_sec().await, None, "it goes on");
    for one in call["participants"].as_array().unwrap() {
        assert_eq!(one["state"], "on", "{one}");
    }
    // The next readings say nothing that is new.
    floor.wait(60).await;
    floor.sync().await;
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 0);
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(120).await;
    floor.sync().await;
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 1);
    let call = shown().await;
    assert!(talk_sec().await.is_some_and(|talk| (110..=125).contains(&talk)));
    assert_eq!(call["answeredAt"], answered);
}

#[tokio::test(start_paused = true)]
async fn without_events_a_call_that_is_held_was_answered_and_the_records_say_when() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
    let asked = floor.desk.now();
    floor.wait(50).await;
    let hold = json!({"ucid": ucid, "action": "HOLD"});
    floor.post("call-control", &hold).await.ok();
    let path = format!("/api/calls/{ucid}");
    let call = browser.get(&path).await.ok().json;
    assert_eq!((&call["phase"], &call["held"]), (&json!("active"), &json!(true)));
    assert_eq!(call["answeredAt"], floor.desk.now(), "as far as is known");
    floor.wait(15).await;
    floor.sync().await;
    assert_eq!(TakenOver::default().look(&floor.desk).await.unwrap(), 1);
    let call = browser.get(&path).await.ok().json;
    let answered = call["answeredAt"].as_i64().unwrap();
    assert!((asked..=asked + 5_000).contains(&answered), "{answered} {asked}");
    assert_eq!((&call["phase"], &call["held"]), (&json!("active"), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_whose_phone_was_lost_leaves_no_customer_on_the_line() {
    for is_lost in [false, true] {
        let floor = floor().await;
        let browser = Browser::new(&floor, Role::Agent).await;
        let ucid = browser.talking().await;
        if is_lost {
            for body in [
                json!({"event": "answered", "ucid": ucid}),
                json!({"event": "ended", "ucid": ucid, "cause": "lost"}),
            ] {
                browser.post("/api/phone/events", &body).await.ok();
            }
        }
        browser.post(&format!("/api/calls/{ucid}/end"), &json!({})).await.ok();
        let requests = floor.sim.requests();
        let dropped: Vec<_> = requests
            .iter()
            .filter(|entry| entry.body["action"] == "KICK_CALL")
            .map(|entry| entry.body["conferenceNumber"].as_str().unwrap())
            .collect();
        let wanted: &[&str] = if is_lost { &["500001", "09000000001"] } else { &["500001"] };
        assert_eq!(dropped, wanted);
        let id = ucid.parse().unwrap();
        assert!(floor.sim.world().call(id).is_some_and(|call| !call.live()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_disposition_is_not_answered_with_success() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    let draft = json!({"notes": "Tuesday, ten"});
    let path = format!("/api/calls/{ucid}/draft");
    assert_eq!(browser.response(Method::PUT, &path, None, &draft).await.status(), 204);
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseBefore).on(DISPOSITION).times(9)));
    let path = format!("/api/calls/{ucid}/disposition");
    let answer = browser.post(&path, &json!({"code": "FOLLOW_UP_SCHEDULED"})).await;
    assert_eq!((answer.status.as_u16(), answer.text("status")), (202, "queued"));
    assert_eq!(answer.headers[header::LOCATION], format!("/api/calls/{ucid}"));
    let call = browser.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(
        (&call["phase"], &call["disposition"]["targets"]),
        (&json!("after_call"), &json!({"service": "pending", "platform": "pending"}))
    );
    assert_eq!(
        floor.sim.state()["agents"][0]["state"],
        "ACW",
        "the agent is still in after-call work"
    );
    for _ in 0..12 {
        floor.wait(300).await;
        outbox::deliver_due(&floor.desk, OutboxTarget::Service).await.unwrap();
    }
    let call = browser.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(call["disposition"]["targets"]["service"], "sent");
    assert_eq!(floor.sim.effects("disposition"), 1);
    assert_eq!(floor.last(DISPOSITION).body["comments"], "Tuesday, ten", "the draft was not lost");
    let second = browser.post(&path, &json!({"code": "WRONG_NUMBER"})).await.problem(422);
    assert_eq!(second.text("reason"), "already_disposed");
}

#[tokio::test(start_paused = true)]
async fn an_agent_without_a_phone_name_says_how_the_call_went() {
    let settings = Settings { phone_name: None, ..settings() };
    let floor = Floor::with(Setup::default(), settings);
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.talking().await;
    let refused = browser.post(&format!("/api/calls/{ucid}/hold"), &json!({})).await.problem(400);
    let why = refused.text("message");
    assert!(why.contains("agentPhoneName") && why.contains("OZONETEL_PHONE_NAME"), "{why}");
    // A recording is named by its leg alone.
    let pause = json!({"action": "pause"});
    browser.post(&format!("/api/calls/{ucid}/recording"), &pause).await.ok();
    let said = json!({"code": "INFO_PROVIDED"});
    browser.post(&format!("/api/calls/{ucid}/disposition"), &said).await.ok();
    assert_eq!(floor.sim.effects("disposition"), 1);
    assert_eq!(floor.last(DISPOSITION).body["ucid"], ucid);
}

#[tokio::test(start_paused = true)]
async fn a_disposition_waits_for_the_did_of_its_call() {
    let settings = Settings { did: None, ..settings() };
    let floor = Floor::with(Setup::default(), settings);
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001", "did": "918000000001"});
    floor.post("call-control", &kick).await.ok();
    let said = json!({"code": "FOLLOW_UP_SCHEDULED", "notes": "Tuesday"});
    let answer = browser.post(&format!("/api/calls/{ucid}/disposition"), &said).await;
    assert_eq!((answer.status.as_u16(), answer.text("status")), (202, "queued"));
    assert_eq!(answer.text("message"), "did is missing, and OZONETEL_DID is not set");
    assert_eq!(floor.count(DISPOSITION), 0, "there is nothing to ask the service with");
    // Once the setting has it.
    let desk =
        Desk::new(floor.sim.client(), crate::floor::settings(), Arc::clone(floor.desk.store()));
    floor.wait(60).await;
    outbox::deliver_due(&desk, OutboxTarget::Service).await.unwrap();
    let call = browser.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(call["disposition"]["targets"]["service"], "sent");
    let sent = floor.last(DISPOSITION);
    assert_eq!(
        (&sent.body["did"], &sent.body["comments"]),
        (&json!("918000000001"), &json!("Tuesday"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_back_is_not_filed_as_not_interested() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let names = ["Not Interested", "Follow Up", "General Enquiry"].map(Into::into).to_vec();
    floor.desk.calling().learn_dispositions(names);
    let ucid = browser.talking().await;
    let path = format!("/api/calls/{ucid}/disposition");
    let answer = browser.post(&path, &json!({"code": "CALLBACK_REQUESTED"})).await.ok();
    assert_eq!(answer.text("disposition"), "General Enquiry");
    assert_eq!(floor.last(DISPOSITION).body["disposition"], "General Enquiry");
    let call = browser.get(&format!("/api/calls/{ucid}")).await.ok().json;
    assert_eq!(call["disposition"]["code"], "CALLBACK_REQUESTED");
}

fn invite(ucid: &str, caller: Option<&str>, at: i64) -> Value {
    let mut headers = json!({"X-UCID": ucid, "X-DID": "918000000001"});
    if let Some(caller) = caller {
        headers["X-CALLERNO"] = caller.into();
    }
    json!({"event": "invite", "headers": headers, "from": "sip", "at": at})
}

#[tokio::test(start_paused = true)]
async fn a_stale_dial_does_not_answer_the_next_inbound_call() {
    let floor = Floor::with_calling(|calling| {
        calling.auto_answer = ozonetel_sdk::phone_call::AutoAnswer::Outbound;
    });
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.dial("k1", "9000000001").await.ok().text("ucid").to_owned();
    let ask = async |body: Value| {
        browser.post("/api/phone/events", &body).await.ok().text("answer").to_owned()
    };
    assert_eq!(ask(invite("90000000000000009", Some("09000000002"), 1)).await, "ask");
    assert_eq!(ask(invite(&ucid, None, 2)).await, "auto", "its own leg");
    assert_eq!(ask(invite(&ucid, None, 2)).await, "auto", "the same INVITE asked about again");
    assert_eq!(ask(invite("90000000000000007", None, 3)).await, "ask", "the dial is used up");
    browser.post("/api/phone/events", &json!({"event": "answered"})).await.problem(400);
    let answered = json!({"event": "answered", "ucid": ucid});
    browser.post("/api/phone/events", &answered).await.ok();
    assert_eq!(ask(invite("90000000000000008", Some("09000000002"), 4)).await, "busy");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_handled_and_says_what_is_possible() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.talking().await;
    let live = browser.get("/api/calls/live").await.ok().json;
    let call = &live["calls"][0];
    assert_eq!((&call["ucid"], &call["number"]), (&json!(ucid), &json!("9000000001")));
    assert_eq!((&call["direction"], &call["can"]["hold"]), (&json!("outbound"), &Value::Null));
    let path = |verb: &str| format!("/api/calls/{ucid}/{verb}");
    let held = browser.post(&path("hold"), &json!({})).await.ok().json;
    assert_eq!(
        (&held["call"]["held"], &held["call"]["can"]["hold"]),
        (&json!(true), &json!("already_held"))
    );
    let again = browser.post(&path("hold"), &json!({})).await.problem(409);
    assert_eq!(again.text("reason"), "already_held");
    browser.post(&path("unhold"), &json!({})).await.ok();
    let paused = browser.post(&path("recording"), &json!({"action": "pause"})).await.ok().json;
    assert!(paused["call"]["recordingPausedAt"].is_i64());
    browser.post(&path("recording"), &json!({"action": "resume"})).await.ok();
    let to = json!({"kind": "warm", "number": "9000000002"});
    let open = browser.post(&path("transfer"), &to).await.ok().json;
    assert_eq!(open["call"]["transfer"]["step"], "consulting");
    browser.post(&path("transfer"), &to).await.problem(409);
    let back = browser.post(&path("transfer/cancel"), &json!({})).await.ok().json;
    assert_eq!(back["call"]["transfer"]["step"], "cancelled");
    browser.post(&path("transfer"), &json!({"kind": "hot", "number": "1"})).await.problem(400);
}

/// Neither to be cancelled nor begun anew: to complete it was all that was left, and dropped the customer.
#[tokio::test(start_paused = true)]
async fn a_transfer_whose_third_party_has_gone_is_cancelled_and_begun_anew() {
    let floor = floor().await;
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.talking().await;
    let path = |verb: &str| format!("/api/calls/{ucid}/{verb}");
    let to = |number: &str| json!({"kind": "warm", "number": number});
    browser.post(&path("transfer"), &to("9000000002")).await.ok();
    let client = floor.sim.client();
    let gone =
        client.call_control().kick(ucid.parse().unwrap(), "918000000001", "agent01", "9000000002");
    gone.await.unwrap();
    let back = browser.post(&path("transfer/cancel"), &json!({})).await.ok().json;
    assert_eq!(
        (&back["call"]["transfer"]["step"], &back["call"]["phase"]),
        (&json!("cancelled"), &json!("active"))
    );
    assert_eq!(back["call"]["can"]["transfer"], Value::Null);
    let again = browser.post(&path("transfer"), &to("9000000003")).await.ok().json;
    assert_eq!(again["call"]["transfer"]["step"], "consulting");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_another_agent_is_not_there() {
    let floor = floor().await;
    let ucid = Browser::new(&floor, Role::Agent).await.talking().await;
    let other =
        Browser { floor: &floor, token: token(&floor.desk, Role::Agent, &["agent02"]).await };
    for path in [format!("/api/calls/{ucid}"), "/api/calls/90000000000000001".to_owned()] {
        let answer = other.get(&path).await.problem(404);
        assert_eq!(answer.text("message"), "there is no such call");
    }
    other.post(&format!("/api/calls/{ucid}/hold"), &json!({})).await.problem(404);
    other.get("/api/dials/first").await.problem(404);
    let nothing = other.get("/api/calls/live").await.ok().json;
    assert_eq!(nothing, json!({"calls": []}));
    let supervisor = Browser::new(&floor, Role::Supervisor).await;
    assert_eq!(settle::look(&floor.desk).await, Ok(0));
    let reveal = supervisor.post(&format!("/api/calls/{ucid}/reveal"), &json!({})).await.ok();
    assert_eq!(reveal.text("number"), "9000000001");
}

#[tokio::test(start_paused = true)]
async fn outside_calling_hours_no_one_is_rung() {
    let floor = Floor::with_calling(|calling| {
        calling.policy.hours = Some("09:00-10:00".parse().unwrap());
    });
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let problem = browser.dial("k1", "9000000001").await.problem(409);
    assert_eq!(problem.text("reason"), "outside_calling_hours");
    floor.post("dial", &json!({"phoneNumber": "9000000001"})).await.problem(409);
    assert_eq!(floor.count(DIAL), 0);
}

/// Each is dialled as `9000000001`.
const SPELLINGS: [&str; 6] = [
    "09000000001",
    "+91 (0)90000 00001",
    "+91 090000 00001",
    "9000000001.0",
    "+91\u{a0}90000\u{a0}00001",
    "90000\u{2011}00001",
];

#[tokio::test(start_paused = true)]
async fn a_blocked_number_is_rung_in_no_spelling() {
    let floor = Floor::with_calling(|calling| {
        calling.policy.blocked.insert("919000000001".to_owned());
    });
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let ucid = browser.dial("k0", "9000000002").await.ok().text("ucid").to_owned();
    floor.wait(5).await;
    for (n, text) in (1..).zip(SPELLINGS) {
        let problem = browser.dial(&format!("k{n}"), text).await.problem(422);
        assert_eq!(problem.text("reason"), "blocked_number", "{text}");
        let third = json!({"action": "CONFERENCE", "ucid": ucid, "conferenceNumber": text});
        let problem = floor.post("call-control", &third).await.problem(422);
        assert_eq!(problem.text("reason"), "blocked_number", "{text}");
    }
    let controls = floor.sim.requests();
    let controls = controls.iter().filter(|entry| entry.path.ends_with("/CallControl_V4"));
    assert_eq!((floor.count(DIAL), controls.count()), (1, 0));
}

/// What was dialled is looked for in the call records, which have it as it was rung.
#[tokio::test(start_paused = true)]
async fn one_number_in_two_spellings_is_one_dial() {
    for text in SPELLINGS {
        let floor = floor().await;
        let dial = |number: &str| json!({"phoneNumber": number});
        let first = floor.post("dial", &dial(text)).await.ok();
        let again = floor.post("dial", &dial("9000000001")).await.ok();
        assert!(is_replay(&again), "{text}");
        assert_eq!((again.json, floor.sim.effects("dial")), (first.json, 1), "{text}");
        let row = floor.memory().open_dial(&"agent01".into()).await.unwrap().unwrap();
        assert_eq!(row.number.as_str(), "9000000001", "{text}");
    }
}

/// The call was placed: whoever is told that it was not calls the customer another way.
#[tokio::test(start_paused = true)]
async fn a_dial_that_is_repeated_after_calling_hours_gets_its_first_answer() {
    let floor = Floor::with_calling(|calling| {
        calling.policy.hours = Some("10:00-10:20".parse().unwrap());
    });
    floor.post("agent-login", &json!({})).await.ok();
    let browser = Browser::new(&floor, Role::Agent).await;
    let first = browser.dial("k1", "9000000001").await.ok();
    let other = json!({"phoneNumber": "9000000002", "agentId": "agent02"});
    floor.wait(600).await;
    let again = browser.dial("k1", "9000000001").await.ok();
    assert!(is_replay(&again));
    assert_eq!(again.json, first.json);
    let used = browser.dial("k1", "9000000002").await.problem(422);
    assert_eq!(used.text("reason"), "key_used");
    for answer in [browser.dial("k2", "9000000001").await, floor.post("dial", &other).await] {
        assert_eq!(answer.problem(409).text("reason"), "outside_calling_hours");
    }
    assert_eq!(floor.sim.effects("dial"), 1);
}

/// The same over the route of the front ends, whose key is agent and number for a minute.
#[tokio::test(start_paused = true)]
async fn a_dial_without_a_key_that_is_repeated_after_calling_hours_gets_its_first_answer() {
    let floor = Floor::with_calling(|calling| {
        calling.policy.hours = Some("10:00-10:16".parse().unwrap());
    });
    floor.post("agent-login", &json!({})).await.ok();
    floor.wait(50).await;
    let body = json!({"phoneNumber": "9000000001"});
    let first = floor.post("dial", &body).await.ok();
    floor.wait(30).await;
    let again = floor.post("dial", &body).await.ok();
    assert!(is_replay(&again));
    assert_eq!(again.json, first.json);
    assert_eq!(floor.sim.effects("dial"), 1);
    floor.wait(60).await;
    let late = floor.post("dial", &body).await.problem(409);
    assert_eq!(late.text("reason"), "outside_calling_hours");
}
