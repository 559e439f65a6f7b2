#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ozonetel_properties::borrowed_rows(data));
