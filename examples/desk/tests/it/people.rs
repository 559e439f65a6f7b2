//! Signing in, passwords, sessions, users, links, tokens.

use axum::body::Body;
use desk::people::PeopleSettings;
use desk::people::command::UserTask;
use desk::people::origin::PublicAddress;
use desk::people::seal::SealKey;
use desk::people::sign_in::{RequestOrigin, SignInError};
use desk::{Settings, app};
use http::{Method, Request, header};
use ozonetel_sdk::auth::Secret;
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, settings};

const PASSWORD: &str = "correct horse";

/// A desk with the demo users.
pub(crate) async fn demo() -> Floor {
    demo_with(settings()).await
}

/// The same with other settings.
pub(crate) async fn demo_with(settings: Settings) -> Floor {
    let people =
        PeopleSettings { key: Some(SealKey::random().unwrap()), ..PeopleSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings });
    floor.desk.people().add_demo().await.unwrap();
    floor
}

/// A browser: it keeps its cookie, and says that a page of the desk sends its requests.
pub(crate) struct Browser<'f> {
    floor: &'f Floor,
    pub(crate) cookie: Option<String>,
    /// The user that its page says it is of.
    pub(crate) of: Option<String>,
}

impl<'f> Browser<'f> {
    fn new(floor: &'f Floor) -> Self {
        Self { floor, cookie: None, of: None }
    }

    pub(crate) async fn signed_in(floor: &'f Floor, email: &str) -> Self {
        let mut browser = Self::new(floor);
        browser.sign_in(email, "demo").await.ok();
        browser
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.ask(Method::POST, "/api/session", &json!({"email": email, "password": password})).await
    }

    pub(crate) async fn ask(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        self.ask_from("same-origin", method, path, body).await
    }

    async fn ask_from(&mut self, site: &str, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("a=b; {cookie}"));
        }
        if let Some(user) = &self.of {
            request = request.header("desk-user", user);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let app = app(self.floor.desk.clone()).unwrap();
        let mut response = app.oneshot(request.body(body).unwrap()).await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        if response.status() == 204 {
            *response.body_mut() = Body::from("null");
        }
        Answer::of(response).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &Value::Null).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_acts_and_signs_out() {
    let floor = demo().await;
    let mut browser = Browser::new(&floor);
    browser.get("/api/me").await.problem(401);
    let me = browser.sign_in(" Agent01@Desk.test ", "demo").await.ok();
    let set = me.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("desk_session=") && set.ends_with("; HttpOnly; SameSite=Lax; Path=/"));
    assert_eq!((&me.json["role"], &me.json["agents"]), (&json!("agent"), &json!(["agent01"])));
    assert_eq!(browser.get("/api/me").await.ok().json, me.json);
    // The password that is sealed in the link logs the agent in again.
    browser.ask(Method::POST, "/api/ozonetel/force-ready", &json!({})).await.ok();
    assert_eq!(browser.get("/api/admin/users").await.problem(403).json["status"], 403);
    let before = browser.cookie.clone();
    let out = browser.ask(Method::DELETE, "/api/session", &Value::Null).await;
    assert_eq!((out.status.as_u16(), &browser.cookie), (204, &None));
    browser.cookie = before;
    browser.get("/api/me").await.problem(401);
}

