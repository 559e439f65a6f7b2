//! What went wrong in messages of other people, each with the variants that go wrong the same way.

use sip_ucid::{
    Address, ErrorKind, Frame, Framer, Head, IdentityNames, Leniency, Message, Name, Privacy,
    SliceOutput, Text, Uri, Via, WriteError, Writer, call, identity,
};

fn invite(lines: &str) -> Vec<u8> {
    format!("INVITE sip:500001@example.test SIP/2.0\r\n{lines}\r\n\r\n").into_bytes()
}

fn head(bytes: &[u8]) -> Head<'_> {
    Head::parse(bytes).unwrap().complete().unwrap()
}

#[track_caller]
fn caller_is(from: &str, expected: Option<&str>) {
    let bytes = invite(&format!("From: {from}"));
    let expected = expected.map(Text::from);
    assert_eq!(call(&bytes).caller, expected, "call(): {from}");
    assert_eq!(identity(&bytes).from().unwrap().number(), expected, "identity(): {from}");
}

#[test]
fn both_ways_to_the_caller_agree_on_a_bare_uri_with_a_comma() {
    caller_is("sip:bond,james@example.com;tag=1", Some("bond,james"));
    caller_is("sip:a,b,c@example.com", Some("a,b,c"));
    caller_is("tel:1,2;tag=1", Some("1,2"));
    caller_is("Bond, James <sip:7@example.com>;tag=1", Some("7"));
    caller_is("\"Bond, James\" <sip:7@example.com>;tag=1", Some("7"));
    caller_is("sip:9@h;x=\"a,b\";tag=1", Some("9"));
    caller_is("<sip:9@h>;tag=1, <sip:8@h>", Some("9"));
    caller_is("", None);
    caller_is("100", None);
    caller_is("anonymous", None);
}

#[test]
fn a_quoted_name_with_quotes_inside_does_not_hide_the_number() {
    caller_is("\"\"unknown\"\" <sip:9000000001@192.0.2.1>;tag=1", Some("9000000001"));
    caller_is("\"A \"B\" C\" <sip:9@h>", Some("9"));
    caller_is("\"\"A\"\"<tel:+911>;tag=1", Some("+911"));
    caller_is("\"\"a, b\"\" <sip:9@h>;tag=1", Some("9"));
    caller_is("\"\"a; b\"\" <sip:9@h>;tag=1", Some("9"));
    // Where it is not certain which bracket begins the URI there is no number, not a wrong one.
    caller_is("\"\"a <sip:1@h>\"\" <sip:9@h>", None);
    caller_is("\"\"a\" <sip:1@h>\"\" <sip:9@h>", None);
    caller_is("\"A\"B <sip:9@h>", None);
    caller_is("\"\"a\"\"", None);
    caller_is("\"\"a <sip:9@h>", None);
}

#[test]
fn the_name_with_quotes_inside_is_given_whole_and_refused_strictly() {
    let value = b"\"\"un \"known\"\" <sip:9@h>;tag=1";
    let address = Address::parse(value).unwrap();
    assert_eq!(address.display_name().unwrap().to_string(), "\"un \"known\"");
    assert_eq!(address.tag().unwrap(), "1");
    let strict = Leniency::default() - Leniency::UNQUOTED_DISPLAY;
    assert_eq!(Address::parse_with(value, strict).unwrap_err().kind(), ErrorKind::Bracket);
}

#[test]
fn quotes_inside_a_name_do_not_hide_the_next_address_of_a_list() {
    let lines = "P-Asserted-Identity: \"\"a\"\" <sip:1@h>, \"\"b\"\" <sip:2@h>;x=y, <tel:3>";
    let bytes = invite(lines);
    let who = identity(&bytes);
    let uris: Vec<_> = who.asserted().flatten().map(|address| address.uri()).collect();
    assert_eq!(uris, ["sip:1@h", "sip:2@h", "tel:3"]);
    assert_eq!(who.asserted_number().unwrap(), "1");
    let bytes = invite("P-Asserted-Identity: \"\"a, b\"\" <sip:1@h>, <tel:3>");
    let uris: Vec<_> = identity(&bytes).asserted().flatten().map(|it| it.uri()).collect();
    assert!(!uris.contains(&Text::from("b")), "{}", uris.len());
}

