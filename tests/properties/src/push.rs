//! What the service pushes.

use ozonetel_sdk::phone_call::CallOutcome;
use ozonetel_sdk::push::{PushReader, ScreenPop};
use ozonetel_sdk::types::{Extra, Zone};

/// Whether every number is whole: fractions and numbers beyond 64 bits do not keep their last digit.
pub(crate) fn exact(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => !number.is_f64(),
        serde_json::Value::Array(list) => list.iter().all(exact),
        serde_json::Value::Object(map) => map.values().all(exact),
        _ => true,
    }
}

/// Callbacks: no key is kept; what is kept or written can be read again, as the same.
pub fn callbacks(data: &[u8]) {
    let intake = PushReader::new();
    let text = std::str::from_utf8(data).ok();
    let _ = intake.callbacks(text, b"");
    let Ok(delivery) = intake.callbacks(None, data) else { return };
    if !delivery.sanitized.objects().all(|object| object.values().all(exact)) {
        return;
    }
    for object in delivery.sanitized.objects() {
        assert!(object.keys().all(|name| {
            let name = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
            name != "apikey"
        }));
    }
    let kept = delivery.sanitized.to_json();
    if delivery.sanitized.objects().all(|object| !object.contains_key("data")) {
        let again = intake.sanitize(None, kept.as_bytes()).expect("what was kept can be read");
        assert_eq!(again.to_json(), kept);
    }
    for call in &delivery.items {
        let legs = call.legs();
        assert!(legs.legs.len() <= 64);
        let outcome = CallOutcome::from(call);
        assert_eq!(outcome.raw.status, call.status);
        let _ = (call.span(&Zone::india()), call.wrap_up_exceeded(), format!("{call:?}"));
        let written = serde_json::to_vec(call).expect("a call is written");
        let read: ozonetel_sdk::push::Callback =
            serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_vec(&read).expect("a call is written"), written);
    }
}

/// Events: what is written is read as the same.
pub fn events(data: &[u8]) {
    let intake = PushReader::new();
    let Ok(delivery) = intake.events(None, data) else { return };
    for event in &delivery.items {
        let _ = (event.happened_at(), format!("{event:?}"));
        let written = event.to_json();
        let Ok(again) = intake.events(None, written.to_string().as_bytes()) else {
            panic!("what was written cannot be parsed")
        };
        if exact(&written)
            && let [again] = again.items.as_slice()
        {
            assert_eq!(again.to_json(), written);
        }
    }
}

/// Screen pops, from a query and from a body.
pub fn screen_pop(data: &[u8]) {
    let intake = PushReader::new();
    for delivery in [
        std::str::from_utf8(data).ok().map(|q| intake.screen_pops(Some(q), b"")),
        Some(intake.screen_pops(None, data)),
    ] {
        let Some(Ok(delivery)) = delivery else { continue };
        for pop in &delivery.items {
            let _ = (pop.caller(), format!("{pop:?}"));
            let written = serde_json::to_vec(pop).expect("a pop is written");
            let again = intake.screen_pops(None, &written).expect("what was written can be read");
            // Of a pop whose every value says that there is none, nothing is left to be known by.
            assert_eq!(again.items.len() + again.pings, 1);
            let mut named = pop.clone();
            named.extra = Extra::default();
            assert!(again.pings == 0 || named == ScreenPop::default());
        }
    }
}
