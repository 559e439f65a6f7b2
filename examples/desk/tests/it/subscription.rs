//! The subscription to events.

use desk::Settings;
use desk::core::caller::Role;
use http::Method;
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};

use crate::floor::{Floor, settings};
use crate::handling::Browser;

const PATH: &str = "/api/admin/subscription";
const SECRET: &str = "a-secret-of-the-tests";

#[tokio::test(start_paused = true)]
async fn an_administrator_has_events_sent_here_and_sees_no_secret() {
    let floor = Floor::with(
        Setup::default(),
        Settings {
            webhook_secret: Some(SECRET.into()),
            public_url: Some("https://desk.example.test".into()),
            ..settings()
        },
    );
    let administrator = Browser::new(&floor, Role::Administrator).await;
    let none = administrator.get(PATH).await.ok().json;
    let own = "https://desk.example.test/webhooks/ozonetel/events/…";
    let expected = json!({"calls": null, "agents": null, "expected": own, "state": "none"});
    assert_eq!(none, expected);
    let taken = administrator.send(Method::PUT, PATH, None, &json!({})).await.ok().json;
    let ours = json!({"calls": own, "agents": own, "expected": own, "state": "ours"});
    assert_eq!(taken, ours);
    let found = floor.desk.client().events().subscription().await.unwrap().unwrap();
    let whole = format!("https://desk.example.test/webhooks/ozonetel/events/{SECRET}");
    assert_eq!((found.calls.unwrap().as_str(), found.agents.unwrap().as_str()), (&*whole, &*whole));
    // Another deployment takes it over.
    floor.desk.client().events().calls_to("https://crm.example.test/e?code=s3").await.unwrap();
    let other = administrator.get(PATH).await.ok().json;
    assert!(["other", "partly"].contains(&other["state"].as_str().unwrap()), "{other}");
    assert_eq!(other["calls"], "https://crm.example.test/…");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let agent = Browser::new(&floor, Role::Agent).await;
        agent.send(method, PATH, None, &json!({})).await.problem(403);
    }
    let audit = administrator.get("/api/audit").await.ok().json;
    assert!(audit.to_string().contains("subscription.set") && !audit.to_string().contains(SECRET));
    let status = administrator.response(Method::DELETE, PATH, None, &json!({})).await.status();
    assert_eq!(status, 204);
    administrator.send(Method::DELETE, PATH, None, &json!({})).await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_does_not_know_its_address_says_so() {
    let floor = Floor::new();
    let administrator = Browser::new(&floor, Role::Administrator).await;
    let problem = administrator.send(Method::PUT, PATH, None, &json!({})).await.problem(409);
    assert_eq!(problem.text("reason"), "no_public_url");
    assert!(problem.text("message").contains("DESK_PUBLIC_URL"));
    assert_eq!(administrator.get(PATH).await.ok().json["expected"], Value::Null);
}
