//! Calls: placed, handled, disposed of.

use std::time::Duration;

use axum::body::Body;
use desk::app;
use desk::core::caller::Role;
use desk::core::dial::DialWay;
use desk::flow::push_address::PushKind;
use http::Request;
use ozonetel_sim::world::{CampaignKind, Setup};
use ozonetel_sim::{Fault, FaultKind};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::calling_back::push;
use crate::floor::{Answer, CDR, DAY, DIAL, DISPOSITION, Floor, authorized, settings};
use crate::ways::link;
use crate::working::Someone;

#[tokio::test(start_paused = true)]
async fn every_request_of_the_guide_works_in_order() {
    let floor = Floor::new();
    let mut ucid = String::new();
    let mut answers = Vec::new();
    for step in desk::guide::STEPS {
        let route = step.path.strip_prefix("/api/ozonetel/").unwrap();
        let answer = match step.body {
            None => floor.get(route).await,
            Some(body) => {
                let body: Value = serde_json::from_str(&body.replace("$UCID", &ucid)).unwrap();
                floor.post(route, &body).await
            }
        };
        let answer = answer.ok();
        if route == "dial" {
            ucid = answer.text("ucid").to_owned();
        }
        floor.wait(step.wait).await;
        answers.push((route, answer.json));
    }
    let of = |route: &str| -> Vec<&Value> {
        answers.iter().filter(|(r, _)| *r == route).map(|(_, json)| json).collect()
    };
    assert_eq!(
        of("call-control").iter().map(|json| json["message"].as_str().unwrap()).collect::<Vec<_>>(),
        [
            "User hold is successful",
            "Call is Un-hold successfully",
            "call got mute successfully",
            "unmute success",
            "dialing",
            "call got disconnected",
        ]
    );
    assert_eq!(of("recording")[0]["message"], "paused monitoring of the channel");
    let history = &of("call-history")[0][0];
    assert_eq!(history["monitorUCID"], ucid);
    assert_eq!(history["code"], "FOLLOW_UP_SCHEDULED");
    assert_eq!(of("performance")[0]["calls"]["answered"], 1);
    let world = floor.sim.world();
    assert_eq!(world.call(ucid.parse().unwrap()).unwrap().parties.len(), 1);
}

