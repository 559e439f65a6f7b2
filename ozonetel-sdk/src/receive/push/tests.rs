use proptest::prelude::*;
use serde_json::Value;

use super::payload::encode;
use super::*;

#[test]
fn one_bad_object_does_not_lose_the_others() {
    let body = br#"[{"monitorUCID":"1","Status":"Answered"},{"monitorUCID":"x"},{"ping":1},{"monitorUCID":2}]"#;
    let push = PushReader::new().callbacks(None, body).unwrap();
    assert_eq!(push.items.len(), 2);
    assert_eq!(push.pings, 1);
    let error = push.failed[0].to_string();
    assert_eq!(error, "[1] monitorUCID: expected 1 to 19 decimal digits");
    assert_eq!(push.sanitized.len(), 4);
}

#[test]
fn pings_are_told_from_calls() {
    for body in ["", "{}", r#"{"hello":"there"}"#, "data=%7B%7D", r#"{"monitorUCID":""}"#, "a=b"] {
        assert!(PushReader::new().callbacks(None, body.as_bytes()).unwrap().is_ping(), "{body}");
    }
    for body in [r#"{"monitorUCID":"1"}"#, r#"{"ucid":"1"}"#, "monitorUCID=1"] {
        let push = PushReader::new().callbacks(None, body.as_bytes());
        assert!(!push.is_ok_and(|push| push.is_ping()), "{body}");
    }
    for query in ["", "challenge=abc"] {
        assert!(PushReader::new().callbacks(Some(query), b"").unwrap().is_ping());
        assert!(PushReader::new().screen_pops(Some(query), b"").unwrap().is_ping());
        assert!(PushReader::new().events(Some(query), b"").unwrap().is_ping());
    }
}

