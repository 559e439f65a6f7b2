//! Frames of a media stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::kookoo::media::{MediaEvent, read};

fuzz_target!(|data: &[u8]| {
    match read(data) {
        Ok(MediaEvent::Start(start)) => _ = (start.header("x-uui"), format!("{start:?}")),
        Ok(MediaEvent::Dtmf(keys)) => {
            assert!(keys.digits().is_none_or(|keys| !keys.is_empty() && keys.len() <= 64));
        }
        _ => {}
    }
});
