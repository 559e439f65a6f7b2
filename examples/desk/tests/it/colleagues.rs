//! Two agents with a part in one call: what is one's is not the other's.

use desk::app;
use desk::core::caller::{Role, Scope};
use desk::core::fact::{Action, ActionFact, ActionOutcome, Fact, FactBody, FactSource, LegNews};
use desk::flow::facts::record;
use desk::store::Audience;
use http::Method;
use serde_json::{Value, json};
use tower::ServiceExt as _;

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

/// The first asks the second, who answers, and leaves the call to that one.
async fn handed_on(floor: &Floor, first: &Someone<'_>, second: &Someone<'_>) {
    handed_on_after(floor, first, second, false).await;
}

/// The same; before the first leaves it, the second's page may be loaded anew.
async fn handed_on_after(
    floor: &Floor,
    first: &Someone<'_>,
    second: &Someone<'_>,
    is_loaded_anew: bool,
) {
    answered(first, second).await;
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
            phone(second, json!({"event": "answered", "ucid": CALL})).await;
            if is_loaded_anew {
                floor.wait(1).await;
                phone(second, json!({"event": "registered", "page": "p9"})).await;
            }
        }
    }
}

/// The customer was with a dead phone, of which nothing was said.
#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_anew_while_its_agent_is_asked_has_lost_the_phone_of_the_call() {
    for is_loaded_anew in [false, true] {
        let floor = Floor::new();
        let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
        let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
        handed_on_after(&floor, &first, &second, is_loaded_anew).await;
        let shown = second.get(&format!("/api/calls/{CALL}")).await.ok().json;
        assert_eq!((&shown["agent"], &shown["phase"]), (&json!("agent02"), &json!("active")));
        let leg = if is_loaded_anew { "lost" } else { "up" };
        assert_eq!(
            (&shown["phone"]["leg"], &shown["phone"]["heard"]),
            (&json!(leg), &json!(!is_loaded_anew))
        );
        // The phone of who handed it on is in no call any more.
        floor.wait(1).await;
        phone(&first, json!({"event": "registered", "page": "p8"})).await;
        let facts = floor.desk.store().load_calls(&[CALL.to_owned()]).await.unwrap();
        let is_lost =
            |fact: &&Fact| matches!(&fact.body, FactBody::Leg { news: LegNews::Lost, .. });
        let lost = facts[0].call.facts().iter().filter(is_lost).count();
        assert_eq!(lost, usize::from(is_loaded_anew));
    }
}

/// A supervisor of the first alone, and the first's page, had it as going on for good.
#[tokio::test(start_paused = true)]
async fn who_handed_a_call_on_is_told_of_its_end() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    handed_on(&floor, &first, &second).await;
    let told = async || {
        let told = floor.desk.store().events_after(0, 1_000).await.unwrap();
        let told = told.iter().rfind(|event| {
            event.audience == Audience::Agent("agent01".into()) && event.kind == "call.changed"
        });
        let told: Value = serde_json::from_str(&told.unwrap().body).unwrap();
        (told["phase"].as_str().unwrap().to_owned(), told["part"]["phase"].clone())
    };
    let path = format!("/api/calls/{CALL}/disposition");
    assert_eq!(told().await, ("active".to_owned(), json!("after_call")));
    floor.wait(10).await;
    phone(&second, json!({"event": "ended", "ucid": CALL})).await;
    assert_eq!(told().await, ("after_call".to_owned(), json!("after_call")));
    second.post(&path, json!({"code": "INFO_PROVIDED"})).await;
    let delivered = ActionFact {
        ucid: CALL.parse().unwrap(),
        by: "desk".to_owned(),
        agent: "agent02".into(),
        action: Action::Deliver {
            target: "service".to_owned(),
            state: "sent".to_owned(),
            is_over: false,
        },
        outcome: ActionOutcome::Done,
    };
    let body = FactBody::Acted(Box::new(delivered));
    let fact = Fact::new(FactSource::Action, "sent", floor.desk.now(), body);
    record(&floor.desk, vec![fact]).await.unwrap();
    assert_eq!(told().await, ("closed".to_owned(), json!("after_call")));
}

/// Each owed disposition that someone sees: id, agent, state.
async fn owed(who: &Someone<'_>) -> Vec<(String, String, String)> {
    let owed = who.get("/api/owed").await.ok().json["owed"].clone();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let each = owed.as_array().unwrap().iter();
    each.map(|one| (text(one, "id"), text(one, "agent"), text(one, "state"))).collect()
}

fn nothing_said(id: &str, agent: &str) -> (String, String, String) {
    (id.to_owned(), agent.to_owned(), "none".to_owned())
}

