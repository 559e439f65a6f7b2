use proptest::prelude::*;

use super::*;
use crate::receive::kookoo::verb::{
    CcTransfer, CollectDtmf, Conference, Dial, DialForm, DialTarget, GotoUrl, Hangup, PlayAudio,
    PlayText, Recognize, Record, SayAs, SendSms, StartRecord, Stream, Timeout,
};
use crate::types::wire::SensitiveText;

/// The XML without declaration and root.
fn inner(verb: impl Into<Verb>) -> String {
    let xml = IvrResponse::new().then(verb).to_xml().unwrap();
    let (_, rest) = xml.split_once("<response>").unwrap();
    rest.strip_suffix("</response>").unwrap().to_owned()
}

#[test]
fn every_tag_and_attribute_of_the_notes_is_written() {
    let target = DialTarget::plain("09000000001");
    let cases: Vec<(Verb, &str)> = vec![
        (
            PlayText::new("Hi").lang("EN").speed("4").quality("best").kind("x").into(),
            r#"<playtext lang="EN" speed="4" quality="best" type="x">Hi</playtext>"#,
        ),
        (
            PlayAudio::new("https://example.test/a.wav").into(),
            "<playaudio>https://example.test/a.wav</playaudio>",
        ),
        (
            SayAs::new("12").format("1").lang("EN").into(),
            r#"<say-as format="1" lang="EN">12</say-as>"#,
        ),
        (
            CollectDtmf::new().max_digits(4).end_key("#").wait(5000).into(),
            r##"<collectdtmf l="4" t="#" o="5000"/>"##,
        ),
        (
            Record::new().format("wav").silence(3).max_duration(30).term_char("*").into(),
            r#"<record format="wav" silence="3" maxduration="30" termchar="*"/>"#,
        ),
        (
            Dial::new(target)
                .record("true")
                .limit_time(600)
                .timeout(Timeout::seconds(30))
                .moh("ring")
                .prompt_to_called_number("p")
                .caller_id("918000000001")
                .transfer_allowed_by_caller("true")
                .callback_onanswered("https://example.test/a")
                .into(),
            r#"<dial record="true" limittime="600" timeout="30" moh="ring" promptToCalledNumber="p" caller_id="918000000001" transfer_allowed_by_caller="true" callback_onanswered="https://example.test/a">09000000001</dial>"#,
        ),
        (
            Conference::new("r1")
                .caller_onhold_music("m")
                .record("true")
                .caller_id("918000000001")
                .timeout(Timeout::millis(9))
                .version("2")
                .into(),
            r#"<conference caller_onhold_music="m" record="true" caller_id="918000000001" timeout="9" version="2">r1</conference>"#,
        ),
        (
            CcTransfer::new("General")
                .record("true")
                .moh("default")
                .uui("order 7")
                .timeout(Timeout::seconds(5))
                .ring_type("ring")
                .into(),
            r#"<cctransfer record="true" moh="default" uui="order 7" timeout="5" ringType="ring">General</cctransfer>"#,
        ),
        (
            GotoUrl::new("https://example.test/?a=1&b=2").clean_params("true").into(),
            r#"<gotourl clean_params="true">https://example.test/?a=1&amp;b=2</gotourl>"#,
        ),
        (
            Stream::new("520001").is_sip("true").x_uui("a<b").bidirectional("true").into(),
            r#"<stream is_sip="true" x-uui="a&lt;b" bidirectional="true">520001</stream>"#,
        ),
        (
            Stream::new("").url("wss://example.test/media").into(),
            r#"<stream url="wss://example.test/media"/>"#,
        ),
        (StartRecord::new().into(), "<start-record/>"),
        (Recognize::new("").into(), "<recognize/>"),
        (SendSms::new("Done & dusted").into(), "<sendsms>Done &amp; dusted</sendsms>"),
        (Hangup::new().into(), "<hangup/>"),
    ];
    for (verb, want) in cases {
        assert_eq!(inner(verb.clone()), want);
        let xml = IvrResponse::new().then(verb.clone()).to_xml().unwrap();
        assert_eq!(IvrResponse::read(xml.as_bytes()).unwrap().verbs, [verb]);
    }
}

#[test]
fn every_form_of_a_dial_target_is_told_apart() {
    let forms = [
        ("500001", DialForm::Plain),
        ("9000000001", DialForm::Plain),
        ("+919000000001", DialForm::Plain),
        ("09000000001", DialForm::ZeroPrefixed),
        ("sip:500001@sip.example.test", DialForm::Sip),
        ("500001@sip.example.test", DialForm::Address),
    ];
    for (text, form) in forms {
        assert_eq!(DialTarget::plain(text).form(), form, "{text}");
        assert_eq!(inner(Dial::new(DialTarget::plain(text))), format!("<dial>{text}</dial>"));
    }
    assert!(IvrResponse::new().then(Dial::new(DialTarget::plain(" "))).to_xml().is_err());
    for (extension, host) in
        [("", "h"), ("a b", "h"), ("a@b", "h"), ("a", ""), ("a", "h/x"), ("a", "h h")]
    {
        assert!(DialTarget::sip(extension, host).is_err(), "{extension}@{host}");
    }
    assert!(!format!("{:?}", DialTarget::plain("09000000001")).contains("9000000001"));
}

