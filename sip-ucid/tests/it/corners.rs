//! The last byte, the longest month, the shortest value: where an off-by-one would hide.

use sip_ucid::{
    Address, CSeq, ContentType, Date, ErrorKind, Frame, Framer, Head, Headers, IdentityNames,
    Leniency, Message, Name, PercentDecode, Reason, SessionId, StartLine, Text, Unescape, Uri,
    UserToUser, Via, call, ucid,
};

fn head(lines: &str) -> String {
    format!("INVITE sip:a@h.test SIP/2.0\r\n{lines}\r\n")
}

#[test]
fn nothing_is_read_beyond_the_empty_line() {
    let body = "X-UCID: 17\r\nX-CALLERNO: 1\r\nf: <tel:2>\r\n\r\n";
    for end in ["\r\n", "\n"] {
        let text = format!("INVITE sip:a@h.test SIP/2.0{end}To: <tel:3>{end}{end}{body}");
        assert_eq!(ucid(text.as_bytes()), None);
        let found = call(text.as_bytes());
        assert_eq!((found.ucid, found.caller, found.source), (None, None, Name::Other));
        assert!(sip_ucid::identity(text.as_bytes()).from().is_none());
        assert_eq!(Headers::new(text.as_bytes()).count(), 1);
    }
    let strange = head("\rX: 1\r\nX-UCID: 17\r\nF: <sip:1;x=y@h.test>\r\nx-CALLERNO:\r\n");
    assert_eq!(ucid(strange.as_bytes()).unwrap(), "17");
    assert_eq!(call(strange.as_bytes()).caller.unwrap(), "1");
    let from = head("T: <tel:9>\r\nF: <sip:1;x=y@h.test>\r\n");
    assert_eq!(call(from.as_bytes()).caller.unwrap(), "1");
    let password = head("from: sip:1:pw@h.test\r\n");
    assert_eq!(call(password.as_bytes()).caller.unwrap(), "1");
}

#[test]
fn names_of_ones_own_replace_those_of_the_platform() {
    let names =
        IdentityNames { ucid: "A-1", callerno: "A-2", did: "A-3", account: "A-4", uui: "A-5" };
    let text = head(
        "a-5: five\r\nA-4: four\r\nA-3: three\r\na-2: two\r\na-1: one\r\na-1: two\r\nX-UCID: 17\r\n\
         X-DID: 9\r\nFrom: <tel:2>\r\nDiversion: <tel:3>\r\n",
    );
    let found = names.read(text.as_bytes());
    let values = [found.ucid(), found.callerno(), found.did(), found.account(), found.uui()];
    let values: Vec<_> = values.iter().map(|found| found.unwrap().value()).collect();
    assert_eq!(values, ["one", "two", "three", "four", "five"]);
    assert_eq!((found.ucid().unwrap().count(), found.did().unwrap().count()), (2, 1));
    assert_eq!(found.from().unwrap().number().unwrap(), "2");
    assert_eq!(found.diversion().unwrap().value(), "<tel:3>");
    let usual = sip_ucid::identity(text.as_bytes());
    assert_eq!(usual.ucid().unwrap().value(), "17");
    let one = IdentityNames { uui: "A-5", ..IdentityNames::default() }.read(text.as_bytes());
    assert_eq!(
        (one.ucid().unwrap().value(), one.uui().unwrap().value()),
        ("17".into(), "five".into())
    );
}

#[test]
fn errors_say_at_which_byte() {
    let at = |value: &str, leniency| {
        Address::parse_with(value.as_bytes(), leniency).map_err(sip_ucid::Error::at).unwrap_err()
    };
    let strict = Leniency::default() - Leniency::LOOSE_CHARACTERS;
    assert_eq!(at("<sip:a@h>, x", Leniency::default()), 9);
    assert_eq!(at("<sip:a@h>  x", strict), 11);
    assert_eq!(at(" \"open", Leniency::default()), 1);
    assert_eq!(CSeq::parse(b"12 B(E").map_err(sip_ucid::Error::at), Err(3));
    assert_eq!(Via::parse(b"SIP/2.0/UDP ;x").map_err(sip_ucid::Error::at), Err(12));
    assert_eq!(Via::parse(b"SIP").map_err(sip_ucid::Error::at), Err(0));
    assert_eq!(Uri::parse(b"sips:a@[::1").map_err(sip_ucid::Error::at), Err(7));
}