#[test]
fn an_empty_user_part_is_no_user() {
    caller_is("<sip:@sip.example.test>;tag=1", None);
    caller_is("sips:@h;tag=1", None);
    caller_is("<sip::secret@h>", None);
    caller_is("<sip:;phone-context=+91@h>", None);
    caller_is("<tel:>;tag=1", None);
    caller_is("<tel:;ext=1>;tag=1", None);
    let uri = Uri::parse(b"sip:@h").unwrap();
    let sip = uri.sip().unwrap();
    assert!(sip.user().is_none() && sip.full_user().is_none() && sip.decoded_user().is_none());
    assert_eq!((sip.host(), uri.number()), ("h".into(), None));
    assert_eq!(uri.check().unwrap_err().kind(), ErrorKind::Uri);
    let bytes = invite("P-Asserted-Identity: <sip:@h>, <sip:9@h>");
    assert_eq!(identity(&bytes).asserted_number().unwrap(), "9");
}

#[test]
fn the_caller_of_the_platform_is_a_bare_number() {
    let bytes = invite("X-CALLERNO: 09000000001\r\nX-DID: +91 80-0000-0001\r\nX-UUI: order 17");
    let who = identity(&bytes);
    assert_eq!(who.callerno().unwrap().number().unwrap(), "09000000001");
    assert_eq!(who.did().unwrap().number().unwrap(), "+91 80-0000-0001");
    assert_eq!(who.uui().unwrap().number(), None);
    let bytes = invite("X-CALLERNO: <sip:9@h>\r\nX-DID: tel:+911\r\nUser-to-User: 0012345");
    let who = identity(&bytes);
    assert_eq!(who.callerno().unwrap().number().unwrap(), "9");
    assert_eq!(who.did().unwrap().number().unwrap(), "+911");
    assert_eq!(who.user_to_user().unwrap().number(), None);
}

#[test]
fn a_name_that_the_crate_knows_is_found_as_one_of_the_platform() {
    let lines = "i: 1@h\r\nUser-to-User: 00C80141\r\ns: order 17\r\nSession-ID: ab\r\n\
                 X-UCID: 5\r\nX-Account: acme\r\nf: <sip:9@h>";
    let bytes = invite(lines);
    let read = |names: IdentityNames<'_>| {
        let who = names.read(&bytes);
        let text = |found: Option<&sip_ucid::IdentityHeader<'_>>| {
            found.map_or_else(|| "-".to_owned(), |found| found.value().to_string())
        };
        [who.ucid(), who.callerno(), who.did(), who.account(), who.uui()].map(text)
    };
    let usual = IdentityNames::default();
    assert_eq!(read(usual), ["5", "-", "-", "acme", "-"]);
    for name in ["Call-ID", "call-id", "i", "I"] {
        assert_eq!(read(IdentityNames { ucid: name, ..usual })[0], "1@h", "{name}");
    }
    assert_eq!(read(IdentityNames { uui: "User-to-User", ..usual })[4], "00C80141");
    assert_eq!(read(IdentityNames { uui: "Subject", ..usual })[4], "order 17");
    assert_eq!(read(IdentityNames { uui: "s", ..usual })[4], "order 17");
    assert_eq!(read(IdentityNames { did: "Session-ID", ..usual })[2], "ab");
    assert_eq!(read(IdentityNames { callerno: "From", ..usual })[1], "<sip:9@h>");
    let two = IdentityNames { ucid: "Call-ID", did: "Call-ID", ..usual };
    assert_eq!(read(two), ["1@h", "-", "1@h", "acme", "-"]);
    let swapped = IdentityNames { ucid: "X-ACCOUNT", account: "X-UCID", ..usual };
    assert_eq!(read(swapped), ["acme", "-", "-", "5", "-"]);
    assert_eq!(read(IdentityNames { ucid: "", ..usual })[0], "-");
}

#[test]
fn a_header_taken_for_one_of_the_platform_keeps_its_own_place() {
    let bytes = invite("User-to-User: 00FA080019001038F725B3;encoding=hex\r\nf: <sip:9@h>");
    let names = IdentityNames { uui: "User-to-User", callerno: "f", ..IdentityNames::default() };
    let who = names.read(&bytes);
    assert_eq!(who.uui(), who.user_to_user());
    assert_eq!(who.callerno(), who.from());
    assert!(who.user_to_user().is_some() && who.avaya_ucid().is_some());
    assert_eq!(who.callerno().unwrap().number().unwrap(), "9");
}

