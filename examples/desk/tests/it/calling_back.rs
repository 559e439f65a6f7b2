//! Missed calls: found whoever told of them, called back by one agent, and closed by the conversation.

use desk::core::caller::{Role, Scope};
use desk::core::fact::{Action, ActionFact, ActionOutcome, Fact, FactBody, FactSource};
use desk::core::missed::CLAIM_MS;
use desk::flow::facts::record;
use desk::flow::intake::{sweep_missed, work_pushes};
use desk::flow::push_address::PushKind;
use desk::flow::working::{note_missed, note_outcome, note_reached};
use desk::store::NewPush;
use desk::store::audit::AuditFilter;
use desk::work::call_reports::TakenOver;
use ozonetel_sim::world::{LegSide, PhoneAction};
use serde_json::{Value, json};

use crate::floor::{DAY, DIAL, Floor};
use crate::working::Someone;

const NUMBER: &str = "9000000001";

/// What the service sends is stored and worked.
pub(crate) async fn push(floor: &Floor, kind: PushKind, body: Value) {
    let (source, body) = (kind.as_str().to_owned(), body.to_string());
    let push = NewPush { source, digest: body.clone(), at: floor.desk.now(), body };
    floor.desk.store().store_pushes(vec![push]).await.unwrap();
    assert_eq!(work_pushes(&floor.desk).await, Ok(1));
}

/// The callback of a call that came in, of these minutes past ten.
fn callback(id: u32, status: &str, (from, until): (u32, u32)) -> Value {
    json!({
        "monitorUCID": 90_000_000_000_000_000_u64 + u64::from(id), "Type": "Inbound", "Status": status,
        "CallerID": NUMBER, "AgentID": "agent01", "TimeToAnswer": "00:00:10",
        "StartTime": format!("{DAY} 10:{from:02}:00"), "EndTime": format!("{DAY} 10:{until:02}:30"),
    })
}

async fn missed(floor: &Floor) -> Vec<Value> {
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent03"]).await;
    agent.get("/api/missed").await.ok().json["missed"].as_array().unwrap().clone()
}

/// A lead of the number, and whether it is done.
async fn lead(floor: &Floor) -> bool {
    let found = floor.desk.store().lead_of_number(&NUMBER.into()).await.unwrap();
    found.unwrap().done
}

async fn import(floor: &Floor) {
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01"]).await;
    supervisor.import(&format!("number,name\n{NUMBER},Customer A\n")).await.ok();
}

