//! What KooKoo asks, and what it posts after an outbound call.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::kookoo::{IvrRequest, OutboundCallStatus};
use ozonetel_sdk::push::PushReader;

fuzz_target!(|data: &[u8]| {
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
});
