//! HTTP as no polite server speaks it: over real sockets, through the real client.

use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::client::RetryPolicy;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::types::Zone;
use ozonetel_sdk::{Client, ClientBuilder, Error, ErrorKind, Reason};
use ozonetel_tests::raw::{Raw, Reply};
use serde_json::{Value, json};
use wiremock::matchers::{any, header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

const QUEUED: &str = r#"{"ucid":"90000000000000001","status":"queued successfully"}"#;
const NO_ROWS: &str = r#"{"status":"success","message":"success","details":[]}"#;
const LISTED: &str = r#"{"status":"Success","details":["Follow Up"]}"#;

fn builder(url: &str) -> ClientBuilder {
    let policy = RetryPolicy {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url(url)
        .policy(policy)
}

fn client(url: &str) -> Client {
    builder(url).build().unwrap()
}

async fn dial(client: &Client) -> Result<String, Error> {
    let dial = client.dial().agent("agent01", "support_out", "9000000001").uui("order-7");
    match dial.outcome().await {
        DialOutcome::Accepted(ucid) => Ok(ucid.to_string()),
        DialOutcome::Refused(error) | DialOutcome::NotSent(error) | DialOutcome::Unknown(error) => {
            Err(error)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_get_carries_its_json_body_on_the_wire() {
    let server = Raw::start([Reply::json(NO_ROWS)]).await;
    let client = client(&server.url());
    let day = client.today();
    let rows = client.cdr().for_day(day).campaign("support_out").await.unwrap();
    assert!(rows.is_empty());
    let got = server.got();
    assert_eq!(got.len(), 1);
    let request = &got[0];
    assert!(
        request.head.starts_with("GET /ca_reports/fetchCDRDetails HTTP/1.1\r\n"),
        "{request:?}"
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
    assert_eq!(request.header("apikey"), Some("test-key"));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let want = json!({
        "fromDate": format!("{day} 00:00:00"),
        "toDate": format!("{day} 23:59:59"),
        "campaignName": "support_out",
        "userName": "acme_support",
    });
    assert_eq!(body, want);
}

#[tokio::test]
async fn redirects_are_not_followed_and_the_key_goes_nowhere_else() {
    for status in
        ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let elsewhere = Raw::start([Reply::json(QUEUED)]).await;
        let location = format!("location: {}/ca_apis/AgentManualDial\r\n", elsewhere.url());
        let server = Raw::start([Reply::with(status, &location, "")]).await;
        let client = client(&server.url());
        let error = dial(&client).await.unwrap_err();
        let code: u16 = status.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(error.kind(), ErrorKind::Status, "{status}");
        assert_eq!(error.status().unwrap().as_u16(), code);
        assert!(error.may_have_happened(), "{status}");
        let error = client.disposition().list().await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Status, false));
        assert_eq!((server.got().len(), elsewhere.got().len()), (2, 0), "{status}");
    }
}

/// Bodies that end before they are over, for a call that may be repeated and for one that must not.
#[tokio::test]
async fn a_body_that_is_cut_is_unreadable_and_a_dial_then_unknown() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let half = &QUEUED[..20];
    let cuts = [
        format!("{head}content-length: 500\r\n\r\n{half}"),
        format!("{head}transfer-encoding: chunked\r\n\r\n14\r\n{half}\r\n"),
        format!("{head}transfer-encoding: chunked\r\n\r\n14\r\n{half}"),
        format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{half}"),
    ];
    for cut in cuts {
        let server = Raw::start([Reply::Close(cut.clone().into_bytes())]).await;
        let client = client(&server.url());
        let error = dial(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{cut}");
        assert!(error.may_have_happened(), "{cut}");
        assert_eq!((error.reference(), server.got().len()), (Some("order-7"), 1));
        let error = client.disposition().list().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreadable, 3), "{cut}");
        assert_eq!(server.got().len(), 4);
    }
}

#[tokio::test]
async fn a_connection_that_closes_without_an_answer_may_have_brought_the_dial() {
    for bytes in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-type: appl", "\0\0\0\0 what"] {
        let server = Raw::start([Reply::Close(bytes.into())]).await;
        let error = dial(&client(&server.url())).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Closed, 1), "{bytes:?}");
        assert!(error.may_have_happened(), "{bytes:?}");
        assert_eq!(server.got().len(), 1);
    }
}

#[tokio::test]
async fn nothing_is_unknown_about_a_connection_that_never_was() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = dial(&client(&url)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreachable, 3));
    assert!(!error.may_have_happened());
}

