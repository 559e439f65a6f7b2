//! The built inspector: its command line, and every rule of its output on messages made for it.

mod run;

use serde_json::{Value, json};

use crate::corpus::{messages, reports};
use run::{Folder, has, objects, request, request_with, said};

#[test]
fn the_transport_is_datagram_unless_named() {
    let folder = Folder::new("default");
    folder.write("short", &request("Content-Length: 5\r\n", "abc"));
    let usual = objects(&folder.inspect(&["short"]));
    assert_eq!(usual, objects(&folder.inspect(&["--transport", "datagram", "short"])));
    assert_eq!(usual[0]["frame"], json!("error"));
    for stream in [&["--transport", "stream", "short"][..], &["--transport=stream", "short"]] {
        assert_eq!(objects(&folder.inspect(stream))[0]["frame"], json!("partial"));
    }
    let output = folder.inspect(&["--transport", "pigeon", "short"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert_eq!(folder.inspect(&["--loud", "short"]).status.code(), Some(2));
}

#[test]
fn a_file_that_cannot_be_read_gives_1_after_the_others() {
    let folder = Folder::new("unreadable");
    folder.write("one", &request("", ""));
    folder.write("two", b"nothing of the kind");
    let output = folder.inspect(&["one", "missing", "two"]);
    assert_eq!(output.status.code(), Some(1));
    let all = objects(&output);
    assert_eq!(all.len(), 2);
    has(&all[0], &[("/file", json!("one")), ("/valid", json!(true))]);
    has(&all[1], &[("/file", json!("two")), ("/valid", json!(false)), ("/frame", json!("error"))]);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("missing: "));
    assert_eq!(folder.inspect(&["one", "two"]).status.code(), Some(0));
    assert_eq!(folder.inspect(&[]).status.code(), Some(0));
}

#[test]
fn line_breaks_before_the_message_are_skipped() {
    for transport in ["datagram", "stream", "websocket"] {
        let bytes = [b"\r\n\r\n", &request("Content-Length: 2\r\n", "ab")[..]].concat();
        has(
            &said(&format!("breaks-{transport}"), transport, &bytes),
            &[
                ("/frame", json!("ok")),
                ("/valid", json!(true)),
                ("/start/method", json!("OPTIONS")),
                ("/header_lines", json!(7)),
                ("/body_len", json!(2)),
            ],
        );
    }
}

#[test]
fn of_a_stream_only_the_first_message_is_read() {
    let first = request("Content-Length: 2\r\n", "ab");
    let bytes = [&first[..], b"SIP/2.0 200 OK\r\nContent-Length: bad\r\n\r\n"].concat();
    has(
        &said("first", "stream", &bytes),
        &[
            ("/frame", json!("ok")),
            ("/valid", json!(true)),
            ("/body_len", json!(2)),
            ("/start/kind", json!("request")),
        ],
    );
}

#[test]
fn what_is_missing_is_an_error_of_a_datagram_and_still_to_come_on_a_stream() {
    let no_end = &request("", "")[..90];
    let short = &request("Content-Length: 5\r\n", "abc")[..];
    for (name, bytes, kind) in [("no-end", no_end, "no-end"), ("short", short, "short-body")] {
        for (transport, frame) in
            [("datagram", "error"), ("websocket", "error"), ("stream", "partial")]
        {
            let said = said(&format!("{name}-{transport}"), transport, bytes);
            has(
                &said,
                &[("/frame", json!(frame)), ("/valid", json!(false)), ("/body_len", json!(null))],
            );
            let kinds = if frame == "error" { json!(kind) } else { json!(null) };
            assert_eq!(said.pointer("/problems/0/kind").unwrap_or(&json!(null)), &kinds);
        }
    }
    // A stream needs the length, the others do not; more than the length says is left alone.
    let without = request("", "abc");
    has(&said("nl-s", "stream", &without), &[("/frame", json!("error"))]);
    for transport in ["datagram", "websocket"] {
        let said_of = |name, bytes: &[u8]| said(&format!("{name}-{transport}"), transport, bytes);
        has(&said_of("nl", &without), &[("/valid", json!(true)), ("/body_len", json!(3))]);
        let more = request("Content-Length: 1\r\n", "abc");
        has(&said_of("more", &more), &[("/valid", json!(true)), ("/body_len", json!(1))]);
    }
}

#[test]
fn nothing_is_valid_without_a_frame() {
    let bytes = request("Content-Length: 5\r\n", "");
    has(
        &said("framed", "stream", &bytes),
        &[
            ("/valid", json!(false)),
            ("/problems", json!([])),
            ("/call_id", json!("1@gw.example.test")),
        ],
    );
}

#[test]
fn header_lines_are_counted_without_their_folds() {
    let said =
        said("lines", "datagram", &request("Subject: a\r\n b\r\n\tc: d\r\n \r\nX: y\r\n", ""));
    assert_eq!(said["header_lines"], json!(8));
}

#[test]
fn what_is_absent_is_null() {
    let said = said("absent", "datagram", b"SIP/2.0 200 OK\r\nX: y\r\n\r\n");
    for name in [
        "call_id",
        "cseq",
        "cseq_method",
        "from",
        "to",
        "max_forwards",
        "content_length",
        "ucid",
        "ucid_ok",
        "callerno",
        "pai",
        "uui_ucid",
    ] {
        assert_eq!(said[name], json!(null), "{name}");
    }
    has(
        &said,
        &[
            (
                "/start",
                json!({"kind": "response", "method": null, "uri": null, "code": 200, "reason": "OK"}),
            ),
            ("/via", json!([])),
            ("/contacts", json!([])),
            ("/conflicts", json!([])),
            ("/valid", json!(false)),
        ],
    );
    let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "file",
        "frame",
        "valid",
        "problems",
        "notes",
        "start",
        "header_lines",
        "call_id",
        "cseq",
        "cseq_method",
        "from",
        "to",
        "via",
        "contacts",
        "max_forwards",
        "content_length",
        "body_len",
        "ucid",
        "ucid_ok",
        "callerno",
        "pai",
        "uui_ucid",
        "conflicts",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn numbers_that_cannot_be_used_are_null() {
    let number = |name: &str, old: &str, new: &str, pointer: &str, value: Value| {
        has(
            &said(&format!("number-{name}"), "datagram", &request_with(old, new)),
            &[(pointer, value)],
        );
    };
    number("cseq", "CSeq: 7", "CSeq: 4294967296", "/cseq", json!(null));
    number("cseq-largest", "CSeq: 7", "CSeq: 4294967295", "/cseq", json!(4_294_967_295_u32));
    number("cseq-zeros", "CSeq: 7", "CSeq: 0007", "/cseq", json!(7));
    number("cseq-sign", "CSeq: 7", "CSeq: +7", "/cseq", json!(null));
    number("method-stays", "CSeq: 7", "CSeq: x", "/cseq_method", json!("OPTIONS"));
    number("hops", "wards: 70", "wards: 256", "/max_forwards", json!(null));
    number("hops-zeros", "wards: 70", "wards: 0068", "/max_forwards", json!(68));
    number("hops-word", "wards: 70", "wards: many", "/max_forwards", json!(null));
    let port = "<sip:500001@example.test:65536>";
    number("port", "<sip:500001@example.test>", port, "/to/port", json!(null));
    number("port-host", "<sip:500001@example.test>", port, "/to/host", json!("example.test"));
    let length = "70\r\nContent-Length: -3";
    number("length", "70", length, "/content_length", json!(null));
    number("length-word", "70", "70\r\nl: 3a", "/content_length", json!(null));
    let status = said("code", "datagram", b"SIP/2.0 4294967301 no\r\nCSeq: 1 BYE\r\n\r\n");
    has(
        &status,
        &[("/start/code", json!(null)), ("/start/reason", json!("no")), ("/cseq", json!(1))],
    );
    let status = said("code-700", "datagram", b"SIP/2.0 700 no\r\n\r\n");
    has(&status, &[("/start/code", json!(null)), ("/valid", json!(false))]);
}

#[test]
fn addresses_are_cut_as_the_rules_say() {
    let from = |name: &str, value: &str, expected: &[(&str, Value)]| {
        let bytes = request_with("<sip:9000000001@example.test>;tag=a", value);
        has(&said(&format!("from-{name}"), "datagram", &bytes)["from"], expected);
    };
    from(
        "v6",
        "\"A \\\"B\\\" \\\\ C\" <sips:%61li%63e;isub=1:pw@[2001:db8::1]:5061;x=y>;tag=t%41",
        &[
            ("/display", json!("A \"B\" \\\\ C")),
            ("/uri", json!("sips:%61li%63e;isub=1:pw@[2001:db8::1]:5061;x=y")),
            ("/user", json!("alice")),
            ("/host", json!("2001:db8::1")),
            ("/port", json!(5061)),
            ("/tag", json!("t%41")),
        ],
    );
    from(
        "tel",
        "<tel:+91-80-0000-0001;phone-context=x>;tag=1",
        &[
            ("/display", json!(null)),
            ("/uri", json!("tel:+91-80-0000-0001;phone-context=x")),
            ("/user", json!("+91-80-0000-0001")),
            ("/host", json!(null)),
            ("/port", json!(null)),
        ],
    );
    from(
        "empty",
        "\"\" <sip:example.test>",
        &[("/display", json!("")), ("/user", json!(null)), ("/tag", json!(null))],
    );
    from(
        "bare",
        "sip:a@example.test;tag=1",
        &[("/uri", json!("sip:a@example.test")), ("/tag", json!("1"))],
    );
    from("none", "<sip:a@example.test>", &[("/display", json!(null))]);
    from("words", "Front  Desk <sip:a@example.test>", &[("/display", json!("Front  Desk"))]);
    from(
        "other",
        "<isbn:2983792873>;tag=1",
        &[("/uri", json!("isbn:2983792873")), ("/user", json!(null)), ("/host", json!(null))],
    );
}

#[test]
fn contacts_have_the_fields_of_from_without_the_tag() {
    let lines = "m: \"A, B\" <sip:a@h.test;tag=x>;tag=1;q=0.5 , tel:+911\r\nContact: <sip:[2001:db8::2]>\r\n";
    let said_of = said("contacts", "datagram", &request(lines, ""));
    let first = json!({"display": "A, B", "uri": "sip:a@h.test;tag=x", "user": "a", "host": "h.test", "port": null});
    let second =
        json!({"display": null, "uri": "tel:+911", "user": "+911", "host": null, "port": null});
    let third = json!({"display": null, "uri": "sip:[2001:db8::2]", "user": null, "host": "2001:db8::2", "port": null});
    assert_eq!(said_of["contacts"], json!([first, second, third]));
    let star = said("star", "datagram", &request("Contact: *\r\nExpires: 0\r\n", ""));
    assert_eq!(star["contacts"], json!([{"uri": "*"}]));
}

#[test]
fn vias_keep_rport_without_value_and_lose_brackets_of_received() {
    let first = "SIP/2.0/WSS [2001:db8::1]:5061;branch=z9hG4bK7;rport;received=[2001:db8::9:255]";
    let second = "SIP / 2.0 / TCP  b.test : 5070;received=2001:db8::8;rport=4000";
    let bytes =
        request_with("SIP/2.0/UDP gw.example.test;branch=z9hG4bK1", &format!("{first} , {second}"));
    let expected = json!([
        {"transport": "WSS", "sent_by": "[2001:db8::1]:5061", "branch": "z9hG4bK7", "received": "2001:db8::9:255", "rport": ""},
        {"transport": "TCP", "sent_by": "b.test:5070", "branch": null, "received": "2001:db8::8", "rport": "4000"},
    ]);
    assert_eq!(said("vias", "datagram", &bytes)["via"], expected);
}

#[test]
fn conflicts_name_single_headers_and_those_of_the_platform() {
    let lines = "x-ucid: 1\r\nX-UCID: 2\r\nX-DID: 9\r\nx-did:  9 \r\ni: other\r\nMax-Forwards: 70\r\n\
                 Contact: <sip:a@b.test>\r\nContact: <sip:c@d.test>\r\nX-Else: 1\r\nX-Else: 2\r\n\
                 Route: <sip:a.test>\r\nRoute: <sip:b.test>\r\nl: 0\r\nContent-Length: 00\r\n";
    let said = said("conflicts", "datagram", &request(lines, ""));
    let mut names: Vec<&str> =
        said["conflicts"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Call-ID", "X-UCID"]);
    assert_eq!((&said["ucid"], &said["content_length"]), (&json!("1"), &json!(0)));
}

#[test]
fn the_identity_is_as_sent() {
    let lines = "X-UCID:\t9017\r\n  4967 \r\nX-CALLERNO: 0 90000 00001\r\n\
                 P-Asserted-Identity: \"Desk\" <sip:reception@example.test>, <tel:+914000000001>\r\n\
                 User-to-User: 00C80141FA080019001038F725B3;encoding=hex\r\n";
    has(
        &said("identity", "datagram", &request(lines, "")),
        &[
            ("/ucid", json!("9017 4967")),
            ("/ucid_ok", json!(false)),
            ("/callerno", json!("0 90000 00001")),
            ("/pai", json!("+914000000001")),
            ("/uui_ucid", json!("00025000160955721139")),
        ],
    );
    let ok = |name: &str, ucid: &str| {
        let said =
            said(&format!("ucid-{name}"), "datagram", &request(&format!("X-UCID: {ucid}\r\n"), ""));
        (said["ucid"].clone(), said["ucid_ok"].clone())
    };
    assert_eq!(ok("14", "90174967305497"), (json!("90174967305497"), json!(true)));
    assert_eq!(ok("19", "0000000000000000001"), (json!("0000000000000000001"), json!(true)));
    assert_eq!(ok("20", "00000000000000000001"), (json!("00000000000000000001"), json!(false)));
    assert_eq!(ok("empty", ""), (json!(""), json!(false)));
}

#[test]
fn octets_that_are_no_text_are_shown_and_backslashes_doubled() {
    let lines = b"X-CALLERNO: a\\x41\xff\xc3(\xe0\xa4\xa8\xe0\xa4\xae\r\nX-UCID: \xc3\xa9\r\n";
    let usual = request("", "");
    let bytes = [&usual[..usual.len() - 2], lines, b"\r\n"].concat();
    has(
        &said("octets", "datagram", &bytes),
        &[
            ("/callerno", json!("a\\\\x41\\xff\\xc3(नम")),
            ("/ucid", json!("é")),
            ("/ucid_ok", json!(false)),
        ],
    );
}

#[test]
fn the_program_prints_what_is_stored_of_every_message() {
    let folder = Folder::new("stored");
    let mut files = Vec::new();
    for (name, message) in messages() {
        files.push(format!("{name}.sip"));
        folder.write(files.last().unwrap(), &message);
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = folder.inspect(&files);
    assert!(output.status.success());
    let reports: Vec<_> = reports().into_iter().map(|(_, report)| report).collect();
    assert_eq!(objects(&output), reports);
}

#[test]
fn notes_are_printed_apart_from_the_problems_with_their_codes() {
    let said = said("notes", "datagram", &request_with("SIP/2.0\r\n", "SIP/7.0\r\n"));
    has(
        &said,
        &[
            ("/valid", json!(true)),
            ("/problems", json!([])),
            ("/notes", json!([{"kind": "version", "header": null, "at": 0, "code": 505}])),
        ],
    );
    let cookie = request_with("z9hG4bK1", "z9hG4bK");
    let said = run::said("cookie", "datagram", &cookie);
    let note = json!({"kind": "empty-branch", "header": "Via", "at": 46, "code": null});
    has(&said, &[("/valid", json!(true)), ("/notes", json!([note]))]);
}