#[tokio::test(start_paused = true)]
async fn each_sign_in_opens_a_session_of_its_own_and_any_can_be_ended() {
    let floor = demo().await;
    let mut one = Browser::signed_in(&floor, "agent01@desk.test").await;
    let mut other = Browser::signed_in(&floor, "agent01@desk.test").await;
    assert_ne!(one.cookie, other.cookie);
    let sessions = one.get("/api/me/sessions").await.ok().json;
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let current = one.get("/api/session").await.ok().json;
    let foreign = sessions.as_array().unwrap().iter().find(|s| s["current"] == false).unwrap();
    assert_ne!(foreign["id"], current["id"]);
    let path = format!("/api/me/sessions/{}", foreign["id"].as_str().unwrap());
    // Another user cannot end it, and does not learn that it exists.
    let mut stranger = Browser::signed_in(&floor, "agent02@desk.test").await;
    stranger.ask(Method::DELETE, &path, &Value::Null).await.problem(404);
    other.get("/api/me").await.ok();
    assert_eq!(one.ask(Method::DELETE, &path, &Value::Null).await.status, 204);
    other.get("/api/me").await.problem(401);
    one.get("/api/me").await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_unused_after_two_hours_and_after_twelve_in_any_case() {
    let floor = demo().await;
    let mut browser = Browser::signed_in(&floor, "agent01@desk.test").await;
    for _ in 0..11 {
        floor.wait(3600).await;
        browser.get("/api/me").await.ok();
    }
    floor.wait(3600).await;
    browser.get("/api/me").await.problem(401);
    let mut browser = Browser::signed_in(&floor, "agent01@desk.test").await;
    floor.wait(7199).await;
    browser.get("/api/me").await.ok();
    floor.wait(7200).await;
    browser.get("/api/me").await.problem(401);
}

#[tokio::test(start_paused = true)]
async fn a_request_of_another_sites_page_does_nothing_by_cookie() {
    let floor = demo().await;
    let mut browser = Browser::signed_in(&floor, "agent01@desk.test").await;
    let sent = floor.sim.requests().len();
    for site in ["cross-site", "same-site", "none"] {
        let dial = json!({"phoneNumber": "9000000001"});
        let answer = browser.ask_from(site, Method::POST, "/api/ozonetel/dial", &dial).await;
        answer.problem(403);
    }
    browser.ask_from("cross-site", Method::GET, "/api/me", &Value::Null).await.problem(403);
    let login = json!({"email": "admin@desk.test", "password": "demo"});
    let mut stranger = Browser::new(&floor);
    stranger.ask_from("cross-site", Method::POST, "/api/session", &login).await.problem(403);
    assert_eq!(floor.sim.requests().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_rebound_to_the_desk_reaches_nothing() {
    let floor = demo().await;
    for (host, status) in [("evil.test", 400), ("127.0.0.1:8080", 401), ("localhost:1", 401)] {
        let request = Request::get("/api/me").header(header::HOST, host).body(Body::empty());
        let response = app(floor.desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap();
        Answer::of(response).await.problem(status);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_judged_alone_even_beside_a_good_cookie() {
    let floor = demo().await;
    let browser = Browser::signed_in(&floor, "admin@desk.test").await;
    let request = Request::get("/api/me")
        .header(header::COOKIE, browser.cookie.unwrap())
        .header(header::AUTHORIZATION, "Bearer desk_wrong")
        .body(Body::empty());
    let response = app(floor.desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap();
    let answer = Answer::of(response).await.problem(401);
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_unknown_and_disabled_users_are_answered_alike_and_then_slowed() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let users = admin.get("/api/admin/users").await.ok().json;
    let id = |email: &str| {
        let user = users.as_array().unwrap().iter().find(|user| user["email"] == email).unwrap();
        user["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/api/admin/users/{}", id("agent02@desk.test"));
    let mut second = Browser::signed_in(&floor, "agent02@desk.test").await;
    admin.ask(Method::PATCH, &path, &json!({"disabled": true})).await.ok();
    second.get("/api/me").await.problem(401);
    let mut texts = Vec::new();
    for (email, password) in [
        ("agent01@desk.test", "wrong"),
        ("no-one@desk.test", "demo"),
        ("agent02@desk.test", "demo"),
        ("not an address", "demo"),
        ("", ""),
    ] {
        let mut answer = Browser::new(&floor).sign_in(email, password).await.problem(401);
        answer.json.as_object_mut().unwrap().remove("instance");
        texts.push(answer.json.to_string());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for _ in 0..9 {
        Browser::new(&floor).sign_in("agent01@desk.test", "wrong").await.problem(401);
    }
    let slowed = Browser::new(&floor).sign_in("agent01@desk.test", "demo").await.problem(429);
    let wait: u64 = slowed.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((899..=900).contains(&wait), "{wait}");
    Browser::new(&floor).sign_in("supervisor01@desk.test", "demo").await.ok();
    floor.wait(wait).await;
    Browser::new(&floor).sign_in("agent01@desk.test", "demo").await.ok();
}

#[tokio::test(start_paused = true)]
async fn who_guesses_from_one_address_closes_no_other_way_in() {
    let floor = demo().await;
    let from = |peer: &str| RequestOrigin { peer: Some(peer.parse().unwrap()), request: None };
    let sign_in = async |peer: &str, password: &str| {
        let people = floor.desk.people();
        people.sign_in("agent01@desk.test", Secret::from(password), from(peer)).await
    };
    for _ in 0..10 {
        assert!(matches!(sign_in("192.0.2.1", "wrong").await, Err(SignInError::Wrong)));
    }
    for _ in 0..60 {
        assert!(matches!(sign_in("192.0.2.1", "wrong").await, Err(SignInError::Throttled(_))));
    }
    sign_in("192.0.2.2", "demo").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_tries_a_user_from_everywhere_shuts_out_neither_a_known_address_nor_a_new_password() {
    let floor = demo().await;
    let people = floor.desk.people();
    let from = |peer: &str| RequestOrigin { peer: Some(peer.parse().unwrap()), request: None };
    let sign_in = async |email: &str, peer: &str, password: &str| {
        people.sign_in(email, Secret::from(password), from(peer)).await
    };
    let (email, own, clean) = ("agent01@desk.test", "192.0.2.100", "192.0.2.101");
    let exhaust = async || {
        for n in 0..60 {
            let _ = sign_in(email, &format!("198.51.100.{}", n / 5), "wrong").await;
        }
    };
    sign_in(email, own, "demo").await.unwrap();
    exhaust().await;
    assert!(matches!(sign_in(email, clean, "demo").await, Err(SignInError::Throttled(_))));
    sign_in(email, own, "demo").await.unwrap();
    sign_in("agent02@desk.test", clean, "demo").await.unwrap();
    // Nor does the known address open it to the others, or to its own wrong tries.
    assert!(matches!(sign_in(email, clean, "demo").await, Err(SignInError::Throttled(_))));
    for _ in 0..10 {
        assert!(matches!(sign_in(email, own, "wrong").await, Err(SignInError::Wrong)));
    }
    assert!(matches!(sign_in(email, own, "demo").await, Err(SignInError::Throttled(_))));
    // A new password lets the user in, from wherever.
    let mut ask = |_: &str| Ok(Secret::from(PASSWORD));
    let passwd = UserTask::Passwd { email: email.to_owned() };
    passwd.run(people, &mut ask).await.unwrap();
    sign_in(email, clean, PASSWORD).await.unwrap();
    sign_in(email, own, PASSWORD).await.unwrap();
    // And so does an administrator in the page.
    exhaust().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let users = admin.get("/api/admin/users").await.ok().json;
    let users = users.as_array().unwrap();
    let id = users.iter().find(|user| user["email"] == email).unwrap()["id"].as_str().unwrap();
    let fresh = "192.0.2.102";
    assert!(matches!(sign_in(email, fresh, PASSWORD).await, Err(SignInError::Throttled(_))));
    let enable = json!({"disabled": false});
    admin.ask(Method::PATCH, &format!("/api/admin/users/{id}"), &enable).await.ok();
    sign_in(email, fresh, PASSWORD).await.unwrap();
    exhaust().await;
    let fresh = "192.0.2.103";
    assert!(matches!(sign_in(email, fresh, PASSWORD).await, Err(SignInError::Throttled(_))));
    let path = format!("/api/admin/users/{id}/password");
    admin.ask(Method::POST, &path, &json!({"password": PASSWORD})).await.ok();
    sign_in(email, fresh, PASSWORD).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_written_does_not_tell_whether_an_address_is_a_users() {
    let floor = demo().await;
    let people = floor.desk.people();
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let users = admin.get("/api/admin/users").await.ok().json;
    let user = users.as_array().unwrap().iter().find(|user| user["email"] == "agent02@desk.test");
    let path = format!("/api/admin/users/{}", user.unwrap()["id"].as_str().unwrap());
    admin.ask(Method::PATCH, &path, &json!({"disabled": true})).await.ok();
    let mut counts = Vec::new();
    for email in ["agent01@desk.test", "no-one@desk.test", "agent02@desk.test"] {
        let before = floor.memory.writes();
        let from = RequestOrigin { peer: Some("192.0.2.1".parse().unwrap()), request: None };
        let refused = people.sign_in(email, Secret::from("wrong"), from).await;
        assert!(matches!(refused, Err(SignInError::Wrong)), "{email}");
        counts.push(floor.memory.writes() - before);
    }
    assert_eq!(counts, [2, 2, 2]);
    let audit = admin.get("/api/audit").await.ok().json;
    let text = audit.to_string();
    assert!(text.contains("wrong_password") && text.contains("\"disabled\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_first_password_is_changed_before_anything_else() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let new = json!({"email": "New@example.test", "role": "agent", "password": PASSWORD});
    let made = admin.ask(Method::POST, "/api/admin/users", &new).await;
    assert_eq!((made.status.as_u16(), &made.json["email"]), (201, &json!("new@example.test")));
    admin.ask(Method::POST, "/api/admin/users", &new).await.problem(409);
    let mut browser = Browser::new(&floor);
    let me = browser.sign_in("new@example.test", PASSWORD).await.ok();
    assert_eq!(me.json["mustChangePassword"], true);
    for path in ["/api/ozonetel/call-history", "/openapi.json"] {
        assert!(browser.get(path).await.problem(403).text("message").contains("password"));
    }
    browser.get("/api/me").await.ok();
    let change = async |browser: &mut Browser<'_>, current: &str, new: &str| {
        let body = json!({"current": current, "new": new});
        browser.ask(Method::PUT, "/api/me/password", &body).await
    };
    change(&mut browser, "wrong", "another horse").await.problem(403);
    for weak in ["short", PASSWORD, "new@example.test", "aaaaaaaaaaaa"] {
        let answer = change(&mut browser, PASSWORD, weak).await.problem(400);
        assert_eq!(answer.json["errors"][0]["path"], "new", "{weak}");
    }
    let mut other = Browser::new(&floor);
    other.sign_in("new@example.test", PASSWORD).await.ok();
    let old = browser.cookie.clone();
    let me = change(&mut browser, PASSWORD, "another horse").await.ok();
    assert_eq!(me.json["mustChangePassword"], false);
    assert_ne!(browser.cookie, old, "a new session");
    browser.get("/api/ozonetel/missed-calls").await.ok();
    other.get("/api/me").await.problem(401);
    Browser::new(&floor).sign_in("new@example.test", PASSWORD).await.problem(401);
}

#[tokio::test(start_paused = true)]
async fn a_sealed_password_is_in_no_answer_and_no_audit_row() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let new = json!({"email": "a@example.test", "role": "agent"});
    let id = admin.ask(Method::POST, "/api/admin/users", &new).await.json["id"].clone();
    let path = format!("/api/admin/links/{}", id.as_str().unwrap());
    let link = json!({
        "agent": "agent03", "password": "hunter2-agent", "sipPassword": "hunter2-sip",
        "extension": "500003", "autoAnswer": 1,
    });
    let set = admin.ask(Method::PUT, &path, &link).await.ok();
    assert_eq!(
        (&set.json["hasPassword"], &set.json["hasSipPassword"]),
        (&json!(true), &json!(true))
    );
    let mut seen = set.json.to_string();
    for path in ["/api/admin/links", "/api/admin/users", "/api/audit", "/api/me"] {
        seen.push_str(&admin.get(path).await.ok().json.to_string());
    }
    assert!(seen.contains("agent03") && !seen.contains("hunter2"), "{seen}");
    // Without passwords those that are kept stay.
    let again = json!({"agent": "agent03", "extension": "500009"});
    let set = admin.ask(Method::PUT, &path, &again).await.ok();
    assert_eq!(
        (&set.json["hasPassword"], &set.json["extension"]),
        (&json!(true), &json!("500009"))
    );
    let login = floor.desk.people().agent_login(&"agent03".into()).await.unwrap().unwrap();
    assert_eq!(login.password.unwrap().reveal(), "hunter2-agent");
    assert!(!format!("{:?}", login.link).contains("500009"));
    let taken = json!({"agent": "AGENT01"});
    admin.ask(Method::PUT, &path, &taken).await.problem(409);
    admin.ask(Method::PUT, "/api/admin/links/no-one", &taken).await.problem(404);
    assert_eq!(admin.ask(Method::DELETE, &path, &Value::Null).await.status, 204);
    admin.ask(Method::DELETE, &path, &Value::Null).await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn without_a_key_no_agents_password_is_kept() {
    let floor = Floor::new();
    let link = json!({"agent": "agent01", "password": "secret"}).to_string();
    let new = json!({"email": "a@example.test", "role": "agent"}).to_string();
    let kind = "application/json";
    let made = floor.raw(Method::POST, "/api/admin/users", kind, &new).await;
    let path = format!("/api/admin/links/{}", made.text("id"));
    let answer = floor.raw(Method::PUT, &path, kind, &link).await.problem(422);
    assert!(answer.text("message").contains("DESK_KEY_FILE"));
    assert!(floor.desk.store().links().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_shown_once_and_counts_until_it_ends_or_is_revoked() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let new = json!({"name": "west", "role": "agent", "agents": ["agent01", "agent02"], "days": 1});
    let made = admin.ask(Method::POST, "/api/admin/tokens", &new).await;
    assert_eq!(made.status, 201);
    let secret = made.text("token").to_owned();
    let list = admin.get("/api/admin/tokens").await.ok().json;
    assert!(list[0]["name"] == "west" && !list.to_string().contains(&secret));
    let me = async || {
        let request = Request::get("/api/me")
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .body(Body::empty());
        let response = app(floor.desk.clone()).unwrap().oneshot(request.unwrap()).await.unwrap();
        Answer::of(response).await
    };
    assert_eq!(me().await.ok().json["agents"], json!(["agent01", "agent02"]));
    floor.wait(24 * 3600 - 1).await;
    me().await.ok();
    floor.wait(1).await;
    me().await.problem(401);
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    for (body, field) in [
        (json!({"name": "x", "role": "agent"}), "agents"),
        (json!({"name": "x", "role": "supervisor", "agents": []}), "agents"),
        (json!({"name": "x", "role": "agent", "agents": ["0"]}), "agents[0]"),
        (json!({"name": "x", "role": "service", "days": 0}), "days"),
        (json!({"name": " ", "role": "service"}), "name"),
    ] {
        let answer = admin.ask(Method::POST, "/api/admin/tokens", &body).await.problem(400);
        assert_eq!(answer.json["errors"][0]["path"], field, "{body}");
    }
    let service = json!({"name": "x", "role": "service"});
    let id = admin.ask(Method::POST, "/api/admin/tokens", &service).await.text("id").to_owned();
    let path = format!("/api/admin/tokens/{id}");
    assert_eq!(admin.ask(Method::DELETE, &path, &Value::Null).await.status, 204);
    admin.ask(Method::DELETE, &path, &Value::Null).await.problem(404);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_sees_the_teams_agents_and_their_audit_alone() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let mut supervisor = Browser::signed_in(&floor, "supervisor01@desk.test").await;
    floor.sync().await;
    supervisor.get("/api/ozonetel/performance?agentId=agent02").await.ok();
    let id = supervisor.get("/api/me").await.ok().text("id").to_owned();
    let team = json!({"name": "Demo", "agents": ["agent01"], "supervisors": [id]});
    admin.ask(Method::PUT, "/api/admin/teams/demo", &team).await.ok();
    supervisor.get("/api/ozonetel/performance?agentId=agent02").await.problem(404);
    supervisor.get("/api/ozonetel/performance?agentId=agent01").await.ok();
    let rows = supervisor.get("/api/audit").await.ok().json["rows"].clone();
    let agents: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| row["agent"].as_str().unwrap()).collect();
    assert_eq!(agents, ["agent01"], "the link that was made at the start");
    let page = admin.get("/api/audit?limit=2").await.ok().json;
    assert_eq!(page["rows"][0]["action"], "team.save");
    let next = format!("/api/audit?limit=2&cursor={}", page["next"].as_str().unwrap());
    let second = admin.get(&next).await.ok().json;
    assert!(second["rows"][0]["at"].as_i64() <= page["rows"][1]["at"].as_i64());
    assert_ne!(second["rows"][0]["id"], page["rows"][1]["id"]);
    for query in ["limit=0", "limit=501", "cursor=x", "who=a&whom=b"] {
        admin.get(&format!("/api/audit?{query}")).await.problem(400);
    }
    let wrong = json!({"name": "x", "supervisors": ["no-one"]});
    let answer = admin.ask(Method::PUT, "/api/admin/teams/x", &wrong).await.problem(400);
    assert_eq!(answer.json["errors"][0]["path"], "supervisors[0]");
}

#[tokio::test(start_paused = true)]
async fn the_last_administrator_stays() {
    let floor = demo().await;
    let mut admin = Browser::signed_in(&floor, "admin@desk.test").await;
    let id = admin.get("/api/me").await.ok().text("id").to_owned();
    let path = format!("/api/admin/users/{id}");
    for change in [json!({"disabled": true}), json!({"role": "agent"})] {
        admin.ask(Method::PATCH, &path, &change).await.problem(409);
    }
    admin.ask(Method::PATCH, &path, &json!({"role": "service"})).await.problem(400);
    admin.ask(Method::PATCH, &path, &json!({"name": "Other"})).await.ok();
    assert_eq!(admin.get("/api/me").await.ok().json["name"], "Other");
}

#[tokio::test(start_paused = true)]
async fn a_desk_without_administrator_serves_health_and_set_up_alone() {
    let people = PeopleSettings { needs_administrator: true, ..PeopleSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings() });
    let mut browser = Browser::new(&floor);
    browser.get("/healthz").await.ok();
    floor.get("call-history").await.problem(503);
    browser.sign_in("a@example.test", PASSWORD).await.problem(503);
    let set_up = |link: &str, email: &str, password: &str| json!({"link": link, "email": email, "name": "First", "password": password});
    let ask = async |browser: &mut Browser<'_>, body: Value| {
        browser.ask(Method::POST, "/api/setup", &body).await
    };
    let link = floor.desk.people().offer_setup().await.unwrap();
    let link = link.reveal();
    ask(&mut browser, set_up("wrong", "a@example.test", PASSWORD)).await.problem(403);
    ask(&mut browser, set_up(link, "a@example.test", "short")).await.problem(400);
    ask(&mut browser, set_up(link, "a", PASSWORD)).await.problem(400);
    let me = ask(&mut browser, set_up(link, "a@example.test", PASSWORD)).await;
    assert_eq!((me.status.as_u16(), &me.json["role"]), (201, &json!("administrator")));
    browser.get("/api/admin/users").await.ok();
    ask(&mut browser, set_up(link, "b@example.test", PASSWORD)).await.problem(403);
    floor.get("call-history").await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_set_up_link_lasts_an_hour() {
    let people = PeopleSettings { needs_administrator: true, ..PeopleSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings() });
    let link = floor.desk.people().offer_setup().await.unwrap();
    floor.wait(3600).await;
    let body = json!({"link": link.reveal(), "email": "a@example.test", "password": PASSWORD});
    Browser::new(&floor).ask(Method::POST, "/api/setup", &body).await.problem(403);
}

#[tokio::test(start_paused = true)]
async fn over_https_the_cookie_is_for_this_host_and_https_alone() {
    let address = PublicAddress::new(Some("https://desk.example.test"), &[]).unwrap();
    let people = PeopleSettings { address, ..PeopleSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings() });
    floor.desk.people().add_demo().await.unwrap_err();
    let people = PeopleSettings {
        key: Some(SealKey::random().unwrap()),
        ..floor.desk.people().settings().clone()
    };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings() });
    floor.desk.people().add_demo().await.unwrap();
    let answer = Browser::new(&floor).sign_in("agent01@desk.test", "demo").await.ok();
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-desk_session="), "{set}");
    assert!(set.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{set}");
}

#[tokio::test(start_paused = true)]
async fn pages_of_listed_origins_may_send_a_token_and_no_cookie() {
    let people = PeopleSettings {
        origins: vec!["https://crm.example.test".parse().unwrap()],
        ..PeopleSettings::default()
    };
    let floor = Floor::with(Setup::default(), Settings { people, ..settings() });
    for (origin, allowed) in [("https://crm.example.test", true), ("https://evil.test", false)] {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri("/api/ozonetel/dial")
            .header(header::ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key,desk-user")
            .body(Body::empty())
            .unwrap();
        let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
        let found = response.headers().get("access-control-allow-origin");
        assert_eq!(found.is_some(), allowed, "{origin}");
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
        let taken = response.headers()["access-control-allow-headers"].to_str().unwrap();
        assert!(taken.contains("desk-user"), "{taken}");
        // What the routes' answers say in their heads, a page can read.
        let request = Request::get("/healthz").header(header::ORIGIN, origin);
        let request = request.body(Body::empty()).unwrap();
        let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
        let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
        for name in ["location", "desk-read-at", "idempotent-replayed", "retry-after"] {
            assert!(exposed.split(',').any(|one| one.trim() == name), "{name}: {exposed}");
        }
    }
}
