//! What must be impossible, where no test elsewhere is named after it.

use desk::Settings;
use desk::core::caller::{Role, Scope};
use desk::core::outbox::OutboxTarget;
use desk::flow::intake::work_pushes;
use desk::work::outbox;
use ozonetel_sim::world::Setup;
use ozonetel_sim::{Fault, FaultKind};
use serde_json::json;

use crate::floor::{CDR, DAY, DISPOSITION, Floor, settings};
use crate::working::Someone;

const SECRET: &str = "a-secret-of-the-tests";

async fn hung_up(floor: &Floor) -> String {
    let ucid = floor.talking().await;
    let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
    floor.post("call-control", &kick).await.ok();
    ucid
}

/// The service takes no disposition for a quarter of an hour; then it does, and no one has to do anything.
#[tokio::test(start_paused = true)]
async fn no_agent_is_stuck_in_after_call_work_because_no_disposition_reached_the_service() {
    for kind in [FaultKind::CloseBefore, FaultKind::Html, FaultKind::LimitStatus] {
        let floor = Floor::new();
        let ucid = hung_up(&floor).await;
        let state = || floor.sim.state()["agents"][0]["state"].clone();
        assert_eq!(state(), "ACW");
        assert!(floor.sim.fault(Fault::new(kind).on(DISPOSITION).times(4)));
        let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
        let path = format!("/api/calls/{ucid}/disposition");
        let said = agent.post(&path, json!({"code": "INFO_PROVIDED"})).await;
        assert_ne!(said.json["status"], "success", "{kind:?}");
        for _ in 0..20 {
            floor.wait(300).await;
            outbox::deliver_due(&floor.desk, OutboxTarget::Service).await.unwrap();
        }
        assert_ne!(state(), "ACW", "{kind:?}");
        assert_eq!(floor.sim.effects("disposition"), 1, "{kind:?}");
        assert_eq!(
            agent.get("/api/owed").await.ok().json,
            json!({"owed": [], "more": false}),
            "{kind:?}"
        );
    }
}

/// The form comes first or last, the callback twice, a row of the report besides: it is one call.
#[tokio::test(start_paused = true)]
async fn one_call_that_callback_and_form_tell_of_is_recorded_once() {
    for form_first in [true, false] {
        let webhook_secret = Some(SECRET.into());
        let floor = Floor::with(Setup::default(), Settings { webhook_secret, ..settings() });
        let ucid = hung_up(&floor).await;
        let form = json!({
            "ucid": ucid, "disposition": "APPOINTMENT_BOOKED", "callerPhone": "09000000001",
            "direction": "outbound", "durationSec": 5,
        });
        let callback = json!({
            "monitorUCID": ucid, "Type": "Manual", "Status": "Answered", "CallerID": "9000000001",
            "Did": "918000000001", "StartTime": format!("{DAY} 10:15:00"),
            "EndTime": format!("{DAY} 10:15:10"), "AgentID": "agent01", "Apikey": "test-key",
        });
        let told = async || {
            for _ in 0..2 {
                let path = format!("/webhooks/ozonetel/calls/{SECRET}");
                let body = callback.to_string();
                let request = http::Request::post(path).header("content-type", "application/json");
                let request = request.body(axum::body::Body::from(body)).unwrap();
                let app = desk::app(floor.desk.clone()).unwrap();
                let answer = tower::ServiceExt::oneshot(app, request).await.unwrap();
                assert_eq!(answer.status(), 200);
                work_pushes(&floor.desk).await.unwrap();
            }
        };
        if form_first {
            floor.post("dispose", &form).await.ok();
            told().await;
        } else {
            told().await;
            floor.post("dispose", &form).await.ok();
        }
        floor.wait(60).await;
        let figures = floor.get("performance").await.ok().json;
        assert_eq!(
            (&figures["calls"]["total"], &figures["appointmentsBooked"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(floor.get("call-history").await.ok().json.as_array().unwrap().len(), 1);
        let ids = [ucid.clone()];
        assert_eq!(floor.desk.store().load_calls(&ids).await.unwrap().len(), 1, "{form_first}");
        let call = floor.desk.store().call(&ucid, &Scope::All).await.unwrap().unwrap();
        assert_eq!(call.state.disposition.as_ref().unwrap().said.code, "APPOINTMENT_BOOKED");
        let entries = floor.desk.store().outbox_of(&ucid).await.unwrap();
        let mut targets: Vec<_> = entries.iter().map(|entry| entry.target).collect();
        targets.sort();
        assert_eq!(targets, [OutboxTarget::Service, OutboxTarget::Platform], "one for each");
    }
}

/// A report that cannot be had is a problem, or what is known with its age; never an empty list.
#[tokio::test(start_paused = true)]
async fn a_report_that_failed_is_not_shown_as_no_history() {
    let floor = Floor::new();
    hung_up(&floor).await;
    floor.wait(60).await;
    assert!(floor.sim.fault(Fault::new(FaultKind::Html).on(CDR).times(99)));
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let _ = floor.desk.records().step().await;
    let path = "/api/ozonetel/call-history";
    let answer = agent.get(path).await;
    assert!(answer.status.as_u16() >= 429, "{}: {}", answer.status, answer.json);
    let page = agent.get("/api/calls").await.ok().json;
    assert_eq!(page["neverRead"], json!([DAY]), "an empty page says that nothing was read");
    let figures = agent.get("/api/performance").await.ok().json;
    assert_eq!(figures["neverRead"], json!([DAY]));
}
