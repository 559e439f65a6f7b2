//! Answers to KooKoo: what is read and can be written reads the same; any text comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::kookoo::IvrResponse;
use ozonetel_sdk::kookoo::verb::{Element, PlayText, Verb};

fuzz_target!(|data: &[u8]| {
    if let Ok(answer) = IvrResponse::read(data)
        && let Ok(xml) = answer.to_xml()
    {
        assert_eq!(IvrResponse::read(xml.as_bytes()).expect("what was written reads"), answer);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let answer = IvrResponse::new()
            .sid(text)
            .then(PlayText::new(text).lang(text))
            .then(Verb::Other(Element::new("later").attribute("x", text).text(text)));
        if let Ok(xml) = answer.to_xml() {
            assert_eq!(IvrResponse::read(xml.as_bytes()).expect("what was written reads"), answer);
        }
    }
});
