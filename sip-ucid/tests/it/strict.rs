//! What the strict reading notices, at which byte, and what it leaves alone.

use sip_ucid::{ErrorKind, Head, Name, ProblemKind};

/// A sound request with more header lines.
fn request(lines: &str) -> String {
    format!(
        "OPTIONS sip:500001@example.test SIP/2.0\r\nVia: SIP/2.0/UDP h.test;branch=z9hG4bK1\r\n\
         From: <sip:a@h.test>;tag=a\r\nTo: <sip:b@h.test>\r\nCall-ID: 1@h.test\r\n\
         CSeq: 1 OPTIONS\r\n{lines}\r\n"
    )
}

fn problems(bytes: &[u8]) -> Vec<(ProblemKind, Option<Name>, usize)> {
    let head = Head::parse(bytes).unwrap().complete().unwrap();
    head.validate().map(|problem| (problem.kind(), problem.header(), problem.at())).collect()
}

#[track_caller]
fn finds(lines: &str, kind: ProblemKind, header: Name, within: &str) {
    let text = request(lines);
    let at = text.rfind(within).unwrap();
    assert_eq!(problems(text.as_bytes()), [(kind, Some(header), at)], "{lines}");
}

#[track_caller]
fn accepts(lines: &str) {
    assert_eq!(problems(request(lines).as_bytes()), [], "{lines}");
}

#[test]
fn a_control_character_is_found_wherever_it_stands() {
    // Forty places: every one within the blocks that are looked at together.
    for place in 0..40 {
        for control in (0..=0x1F).chain([0x7F]).map(char::from) {
            let value = format!("{}{control}{}", "a".repeat(place + 1), "b".repeat(40 - place));
            let text = request(&format!("X-Mine: {value}\r\n"));
            let at = text.find(&value).unwrap() + place + 1;
            let expected = [(ProblemKind::Character, Some(Name::Other), at)];
            let found = problems(text.as_bytes());
            let expected = if control == '\t' { &[][..] } else { &expected[..] };
            assert_eq!(found, expected, "{place} {control:?}");
        }
    }
    for (place, control) in (0..20).flat_map(|place| [(place, '\x01'), (place, '\x7F')]) {
        let (before, after) = ("a".repeat(place + 1), "b".repeat(20));
        let text = request(&format!("X-Mine: {before}{control}\n{after}\r\n"));
        assert_eq!(problems(text.as_bytes())[0].2, text.find(control).unwrap());
    }
    finds("X-Mine: a\n b\r\n", ProblemKind::Character, Name::Other, "\n b");
    let last = request("X-Mine: a\u{7F}\r\n");
    assert_eq!(problems(last.as_bytes()).len(), 1);
    accepts(&format!("X-Mine: {}\r\n folded {}\r\n", "a".repeat(30), "b".repeat(30)));
}

#[test]
fn a_quoted_pair_may_be_a_control_character_in_known_headers_only() {
    accepts("Reply-To: \"\\\x07\" <sip:a@h.test>\r\n");
    finds("X-Mine: \"\\\x07\"\r\n", ProblemKind::Character, Name::Other, "\x07");
    finds("Reply-To: \"\x07\" <sip:a@h.test>\r\n", ProblemKind::Character, Name::ReplyTo, "\x07");
    finds("Reply-To: \"\\\n\" <sip:a@h.test>\r\n", ProblemKind::Character, Name::ReplyTo, "\n\"");
    let quote = ProblemKind::Value(ErrorKind::DisplayName);
    finds("Reply-To: \"\\é\" <sip:a@h.test>\r\n", quote, Name::ReplyTo, "\"\\");
}

#[test]
fn every_header_of_the_standard_is_read_by_its_rule() {
    let value = ProblemKind::Value;
    let table = [
        ("Call-ID: a b\r\n", value(ErrorKind::Token), Name::CallId),
        ("Route: sip:a@h.test\r\n", value(ErrorKind::Bracket), Name::Route),
        ("Record-Route: <sip:a@h_t>\r\n", value(ErrorKind::Host), Name::RecordRoute),
        ("Contact: <sip:a@h.test:0x>\r\n", value(ErrorKind::Port), Name::Contact),
        ("Content-Type: text\r\n", value(ErrorKind::Token), Name::ContentType),
        ("Content-Type: text/plain;;\r\n", value(ErrorKind::Parameter), Name::ContentType),
        ("Max-Forwards: many\r\n", value(ErrorKind::Number), Name::MaxForwards),
        ("Content-Length: +1\r\n", value(ErrorKind::ContentLength), Name::ContentLength),
        ("Date: today\r\n", value(ErrorKind::Date), Name::Date),
        ("Authorization: Digest\r\n", value(ErrorKind::Auth), Name::Authorization),
        ("WWW-Authenticate: \"x\" y\r\n", value(ErrorKind::Auth), Name::WwwAuthenticate),
        ("Reply-To: Doe, J <sip:a@h.test>\r\n", value(ErrorKind::DisplayName), Name::ReplyTo),
        ("Require:\r\n", value(ErrorKind::EmptyElement), Name::Require),
    ];
    for (lines, kind, header) in table {
        let lines = lines.replace("Call-ID", "i");
        let text = request(&lines);
        let text =
            if header == Name::CallId { text.replace("Call-ID: 1@h.test\r\n", "") } else { text };
        let found: Vec<_> = problems(text.as_bytes()).into_iter().map(|it| (it.0, it.1)).collect();
        assert_eq!(found, [(kind, Some(header))], "{lines}");
    }
    for lines in [
        "Call-Info: anything\r\n",
        "Max-Forwards: 300\r\n",
        "Allow:\r\nSupported:\r\n",
        "Allow: INVITE , ACK\r\n",
        "Require: 100rel,timer\r\n",
        "Route: <sip:a@h.test;lr> , <sip:b@h.test>;x=y\r\n",
        "Content-Type: text / plain ; charset=\"utf-8\"\r\n",
        "X-UCID: 1\r\nX-UCID: 2\r\nExpires: 1\r\nExpires: 2\r\n",
    ] {
        accepts(lines);
    }
}

