use proptest::prelude::*;

use super::*;

fn body() -> impl Strategy<Value = Bytes> {
    let pieces = [
        "\n",
        "\r\n",
        "\r",
        "\0",
        "\\",
        "\\x41",
        "\\x",
        "x41",
        "###",
        "### a",
        "HTTP/1.1 200 OK",
        "# ",
        " ",
        "\t",
        "\"",
        "{}",
        ",",
        "&",
        "%2C",
        ", ",
        "\u{85}",
        "\u{feff}",
        "मोहन",
        "a",
        "long enough to be worth a break, ",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into())
}

fn headers() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let value = prop::collection::vec(any::<u8>(), 0..12);
    let value =
        value.prop_filter_map("a header's value", |bytes| HeaderValue::from_bytes(&bytes).ok());
    let name = "[a-z][a-z0-9-]{0,8}".prop_map(|name| HeaderName::try_from(name).unwrap());
    prop::collection::vec((name, value), 0..4)
}

fn request() -> impl Strategy<Value = RecordedRequest> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "HEAD", "M-SEARCH"]);
    let target = "/[a-zA-Z0-9/%?=&\\\\é]{0,30}";
    let target = target.prop_filter_map("a target", |text| PathAndQuery::try_from(text).ok());
    (method, target, headers(), body()).prop_map(|(method, target, headers, body)| {
        RecordedRequest { method: method.parse().unwrap(), target, headers, body }
    })
}

fn answer() -> impl Strategy<Value = RecordedAnswer> {
    (100_u16..1000, headers(), body()).prop_map(|(status, headers, body)| RecordedAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body,
    })
}

fn notes() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ -~é]{0,20}", 0..3)
}

