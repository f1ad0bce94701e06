//! What a client sends.
#![no_main]
#![allow(dead_code, reason = "each target plays one of the plays")]

#[path = "../../../engine/http1/tests/plays/mod.rs"]
mod plays;

libfuzzer_sys::fuzz_target!(|input: &[u8]| plays::request::play(input));