#[test]
fn a_line_without_a_name_is_found_under_no_name() {
    let bytes = invite("no colon\r\n: nameless");
    let names = IdentityNames { ucid: "", uui: " ", ..IdentityNames::default() };
    assert!(names.read(&bytes).ucid().is_none() && names.read(&bytes).uui().is_none());
}

#[test]
fn privacy_in_a_second_line_or_behind_a_comma_is_seen() {
    for lines in [
        "Privacy: id",
        "Privacy: user\r\nPrivacy: id",
        "Privacy: user, id",
        "Privacy: user;id",
        "Privacy: header;critical,\r\n ID",
        "Privacy:\r\nPrivacy: user\r\nX: y\r\nprivacy: session ; id",
    ] {
        let bytes = invite(lines);
        let privacy = head(&bytes).privacy();
        assert!(privacy.has("id") && privacy.has("Id") && !privacy.has("none"), "{lines}");
    }
    let bytes = invite("Privacy: user,, id;\r\nPrivacy: ;critical");
    let all: Vec<_> = head(&bytes).privacy().collect();
    assert_eq!(all, ["user", "id", "critical"]);
    assert_eq!(head(&invite("X: id")).privacy().count(), 0);
    assert_eq!(Privacy::new(b"").count() + Privacy::new(b" , ;").count(), 0);
}

#[test]
fn an_ipv6_address_without_brackets_is_read_whole_or_not_at_all() {
    for (text, host, port) in [
        ("2001:db8::10", "2001:db8::10", None),
        ("2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:1", None),
        ("2001:db8:0:0:0:0:0:1:5060", "2001:db8:0:0:0:0:0:1", Some(5060)),
        ("2001:db8::ffff:192.0.2.1", "2001:db8::ffff:192.0.2.1", None),
        ("2001:db8::ffff:192.0.2.1:5070", "2001:db8::ffff:192.0.2.1", Some(5070)),
        ("2001:db8::9:face", "2001:db8::9:face", None),
        ("2001:db8::9:99999", "", None),
        // The last group may be a port.
        ("2001:db8::9:5060", "", None),
        ("host:50:60", "", None),
        ("1:2:3", "", None),
    ] {
        let unclear = host.is_empty();
        for end in ["", ";transport=udp", "?a=b"] {
            let uri = format!("sip:9000000001@{text}{end}");
            let uri = Uri::parse(uri.as_bytes()).unwrap();
            let sip = uri.sip().unwrap();
            assert_eq!((sip.host(), sip.port()), (host.into(), port), "{text}{end}");
            assert_eq!(sip.is_ipv6(), !unclear, "{text}");
            assert_eq!(uri.number().unwrap(), "9000000001", "{text}");
            assert_eq!(uri.check().unwrap_err().kind(), ErrorKind::Host, "{text}");
        }
        let via = format!("SIP/2.0/UDP {text} ;branch=z9hG4bK1");
        let via = Via::parse(via.as_bytes()).unwrap();
        assert_eq!((via.host(), via.port()), (host.into(), port), "{text}");
        assert_eq!((via.sent_by(), via.branch().unwrap()), (text.into(), "z9hG4bK1".into()));
        assert_eq!(via.check().unwrap_err().kind(), ErrorKind::Host, "{text}");
    }
    let uri = Uri::parse(b"sip:[2001:db8::9]:50:60").unwrap();
    assert_eq!((uri.host().unwrap(), uri.sip().unwrap().port()), ("2001:db8::9".into(), None));
    caller_is("<sip:9000000001@2001:db8::9:5060>;tag=1", Some("9000000001"));
}

#[test]
fn a_tab_in_a_reason_phrase_is_valid_and_can_be_written() {
    let mut room = [0; 256];
    let mut out = SliceOutput::new(&mut room);
    let from = Text::new(b"<sip:a@h>;tag=1");
    let mut writer = Writer::response(&mut out, 404, "Not\tFound").unwrap();
    writer.echo(Name::Via, Text::new(b"SIP/2.0/UDP h;branch=z9hG4bK1")).unwrap();
    writer.echo(Name::From, from).unwrap().echo(Name::To, from).unwrap();
    writer.call_id("1").unwrap().cseq(1, "INVITE").unwrap().finish("", b"").unwrap();
    let message = Message::datagram(out.written()).unwrap();
    assert_eq!(message.validate().next(), None);
    for reason in ["Not\nFound", "Not\rFound", "Not\0Found"] {
        let refused = Writer::response(&mut out, 404, reason).unwrap_err();
        assert_eq!(refused, WriteError::Value, "{reason:?}");
    }
}

