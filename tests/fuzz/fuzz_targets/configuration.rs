//! The properties of `configuration` in `qwen_openclaw_tests::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| qwen_openclaw_tests::fuzzing::check("configuration", data));
