//! Screen pops, from a query and from a body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::push::PushReader;

fuzz_target!(|data: &[u8]| {
    let intake = PushReader::new();
    for delivery in [
        std::str::from_utf8(data).ok().map(|q| intake.screen_pops(Some(q), b"")),
        Some(intake.screen_pops(None, data)),
    ] {
        let Some(Ok(delivery)) = delivery else { continue };
        for pop in &delivery.items {
            let _ = (pop.caller(), format!("{pop:?}"));
            let written = serde_json::to_vec(pop).expect("a pop is written");
            let again = intake.screen_pops(None, &written).expect("what was written reads");
            assert_eq!(again.items.len(), 1);
        }
    }
});
