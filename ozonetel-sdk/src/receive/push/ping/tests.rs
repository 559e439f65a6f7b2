use crate::receive::kookoo::{IvrRequest, OutboundCallStatus};
use crate::receive::push::{PushErrorKind, PushReader};

const CALL: &str = r#"{"monitorUCID":"9000000000000001","Status":"Answered"}"#;

/// Base64 of [`CALL`].
const CODED: &str = "eyJtb25pdG9yVUNJRCI6IjkwMDAwMDAwMDAwMDAwMDEiLCJTdGF0dXMiOiJBbnN3ZXJlZCJ9";

#[test]
fn a_callback_in_another_form_is_read() {
    let data = "Content-Disposition: form-data; name=\"data\"";
    let bodies = [
        format!("--X\r\n{data}\r\n\r\n{CALL}\r\n--X--\r\n"),
        format!("--X\n{data}\n\n{CALL}\n--X--"),
        format!("--X\r\nContent-Type: text/plain\r\n{data}; a=b\r\n\r\n{CALL}\r\n--X--\r\n"),
        "--X\r\nContent-Disposition: form-data; name=\"monitorUCID\"\r\n\r\n9000000000000001\r\n\
         --X\r\ncontent-disposition: form-data; name=Status\r\n\r\nAnswered\r\n\
         --X\r\ncontent-disposition: form-data; name=UUI\r\n\r\n\r\n--X--\r\n"
            .to_owned(),
        form_urlencoded::byte_serialize(CALL.as_bytes()).collect(),
        form_urlencoded::byte_serialize(CALL.as_bytes()).chain(["="]).collect(),
        form_urlencoded::byte_serialize(format!("[{CALL}]").as_bytes()).collect(),
        CODED.to_owned(),
        format!("\u{feff}{CODED}\r\n"),
        format!("\u{feff}data=\u{feff}{CALL}"),
    ];
    for body in bodies {
        let push = PushReader::new().callbacks(None, body.as_bytes()).unwrap();
        assert_eq!(push.items.len(), 1, "{body}");
        assert!(push.items[0].is_answered(), "{body}");
        assert_eq!(push.items[0].call_id.unwrap().as_str(), "9000000000000001");
    }
}

#[test]
fn a_callback_in_an_unknown_form_is_no_ping_and_is_offered_whole() {
    let bodies = [
        "<call><monitorUCID>9000000000000001</monitorUCID></call>",
        r#"orUCID":"9000000000000001","Status":"Answered"}"#,
        r#"{"monitorUCID":"9000000000000001","Status":"Answ"#,
        "--X\r\nContent-Disposition: form-data; name=\"monitorUCID\"\r\n\r\n9000000000000001",
        r#"{"callUcid":"9000000000000001","Status":"Answered"}"#,
        r#"{"CallSid":"9000000000000001"}"#,
        r#"{"id":9000000000000001}"#,
        r#"{"call":{"id":"9000000000000001"}}"#,
        r#"{"payload":"{\"monitorUCID\":\"9000000000000001\"}"}"#,
        "payload=%7B%22monitorUCID%22%3A%229000000000000001%22%7D",
        "id=9000000000000001&state=done",
        "9000000000000001",
        "data=PGNhbGw+",
        "monitorUCID: 9000000000000001",
    ];
    for body in bodies {
        let error = PushReader::new().callbacks(None, body.as_bytes()).unwrap_err();
        assert_ne!(error.kind(), PushErrorKind::Proof, "{body}");
        assert!(error.unread().is_some(), "{body}");
        assert!(!format!("{error:?} {error}").contains("9000000000000001"), "{body}");
    }
    assert!(PushReader::new().callbacks(Some("id=9000000000000001"), b"").is_err());
}

