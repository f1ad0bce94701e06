use std::io::IoSlice;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use machine::{Machine, Outbox};
use ws::deflate::{Agreed, Codecs};
use ws::{Connection, Deflate, Kind};

use crate::frame::{
    BINARY, BINARY_BEGINS, CLOSE, COMPRESSED, ENDS, GOES_ON, HELLO, PING, PONG, TEXT, TEXT_BEGINS, close, frame, head,
};

/// What a peer that masks with `key` may say, whole and in parts.
pub(crate) fn plain(key: Option<[u8; 4]>) -> Vec<Vec<u8>> {
    let text = "a\u{e9}\u{20ac}\u{1f600}z".as_bytes();
    let mut phrases: Vec<Vec<u8>> = [
        (TEXT, &b"hello"[..]),
        (TEXT, text),
        (TEXT, b""),
        (TEXT, b"\xed\xa0\x80"),
        (BINARY, b"\x00\xff\x80\x7f"),
        (BINARY, &[b'x'; 130]),
        (PING, b""),
        (PING, b"still there?"),
        (PING, &[b'p'; 125]),
        (PONG, b""),
        (PONG, &1_u32.to_be_bytes()),
        (CLOSE, b""),
        (CLOSE, b"\x03"),
        (TEXT_BEGINS, b""),
        (TEXT_BEGINS, b"once "),
        (BINARY_BEGINS, b"\xff"),
        (GOES_ON, b""),
        (GOES_ON, b"upon "),
        (ENDS, b"a time"),
        (ENDS, b""),
        (BINARY_BEGINS & 0x8f, b""),
        (0x83, b"reserved"),
        (0x0b, b""),
        (TEXT | COMPRESSED, &HELLO),
        (TEXT | 0x20, b"hello"),
        (TEXT | 0x10, b"hello"),
        (PING & 0x7f, b"in parts"),
    ]
    .iter()
    .map(|(first, payload)| frame(*first, key, payload))
    .collect();
    for cut in 1..text.len() {
        let (first, second) = text.split_at(cut);
        phrases.push([frame(TEXT_BEGINS, key, first), frame(ENDS, key, second)].concat());
    }
    phrases.extend([
        [frame(TEXT_BEGINS, key, "be"), frame(PING, key, "!"), frame(GOES_ON, key, ""), frame(ENDS, key, "fore")]
            .concat(),
        close(key, 1000, "done"),
        close(key, 1001, ""),
        close(key, 4999, "\u{e9}"),
        close(key, 1005, ""),
        frame(CLOSE, key, b"\x03\xe8\xff"),
        head(BINARY, key, 1 << 62),
        head(BINARY, key, 300),
        frame(TEXT, if key.is_some() { None } else { Some([1, 2, 3, 4]) }, "of the wrong side"),
        // Longer forms than needed, and a length with the highest bit.
        [&[BINARY, mask_bit(key) | 126, 0, 5][..], &key.unwrap_or_default()].concat(),
        [&[BINARY, mask_bit(key) | 127, 0, 0, 0, 0, 0, 0, 1, 0][..], &key.unwrap_or_default()].concat(),
        [BINARY, mask_bit(key) | 127].iter().copied().chain([0xff; 8]).collect(),
        // Control frames are short.
        [PING, mask_bit(key) | 126, 0, 200].to_vec(),
    ]);
    phrases
}

/// What it may say besides where compression is agreed on.
pub(crate) fn compressed(key: Option<[u8; 4]>) -> Vec<Vec<u8>> {
    let mut phrases: Vec<Vec<u8>> = [
        (TEXT, &HELLO[..]),
        // Empty, in the two ways it is made.
        (TEXT, b"\x00"),
        (BINARY, b""),
        // A stored block, a final block, and both.
        (TEXT, b"\x00\x05\x00\xfa\xffHello\x00"),
        (TEXT, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
        // Garbage, and text that is none.
        (BINARY, &[0xff; 9]),
        (TEXT, b"\x00\x03\x00\xfc\xff\xc3\x28\x80\x00"),
        (BINARY_BEGINS, &HELLO[..3]),
        (TEXT_BEGINS, &HELLO[..1]),
        (ENDS & 0xbf, &HELLO[3..]),
    ]
    .iter()
    .map(|(first, payload)| frame(if *first == ENDS { *first } else { first | COMPRESSED }, key, payload))
    .collect();
    for cut in 0..=HELLO.len() {
        let (first, second) = HELLO.split_at(cut);
        let between = [frame(PING, key, "?"), frame(GOES_ON, key, "")].concat();
        phrases.push([frame(TEXT_BEGINS | COMPRESSED, key, first), between, frame(ENDS, key, second)].concat());
    }
    phrases.extend(
        ["words and words, ".repeat(60), "\u{1f600}".repeat(300), "0".repeat(200_000)]
            .map(|text| frame(TEXT | COMPRESSED, key, deflated(text))),
    );
    phrases
}

/// The payload that a machine makes of `text`.
pub(crate) fn deflated(text: String) -> Vec<u8> {
    let agreed = Agreed { server_max_window_bits: 9, ..Agreed::default() };
    let deflate = Deflate::server(agreed, Codecs::default());
    let mut server = Connection::server(Arc::default(), Some(deflate), now());
    assert_eq!(server.send(Kind::Text, Bytes::from(text)), Ok(()));
    let mut tx = Outbox::new();
    server.poll_transmit(now(), &mut tx);
    let mut slices = [IoSlice::new(&[]); 1];
    assert_eq!(tx.slices(&mut slices), 1, "the compressed form is short");
    let head = if slices[0][1] == 126 { 4 } else { 2 };
    slices[0][head..].to_vec()
}

fn mask_bit(key: Option<[u8; 4]>) -> u8 {
    if key.is_some() { 0x80 } else { 0 }
}

#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; no time passes here")]
fn now() -> Instant {
    Instant::now()
}