/// Over KooKoo the customer would be rung first, while the agent talks to another one.
#[tokio::test(start_paused = true)]
async fn an_agent_who_is_in_a_call_dials_no_one_whichever_way() {
    const CALL: &str = "90000000000000031";
    for way in [DialWay::Agent, DialWay::Socket, DialWay::Kookoo] {
        let floor = Floor::new();
        floor.post("agent-login", &json!({})).await.ok();
        link(&floor.desk, way, "500001").await;
        let event = |action: &str, second: u32| {
            json!({"eventType": "Call", "eventTime": format!("{DAY} 10:15:{second:02}"), "data": {
                "action": action, "call_type": "inbound", "ucid": CALL, "monitor_ucid": CALL,
                "agent_id": "agent01", "caller_id": "9000000009", "did": "918000000001"}})
        };
        push(&floor, PushKind::Events, event("Calling", 1)).await;
        push(&floor, PushKind::Events, event("Answered", 2)).await;
        let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
        let call = agent.get(&format!("/api/calls/{CALL}")).await.ok().json;
        let seen = (&call["phase"], &call["can"]["dial"], &call["can"]["hold"]);
        assert_eq!(seen, (&json!("active"), &json!("in_a_call"), &Value::Null));
        let (body, before) = (json!({"number": "9000000001"}), floor.sim.requests().len());
        for answer in [
            agent.post("/api/calls", body.clone()).await,
            agent.keyed("/api/calls", "k1", body.clone()).await,
            floor.post("dial", &json!({"phoneNumber": "9000000001"})).await,
        ] {
            assert_eq!(answer.problem(409).json["reason"], "in_a_call", "{way:?}");
        }
        assert_eq!(floor.sim.requests().len(), before, "{way:?}: nothing was sent");
        assert_eq!(floor.desk.store().dial_of_key("k1", "k1").await, Ok(None));
        // After-call work keeps no one from dialling.
        push(&floor, PushKind::Events, event("Disconnect", 20)).await;
        let call = agent.get(&format!("/api/calls/{CALL}")).await.ok().json;
        assert_eq!((&call["phase"], &call["can"]["dial"]), (&json!("after_call"), &Value::Null));
        if way == DialWay::Agent {
            agent.keyed("/api/calls", "k1", body).await.ok();
            assert_eq!(floor.count(DIAL), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_asks_for_the_ucid_and_carries_a_reference() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let answer = floor.post("dial", &json!({"phoneNumber": "+91 90000-00001"})).await.ok();
    assert_eq!(answer.text("status"), "success");
    assert!(answer.text("ucid").bytes().all(|b| b.is_ascii_digit()), "{}", answer.json);
    let sent = floor.last(DIAL).body;
    assert_eq!(sent["UCID"], "true");
    assert_eq!(sent["agentID"], "agent01");
    assert_eq!(sent["campaignName"], "support_out");
    assert_eq!(sent["customerNumber"], "9000000001");
    assert_eq!(sent["uui"], answer.text("reference"));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_goes_away_cancels_nothing() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let late = Fault::new(FaultKind::Delay).on(DIAL).delay(Duration::from_secs(10));
    assert!(floor.sim.fault(late));
    let request = Request::post("/api/ozonetel/dial")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"phoneNumber":"9000000001","did":"918000000009"}"#))
        .unwrap();
    let request = authorized(&floor.desk, request).await;
    let browser = app(floor.desk.clone()).unwrap().oneshot(request);
    assert!(tokio::time::timeout(Duration::from_secs(1), browser).await.is_err(), "it is gone");
    assert_eq!(floor.desk.tasks().under_way(), 1);
    assert!(floor.desk.finish(Duration::from_secs(30)).await, "the dial finishes");
    assert_eq!(floor.sim.effects("dial"), 1);
    // What the desk learned from the answer that no one waited for.
    let ucid = floor.sim.state()["calls"][0]["ucid"].as_str().unwrap().to_owned();
    let known = floor.desk.memory().of(&ucid.parse().unwrap());
    assert_eq!(known.did.unwrap().as_str(), "918000000009");
}

#[tokio::test(start_paused = true)]
async fn a_dial_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    for kind in [FaultKind::CloseAfter, FaultKind::Cut, FaultKind::Html, FaultKind::Status] {
        let floor = Floor::new();
        floor.post("agent-login", &json!({})).await.ok();
        assert!(floor.sim.fault(Fault::new(kind).on(DIAL)));
        let answer = floor.post("dial", &json!({"phoneNumber": "9000000001"})).await;
        let answer = if kind.acts() {
            let answer = answer.ok();
            let ucid = floor.sim.state()["calls"][0]["ucid"].as_str().unwrap().to_owned();
            assert_eq!(answer.text("ucid"), ucid, "{kind:?}");
            answer
        } else {
            let problem = answer.problem(504);
            assert_eq!(problem.text("call"), "dial.agent");
            problem
        };
        assert_eq!(floor.last(DIAL).body["uui"], answer.text("reference"), "{kind:?}");
        assert_eq!((floor.count(DIAL), floor.count(CDR)), (1, 1), "{kind:?}");
        assert_eq!(floor.sim.effects("dial"), usize::from(kind.acts()), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_not_waited_for_forever() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let slow = Fault::new(FaultKind::SlowDrip).on(DIAL).delay(Duration::from_secs(25));
    assert!(floor.sim.fault(slow));
    let started = tokio::time::Instant::now();
    floor.post("dial", &json!({"phoneNumber": "9000000001"})).await.problem(504);
    assert_eq!(started.elapsed().as_secs(), 60);
    assert_eq!(floor.desk.tasks().under_way(), 1, "the dial itself goes on");
    assert!(floor.desk.finish(Duration::from_mins(10)).await);
    assert_eq!(floor.sim.effects("dial"), 1);
}

#[tokio::test(start_paused = true)]
async fn dispose_ends_after_call_work_and_keeps_the_code() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    let body = json!({
        "ucid": ucid, "disposition": "APPOINTMENT_BOOKED", "callerPhone": "9000000001",
        "direction": "outbound", "durationSec": 12, "leadId": 4711, "notes": "Tuesday, ten o'clock",
    });
    let answer = floor.post("dispose", &body).await.ok();
    assert_eq!(answer.text("status"), "success");
    assert_eq!(answer.text("message"), "Disposition saved successfully");
    assert_eq!(answer.text("code"), "APPOINTMENT_BOOKED");
    assert_eq!(answer.text("disposition"), "General Enquiry");
    let sent = floor.last(DISPOSITION).body;
    let expected = json!({
        "action": "Set", "ucid": ucid, "did": "918000000001", "agentID": "agent01",
        "disposition": "General Enquiry", "autoRelease": "true", "comments": "Tuesday, ten o'clock",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&sent[field], value, "{field}");
    }
    assert_eq!(sent.get("pauseAfterDispose"), None);
    assert_eq!(floor.sim.state()["agents"][0]["state"], "READY");
    let call = &floor.get("call-history").await.ok().json[0];
    assert_eq!(call["disposition"], "General Enquiry");
    assert_eq!((&call["code"], &call["leadId"]), (&json!("APPOINTMENT_BOOKED"), &json!("4711")));
    // A second one is a refusal, and no success.
    floor.post("dispose", &body).await.problem(422);
}

#[tokio::test(start_paused = true)]
async fn dispose_can_pause_instead_of_releasing() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    let body = json!({"ucid": ucid, "disposition": "NO_ANSWER", "pauseAfterDispose": true});
    floor.post("dispose", &body).await.problem(400);
    let body = json!({"ucid": ucid, "disposition": "NO_ANSWER", "pauseReason": "lunch"});
    let answer = floor.post("dispose", &body).await.ok();
    assert_eq!(answer.json["queued"], true, "the call is still up");
    let sent = floor.last(DISPOSITION).body;
    assert_eq!(sent["pauseAfterDispose"], "true");
    assert_eq!(sent["pauseReason"], "lunch");
    assert_eq!(sent.get("autoRelease"), None);
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    assert_eq!(floor.sim.state()["agents"][0]["state"], "PAUSED");
}

#[tokio::test(start_paused = true)]
async fn a_disposition_whose_fate_is_unknown_says_so_and_keeps_the_code() {
    for (kind, times) in
        [(FaultKind::CloseAfter, 1), (FaultKind::CloseBefore, 9), (FaultKind::Html, 9)]
    {
        let floor = Floor::new();
        let ucid = floor.talking().await;
        assert!(floor.sim.fault(Fault::new(kind).on(DISPOSITION).times(times)));
        let body = json!({"ucid": ucid, "disposition": "WRONG_NUMBER"});
        let answer = floor.post("dispose", &body).await.problem(504);
        assert!(answer.text("message").contains("disposition"), "{kind:?}");
        let kept = floor.desk.store().kept_codes(std::slice::from_ref(&ucid)).await.unwrap();
        assert_eq!(kept[&ucid].code.as_deref(), Some("WRONG_NUMBER"), "{kind:?}");
    }
    // A lost answer that is followed by a clear word about the call itself is that word.
    let floor = Floor::new();
    floor.talking().await;
    assert!(floor.sim.fault(Fault::new(FaultKind::CloseBefore).on(DISPOSITION)));
    let body = json!({"ucid": "90000000000000001", "disposition": "WRONG_NUMBER"});
    floor.post("dispose", &body).await.problem(404);
    assert!(
        floor.desk.store().kept_codes(&["90000000000000001".to_owned()]).await.unwrap().is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_said_beats_what_is_known_beats_the_environment() {
    let mut setup = Setup::default();
    for campaign in &mut setup.campaigns {
        // Manual calls go out over a number that the environment does not name.
        if campaign.kind == CampaignKind::Manual {
            campaign.did = Some("918000000007".into());
        }
    }
    let floor = Floor::with(setup, settings());
    floor.post("agent-login", &json!({})).await.ok();
    let dial = json!({"phoneNumber": "9000000001"});
    let ucid = floor.post("dial", &dial).await.ok().text("ucid").to_owned();
    floor.wait(5).await;
    let hold = |did: Option<&str>| json!({"action": "hold", "ucid": ucid, "did": did});
    floor.post("call-control", &hold(None)).await.problem(404);
    floor.post("call-control", &hold(Some("918000000007"))).await.ok();
    floor.post("call-control", &hold(Some(""))).await.problem(404);
    // The day's rows name the DID.
    floor.get("call-history").await.ok();
    floor.post("call-control", &hold(None)).await.ok();
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "X"})).await.ok();
    assert_eq!(floor.last(DISPOSITION).body["did"], "918000000007");
}

