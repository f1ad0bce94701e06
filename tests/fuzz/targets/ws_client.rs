//! What a WebSocket server sends.
#![no_main]
#![allow(dead_code, reason = "each target plays one of the plays")]

#[path = "../../../engine/ws/tests/plays/mod.rs"]
mod plays;

libfuzzer_sys::fuzz_target!(|input: &[u8]| plays::client::play(input));
