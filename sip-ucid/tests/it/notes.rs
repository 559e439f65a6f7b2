//! What is listed of a message apart from its problems, and the codes with which it is answered.

use sip_ucid::{Head, Message, Name};

use crate::corpus::{message, messages};

fn notes(bytes: &[u8]) -> Vec<String> {
    let head = Head::parse(bytes).unwrap().complete().unwrap();
    let text = |note: sip_ucid::Note| {
        let header = note.header().map_or("-", Name::as_str);
        let code = note.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
        format!("{} {header} {code}", note.kind().as_str())
    };
    head.notes().map(text).collect()
}

/// A request of which there is nothing to note, with other lines in place of some.
fn request(start: &str, lines: &[(&str, &str)]) -> Vec<u8> {
    let method = start.split(' ').next().unwrap();
    let cseq = format!("1 {method}");
    let usual = [
        ("Via", "SIP/2.0/UDP gw.example.test;branch=z9hG4bK1"),
        ("From", "<sip:9000000001@example.test>;tag=a"),
        ("To", "<sip:500001@example.test>"),
        ("Call-ID", "1@gw.example.test"),
        ("CSeq", &cseq),
        ("Max-Forwards", "70"),
        ("Contact", "<sip:gw.example.test>"),
        ("Content-Length", "0"),
    ];
    let mut text = format!("{start}\r\n");
    let replaced = |name: &str| lines.iter().any(|(other, _)| *other == name);
    for (name, value) in usual.iter().filter(|(name, _)| !replaced(name)).chain(lines) {
        if *value != "absent" {
            text.extend([name, ": ", value, "\r\n"]);
        }
    }
    text.push_str("\r\n");
    text.into_bytes()
}

fn invite(lines: &[(&str, &str)]) -> Vec<u8> {
    request("INVITE sip:500001@example.test SIP/2.0", lines)
}

#[track_caller]
fn noted(bytes: &[u8], expected: &[&str]) {
    assert!(Head::parse(bytes).unwrap().complete().unwrap().is_valid(), "a problem hides the note");
    assert_eq!(notes(bytes), expected);
}

#[test]
fn of_a_usual_invite_there_is_nothing_to_note() {
    noted(&invite(&[]), &[]);
    noted(&invite(&[("Content-Type", "application/sdp"), ("Content-Length", "9")]), &[]);
}

#[test]
fn another_version_is_answered_with_505() {
    let target = "sip:500001@example.test";
    noted(&request(&format!("OPTIONS {target} SIP/7.0"), &[]), &["version - 505"]);
    noted(&request(&format!("OPTIONS {target} SIP/2.1"), &[]), &["version - 505"]);
    noted(&request(&format!("OPTIONS {target} SIP/2.00"), &[]), &["version - 505"]);
    noted(&request(&format!("OPTIONS {target} sip/2.0"), &[]), &[]);
    noted(&request(&format!("ACK {target} SIP/7.0"), &[]), &["version - -"]);
}

#[test]
fn an_unknown_method_is_answered_with_501() {
    for method in ["FETCH", "invite", "Bye", "RE%47ISTER"] {
        noted(&request(&format!("{method} sip:h SIP/2.0"), &[]), &["method - 501"]);
    }
    for method in ["PRACK", "UPDATE", "MESSAGE", "REFER", "PUBLISH", "INFO", "SUBSCRIBE", "NOTIFY"]
    {
        noted(&request(&format!("{method} sip:h SIP/2.0"), &[]), &[]);
    }
}

#[test]
fn an_unknown_scheme_is_answered_with_416() {
    for uri in ["urn:service:sos", "http://example.test", "sipx:a@h", "mailto:a@example.test"] {
        noted(&request(&format!("INVITE {uri} SIP/2.0"), &[]), &["scheme - 416"]);
    }
    for uri in ["sips:a@h", "tel:+919000000001", "SIP:a@h", "TEL:1"] {
        noted(&request(&format!("INVITE {uri} SIP/2.0"), &[]), &[]);
    }
}

#[test]
fn demanded_extensions_are_answered_with_420() {
    noted(&invite(&[("Require", "100rel")]), &["extension Require 420"]);
    noted(&invite(&[("Proxy-Require", "sec-agree, x")]), &["extension Proxy-Require 420"]);
    let both = invite(&[("Require", "a"), ("Proxy-Require", "b")]);
    noted(&both, &["extension Require 420", "extension Proxy-Require 420"]);
    noted(&invite(&[("Supported", "100rel, timer")]), &[]);
    for method in ["ACK", "CANCEL"] {
        noted(&request(&format!("{method} sip:h SIP/2.0"), &[("Require", "a")]), &[]);
    }
}

