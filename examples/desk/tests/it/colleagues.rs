//! Two agents with a part in one call: what is one's is not the other's.

use desk::core::caller::{Role, Scope};
use desk::core::fact::{Action, ActionFact, ActionOutcome, Fact, FactBody, FactSource};
use desk::flow::facts::record;
use serde_json::{Value, json};

use crate::floor::{DISPOSITION, Floor};
use crate::working::Someone;

const CALL: &str = "90000000000000001";

async fn phone(who: &Someone<'_>, body: Value) {
    who.post("/api/phone/events", body).await.ok();
}

/// A customer calls; both are rung, and the first answers.
async fn answered(first: &Someone<'_>, second: &Someone<'_>) {
    for who in [second, first] {
        let headers = json!({"X-UCID": CALL, "X-CALLERNO": "09000000001", "Call-ID": CALL});
        phone(who, json!({"event": "invite", "headers": headers})).await;
    }
    phone(first, json!({"event": "answered", "ucid": CALL})).await;
}

async fn call(floor: &Floor) -> desk::store::StoredCall {
    floor.desk.store().call(CALL, &Scope::All).await.unwrap().unwrap()
}

/// A page that was loaded anew was taken for the end of every phone in calls that had rung at its agent.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_anew_loses_no_colleagues_phone() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    answered(&first, &second).await;
    let sip = async || serde_json::to_value(call(&floor).await.state.sip).unwrap();
    assert_eq!(sip().await, "up");
    floor.wait(1).await;
    phone(&second, json!({"event": "registered", "page": "p2"})).await;
    assert_eq!(sip().await, "up");
    phone(&first, json!({"event": "registered", "page": "p1"})).await;
    assert_eq!(sip().await, "lost");
}

/// A phone that was away while the network changed was taken for the phone of a new page, and its call for lost.
#[tokio::test(start_paused = true)]
async fn a_phone_that_registers_again_for_its_page_keeps_its_call() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let sip = async || serde_json::to_value(call(&floor).await.state.sip).unwrap();
    let is_registered = async || {
        let view = first.get("/api/agents/agent01").await.ok().json;
        view["phone"]["registered"].as_bool().unwrap()
    };
    phone(&first, json!({"event": "registered", "page": "p1"})).await;
    answered(&first, &second).await;
    assert!(is_registered().await);
    floor.wait(1).await;
    phone(&first, json!({"event": "unregistered", "page": "p0"})).await;
    assert!(is_registered().await, "that was another page's");
    phone(&first, json!({"event": "unregistered", "page": "p1"})).await;
    assert!(!is_registered().await);
    phone(&first, json!({"event": "registered", "page": "p1"})).await;
    assert_eq!((is_registered().await, sip().await), (true, json!("up")));
    phone(&first, json!({"event": "registered", "page": "p2"})).await;
    assert_eq!(sip().await, "lost");
}

/// Who had handed a call to a colleague could say nothing of it, and stayed in after-call work.
#[tokio::test(start_paused = true)]
async fn who_handed_a_call_on_says_how_the_own_part_went() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let stranger = Someone::new(&floor.desk, Role::Agent, &["agent03"]).await;
    answered(&first, &second).await;
    let steps =
        [Action::Transfer { number: "500002".into(), warm: true }, Action::CompleteTransfer];
    for (n, action) in steps.into_iter().enumerate() {
        let acted = ActionFact {
            ucid: CALL.parse().unwrap(),
            by: "u1".to_owned(),
            agent: "agent01".into(),
            action,
            outcome: ActionOutcome::Done,
        };
        let body = FactBody::Acted(Box::new(acted));
        floor.wait(5).await;
        let at = floor.desk.now();
        record(&floor.desk, vec![Fact::new(FactSource::Action, n.to_string(), at, body)])
            .await
            .unwrap();
        floor.wait(5).await;
        if n == 0 {
            phone(&second, json!({"event": "answered", "ucid": CALL})).await;
        }
    }
    let due = floor.desk.now() + 3_600_000;
    let said = json!({"code": "FOLLOW_UP_SCHEDULED", "callBackAt": due});
    let path = format!("/api/calls/{CALL}/disposition");
    stranger.post(&path, said.clone()).await.problem(404);
    assert_eq!(floor.count(DISPOSITION), 0);
    first.post(&path, said.clone()).await;
    assert_eq!(floor.last(DISPOSITION).body["agentID"], "agent01");
    let frozen = json!({"ucid": CALL, "disposition": "INFO_PROVIDED"});
    stranger.post("/api/ozonetel/dispose", frozen).await.problem(404);
    second.post(&path, said).await;
    assert_eq!(floor.last(DISPOSITION).body["agentID"], "agent02");
    assert_eq!(floor.count(DISPOSITION), 2);
    // What each has promised stands.
    for (who, agent) in [(&first, "agent01"), (&second, "agent02")] {
        let promised = who.get("/api/follow-ups").await.ok().json["followUps"].clone();
        let promised: Vec<_> =
            promised.as_array().unwrap().iter().map(|one| &one["agent"]).collect();
        assert_eq!(promised, [agent]);
    }
    // The service knows of no such call: what each said is owed by who said it.
    for (who, agent) in [(&first, "agent01"), (&second, "agent02")] {
        let owed = who.get("/api/owed").await.ok().json["owed"].clone();
        let owed: Vec<_> = owed.as_array().unwrap().iter().map(|one| &one["agent"]).collect();
        assert_eq!(owed, [agent]);
        assert_eq!(who.get(&format!("/api/agents/{agent}")).await.ok().json["owed"], 1, "{agent}");
    }
}