#[test]
fn the_root_and_the_tags_are_read_in_any_case() {
    let xml = br#"<?xml version="1.0"?><Response sid="1" filler="Yes"> <!-- x -->
        <Say-As format="1">12</Say-As><PLAYTEXT>a&amp;b&#32;<![CDATA[<c>]]></PLAYTEXT><Hangup></Hangup></Response>"#;
    let want = IvrResponse::new()
        .sid("1")
        .filler(true)
        .then(SayAs::new("12").format("1"))
        .then(PlayText::new("a&b <c>"))
        .then(Hangup::new());
    assert_eq!(IvrResponse::read(xml).unwrap(), want);
}

#[test]
fn unknown_tags_attributes_and_values_are_kept() {
    let xml = br#"<response><later a="1">t</later><dial new="n" timeout="soon">1</dial><dial new="n">1</dial></response>"#;
    let answer = IvrResponse::read(xml).unwrap();
    let [Verb::Other(later), Verb::Other(soon), Verb::Dial(dial)] = answer.verbs.as_slice() else {
        panic!("{answer:?}")
    };
    assert_eq!((later.name.as_str(), later.text.as_str()), ("later", "t"));
    assert_eq!(soon.attributes.len(), 2);
    assert_eq!(dial.other, [("new".to_owned(), "n".to_owned())]);
    assert_eq!(IvrResponse::read(answer.to_xml().unwrap().as_bytes()).unwrap(), answer);
}

#[test]
fn what_cannot_be_written_is_refused() {
    for (verb, field) in [
        (Verb::from(PlayText::new("a\u{0}b")), "text"),
        (PlayText::new("\u{ffff}").into(), "text"),
        (PlayText::new("a").attribute("on click", "x").into(), "name"),
        (PlayText::new("a").attribute("lang", "EN").into(), "attribute"),
        (PlayText::new("a").attribute("x", "1").attribute("x", "2").into(), "attribute"),
        (Stream::new("").url("ws://example.test").into(), "url"),
        (Stream::new("").url("https://example.test").into(), "url"),
        (Verb::Other(Element::new("a><b")), "name"),
    ] {
        assert_eq!(IvrResponse::new().then(verb).to_xml().unwrap_err().field(), field);
    }
    let mut many = IvrResponse::new();
    many.verbs = vec![Hangup::new().into(); MAX_VERBS + 1];
    assert_eq!(many.to_xml().unwrap_err().field(), "response");
}

#[test]
fn what_is_no_answer_is_refused() {
    for xml in [
        "",
        "hello",
        "<other/>",
        "<response>",
        "<response></response><response/>",
        "<response><a></response>",
        "<response>text</response>",
        "<response><a><b/></a></response>",
        "<response>&unknown;</response>",
        "<response><a>&unknown;</a></response>",
        r#"<response><a b="&unknown;"/></response>"#,
        "<!DOCTYPE x [<!ENTITY a 'b'>]><response/>",
    ] {
        assert!(IvrResponse::read(xml.as_bytes()).is_err(), "{xml}");
    }
}

/// Text of every kind that XML can hold, the five special characters and line ends above all.
fn text() -> impl Strategy<Value = String> {
    let hard = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "'",
        "\"",
        "]]>",
        "&amp;",
        "\r\n",
        "\r",
        "\n",
        "\t",
        " ",
        "é",
        "नमस्ते",
    ]);
    prop::collection::vec(
        prop_oneof![
            hard.prop_map(str::to_owned),
            "[ -~]{0,6}",
            any::<char>().prop_map(String::from)
        ],
        0..8,
    )
    .prop_map(|parts| parts.concat().chars().filter(|c| writable(&c.to_string()).is_ok()).collect())
}

proptest! {
    #[test]
    fn any_text_comes_back_as_it_was(a in text(), b in text(), c in text()) {
        let answer = IvrResponse::new()
            .sid(c.clone())
            .then(PlayText::new(a.clone()).lang(b.clone()).attribute("new", c.clone()))
            .then(CcTransfer::new(b.clone()).uui(a.clone()))
            .then(Verb::Other(Element::new("later").attribute("x", a).text(b)));
        let xml = answer.to_xml().unwrap();
        prop_assert_eq!(IvrResponse::read(xml.as_bytes()).unwrap(), answer);
    }

    #[test]
    fn what_is_read_is_written_and_read_the_same(xml in r#"(<(/)?(response|playtext|dial|x)( (lang|timeout|l)="[a-z0-9&;#]{0,6}")?(/)?>|[a-z&;<> ]{0,4}){0,10}"#) {
        if let Ok(answer) = IvrResponse::read(xml.as_bytes())
            && let Ok(again) = answer.to_xml()
        {
            prop_assert_eq!(IvrResponse::read(again.as_bytes()).unwrap(), answer);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = IvrResponse::read(&bytes);
    }
}

#[test]
fn debug_shows_no_spoken_text() {
    let answer = IvrResponse::new().then(PlayText::new(SensitiveText::from("Dear A B")));
    assert!(!format!("{answer:?}").contains("A B"));
    // A tag is named by whoever wrote the XML.
    let shown = format!("{:?}", Element::new("n9000000001").attribute("n9000000002", "x"));
    assert!(!shown.contains("900000000"), "{shown}");
    assert!(format!("{:?}", Element::new("say-as")).contains("say-as"));
}
