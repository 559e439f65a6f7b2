//! What KooKoo asks, posts, streams and is answered.

use ozonetel_sdk::kookoo::IvrResponse;
use ozonetel_sdk::kookoo::media::{MediaEvent, read};
use ozonetel_sdk::kookoo::verb::{Element, PlayText, Verb};
use ozonetel_sdk::kookoo::{IvrRequest, OutboundCallStatus};
use ozonetel_sdk::push::PushReader;

/// Answers to KooKoo: what was read and can be written is read as the same; any text comes back as it was.
pub fn kookoo_answer(data: &[u8]) {
    if let Ok(answer) = IvrResponse::read(data)
        && let Ok(xml) = answer.to_xml()
    {
        assert_eq!(
            IvrResponse::read(xml.as_bytes()).expect("what was written can be read"),
            answer
        );
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let answer = IvrResponse::new()
            .sid(text)
            .then(PlayText::new(text).lang(text))
            .then(Verb::Other(Element::new("later").attribute("x", text).text(text)));
        if let Ok(xml) = answer.to_xml() {
            assert_eq!(
                IvrResponse::read(xml.as_bytes()).expect("what was written can be read"),
                answer
            );
        }
    }
}

/// What KooKoo asks, and what it posts after an outbound call.
pub fn kookoo_request(data: &[u8]) {
    if let Ok(query) = std::str::from_utf8(data)
        && let Ok(request) = IvrRequest::from_query(query)
    {
        let _ = (request.step().caller_is_there(), request.ucid(), request.caller());
        let _ = format!("{request:?}");
    }
    if let Ok(delivery) = PushReader::new().read::<OutboundCallStatus>(None, data) {
        for status in &delivery.items {
            let _ = (status.ucid(), format!("{status:?}"));
        }
    }
}

/// Frames of a media stream.
pub fn media(data: &[u8]) {
    match read(data) {
        Ok(MediaEvent::Start(start)) => _ = (start.header("x-uui"), format!("{start:?}")),
        Ok(MediaEvent::Dtmf(keys)) => {
            assert!(keys.digits().is_none_or(|keys| !keys.is_empty() && keys.len() <= 64));
        }
        _ => {}
    }
}