#[test]
fn a_type_of_event_that_is_not_known_is_no_ping() {
    for body in [
        &br#"{"eventType":"Chat","room":"1","state":"open"}"#[..],
        br#"{"event_type":"Chat","room":"1"}"#,
        br#"{"eventType":"Chat","data":{"room":"1"}}"#,
    ] {
        let push = PushReader::new().events(None, body).unwrap();
        assert_eq!((push.items.len(), push.pings), (1, 0));
        let EventBody::Other(fields) = &push.items[0].what else { panic!("another") };
        assert_eq!(fields.get("room").unwrap(), "1");
    }
    assert!(PushReader::new().events(None, br#"{"eventType":"","room":"1"}"#).unwrap().is_ping());
}

#[test]
fn what_stands_beside_data_is_kept() {
    let nested = br#"{"data":{"monitorUCID":"1","Status":"Answered"},"sent":"now","Status":"x"}"#;
    let text = br#"{"data":"{\"monitorUCID\":\"1\",\"Status\":\"Answered\"}","sent":"now"}"#;
    let form =
        b"data=%7B%22monitorUCID%22%3A%221%22%2C%22Status%22%3A%22Answered%22%7D&sent=now&Status=x";
    for body in [&nested[..], &text[..], &form[..]] {
        let push = PushReader::new().callbacks(None, body).unwrap();
        assert_eq!(push.items.len(), 1);
        let call = &push.items[0];
        assert!(call.is_answered());
        assert_eq!(call.extra.get("sent").unwrap(), "now");
        let other = call.extra.get("Status_first");
        assert!(body == &text[..] || other.is_some_and(|other| other == "x"));
    }
}

#[test]
fn unknown_fields_and_words_are_kept() {
    let body =
        br#"{"monitorUCID":"1","Status":"Pending","CustomerStatus":"Martian","Newer":{"a":[1]}}"#;
    let push = PushReader::new().callbacks(None, body).unwrap();
    let call = &push.items[0];
    assert_eq!(call.status.as_ref().unwrap().as_str(), "Pending");
    assert_eq!(call.customer_status.as_ref().unwrap().as_str(), "Martian");
    assert_eq!(call.extra.get("Newer"), Some(&serde_json::json!({"a":[1]})));
}

#[test]
fn an_error_holds_nothing_of_the_content() {
    let body = br#"{"monitorUCID":["9000000001"],"StartTime":"secret stuff"}"#;
    let error = PushReader::new().callbacks(None, body).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("9000000001") && !text.contains("secret stuff"), "{text}");
    assert_eq!(error.field_name(), Some("monitorUCID"));
}

/// Plausible text for every field of a callback.
fn callback() -> impl Strategy<Value = Value> {
    let words = prop_oneof![
        Just(String::new()),
        "[A-Za-z ]{1,12}",
        "[0-9]{1,12}",
        Just("agent01 -> agent02".to_owned()),
        ".{0,12}",
    ];
    prop::collection::btree_map(prop::sample::select(Callback::FIELDS), words, 0..12).prop_map(
        |mut fields| {
            for value in fields.values_mut() {
                *value = value.trim().to_owned();
            }
            for name in [
                "CallDuration",
                "ConfDuration",
                "Duration",
                "HoldDuration",
                "WrapUpDuration",
                "TimeToAnswer",
            ] {
                fields.entry(name).and_modify(|value| *value = "00:01:02".into());
            }
            for name in ["EndTime", "StartTime", "AnswerTime"] {
                fields.entry(name).and_modify(|value| *value = "2026-11-21 10:00:00".into());
            }
            fields.insert("monitorUCID", "90000000000000001".into());
            serde_json::json!(fields)
        },
    )
}

/// An empty field beside the id took its place, and of two ids one was dropped.
#[test]
fn an_id_in_two_spellings_is_not_lost() {
    const ID: &str = "90000000000000001";
    const OTHER: &str = "90000000000000002";
    let read = |name: &str, value: &str, other: &str, also: &str| {
        let body = serde_json::json!({name: value, other: also, "Status": "Answered"}).to_string();
        PushReader::new().callbacks(None, body.as_bytes()).unwrap().items.remove(0)
    };
    for none in ["", "0", "NA", "null"] {
        for call in [
            read("monitorUCID", none, "monitorUcid", ID),
            read("monitorUCID", ID, "monitorUcid", none),
            read("MonitorUCID", none, "monitor_ucid", ID),
        ] {
            assert_eq!(call.call_id.unwrap().as_str(), ID, "{none}");
        }
    }
    let call = read("monitorUCID", ID, "monitorUcid", OTHER);
    assert_eq!(call.call_id.unwrap().as_str(), ID);
    assert_eq!(call.extra.get("monitorUcid").unwrap(), OTHER);
    let call = read("monitorUCID", "odd", "monitorUcid", OTHER);
    assert_eq!(call.call_id.unwrap().as_str(), OTHER);
    assert_eq!(call.extra.get("monitorUCID_text").unwrap(), "odd");
}

proptest! {
    #[test]
    fn a_callback_reads_the_same_from_every_transport(fields in callback()) {
        let reader = PushReader::new();
        let json = fields.to_string();
        let form = |pairs: Vec<(&str, &str)>| {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let plain = reader.callbacks(None, json.as_bytes()).unwrap();
        let wrapped = reader.callbacks(None, form(vec![("data", &json)]).as_bytes()).unwrap();
        let flat: Vec<_> = fields.as_object().unwrap().iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let flat = form(flat);
        let posted = reader.callbacks(None, flat.as_bytes()).unwrap();
        let got = reader.callbacks(Some(&flat), b"").unwrap();
        prop_assert_eq!(plain.items.len(), 1);
        prop_assert_eq!(&plain.items, &wrapped.items);
        prop_assert_eq!(&plain.items, &posted.items);
        prop_assert_eq!(&plain.items, &got.items);
    }

    #[test]
    fn a_callback_written_and_read_again_is_equal(fields in callback()) {
        let read = |value: &Value| PushReader::new().callbacks(None, value.to_string().as_bytes()).unwrap();
        let first = read(&fields);
        let again = read(&Value::Object(encode(&first.items[0])));
        prop_assert_eq!(first.items, again.items);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..120), text in r#"[{}\[\]":,a-z0-9 ]{0,80}"#) {
        let reader = PushReader::new();
        for body in [body.as_slice(), text.as_bytes()] {
            let _ = (reader.callbacks(None, body), reader.events(None, body), reader.screen_pops(Some(&text), body));
            let _ = reader.read::<crate::receive::kookoo::IvrRequest>(Some(&text), body);
            let _ = reader.read::<crate::receive::kookoo::OutboundCallStatus>(None, body);
        }
    }
}
