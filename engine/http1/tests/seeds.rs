//! The seeds of the fuzz targets, and inputs that once broke something, replayed.

#![allow(clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

mod plays;

#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn requests() {
    replay("http1_request", plays::request::play);
}

#[test]
fn responses() {
    replay("http1_response", plays::response::play);
}

#[test]
fn chunked_bodies() {
    replay("chunked", plays::chunked::play);
}

#[test]
fn commands_to_both_roles() {
    replay("pair", plays::pair::play);
}
