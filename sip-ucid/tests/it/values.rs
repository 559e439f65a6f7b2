//! Tables of values: what is read, what is forgiven under which flag, and what is not.

use sip_ucid::{
    Address, CSeq, ErrorKind, Head, Leniency, Message, Name, Status, Uri, UserToUser, Via,
    identity, is_cloudagent_ucid, same_number,
};

fn head(lines: &str) -> Vec<u8> {
    format!("INVITE sip:a@example.test SIP/2.0\r\n{lines}\r\n\r\n").into_bytes()
}

#[test]
fn uris_are_cut_where_the_grammar_cuts_them() {
    // user, user parameters, password, host, port, parameters, headers
    let table = [
        ("sip:h", (None, "", None, "h", None, "", "")),
        ("sip:u@h:5", (Some("u"), "", None, "h", Some(5), "", "")),
        ("SIPS:u:p@h;lr?a=b", (Some("u"), "", Some("p"), "h", None, ";lr", "a=b")),
        ("sip:u;x=1;y:p@[::1]:70000", (Some("u"), ";x=1;y", Some("p"), "::1", None, "", "")),
        ("sip:a,b?c;d@h", (Some("a,b?c"), ";d", None, "h", None, "", "")),
        ("sip:+91;phone-context=x@h", (Some("+91"), ";phone-context=x", None, "h", None, "", "")),
        ("sip:a#b@1abc.d_e", (Some("a#b"), "", None, "1abc.d_e", None, "", "")),
    ];
    for (text, (user, user_params, password, host, port, params, headers)) in table {
        let uri = Uri::parse(text.as_bytes()).unwrap();
        let sip = uri.sip().unwrap();
        assert_eq!(sip.user().map(|it| it.to_string()).as_deref(), user, "{text}");
        assert_eq!(sip.user_params().as_text(), user_params, "{text}");
        assert_eq!(sip.password().map(|it| it.to_string()).as_deref(), password, "{text}");
        assert_eq!((sip.host(), sip.port()), (host.into(), port), "{text}");
        assert_eq!(sip.params().as_text(), params, "{text}");
        assert_eq!(sip.headers(), headers, "{text}");
    }
    for bad in ["", "sip:", "sip:@", "sip:[::1", "nocolon", ":x", "1a:x", "a b:c", "http:"] {
        assert!(Uri::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn uris_are_checked_to_the_letter() {
    let good = [
        "sip:a@1.2.3.4",
        "sip:a@0a1b2c3d4e5f",
        "sip:%61@h.",
        "sip:h;transport=tcp;lr",
        "sip:a@h?Subject=&x=1",
        "sip:[2001:db8::9:1]",
        "sip:[::]",
        "sip:[::ffff:1.2.3.4]",
        "sip:[2001:db8:::192.0.2.1]",
        "sip:[1:2:3:4:5:6:7:8]",
        "tel:+91-80.(1)",
        "tel:*31#;phone-context=+91",
        "tel:#",
        "tel:0A-1;ext=1;x-y=a%20(b)[]/:&+$;z",
        "soap.beep://192.0.2.103:3002",
        "urn:uuid:1",
    ];
    for text in good {
        assert_eq!(Uri::parse(text.as_bytes()).unwrap().check(), Ok(()), "{text}");
    }
    let bad = [
        ("tel:+91*1", ErrorKind::Uri),
        ("tel:+91A", ErrorKind::Uri),
        ("tel:G", ErrorKind::Uri),
        ("tel:(-)", ErrorKind::Uri),
        ("tel:1;x(=1", ErrorKind::Parameter),
        ("tel:1;x=1#", ErrorKind::Parameter),
        ("tel:1;=1", ErrorKind::Parameter),
        ("tel:1;x=", ErrorKind::Parameter),
        ("urn:uuid:1#", ErrorKind::Uri),
        ("sip:2001:db8::10", ErrorKind::Host),
        ("sip:a@h:99999", ErrorKind::Port),
        ("sip:a@h:", ErrorKind::Port),
        ("sip:@h", ErrorKind::Uri),
        ("sip:a b@h", ErrorKind::Uri),
        ("sip:a%4@h", ErrorKind::Uri),
        ("sip:a%zz@h", ErrorKind::Uri),
        ("sip:a#b@h", ErrorKind::Uri),
        ("sip:a:p;q@h", ErrorKind::Uri),
        ("sip:a@h_i", ErrorKind::Host),
        ("sip:a@-h", ErrorKind::Host),
        ("sip:a@h-", ErrorKind::Host),
        ("sip:a@h..i", ErrorKind::Host),
        ("sip:a@b@c", ErrorKind::Host),
        ("sip:[]", ErrorKind::Host),
        ("sip:[1::2::3]", ErrorKind::Host),
        ("sip:[1:2:3]", ErrorKind::Host),
        ("sip:[1:2:3:4:5:6:7:8:9]", ErrorKind::Host),
        ("sip:[12345::]", ErrorKind::Host),
        ("sip:[::1.2.3]", ErrorKind::Host),
        ("sip:[::1.2.3.256]", ErrorKind::Host),
        ("sip:[::1]x", ErrorKind::Host),
        ("sip:h;", ErrorKind::Parameter),
        ("sip:h;=1", ErrorKind::Parameter),
        ("sip:h;a=", ErrorKind::Parameter),
        ("sip:h;a=\"", ErrorKind::Parameter),
        ("sip:h?", ErrorKind::Uri),
        ("sip:h?a", ErrorKind::Uri),
        ("tel:", ErrorKind::Uri),
        ("tel:+", ErrorKind::Uri),
        ("tel:12 3", ErrorKind::Uri),
        ("tel:1;;x", ErrorKind::Parameter),
        ("http:a b", ErrorKind::Uri),
    ];
    for (text, kind) in bad {
        let error = Uri::parse(text.as_bytes()).unwrap().check().unwrap_err();
        assert_eq!(error.kind(), kind, "{text}");
    }
}

#[test]
fn each_leniency_forgives_its_own_and_no_more() {
    let table = [
        ("Doe, J <sip:a@h>", Leniency::UNQUOTED_DISPLAY, ErrorKind::DisplayName),
        ("< sip:a@h >", Leniency::BRACKET_SPACES, ErrorKind::Uri),
        ("sip:a@h?x=y", Leniency::BARE_URI_HEADERS, ErrorKind::Uri),
        ("<sip:a@h> x", Leniency::LOOSE_CHARACTERS, ErrorKind::Parameter),
        ("<sip:a#b@h>", Leniency::LOOSE_CHARACTERS, ErrorKind::Uri),
        ("<sip:a@my_host>", Leniency::LOOSE_CHARACTERS, ErrorKind::Host),
        ("<sip:a@h>;x=a b", Leniency::LOOSE_CHARACTERS, ErrorKind::Parameter),
        ("<sip:a@h>;tag=a:b", Leniency::LOOSE_CHARACTERS, ErrorKind::Parameter),
        ("<sip:a@h>;tag=[::1", Leniency::LOOSE_CHARACTERS, ErrorKind::Parameter),
        ("<sip:a@h>;;x", Leniency::EMPTY_ELEMENTS, ErrorKind::Parameter),
        ("sip:a@h; ;x=y;", Leniency::EMPTY_ELEMENTS, ErrorKind::Parameter),
    ];
    for (value, flag, kind) in table {
        let read = |leniency| Address::parse_with(value.as_bytes(), leniency);
        assert!(read(Leniency::default()).is_ok(), "{value}");
        assert!(read(flag).is_ok(), "{value}");
        assert_eq!(read(Leniency::NONE).unwrap_err().kind(), kind, "{value}");
        assert_eq!(read(Leniency::default() - flag).unwrap_err().kind(), kind, "{value}");
        assert!((Leniency::NONE | flag).has(flag) && !Leniency::NONE.has(flag));
    }
    let bytes = head("m: <sip:a@h>, ,<sip:b@h>");
    let count = |leniency| {
        let head = Head::parse_with(&bytes, leniency).unwrap().complete().unwrap();
        head.contacts().filter(Result::is_err).count()
    };
    assert_eq!((count(Leniency::default()), count(Leniency::NONE)), (0, 1));
    let vias = [
        ("SIP/2.0/UDP h;;x", Leniency::EMPTY_ELEMENTS, ErrorKind::Parameter),
        ("SIP/2.0/U(P h", Leniency::LOOSE_CHARACTERS, ErrorKind::Via),
        ("SIP/2.0/UDP my_host", Leniency::LOOSE_CHARACTERS, ErrorKind::Host),
        ("SIP/2.0/UDP h:66666", Leniency::LOOSE_CHARACTERS, ErrorKind::Port),
        ("SIP/2.0/UDP h;x=(", Leniency::LOOSE_CHARACTERS, ErrorKind::Parameter),
    ];
    for (value, flag, kind) in vias {
        let read = |leniency| Via::parse_with(value.as_bytes(), leniency);
        assert!(read(flag).is_ok(), "{value}");
        assert_eq!(read(Leniency::default() - flag).unwrap_err().kind(), kind, "{value}");
        assert_eq!(Via::parse(value.as_bytes()).unwrap().check().unwrap_err().kind(), kind);
    }
    let strict = Leniency::default() - Leniency::LOOSE_CHARACTERS;
    let bytes = head("m: <sip:a@h>, <sip:a@h#>\r\nm: *");
    let head_of = |leniency| Head::parse_with(&bytes, leniency).unwrap().complete().unwrap();
    assert!(head_of(Leniency::default()).contacts().all(|contact| contact.is_ok()));
    let sound: Vec<bool> = head_of(strict).contacts().map(|contact| contact.is_ok()).collect();
    assert_eq!(sound, [true, false, true]);
    let spaced = b"BYE  sip:a@h  SIP/2.0 \r\n\r\n";
    let start = |leniency| Head::parse_with(spaced, leniency).unwrap().complete().unwrap().start();
    assert!(start(Leniency::START_LINE_SPACES).is_ok());
    assert_eq!(start(Leniency::NONE).unwrap_err().kind(), ErrorKind::StartLine);
    let bare = b"BYE sip:a@h SIP/2.0\nX: 1\n\n";
    assert!(!Head::parse(bare).unwrap().is_partial());
    assert_eq!(Head::parse_with(bare, Leniency::NONE).map(|head| head.is_partial()), Ok(true));
}

#[test]
fn addresses_that_cannot_be_read_say_why() {
    let table = [
        ("\"open <sip:a@h>", ErrorKind::Quote),
        ("\"name\" sip:a@h", ErrorKind::Bracket),
        ("<sip:a@h", ErrorKind::Bracket),
        ("<>", ErrorKind::Uri),
        ("", ErrorKind::Uri),
        (";tag=1", ErrorKind::Uri),
        ("two words", ErrorKind::Uri),
        ("<sip:a@h>, <sip:b@h>", ErrorKind::Parameter),
    ];
    for (value, kind) in table {
        assert_eq!(Address::parse(value.as_bytes()).unwrap_err().kind(), kind, "{value}");
    }
    let quoted =
        Address::parse(b"\"<sip:no@h>;tag=no\" <sip:a@h> ; x = \"a;tag=no\" ;TAG = yes").unwrap();
    assert_eq!((quoted.uri(), quoted.tag().unwrap()), ("sip:a@h".into(), "yes".into()));
}

#[test]
fn vias_are_read_with_their_oddities() {
    let via = Via::parse(b"SIP\r\n / 2.0 /\tUDP  [::1] : 5060 ; TTL=16;maddr=224.2.0.1").unwrap();
    assert_eq!((via.transport(), via.port(), via.ttl()), ("UDP".into(), Some(5060), Some(16)));
    assert_eq!((via.version(), via.maddr().unwrap()), ("2.0".into(), "224.2.0.1".into()));
    assert_eq!(via.check(), Ok(()));
    for received in ["2001:db8::9:255", "[2001:db8::9:255]", "192.0.2.1", "h.test"] {
        let value = format!("SIP/2.0/UDP h;received={received};branch=z9hG4bK1");
        assert!(Via::parse_with(value.as_bytes(), Leniency::NONE).is_ok(), "{received}");
    }
    for bad in ["", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/ h", "SIP/2.0/UDP h x", "SIP/2.0/UDP [::1"] {
        assert_eq!(Via::parse(bad.as_bytes()).unwrap_err().kind(), ErrorKind::Via, "{bad}");
    }
    for bad in [
        "SIP/2.0/UDP h:x",
        "SIP/2.0/UDP h;;",
        "SIP/2.0/UDP h;a=",
        "S P/2.0/UDP h",
        "SIP/2.0/UDP h_i",
    ] {
        assert!(Via::parse(bad.as_bytes()).unwrap().check().is_err(), "{bad}");
        assert!(Via::parse_with(bad.as_bytes(), Leniency::NONE).is_err(), "{bad}");
    }
}

#[test]
fn numbers_never_wrap() {
    assert_eq!(CSeq::parse(b"4294967295 A").unwrap().number(), u32::MAX);
    for bad in ["4294967296 A", "99999999999999999999999 A", "-1 A", "1", "1 A B", "x A", " 1 A"] {
        assert_eq!(CSeq::parse(bad.as_bytes()).unwrap_err().kind(), ErrorKind::CSeq, "{bad}");
    }
    let length = |text: &str| {
        let bytes = head(&format!("l: {text}"));
        let head = Head::parse(&bytes).unwrap().complete().unwrap();
        head.content_length().map_err(sip_ucid::Error::kind)
    };
    assert_eq!(length("0007"), Ok(7));
    assert_eq!(length("4294967295"), Ok(4_294_967_295));
    for bad in ["4294967296", "18446744073709551617", "-1", "+1", "1 1", "0x1", ""] {
        assert_eq!(length(bad), Err(ErrorKind::ContentLength), "{bad}");
    }
    assert_eq!(length("5\r\nContent-Length: 05"), Ok(5));
    assert_eq!(length("5\r\nContent-Length: 6"), Err(ErrorKind::LengthConflict));
}

#[test]
fn the_two_kinds_of_ucid_keep_to_their_own_rule() {
    assert!(is_cloudagent_ucid("1") && is_cloudagent_ucid("0000000000000000001"));
    for bad in ["", "00000000000000000001", "12a", "1 2", "+1"] {
        assert!(!is_cloudagent_ucid(bad), "{bad}");
    }
    let ucid = |value: &str| {
        UserToUser::parse(value.as_bytes()).unwrap().ucid().map(|ucid| ucid.to_string())
    };
    let found = Some("00025000160955721139".to_owned());
    assert_eq!(ucid("00FA080019001038F725B3"), found);
    assert_eq!(ucid("\"04c80141fa080019001038f725b3\";encoding=hex"), found);
    assert_eq!(ucid("FA080019001038F725B3;pd=00;encoding=hex"), found);
    for none in [
        "00FA080019001038F725",
        "00FA0700190010",
        "0FA",
        "zz",
        "00",
        "00C8FF",
        "00FA09001900103800F725B3",
    ] {
        assert_eq!(ucid(none), None, "{none}");
    }
    let all = |lines: &str| identity(&head(lines)).avaya_ucid().map(|ucid| ucid.to_string());
    let one = "User-to-User: 00FA080019001038F725B3";
    assert_eq!(all(one), found);
    assert_eq!(all(&format!("{one};purpose=other")), None);
    assert_eq!(all(&format!("{one};encoding=text")), None);
    assert_eq!(all(&format!("{one}, 00;purpose=other")), found);
    assert_eq!(all(&format!("{one}\r\n{one}")), None);
}

#[test]
fn the_identity_keeps_its_sources_apart() {
    let bytes = head(
        "x-callerno: 09000000001\r\nf: \"X\" <sip:9000000002@h>\r\nX-UUI: a b\r\n\
         Remote-Party-ID: <sip:1@h>;party=called\r\nRemote-Party-ID: <sip:9000000003@h>;party=calling\r\n\
         Diversion: <sip:4@h>, <tel:5>\r\nDiversion: <sip:6@h>",
    );
    let who = identity(&bytes);
    assert_eq!(who.callerno().unwrap().name(), "x-callerno");
    assert_eq!(who.from().unwrap().number().unwrap(), "9000000002");
    assert_eq!(who.uui().unwrap().value(), "a b");
    assert_eq!(who.remote_caller().unwrap().uri(), "sip:9000000003@h");
    assert_eq!(who.diversion().unwrap().number().unwrap(), "4");
    assert_eq!(who.diversions().count(), 3);
    assert!(who.ucid().is_none() && who.did().is_none() && who.account().is_none());
    assert!(who.p_asserted_identity().is_none() && who.user_to_user().is_none());
    let call = sip_ucid::call(&bytes);
    assert_eq!((call.caller.unwrap(), call.source), ("09000000001".into(), Name::XCallerno));
    assert!(same_number(call.caller.unwrap(), "+919000000001"));
    assert_eq!(sip_ucid::call(b"BYE sip:a@h SIP/2.0\r\nf: x\r\n\r\n").source, Name::Other);
}

#[test]
fn names_are_found_in_every_spelling() {
    for (long, compact) in
        [("Call-ID", "i"), ("VIA", "V"), ("content-TYPE", "c"), ("Identity", "y")]
    {
        assert_eq!(Name::from_bytes(long.as_bytes()), Name::from_bytes(compact.as_bytes()));
        let name = Name::from_bytes(long.as_bytes());
        assert_eq!(name.compact().unwrap().to_string(), compact.to_lowercase());
        // With much after it, where whole words are compared, as well as at the end of the input.
        for before in ["", "X: 1\r\n"] {
            for after in ["", "\r\nX-Filler: 0123456789012345678901234567890123456789"] {
                let bytes = head(&format!("{before}{long} : v{after}"));
                let head = Head::parse(&bytes).unwrap().complete().unwrap();
                assert_eq!(head.value(name).unwrap(), "v", "{long}");
            }
        }
    }
    for near in [
        "Call\rID",
        "Call-IE",
        "Call-I",
        "Call-IDs",
        "Vi",
        "Vja",
        "q",
        "\x16",
        "Content-Typf",
        "Kontent-Type",
        "P-Asserted-Jdentity",
        "P-Bsserted-Identity",
    ] {
        assert_eq!(Name::from_bytes(near.as_bytes()), Name::Other, "{near}");
    }
}

#[test]
fn the_body_is_cut_as_the_transport_says() {
    let bytes = b"\r\n\r\nBYE sip:a@h SIP/2.0\r\nl: 2\r\n\r\nabcd";
    let message = Message::datagram(bytes).unwrap();
    assert_eq!((message.body(), message.len()), (&b"ab"[..], bytes.len() - 2));
    assert_eq!(message.at(), 4);
    let all = b"BYE sip:a@h SIP/2.0\r\n\r\nabcd";
    assert_eq!(Message::websocket(all).unwrap().body(), b"abcd");
    assert_eq!(Message::stream(all).unwrap_err().kind(), ErrorKind::NoContentLength);
    assert_eq!(Message::datagram(b"BYE sip:a@h SIP/2.0\r\n").unwrap_err().kind(), ErrorKind::NoEnd);
    for sofar in [&b""[..], b"\r", b"\r\n", b"B", b"BYE sip:a@h SIP/2.0\r\n\r"] {
        assert!(matches!(Message::stream(sofar), Ok(Status::Partial)), "{sofar:?}");
    }
}

#[test]
fn nothing_of_a_message_is_in_its_debug_text() {
    let bytes = head(
        "f: \"Secret Name\" <sip:secret@h>;tag=secret\r\nX-UCID: secret\r\nm: <sip:secret@h>\r\n\
        v: SIP/2.0/UDP secret;branch=secret\r\nUser-to-User: secret\r\nAuthorization: Digest a=\"secret\"",
    );
    let message = Message::datagram(&bytes).unwrap();
    let head = message.head();
    let from = message.from().unwrap();
    let shown = [
        format!("{message:?} {head:?} {:?}", head.headers()),
        format!("{from:?} {:?} {:?} {:?}", from.display_name(), from.parsed_uri(), from.params()),
        format!("{:?}", head.headers().collect::<Vec<_>>()),
        format!("{:?} {:?}", head.vias().collect::<Vec<_>>(), head.contacts().collect::<Vec<_>>()),
        format!("{:?} {:?}", identity(&bytes), identity(&bytes).ucid()),
        format!("{:?} {:?}", sip_ucid::call(&bytes), head.start()),
        format!("{:?}", head.user_to_user().collect::<Vec<_>>()),
        format!("{:?}", head.auths(Name::Authorization).collect::<Vec<_>>()),
        format!("{:?}", head.validate().collect::<Vec<_>>()),
    ];
    for text in shown {
        assert!(!text.contains("secret") && !text.contains("Secret"), "{text}");
    }
}

#[test]
fn headers_beyond_any_table_are_found() {
    for fillers in [0, 29, 30, 31, 32, 33, 80] {
        let lines: Vec<_> = (0..fillers).map(|at| format!("X-Filler-{at}: {at}\r\n")).collect();
        let lines = lines.concat();
        let bytes = head(&format!(
            "m: <sip:1@h>\r\n{lines}Contact: <sip:2@h>\r\nX-Ucid: 17\r\nAllow: A\r\nAllow: B\r\n\
             m: <sip:3@h>"
        ));
        let head = Head::parse(&bytes).unwrap().complete().unwrap();
        assert_eq!(head.contacts().map(Result::unwrap).count(), 3, "{fillers}");
        assert_eq!(head.value(Name::XUcid).unwrap(), "17", "{fillers}");
        assert_eq!(head.value(Name::Allow).unwrap(), "A", "{fillers}");
        assert_eq!(head.elements(Name::Allow).count(), 2, "{fillers}");
        assert_eq!(head.value(Name::Date), None);
        assert_eq!(head.value(Name::From), None);
        assert!(head.is_repeated(Name::Contact) && head.is_repeated(Name::Allow));
        assert!(!head.is_repeated(Name::XUcid) && !head.is_repeated(Name::Date));
        assert_eq!(head.headers().count(), fillers + 6);
        let missing = head.validate().filter(|it| it.kind() == sip_ucid::ProblemKind::Missing);
        assert_eq!(missing.count(), 5, "{fillers}");
        let last = format!("X-Filler-{}", fillers.max(1) - 1);
        assert_eq!(head.value_of(&last).is_some(), fillers > 0);
    }
}

#[test]
fn conflicts_and_duplicates_are_noticed_beyond_any_table() {
    for fillers in [0, 31, 40] {
        let lines = "X-Filler: 1\r\n".repeat(fillers);
        let bytes = head(&format!(
            "X-UCID: 1\r\nl: 5\r\n{lines}CSeq: 1 INVITE\r\nContent-Length: 05\r\n\
            X-UCID: 2\r\nCSeq: 2 INVITE\r\nX-DID: 1\r\nX-DID: 1\r\nX-Filler: 2"
        ));
        let head = Head::parse(&bytes).unwrap().complete().unwrap();
        assert!(head.conflicts().eq([Name::XUcid, Name::CSeq]), "{fillers}");
        let duplicates: Vec<_> = head
            .validate()
            .filter(|it| it.kind() == sip_ucid::ProblemKind::Duplicate)
            .map(|it| it.header().unwrap())
            .collect();
        assert_eq!(duplicates, [Name::ContentLength, Name::CSeq], "{fillers}");
    }
}
