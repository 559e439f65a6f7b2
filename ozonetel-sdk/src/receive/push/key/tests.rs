use serde_json::json;

use super::*;
use crate::receive::push::verify::{Signer, Verifier};
use crate::receive::push::{PushErrorKind, PushReader};

const KEY: &str = "test-key-0123";

fn stored(body: &[u8]) -> String {
    match PushReader::new().callbacks(None, body) {
        Ok(push) => {
            let items = serde_json::to_string(&push.items).unwrap();
            format!("{items}{push:?}{}", push.sanitized.to_json())
        }
        Err(error) => format!("{error:?}{}", error.unread().unwrap_or_default()),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[test]
fn a_key_in_the_text_of_data_beside_other_fields_is_taken_out() {
    let call = format!(r#"{{"monitorUCID":"90000000000000001","Apikey":"{KEY}"}}"#);
    let bodies = [
        format!(r#"{{"Source":"x","data":{}}}"#, quoted(&call)),
        format!(r#"{{"Source":"x","data":{}}}"#, quoted(&quoted(&call))),
        format!(r#"{{"Source":"x","data":{call}}}"#),
        format!(r#"[{{"Source":"x","data":{}}}]"#, quoted(&call)),
    ];
    let key = Verifier::key(KEY).unwrap();
    for body in bodies {
        assert!(!stored(body.as_bytes()).contains(KEY), "{body}");
        let reader = PushReader::new().verifier(key.clone());
        assert!(reader.callbacks(None, body.as_bytes()).is_ok(), "the key proves it: {body}");
    }
}

#[test]
fn a_key_in_text_within_text_is_taken_out_in_any_form() {
    let inner = format!(r#"{{"Apikey":"{KEY}","x":1}}"#);
    let coded: String = form_urlencoded::byte_serialize(inner.as_bytes()).collect();
    let twice: String = form_urlencoded::byte_serialize(coded.as_bytes()).collect();
    let texts = [
        quoted(&inner),
        quoted(&quoted(&quoted(&inner))),
        inner.clone(),
        inner.replace("Apikey", r"\u0041pikey"),
        format!("[[{inner}]]"),
        coded,
        twice,
        format!("https://example.test/a?x=1&apiKey={KEY}&y=2"),
        format!("<request><ApiKey>{KEY}</ApiKey></request>"),
        format!("<name>api_key</name><value><![CDATA[{KEY}]]></value>"),
        format!("&quot;Apikey&quot;:&quot;{KEY}&quot;"),
        format!("API-KEY: {KEY}"),
        format!(r#"cut {{"monitorUCID":"1","Apikey":"{KEY}"#),
        format!(r#"{{"name":"Apikey","value":"{KEY}"}}"#),
        format!(r#"["Apikey","{KEY}"]"#),
    ];
    for text in texts {
        let body = json!({ "monitorUCID": "1", "UUI": text, "Newer": [{ "text": text }] });
        let kept = stored(body.to_string().as_bytes());
        assert!(!kept.contains(KEY), "{text}");
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("monitorUCID", "1"), ("beside", &text), ("a[Apikey]", KEY)])
            .finish();
        assert!(!stored(form.as_bytes()).contains(KEY), "{form}");
        let named = json!({ "monitorUCID": "1", text.clone(): "x" });
        assert!(!stored(named.to_string().as_bytes()).contains(KEY), "{named}");
        assert!(!stored(text.as_bytes()).contains(KEY), "as a body: {text}");
    }
}

#[test]
fn a_key_beside_its_name_is_taken_out_where_either_came_twice() {
    let other = "test-key-4567";
    for pair in [
        format!(r#"{{"name":"Apikey","value":"{KEY}","value":"{other}","a":1,"b":2}}"#),
        format!(r#"{{"name":"x","name":"Apikey","value":"{KEY}","a":1,"b":2}}"#),
        format!(r#"{{"name":"Apikey","name":"x","value":"{KEY}","a":1,"b":2}}"#),
    ] {
        let body = format!(r#"{{"monitorUCID":"1","fields":[{pair}]}}"#);
        let kept = stored(body.as_bytes());
        assert!(!kept.contains(KEY) && !kept.contains(other), "{pair}");
    }
}

#[test]
fn a_word_about_keys_in_a_text_is_no_proof_and_blanks_nothing_else() {
    let body = json!({ "monitorUCID": "1", "Status": "Answered", "Apikey": KEY,
        "UUI": r#"{"apikey":"Answered"}"#, "Comments": "asked what an api key is" });
    let reader = PushReader::new().verifier(Verifier::key(KEY).unwrap());
    let push = reader.callbacks(None, body.to_string().as_bytes()).unwrap();
    assert!(push.items[0].is_answered());
    let comments = push.items[0].comments.as_ref().unwrap();
    assert_eq!(comments.as_str(), "asked what an api key is");
    let foreign = json!({ "monitorUCID": "1", "UUI": format!(r#"{{"apikey":"{KEY}"}}"#) });
    assert!(reader.callbacks(None, foreign.to_string().as_bytes()).is_err());
}

#[test]
fn text_without_a_key_is_kept_byte_for_byte() {
    for text in [r#"{ "b" : 1.50, "a" : 1e3 }"#, "100 %", "a%20b", r#""x""#, "apikey", "a=1&b=2"] {
        assert_eq!(strip_text(text, &mut FoundKeys::default()), Ok(None), "{text}");
    }
}

#[test]
fn text_within_text_without_end_is_refused() {
    let mut text = format!(r#"{{"Apikey":"{KEY}"}}"#);
    for _ in 0..10 {
        text = quoted(&text);
    }
    let body = json!({ "monitorUCID": "1", "UUI": text }).to_string();
    let error = PushReader::new().callbacks(None, body.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::TooDeep);
    assert_eq!(error.unread(), None);
}

/// Names of the key in 256 spellings, as many objects as fit, and one long text.
fn key_like(bytes: usize, distinct: bool) -> String {
    let spelled = |bits: usize| -> String {
        let letter = |(at, c): (usize, char)| {
            if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c }
        };
        "apikey".chars().enumerate().map(letter).collect()
    };
    let names: Vec<String> = (0..256).map(|n| spelled(n) + ["", "!", "-", "."][n / 64]).collect();
    let mut body = format!(r#"[{{"monitorUCID":"1","UUI":"{}"}}"#, "a".repeat(bytes / 2));
    let mut n = 0;
    while body.len() + 8_000 < bytes {
        body.push_str(r#",{"x":"1""#);
        for name in names.iter().take(200) {
            n += usize::from(distinct);
            body.extend([",\"", name, "\":\"aaaaaa", &format!("{n:04}"), "\""]);
        }
        body.push('}');
    }
    body + "]"
}

#[test]
fn thousands_of_key_like_fields_cost_no_more_than_their_bytes() {
    let hostile = [
        |bytes| key_like(bytes, false),
        |bytes| key_like(bytes, true),
        |bytes| format!(r#"{{"UUI":"{}"}}"#, "apikey=".repeat(bytes / 8)),
        |bytes| format!(r#"{{"UUI":"{}"}}"#, "apikey<x>".repeat(bytes / 10)),
        |bytes| format!(r#"{{"UUI":"%{}"}}"#, "25".repeat(bytes / 3)),
        |bytes| format!(r#"{{"UUI":"{}"}}"#, "%25".repeat(bytes / 4)),
        |bytes| format!(r#"{{"UUI":"{}"}}"#, r#"{\"a\":"#.repeat(bytes / 8)),
        |bytes| "%7B".repeat(bytes / 4),
        |bytes| "YXBp".repeat(bytes / 5),
        |bytes| format!("--b\r\n{}", "\r\n--b\r\n".repeat(bytes / 9)),
    ];
    for (at, body) in hostile.iter().enumerate() {
        for bytes in [16_384, 65_536, 262_000] {
            let body = body(bytes);
            work::take();
            let _ = PushReader::new().callbacks(None, body.as_bytes());
            let work = work::take();
            assert!(work <= 24 * body.len(), "{at}: {} bytes cost {work}", body.len());
        }
    }
}

#[test]
fn more_different_keys_than_an_account_can_have_are_refused() {
    let error = PushReader::new().callbacks(None, key_like(65_536, true).as_bytes()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::TooMany);
    assert_eq!(error.reason(), "more than 4 different keys");
}

#[test]
fn a_sender_who_is_not_proved_costs_nothing() {
    let verifier = Verifier::url("code", "a-long-secret").unwrap();
    let reader = PushReader::new().verifier(verifier.clone());
    for bytes in [16_384, 262_000] {
        work::take();
        let error = reader.callbacks(Some("code=wrong"), key_like(bytes, false).as_bytes());
        assert_eq!(error.unwrap_err().kind(), PushErrorKind::Proof);
        assert_eq!(work::take(), 0);
    }
    let cut = format!(r#"UCID":"90000000000000001","Apikey":"{KEY}"}}"#);
    let error = reader.callbacks(Some("code=wrong"), cut.as_bytes()).unwrap_err();
    assert_eq!((error.kind(), error.unread()), (PushErrorKind::Proof, None));
    let url = Signer::of(&verifier).query();
    let error = reader.callbacks(Some(&url), cut.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Syntax);
    let keyed = PushReader::new().verifier(Verifier::key(KEY).unwrap());
    let error = keyed.callbacks(None, cut.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::Syntax, "its key proves it");
    let error = keyed.callbacks(None, cut.replace(KEY, "other-key").as_bytes()).unwrap_err();
    assert_eq!((error.kind(), error.unread()), (PushErrorKind::Proof, None));
}

#[test]
fn fields_are_counted_at_every_depth() {
    let nested: Map<String, Value> = (0..300).map(|n| (format!("f{n}"), json!(1))).collect();
    let body = json!({ "monitorUCID": "1", "Newer": [nested] }).to_string();
    let error = PushReader::new().callbacks(None, body.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), PushErrorKind::TooMany);
}

#[test]
fn a_name_that_is_the_key_and_its_name_is_not_kept() {
    for body in [
        "Status=Answered&Apikey:test-key&monitorUCID=90000000000000001",
        "Status=Answered&[Apikey]:test-key=1&monitorUCID=90000000000000001",
    ] {
        let reader = PushReader::new();
        let kept = reader.sanitize(None, body.as_bytes()).unwrap().to_json();
        assert_eq!(kept, r#"[{"Status":"Answered","monitorUCID":"90000000000000001"}]"#, "{body}");
        assert_eq!(reader.sanitize(None, kept.as_bytes()).unwrap().to_json(), kept);
    }
}

#[test]
fn a_key_behind_entities_attributes_or_in_a_pair_is_taken_out() {
    for uui in [
        format!("&quot;Apikey&quot;:&quot;{KEY}&quot;"),
        format!("&#34;Apikey&#34;:&#34;{KEY}&#34;"),
        format!("&#x22;Apikey&#X22;&#58;&#x22;{KEY}&#x22;"),
        format!("<apiKey type='text' use=\"sign\">{KEY}</apiKey>"),
        json!([{"key": "Apikey", "val": KEY}]).to_string(),
        json!({"label": "api_key", "content": KEY, "id": "1"}).to_string(),
    ] {
        let body = json!({"monitorUCID": "90000000000000001", "UUI": uui}).to_string();
        assert!(!stored(body.as_bytes()).contains(KEY), "{uui}");
    }
    // A field of a callback that happens to hold the name costs no other field.
    let body = json!({"monitorUCID": "90000000000000001", "Disposition": "Api Key", "Skill": "General",
        "Status": "Answered", "Type": "Manual"});
    assert!(stored(body.to_string().as_bytes()).contains("General"));
}

#[test]
fn an_expected_key_is_taken_out_wherever_it_is() {
    let reader = PushReader::new().verifier(Verifier::key(KEY).unwrap());
    let fields = json!({"monitorUCID": "90000000000000001", "Apikey": KEY, "UUI": format!("ref {KEY}"),
        "names": ["monitorUCID", "secret"], "values": ["1", KEY]});
    let push = reader.callbacks(None, fields.to_string().as_bytes()).unwrap();
    assert!(!push.sanitized.to_json().contains(KEY), "{}", push.sanitized.to_json());
    // In a form that cannot be opened, too.
    let csv = format!("Apikey: {KEY}\nmonitorUCID,Status,Secret\n9000,Answered,{KEY}\n");
    let error = reader.callbacks(None, csv.as_bytes()).unwrap_err();
    assert!(error.unread().unwrap().contains("Answered"));
    assert!(!format!("{error:?}{:?}", error.unread()).contains(KEY), "{:?}", error.unread());
}
