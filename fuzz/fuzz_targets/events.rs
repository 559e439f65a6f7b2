//! Events: what is written reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::push::PushReader;

/// Whether every number is whole: fractions and numbers beyond 64 bits do not keep their last digit.
fn exact(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => !number.is_f64(),
        serde_json::Value::Array(list) => list.iter().all(exact),
        serde_json::Value::Object(map) => map.values().all(exact),
        _ => true,
    }
}

fuzz_target!(|data: &[u8]| {
    let intake = PushReader::new();
    let Ok(delivery) = intake.events(None, data) else { return };
    for event in &delivery.items {
        let _ = (event.happened_at(), format!("{event:?}"));
        let written = event.to_json();
        let Ok(again) = intake.events(None, written.to_string().as_bytes()) else {
            panic!("what was written does not read")
        };
        if exact(&written)
            && let [again] = again.items.as_slice()
        {
            assert_eq!(again.to_json(), written);
        }
    }
});
