//! Events: what is written reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::push::Intake;

fuzz_target!(|data: &[u8]| {
    let intake = Intake::new();
    let Ok(delivery) = intake.events(None, data) else { return };
    for event in &delivery.items {
        let _ = (event.happened_at(), format!("{event:?}"));
        let written = event.to_json();
        let Ok(again) = intake.events(None, written.to_string().as_bytes()) else {
            panic!("what was written does not read")
        };
        if let [again] = again.items.as_slice() {
            assert_eq!(again.to_json(), written);
        }
    }
});