#[test]
fn latin_1_is_echoed_octet_for_octet() {
    let request = b"BYE sip:a@example.test SIP/2.0\r\n\
        v: SIP/2.0/UDP h;branch=z9hG4bK1;x=\"\xE9\"\r\n\
        f: \"M\xFCller, J\"\r\n\t <sip:9@h>;tag=\xDF\r\nt: Caf\xE9 <sip:b@h>\r\n\
        i: 1\xFF@h\r\nCSeq: 1 BYE\r\n\r\n";
    let request = head(request);
    let mut room = [0; 256];
    let mut out = SliceOutput::new(&mut room);
    let mut writer = Writer::response(&mut out, 200, "OK").unwrap();
    for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
        writer.echo(name, request.value(name).unwrap()).unwrap();
    }
    writer.finish("", b"").unwrap();
    let expected = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1;x=\"\xE9\"\r\n\
        From: \"M\xFCller, J\" <sip:9@h>;tag=\xDF\r\nTo: Caf\xE9 <sip:b@h>\r\n\
        Call-ID: 1\xFF@h\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(out.written(), expected);
}

#[test]
fn what_cannot_be_a_value_is_not_echoed() {
    let mut out = Vec::new();
    let mut writer = Writer::response(&mut out, 200, "OK").unwrap();
    let mut refused = |value: &[u8]| writer.echo(Name::From, Text::new(value)).unwrap_err();
    for value in [&b"a\r\nX: y"[..], b"a\nX: y", b"a\rb", b"a\0", b" a", b"a\r\n ", b"a\r\n \nb"] {
        assert_eq!(refused(value), WriteError::Value, "{}", value.escape_ascii());
    }
    let refused = writer.echo(Name::ContentLength, Text::new(b"1")).unwrap_err();
    assert_eq!(refused, WriteError::Length);
    assert_eq!(out, b"SIP/2.0 200 OK\r\n");
}

#[test]
fn a_nul_between_messages_is_no_part_of_the_next() {
    for between in [&b"\r\n\0"[..], b"\0", b"\r\n\r\n\0", b"\0\0\r\n", b"\n\0"] {
        let bye = b"BYE sip:a@h SIP/2.0\r\nl: 0\r\n\r\n";
        let stream = [between, bye, between, bye].concat();
        let (mut framer, mut rest, mut methods) = (Framer::new(), &stream[..], Vec::new());
        while !rest.is_empty() {
            match framer.next(rest).unwrap() {
                Frame::Message(message) => methods.push(message.method().to_string()),
                Frame::KeepAlive { .. } => {}
                Frame::Partial => panic!("the stream holds two messages"),
            }
            rest = &rest[framer.consumed()..];
        }
        assert_eq!(methods, ["BYE", "BYE"], "{}", between.escape_ascii());
    }
}

#[test]
fn an_empty_header_of_the_platform_hides_neither_the_next_nor_from() {
    let bytes = invite("X-CALLERNO:\r\nX-UCID: \r\nFrom: <sip:9@h>\r\nX-UCID: 90174967305497");
    let summary = call(&bytes);
    assert_eq!((summary.caller, summary.source), (Some(Text::from("9")), Name::From));
    assert_eq!(summary.ucid.unwrap(), "90174967305497");
    assert_eq!(sip_ucid::ucid(&bytes).unwrap(), "90174967305497");
    let who = identity(&bytes);
    assert_eq!(who.ucid().unwrap().value(), "90174967305497");
    assert_eq!(who.from().unwrap().number().unwrap(), "9");
    assert_eq!(who.callerno().unwrap().value(), "");
    let bytes = invite("X-CALLERNO:\r\nX-CALLERNO: 09000000001\r\nX-UCID:");
    let summary = call(&bytes);
    assert_eq!((summary.caller.unwrap(), summary.ucid), (Text::from("09000000001"), None));
    assert_eq!(identity(&bytes).callerno().unwrap().number().unwrap(), "09000000001");
    let bytes = invite("From:\r\nFrom: <sip:9@h>");
    assert_eq!(call(&bytes).caller, identity(&bytes).from().unwrap().number());
    assert_eq!(call(&bytes).caller.unwrap(), "9");
}
