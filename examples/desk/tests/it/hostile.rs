//! Requests that mean harm: sizes, headers, nesting, and what the answers give away.

use std::time::Duration;

use axum::body::Body;
use desk::core::caller::Role;
use desk::{Settings, app};
use http::{Method, Request, header};
use ozonetel_sim::world::Setup;
use serde_json::json;
use tower::ServiceExt as _;

use crate::floor::{Answer, Floor, settings, token};

async fn sent(floor: &Floor, request: Request<Body>) -> Answer {
    Answer::of(app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_body_is_bounded_before_anyone_is_looked_up() {
    let floor = Floor::new();
    let large = format!(r#"{{"email":"{}"}}"#, "x".repeat(70_000));
    for path in ["/api/session", "/api/setup"] {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(large.clone()))
            .unwrap();
        sent(&floor, request).await.problem(413);
    }
    // Without a session nothing is read of a body at all: it never ends, and the answer comes.
    let endless = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
    let request = Request::post("/api/ozonetel/dial").body(Body::from_stream(endless)).unwrap();
    sent(&floor, request).await.problem(401);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_not_waited_for() {
    let floor = Floor::new();
    let endless = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
    let request = Request::post("/api/session")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(endless))
        .unwrap();
    sent(&floor, request).await.problem(408);
}

/// A byte a second, for good.
fn dripping() -> Body {
    let bytes = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(axum::body::Bytes::from_static(b"x")), ()))
    });
    Body::from_stream(bytes)
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_not_read_of_strangers_and_not_waited_for_from_others() {
    const SECRET: &str = "a-secret-of-the-tests";
    let webhook_secret = Some(SECRET.into());
    let floor = Floor::with(Setup::default(), Settings { webhook_secret, ..settings() });
    let supervisor = format!("Bearer {}", token(&floor.desk, Role::Supervisor, &["agent01"]).await);
    let mut took = Vec::new();
    for (path, status) in [
        ("/webhooks/ozonetel/calls/another-secret-of-16", 404),
        ("/webhooks/ozonetel/events/another-secret-of-16", 404),
        ("/kookoo/callback/another-secret-of-16", 404),
        ("/kookoo/ivr/another-secret-of-16", 404),
        ("/webhooks/ozonetel/calls/a-secret-of-the-tests", 408),
        ("/webhooks/ozonetel/events/a-secret-of-the-tests", 408),
        ("/kookoo/callback/a-secret-of-the-tests", 408),
        ("/kookoo/ivr/a-secret-of-the-tests", 408),
        ("/api/leads/import", 408),
    ] {
        let begun = tokio::time::Instant::now();
        let request = Request::post(path).header(header::AUTHORIZATION, &supervisor);
        let request = request.header(header::CONTENT_TYPE, "text/csv").body(dripping()).unwrap();
        sent(&floor, request).await.problem(status);
        took.push(begun.elapsed().as_secs());
    }
    assert_eq!(took, [0, 0, 0, 0, 10, 10, 10, 10, 300]);
}

#[tokio::test(start_paused = true)]
async fn deep_and_wide_bodies_are_refused_without_harm() {
    let floor = Floor::new();
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let wide: Vec<_> = (0..3000).map(|n| format!("\"k{n}\":0")).collect();
    let wide = format!("{{\"name\":\"x\",\"role\":\"service\",{}}}", wide.join(","));
    let twice = r#"{"name":"x","name":"y","role":"service"}"#.to_owned();
    for body in [deep, wide, twice] {
        let path = "/api/admin/tokens";
        let answer = floor.raw(Method::POST, path, "application/json", &body).await.problem(400);
        assert!(answer.json.to_string().len() < 4000, "the answer is short");
    }
    assert_eq!(floor.get("missed-calls?from=%00").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn headers_that_say_things_twice_or_badly_let_no_one_in() {
    let floor = Floor::new();
    let good = token(&floor.desk, Role::Administrator, &[]).await;
    let bearer = format!("Bearer {good}");
    for lines in [
        vec![("authorization", bearer.clone()), ("authorization", bearer.clone())],
        vec![("authorization", format!("Bearer {good} {good}"))],
        vec![("authorization", format!("Bearer {good},{good}"))],
        vec![("authorization", format!("Basic {good}"))],
        vec![("authorization", format!("Bearer\t{good}"))],
        vec![("authorization", format!("Bearer {}", good.to_uppercase()))],
        vec![("authorization", format!("Bearer {}", &good[..good.len() - 1]))],
        vec![("authorization", format!("Bearer {}", "x".repeat(60_000)))],
        vec![("cookie", format!("desk_session={good}"))],
        vec![("cookie", format!("desk_session={}", "x".repeat(60_000)))],
        vec![("x-forwarded-user", "admin".to_owned())],
    ] {
        let mut request = Request::get("/api/me");
        for (name, value) in &lines {
            request = request.header(*name, value);
        }
        let answer = sent(&floor, request.body(Body::empty()).unwrap()).await.problem(401);
        assert!(!answer.json.to_string().contains(&good));
    }
    let request = Request::get("/api/me").header("authorization", &bearer);
    sent(&floor, request.body(Body::empty()).unwrap()).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_forged_forwarding_header_does_not_reset_the_count_of_attempts() {
    let floor = Floor::new();
    let mut last = 0;
    for n in 0..12 {
        let body = json!({"email": "a@example.test", "password": "wrong"}).to_string();
        let request = Request::post("/api/session")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-forwarded-for", format!("192.0.2.{n}"))
            .body(Body::from(body))
            .unwrap();
        last = sent(&floor, request).await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test(start_paused = true)]
async fn metrics_are_for_this_machine_or_for_those_who_run_it() {
    let floor = Floor::new();
    for (role, status) in [
        (Role::Agent, 403),
        (Role::Supervisor, 403),
        (Role::Administrator, 200),
        (Role::Service, 200),
    ] {
        let bearer = token(&floor.desk, role, &["agent01"]).await;
        let request =
            Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        let request = request.body(Body::empty()).unwrap();
        let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{role}");
    }
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    sent(&floor, request).await.problem(401);
}

#[tokio::test(start_paused = true)]
async fn every_answer_tells_browsers_not_to_keep_guess_or_frame_it() {
    let floor = Floor::new();
    for path in ["/healthz", "/nowhere", "/api/me"] {
        let answer = floor.raw(Method::GET, path, "text/plain", "").await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
    }
}
