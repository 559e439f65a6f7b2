use proptest::prelude::*;
use serde_json::json;

use super::*;

fn keys(sid: Option<&str>, id: Option<&str>) -> CallKeys {
    CallKeys::carried(sid, id)
}

#[test]
fn unknown_fields_come_back_as_they_came() {
    let body = json!({
        "extension": "500001", "customer_id": "7", "name": "Asha Example", "email": null,
        "phone": "9000000001", "account_status": "Verified", "tier": null, "notes": "n",
        "conversation_history": [{"role": "user", "content": "hi", "mood": "calm"}],
        "activities": [{"type": "tool_call", "tool": "add_todo", "case_id": "c1"}],
        "call_id": "a-1", "voice_pin": "…", "suitecrm_context": {"patient_id": "p1"},
    });
    let profile: Profile = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(profile.check(), Ok(()));
    assert_eq!(profile.to_body(), body);
    assert_eq!(format!("{profile:?}"), "Profile(…)");
}

#[test]
fn without_a_name_the_caller_is_unknown() {
    assert_eq!(Profile::default().to_body()["name"], UNKNOWN_CALLER);
    let named = Profile { name: Some("  ".into()), ..Profile::default() };
    assert_eq!(named.to_body()["name"], UNKNOWN_CALLER);
    let miss = unknown_caller("500001", None);
    assert_eq!((&miss["name"], &miss["open_tickets"]), (&json!("Unknown Caller"), &json!(0)));
    assert_eq!((&miss["conversation_history"], &miss["phone"]), (&json!([]), &json!("N/A")));
}

#[test]
fn what_is_too_long_or_no_text_is_named() {
    let bad = |profile: Profile| profile.check().unwrap_err().path;
    let name = |text: String| Profile { name: Some(text), ..Profile::default() };
    assert_eq!(bad(name("x".repeat(201))), "name");
    assert_eq!(bad(name("a\u{0}b".into())), "name");
    assert_eq!(name("<script>alert(1)</script>".into()).check(), Ok(()), "text is text");
    let turn = |content: String| Turn { role: "user".into(), content, ..Turn::default() };
    let said = |turns| Profile { conversation_history: turns, ..Profile::default() };
    assert_eq!(bad(said(vec![turn("x".repeat(8_001))])), "conversation_history[0].content");
    assert_eq!(bad(said(vec![turn("x".into()); 501])), "conversation_history");
    assert_eq!(said(vec![turn("a\nb\tc".into())]).check(), Ok(()));
}

#[test]
fn who_does_not_handle_the_call_sees_neither_words_nor_number() {
    let profile = Profile {
        extension: "500001".into(),
        name: Some("Asha Example".into()),
        phone: Some("9000000001".into()),
        email: Some("asha@example.test".into()),
        notes: Some("secret note".into()),
        conversation_history: vec![Turn::default()],
        ..Profile::default()
    };
    let shown = profile.masked().to_body().to_string();
    assert!(!shown.contains("9000000001") && !shown.contains("asha@") && !shown.contains("secret"));
    assert!(shown.contains("Asha Example") && shown.contains("01"));
    assert_eq!(profile.masked().to_body()["conversation_history"], json!([]));
}

#[test]
fn an_extensions_entry_is_one_calls() {
    let entry = keys(Some("CA1"), Some("a"));
    for (asked, expected) in [
        (keys(Some("CA1"), None), EntryUse::Own),
        (keys(None, Some("a")), EntryUse::Own),
        (keys(Some("CA1"), Some("a")), EntryUse::Own),
        (keys(Some("CA1"), Some("b")), EntryUse::Other),
        (keys(Some("CA2"), Some("a")), EntryUse::Other),
        (keys(None, Some("b")), EntryUse::Other),
        (keys(None, None), EntryUse::Other),
    ] {
        assert_eq!(entry_use(&entry, &asked), expected, "{asked:?}");
    }
    assert_eq!(entry_use(&keys(None, None), &keys(None, Some("a"))), EntryUse::Unclaimed);
    assert_eq!(entry_use(&keys(None, None), &keys(None, None)), EntryUse::Other);
    // An id of the other kind proves nothing.
    assert_eq!(entry_use(&keys(Some("a"), None), &keys(None, Some("a"))), EntryUse::Other);
}

#[test]
fn an_extension_and_an_id_are_plain() {
    for (text, reason) in [
        ("", NotAnId::Empty),
        ("  ", NotAnId::Empty),
        ("5000:1", NotAnId::Character),
        ("<b>", NotAnId::Character),
        ("५००", NotAnId::Character),
        ("1 2", NotAnId::Character),
    ] {
        assert_eq!(Extension::new(text), Err(reason), "{text}");
    }
    assert_eq!(Extension::new(&"1".repeat(129)), Err(NotAnId::TooLong(128)));
    let bad = CallKeys::new(Some("CA1"), Some("a:b")).unwrap_err();
    assert_eq!((bad.field, bad.reason), ("call_id", NotAnId::Character));
    assert_eq!(CallKeys::new(Some(" "), None), Ok(CallKeys::default()));
}

proptest! {
    #[test]
    fn keys_of_different_calls_are_different(
        one in "[a-z0-9._+-]{1,12}", other in "[a-z0-9._+-]{1,12}",
        call in "[a-z0-9._+-]{1,12}", second in "[a-z0-9._+-]{1,12}",
    ) {
        let key = |extension: &str, call: &str| Extension::new(extension).unwrap().key_of(call);
        let same = one == other && call == second;
        prop_assert_eq!(key(&one, &call) == key(&other, &second), same);
        prop_assert_ne!(Extension::new(&one).unwrap().key(), key(&other, &second));
    }
}