fn exchanges() -> impl Strategy<Value = ExchangeFile> {
    let parts = (notes(), prop::option::of(request()), prop::option::of(answer()));
    let parts = parts.prop_filter("one of the two", |(_, request, answer)| {
        request.is_some() || answer.is_some()
    });
    let file = (notes(), prop::collection::vec(parts, 0..4));
    file.prop_map(|(notes, parts)| {
        let exchanges = parts.into_iter().enumerate().map(|(at, (notes, request, answer))| {
            RecordedExchange { name: format!("case_{at}"), notes, request, answer }
        });
        ExchangeFile { notes, exchanges: exchanges.collect() }
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_to_the_byte(file in exchanges()) {
        let text = file.to_bytes().unwrap();
        let shown = String::from_utf8_lossy(&text).into_owned();
        prop_assert_eq!(ExchangeFile::parse(&text), Ok(file), "{}", shown);
        prop_assert!(std::str::from_utf8(&text).is_ok());
    }

    #[test]
    fn what_can_be_read_is_written_as_the_same(text in body()) {
        for text in [text.clone(), [b"### a\nGET /\n\n", text.as_ref(), b"\n"].concat().into()] {
            if let Ok(file) = ExchangeFile::parse(&text) {
                prop_assert_eq!(ExchangeFile::parse(&file.to_bytes().unwrap()), Ok(file));
            }
        }
    }
}

/// A file whose one exchange has this answer.
fn with(body: &[u8]) -> String {
    let answer = RecordedAnswer {
        status: StatusCode::OK,
        headers: Vec::new(),
        body: Bytes::copy_from_slice(body),
    };
    let one = RecordedExchange { name: "a".into(), answer: Some(answer), ..Default::default() };
    let file = ExchangeFile { exchanges: vec![one], ..Default::default() };
    let text = file.to_bytes().unwrap();
    assert_eq!(ExchangeFile::parse(&text).unwrap(), file);
    String::from_utf8(text).unwrap()
}

#[test]
fn a_body_is_written_so_that_all_of_it_can_be_seen() {
    for (body, shown) in [
        (&b"{\"a\": \"\\u0905\\n\"}\n"[..], "{\"a\": \"\\u0905\\n\"}\n"),
        (b"no end", "no end\\\n"),
        (b"one\r\ntwo\r\n", "one\\x0d\ntwo\\x0d\n"),
        (b"\n", "\\x0a\\\n"),
        (b"a\n\n", "a\n\\x0a\\\n"),
        (b"\na\n", "\na\n"),
        (b"a \nb\t", "a\\x20\nb\\x09\\\n"),
        (b"nul \0, not UTF-8 \xff\xfe", "nul \\x00, not UTF-8 \\xff\\xfe\\\n"),
        (b"### b\nHTTP/1.1 200 OK\n # c\n", "\\x23## b\n\\x48TTP/1.1 200 OK\n # c\n"),
        (b"\\x41 \\y \\", "\\x5cx41 \\y \\x5c\\\n"),
    ] {
        assert_eq!(with(body), format!("### a\nHTTP/1.1 200 OK\n\n{shown}"), "{body:?}");
    }
    assert_eq!(with(b""), "### a\nHTTP/1.1 200 OK\n");
}

#[test]
fn a_long_line_is_continued_behind_commas() {
    let field = r#""AgentName": "Agent 01", "#;
    let text = with(format!("{{{}}}\n", field.repeat(9)).as_bytes());
    let lines: Vec<_> = text.lines().skip(3).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines.iter().all(|line| line.len() <= 100), "{text}");
    assert!(lines[..2].iter().all(|line| line.ends_with(", \\")), "{text}");
}

#[test]
fn an_error_names_the_line() {
    let large = "### a\nGET /\n\nx\n\n".to_owned();
    for (text, line) in [
        ("### a", 1),
        ("x\n", 1),
        ("# a\n### a\nGET /\n", 2),
        ("###\nGET /\n", 1),
        ("### a b\nGET /\n", 1),
        ("### a\n#b\nGET /\n", 2),
        ("### a\n# b\n", 3),
        ("### a\n\nGET /\n", 2),
        ("### a\nget /\n", 2),
        ("### a\nGET /a b\n", 2),
        ("### a\nGET x\n", 2),
        ("### a\nGET /\nname\n", 3),
        ("### a\nGET /\nname:value\n", 3),
        ("### a\nGET /\nname:  value\n", 3),
        ("### a\nGET /\nname: v\\\n", 3),
        ("### a\nGET /\nHTTP/1.1 200 OK\n", 3),
        ("### a\nGET /\n\nx\nHTTP/1.1 200 OK\n", 4),
        ("### a\nGET /\n\n", 3),
        ("### a\nGET /\n\n\n\n", 5),
        ("### a\nGET /\n\nx \n", 4),
        ("### a\nGET /\n\nx\r\n", 4),
        ("### a\nHTTP/1.1 200 Fine\n", 2),
        ("### a\nHTTP/1.1 20\n", 2),
        ("### a\nHTTP/2 200 OK\n", 2),
        ("### a\nHTTP/1.1 200 OK\n\nHTTP/1.1 200 OK\n", 4),
        ("### a\nGET /\n\n### a\nGET /\n", 4),
        (&large, 5),
    ] {
        let error = ExchangeFile::parse(text.as_bytes()).map(|_| text).unwrap_err();
        assert_eq!(error.line(), Some(line), "{text:?}: {error}");
    }
}

#[test]
fn what_a_file_cannot_hold_is_not_written() {
    let request = || {
        Some(RecordedRequest {
            method: Method::GET,
            target: PathAndQuery::from_static("/"),
            headers: Vec::new(),
            body: Bytes::new(),
        })
    };
    let good = RecordedExchange { name: "a".into(), request: request(), ..Default::default() };
    let lower = RecordedRequest { method: "get".parse().unwrap(), ..request().unwrap() };
    for bad in [
        RecordedExchange { name: "a b".into(), ..good.clone() },
        RecordedExchange { notes: vec!["a\nb".into()], ..good.clone() },
        RecordedExchange { request: None, ..good.clone() },
        RecordedExchange { request: Some(lower), ..good.clone() },
    ] {
        assert_eq!(bad.to_bytes().unwrap_err().line(), None, "{bad:?}");
    }
    let twice = ExchangeFile { exchanges: vec![good.clone(), good], ..Default::default() };
    assert!(twice.to_bytes().is_err());
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.http");
    let missing = ExchangeFile::read(&path).unwrap_err();
    assert!(missing.to_string().contains("a.http"), "{missing}");
    std::fs::write(&path, "### a\n").unwrap();
    let error = ExchangeFile::read(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("a.http: line 2: "), "{error}");
}

#[test]
fn a_target_with_a_fragment_is_an_error_and_not_cut() {
    for target in ["#/path", "/path#part", "/path\\x23part"] {
        let text = format!("### a\nGET {target}\n");
        let error = ExchangeFile::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: a target is a path and a query", "{target}");
    }
}
