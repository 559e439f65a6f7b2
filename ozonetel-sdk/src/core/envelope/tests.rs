use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::agents::{ChangeState, Login};
use crate::api::call_control::StartConference;
use crate::api::catalogue::ALL;
use crate::api::cdr::FetchDay;
use crate::api::dial::{AgentDial, PhoneDial};
use crate::api::disposition::{ListDispositions, SetDisposition};
use crate::api::kookoo::{IvrTransfer, OutboundCall, Sms};
use crate::api::recording::{Pause, Recorded};
use crate::api::summary::FetchSummary;
use crate::api::whatsapp::SendTemplate;
use crate::core::endpoint::Endpoint;
use crate::types::ids::{DispositionName, Ucid};

fn of<E: Endpoint>(body: &str) -> Result<Outcome<E::Reply>, Unreadable> {
    read(&E::SPEC, ResponseHead::OK, body.as_bytes())
}

fn refused<T: fmt::Debug>(outcome: Result<Outcome<T>, Unreadable>) -> (Reason, String) {
    match outcome.unwrap() {
        Outcome::Refused(refusal) => (refusal.reason(), refusal.message().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_inner_outcome_overrules_the_outer_status() {
    let paused = r#"{"status":"Error","message":"{\"status\":\"Success\",\"message\":\"paused monitoring of the channel\"}"}"#;
    assert_eq!(
        of::<Pause>(paused).unwrap(),
        Outcome::Done(Recorded::success("paused monitoring of the channel"))
    );
    let plain = r#"{"status":"Success","message":"paused monitoring of the channel"}"#;
    assert_eq!(
        of::<Pause>(plain).unwrap(),
        Outcome::Done(Recorded::success("paused monitoring of the channel"))
    );
    assert_eq!(
        refused(of::<Pause>(r#"{"status":"Error","message":"ucid is Invalid"}"#)).0,
        Reason::NotFound
    );
    let inner = r#"{"status":"success","message":"{\"resp\":\"Failure:tbAgentPause\",\"agentStatus\":\"BUSY\"}"}"#;
    assert_eq!(refused(of::<ChangeState>(inner)), (Reason::Other, "Failure:tbAgentPause".into()));
}

#[test]
fn the_text_is_found_wherever_it_stands() {
    let busy = "Agent agent01 is in BUSY state. You cant change to Pause state";
    for key in ["message", "Message", "messages", "details", "msg"] {
        let body = json!({"status": "error", key: busy}).to_string();
        assert_eq!(refused(of::<ChangeState>(&body)), (Reason::NotAllowed, busy.into()), "{key}");
    }
    let saved =
        of::<SetDisposition>(r#"{"details":"Disposition saved successfully","status":"Success"}"#);
    let Outcome::Done(saved) = saved.unwrap() else { panic!() };
    assert!(!saved.is_queued());
}

#[test]
fn a_missing_list_is_not_an_empty_list() {
    let empty = of::<ListDispositions>(r#"{"status":"Success","details":[]}"#);
    assert_eq!(empty.unwrap(), Outcome::Done(Vec::<DispositionName>::new()));
    let missing = of::<ListDispositions>(r#"{"status":"Success"}"#).unwrap_err();
    assert_eq!(missing.path(), Some("details"));
    assert!(of::<ListDispositions>(r#"{"status":"Success","details":null}"#).is_err());
    assert_eq!(
        of::<FetchSummary>(r#"{"status":"error","message":"No Data Found"}"#).unwrap(),
        Outcome::Empty
    );
    let Outcome::Done(rows) =
        of::<FetchSummary>(r#"{"status":"success","message":{"ModeType":"Inbound"}}"#).unwrap()
    else {
        panic!()
    };
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_text_in_the_payloads_place_is_no_refusal_of_a_read_unless_it_is_a_documented_one() {
    let said = r#"{"status":"success","message":"success","details":"try later"}"#;
    assert_eq!(of::<FetchDay>(said).unwrap_err().path(), Some("details"));
    let known = r#"{"status":"success","message":"success","details":"Max limit exceeded"}"#;
    assert_eq!(refused(of::<FetchDay>(known)).0, Reason::TooManyRequests);
    let none = r#"{"status":"success","message":"No Data Found"}"#;
    assert_eq!(of::<FetchSummary>(none).unwrap(), Outcome::Empty);
    let error = of::<PhoneDial>(r#"{"status":"queued","message":"soon"}"#).unwrap_err();
    assert_eq!(error.path(), Some("message"));
}

/// Whoever takes one of two fields of one name drops the other: here the word that says yes, there the one that says no.
#[test]
fn an_answer_that_names_a_field_twice_is_believed_in_neither() {
    let said = |error: Unreadable| error.to_string();
    for (first, second) in [("error", "queued successfully"), ("queued successfully", "error")] {
        let body = format!(
            r#"{{"status":"{first}","message":"Agent is busy","status":"{second}","ucid":"90000000000000001"}}"#
        );
        let error = said(of::<AgentDial>(&body).unwrap_err());
        assert!(error.starts_with("a field of the answer is there twice"), "{error}");
        let xml = format!(
            "<response><status>{first}</status><status>{second}</status><message>x</message></response>"
        );
        let error = said(of::<OutboundCall>(&xml).unwrap_err());
        assert!(error.starts_with("a field of the answer is there twice"), "{error}");
        let two = format!(
            "<response><status>{first}</status></response><response><status>{second}</status></response>"
        );
        assert!(of::<OutboundCall>(&two).is_err());
    }
    // The rows of the first list would be lost.
    let lists = r#"{"status":"success","details":[{"UCID":"90000000000000001"}],"details":[]}"#;
    assert!(of::<FetchDay>(lists).is_err());
    let twice = r#"{"status":"success","message":"success","message":"success","details":[]}"#;
    assert!(of::<FetchDay>(twice).is_err());
}

/// What the service took must never be told as refused: a second dial would ring someone twice.
#[test]
fn a_dial_that_was_taken_is_not_told_as_refused_whatever_its_status_word() {
    let ucid: Ucid = "90000000000000001".parse().unwrap();
    // Any documented success word beside a UCID is a success, of whichever endpoint's page.
    for word in ["success", "SUCCESS", "true", "queued", "queued successfully", " Queued "] {
        let agent = format!(r#"{{"status":"{word}","ucid":"{ucid}","message":"Call initiated"}}"#);
        let Outcome::Done(dialed) = of::<AgentDial>(&agent).unwrap() else { panic!("{word}") };
        assert_eq!(dialed.ucid, Some(ucid), "{word}");
        for phone in [
            format!(r#"{{"status":"{word}","message":"{ucid}"}}"#),
            format!(r#"{{"status":"{word}","ucid":"{ucid}"}}"#),
            format!(r#"{{"status":"{word}","ucid":"{ucid}","message":"Call initiated"}}"#),
        ] {
            assert_eq!(of::<PhoneDial>(&phone).unwrap(), Outcome::Done(ucid), "{phone}");
        }
        let xml = format!("<response><status>{word}</status><message>{ucid}</message></response>");
        let Outcome::Done(queued) = of::<OutboundCall>(&xml).unwrap() else { panic!("{word}") };
        assert_eq!(queued.ucid(), Some(ucid));
        let conference = format!(r#"{{"status":"{word}","message":"dialing"}}"#);
        assert!(matches!(of::<StartConference>(&conference), Ok(Outcome::Done(_))), "{word}");
    }
    let flag = r#"{"status":true,"ucid":"90000000000000001","message":"Call initiated"}"#;
    assert!(matches!(of::<AgentDial>(flag), Ok(Outcome::Done(_))));
    // Any other word leaves it open, with and without a UCID.
    for word in ["Message queued", "processing", "initiated", "ringing", "ok", "failed", "1", ""] {
        for rest in ["", r#","ucid":"90000000000000001""#, r#","message":"90000000000000001""#] {
            let body = format!(r#"{{"status":"{word}"{rest}}}"#);
            assert!(of::<AgentDial>(&body).is_err(), "{body}");
            assert!(of::<PhoneDial>(&body).is_err(), "{body}");
            assert!(of::<StartConference>(&body).is_err(), "{body}");
            assert!(of::<IvrTransfer>(&body).is_err(), "{body}");
        }
        let xml = format!("<response><status>{word}</status><message>soon</message></response>");
        assert!(of::<OutboundCall>(&xml).is_err() && of::<Sms>(&xml).is_err(), "{xml}");
    }
}

#[test]
fn a_failure_beside_a_calls_id_leaves_a_dial_open() {
    for body in [
        r#"{"status":"Fail","message":"Agent is not available","ucid":"90000000000000001"}"#,
        r#"{"status":"error","message":"90000000000000001"}"#,
        r#"{"status":"error","data":{"UCID":90000000000000001}}"#,
        r#"{"message":"Agent is not available","sid":"90000000000000001"}"#,
    ] {
        assert!(of::<AgentDial>(body).is_err(), "{body}");
        assert!(of::<PhoneDial>(body).is_err(), "{body}");
    }
    let empty = r#"{"status":"Fail","message":"Agent is not available","ucid":"","data":null}"#;
    assert_eq!(refused(of::<AgentDial>(empty)).0, Reason::NotAllowed);
}

#[test]
fn a_dial_is_refused_by_a_failure_word_or_a_documented_text_and_by_nothing_else() {
    for body in [
        r#"{"status":"Fail","message":"a text of tomorrow"}"#,
        r#"{"status":false,"message":"a text of tomorrow"}"#,
        r#"{"status":"declined","message":"Agent is not available"}"#,
        r#"{"message":"Agent is not available"}"#,
    ] {
        assert!(matches!(of::<AgentDial>(body), Ok(Outcome::Refused(_))), "{body}");
    }
    // It sounds like a limit, and no page has it.
    assert!(of::<AgentDial>(r#"{"message":"dial limit exceeded"}"#).is_err());
    let head = |code| ResponseHead {
        status: StatusCode::from_u16(code).unwrap(),
        content_type: Some("application/json"),
    };
    for code in [400, 403, 404, 429] {
        let send = |body: &str| read::<Value>(&SendTemplate::SPEC, head(code), body.as_bytes());
        assert!(send(r#"{"error":"no"}"#).is_err(), "{code}");
        assert!(send(r#"{"status":"accepted"}"#).is_err(), "{code}");
        assert!(matches!(send(r#"{"status":"error"}"#), Ok(Outcome::Refused(_))), "{code}");
    }
    // What may be repeated is refused by any other word: no list of failure words is complete.
    assert_eq!(refused(of::<FetchDay>(r#"{"status":"declined","message":"no"}"#)).1, "no");
}

#[test]
fn rows_in_json_text_are_read_and_never_taken_for_the_services_words() {
    let rows = json!([{"ModeType": "Manual", "AgentName": "Agent One"}]).to_string();
    for body in [
        json!({"status": "success", "message": rows}),
        json!({"status": "success", "details": rows}),
    ] {
        let Outcome::Done(rows) = of::<FetchSummary>(&body.to_string()).unwrap() else { panic!() };
        assert_eq!(rows.len(), 1);
    }
    // Cut off: neither rows nor words.
    let cut = json!({"status": "success", "details": &rows[..rows.len() - 3]}).to_string();
    assert!(of::<FetchDay>(&cut).is_err());
    for empty in [r#"{"status":"success","details":""}"#, r#"{"status":"success","details":" "}"#] {
        assert!(of::<FetchDay>(empty).is_err(), "{empty}");
    }
}

#[test]
fn a_state_change_with_an_unknown_text_is_a_success() {
    for text in ["Agent state changed", "", "{}", "[]"] {
        let body = json!({"status": "success", "message": text}).to_string();
        assert!(matches!(of::<ChangeState>(&body), Ok(Outcome::Done(_))), "{text}");
    }
    let known = r#"{"status":"success","message":"Agent is not Logged In"}"#;
    assert_eq!(refused(of::<ChangeState>(known)).0, Reason::NotAllowed);
}

#[test]
fn a_list_sent_as_an_object_is_a_list_and_an_empty_object_is_nothing() {
    let row = |day: &str| json!({"UCID": "90000000000000001", "CallDate": day});
    let list = json!({"10": row("2026-11-23"), "2": row("2026-11-22"), "0": row("2026-11-21")});
    for details in [list.clone(), Value::from(list.to_string())] {
        let body = json!({"status": "success", "details": details}).to_string();
        let Outcome::Done(rows) = of::<FetchDay>(&body).unwrap() else { panic!() };
        let days: Vec<_> = rows.iter().map(|row| row.call_date.unwrap().to_string()).collect();
        assert_eq!(days, ["2026-11-21", "2026-11-22", "2026-11-23"]);
    }
    for details in [json!({}), json!("{}"), json!(7), json!(true)] {
        let body = json!({"status": "success", "details": details}).to_string();
        assert!(of::<FetchDay>(&body).is_err(), "{body}");
    }
    let names = r#"{"status":"Success","details":{"0":"Sold","1":"Busy"}}"#;
    let Outcome::Done(names) = of::<ListDispositions>(names).unwrap() else { panic!() };
    assert_eq!(names.len(), 2);
}

#[test]
fn a_text_beside_the_rows_is_not_taken_for_them() {
    let body = r#"{"status":"success","message":"success","details":[{"ModeType":"Manual"}]}"#;
    let Outcome::Done(rows) = of::<FetchSummary>(body).unwrap() else { panic!() };
    assert_eq!(rows.len(), 1);
    // What a stream of rows leaves of the same answer.
    let rest = r#"{"status":"success","message":"success","details":[]}"#;
    assert_eq!(of::<FetchSummary>(rest).unwrap(), Outcome::Done(Vec::new()));
}

#[test]
fn what_is_not_the_envelope_is_unreadable_and_keeps_an_excerpt_it_does_not_print() {
    let page = format!("<html>secret {}</html>", "x".repeat(1000));
    let head = ResponseHead { status: StatusCode::OK, content_type: Some("text/html") };
    let error = read::<Value>(&AgentDial::SPEC, head, page.as_bytes()).unwrap_err();
    assert_eq!((error.excerpt().len(), error.content_type()), (512, Some("text/html")));
    assert!(!format!("{error} {error:?}").contains("secret"));
    for body in ["", "[]", "7", "{\"status\":", "{\"message\":\"x\"}"] {
        assert!(of::<Login>(body).is_err(), "{body}");
    }
}

#[test]
fn a_token_counts_whatever_stands_beside_it() {
    use crate::api::auth::GenerateToken;
    for body in [r#"{"token":"a.b.c","message":"x"}"#, r#"{"token":"a.b.c","status":"success"}"#] {
        let Outcome::Done(bearer) = of::<GenerateToken>(body).unwrap() else { panic!("{body}") };
        assert_eq!(bearer.secret().reveal(), "a.b.c");
    }
    let wrong = r#"{"status":"false","message":"Invalid userName or apiKey","data":null}"#;
    assert_eq!(refused(of::<GenerateToken>(wrong)).0, Reason::BadCredentials);
    assert_eq!(refused(of::<GenerateToken>(r#"{"token":"","message":"no"}"#)).1, "no");
}

/// A leg's own id, sent back beside a failure, is no proof that another was dialled.
#[test]
fn a_failure_beside_the_id_that_was_asked_about_is_a_refusal() {
    let own: Ucid = "90000000000000001".parse().unwrap();
    let read_for = |ucid, text: &str| {
        let asked = Asked { ucid, most: usize::MAX, rows: ListShape::default() };
        let spec = &StartConference::SPEC;
        read_text::<Value>(&Answer { spec, head: ResponseHead::OK, text, asked })
    };
    for body in [
        r#"{"status":"Fail","message":"no","ucid":"90000000000000001"}"#,
        r#"{"status":"error","message":"no","data":{"UCID":90000000000000001}}"#,
        r#"{"status":"error","message":" 90000000000000001 "}"#,
    ] {
        assert!(matches!(read_for(Some(own), body), Ok(Outcome::Refused(_))), "{body}");
        assert!(read_for(None, body).is_err(), "{body}");
        let other = "90000000000000002".parse().unwrap();
        assert!(read_for(Some(other), body).is_err(), "{body}");
    }
    let both = r#"{"status":"Fail","ucid":"90000000000000001","sid":"90000000000000002"}"#;
    assert!(read_for(Some(own), both).is_err());
}

#[test]
fn an_older_answer_of_kookoo_is_read() {
    let ucid: Ucid = "90000000000000001".parse().unwrap();
    for text in ["QUEUED|90000000000000001", " queued | 90000000000000001\r\n"] {
        let Outcome::Done(queued) = of::<OutboundCall>(text).unwrap() else { panic!("{text}") };
        assert_eq!(queued.ucid(), Some(ucid));
    }
    assert_eq!(refused(of::<OutboundCall>("ERROR|Invalid number")).1, "Invalid number");
    for text in ["QUEUED|", "QUEUED", "SOON|90000000000000001", "QUEUED|1|2", "|90000000000000001"]
    {
        match of::<OutboundCall>(text) {
            Ok(Outcome::Done(queued)) => assert_eq!(queued.sid, None, "{text}"),
            other => assert!(other.is_err(), "{text}"),
        }
    }
}

/// Over REST it cost the whole answer; pushes were read.
#[test]
fn a_mark_a_cut_letter_and_a_raw_line_break_do_not_cost_the_answer() {
    let row = |name: &[u8]| {
        let parts: [&[u8]; 3] = [br#"{"UCID":"7","AgentName":""#, name, br#""}"#];
        let row = parts.concat();
        [&b"\xef\xbb\xbf{\"status\":\"success\",\"details\":["[..], &row, b"]}"].concat()
    };
    for (name, want) in [
        (&b"A\xe0\xa4"[..], "A\u{fffd}"),
        (b"A\nB\tC", "A\nB\tC"),
        (br"A\ud83d", "A\u{fffd}"),
        ("प्रिय".as_bytes(), "प्रिय"),
    ] {
        let read =
            read::<Vec<crate::api::cdr::CallRecord>>(&FetchDay::SPEC, ResponseHead::OK, &row(name));
        let Outcome::Done(rows) = read.unwrap() else { panic!("{want}") };
        assert_eq!(rows[0].agent_name.as_ref().unwrap().as_str(), want);
    }
}

/// 65 kB of gzip were 64 MiB of zeros and 1.5 GiB of values.
#[test]
fn an_answer_is_weighed_before_it_is_decoded() {
    let most = 1 << 20;
    let weighed = |text: &str| {
        let rows =
            ListShape { level: 0, element: 1200, fields: crate::api::cdr::CallRecord::FIELDS };
        let asked = Asked { ucid: None, most, rows };
        let head = ResponseHead::OK;
        let answer = Answer { spec: &FetchDay::SPEC, head, text, asked };
        let read = read_text::<Vec<crate::api::cdr::CallRecord>>(&answer);
        read.map(|_| ()).map_err(|unread| unread.to_string())
    };
    let many = |piece: &str, last: &str| format!("{}{last}", piece.repeat(100_000));
    let list = |inside: String| format!(r#"{{"status":"success","details":[{inside}]}}"#);
    let texts = [
        list(many("0,", "0")),
        list(many("{},", "{}")),
        list(many(r#"{"UCID":1},"#, "{}")),
        list(format!(r#"{{"UCID":1,"New":[{}]}}"#, many("[],", "0"))),
        format!(r#"{{"status":"success",{}"details":[]}}"#, many(r#""a":0,"#, "")),
        json!({"status": "success", "details": format!("[{}]", many("{},", "{}"))}).to_string(),
        json!({"status": "success", "details": format!("{{{}}}", many(r#""0":0,"#, r#""1":0"#))})
            .to_string(),
        many("0,", "0"),
    ];
    for text in &texts {
        let error = weighed(text).unwrap_err();
        let start = &text[..text.len().min(60)];
        // JSON text within a text is not opened.
        assert!(
            error.contains("larger than the limit") || text.contains(r#""details":""#),
            "{start}: {error}"
        );
    }
    let fields: Vec<_> = crate::api::cdr::CallRecord::FIELDS
        .iter()
        .filter(|name| **name != "DialCount" && **name != "UCID")
        .map(|name| format!(r#""{name}":"""#))
        .collect();
    let row = format!(r#"{{"UCID":"90000000000000001",{}}}"#, fields.join(","));
    assert_eq!(weighed(&list(vec![row; 200].join(","))), Ok(()));
}

proptest! {
    /// A refusal survives the round trip at every endpoint that has success words, whatever its text and status word.
    /// Where there are none, the payload's type decides, and any JSON at all is a `Value`.
    #[test]
    fn a_refusal_reads_as_it_was_written(at in 0..ALL.len(), text in "[a-zA-Z]([a-zA-Z .,']{0,40}[a-z])?", word in "(error|Error|fail|Fail|FAIL|false|failure)") {
        let spec = &ALL[at];
        prop_assume!(!spec.envelope.success_words.is_empty());
        let refusal = Refusal::new(reason(&text), &text, StatusCode::OK);
        let body = write::<Value>(spec, &Outcome::Refused(refusal.clone()), &word);
        prop_assert_eq!(read::<Value>(spec, ResponseHead::OK, &body).unwrap(), Outcome::Refused(refusal));
    }

    #[test]
    fn no_bytes_panic(at in 0..ALL.len(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read::<Value>(&ALL[at], ResponseHead::OK, &body);
    }
}
