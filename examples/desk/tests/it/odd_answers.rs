//! Answers of the service and pushes that no page shows: what the desk says of them, and that it goes on.

use std::sync::Arc;

use async_trait::async_trait;
use desk::flow::intake::work_pushes;
use desk::store::Memory;
use desk::{Desk, Settings, app};
use http::Request;
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, Transport};
use ozonetel_sim::world::{Setup, Timestamp};
use ozonetel_sim::{Sim, SimTransport};
use serde_json::json;
use tower::ServiceExt as _;

use crate::floor::{DAY, DIAL, Floor, records, settings};

/// The simulator, but for the answer to a dial.
#[derive(Debug)]
struct OddDial {
    inner: SimTransport,
    status: u16,
    body: &'static str,
}

#[async_trait]
impl Transport for OddDial {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let is_dial = request.http.uri().path() == DIAL;
        // The service acts, and then says something odd.
        let answer = self.inner.send(request).await?;
        if !is_dial {
            return Ok(answer);
        }
        let head = http::Response::builder().status(self.status).body(()).unwrap();
        Ok(Incoming::whole(head, self.body))
    }
}

fn floor(status: u16, body: &'static str) -> Floor {
    let start = Timestamp::parse(&format!("{DAY}T10:15:00+05:30")).unwrap();
    let sim = Sim::builder().setup(Setup::default()).starting_at(start).build();
    let odd = OddDial { inner: sim.transport(), status, body };
    let client = sim.client_builder().transport(Arc::new(odd)).build().unwrap();
    let records = records(&client);
    let desk = Desk::with_records(client, settings(), Arc::new(Memory::new()), records);
    Floor::of(sim, desk)
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_may_have_rung_is_never_told_as_refused_and_never_repeated() {
    for (status, body) in [
        (200, r#"{"status":"error","status":"queued successfully","message":"Agent is busy"}"#),
        (200, r#"{"status":"queued successfully","status":"error","message":"Agent is busy"}"#),
        (200, r#"{"status":"accepted","ucid":"90000000000000001"}"#),
        (200, r#"{"status":"error","message":"queued","data":{"UCID":"90000000000000001"}}"#),
        (200, r#"{"status":"queued successfully","ucid":9.0000000000000001e16}"#),
        (200, r#"[{"status":"error","message":"Agent is busy"}]"#),
        (200, "\u{feff}"),
        (202, ""),
        (301, ""),
        (429, "slow down"),
        (500, r#"{"status":"success"}"#),
    ] {
        let floor = floor(status, body);
        floor.post("agent-login", &json!({})).await.ok();
        let answer = floor.post("dial", &json!({"phoneNumber": "9000000001"})).await;
        // Unknown, unless the service's own report has named the call meanwhile.
        match answer.status.as_u16() {
            200 => assert_eq!(answer.text("message"), "found in the report", "{status} {body}"),
            _ => drop(answer.problem(504)),
        }
        floor.wait(120).await;
        assert_eq!(floor.count(DIAL), 1, "{status} {body}");
    }
}

const SECRET: &str = "a-secret-of-the-tests";

#[tokio::test(start_paused = true)]
async fn pushes_of_odd_bytes_are_answered_stored_without_the_key_and_hold_up_no_others() {
    let webhook_secret = Some(SECRET.into());
    let floor = Floor::with(Setup::default(), Settings { webhook_secret, ..settings() });
    let utf16: Vec<u8> = r#"{"monitorUCID":"90000000000000001","Apikey":"test-key"}"#
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let odd: [(&[u8], u16); 12] = [
        (b"\xff\xfe\x00\x00", 400),
        (&utf16, 400),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 400),
        (b"monitorUCID,Status,Apikey\n90000000000000001,Answered,x\n", 400),
        (b"{\"monitorUCID\":\"90000000000000002\",\"Status\":\"\\ud800\",\"Skill\":\"a\\u0000b\"}", 200),
        (b"{\"monitorUCID\":\"90000000000000003\",\"AgentName\":\"\xe0\xa4\",\"Status\":\"NotAnswered\"}", 200),
        (b"{\"monitorUCID\":9.0000000000000004e16,\"Status\":\"NotAnswered\"}", 400),
        (b"{\"monitorUCID\":\"90000000000000005\",\"StartTime\":\"0000-00-00 00:00:00\",\"CallDuration\":\"-1\"}", 200),
        (b"{\"monitorUCID\":\"90000000000000006\",\"CallerID\":[\"9000000001\"],\"AgentID\":{\"a\":1}}", 200),
        (b"{\"monitorUCID\":\"90000000000000007\",\"AgentID\":\"a -> b -> c\",\"AgentStatus\":\"x\"}", 200),
        (b"data=%7B%22monitorUCID%22%3A%2290000000000000008%22%7D&data=%7B%7D", 200),
        (b"\xef\xbb\xbf{\"monitorUCID\":\"90000000000000009\",\"Apikey\":\"test-key\"}", 200),
    ];
    let desk_app = app(floor.desk.clone()).unwrap();
    for (body, want) in odd {
        let request = Request::post(format!("/webhooks/ozonetel/calls/{SECRET}"))
            .body(axum::body::Body::from(body.to_vec()))
            .unwrap();
        let status = desk_app.clone().oneshot(request).await.unwrap().status().as_u16();
        assert_eq!(status, want, "{}", String::from_utf8_lossy(body));
    }
    let stored = floor.desk.store().next_pushes(Vec::new(), 99).await.unwrap();
    assert!(stored.iter().all(|push| !push.body.contains("test-key")));
    // Each is worked or put aside: none is tried for ever.
    assert_eq!(work_pushes(&floor.desk).await, Ok(stored.len()));
    assert_eq!(work_pushes(&floor.desk).await, Ok(0));
}
