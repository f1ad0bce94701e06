//! Neither side holds what the other does not take.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]
#![allow(dead_code, reason = "the application's parts are shared by several tests")]

#[path = "sim/application.rs"]
mod application;

use std::sync::Arc;

use application::{answer, raw_client, request};
use bytes::Bytes;
use http1::{Body, Connection, Event, Response};
use machine::Machine;
use sim::{Pair, Wire};

const READ_AHEAD: usize = 128 * 1024;
const HIGH_WATER: usize = 64 * 1024;
const PIECE: &[u8] = &[b'x'; 10_000];

#[test]
fn pipelined_requests_wait_outside_while_one_is_answered() {
    let one = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut pair = raw_client(one.repeat(20_000));
    pair.drive();
    assert!(pair.server.is_paused());
    assert!(pair.server.rest().len() <= READ_AHEAD);
    assert!(pair.client.sent().len() <= READ_AHEAD + HIGH_WATER);
    for _ in 0..20_000 {
        assert!(matches!(pair.server.event(), Some(Event::Request(_))));
        assert!(matches!(pair.server.event(), Some(Event::End(None))));
        assert!(pair.server.event().is_none(), "the next request came before its turn");
        answer(&mut pair.server.machine, b"");
        pair.drive();
    }
    assert!(pair.server.machine.is_idle());
}

#[test]
fn a_response_waits_in_the_application_while_the_client_does_not_read() {
    let mut pair = raw_client(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    pair.client.stall();
    pair.drive();
    let declared = 200 * PIECE.len();
    pair.server.machine.respond(Response::new(200).unwrap(), Body::Whole(declared as u64)).unwrap();
    let mut given = 0;
    while pair.server.machine.buffered() < HIGH_WATER {
        pair.server.machine.send(Bytes::from_static(PIECE)).unwrap();
        given += 1;
        pair.drive();
    }
    let held = pair.server.machine.buffered();
    assert!(held < HIGH_WATER + PIECE.len(), "{held} bytes are held for a client that reads nothing");
    pair.drive();
    assert_eq!(pair.server.machine.buffered(), held);
    pair.client.resume();
    while given < 200 {
        pair.drive();
        assert_eq!(pair.server.machine.buffered(), 0);
        pair.server.machine.send(Bytes::from_static(PIECE)).unwrap();
        given += 1;
    }
    pair.server.machine.finish(None).unwrap();
    pair.drive();
    let heard = pair.client.events().concat();
    assert!(heard.ends_with(&PIECE.repeat(200)) && heard.len() < declared + 1000);
}

#[test]
fn a_request_body_waits_outside_while_the_server_does_not_read() {
    let client = Connection::client(Arc::default());
    let server = Connection::server(Arc::default());
    let mut pair = Pair::on(client, server, Wire::new().holding(20_000), Wire::new());
    pair.server.stall();
    pair.client.machine.request(request("POST", "/", &[]), Body::Stream).unwrap();
    let mut given = 0;
    while pair.client.machine.buffered() < HIGH_WATER {
        pair.client.machine.send(Bytes::from_static(PIECE)).unwrap();
        given += PIECE.len();
        pair.drive();
    }
    assert!(pair.client.sent().len() <= 20_000);
    pair.client.machine.finish(None).unwrap();
    pair.server.resume();
    pair.drive();
    let received: usize =
        pair.server.events().iter().map(|event| if let Event::Data(data) = event { data.len() } else { 0 }).sum();
    assert_eq!(received, given);
    assert_eq!(pair.client.machine.buffered(), 0);
}
