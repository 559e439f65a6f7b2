use serde_json::{Value, json};

use crate::receive::push::{Callback, PushReader};
use crate::types::wire::Zone;

/// The usual callback with some fields replaced.
fn with(fields: Value) -> Callback {
    let mut call = json!({ "monitorUCID": "9000000000000001", "Status": "Answered", "AgentID": "agent01",
        "AudioFile": "https://recordings.example.test/1.mp3", "StartTime": "2026-11-21 10:00:00",
        "EndTime": "2026-11-21 10:00:30", "CallDuration": "00:00:30" });
    if let (Value::Object(call), Value::Object(fields)) = (&mut call, fields) {
        call.extend(fields);
    }
    let push = PushReader::new().callbacks(None, call.to_string().as_bytes()).unwrap();
    let call = push.items.into_iter().next().unwrap();
    assert_eq!(call.call_id.unwrap().as_str(), "9000000000000001");
    assert!(call.is_answered() && call.audio_file.is_some() && call.agent_id.is_some());
    call
}

/// What stands for "was not picked up" was read as answered in 1970.
#[test]
fn an_answer_at_the_epoch_is_none() {
    for text in
        ["1970-01-01 05:30:00", "1970-01-01 00:00:00", "0000-00-00 00:00:00", "1970-1-1T05:30:00.0"]
    {
        let call = with(json!({ "AnswerTime": text }));
        assert_eq!(call.answer_time, None, "{text}");
        assert_eq!(call.extra.get("AnswerTime_text").unwrap(), text);
    }
    let call = with(json!({ "AnswerTime": "2026-11-21 10:00:07" }));
    assert_eq!(call.answer_time.unwrap().to_string(), "2026-11-21 10:00:07");
    assert!(call.extra.is_empty());
}

#[test]
fn one_odd_time_does_not_cost_the_callback() {
    for (text, read) in [
        ("2026:11:21 10:00:00", "2026-11-21 10:00:00"),
        ("2026/11/21 9:05:00", "2026-11-21 09:05:00"),
        ("2026-1-2 10:00:00.345736", "2026-01-02 10:00:00"),
        ("2026-11-21T10:00:00.0", "2026-11-21 10:00:00"),
    ] {
        let call = with(json!({ "StartTime": text }));
        assert_eq!(call.start_time.unwrap().to_string(), read, "{text}");
    }
    for text in
        ["0000-00-00 00:00:00", "half past nine", "21-11-2026 10:00:00", "2026-13-01 10:00:00"]
    {
        let call = with(json!({ "EndTime": text }));
        assert_eq!(call.end_time, None, "{text}");
        assert_eq!(call.extra.get("EndTime_text").unwrap(), text);
        assert_eq!(call.span(&Zone::india()), None);
    }
}

#[test]
fn one_odd_duration_does_not_cost_the_callback() {
    for (value, seconds) in
        [(json!("30"), 30), (json!(3723), 3723), (json!("0:00:23"), 23), (json!("00:00:07.25"), 7)]
    {
        let call = with(json!({ "CallDuration": value }));
        assert_eq!(call.call_duration.unwrap().seconds(), seconds, "{value}");
    }
    for value in [json!("-00:00:01"), json!(-1), json!("00:61:00"), json!([1]), json!({ "a": 1 })] {
        let call = with(json!({ "TimeToAnswer": value }));
        assert_eq!(
            (call.time_to_answer, call.extra.get("TimeToAnswer_text")),
            (None, Some(&value))
        );
    }
}

#[test]
fn a_span_never_ends_before_it_begins() {
    for end in ["1970-01-01 05:30:00", "2026-11-21 09:59:59"] {
        assert_eq!(with(json!({ "EndTime": end })).span(&Zone::india()), None, "{end}");
    }
}

#[test]
fn a_raw_line_break_and_half_a_letter_do_not_cost_the_callback() {
    for (odd, read) in [
        ("call\n\tagain", "call\n\tagain"),
        ("a\\ud83d", "a\u{fffd}"),
        ("a\\ude00b", "a\u{fffd}b"),
        ("\\ud83d\\ud83d\\ude00", "\u{fffd}\u{1f600}"),
        ("\\ud83d\\u0041 \\\" \n", "\u{fffd}A \" \n"),
    ] {
        let body = format!(r#"{{"monitorUCID":"1","Status":"Answered","Comments":"{odd}"}}"#);
        let push = PushReader::new().callbacks(None, body.as_bytes()).unwrap();
        assert_eq!(push.items[0].comments.as_ref().unwrap().as_str(), read);
    }
}

#[test]
fn what_cannot_be_read_can_be_stored_and_replayed() {
    let reader = PushReader::new();
    let body = br#"{"monitorUCID":"no id","Apikey":"test-key","Status":"Answered"}"#;
    let error = reader.callbacks(None, body).unwrap_err();
    let kept = error.unread().unwrap();
    assert!(!kept.contains("test-key"));
    let replayed = reader.callbacks(None, kept.as_bytes()).unwrap_err();
    assert_eq!(replayed.unread(), Some(kept));
    let call = with(json!({ "EndTime": "half past nine" }));
    let written = serde_json::to_string(&call).unwrap();
    assert_eq!(serde_json::from_str::<Callback>(&written).unwrap(), call);
}

#[test]
fn an_odd_field_of_an_event_does_not_cost_it() {
    let body = br#"{"eventType":"Call","eventTime":"now","data":{"action":"Disconnect","ucid":"1",
        "duration":"12","start_time":"0000-00-00 00:00:00"}}"#;
    let push = PushReader::new().events(None, body).unwrap();
    let call = push.items[0].call().unwrap();
    assert_eq!((call.duration.unwrap().seconds(), call.start_time), (12, None));
    assert_eq!(push.items[0].head.extra.get("eventTime_text").unwrap(), "now");
}
