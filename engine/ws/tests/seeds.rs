//! The seeds of the fuzz targets, and inputs that once broke something, replayed.

mod plays;

#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn what_clients_send() {
    replay("ws_server", plays::server::play);
}

#[test]
fn what_servers_send() {
    replay("ws_client", plays::client::play);
}
