//! RFC 4475 and RFC 5118: the verdict that the text of each section gives, and the values it names.

use serde_json::{Value, json};
use sip_ucid::Transport;

use crate::corpus::{inspected, message, messages};

/// Messages that a conforming element answers with 400 or drops.
const REFUSED: [&str; 23] = [
    // 3.1.2, all but badvers, which is answered with 505.
    "rfc4475/badinv01",
    "rfc4475/clerr",
    "rfc4475/ncl",
    "rfc4475/scalar02",
    "rfc4475/scalarlg",
    "rfc4475/quotbal",
    "rfc4475/ltgtruri",
    "rfc4475/lwsruri",
    "rfc4475/lwsstart",
    "rfc4475/trws",
    "rfc4475/escruri",
    "rfc4475/baddate",
    "rfc4475/regbadct",
    "rfc4475/badaspec",
    "rfc4475/baddn",
    "rfc4475/mismatch01",
    "rfc4475/mismatch02",
    "rfc4475/bigcode",
    // 3.3.1, 3.3.8, 3.3.9.
    "rfc4475/insuf",
    "rfc4475/multi01",
    "rfc4475/mcl01",
    // RFC 5118 4.2, and 4.6, whose Content-Length counts more octets than the message has.
    "rfc5118/ipv6-bad",
    "rfc5118/ipv6-in-sdp",
];

/// Those whose body cannot be cut.
const UNFRAMED: [&str; 4] =
    ["rfc4475/clerr", "rfc4475/mcl01", "rfc4475/ncl", "rfc5118/ipv6-in-sdp"];

#[test]
fn every_verdict_is_that_of_the_rfc() {
    for (name, _) in messages().iter().filter(|(name, _)| name.starts_with("rfc")) {
        let said = inspected(name, Transport::Datagram);
        assert_eq!(said["valid"], json!(!REFUSED.contains(&name.as_str())), "{name}: {said}");
        let frame = if UNFRAMED.contains(&name.as_str()) { "error" } else { "ok" };
        assert_eq!(said["frame"], json!(frame), "{name}");
        assert_eq!(said["problems"] == json!([]), said["valid"] == json!(true), "{name}");
    }
}

#[test]
fn the_problem_is_the_one_that_the_section_is_about() {
    let expected = [
        ("rfc4475/badinv01", "parameter", "Via"),
        ("rfc4475/scalar02", "cseq", "CSeq"),
        ("rfc4475/quotbal", "quote", "To"),
        ("rfc4475/baddate", "date", "Date"),
        ("rfc4475/regbadct", "uri", "Contact"),
        ("rfc4475/badaspec", "uri", "To"),
        ("rfc4475/baddn", "display-name", "From"),
        ("rfc4475/mismatch01", "method-mismatch", "CSeq"),
        ("rfc4475/mcl01", "length-conflict", "Content-Length"),
        ("rfc4475/clerr", "short-body", "Content-Length"),
        ("rfc4475/ncl", "content-length", "Content-Length"),
    ];
    for (name, kind, header) in expected {
        let said = inspected(name, Transport::Datagram);
        assert_eq!(said["problems"][0]["kind"], json!(kind), "{name}");
        assert_eq!(said["problems"][0]["header"], json!(header), "{name}");
    }
}

#[test]
fn with_the_length_that_its_body_has_the_message_of_rfc_5118_4_6_is_valid() {
    let printed = String::from_utf8(message("rfc5118/ipv6-in-sdp")).unwrap();
    let right = printed.replace("Content-Length: 268", "Content-Length: 251");
    let said = crate::report::report(b"", right.as_bytes(), Transport::Datagram);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["frame"], &said["valid"]), (&json!("ok"), &json!(true)));
    assert_eq!(said["contacts"][0]["host"], json!("2001:db8::20"));
}

fn field(name: &str, pointer: &str) -> Value {
    inspected(name, Transport::Datagram).pointer(pointer).unwrap().clone()
}

#[test]
fn the_values_are_those_of_the_text() {
    let expected = [
        ("rfc4475/wsinv", "/from/display", json!("J Rosenberg \\\\\"")),
        ("rfc4475/wsinv", "/cseq", json!(9)),
        ("rfc4475/wsinv", "/max_forwards", json!(68)),
        ("rfc4475/wsinv", "/via/2/branch", json!("z9hG4bK30239")),
        ("rfc4475/wsinv", "/contacts/0/display", json!("Quoted string \"\"")),
        ("rfc4475/intmeth", "/start/method", json!("!interesting-Method0123456789_*+`.%indeed'~")),
        ("rfc4475/intmeth", "/to/display", json!("BEL:\u{7} NUL:\0 DEL:\u{7F}")),
        ("rfc4475/intmeth", "/to/user", json!("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/")),
        ("rfc4475/intmeth", "/from/tag", json!("_token~1'+`*%!-.")),
        ("rfc4475/esc01", "/from/user", json!("I have spaces")),
        ("rfc4475/esc01", "/to/user", json!("user")),
        ("rfc4475/escnull", "/contacts/1/user", json!("\0\0")),
        ("rfc4475/esc02", "/cseq_method", json!("RE%47IST%45R")),
        ("rfc4475/lwsdisp", "/from/display", json!("caller")),
        ("rfc4475/dblreq", "/body_len", json!(0)),
        ("rfc4475/noreason", "/start/reason", json!("")),
        ("rfc4475/noreason", "/start/code", json!(100)),
        ("rfc4475/bigcode", "/start/code", json!(null)),
        ("rfc4475/scalar02", "/cseq", json!(null)),
        ("rfc4475/scalar02", "/max_forwards", json!(null)),
        ("rfc4475/clerr", "/content_length", json!(9999)),
        ("rfc4475/mcl01", "/content_length", json!(null)),
        ("rfc4475/mcl01", "/conflicts", json!(["Content-Length"])),
        ("rfc4475/unksm2", "/to/uri", json!("isbn:2983792873")),
        ("rfc4475/unksm2", "/to/user", json!(null)),
        ("rfc4475/inv2543", "/from/tag", json!(null)),
        ("rfc4475/inv2543", "/body_len", json!(105)),
        ("rfc4475/regescrt", "/contacts/0/host", json!("example.com")),
        ("rfc5118/via-received-param-with-delim", "/via/0/received", json!("2001:db8::9:255")),
        ("rfc5118/via-received-param-no-delim", "/via/0/received", json!("2001:db8::9:255")),
        ("rfc5118/via-received-param-no-delim", "/via/0/sent_by", json!("[2001:db8::9:1]")),
        ("rfc5118/ipv6-good", "/contacts/0/host", json!("2001:db8::1")),
    ];
    for (name, pointer, value) in expected {
        assert_eq!(field(name, pointer), value, "{name} {pointer}");
    }
}

#[test]
fn on_a_stream_what_is_missing_may_still_come() {
    let said = inspected("rfc4475/clerr", Transport::Stream);
    assert_eq!((&said["frame"], &said["valid"]), (&json!("partial"), &json!(false)));
    assert_eq!(said["call_id"], json!("clerr.0ha0isndaksdjweiafasdk3"));
    for name in ["rfc4475/ncl", "rfc4475/mcl01", "rfc4475/inv2543"] {
        assert_eq!(inspected(name, Transport::Stream)["frame"], json!("error"), "{name}");
    }
    assert_eq!(inspected("rfc4475/dblreq", Transport::Stream)["valid"], json!(true));
    assert_eq!(inspected("rfc4475/inv2543", Transport::WebSocket)["frame"], json!("ok"));
}
