mod endings;
mod limits;
mod reading;
mod tokens;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use serde_json::json;

use crate::api::dial::DialOutcome;
use crate::core::client::Client;
use crate::core::clock::TokioClock;
use crate::core::credential::AuthMode;
use crate::core::error::{Error, ErrorKind, Reason};
use crate::core::observe::{ClientEvent, Observer};
use crate::core::pace::Patience;
use crate::core::transport::SendStage;
use crate::testing::doubles::{Replay, Turn};
use crate::types::ids::Ucid;

const QUEUED: &str = r#"{"ucid":"90000000000000001","status":"queued successfully"}"#;

fn client(replay: &Replay, mode: AuthMode) -> Client {
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(mode)
        .base_url("http://api.example.test")
        .clock(Arc::new(TokioClock::new()))
        .transport(Arc::new(replay.clone()))
        .build()
        .unwrap()
}

fn token(name: &str) -> Turn {
    Turn::json(json!({"token": name, "message": ""}).to_string())
}

async fn dial(turns: impl IntoIterator<Item = Turn>) -> (DialOutcome, usize) {
    let replay = Replay::new(turns);
    let client = client(&replay, AuthMode::Key);
    let outcome =
        client.dial().agent("agent01", "support_out", "9000000001").uui("ref-1").outcome().await;
    (outcome, replay.requests().len())
}

#[tokio::test(start_paused = true)]
async fn a_dial_goes_out_as_described_and_brings_its_ucid() {
    let replay = Replay::new([Turn::json(QUEUED)]);
    let client = client(&replay, AuthMode::Key);
    let dialed = client.dial().agent("agent01", "support_out", "+91 90000 00001").await.unwrap();
    assert_eq!(dialed.ucid(), "90000000000000001".parse::<Ucid>().unwrap());
    let request = &replay.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/ca_apis/AgentManualDial")
    );
    assert_eq!(request.headers()["apikey"], "test-key");
    assert!(request.headers()["apikey"].is_sensitive());
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    let want = json!({"userName": "acme_support", "agentID": "agent01", "campaignName": "support_out",
        "customerNumber": "9000000001", "UCID": "true"});
    assert_eq!(body, want);
}