#[tokio::test(start_paused = true)]
async fn another_agent_has_nothing_of_the_desks_own_agent() {
    let floor = Floor::new();
    let answer = floor.post("agent-login", &json!({"agentId": "agent02"})).await.problem(400);
    assert!(answer.text("message").contains("password"), "{}", answer.json);
    let login = json!({"agentId": "agent02", "password": "secret", "phoneNumber": "500002"});
    floor.post("agent-login", &login).await.ok();
    let dial = json!({"agentId": "agent02", "phoneNumber": "9000000001"});
    let ucid = floor.post("dial", &dial).await.ok().text("ucid").to_owned();
    floor.wait(5).await;
    let hold = json!({"action": "HOLD", "ucid": ucid});
    let answer = floor.post("call-control", &hold).await.problem(400);
    assert!(answer.text("message").starts_with("agentPhoneName"), "{}", answer.json);
    let hold = json!({"action": "HOLD", "ucid": ucid, "agentPhoneName": "agent02"});
    floor.post("call-control", &hold).await.ok();
    // The agent of the dial is known: its disposition is not the desk's own agent's.
    floor.post("dispose", &json!({"ucid": ucid, "disposition": "X"})).await.ok();
    assert_eq!(floor.last(DISPOSITION).body["agentID"], "agent02");
}

