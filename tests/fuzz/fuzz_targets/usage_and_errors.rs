//! The properties of `usage_and_errors` in `qwen_openclaw_tests::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| qwen_openclaw_tests::fuzzing::check("usage_and_errors", data));
