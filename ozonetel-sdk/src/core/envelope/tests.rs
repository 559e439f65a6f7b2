use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::agents::{ChangeState, Login};
use crate::api::catalogue::ALL;
use crate::api::dial::{AgentDial, PhoneDial};
use crate::api::disposition::{ListDispositions, SetDisposition};
use crate::api::recording::{Pause, Recorded};
use crate::api::summary::FetchSummary;
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
fn a_text_in_the_payloads_place_refuses_a_read_and_puzzles_a_dial() {
    let said = r#"{"status":"success","message":"success","details":"try later"}"#;
    assert_eq!(refused(of::<crate::api::cdr::FetchDay>(said)).1, "try later");
    let error = of::<PhoneDial>(r#"{"status":"queued","message":"soon"}"#).unwrap_err();
    assert_eq!(error.path(), Some("message"));
    let ucid: Ucid = "9000000000000001".parse().unwrap();
    assert_eq!(
        of::<PhoneDial>(r#"{"message":"9000000000000001","status":"queued"}"#).unwrap(),
        Outcome::Done(ucid)
    );
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

proptest! {
    /// A refusal survives the round trip at every endpoint that has success words, whatever its text and status word.
    /// Where there are none, the payload's type decides, and any JSON at all is a `Value`.
    #[test]
    fn a_refusal_reads_as_it_was_written(at in 0..ALL.len(), text in "[a-zA-Z]([a-zA-Z .,']{0,40}[a-z])?", word in "(?i)(error|fail|false|failure|no)") {
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