#[test]
fn lists_go_on_after_what_is_empty_or_broken() {
    let text = head("m: , <sip:a@h>, ,sip:b@h#,\r\nm:\r\nm: \"open <sip:c@h>\r\nm: <sip:d@h>\r\n");
    let head = Head::parse(text.as_bytes()).unwrap().complete().unwrap();
    let uris: Vec<_> = head.addresses(Name::Contact).flatten().map(|it| it.uri()).collect();
    assert_eq!(uris, ["sip:a@h", "sip:b@h#", "sip:d@h"]);
    let strict = Leniency::default() - Leniency::LOOSE_CHARACTERS;
    let head = Head::parse_with(text.as_bytes(), strict).unwrap().complete().unwrap();
    assert_eq!(head.addresses(Name::Contact).flatten().count(), 2);
    assert_eq!(head.contacts().filter(Result::is_err).count(), 2);
    let vias = "INVITE sip:a@h SIP/2.0\r\nv: SIP/2.0/UDP a, ,SIP/2.0/UDP b,\r\n\r\n";
    let count = |leniency| {
        let head = Head::parse_with(vias.as_bytes(), leniency).unwrap().complete().unwrap();
        (head.vias().flatten().count(), head.vias().filter(Result::is_err).count())
    };
    assert_eq!(count(Leniency::default()), (2, 0));
    assert_eq!(count(Leniency::default() - Leniency::EMPTY_ELEMENTS), (2, 2));
}

#[test]
fn commas_in_brackets_part_nothing() {
    let text = head("History-Info: one <a,b>;x=\"c,d\" , two<e,f>g,\r\nHistory-Info: <open, h\r\n");
    let head = Head::parse(text.as_bytes()).unwrap().complete().unwrap();
    let elements: Vec<_> = head.elements(Name::HistoryInfo).filter(|it| !it.is_empty()).collect();
    assert_eq!(elements, ["one <a,b>;x=\"c,d\"", "two<e,f>g", "<open, h"]);
}

#[test]
fn a_name_that_is_nearly_known_is_unknown() {
    let known = [
        Name::Via,
        Name::From,
        Name::To,
        Name::CallId,
        Name::CSeq,
        Name::Contact,
        Name::MaxForwards,
        Name::ContentLength,
        Name::ContentType,
        Name::PAssertedIdentity,
        Name::RemotePartyId,
        Name::Diversion,
        Name::UserToUser,
        Name::HistoryInfo,
        Name::SessionId,
        Name::RecordRoute,
        Name::Route,
        Name::Authorization,
        Name::WwwAuthenticate,
        Name::ProxyAuthenticate,
        Name::Supported,
        Name::Require,
        Name::Expires,
        Name::Date,
        Name::XUcid,
        Name::XCallerno,
        Name::XDid,
        Name::XAccount,
        Name::XUui,
        Name::RequestDisposition,
        Name::SubscriptionState,
    ];
    let read = |name: &[u8]| {
        let line = [b"SIP/2.0 200 OK\r\n", name, b": something\r\n\r\n"].concat();
        Headers::new(&line).next().unwrap().map_or(Name::Other, |header| header.known())
    };
    let is_known =
        |name: &[u8]| known.iter().any(|it| it.as_str().as_bytes().eq_ignore_ascii_case(name));
    for name in known {
        let text = name.as_str().as_bytes();
        assert_eq!(read(text), name);
        for at in 0..text.len() {
            for byte in (b'!'..=b'~').filter(|byte| *byte != b':') {
                let mut near = text.to_vec();
                near[at] = byte;
                if !is_known(&near) {
                    let found = read(&near);
                    let other = found.as_str().as_bytes().eq_ignore_ascii_case(&near);
                    assert!(found == Name::Other || other, "{}", String::from_utf8_lossy(&near));
                }
            }
        }
    }
}

#[test]
fn dates_keep_to_the_calendar() {
    let date = |text: &str| Date::parse(format!("Mon, {text} GMT").as_bytes()).ok();
    let good = [
        ("31 Jan 1970 00:00:00", 2_592_000),
        ("28 Feb 1970 00:00:00", 5_011_200),
        ("01 Mar 1970 00:00:00", 5_097_600),
        ("29 Feb 2000 12:00:00", 951_825_600),
        ("29 Feb 2024 23:59:59", 1_709_251_199),
        ("31 Dec 1999 23:59:60", 946_684_800),
        ("30 Apr 2023 00:00:00", 1_682_812_800),
        ("31 Aug 2100 00:00:00", 4_123_353_600),
        ("01 Jan 0001 00:00:00", -62_135_596_800),
    ];
    for (text, seconds) in good {
        assert_eq!(date(text).unwrap().unix_seconds(), seconds, "{text}");
    }
    let bad = [
        "29 Feb 1900 00:00:00",
        "29 Feb 2023 00:00:00",
        "29 Feb 2100 00:00:00",
        "30 Feb 2024 00:00:00",
        "31 Apr 2023 00:00:00",
        "31 Jun 2023 00:00:00",
        "31 Sep 2023 00:00:00",
        "31 Nov 2023 00:00:00",
        "32 Jan 2023 00:00:00",
        "00 Jan 2023 00:00:00",
        "01 Jan 2023 24:00:00",
        "01 Jan 2023 00:60:00",
        "01 Jan 2023 00:00:61",
    ];
    for text in bad {
        assert_eq!(date(text), None, "{text}");
    }
    assert!(Date::parse(b"Xxx, 01 Jan 2023 00:00:00 GMT").is_err());
}