#[tokio::test(start_paused = true)]
async fn whatever_leaves_the_outcome_open_is_unknown_and_not_repeated() {
    let answer = |status: u16, body: &'static str| {
        Turn::Answer(StatusCode::from_u16(status).unwrap(), "text/html", Bytes::from(body))
    };
    let turns = [
        (Turn::Fail(SendStage::Unknown), ErrorKind::Closed),
        (Turn::Hang, ErrorKind::Unreachable),
        (answer(200, "<html>"), ErrorKind::Unreadable),
        (answer(404, "<html>"), ErrorKind::Status),
        (answer(301, ""), ErrorKind::Status),
        (
            answer(503, r#"{"status":"error","message":"Agent is not available"}"#),
            ErrorKind::Status,
        ),
        (Turn::json(r#"{"status":"queued successfully"}"#), ErrorKind::Unreadable),
        (Turn::json(r#"{"status":"queued","ucid":"soon"}"#), ErrorKind::Unreadable),
        (Turn::json(r#"{"message":"ok"}"#), ErrorKind::Unreadable),
        (Turn::json("[1]"), ErrorKind::Unreadable),
        (Turn::Pieces(vec![Bytes::from_static(b"{\"ucid\":")], false), ErrorKind::Unreadable),
    ];
    for (turn, kind) in turns {
        let shown = format!("{turn:?}");
        let (outcome, sent) = dial([turn, Turn::json(QUEUED)]).await;
        let DialOutcome::Unknown(error) = outcome else { panic!("{shown}: {outcome:?}") };
        assert_eq!((error.kind(), sent, error.attempts()), (kind, 1, 1), "{shown}");
        assert_eq!(error.reference(), Some("ref-1"));
        assert!(error.to_string().contains("do not repeat it"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_known_and_a_limit_says_when() {
    let (outcome, sent) =
        dial([Turn::json(r#"{"status":"Fail","message":"Agent is not available"}"#)]).await;
    let DialOutcome::Refused(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!((error.reason(), sent), (Some(Reason::NotAllowed), 1));
    assert_eq!(error.refusal().unwrap().message(), "Agent is not available");
    let limit = Bytes::from_static(br#"{"status":"error","message":"Max limit exceeded"}"#);
    for status in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        let turn = Turn::Answer(status, "application/json", limit.clone());
        let (outcome, sent) = dial([turn, Turn::json(QUEUED)]).await;
        let DialOutcome::Refused(error) = outcome else { panic!("{outcome:?}") };
        assert_eq!((error.reason(), sent), (Some(Reason::TooManyRequests), 1));
        assert_eq!(error.ready_in(), Some(Duration::from_secs(60)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_answered_429_is_unknown_unless_the_body_is_a_documented_refusal() {
    for body in [
        "<html>",
        "",
        r#"{"error":"slow down"}"#,
        r#"{"message":"rate limit exceeded"}"#,
        r#"{"status":"processing"}"#,
        r#"{"status":"error","message":"slow down","ucid":"90000000000000001"}"#,
        QUEUED,
    ] {
        let turn = Turn::Answer(StatusCode::TOO_MANY_REQUESTS, "text/plain", body.into());
        let (outcome, sent) = dial([turn, Turn::json(QUEUED)]).await;
        let DialOutcome::Unknown(error) = outcome else { panic!("{body}: {outcome:?}") };
        assert_eq!((error.may_have_happened(), sent), (true, 1), "{body}");
        assert_eq!(error.ready_in(), None, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_provably_not_sent_is_sent_again() {
    let (outcome, sent) = dial([Turn::Fail(SendStage::NotSent), Turn::json(QUEUED)]).await;
    assert!(matches!(outcome, DialOutcome::Accepted(_)), "{outcome:?}");
    assert_eq!(sent, 2);
    let (outcome, sent) = dial([
        Turn::Fail(SendStage::NotSent),
        Turn::Fail(SendStage::NotSent),
        Turn::Fail(SendStage::NotSent),
    ])
    .await;
    let DialOutcome::NotSent(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!((error.kind(), sent), (ErrorKind::Unreachable, 3));
}

#[tokio::test(start_paused = true)]
async fn bad_input_spends_nothing() {
    let replay = Replay::default();
    let client = client(&replay, AuthMode::Key);
    for (agent, number, field) in
        [("", "9000000001", "agentID"), ("agent01", "90000abcde", "phone_number")]
    {
        let error = client.dial().agent(agent, "support_out", number).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.invalid_input().unwrap().field()),
            (ErrorKind::Input, field)
        );
        assert!(!error.may_have_happened());
    }
    let old = (0..16).fold(client.today(), |day, _| day.previous());
    let error = client.cdr().for_day(old).await.unwrap_err().to_string();
    assert!(
        error.ends_with(&format!(
            "fromDate `{old}`: the service keeps 15 days, from {}",
            old.next()
        )),
        "{error}"
    );
    let tomorrow = client.today().next();
    assert_eq!(client.cdr().for_day(tomorrow).await.unwrap_err().kind(), ErrorKind::Input);
    assert!(replay.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_renewed_once_even_for_a_dial() {
    let expired = || Turn::json(r#"{"status":"false","message":"Token Expired","data":null}"#);
    let replay = Replay::new([token("a"), expired(), token("b"), Turn::json(QUEUED)]);
    let one = client(&replay, AuthMode::Token);
    one.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    let bearers: Vec<_> = replay
        .requests()
        .iter()
        .filter_map(|r| r.headers().get("authorization").cloned())
        .collect();
    assert_eq!(bearers, ["Bearer a", "Bearer b"]);

    let replay = Replay::new([token("a"), expired(), token("b"), expired()]);
    let error = client(&replay, AuthMode::Token)
        .dial()
        .agent("agent01", "c", "9000000001")
        .await
        .unwrap_err();
    assert_eq!((error.reason(), error.may_have_happened()), (Some(Reason::TokenExpired), false));
    assert_eq!(replay.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_dial_is_not_repeated_on_a_text_that_only_may_mean_an_old_token() {
    let invalid = Turn::json(r#"{"status":"false","message":"Invalid Token","data":null}"#);
    let queued = Turn::json(QUEUED);
    let replay = Replay::new([token("a"), invalid.clone(), token("b"), queued, invalid.clone()]);
    let one = client(&replay, AuthMode::Token);
    let error = one.dial().agent("agent01", "c", "9000000001").await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::BadCredentials));
    assert_eq!(replay.requests().len(), 2);
    // Account and key may be right: it is the token that is looked at first.
    let advised = |error: &Error| {
        let advice = error.advice().unwrap();
        assert!(
            advice.starts_with("the token was refused and is dropped, and nothing"),
            "{advice}"
        );
        // It was made for this call, or for one before.
        assert!(!advice.contains("kept"), "{advice}");
        let mode = advice.contains("OZONETEL_AUTH=token");
        assert!(advice.contains("send it again, with a new token") && mode, "{advice}");
    };
    advised(&error);
    // The next call begins with a new token; a read would have fetched it at once.
    assert!(one.dial().agent("agent01", "c", "9000000001").await.is_ok());
    // The same is said of a token that was kept.
    let error = one.dial().agent("agent01", "c", "9000000001").await.unwrap_err();
    advised(&error);
    assert_eq!(replay.requests().len(), 5);
    let list = Turn::json(r#"{"status":"Success","details":["A"]}"#);
    let replay = Replay::new([token("a"), invalid.clone(), token("b"), list]);
    assert_eq!(
        client(&replay, AuthMode::Token).disposition().list().await.unwrap()[0].as_str(),
        "A"
    );
    // Once a new token was refused as well, it is not the token.
    let replay = Replay::new([token("a"), invalid.clone(), token("b"), invalid]);
    let error = client(&replay, AuthMode::Token).disposition().list().await.unwrap_err();
    assert!(error.advice().unwrap().starts_with("check account and key"), "{:?}", error.advice());
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_ages_closes_the_window_for_an_hour() {
    for seconds in ["99999999999", "18446744073709551615", "9460800000"] {
        let client = Client::builder()
            .account("acme_support")
            .key("test-key")
            .mode(AuthMode::Key)
            .base_url("http://api.example.test")
            .clock(Arc::new(TokioClock::new()))
            .transport(Arc::new(RetryAfter(seconds)))
            .build()
            .unwrap();
        let error = client.cdr().for_day(client.today()).await.unwrap_err();
        let hour = Some(Duration::from_secs(3600));
        assert_eq!((error.reason(), error.ready_in()), (Some(Reason::TooManyRequests), hour));
        let next = client.cdr().for_day(client.today()).patience(Patience::Never).await;
        assert_eq!(next.unwrap_err().ready_in(), hour);
    }
}

/// Answers 429 and a `Retry-After`.
#[derive(Debug)]
struct RetryAfter(&'static str);

#[async_trait::async_trait]
impl crate::core::transport::Transport for RetryAfter {
    async fn send(
        &self,
        _: crate::core::transport::Outgoing,
    ) -> Result<crate::core::transport::Incoming, crate::core::transport::Failure> {
        let head = http::Response::builder()
            .status(StatusCode::TOO_MANY_REQUESTS)
            .header("retry-after", self.0)
            .body(())
            .unwrap();
        Ok(crate::core::transport::Incoming::whole(head, Bytes::new()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_a_credentials_error() {
    let refused =
        Turn::json(r#"{"status":"false","message":"Invalid userName or apiKey","data":null}"#);
    let replay = Replay::new([refused]);
    let error = client(&replay, AuthMode::Token).check().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (ErrorKind::Credentials, Some(Reason::BadCredentials))
    );
    assert_eq!(replay.requests().len(), 1);
}

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn on(&self, event: &ClientEvent<'_>) {
        if let ClientEvent::Abandoned { spec, reference, may_have_happened: true, .. } = event {
            self.0.lock().unwrap().push(format!("{} {reference:?}", spec.name));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_dial_is_reported_a_dropped_read_is_not() {
    let log = Arc::new(Log::default());
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url("http://api.example.test")
        .clock(Arc::new(TokioClock::new()))
        .transport(Arc::new(Replay::new([Turn::Hang, Turn::Hang])))
        .observer(Arc::clone(&log) as _)
        .build()
        .unwrap();
    let second = Duration::from_secs(1);
    let dial = client.dial().agent("agent01", "support_out", "9000000001").uui("ref-2");
    assert!(tokio::time::timeout(second, dial.send()).await.is_err());
    assert!(tokio::time::timeout(second, client.disposition().list().send()).await.is_err());
    assert_eq!(*log.0.lock().unwrap(), [r#"dial.agent Some("ref-2")"#]);
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_and_wait_for_the_limit_if_told_to() {
    let rows = || Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
    let limit = || Turn::json(r#"{"status":"error","message":"Max limit exceeded"}"#);
    let replay = Replay::new([Turn::Fail(SendStage::Unknown), rows()]);
    let one = client(&replay, AuthMode::Key);
    assert_eq!(one.cdr().for_day(one.today()).await.unwrap().len(), 0);

    let replay = Replay::new([limit(), rows()]);
    let two = client(&replay, AuthMode::Key);
    let start = tokio::time::Instant::now();
    assert!(two.cdr().for_day(two.today()).patience(Patience::Wait).await.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(60));
    let replay = Replay::new([limit(), rows()]);
    let three = client(&replay, AuthMode::Key);
    let error = three.cdr().for_day(three.today()).await.unwrap_err();
    assert_eq!(
        (error.reason(), error.ready_in()),
        (Some(Reason::TooManyRequests), Some(Duration::from_secs(60)))
    );
    // Another program used the window up: this side keeps to it.
    let error = three.cdr().for_day(three.today()).patience(Patience::Never).await.unwrap_err();
    assert_eq!((error.kind(), replay.requests().len()), (ErrorKind::Paced, 1));
}

#[tokio::test(start_paused = true)]
async fn a_try_that_finds_no_window_leaves_the_failure_of_the_one_before() {
    let replay = Replay::new([Turn::Fail(SendStage::Unknown), Turn::Fail(SendStage::NotSent)]);
    let client = client(&replay, AuthMode::Key);
    let day = || client.cdr().for_day(client.today()).patience(Patience::Never);
    let error = day().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreachable, 2));
    let error = day().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Paced, 0));
}

#[tokio::test(start_paused = true)]
async fn rows_come_as_they_arrive_and_a_bad_one_does_not_end_the_stream() {
    let pieces = [
        r#"{"status":"success","details":[{"UCID":90000000000000001},{"UCID":"900000"#,
        r#"00000000002","TalkTime":{}},{"UCID":"90000000000000003"}"#,
        r#"],"totalCount":"3"}"#,
    ];
    let replay = Replay::new([Turn::Pieces(pieces.map(Bytes::from).to_vec(), true)]);
    let client = client(&replay, AuthMode::Key);
    let mut rows = client.cdr().page(client.today(), 1, 500).stream();
    assert_eq!(rows.try_next().await.unwrap().unwrap().ucid.unwrap().as_str(), "90000000000000001");
    let error = rows.try_next().await.unwrap_err();
    assert_eq!((error.row(), error.is_row()), (Some(2), true));
    assert_eq!(error.unreadable().unwrap().path(), Some("[1].TalkTime"));
    assert_eq!(rows.try_next().await.unwrap().unwrap().ucid.unwrap().as_str(), "90000000000000003");
    assert_eq!(rows.try_next().await.unwrap(), None);
    assert_eq!(rows.rest().unwrap()["totalCount"], "3");
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_the_rows_counts_and_a_cut_is_seen() {
    let refused = r#"{"details":[{"UCID":1}],"status":"error","message":"Max limit exceeded"}"#;
    let replay = Replay::new([Turn::json(refused)]);
    let one = client(&replay, AuthMode::Key);
    let items: Vec<_> = one.cdr().for_day(one.today()).stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().reason(), Some(Reason::TooManyRequests));

    let cut = Turn::Pieces(
        vec![Bytes::from_static(br#"{"status":"success","details":[{"UCID":1},{"#)],
        false,
    );
    let replay = Replay::new([cut]);
    let two = client(&replay, AuthMode::Key);
    let items: Vec<_> = two.cdr().for_day(two.today()).stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::Unreadable);
    assert_eq!(replay.requests().len(), 1);

    let missing = Turn::json(r#"{"status":"success","message":"success"}"#);
    let three = client(&Replay::new([missing]), AuthMode::Key);
    let error = three.cdr().for_day(three.today()).stream().try_next().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.unreadable().unwrap().path()),
        (ErrorKind::Unreadable, Some("details"))
    );
}

#[tokio::test(start_paused = true)]
async fn days_are_walked_oldest_first_and_say_where_to_resume() {
    let day = |n: u64| Turn::json(format!(r#"{{"status":"success","details":[{{"UCID":{n}}}]}}"#));
    let refused = Turn::json(r#"{"status":"fail","message":"Invalid campaignName"}"#);
    let replay = Replay::new([day(1), day(2), refused]);
    let client = client(&replay, AuthMode::Key);
    let today = client.today();
    let mut rows = client.cdr().for_days(today.previous().previous(), today);
    assert_eq!(rows.try_next().await.unwrap().unwrap().ucid.unwrap().as_str(), "1");
    assert_eq!(rows.try_next().await.unwrap().unwrap().ucid.unwrap().as_str(), "2");
    assert_eq!(rows.try_next().await.unwrap_err().reason(), Some(Reason::BadInput));
    assert_eq!(rows.unfinished(), Some(today));
    assert_eq!(rows.try_next().await.unwrap(), None);
}
