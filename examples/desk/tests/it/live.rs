//! The stream of events over HTTP, and the end of the desk.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use desk::core::caller::Role;
use desk::ops::health::Condition;
use desk::ports::profiles::RedisProfiles;
use desk::store::audit::AuditRow;
use desk::store::{Audience, NewEvent};
use desk::{Desk, app, serve};
use futures_util::StreamExt as _;
use http::{Method, Request, header};
use ozonetel_redis::RedisServer;
use ozonetel_sim::world::Setup;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::floor::{Floor, authorized, settings, token};

/// A token of agent01.
async fn bearer(desk: &Desk) -> String {
    format!("Bearer {}", token(desk, Role::Agent, &["agent01"]).await)
}

#[tokio::test(start_paused = true)]
async fn the_stream_begins_with_a_snapshot_and_no_one_may_keep_it() {
    let floor = Floor::new();
    let (app, bearer) = (app(floor.desk.clone()).unwrap(), bearer(&floor.desk).await);
    let request = Request::get("/api/events").header("authorization", &bearer);
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let headers = response.headers();
    assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers["x-accel-buffering"], "no");
    let mut body = response.into_body().into_data_stream();
    let mut next =
        async || String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(next().await, "retry: 2000\n\n");
    let snapshot = next().await;
    assert!(snapshot.starts_with("event: snapshot\ndata: {") && snapshot.ends_with("\nid: 0\n\n"));
    assert!(snapshot.contains("\"agent\":\"agent01\"") && snapshot.contains("\"lastId\":0"));
    let event =
        NewEvent::new("call.changed", Audience::Agent("agent01".into()), &json!({"a": "b"}));
    floor.desk.store().append_events(1, vec![event.unwrap()]).await.unwrap();
    assert_eq!(next().await, "event: call.changed\ndata: {\"a\":\"b\"}\nid: 1\n\n");
    let tick = next().await;
    assert!(
        tick.starts_with("event: tick\ndata: {\"at\":") && tick.ends_with("\nid: 1\n\n"),
        "{tick}"
    );

    let by_header = Request::get("/api/events").header("last-event-id", "0");
    for request in [by_header, Request::get("/api/events?after=0")] {
        let request = request.header("authorization", &bearer);
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = response.into_body().into_data_stream();
        body.next().await.unwrap().unwrap();
        let missed = body.next().await.unwrap().unwrap();
        assert_eq!(missed, "event: call.changed\ndata: {\"a\":\"b\"}\nid: 1\n\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_token_is_revoked() {
    let floor = Floor::new();
    let (app, bearer) = (app(floor.desk.clone()).unwrap(), bearer(&floor.desk).await);
    let request = Request::get("/api/events").header("authorization", &bearer);
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    for expected in ["retry", "event: snapshot", "event: tick"] {
        let part = body.next().await.unwrap().unwrap();
        assert!(part.starts_with(expected.as_bytes()), "{part:?}");
    }
    let store = floor.desk.store();
    for token in store.tokens().await.unwrap() {
        let row = AuditRow::of_desk(1, "token.remove", "token:test");
        assert!(store.remove_token(&token.id, row).await.unwrap());
    }
    floor.desk.people().changed();
    assert!(body.next().await.is_none());
    assert_eq!(floor.desk.events().listeners(), 0);
}

#[tokio::test(start_paused = true)]
async fn tabs_are_bounded_and_one_that_is_closed_makes_room() {
    let floor = Floor::new();
    let (app, bearer) = (app(floor.desk.clone()).unwrap(), bearer(&floor.desk).await);
    let open = async || {
        let request = Request::get("/api/events").header("authorization", &bearer);
        let request = request.body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let mut streams = Vec::new();
    for _ in 0..12 {
        let response = open().await;
        assert_eq!(response.status(), 200);
        streams.push(response);
    }
    assert_eq!(open().await.status(), 503);
    streams.pop();
    assert_eq!(open().await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_stops_takes_no_command_and_still_answers_questions() {
    let floor = Floor::new();
    floor.post("agent-login", &json!({})).await.ok();
    let sent = floor.sim.requests().len();
    floor.desk.life().stop_commands();
    let refused = floor.post("dial", &json!({"phoneNumber": "9000000001"})).await.problem(503);
    assert!(refused.text("message").contains("nothing was done"));
    assert_eq!(floor.sim.requests().len(), sent);
    floor.get("call-history").await.ok();
}

#[tokio::test(start_paused = true)]
async fn each_answer_has_the_id_that_the_log_has() {
    let floor = Floor::new();
    let mut ids = Vec::new();
    let request = Request::get("/healthz").header("x-request-id", "918000000001");
    let answer = floor.send(request.body(Body::empty()).unwrap()).await;
    assert_ne!(answer.headers["x-request-id"], "918000000001");
    for path in ["/healthz", "/nowhere"] {
        let answer = floor.raw(Method::GET, path, "text/plain", "").await;
        ids.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
    }
    assert!(ids[0].len() == 32 && ids[0] < ids[1], "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn metrics_count_requests_by_route_and_show_no_path() {
    let floor = Floor::new();
    floor.get("call-history").await.ok();
    floor.raw(Method::GET, "/918000000001", "text/plain", "").await.problem(404);
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let request = authorized(&floor.desk, request).await;
    let response = app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    for line in [
        r#"desk_http_requests_total{method="GET",route="/api/ozonetel/call-history",status="200"} 1"#,
        r#"desk_http_requests_total{method="GET",route="-",status="404"} 1"#,
        "desk_newest_event 0",
        "desk_event_streams 0",
        "desk_outbox_waiting 0",
        "desk_dials_unknown 0",
        "desk_dispositions_owed 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("918000000001"));
}

#[tokio::test(start_paused = true)]
async fn a_desk_is_ready_while_its_parts_are_well_and_it_is_not_stopping() {
    let floor = Floor::new();
    let ready = async || floor.raw(Method::GET, "/readyz", "text/plain", "").await;
    let answer = ready().await.ok();
    assert_eq!(answer.json["parts"]["store"]["condition"], "ok");
    floor.desk.health().unwell("sync", Condition::Degraded, "a day behind", 1);
    assert_eq!(ready().await.ok().json["condition"], "degraded");
    floor.desk.life().stop_commands();
    let answer = ready().await;
    assert_eq!((answer.status.as_u16(), &answer.json["condition"]), (503, &json!("down")));
}

/// On real time: a Redis that goes away and comes back.
#[tokio::test]
async fn a_desk_whose_redis_is_away_says_so_and_is_served_all_the_same() {
    let mut redis = RedisServer::start().unwrap();
    let mut settings = settings();
    let profiles = RedisProfiles::new(&redis.url(), None).unwrap();
    settings.customers.profiles = Some(Arc::new(profiles));
    let floor = Floor::with(Setup::default(), settings);
    let condition = async || {
        let answer = floor.raw(Method::GET, "/readyz", "text/plain", "").await.ok();
        (answer.json["condition"].clone(), answer.json["parts"]["profiles"]["condition"].clone())
    };
    assert_eq!(condition().await, (json!("ok"), json!("ok")));
    redis.stop().unwrap();
    assert_eq!(condition().await, (json!("degraded"), json!("degraded")));
    redis.start_again().unwrap();
    assert_eq!(condition().await, (json!("ok"), json!("ok")));
}

/// On real time: the end is about sockets.
#[tokio::test]
async fn an_open_stream_is_told_and_does_not_hold_up_the_end() {
    let floor = Floor::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let desk = floor.desk.clone();
    let serving = tokio::spawn(async move {
        let app = app(desk.clone()).unwrap();
        serve::serve(listener, app, desk, async { stopping.await.unwrap() }).await
    });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let bearer = bearer(&floor.desk).await;
    let request =
        format!("GET /api/events HTTP/1.1\r\nhost: {address}\r\nauthorization: {bearer}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("event: snapshot") {
        assert!(stream.read_buf(&mut text).await.unwrap() > 0);
    }
    stop.send(()).unwrap();
    stream.read_to_end(&mut text).await.unwrap();
    assert!(String::from_utf8(text).unwrap().contains("event: going-away\ndata: {}\n\n"));
    tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap().unwrap().unwrap();
    // A process that is being started by another test holds what was open for a moment longer.
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap();
}

#[tokio::test]
async fn work_in_the_background_that_ends_by_itself_ends_the_desk() {
    let floor = Floor::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    floor.desk.life().spawn("outbox", |_| async {});
    let serving = serve::serve(
        listener,
        app(floor.desk.clone()).unwrap(),
        floor.desk.clone(),
        std::future::pending(),
    );
    let ended = tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap();
    assert!(ended.unwrap_err().to_string().contains("ended by itself"));
}
