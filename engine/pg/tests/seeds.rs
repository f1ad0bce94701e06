//! The seeds of the fuzz targets, and inputs that once broke something, replayed.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

mod plays;

#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn what_servers_send() {
    replay("pg_client", plays::client::play);
}
