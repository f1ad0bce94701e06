//! What a PostgreSQL server sends.
#![no_main]
#![allow(dead_code, reason = "each target plays one of the plays")]

#[path = "../../../engine/pg/tests/plays/mod.rs"]
mod plays;

libfuzzer_sys::fuzz_target!(|input: &[u8]| plays::client::play(input));
