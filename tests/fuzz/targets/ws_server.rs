//! What a WebSocket client sends.
#![no_main]
#![allow(dead_code, reason = "each target plays one of the plays")]

#[path = "../../../engine/ws/tests/plays/mod.rs"]
mod plays;

libfuzzer_sys::fuzz_target!(|input: &[u8]| plays::server::play(input));