#[test]
fn a_problem_in_a_list_is_told_where_it_is() {
    let empty = ProblemKind::Value(ErrorKind::EmptyElement);
    finds("Allow: INVITE,, ACK\r\n", empty, Name::Allow, ", ACK");
    finds("Supported: a,\r\n", empty, Name::Supported, "\r\n\r\n");
    let token = ProblemKind::Value(ErrorKind::Token);
    finds("Require: a b\r\n", token, Name::Require, "b\r\n");
    finds("Unsupported: a, (b)\r\n", empty, Name::Unsupported, "(b)");
    finds("Date:\r\n today\r\n", ProblemKind::Value(ErrorKind::Date), Name::Date, "today");
    finds("Proxy-Require: ab@\r\n", token, Name::ProxyRequire, "@\r\n");
}

#[test]
fn a_star_stands_alone_and_removes_only_what_expires() {
    let star = |method: &str, lines: &str| {
        let text = request(lines).replace("OPTIONS", method);
        problems(text.as_bytes()).first().map(|problem| problem.0)
    };
    assert_eq!(star("REGISTER", "m: *\r\nExpires: 0\r\n"), None);
    assert_eq!(star("REGISTER", "m: *\r\nExpires: 1\r\n"), Some(ProblemKind::Star));
    assert_eq!(star("REGISTER", "m: *\r\n"), Some(ProblemKind::Star));
    assert_eq!(star("OPTIONS", "m: *\r\n"), None);
    assert_eq!(star("OPTIONS", "m: *, <sip:a@h.test>\r\n"), Some(ProblemKind::Star));
    assert_eq!(star("OPTIONS", "m: *\r\nm: <sip:a@h.test>\r\n"), Some(ProblemKind::Star));
}

#[test]
fn the_start_line_is_read_to_the_letter() {
    let first = |start: &str| {
        let text = request("").replace("OPTIONS sip:500001@example.test SIP/2.0", start);
        problems(text.as_bytes()).first().map(|problem| problem.0)
    };
    assert_eq!(first("OPTIONS sip:a@h.test sip/2.0"), None);
    assert_eq!(first("SIP/2.0 200 "), None);
    assert_eq!(first("SIP/2.0 200 Добро"), None);
    assert_eq!(first("SIP/2.0 200 O\tK"), None);
    for line in [
        "SIP/2.0  200 OK",
        "SIP/2.0 200\tOK",
        "SIP/2 200 OK",
        "SIP/a.0 200 OK",
        "SIP/2.b 200 OK",
        "OPTIONS  sip:a@h.test SIP/2.0",
        "OPTIONS sip:a@h.test SIP/2.x",
        "OPTIONS sip:a@h.test SIP/2.0 ",
        "OPT(ONS sip:a@h.test SIP/2.0",
        "SIP/2.0 200 O\x07K",
    ] {
        assert_eq!(first(line), Some(ProblemKind::StartLine), "{line}");
    }
    assert_eq!(first("SIP/2.0 99 OK"), Some(ProblemKind::StatusCode));
    assert_eq!(first("SIP/2.0 700 OK"), Some(ProblemKind::StatusCode));
    assert_eq!(first("OPTIONS sip:a@h.test?x=y SIP/2.0"), Some(ProblemKind::RequestUri));
}

#[test]
fn each_kind_of_problem_has_a_name_of_its_own() {
    use ErrorKind::{
        Auth, Bracket, CSeq, ContentLength, Date, DisplayName, EmptyElement, Hex, Host,
        LengthConflict, NoContentLength, NoEnd, NotSip, Number, Parameter, Port, Quote, SessionId,
        ShortBody, Token, TooLong, Uri, Via,
    };
    let kinds = [
        Bracket,
        CSeq,
        ContentLength,
        Date,
        DisplayName,
        EmptyElement,
        Host,
        LengthConflict,
        NoContentLength,
        NoEnd,
        NotSip,
        Number,
        Parameter,
        Port,
        Quote,
        ShortBody,
        Token,
        TooLong,
        Uri,
        Via,
    ];
    let mut names: Vec<_> = kinds.iter().map(|kind| ProblemKind::Value(*kind).as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), kinds.len());
    assert!(!names.contains(&"value"));
    for other in [Auth, Hex, SessionId] {
        assert_eq!(ProblemKind::Value(other).as_str(), "value");
    }
}

#[test]
fn a_problem_tells_its_header_unless_it_is_unknown() {
    let said = |lines: &str| {
        let text = request(lines);
        let head = Head::parse(text.as_bytes()).unwrap().complete().unwrap();
        let said: Vec<String> = head.validate().map(|problem| problem.to_string()).collect();
        said.join("; ")
    };
    let end = request("").len() - 2;
    assert_eq!(said("Date: x\r\n"), format!("date in Date at byte {}", end + 6));
    assert_eq!(said("X-Mine: \x07\r\n"), format!("character at byte {}", end + 8));
    assert_eq!(said("no colon\r\n"), format!("header-name at byte {end}"));
}