/// TLS towards a server that speaks none: the client is built with a provider, and nothing of the request leaves.
#[tokio::test]
async fn a_failed_handshake_sends_nothing() {
    let server = Raw::start([Reply::json(QUEUED)]).await;
    let url = server.url().replace("http://", "https://");
    let error = dial(&client(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(!error.may_have_happened());
    assert!(server.got().is_empty());
}

#[tokio::test]
async fn the_content_type_decides_nothing() {
    for kind in [
        "content-type: text/html\r\n",
        "content-type: text/plain; charset=x\r\n",
        "content-type: \u{fffd}\r\n",
        "",
    ] {
        let server = Raw::start([Reply::with("200 OK", kind, QUEUED)]).await;
        assert_eq!(dial(&client(&server.url())).await.unwrap(), "90000000000000001", "{kind}");
    }
}

#[tokio::test]
async fn a_page_is_unreadable_and_its_beginning_is_kept() {
    let page = format!("<html>{}</html>", "x".repeat(2000));
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(page.clone(), "text/html");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server.uri());
    let error = client.cdr().for_day(client.today()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    let unreadable = error.unreadable().unwrap();
    assert_eq!(unreadable.content_type(), Some("text/html"));
    assert_eq!(unreadable.excerpt(), &page.as_bytes()[..512]);
    assert!(!format!("{error} {error:?}").contains("xxx"));
}

#[tokio::test]
async fn a_limit_says_when_the_next_request_is_allowed() {
    let body = json!({"status": "error", "message": "Max limit exceeded"});
    for (after, want) in [
        (Some("7"), 7),
        (Some(" 90 "), 90),
        (None, 60),
        (Some("soon"), 60),
        (Some("-1"), 60),
        (Some("Fri, 20 Nov 2026 10:00:00 GMT"), 60),
    ] {
        for page in [false, true] {
            let server = MockServer::start().await;
            let mut answer = ResponseTemplate::new(429);
            if let Some(after) = after {
                answer = answer.insert_header("retry-after", after);
            }
            let answer =
                if page { answer.set_body_string("<html>") } else { answer.set_body_json(&body) };
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let client = client(&server.uri());
            let error = dial(&client).await.unwrap_err();
            // A page proves nothing of a dial; the service's own words do.
            let kind = if page { ErrorKind::Status } else { ErrorKind::Refused };
            assert_eq!((error.kind(), error.attempts()), (kind, 1), "{after:?}");
            assert_eq!(error.may_have_happened(), page);
            let ready_in = (!page).then_some(Duration::from_secs(want));
            assert_eq!(error.ready_in(), ready_in, "{after:?} {page}");
            assert_eq!(error.reason(), (!page).then_some(Reason::TooManyRequests));
            // The window is pushed: the next report does not even go out.
            let asked = client.cdr().for_day(client.today()).await.unwrap_err();
            let paced = client.cdr().for_day(client.today()).await.unwrap_err();
            assert_eq!((asked.kind(), paced.kind()), (ErrorKind::Refused, ErrorKind::Paced));
            assert!(paced.ready_in().unwrap() <= Duration::from_secs(want));
            assert_eq!(server.received_requests().await.unwrap().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_server_error_is_repeated_unless_it_may_have_acted() {
    for status in [500, 502, 503, 504] {
        let server = MockServer::start().await;
        let no = json!({"status": "Fail", "message": "Agent is not available"});
        let failure = ResponseTemplate::new(status).set_body_json(&no);
        Mock::given(method("POST")).respond_with(failure).up_to_n_times(2).mount(&server).await;
        let listed = ResponseTemplate::new(200).set_body_string(LISTED);
        Mock::given(method("POST")).respond_with(listed).mount(&server).await;
        let client = client(&server.uri());
        let error = dial(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1), "{status}");
        assert!(error.may_have_happened());
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(client.disposition().list().await.unwrap().len(), 1);
        assert_eq!(server.received_requests().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn headers_that_play_tricks_change_nothing() {
    let huge = format!("x-long: {}\r\n", "a".repeat(8000));
    let tricks = [
        "set-cookie: a=b; Domain=example.test\r\nset-cookie: c=d\r\n".to_owned(),
        "x-control: \u{7f}\r\n".replace('\u{7f}', "\t"),
        "content-type: application/json\r\ncontent-type: text/html\r\n".to_owned(),
        "retry-after: 99999999999999999999\r\n".to_owned(),
        huge,
    ];
    for trick in tricks {
        let server = Raw::start([Reply::with("200 OK", &trick, QUEUED)]).await;
        let client = client(&server.url());
        assert_eq!(dial(&client).await.unwrap(), "90000000000000001", "{trick}");
        assert_eq!(dial(&client).await.unwrap(), "90000000000000001", "{trick}");
        // No cookie comes back.
        assert!(server.got().iter().all(|got| got.header("cookie").is_none()), "{trick}");
    }
    let interim = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\
         content-length: {}\r\n\r\n{QUEUED}",
        QUEUED.len()
    );
    let server = Raw::start([Reply::Keep(interim.into_bytes())]).await;
    assert_eq!(dial(&client(&server.url())).await.unwrap(), "90000000000000001");
    // A status alone is an answer without an envelope.
    let server = Raw::start([Reply::with("204 No Content", "", "")]).await;
    let error = dial(&client(&server.url())).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::Unreadable, true));
}

#[tokio::test]
async fn a_body_that_only_says_that_it_is_compressed_is_unreadable() {
    let server = Raw::start([Reply::with("200 OK", "content-encoding: gzip\r\n", QUEUED)]).await;
    let error = dial(&client(&server.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.may_have_happened());
}

/// Silence before the head, in the middle of it, and in the middle of the body.
#[tokio::test]
async fn silence_ends_a_call() {
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{}", &QUEUED[..20]);
    for bytes in ["", "HTTP/1.1 200 OK\r\n", half.as_str()] {
        let server = Raw::start([Reply::Silence(bytes.into())]).await;
        let client = builder(&server.url()).silence(Duration::from_millis(40)).build().unwrap();
        let error = dial(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreachable, 1), "{bytes:?}");
        assert!(error.may_have_happened(), "{bytes:?}");
        assert_eq!(server.got().len(), 1);
    }
}

/// A row stream that stalls ends with an error behind the rows that came.
#[tokio::test]
async fn rows_that_came_before_the_silence_are_handed_out() {
    let body =
        r#"{"status":"success","details":[{"UCID":1,"TalkTime":"00:00:07"},{"UCID":"2"},{"UC"#;
    let bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{body}");
    for (reply, kind) in [
        (Reply::Silence(bytes.clone().into()), ErrorKind::Unreachable),
        (Reply::Close(bytes.clone().into()), ErrorKind::Unreadable),
    ] {
        let server = Raw::start([reply]).await;
        let limit = Duration::from_millis(60);
        let client = builder(&server.url()).report_silence(limit).build().unwrap();
        let mut rows = client.cdr().for_day(client.today()).stream();
        assert_eq!(rows.try_next().await.unwrap().unwrap().talk_time.unwrap().seconds(), 7);
        assert_eq!(rows.try_next().await.unwrap().unwrap().ucid.unwrap().as_str(), "2");
        let error = rows.try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.row()), (kind, Some(3)));
        assert!(rows.try_next().await.unwrap().is_none());
        assert_eq!(server.got().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_refused_and_its_beginning_kept() {
    let body = json!({"status": "Success", "details": ["x".repeat(5000)]}).to_string();
    let server = Raw::start([Reply::json(&body)]).await;
    let client = builder(&server.url()).body_limit(1000).row_limit(1000).build().unwrap();
    let error = client.disposition().list().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unreadable, 1));
    assert_eq!(error.unreadable().unwrap().excerpt().len(), 512);
    let rows =
        json!({"status": "success", "details": [{"UCID": "1", "Comments": "x".repeat(5000)}]});
    let server = Raw::start([Reply::json(&rows.to_string())]).await;
    let client = builder(&server.url()).row_limit(1000).build().unwrap();
    let error = client.cdr().for_day(client.today()).stream().try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
}

/// Calls that may be repeated keep their connection. A dial has a pool of its own, and takes no connection that has
/// been idle for longer than the documented time; the two real seconds are that time.
#[tokio::test]
async fn a_dial_takes_no_connection_that_has_been_idle() {
    use ozonetel_sdk::transport::reqwest::ONCE_IDLE;
    let server =
        Raw::start([LISTED, LISTED, QUEUED, QUEUED, QUEUED, LISTED].map(Reply::json)).await;
    let client = client(&server.url());
    client.disposition().list().await.unwrap();
    client.disposition().list().await.unwrap();
    dial(&client).await.unwrap();
    dial(&client).await.unwrap();
    tokio::time::sleep(ONCE_IDLE + Duration::from_millis(100)).await;
    dial(&client).await.unwrap();
    client.disposition().list().await.unwrap();
    let connections: Vec<usize> = server.got().iter().map(|got| got.connection).collect();
    assert_eq!(connections, [0, 0, 1, 1, 2, 0]);
}

#[tokio::test]
async fn agents_and_keys_travel_where_the_description_says() {
    let server = MockServer::start().await;
    let ok = json!({"status": "success", "message": "Agent agent01 logged in successfully"});
    Mock::given(header("authorization", "Basic YWdlbnQwMTpzZWNyZXQ="))
        .respond_with(ResponseTemplate::new(200).set_body_json(&ok))
        .expect(1)
        .mount(&server)
        .await;
    client(&server.uri()).agents().login("agent01", "secret", "500001").await.unwrap();
    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert_eq!(body, "action=login&phoneNumber=500001&userName=acme_support&apiKey=test-key");
}

#[test]
fn zones_and_regions_build_with_tls() {
    let zone: Zone = "-05:00".parse().unwrap();
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .region(ozonetel_sdk::types::Region::International)
        .zone(zone)
        .build();
    assert!(client.is_ok());
}
