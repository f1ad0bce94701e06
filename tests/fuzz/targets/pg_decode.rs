//! A value of any type of PostgreSQL.
#![no_main]
#![allow(clippy::unwrap_used, reason = "what is wrong has to stop the run")]

#[path = "../../../engine/pg/tests/decoding/play.rs"]
mod play;
#[path = "../../../engine/pg/tests/decoding/types.rs"]
mod types;

libfuzzer_sys::fuzz_target!(|input: &[u8]| play::play(input));