async fn live(who: &Someone<'_>) -> Vec<Value> {
    who.get("/api/calls/live").await.ok().json["calls"].as_array().unwrap().clone()
}

/// Who had handed a call to a colleague was shown no form for it, and the list said nothing.
#[tokio::test(start_paused = true)]
async fn who_handed_a_call_on_has_the_own_form_until_it_is_given() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01", "agent02"]).await;
    handed_on(&floor, &first, &second).await;
    let path = format!("/api/calls/{CALL}");
    let is_own_form = |call: &Value| {
        assert_eq!((&call["agent"], &call["phase"]), (&json!("agent02"), &json!("active")));
        let part = &call["part"];
        assert_eq!((&part["agent"], &part["phase"]), (&json!("agent01"), &json!("after_call")));
        assert_eq!(
            (&part["disposition"], &part["wrapup"]["overrun"]),
            (&Value::Null, &json!(false))
        );
        for can in [&call["can"], &part["can"]] {
            assert_eq!((&can["dispose"], &can["hold"]), (&Value::Null, &json!("not_your_call")));
            assert_eq!((&can["end"], &can["transfer"]), (&can["hold"], &can["hold"]));
        }
        assert_eq!(call["number"], "09000000001");
    };
    is_own_form(&first.get(&path).await.ok().json);
    is_own_form(&live(&first).await[0]);
    let told = floor.desk.store().events_after(0, 1_000).await.unwrap();
    let told = told
        .iter()
        .rfind(|event| {
            event.audience == Audience::Agent("agent01".into()) && event.kind == "call.changed"
        })
        .unwrap();
    is_own_form(&serde_json::from_str(&told.body).unwrap());
    assert!(!told.masked.as_ref().unwrap().contains("9000000001"));
    let theirs = second.get(&path).await.ok().json;
    assert_eq!((theirs.get("part"), &theirs["can"]["hold"]), (Some(&Value::Null), &Value::Null));
    let part = format!("{CALL}:agent01");
    let (own, other) = (nothing_said(&part, "agent01"), nothing_said(CALL, "agent02"));
    assert_eq!((owed(&first).await, owed(&second).await), (vec![own.clone()], vec![]));
    assert_eq!(owed(&supervisor).await, std::slice::from_ref(&own));
    let agent = async |id: &str| first.get(&format!("/api/agents/{id}")).await.ok().json;
    let (known, wrapup) = (agent("agent01").await, Value::Null);
    assert!(known["owed"] == 1 && known["wrapup"] != wrapup && known["call"] == Value::Null);
    // Of the other part nothing changes here.
    phone(&second, json!({"event": "ended", "ucid": CALL})).await;
    assert_eq!((owed(&first).await, owed(&second).await), (vec![own.clone()], vec![other.clone()]));
    assert_eq!(owed(&supervisor).await, [own, other]);
    second.post(&format!("{path}/disposition"), json!({"code": "INFO_PROVIDED"})).await;
    let code = &second.get(&path).await.ok().json["disposition"]["code"];
    assert_eq!(
        (code, &first.get(&path).await.ok().json["part"]["disposition"]),
        (&json!("INFO_PROVIDED"), &Value::Null)
    );
    assert_eq!(live(&first).await[0]["part"]["phase"], "after_call", "after a reload too");
    first.post(&format!("{path}/disposition"), json!({"code": "NO_ANSWER"})).await;
    let part = first.get(&path).await.ok().json["part"].clone();
    assert_eq!(part["disposition"]["code"], "NO_ANSWER");
    assert!(owed(&first).await.iter().all(|(.., state)| state != "none"));
}

/// What one typed was overwritten by the other.
#[tokio::test(start_paused = true)]
async fn each_agents_notes_are_kept_and_sent_as_the_own() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let stranger = Someone::new(&floor.desk, Role::Agent, &["agent03"]).await;
    handed_on(&floor, &first, &second).await;
    let path = format!("/api/calls/{CALL}");
    let draft = format!("{path}/draft");
    let type_notes = async |who: &Someone<'_>, body: Value| {
        let request = who.request(Method::PUT, &draft, "application/json", body.to_string());
        app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap().status().as_u16()
    };
    for (who, notes) in [(&first, "asked for a price"), (&second, "wants it on Monday")] {
        assert_eq!(type_notes(who, json!({"notes": notes})).await, 204);
    }
    assert_eq!(type_notes(&stranger, json!({"notes": "x"})).await, 404);
    assert_eq!(type_notes(&first, json!({"notes": "x", "agent": "agent02"})).await, 404);
    for (who, notes) in [(&first, "asked for a price"), (&second, "wants it on Monday")] {
        assert_eq!(who.get(&path).await.ok().json["notes"], notes);
        who.post(&format!("{path}/disposition"), json!({"code": "INFO_PROVIDED"})).await;
        assert_eq!(floor.last(DISPOSITION).body["comments"], notes);
        assert_eq!(who.get(&path).await.ok().json["notes"], notes, "as it was said");
    }
}