#[test]
fn when_no_hop_is_left_the_answer_is_483() {
    noted(&invite(&[("Max-Forwards", "0")]), &["hops-exhausted Max-Forwards 483"]);
    noted(&invite(&[("Max-Forwards", "000")]), &["hops-exhausted Max-Forwards 483"]);
    let ack = request("ACK sip:h SIP/2.0", &[("Max-Forwards", "0")]);
    noted(&ack, &["hops-exhausted Max-Forwards -"]);
    noted(&invite(&[("Max-Forwards", "1")]), &[]);
}

#[test]
fn numbers_out_of_range_count_as_absent() {
    noted(&invite(&[("Max-Forwards", "256")]), &["out-of-range Max-Forwards -"]);
    noted(
        &invite(&[("Max-Forwards", "99999999999999999999999")]),
        &["out-of-range Max-Forwards -"],
    );
    noted(&invite(&[("Max-Forwards", "255"), ("Expires", "4294967295")]), &[]);
    noted(&invite(&[("Expires", "4294967296")]), &["out-of-range Expires -"]);
    noted(&invite(&[("Expires", "soon")]), &["out-of-range Expires -"]);
    let contact = |expires: &str| format!("<sip:a@h>;expires={expires}");
    let register =
        |expires: &str| request("REGISTER sip:h SIP/2.0", &[("Contact", &contact(expires))]);
    noted(&register("4294967296"), &["out-of-range Contact -"]);
    noted(&register("never"), &["out-of-range Contact -"]);
    noted(&register("60"), &[]);
}

#[test]
fn a_body_that_is_no_session_description_is_answered_with_415() {
    let body =
        |kind: &str, length: &str| invite(&[("Content-Type", kind), ("Content-Length", length)]);
    noted(&body("application/isup", "4"), &["content-type Content-Type 415"]);
    noted(&body("text/plain;charset=utf-8", "4"), &["content-type Content-Type 415"]);
    noted(&body("Application/SDP", "4"), &[]);
    noted(&body("multipart/mixed;boundary=a", "4"), &[]);
    noted(&body("application/isup", "0"), &[]);
    let kind = ("Content-Type", "application/isup");
    let unknown = invite(&[kind, ("Content-Length", "absent")]);
    noted(&unknown, &["content-type Content-Type 415"]);
    for (disposition, expected) in [
        ("signal;handling=optional", &[][..]),
        ("signal ; Handling = Optional", &[]),
        ("signal;handling=required", &["content-type Content-Type 415"]),
        ("optional", &["content-type Content-Type 415"]),
    ] {
        let lines = [kind, ("Content-Length", "4"), ("Content-Disposition", disposition)];
        noted(&invite(&lines), expected);
    }
    let info = request("INFO sip:h SIP/2.0", &[kind, ("Content-Length", "4")]);
    noted(&info, &[]);
}

#[test]
fn an_encoded_body_is_answered_with_415() {
    let with = |coding: &str, length: &str| {
        invite(&[("Content-Encoding", coding), ("Content-Length", length)])
    };
    noted(&with("gzip", "4"), &["content-encoding Content-Encoding 415"]);
    noted(&with("identity, gzip", "4"), &["content-encoding Content-Encoding 415"]);
    noted(&with("Identity", "4"), &[]);
    noted(&with("gzip", "0"), &[]);
}

#[test]
fn when_no_session_description_is_accepted_the_answer_is_406() {
    for accept in ["text/plain", "application/isup, text/*", "application/sdp;q=0", "", "*/*;q=0.0"]
    {
        noted(&invite(&[("Accept", accept)]), &["accept Accept 406"]);
    }
    for accept in
        ["application/sdp", "text/plain, */*;q=0.1", "Application/*", "application/sdp;q=0.5"]
    {
        noted(&invite(&[("Accept", accept)]), &[]);
    }
    noted(&request("OPTIONS sip:h SIP/2.0", &[("Accept", "text/plain")]), &[]);
}

#[test]
fn credentials_of_another_scheme_are_answered_with_401_or_407() {
    let basic = "Basic a=b";
    noted(&invite(&[("Authorization", basic)]), &["auth-scheme Authorization 401"]);
    noted(&invite(&[("Proxy-Authorization", basic)]), &["auth-scheme Proxy-Authorization 407"]);
    let digest = "digest username=\"a\"";
    noted(&invite(&[("Authorization", digest), ("Proxy-Authorization", "Bearer a=b")]), &[]);
    noted(&invite(&[("Authorization", basic), ("Authorization", digest)]), &[]);
}

#[test]
fn the_branch_of_an_older_peer_is_noted() {
    let via = |branch: &str| format!("SIP/2.0/UDP gw.example.test{branch}");
    for (branch, expected) in [
        (";branch=z9hG4bK", &["empty-branch Via -"][..]),
        (";branch=Z9HG4BK", &["empty-branch Via -"]),
        (";branch=z9hG4b", &["old-branch Via -"]),
        (";branch=1", &["old-branch Via -"]),
        ("", &["old-branch Via -"]),
        (";branch=z9hG4bK.", &[]),
    ] {
        noted(&invite(&[("Via", &via(branch))]), expected);
        // Only the top Via is that of the peer.
        let below = format!("{}, {}", via(";branch=z9hG4bK1"), via(branch));
        noted(&invite(&[("Via", &below)]), &[]);
    }
}

