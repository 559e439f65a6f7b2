//! Profiles of callers who come to another agent than was said first, and of calls that are another agent's.

use desk::core::caller::{Caller, Role, Scope};
use desk::core::profile::{CallKeys, Extension};
use desk::flow::caller_profiles::{Place, look_up};
use desk::store::Audience;
use desk::store::audit::AuditRow;
use desk::store::users::{AgentLink, User, UserLogin};
use http::Method;
use ozonetel_sdk::types::AgentId;
use serde_json::{Value, json};

use crate::floor::Floor;
use crate::handing_over::{Asker, events};

const UCID: &str = "90000000000000011";

/// Agent02, on an extension of its own.
async fn agent02(floor: &Floor) -> Asker {
    let store = floor.desk.store();
    let row = |action: &str| AuditRow::of_desk(0, action, "user:u02");
    let user = User {
        id: "u02".into(),
        email: "agent02@example.test".into(),
        name: "Agent B".into(),
        role: Role::Agent,
        has_password: false,
        must_change: false,
        disabled: false,
        made_at: 0,
    };
    store.add_user(UserLogin { user, hash: None }, row("user.add")).await.unwrap();
    let link = AgentLink { extension: Some("500002".into()), ..AgentLink::new("u02", "agent02") };
    store.set_link(link, row("link.set")).await.unwrap();
    Asker::new(floor, Role::Agent, &["agent02"]).await
}

async fn put(service: &Asker, query: &str) {
    let body = json!({"name": "Asha Example", "phone": "9000000011"}).to_string();
    service.send(Method::PUT, &format!("/api/customer/data?{query}"), &body).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_stored_again_for_another_extension_goes_with_the_call() {
    let floor = Floor::new();
    let (service, first) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let second = agent02(&floor).await;
    let query = format!("call_id={UCID}");
    put(&service, &format!("extension=500001&{query}")).await;
    assert_eq!(first.name(&query).await, "Asha Example");
    put(&service, &format!("extension=500002&{query}")).await;
    assert_eq!(first.name(&query).await, "Unknown Caller");
    assert_eq!(second.name(&query).await, "Asha Example");
    let told = floor.desk.store().events_after(0, 100).await.unwrap();
    let told = told.iter().filter(|event| event.kind == "profile.changed");
    let told: Vec<_> = told.map(|event| event.audience.clone()).collect();
    let [one, other] = ["agent01", "agent02"].map(|id| Audience::Agent(id.into()));
    assert_eq!(told, [one.clone(), other, one], "both are told that it moved");

    second.rung(UCID, "09000000011", None).await;
    assert_eq!(events(&floor, "popup").await[0]["profile"], true);
    floor.wait(400).await;
    assert_eq!(second.name(&query).await, "Asha Example", "it is kept with its call");
    assert_eq!(first.name(&query).await, "Unknown Caller");
    // The call is known now, and its profile stays with it.
    put(&service, &format!("extension=500001&{query}")).await;
    assert_eq!(second.name(&query).await, "Asha Example");
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_no_call_has_is_kept_with_the_call_that_one_of_two_ids_names() {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    put(&service, "extension=500001").await;
    agent.rung(UCID, "09000000011", None).await;
    let query = format!("call_sid={UCID}&call_id=x");
    assert_eq!(agent.name(&query).await, "Asha Example");
    floor.wait(400).await;
    assert_eq!(agent.name(&query).await, "Asha Example");
}

#[tokio::test(start_paused = true)]
async fn whose_profile_it_is_goes_by_the_call_and_not_by_the_extension_that_asks() {
    let floor = Floor::new();
    let service = Asker::service(&floor).await;
    let second = agent02(&floor).await;
    put(&service, &format!("extension=500002&call_id={UCID}")).await;
    second.rung(UCID, "09000000011", None).await;
    let own = |agent: &str| Caller {
        id: "u1".into(),
        role: Role::Supervisor,
        own: vec![agent.into()],
        scope: Scope::Agents(vec!["agent01".into(), "agent02".into()]),
        is_person: true,
        must_change_password: false,
    };
    let phone = async |agent: &str, extension: &str| -> Value {
        let place =
            Place { extension: Extension::new(extension).unwrap(), agent: AgentId::from(agent) };
        let keys = CallKeys { call_sid: None, call_id: Some(UCID.into()) };
        let seen = look_up(&floor.desk, &own(agent), &place, &keys).await.unwrap();
        assert_eq!(seen["name"], "Asha Example");
        seen["phone"].clone()
    };
    assert_eq!(phone("agent01", "500001").await, "…11");
    assert_eq!(phone("agent02", "500002").await, "9000000011");
}