/// To take over from one was to take over from both, and what was said of it was of the other's part.
#[tokio::test(start_paused = true)]
async fn a_supervisor_takes_over_and_gives_what_one_of_them_owes() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01", "agent02"]).await;
    let foreign = Someone::new(&floor.desk, Role::Supervisor, &["agent03"]).await;
    handed_on(&floor, &first, &second).await;
    phone(&second, json!({"event": "ended", "ucid": CALL})).await;
    let part = format!("{CALL}:agent01");
    let of_second = Someone::new(&floor.desk, Role::Supervisor, &["agent02"]).await;
    for other in [&foreign, &of_second] {
        other.post(&format!("/api/owed/{part}/take"), json!({})).await.problem(404);
    }
    supervisor.post(&format!("/api/owed/{CALL}:agent02/take"), json!({})).await.problem(404);
    let taken = supervisor.post(&format!("/api/owed/{part}/take"), json!({})).await.ok().json;
    assert_eq!((&taken["id"], &taken["agent"]), (&json!(part), &json!("agent01")));
    assert!(taken["takenBy"].is_string());
    assert_eq!(
        (owed(&first).await, owed(&second).await),
        (vec![], vec![nothing_said(CALL, "agent02")])
    );
    let path = format!("/api/calls/{CALL}/disposition");
    let said = |agent: &str| json!({"code": "INFO_PROVIDED", "agent": agent});
    supervisor.post(&path, said("agent03")).await.problem(404);
    second.post(&path, said("agent01")).await.problem(404);
    assert_eq!(floor.count(DISPOSITION), 0);
    supervisor.post(&path, said("agent01")).await;
    assert_eq!(floor.last(DISPOSITION).body["agentID"], "agent01");
    assert_eq!(owed(&second).await, [nothing_said(CALL, "agent02")]);
}

/// Who had handed a call to a colleague could say nothing of it, and stayed in after-call work.
#[tokio::test(start_paused = true)]
async fn who_handed_a_call_on_says_how_the_own_part_went() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let stranger = Someone::new(&floor.desk, Role::Agent, &["agent03"]).await;
    handed_on(&floor, &first, &second).await;
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

/// Of the colleague in a dialled call nothing was known, and its dial kept the first from the next one.
#[tokio::test(start_paused = true)]
async fn a_dialled_call_that_is_handed_on_is_the_colleagues_and_its_dial_is_over() {
    let floor = Floor::new();
    let first = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let second = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let ucid = floor.talking().await;
    let news = |event: &str| json!({"event": event, "ucid": ucid});
    phone(&first, news("answered")).await;
    let path = |verb: &str| format!("/api/calls/{ucid}{verb}");
    let open = async || floor.desk.store().open_dial(&"agent01".into()).await.unwrap().is_some();
    let to = json!({"kind": "warm", "number": "500002"});
    first.post(&path("/transfer"), to).await.ok();
    floor.wait(1).await;
    let headers = json!({"X-UCID": ucid, "Call-ID": "c2"});
    phone(&second, json!({"event": "invite", "headers": headers})).await;
    floor.wait(1).await;
    phone(&second, news("answered")).await;
    let asking = first.get(&path("")).await.ok().json;
    assert_eq!((&asking["agent"], &asking["can"]["hold"]), (&json!("agent01"), &Value::Null));
    floor.wait(5).await;
    assert!(open().await);
    first.post(&path("/transfer/complete"), json!({})).await.ok();
    assert!(!open().await);
    let theirs = second.get(&path("")).await.ok().json;
    assert_eq!((&theirs["agent"], &theirs["phase"]), (&json!("agent02"), &json!("active")));
    let can = &theirs["can"];
    assert_eq!((&can["end"], &can["transfer"]), (&Value::Null, &Value::Null));
    assert_eq!(first.get(&path("")).await.ok().json["part"]["phase"], "after_call");
    phone(&first, news("ended")).await;
    floor.wait(30).await;
    phone(&second, news("ended")).await;
    let over = second.get(&path("")).await.ok().json;
    assert_eq!((&over["agent"], &over["phase"]), (&json!("agent02"), &json!("after_call")));
}