#[test]
fn other_signs_of_an_older_peer_are_noted() {
    let untagged = "<sip:9000000001@example.test>";
    noted(&invite(&[("From", untagged)]), &["missing-tag From -"]);
    noted(&invite(&[("Max-Forwards", "absent")]), &["missing-max-forwards Max-Forwards -"]);
    noted(&invite(&[("Contact", "absent")]), &["missing-contact Contact -"]);
    noted(&request("BYE sip:h SIP/2.0", &[("Contact", "absent")]), &[]);
    let route = |value: &str| invite(&[("Route", value)]);
    noted(&route("<sip:a.example.test>, <sip:b.example.test;lr>"), &["strict-route Route -"]);
    noted(&route("<sip:a.example.test;lr>, <sip:b.example.test>"), &[]);
    noted(&route("<sip:a.example.test>;lr"), &["strict-route Route -"]);
}

#[test]
fn of_a_response_only_its_version_its_numbers_and_its_tags_are_noted() {
    let response = |start: &str, to: &str, more: &str| {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>\r\nTo: <sip:b@h>{to}\r\n\
             Call-ID: 1\r\nCSeq: 1 FETCH\r\n{more}\r\n"
        )
        .into_bytes()
    };
    let untagged = ["missing-tag From -", "missing-tag To -"];
    noted(&response("SIP/2.0 200 OK", "", ""), &untagged);
    noted(&response("SIP/2.0 200 OK", ";tag=1", ""), &untagged[..1]);
    noted(&response("SIP/2.0 100 Trying", "", ""), &untagged[..1]);
    let other =
        response("SIP/3.0 200 OK", ";tag=1", "Require: a\r\nMax-Forwards: 0\r\nExpires: x\r\n");
    noted(&other, &["version - -", "missing-tag From -", "out-of-range Expires -"]);
}

#[test]
fn every_note_is_given_in_the_order_of_an_element_and_says_where() {
    let bytes = request(
        "FETCH urn:a SIP/7.0",
        &[("Require", "x"), ("Max-Forwards", "0"), ("Via", "SIP/2.0/UDP h")],
    );
    let head = Head::parse(&bytes).unwrap().complete().unwrap();
    let all: Vec<_> = head.notes().map(|note| note.to_string()).collect();
    let at = |line: &str| {
        let text = std::str::from_utf8(&bytes).unwrap();
        text.find(line).unwrap() + line.find(": ").unwrap() + 2
    };
    assert_eq!(
        all,
        [
            "version at byte 0: 505".to_owned(),
            "method at byte 0: 501".to_owned(),
            "scheme at byte 0: 416".to_owned(),
            format!("extension in Require at byte {}: 420", at("Require: x")),
            format!("hops-exhausted in Max-Forwards at byte {}: 483", at("Max-Forwards: 0")),
            format!("old-branch in Via at byte {}", at("Via: SIP")),
        ]
    );
}

#[test]
fn the_answers_that_rfc_4475_names_are_the_codes_of_the_notes() {
    for (name, code) in [
        ("rfc4475/badvers", 505),
        ("rfc4475/unkscm", 416),
        ("rfc4475/novelsc", 416),
        ("rfc4475/bext01", 420),
        ("rfc4475/invut", 415),
        ("rfc4475/regaut01", 401),
        ("rfc4475/zeromf", 483),
        ("rfc4475/sdp01", 406),
    ] {
        let bytes = message(name);
        let message = Message::datagram(&bytes).unwrap();
        assert!(message.is_valid(), "{name}");
        let codes: Vec<_> = message.notes().filter_map(|note| note.code()).collect();
        assert!(codes.contains(&code), "{name}: {codes:?}");
    }
    assert!(notes(&message("rfc4475/badbranch")).contains(&"empty-branch Via -".to_owned()));
    assert!(notes(&message("rfc4475/inv2543")).contains(&"old-branch Via -".to_owned()));
    assert!(
        notes(&message("rfc4475/scalar02")).contains(&"out-of-range Max-Forwards -".to_owned())
    );
}

#[test]
fn noting_never_makes_a_message_invalid() {
    for (name, bytes) in messages() {
        let Ok(sip_ucid::Status::Complete(head)) = Head::parse(&bytes) else { continue };
        let named = head.notes().count();
        assert!(named <= 19, "{name}");
        let kinds: Vec<_> = head.notes().map(|note| (note.kind(), note.header())).collect();
        let mut single = kinds.clone();
        single.dedup();
        assert_eq!(kinds, single, "{name}: a note is given twice");
    }
}