#[test]
fn the_framers_limits_are_exact() {
    let bytes = b"BYE sip:a@example.test SIP/2.0\r\nl: 3\r\n\r\nabc";
    let next = |max_head, max_body, len: usize| {
        Framer::with_limits(max_head, max_body).next(&bytes[..len]).map_err(sip_ucid::Error::kind)
    };
    assert!(matches!(next(40, 3, 43), Ok(Frame::Message(_))));
    assert!(matches!(next(39, 3, 43), Err(ErrorKind::TooLong)));
    assert!(matches!(next(40, 2, 43), Err(ErrorKind::TooLong)));
    assert!(matches!(next(20, 3, 20), Ok(Frame::Partial)));
    assert!(matches!(next(19, 3, 20), Err(ErrorKind::TooLong)));
    assert!(matches!(next(40, 3, 42), Ok(Frame::Partial)));
}

#[test]
fn a_line_feed_before_everything_is_no_start_line() {
    let bytes = b"\nBYE sip:a@h SIP/2.0\r\nX: 1\r\n\r\n";
    assert_eq!(Head::parse(bytes).unwrap().complete().unwrap().at(), 1);
    let strict = Head::parse_with(bytes, Leniency::NONE).unwrap().complete().unwrap();
    assert_eq!((strict.method(), strict.is_valid()), ("\nBYE".into(), false));
    assert!(Message::datagram(b"\n").is_err() && Message::datagram(b"\r").is_err());
}

/// Text with each run of replacement characters as one: how many there are is a matter of taste.
fn whole(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars.dedup_by(|one, other| *one == '\u{FFFD}' && one == other);
    chars.into_iter().collect()
}

#[test]
fn text_shows_as_the_library_would_show_it() {
    let pieces: [&[u8]; 9] = [
        b"a",
        b"\xc3",
        b"\xa9",
        b"\xe0\xa4\xa8",
        b"\xe0\xa4",
        b"\xf0\x9f",
        b"\x98\x80",
        b"\xff",
        b"\"",
    ];
    for one in pieces {
        for two in pieces {
            for three in pieces {
                let bytes = [one, two, three].concat();
                let shown = String::from_utf8_lossy(&bytes);
                assert_eq!(Text::new(&bytes).to_string(), shown);
                let unquoted = Unescape::new(&bytes).to_string();
                assert!(one == b"\"" || whole(&unquoted) == whole(&shown), "{bytes:?}");
                assert_eq!(
                    whole(&PercentDecode::new(&bytes).to_string()),
                    whole(&shown),
                    "{bytes:?}"
                );
            }
        }
    }
    assert_eq!(Unescape::new(br"a\b").to_string(), r"a\b");
    assert_eq!(Unescape::new(b"\"a\r\n \t b\\\r\"").to_string(), "a b\r");
    assert_eq!(Unescape::new(b"a\n\tb").to_string(), "a b");
}

#[test]
fn flags_join_and_part() {
    let both = Leniency::BARE_LF | Leniency::BARE_LF | Leniency::EMPTY_ELEMENTS;
    assert!(both.has(Leniency::BARE_LF) && both.has(Leniency::EMPTY_ELEMENTS));
    assert!(!(both - Leniency::BARE_LF - Leniency::BARE_LF).has(Leniency::BARE_LF));
}

