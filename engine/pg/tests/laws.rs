//! The laws of the machines, on both halves, with code of several tempers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

#[path = "laws/client.rs"]
mod client;
#[path = "laws/phrases.rs"]
mod phrases;
#[path = "laws/server.rs"]
mod server;

use client::{Client, Temper, roomy, tight};
use machine::laws::{Stream, check, hold, mangled};
use pg::Tls;
use proptest::prelude::{Strategy, any};
use server::Server;

/// In a session that has begun.
fn keep(temper: Temper) {
    for limits in [roomy(), tight()] {
        check(&Client { tls: Tls::None, temper, limits, begun: true }, mangled(phrases::ANSWERS));
    }
}

/// The strategy borrows for ever; there are a handful of them.
fn leak(phrases: Vec<Vec<u8>>) -> &'static [&'static [u8]] {
    phrases.into_iter().map(|phrase| &*phrase.leak()).collect::<Vec<&[u8]>>().leak()
}

#[test]
fn code_that_asks_again_and_again() {
    keep(Temper::Asking);
}

#[test]
fn code_that_copies() {
    keep(Temper::Copying);
    keep(Temper::Failing);
}

#[test]
fn code_that_gives_requests_in_pieces() {
    keep(Temper::Feeding);
}

#[test]
fn code_that_holds_requests_back() {
    keep(Temper::Holding);
}

#[test]
fn code_that_leaves() {
    keep(Temper::Leaving);
}

#[test]
fn sessions_from_their_first_byte() {
    let greetings = leak(phrases::greetings());
    for tls in [Tls::None, Tls::Negotiate { required: false }, Tls::Direct] {
        for limits in [roomy(), tight()] {
            check(&Client { tls, temper: Temper::Asking, limits, begun: false }, mangled(greetings));
        }
    }
}

#[test]
fn a_scripted_server() {
    let requests = leak(phrases::requests());
    for method in phrases::methods() {
        check(&Server(method), mangled(requests));
    }
}

#[test]
fn results_that_are_long() {
    let rows = |length: usize| {
        let row = [
            &b"D"[..],
            &(length as u32 + 10).to_be_bytes(),
            b"\0\x01",
            &(length as u32).to_be_bytes(),
            &vec![b'x'; length],
        ]
        .concat();
        [phrases::ANSWERS[0], &row.repeat(600_000 / row.len()), b"D\0\0\0\x0b\0\x02\0\0\0\x01a"].concat()
    };
    let copied = [
        &b"1\0\0\0\x04t\0\0\0\x06\0\0n\0\0\0\x04\x32\0\0\0\x04H\0\0\0\x09\x01\0\x01\0\x01"[..],
        &[&b"d\0\0\x04\x04"[..], &[b'y'; 1024]].concat().repeat(600),
        b"d\0\0\0\x03",
    ]
    .concat();
    for stream in [rows(3000), rows(300_000), copied] {
        let client = Client { tls: Tls::None, temper: Temper::Asking, limits: roomy(), begun: true };
        // One byte at a time would take long.
        if let Err(broken) = hold(&client, &stream[..stream.len().min(60_000)], &[3, 1000, 40_001]) {
            panic!("{broken}");
        }
    }
}

#[test]
fn bytes_that_are_nothing_like_messages() {
    let noise = proptest::collection::vec(any::<u8>(), 0..64).prop_map(Stream);
    for begun in [false, true] {
        check(&Client { tls: Tls::None, temper: Temper::Asking, limits: roomy(), begun }, noise.clone());
    }
    check(&Server(phrases::methods().remove(0)), noise);
}
