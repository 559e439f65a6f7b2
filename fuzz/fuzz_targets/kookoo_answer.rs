#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ozonetel_properties::kookoo_answer(data));