/// A hook that answers 400 may be switched off by the service; what comes once may not be dropped.
#[test]
fn a_callback_that_lacks_nothing_but_its_id_is_kept_to_be_stored_and_answered_200() {
    for body in [
        r#"{"monitorUCID":"","Status":"Answered"}"#,
        r#"{"monitorUCID":"None","AgentID":"agent01"}"#,
        r#"{"monitorUCID":0,"Status":"Answered"}"#,
        r#"data={"Status":"Answered","Comments":"rang twice","Apikey":"test-key"}"#,
        "Status=Answered",
        "status=Answered&ref=order-7",
    ] {
        let push = PushReader::new().callbacks(None, body.as_bytes()).unwrap();
        assert!(push.items.is_empty() && !push.is_ping(), "{body}");
        assert_eq!(push.failed.len(), 1, "{body}");
        assert_eq!(push.failed[0].kind(), PushErrorKind::NoId, "{body}");
        assert_eq!(push.failed[0].field_name(), Some("monitorUCID"));
        let stored = push.sanitized.to_json();
        assert!(stored.contains("nswered") || stored.contains("agent01"), "{body}");
        assert!(!stored.contains("test-key"));
        // Read again later, it is the same.
        let again = PushReader::new().callbacks(None, stored.as_bytes()).unwrap();
        assert_eq!(again.failed, push.failed);
    }
    let list = r#"[{"Status":"Answered"},{"monitorUCID":"7"},{"monitorUCID":"x"}]"#;
    let push = PushReader::new().callbacks(None, list.as_bytes()).unwrap();
    assert_eq!((push.items.len(), push.failed.len()), (1, 2));
}

#[test]
fn a_ping_says_nothing_of_a_call() {
    let pings =
        ["", "{}", "[]", "data=", "data=%7B%7D", r#"{"ping":"1"}"#, r#"{"monitorUCID":""}"#];
    for body in pings.into_iter().chain([r#"{"test":true,"at":"2026-11-26"}"#, "a=b"]) {
        assert!(PushReader::new().callbacks(None, body.as_bytes()).unwrap().is_ping(), "{body}");
    }
}

#[test]
fn other_pushes_without_their_leading_field_are_no_pings() {
    let reader = PushReader::new();
    let ivr = reader.read::<IvrRequest>(Some("sid=9000000000000001&data=12"), b"").unwrap();
    assert_eq!(ivr.items.len(), 1);
    let status = reader.read::<OutboundCallStatus>(None, b"phone_no=09000000001").unwrap();
    assert_eq!(status.items.len(), 1);
    assert!(!reader.events(None, br#"{"leg":{"x":"9000000000000001"}}"#).unwrap().is_ping());
    assert!(!reader.screen_pops(Some("call=9000000000000001"), b"").unwrap().is_ping());
}

#[test]
fn a_callback_whose_json_is_the_query_is_no_ping() {
    let json = "%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22Status%22%3A%22Answered%22%7D";
    for query in [json.to_owned(), format!("{json}=")] {
        let push = PushReader::new().callbacks(Some(&query), b"").unwrap();
        let ids: Vec<_> = push.items.iter().filter_map(|call| call.call_id.as_ref()).collect();
        assert_eq!(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["90000000000000001"]);
    }
    // With text around it: not dropped.
    let error = PushReader::new().callbacks(Some(&format!("x{json}")), b"").unwrap_err();
    assert!(error.unread().unwrap().contains("90000000000000001"));
    let push = PushReader::new().callbacks(Some(&format!("{json}&Type=Manual")), b"").unwrap();
    assert!(!push.is_ping() && push.items.is_empty() && push.failed.len() == 1);
    assert!(push.sanitized.to_json().contains("90000000000000001"));
}

#[test]
fn an_id_under_another_name_makes_no_callback_without_an_id() {
    for name in ["monitorucid", "MONITORUCID", "MonitorUcid", "monitor_ucid", "Monitor_UCID"] {
        let body = format!(r#"{{"{name}":"90000000000000001","Status":"Answered"}}"#);
        let push = PushReader::new().callbacks(None, body.as_bytes()).unwrap();
        let call = push.items.into_iter().next().unwrap();
        assert_eq!(call.call_id.unwrap().as_str(), "90000000000000001", "{name}");
        assert!(call.extra.0.is_empty(), "{name}");
    }
    for name in ["UCID", "ucid", "CallID", "call_id", "sid"] {
        let body = format!(r#"{{"{name}":"90000000000000001","Status":"Answered"}}"#);
        let error = PushReader::new().callbacks(None, body.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.field_name()), (PushErrorKind::Field, Some("monitorUCID")));
        assert!(error.unread().unwrap().contains("90000000000000001"), "{name}");
    }
}