#[test]
fn small_values_need_all_their_parts() {
    for bad in ["text/", "/plain", "te xt/plain", "text/pl(ain"] {
        assert!(ContentType::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(!ContentType::parse(b"text/html").unwrap().is("text", "plain"));
    let digits = "ab30317f1a784dc48ff824d0d3715d86";
    let zeros = "0".repeat(32);
    let id = |text: String| SessionId::parse(text.as_bytes()).is_ok();
    assert!(id(format!("{digits};remote={zeros}")) && id(format!("{digits} ; x=y")));
    assert!(!id(format!("{digits}0")) && !id(format!("{digits};remote={digits}0")));
    assert!(!id(digits.replace('a', "g")) && !id(format!("{digits};remote=1")));
    let cause = |text: &str| Reason::parse(text.as_bytes()).unwrap().cause();
    assert_eq!((cause("SIP;cause=65535"), cause("SIP;cause=65536")), (Some(65_535), None));
    assert!(Reason::parse(b"S(P;cause=1").is_err());
    let uui = |text: &str| UserToUser::parse(text.as_bytes()).unwrap().discriminator();
    assert_eq!((uui("FF;pd=4"), uui("FF;pd=a7"), uui("FF;pd=123")), (Some(4), Some(0xA7), None));
    assert_eq!((uui("fF00"), uui("xy00")), (Some(0xFF), None));
}

#[test]
fn start_lines_are_cut_at_their_spaces() {
    let kind =
        |line: &'static str| StartLine::parse(line.as_bytes()).map_err(sip_ucid::Error::kind);
    for line in [" sip:a@h SIP/2.0", "BYE  SIP/2.0", "SIP/2.0", "SIP/2.0  "] {
        assert_eq!(kind(line), Err(ErrorKind::StartLine), "{line}");
    }
    let status =
        |line: &'static str, leniency| match StartLine::parse_with(line.as_bytes(), leniency) {
            Ok(StartLine::Status(line)) => Some(line),
            _ => None,
        };
    let short = status("SIP/2.0 200", Leniency::default()).unwrap();
    assert_eq!((short.code().unwrap(), short.reason()), (200, "".into()));
    assert!(status("SIP/2.0 200", Leniency::NONE).is_none());
    let bad = status("SIP/2.0 99 No", Leniency::NONE).unwrap();
    assert_eq!(bad.code().map_err(sip_ucid::Error::at), Err(8));
    let at = StartLine::parse(b"SIP/2.0  ").map_err(sip_ucid::Error::at);
    assert_eq!(at, Err(8));
    for line in ["BYE sip:a@h SIP/2.0", "SIP/2.0 404 Not Found"] {
        assert_eq!(StartLine::parse(line.as_bytes()).unwrap().to_string(), line);
    }
}

#[test]
fn uris_tell_their_kind() {
    assert!(matches!(Uri::parse(b"x:y"), Ok(Uri::Other(text)) if text == *"x:y"));
    assert_eq!(Uri::parse(b"x:").unwrap_err().kind(), ErrorKind::Uri);
    let plain = Uri::parse(b"sip:a@h").unwrap();
    assert!(!plain.sip().unwrap().is_secure() && !plain.sip().unwrap().is_ipv6());
    for (text, kind) in [
        ("sip:a@h?=x", ErrorKind::Uri),
        ("sip:a@h?x", ErrorKind::Uri),
        ("sip:a@h?{=1", ErrorKind::Uri),
        ("sip:a@h?x={", ErrorKind::Uri),
        ("sip:h;=x", ErrorKind::Parameter),
        ("sip:h;x=", ErrorKind::Parameter),
        ("sip:h;x=%zz", ErrorKind::Parameter),
        ("sip:h;x={", ErrorKind::Parameter),
        ("sip:%@h", ErrorKind::Uri),
        ("sip:a%4z@h", ErrorKind::Uri),
        ("sip:a%z4@h", ErrorKind::Uri),
    ] {
        assert_eq!(
            Uri::parse(text.as_bytes()).unwrap().check().unwrap_err().kind(),
            kind,
            "{text}"
        );
    }
    let control = Address::parse_with(b"\"\x07\" <sip:a@h>", Leniency::NONE);
    assert_eq!(control.unwrap_err().kind(), ErrorKind::DisplayName);
    let quoted = UserToUser::parse(b"\"a;b\";purpose=x").unwrap();
    assert_eq!((quoted.data(), quoted.purpose()), ("a;b".into(), "x".into()));
}

#[test]
fn text_compares_with_what_one_has_at_hand() {
    let text = Text::from(&b"abc"[..]);
    assert!(text == *"abc" && text != *"abd" && text == b"abc"[..] && text != b"abd"[..]);
    let marked = head("X-UCID: \x0117\x01\r\nMax-Forwards:\r\ni: 1\r\nCall-ID: 2\r\n");
    assert_eq!(ucid(marked.as_bytes()).unwrap(), "\x0117\x01");
    let head = Head::parse(marked.as_bytes()).unwrap().complete().unwrap();
    assert_eq!(head.max_forwards().unwrap_err().kind(), ErrorKind::Number);
    let ids: Vec<_> = head.all_of("call-id").map(|header| header.value()).collect();
    assert_eq!(ids, ["1", "2"]);
}

#[cfg(feature = "alloc")]
#[test]
fn a_vector_takes_what_is_written() {
    let mut bytes = Vec::new();
    sip_ucid::Writer::response(&mut bytes, 200, "OK").unwrap().finish("", b"x").unwrap();
    assert_eq!(bytes, b"SIP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nx");
    assert!(!sip_ucid::WriteError::Full.to_string().is_empty());
}
