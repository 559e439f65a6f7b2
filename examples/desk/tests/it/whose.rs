//! As whom a page asks: the cookie is the browser's, and may be another user's by now.

use axum::body::Body;
use desk::app;
use desk::core::caller::Role;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::floor::{Answer, DIAL, Floor, assisted, token};
use crate::people::{Browser, demo, demo_with};

async fn id(browser: &mut Browser<'_>) -> String {
    browser.get("/api/me").await.ok().text("id").to_owned()
}

/// The page of agent01, in a browser in which agent02 has signed in since; and both ids.
async fn displaced(floor: &Floor) -> (Browser<'_>, [String; 2]) {
    let first = id(&mut Browser::signed_in(floor, "agent01@desk.test").await).await;
    let mut browser = Browser::signed_in(floor, "agent02@desk.test").await;
    let second = id(&mut browser).await;
    browser.of = Some(first.clone());
    (browser, [first, second])
}

fn is_another(answer: Answer) {
    let answer = answer.problem(401);
    assert_eq!(answer.text("reason"), "other_user");
    assert_eq!(answer.json["mayHaveHappened"], json!(false));
}

#[tokio::test(start_paused = true)]
async fn what_the_page_of_another_user_asks_for_is_not_done() {
    let floor = demo().await;
    let (mut browser, [_, second]) = displaced(&floor).await;
    let sent = floor.sim.requests().len();
    let dial = json!({"number": "9000000001"});
    is_another(browser.ask(Method::POST, "/api/calls", &dial).await);
    is_another(browser.get("/api/worklist").await);
    is_another(browser.get("/api/me").await);
    // Nor is it told what the role of the other one may not do.
    is_another(browser.get("/api/admin/users").await);
    is_another(browser.ask(Method::DELETE, "/api/session", &Value::Null).await);
    assert_eq!((floor.count(DIAL), floor.sim.requests().len()), (0, sent));
    browser.of = Some(second);
    browser.get("/api/worklist").await.ok();
    browser.get("/api/admin/users").await.problem(403);
    assert_eq!(browser.get("/api/dials?state=unknown").await.status, 403);
    let out = browser.ask(Method::DELETE, "/api/session", &Value::Null).await;
    assert_eq!(out.status, 204, "the session was still there");
}

/// The head of the answer: an event stream does not end.
async fn status(floor: &Floor, browser: &Browser<'_>, path: &str) -> StatusCode {
    let request = Request::get(path)
        .header(header::HOST, "127.0.0.1:8080")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, browser.cookie.clone().unwrap_or_default())
        .body(Body::empty());
    app(floor.desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap().status()
}

#[tokio::test(start_paused = true)]
async fn where_no_header_can_be_sent_the_query_says_it() {
    let floor = demo_with(assisted()).await;
    let (mut browser, [first, second]) = displaced(&floor).await;
    browser.of = None;
    for path in ["/api/events", "/api/phone/relay", "/api/calls/1/audio", "/api/calls/1/recording"]
    {
        is_another(browser.get(&format!("{path}?desk-user={first}")).await);
        // To its own user it answers as it does without a name.
        let named = status(&floor, &browser, &format!("{path}?desk-user={second}")).await;
        assert_eq!(named, status(&floor, &browser, path).await, "{path}");
        assert!(path != "/api/events" || named == 200, "{named}");
    }
    is_another(browser.get(&format!("/api/worklist?desk-user={first}")).await);
}

#[tokio::test(start_paused = true)]
async fn who_is_back_and_who_says_nothing_are_asked_for_no_more() {
    let floor = demo().await;
    let mut browser = Browser::signed_in(&floor, "agent01@desk.test").await;
    browser.get("/api/worklist").await.ok();
    let own = id(&mut browser).await;
    browser.of = Some(own);
    browser.get("/api/worklist").await.ok();
    // Signing in is how one comes back, whoever is signed in.
    let mut browser = displaced(&floor).await.0;
    let login = json!({"email": "agent01@desk.test", "password": "demo"});
    browser.ask(Method::POST, "/api/session", &login).await.ok();
    browser.get("/api/worklist").await.ok();
    // Without a session one is asked to sign in, as ever.
    browser.cookie = None;
    let answer = browser.get("/api/worklist").await.problem(401);
    assert_eq!(answer.json.get("reason"), None);
}

#[tokio::test(start_paused = true)]
async fn beside_a_token_it_says_nothing() {
    let floor = demo().await;
    let bearer = token(&floor.desk, Role::Agent, &["agent01"]).await;
    let request = Request::get("/api/me")
        .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
        .header("desk-user", "another")
        .body(Body::empty());
    let response = app(floor.desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap();
    Answer::of(response).await.ok();
}