/// Someone calls, no one answers, and the sweep finds it: no callback came.
async fn is_missed(floor: &Floor) {
    floor.sim.inbound("918000000001", NUMBER).unwrap();
    floor.wait(90).await;
    assert_eq!(sweep_missed(&floor.desk).await.unwrap(), 1);
    assert_eq!(missed(floor).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_closes_a_missed_call_also_without_a_callback() {
    for by_events in [true, false] {
        let floor = Floor::new();
        import(&floor).await;
        is_missed(&floor).await;
        let ucid = floor.talking().await;
        let zone = floor.desk.client().zone();
        let event = |action: &str| {
            let at = zone.stamp(floor.desk.client().clock().now()).to_string();
            json!({"eventType": "Call", "eventTime": at, "data": {
                "action": action, "call_type": "Manual", "ucid": ucid, "monitor_ucid": ucid,
                "agent_id": "agent01", "caller_id": NUMBER, "did": "918000000001", "event_time": at}})
        };
        if by_events {
            push(&floor, PushKind::Events, event("Answered")).await;
        }
        assert_eq!((missed(&floor).await.len(), lead(&floor).await), (1, false), "it goes on");
        floor.wait(20).await;
        floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
        floor.wait(60).await;
        if by_events {
            push(&floor, PushKind::Events, event("Disconnect")).await;
        } else {
            floor.wait(200).await;
            floor.sync().await;
            assert_eq!(TakenOver::default().look(&floor.desk).await.unwrap(), 2);
        }
        assert_eq!((missed(&floor).await.len(), lead(&floor).await), (0, true), "{by_events}");
        // Told of once more, the missed call stays closed.
        sweep_missed(&floor.desk).await.unwrap();
        assert_eq!(missed(&floor).await.len(), 0);
    }
}

/// The service has taken a hold. The simulator takes none of a call that rings.
async fn was_held(floor: &Floor, ucid: &str) {
    let acted = ActionFact {
        ucid: ucid.parse().unwrap(),
        by: "u1".into(),
        agent: "agent01".into(),
        action: Action::Hold,
        outcome: ActionOutcome::Done,
    };
    let body = FactBody::Acted(Box::new(acted));
    let fact = Fact::new(FactSource::Action, "hold", floor.desk.now(), body);
    record(&floor.desk, vec![fact]).await.unwrap();
}

/// Where nothing tells whether a customer has answered, the service decides what it takes while it rings.
#[tokio::test(start_paused = true)]
async fn a_customer_who_was_put_on_hold_and_did_not_answer_is_called_again() {
    for by_callback in [true, false] {
        let floor = Floor::new();
        import(&floor).await;
        is_missed(&floor).await;
        floor.post("agent-login", &json!({})).await.ok();
        let ucid = floor.post("dial", &json!({"phoneNumber": NUMBER})).await.ok();
        let ucid = ucid.text("ucid").to_owned();
        floor.wait(2).await;
        was_held(&floor, &ucid).await;
        let call = floor.desk.store().call(&ucid, &Scope::All).await.unwrap().unwrap();
        assert!(call.state.is_answered(), "as far as is known");
        floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Busy).unwrap();
        floor.wait(60).await;
        if by_callback {
            let body = json!({
                "monitorUCID": ucid, "Type": "Manual", "Status": "NotAnswered", "CallerID": NUMBER,
                "AgentID": "agent01", "CustomerStatus": "NormalUnspecified",
                "StartTime": format!("{DAY} 10:16:30"), "EndTime": format!("{DAY} 10:16:40"),
            });
            push(&floor, PushKind::Calls, body).await;
        } else {
            floor.wait(200).await;
            floor.sync().await;
            assert_eq!(TakenOver::default().look(&floor.desk).await.unwrap(), 2);
        }
        let call = floor.desk.store().call(&ucid, &Scope::All).await.unwrap().unwrap();
        assert!(call.state.is_final && !call.state.is_answered(), "{by_callback}");
        assert_eq!((missed(&floor).await.len(), lead(&floor).await), (1, false), "{by_callback}");
    }
}

/// The desk hears of an answer and of the end, and minutes later that no one was talked to.
#[tokio::test(start_paused = true)]
async fn what_a_conversation_closed_that_there_was_not_is_open_again() {
    let (leg, id) = ("90000000000000009", "90000000000000001");
    let floor = Floor::new();
    import(&floor).await;
    is_missed(&floor).await;
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let zone = floor.desk.client().zone();
    let now = || zone.stamp(floor.desk.client().clock().now()).to_string();
    let event = |action: &str| {
        json!({"eventType": "Call", "eventTime": now(), "data": {
            "action": action, "call_type": "InBound", "ucid": leg, "monitor_ucid": id,
            "agent_id": "agent01", "caller_id": NUMBER, "did": "918000000001", "event_time": now()}})
    };
    let began = now();
    push(&floor, PushKind::Events, event("Calling")).await;
    floor.wait(5).await;
    agent.post("/api/phone/events", json!({"event": "answered", "ucid": leg})).await.ok();
    floor.wait(2).await;
    push(&floor, PushKind::Events, event("Disconnect")).await;
    assert_eq!((missed(&floor).await.len(), lead(&floor).await), (0, true), "as far as is known");
    let stale = floor.desk.store().call(id, &Scope::All).await.unwrap().unwrap();
    let end = now();
    floor.wait(60).await;
    let body = json!({
        "monitorUCID": id, "Type": "Inbound", "Status": "NotAnswered", "CallerID": NUMBER,
        "AgentID": "agent01", "AgentStatus": "user_disconnected", "StartTime": began, "EndTime": end,
    });
    push(&floor, PushKind::Calls, body).await;
    for told in 0..2 {
        let open = missed(&floor).await;
        assert_eq!(
            (open.len(), &open[0]["calls"], lead(&floor).await),
            (1, &json!(2), false),
            "{told}"
        );
        let found = floor.desk.store().lead_of_number(&NUMBER.into()).await.unwrap().unwrap();
        assert_eq!(found.last_interaction, None);
        // Who was slow notes the call as it was before the last word.
        note_outcome(&floor.desk, &stale).await.unwrap();
    }
    // What was talked before stays, and so does what was talked since.
    push(&floor, PushKind::Calls, callback(3, "Answered", (40, 41))).await;
    note_outcome(&floor.desk, &stale).await.unwrap();
    assert_eq!((missed(&floor).await.len(), lead(&floor).await), (0, true));
}

/// A desk that has begun anew goes through the whole day again.
#[tokio::test(start_paused = true)]
async fn a_lead_is_to_be_called_though_there_was_a_conversation_before_it_was_imported() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    floor.wait(20).await;
    floor.sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    floor.wait(300).await;
    floor.sync().await;
    assert_eq!(TakenOver::default().look(&floor.desk).await.unwrap(), 1);
    import(&floor).await;
    floor.wait(120).await;
    floor.sync().await;
    assert_eq!(TakenOver::default().look(&floor.desk).await.unwrap(), 1, "the same call");
    assert!(!lead(&floor).await);
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent03"]).await;
    let entries = agent.get("/api/worklist").await.ok().json["entries"].clone();
    assert_eq!((&entries[0]["kind"], &entries[0]["number"]), (&json!("lead"), &json!(NUMBER)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_only_the_records_have_is_a_missed_call() {
    let floor = Floor::new();
    floor.sim.inbound("918000000001", NUMBER).unwrap();
    floor.wait(90).await;
    floor.sync().await;
    let mut taken = TakenOver::default();
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 1);
    let found = missed(&floor).await;
    assert_eq!((found.len(), &found[0]["calls"]), (1, &json!(1)));
    // The service's list of abandoned calls has the same one, and a new process takes it over again.
    sweep_missed(&floor.desk).await.unwrap();
    TakenOver::default().look(&floor.desk).await.unwrap();
    assert_eq!(missed(&floor).await[0]["calls"], 1);
}

/// The agent is in a call: the next caller waits in the queue until its limit.
#[tokio::test(start_paused = true)]
async fn who_waited_until_the_queues_limit_is_missed_whichever_tells_of_it() {
    for by_records in [true, false] {
        let floor = Floor::new();
        floor.talking().await;
        let ucid = floor.sim.inbound("918000000001", "9000000002").unwrap();
        floor.wait(90).await;
        let word = floor.sim.world().call(ucid.monitor_ucid).unwrap().legs[0].dial_status;
        assert_eq!(word, "QTimeExceeded");
        if by_records {
            floor.sync().await;
            TakenOver::default().look(&floor.desk).await.unwrap();
        } else {
            sweep_missed(&floor.desk).await.unwrap();
        }
        let found = missed(&floor).await;
        let is_it = |row: &&Value, field| row[field].as_str().unwrap().ends_with("9000000002");
        assert!(found.len() == 1 && is_it(&&found[0], "number"), "{by_records}: {found:?}");
        let history = floor.get("call-history").await.ok().json;
        let is_it = |call: &&Value| is_it(call, "callerID");
        let told = history.as_array().unwrap().iter().find(is_it).unwrap();
        assert_eq!(told["status"], "Unanswered", "{told}");
    }
}

/// The customer called again and was answered before anything told of the call that was missed.
#[tokio::test(start_paused = true)]
async fn a_missed_call_that_is_told_of_after_the_conversation_is_on_no_list() {
    for late in [false, true] {
        let floor = Floor::new();
        let (first, second) = (callback(1, "NotAnswered", (1, 1)), callback(2, "Answered", (3, 8)));
        let pushes = if late { [second, first] } else { [first, second] };
        for body in pushes {
            push(&floor, PushKind::Calls, body).await;
        }
        assert_eq!(missed(&floor).await.len(), 0, "{late}");
        // The next one is.
        push(&floor, PushKind::Calls, callback(3, "NotAnswered", (12, 12))).await;
        assert_eq!(missed(&floor).await.len(), 1);
    }
}

/// Two people call from one number: one is talked to while the other finds no one.
#[tokio::test(start_paused = true)]
async fn a_conversation_that_was_going_on_does_not_answer_a_call_missed_meanwhile() {
    for turned in [false, true] {
        let floor = Floor::new();
        let (talk, other) = (callback(1, "Answered", (0, 12)), callback(2, "NotAnswered", (5, 5)));
        for body in if turned { [other, talk] } else { [talk, other] } {
            push(&floor, PushKind::Calls, body).await;
        }
        assert_eq!(missed(&floor).await.len(), 1, "{turned}");
        push(&floor, PushKind::Calls, callback(3, "Answered", (13, 14))).await;
        assert_eq!(missed(&floor).await.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_without_a_number_is_on_no_list() {
    let floor = Floor::new();
    let mut body = callback(1, "NotAnswered", (1, 1));
    body["CallerID"] = json!("anonymous");
    push(&floor, PushKind::Calls, body).await;
    assert_eq!(missed(&floor).await.len(), 0);
}

/// Everyone hears these events, and a colleague's customer is no one else's business.
#[tokio::test(start_paused = true)]
async fn a_conversation_is_reported_to_all_only_where_a_list_changes_and_without_the_number() {
    let floor = Floor::new();
    let store = floor.desk.store();
    let told = async |since: i64| {
        let events = store.events_after(since, 99).await.unwrap();
        events.iter().map(|event| (event.kind.clone(), event.body.clone())).collect::<Vec<_>>()
    };
    note_reached(&floor.desk, &NUMBER.into(), 10, 20).await.unwrap();
    assert_eq!(told(0).await, [], "no one's lead, and on no list");
    import(&floor).await;
    let since = store.newest_event().await.unwrap();
    for _ in 0..2 {
        note_reached(&floor.desk, &NUMBER.into(), 10, 20).await.unwrap();
    }
    assert_eq!(told(since).await, [("worklist.changed".to_owned(), "{}".to_owned())]);
    // One that has been on the list and is closed is not reported again.
    note_missed(&floor.desk, &NUMBER.into(), "c1", 30).await.unwrap();
    note_reached(&floor.desk, &NUMBER.into(), 40, 50).await.unwrap();
    let since = store.newest_event().await.unwrap();
    note_reached(&floor.desk, &NUMBER.into(), 60, 70).await.unwrap();
    let kinds: Vec<_> = told(since).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["worklist.changed"]);
}

/// Two agents who can dial.
async fn two(floor: &Floor) -> [Someone<'_>; 2] {
    for (agent, phone) in [("agent01", "500001"), ("agent02", "500002")] {
        let body = json!({"agentId": agent, "password": "secret", "phoneNumber": phone});
        floor.post("agent-login", &body).await.ok();
    }
    [
        Someone::new(&floor.desk, Role::Agent, &["agent01"]).await,
        Someone::new(&floor.desk, Role::Agent, &["agent02"]).await,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_number_that_a_colleague_has_claimed_is_not_dialled() {
    let floor = Floor::new();
    let [agent01, agent02] = two(&floor).await;
    note_missed(&floor.desk, &NUMBER.into(), "c1", floor.desk.now()).await.unwrap();
    let id = missed(&floor).await[0]["id"].as_str().unwrap().to_owned();
    let claim = format!("/api/missed/{id}/claim");
    let spelt = json!({"agent": "AGENT01"});
    agent01.post(&claim, spelt.clone()).await.ok();
    agent01.post(&claim, json!({})).await.ok();
    agent02.post(&claim, json!({})).await.problem(409);
    let entry = &agent02.get("/api/worklist").await.ok().json["entries"][0];
    assert_eq!(entry["claimedBy"].as_str().map(str::to_lowercase).as_deref(), Some("agent01"));
    assert_eq!(entry["claimedUntil"].as_i64(), Some(floor.desk.people().now() + CLAIM_MS));
    for body in [json!({"number": "+91 90000 00001"}), json!({"number": NUMBER, "missedId": id})] {
        let refused = agent02.post("/api/calls", body).await.problem(409).json;
        assert_eq!(refused["reason"], "claimed");
        assert!(refused["message"].as_str().unwrap().to_lowercase().contains("agent01"));
    }
    let old = floor.post("dial", &json!({"phoneNumber": NUMBER, "agentId": "agent02"})).await;
    assert_eq!(old.problem(409).json["reason"], "claimed");
    assert_eq!(floor.count(DIAL), 0, "no one was rung");
    // Another number is; and the same one is after the claim.
    floor.wait(u64::try_from(CLAIM_MS / 1000).unwrap()).await;
    agent02.post("/api/calls", json!({"number": NUMBER})).await.ok();
    assert_eq!(floor.count(DIAL), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_who_call_back_at_once_one_does_and_has_claimed_it() {
    let floor = Floor::new();
    let [agent01, agent02] = two(&floor).await;
    note_missed(&floor.desk, &NUMBER.into(), "c1", floor.desk.now()).await.unwrap();
    let id = missed(&floor).await[0]["id"].clone();
    let body = json!({"number": NUMBER, "missedId": id});
    let (one, other) = tokio::join!(
        agent01.keyed("/api/calls", "k1", body.clone()),
        agent02.keyed("/api/calls", "k1", body.clone()),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, floor.count(DIAL)), ([200, 409], 1), "{} {}", one.json, other.json);
    let by = if one.status == 200 { "agent01" } else { "agent02" };
    assert_eq!(missed(&floor).await[0]["claimedBy"], by);
    // The same request again is the same call, whoever has claimed the number now.
    let first = if by == "agent01" { &agent01 } else { &agent02 };
    let again = first.keyed("/api/calls", "k1", body).await.ok();
    assert_eq!(
        (&again.headers["idempotent-replayed"], floor.count(DIAL)),
        (&"true".parse().unwrap(), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_rang_no_one_gives_back_what_it_claimed() {
    let floor = Floor::new();
    let agent01 = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    note_missed(&floor.desk, &NUMBER.into(), "c1", floor.desk.now()).await.unwrap();
    // The agent is not logged in at the service.
    agent01.post("/api/calls", json!({"number": NUMBER})).await.problem(409);
    let entry = &missed(&floor).await[0];
    assert_eq!((floor.count(DIAL), &entry["claimedBy"]), (1, &Value::Null));
    // What the agent had claimed before stays so.
    let claim = format!("/api/missed/{}/claim", entry["id"].as_str().unwrap());
    agent01.post(&claim, json!({})).await.ok();
    agent01.post("/api/calls", json!({"number": NUMBER})).await.problem(409);
    assert_eq!(missed(&floor).await[0]["claimedBy"], "agent01");
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_has_claimed_is_closed_by_that_one_or_a_supervisor_and_the_audit_says_who()
{
    let floor = Floor::new();
    let agent01 = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let agent02 = Someone::new(&floor.desk, Role::Agent, &["agent02"]).await;
    let supervisor = Someone::new(&floor.desk, Role::Supervisor, &["agent01", "agent02"]).await;
    note_missed(&floor.desk, &NUMBER.into(), "c1", floor.desk.now()).await.unwrap();
    let id = missed(&floor).await[0]["id"].as_str().unwrap().to_owned();
    let path = |verb: &str| format!("/api/missed/{id}/{verb}");
    let why = json!({"reason": "came by"});
    agent01.post(&path("claim"), json!({})).await.ok();
    let refused = agent02.post(&path("close"), why.clone()).await.problem(409).json;
    assert_eq!(refused["reason"], "claimed");
    assert_eq!(missed(&floor).await.len(), 1);
    supervisor.post(&path("close"), why.clone()).await.ok();
    assert_eq!(missed(&floor).await.len(), 0);
    note_missed(&floor.desk, &NUMBER.into(), "c2", floor.desk.now() + 1).await.unwrap();
    agent01.post(&path("claim"), json!({})).await.ok();
    agent01.post(&path("release"), json!({})).await.ok();
    agent02.post(&path("close"), why).await.ok();
    let filter = AuditFilter::newest(Scope::All, 99);
    let rows = floor.desk.store().audit(&filter).await.unwrap();
    let mut rows: Vec<_> = rows
        .iter()
        .filter(|row| row.action.starts_with("missed."))
        .map(|row| [&*row.action, &*row.target, &*row.role].join(" "))
        .collect();
    rows.reverse();
    let want = [
        "missed.claim call:c1 agent",
        "missed.close call:c1 supervisor",
        "missed.claim call:c2 agent",
        "missed.release call:c2 agent",
        "missed.close call:c2 agent",
    ];
    assert_eq!(rows, want);
}
