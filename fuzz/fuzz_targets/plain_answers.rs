#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ozonetel_properties::plain_answers(data));
