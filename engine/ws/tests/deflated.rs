//! Compressed messages on the wire (RFC 7692), between both roles of the machine.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

use std::io::IoSlice;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{Machine, Next, Outbox};
use ws::deflate::{Agreed, Codecs};
use ws::{Config, Connection, Deflate, Error, Event, Kind, Masks};

const LIMIT: usize = 100_000;

#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; no time passes here")]
fn now() -> Instant {
    Instant::now()
}

fn config() -> Arc<Config> {
    Arc::new(Config { max_message: LIMIT, ..Config::default() })
}

fn server() -> Connection {
    Connection::server(config(), Some(Deflate::server(Agreed::default(), Codecs::default())), now())
}

fn client() -> Connection {
    let masks = Masks::new(|| [1, 2, 3, 4]);
    Connection::client(config(), Some(Deflate::client(Agreed::default(), Codecs::default())), masks, now())
}

fn sent(side: &mut Connection) -> Vec<u8> {
    let mut tx = Outbox::new();
    side.poll_transmit(now(), &mut tx);
    let mut slices = [IoSlice::new(&[]); 64];
    let count = tx.slices(&mut slices);
    slices.iter().take(count).flat_map(|slice| slice.to_vec()).collect()
}

fn received(side: &mut Connection, wire: &[u8], piece: usize) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    let mut rx = BytesMut::new();
    for piece in wire.chunks(piece) {
        rx.extend_from_slice(piece);
        while let Next::Event(event) = side.poll_event(now(), &mut rx)? {
            events.push(event);
        }
    }
    Ok(events)
}

/// A frame of a server's.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, u8::try_from(payload.len()).unwrap()], payload].concat()
}

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn messages_are_compressed_both_ways_and_come_out_whole() {
    for piece in [1, 3, usize::MAX] {
        let (mut server, mut client) = (server(), client());
        for text in ["", "Hello", "Hello", "a\u{e9}\u{20ac}\u{1f600}z", &"words and words ".repeat(5000)] {
            let payload = Bytes::from(text.to_owned());
            server.send(Kind::Text, payload.clone()).unwrap();
            let wire = sent(&mut server);
            assert!(wire.len() < text.len() / 10 + 40);
            assert_eq!(received(&mut client, &wire, piece).unwrap(), [Event::Text(payload.clone())]);
            client.send(Kind::Binary, payload.clone()).unwrap();
            let wire = sent(&mut client);
            assert_eq!(received(&mut server, &wire, piece).unwrap(), [Event::Binary(payload)]);
        }
    }
}

#[test]
fn a_compressed_message_may_come_in_fragments_with_a_ping_between() {
    let wire = [
        frame(0x41, &HELLO[..3]),
        frame(0x89, b"still there?"),
        frame(0x00, b""),
        frame(0x80, &HELLO[3..]),
        frame(0x81, b"plain"),
        frame(0xc1, &HELLO),
    ]
    .concat();
    for piece in [1, 2, usize::MAX] {
        assert_eq!(
            received(&mut client(), &wire, piece).unwrap(),
            [
                Event::Ping(Bytes::from_static(b"still there?")),
                Event::Text(Bytes::from_static(b"Hello")),
                Event::Text(Bytes::from_static(b"plain")),
                Event::Text(Bytes::from_static(b"Hello")),
            ]
        );
    }
}

#[test]
fn only_the_first_frame_of_a_data_message_may_say_that_it_is_compressed() {
    for wire in [frame(0xc9, b""), frame(0xc8, b""), [frame(0x41, &HELLO[..3]), frame(0xc0, &HELLO[3..])].concat()] {
        assert_eq!(received(&mut client(), &wire, 1), Err(Error::ReservedBits), "{wire:x?}");
    }
}

#[test]
fn nothing_is_compressed_that_was_not_agreed_on() {
    let masks = Masks::new(|| [0; 4]);
    let mut plain = Connection::client(config(), None, masks, now());
    assert_eq!(received(&mut plain, &frame(0xc1, &HELLO), 1), Err(Error::ReservedBits));
    let mut plain = Connection::server(config(), None, now());
    plain.send(Kind::Text, Bytes::from_static(b"Hello")).unwrap();
    assert_eq!(sent(&mut plain), frame(0x81, b"Hello"));
}

#[test]
fn compressed_text_must_be_utf_8() {
    let mut server = server();
    server.send(Kind::Text, Bytes::from_static(b"good until here \xc3\x28")).unwrap();
    let wire = sent(&mut server);
    for piece in [1, usize::MAX] {
        assert_eq!(received(&mut client(), &wire, piece), Err(Error::InvalidUtf8));
    }
}

#[test]
fn garbage_is_answered_by_1007() {
    for piece in [1, usize::MAX] {
        let mut client = client();
        let error = received(&mut client, &frame(0xc2, &[0xff; 20]), piece).unwrap_err();
        assert_eq!((error, error.code()), (Error::InvalidDeflate, 1007));
    }
}

#[test]
fn a_bomb_is_answered_by_1009_before_it_is_all_there() {
    let mut speaker = Connection::server(
        Arc::new(Config { high_water: usize::MAX, ..Config::default() }),
        Some(Deflate::server(Agreed::default(), Codecs::default())),
        now(),
    );
    speaker.send(Kind::Binary, Bytes::from(vec![0; 10_000_000])).unwrap();
    let wire = sent(&mut speaker);
    let mut client = client();
    let mut rx = BytesMut::new();
    let taken = wire
        .iter()
        .position(|&byte| {
            rx.extend_from_slice(&[byte]);
            client.poll_event(now(), &mut rx).is_err()
        })
        .unwrap();
    assert_eq!(client.poll_event(now(), &mut rx), Err(Error::MessageTooBig));
    assert!(taken < wire.len() / 10, "{taken} of {}", wire.len());
    assert!(client.buffered() <= LIMIT + 64 * 1024, "{}", client.buffered());
}
