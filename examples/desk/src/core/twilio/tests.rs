use proptest::prelude::*;

use super::*;

/// The example of Twilio's own page on signatures.
#[test]
fn the_documented_example_is_signed_as_documented() {
    let params: FormParams = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let url = "https://example.com/myapp.php?foo=1&bar=2";
    let header = signature(b"12345", url, &params);
    assert_eq!(header, "L/OH5YylLD5NRKLltdqwSvS0BnU=");
    assert!(is_signed(b"12345", url, &params, &header));
    let mut shuffled = params.clone();
    shuffled.reverse();
    assert!(is_signed(b"12345", url, &shuffled, &header));
    assert!(is_signed(b"12345", "https://example.com:443/myapp.php?foo=1&bar=2", &params, &header));
    assert!(!is_signed(
        b"12345",
        "https://example.com:8443/myapp.php?foo=1&bar=2",
        &params,
        &header
    ));
    assert!(!is_signed(b"12345", "http://example.com/myapp.php?foo=1&bar=2", &params, &header));
    assert!(!is_signed(b"", url, &params, &header));
    for wrong in ["", "x", "L/OH5YylLD5NRKLltdqwSvS0Bn", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        assert!(!is_signed(b"12345", url, &params, wrong), "{wrong}");
    }
}

#[test]
fn what_twilio_is_answered() {
    let bridge = Bridge {
        sip: "sip:500001@pbx.example.test;transport=udp".into(),
        caller_id: "+12015550123".into(),
        action: "https://desk.example.test/webhooks/twilio/status?handoff=h&x=1".into(),
        status: "https://desk.example.test/webhooks/twilio/status?handoff=h".into(),
        timeout_sec: 30,
    };
    assert_eq!(
        TwimlAnswer::Connect(bridge).to_xml(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial answerOnBridge=\"true\" timeout=\"30\" \
         callerId=\"+12015550123\" action=\"https://desk.example.test/webhooks/twilio/status?handoff=h&amp;x=1\" \
         method=\"POST\"><Sip statusCallbackEvent=\"initiated ringing answered completed\" \
         statusCallback=\"https://desk.example.test/webhooks/twilio/status?handoff=h\" \
         statusCallbackMethod=\"POST\">sip:500001@pbx.example.test;transport=udp</Sip></Dial></Response>"
    );
    let tell = TwimlAnswer::Tell("<b> & co".into(), AfterText::HangUp).to_xml();
    assert!(
        tell.ends_with("<Response><Say>&lt;b&gt; &amp; co</Say><Hangup/></Response>"),
        "{tell}"
    );
    assert!(TwimlAnswer::Nothing.to_xml().ends_with("<Response></Response>"));
}

#[test]
fn every_documented_status_means_something() {
    use HandoffState::{Connected, Ended, Failed, Ringing};
    for (word, state) in [
        ("queued", Ringing),
        ("initiated", Ringing),
        ("ringing", Ringing),
        ("in-progress", Connected),
        ("answered", Connected),
        ("completed", Ended),
        ("busy", Failed),
        ("no-answer", Failed),
        ("failed", Failed),
        ("canceled", Failed),
    ] {
        assert_eq!(state_of(word), Some(state), "{word}");
    }
    assert_eq!(state_of("Ringing"), None);
}

proptest! {
    #[test]
    fn a_changed_request_is_not_signed(
        value in "[a-zA-Z0-9+ ]{0,12}", other in "[a-zA-Z0-9+ ]{0,12}", key in "[a-z0-9]{1,32}",
    ) {
        let url = "https://desk.example.test/webhooks/twilio/status?handoff=h";
        let of = |value: &str| vec![("CallStatus".to_owned(), value.to_owned())];
        let header = signature(key.as_bytes(), url, &of(&value));
        prop_assert_eq!(is_signed(key.as_bytes(), url, &of(&other), &header), value == other);
    }
}