#[tokio::test(start_paused = true)]
async fn states_of_an_agent() {
    let floor = Floor::new();
    floor.post("agent-state", &json!({"state": "Ready"})).await.problem(409);
    floor.post("agent-login", &json!({})).await.ok();
    floor.post("agent-login", &json!({})).await.problem(409);
    floor.post("agent-state", &json!({"state": "Pause"})).await.problem(400);
    floor.post("agent-state", &json!({"state": "Away"})).await.problem(400);
    let pause = |reason| json!({"state": "pause", "pauseReason": reason});
    floor.post("agent-state", &pause("siesta")).await.problem(422);
    floor.post("agent-state", &pause("lunch")).await.ok();
    assert_eq!(floor.sim.state()["agents"][0]["state"], "PAUSED");
    floor.post("dial", &json!({"phoneNumber": "9000000001"})).await.problem(409);
    floor.post("force-ready", &json!({})).await.ok();
    assert_eq!(floor.sim.state()["agents"][0]["state"], "READY");
    let answer = floor.post("agent-logout", &json!({})).await.ok();
    assert_eq!(
        answer.json,
        json!({"status": "success", "message": "Agent agent01 logged out successfully"})
    );
    floor.post("agent-logout", &json!({})).await.problem(409);
}

#[tokio::test(start_paused = true)]
async fn answers_have_the_shapes_that_front_ends_read() {
    let floor = Floor::new();
    let ucid = floor.talking().await;
    let of = async |route: &str, body: Value| floor.post(route, &body).await.ok().json;
    assert_eq!(
        of("recording", json!({"ucid": ucid, "action": "pause"})).await,
        json!({"status": "Success", "message": "paused monitoring of the channel"})
    );
    assert_eq!(
        of("call-control", json!({"ucid": ucid, "action": "MUTE"})).await,
        json!({"status": "Success", "message": "call got mute successfully"})
    );
    let conference =
        json!({"ucid": ucid, "action": "CONFERENCE", "conferenceNumber": "9000000002"});
    assert_eq!(
        of("call-control", conference).await,
        json!({"status": "Success", "message": "dialing", "ucid": ucid})
    );
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    let answer =
        Answer::of(app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap()).await.ok();
    assert_eq!(answer.json["status"], "ok");
}
