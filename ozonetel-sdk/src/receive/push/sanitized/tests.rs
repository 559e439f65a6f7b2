use proptest::prelude::*;

use super::*;

fn read(body: &[u8]) -> Result<SanitizedPush, PushError> {
    SanitizedPush::read(None, body, Form::Wrapped, &PushLimits::default(), Expected::default())
        .map_err(|unopened| *unopened.error)
}

const CALL: &str = r#"{"monitorUCID":"90000000000000001","Apikey":"test-key","Status":"Answered"}"#;
const BARE: &str = r#"[{"Status":"Answered","monitorUCID":"90000000000000001"}]"#;

fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

#[test]
fn one_call_in_every_transport_is_the_same_parcel() {
    let list = format!("[{CALL}]");
    let text = serde_json::to_string(CALL).unwrap();
    let flat =
        [("monitorUCID", "90000000000000001"), ("Apikey", "test-key"), ("Status", "Answered")];
    let bodies: [Vec<u8>; 8] = [
        form(&[("data", CALL)]),
        form(&[("data", &list)]),
        CALL.into(),
        list.clone().into(),
        format!("\u{feff} {CALL} ").into(),
        format!(r#"{{"data":{text}}}"#).into(),
        text.clone().into(),
        form(&flat),
    ];
    for body in bodies {
        let sanitized = read(&body).unwrap();
        assert_eq!(sanitized.to_json(), BARE, "{}", String::from_utf8_lossy(&body));
        assert!(sanitized.key_is(&Secret::from("test-key")));
        assert!(!sanitized.key_is(&Secret::from("test-kex")));
    }
    let query = String::from_utf8(form(&flat)).unwrap();
    let sanitized = SanitizedPush::read(
        Some(&query),
        b"",
        Form::Wrapped,
        &PushLimits::default(),
        Expected::default(),
    )
    .unwrap();
    assert_eq!(sanitized.to_json(), BARE);
}

#[test]
fn the_key_is_gone_in_every_spelling_and_depth() {
    let body = r#"{"a":{"ApiKey":"test-key-1"},"api_key":"test-key-1","l":[{"apikey":"test-key-1"}],
        "UUI":"x test-key-1 y","test-key-1":"z"}"#;
    let sanitized = read(body.as_bytes()).unwrap();
    assert_eq!(sanitized.to_json(), r#"[{"UUI":"x … y","a":{},"l":[{}]}]"#);
    assert!(sanitized.key_is(&Secret::from("test-key-1")));
    assert!(!format!("{sanitized:?}").contains("test-key"));
}

#[test]
fn every_object_of_a_list_has_to_carry_the_key() {
    let key = Secret::from("test-key");
    let two = |a: &str, b: &str| read(format!("[{{{a}}},{{{b}}}]").as_bytes()).unwrap();
    assert!(two(r#""Apikey":"test-key""#, r#""Apikey":"test-key""#).key_is(&key));
    assert!(!two(r#""Apikey":"test-key""#, r#""a":1"#).key_is(&key));
    assert!(!two(r#""Apikey":"test-key""#, r#""Apikey":"other""#).key_is(&key));
    assert!(!two(r#""a":1"#, r#""a":1"#).key_is(&key));
    assert!(!read(b"").unwrap().key_is(&key));
}

#[test]
fn two_keys_that_disagree_do_not_pass() {
    let sanitized = read(br#"{"Apikey":"test-key","apikey":"other"}"#).unwrap();
    assert!(!sanitized.key_is(&Secret::from("test-key")));
    let sanitized = read(b"Apikey=other&Apikey=test-key&a=1").unwrap();
    assert!(!sanitized.key_is(&Secret::from("test-key")));
}

#[test]
fn nothing_is_nothing() {
    for body in ["", "  ", "null", "[]", "data=", "data=null", r#"{"data":""}"#, "data=%5B%5D"] {
        assert_eq!(read(body.as_bytes()).map(|p| p.len()), Ok(0), "{body}");
    }
}

#[test]
fn what_does_not_read_says_where() {
    let kinds = [
        (r#"{"a":"#, PushErrorKind::Syntax, "not JSON (line 1, column 5)"),
        ("data=%7Bx", PushErrorKind::Syntax, "data: expected JSON text"),
        ("data=12", PushErrorKind::Syntax, "data: expected JSON text"),
        ("[1]", PushErrorKind::Shape, "[0] expected an object or a list of objects"),
        ("[{},[{}]]", PushErrorKind::Shape, "[1] expected an object or a list of objects"),
        (r#"{"a":[[[[[[[[1]]]]]]]]}"#, PushErrorKind::TooDeep, "nested deeper than 8 levels"),
    ];
    for (body, kind, text) in kinds {
        let error = read(body.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, text), "{body}");
    }
}

#[test]
fn wrapping_without_end_is_refused() {
    // Found by fuzzing: what was left wrapped was kept, and then could not be parsed again.
    let body = r#"[{"data":{"data":[{"data":"x"}]}}]"#;
    assert_eq!(read(body.as_bytes()).unwrap_err().kind(), PushErrorKind::Shape);
}

#[test]
fn everything_is_bounded() {
    let limits = PushLimits { bytes: 1000, items: 2, fields: 3, depth: 2 };
    let kind = |body: &str| {
        SanitizedPush::read(None, body.as_bytes(), Form::Wrapped, &limits, Expected::default())
            .map_err(|e| e.error.kind())
    };
    assert!(kind("[{},{}]").is_ok());
    assert_eq!(kind("[{},{},{}]").unwrap_err(), PushErrorKind::TooMany);
    assert!(kind("a=1&b=2&c=3").is_ok());
    assert_eq!(kind("a=1&b=2&c=3&d=4").unwrap_err(), PushErrorKind::TooMany);
    assert_eq!(kind(r#"{"a":1,"b":1,"c":1,"d":1}"#).unwrap_err(), PushErrorKind::TooMany);
    assert!(kind(r#"{"a":{"b":1}}"#).is_ok());
    assert!(kind(r#"[{"a":{"b":1}}]"#).is_ok());
    assert_eq!(kind(r#"{"a":{"b":[1]}}"#).unwrap_err(), PushErrorKind::TooDeep);
    assert_eq!(kind(&"x".repeat(1001)).unwrap_err(), PushErrorKind::TooLarge);
    let deep = "[".repeat(900);
    assert_eq!(kind(&deep).unwrap_err(), PushErrorKind::Syntax);
}

#[test]
fn the_urls_secret_is_no_field() {
    let sanitized = SanitizedPush::read(
        Some("code=s3cret&amp;ucid=1&amp;amp;did=2"),
        b"",
        Form::Wrapped,
        &PushLimits::default(),
        Expected { hidden: Some("code"), keys: &[] },
    );
    assert_eq!(sanitized.unwrap().to_json(), r#"[{"did":"2","ucid":"1"}]"#);
}

/// An empty value behind an id took its place, and the call was lost.
#[test]
fn a_name_that_comes_twice_drops_no_value() {
    for body in [
        "monitorUCID=90000000000000001&Status=Answered&monitorUCID=",
        "monitorUCID=&Status=Answered&monitorUCID=90000000000000001",
        r#"{"monitorUCID":"90000000000000001","Status":"Answered","monitorUCID":null}"#,
        r#"{"monitorUCID":"90000000000000001","monitorUCID":"","Status":"Answered"}"#,
    ] {
        assert_eq!(read(body.as_bytes()).unwrap().to_json(), BARE, "{body}");
    }
    for (body, want) in [
        ("a=1&a=2", r#"[{"a":"2","a_first":"1"}]"#),
        ("a=1&a=2&a=3", r#"[{"a":"3","a_first":"1"}]"#),
        ("a=1&a=1", r#"[{"a":"1"}]"#),
        ("data={\"a\":1}&data={}", r#"[{"a":1,"data_first":"{}"}]"#),
        ("a=x&a=None", r#"[{"a":"x","a_first":"None"}]"#),
        (r#"{"a":{"b":1,"b":2}}"#, r#"[{"a":{"b":2,"b_first":1}}]"#),
        (r#"{"a":"x","a":null}"#, r#"[{"a":"x"}]"#),
    ] {
        assert_eq!(read(body.as_bytes()).unwrap().to_json(), want, "{body}");
    }
    let body = r#"{"Apikey":"test-key-1","Apikey":"test-key-2","a":"test-key-1 test-key-2"}"#;
    let sanitized = read(body.as_bytes()).unwrap();
    assert_eq!(sanitized.to_json(), r#"[{"a":"… …"}]"#);
    for key in ["test-key-1", "test-key-2"] {
        assert!(!sanitized.key_is(&Secret::from(key)), "two keys that disagree");
    }
}

#[test]
fn what_stands_beside_data_is_in_every_object() {
    for (data, want) in [
        (r#"[{"a":1},{"a":2}]"#, r#"[{"a":1,"account":"acme"},{"a":2,"account":"acme"}]"#),
        (r#"{"account":"other"}"#, r#"[{"account":"other","account_first":"acme"}]"#),
        (r#"{"account":""}"#, r#"[{"account":"acme"}]"#),
        ("[]", r#"[{"account":"acme"}]"#),
    ] {
        let sanitized = read(&form(&[("data", data), ("account", "acme")])).unwrap();
        assert_eq!(sanitized.to_json(), want, "{data}");
    }
    // Not many times over.
    let long = "x".repeat(100_000);
    let sanitized = read(&form(&[("data", r#"[{"a":1},{"a":2},{"a":3}]"#), ("b", &long)])).unwrap();
    assert_eq!(sanitized.objects().filter(|fields| fields.contains_key("b")).count(), 1);
}

#[test]
fn what_stands_beside_data_never_makes_it_too_much_to_be_read_again() {
    let fields = |count: usize, name: &str| -> Map<String, Value> {
        (0..count).map(|n| (format!("{name}{n}"), Value::from("1"))).collect()
    };
    let push = |data: Value, beside: &Map<String, Value>| {
        let data = data.to_string();
        let mut pairs = vec![("data", data.as_str())];
        pairs.extend(beside.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
        let sanitized = read(&form(&pairs))?;
        let stored = sanitized.to_json();
        assert_eq!(read(stored.as_bytes()).map(|again| again.to_json()), Ok(stored));
        let shared = |fields: &&Map<String, Value>| beside.keys().all(|n| fields.contains_key(n));
        Ok::<_, PushError>(sanitized.objects().filter(shared).count())
    };
    // 256 fields of one object.
    let many = Value::from(fields(150, "a"));
    assert_eq!(push(many.clone(), &fields(106, "b")), Ok(1));
    let error = push(many.clone(), &fields(107, "b")).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::TooMany);
    assert_eq!(push(serde_json::json!([{"a": 1}, many]), &fields(107, "b")), Ok(1));
    // 256 KiB of all.
    let text = |bytes: usize| Value::from("x".repeat(bytes));
    let list: Value = (0..100).map(|_| serde_json::json!({"a": text(2_000)})).collect();
    for (bytes, shared) in [(500, 100), (2_000, 1)] {
        let beside = Map::from_iter([("b".to_owned(), text(bytes))]);
        assert_eq!(push(list.clone(), &beside), Ok(shared), "{bytes}");
    }
    // Names that are in both become longer.
    let both = Map::from_iter([("a".to_owned(), text(605))]);
    assert_eq!(push(list, &both), Ok(100));
}

#[test]
fn debug_shows_no_number_where_a_name_should_be() {
    let query = "%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22CallerID%22%3A%22Lucy%22%7D&Type=Manual&9000000001";
    let sanitized = SanitizedPush::read(
        Some(query),
        b"",
        Form::Wrapped,
        &PushLimits::default(),
        Expected::default(),
    );
    let shown = format!("{:?}", sanitized.unwrap());
    assert!(shown.contains("Type") && !shown.contains("Lucy"), "{shown}");
    assert!(!shown.contains("9000000"), "{shown}");
}

#[test]
fn in_the_flat_form_data_is_a_field_like_any_other() {
    let read = |body: &[u8]| {
        SanitizedPush::read(None, body, Form::Flat, &PushLimits::default(), Expected::default())
    };
    assert_eq!(
        read(b"event=GotDTMF&data=12").unwrap().to_json(),
        r#"[{"data":"12","event":"GotDTMF"}]"#
    );
    assert_eq!(read(b"data=%7B%7D").unwrap().to_json(), r#"[{"data":"{}"}]"#);
}

#[test]
fn bytes_that_are_no_text_do_not_lose_the_call() {
    let mut body = br#"{"monitorUCID":"1","Comments":""#.to_vec();
    body.extend([0xe0, 0xa4]);
    body.extend(br#""}"#);
    assert_eq!(
        read(&body).unwrap().to_json(),
        "[{\"Comments\":\"\u{fffd}\",\"monitorUCID\":\"1\"}]"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), query in ".{0,60}") {
        for form in [Form::Wrapped, Form::Flat] {
            let _ = SanitizedPush::read(Some(&query), &body, form, &PushLimits::default(), Expected { hidden: Some("code"), keys: &[] });
        }
    }

    #[test]
    fn a_key_is_never_in_what_is_kept(
        name in "(Apikey|apikey|api_key|ApiKey|apiKey|API-KEY)",
        key in "[A-Za-z0-9]{8,24}",
        around in ".{0,12}",
    ) {
        let value = serde_json::json!({ "a": { name: key }, "b": format!("{around}{key}{around}") });
        let sanitized = read(value.to_string().as_bytes()).unwrap();
        prop_assert!(!sanitized.to_json().contains(&key));
        prop_assert!(sanitized.key_is(&Secret::from(key)));
    }

    #[test]
    fn what_is_stored_reads_again(pairs in prop::collection::btree_map("[a-c]{1,4}", ".{0,8}", 1..6)) {
        let body = serde_json::to_string(&pairs).unwrap();
        let sanitized = read(body.as_bytes()).unwrap();
        prop_assert_eq!(read(sanitized.to_json().as_bytes()).unwrap().to_json(), sanitized.to_json());
    }
}
