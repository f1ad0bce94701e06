//! The laws of the machines, on both roles, with and without compression, and with applications of several tempers.

#![allow(clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

mod frame;
#[path = "laws/limits.rs"]
mod limits;
#[path = "laws/phrases.rs"]
mod phrases;
#[path = "laws/subject.rs"]
mod subject;

use frame::{BINARY, BINARY_BEGINS, COMPRESSED, ENDS, GOES_ON, KEY, PING, TEXT, frame, head};
use machine::laws::{Stream, check, hold, mangled};
use proptest::prelude::{Strategy, any};
use subject::{Compression, Side, Temper};
use ws::Role;

/// What servers hear is masked, by a key of chance or by none to speak of; what clients hear is bare.
const KEYS: [(Role, Option<[u8; 4]>); 3] =
    [(Role::Server, Some(KEY)), (Role::Server, Some([0; 4])), (Role::Client, None)];

const COMPRESSIONS: [Compression; 4] =
    [Compression::None, Compression::Alone, Compression::TakenOver, Compression::Crowded];

fn keep(temper: Temper, compression: Compression) {
    for (role, key) in KEYS {
        let mut phrases = phrases::plain(key);
        if compression != Compression::None {
            phrases.extend(phrases::compressed(key));
        }
        // The strategy borrows for ever; there are a handful of them.
        let phrases = &*phrases.into_iter().map(|phrase| &*phrase.leak()).collect::<Vec<&[u8]>>().leak();
        for config in [limits::roomy(), limits::tight()] {
            check(&Side::new(role, config, temper, compression), mangled(phrases));
        }
    }
}

#[test]
fn an_application_that_sends_back_what_it_hears() {
    keep(Temper::Echoing, Compression::None);
}

#[test]
fn an_application_that_sends_back_what_it_hears_compressed() {
    keep(Temper::Echoing, Compression::TakenOver);
}

#[test]
fn an_application_that_sends_back_what_it_hears_compressed_each_message_alone() {
    keep(Temper::Echoing, Compression::Alone);
}

#[test]
fn an_application_on_a_service_whose_inflaters_are_all_in_use() {
    keep(Temper::Echoing, Compression::Crowded);
}

#[test]
fn an_application_that_only_listens() {
    keep(Temper::Silent, Compression::None);
    keep(Temper::Silent, Compression::TakenOver);
}

#[test]
fn an_application_that_closes() {
    keep(Temper::Closing, Compression::None);
    keep(Temper::Closing, Compression::TakenOver);
}

#[test]
fn an_application_that_gives_up() {
    keep(Temper::Aborting, Compression::None);
    keep(Temper::Aborting, Compression::Crowded);
}

#[test]
fn an_application_that_does_not_read_for_a_while() {
    keep(Temper::Holding, Compression::None);
    keep(Temper::Holding, Compression::TakenOver);
}

#[test]
fn messages_that_are_long_or_never_end() {
    for (role, key) in KEYS {
        let flood: Vec<u8> = (0..1001).flat_map(|_| frame(GOES_ON, key, "")).collect();
        let streams = [
            frame(BINARY, key, [b'x'; 5000]),
            [frame(BINARY_BEGINS, key, [b'x'; 3000]), frame(PING, key, "?"), frame(ENDS, key, [b'y'; 3000])].concat(),
            frame(TEXT, key, "\u{1f600}".repeat(1000)),
            [frame(BINARY_BEGINS, key, ""), flood].concat(),
            [head(BINARY, key, 1 << 62), vec![b'x'; 3000]].concat(),
            (0..1001).flat_map(|_| frame(PING, key, "?")).collect(),
            frame(TEXT | COMPRESSED, key, phrases::deflated("\u{20ac} and more, ".repeat(2000))),
            frame(TEXT | COMPRESSED, key, phrases::deflated("0".repeat(1_000_000))),
        ];
        for (stream, compression) in streams.iter().flat_map(|stream| COMPRESSIONS.map(|each| (stream, each))) {
            let subject = Side::new(role, limits::roomy(), Temper::Echoing, compression);
            if let Err(broken) = hold(&subject, stream, &[3, 1000, 4001]) {
                panic!("{role:?}, {compression:?}: {broken}");
            }
        }
    }
}

#[test]
fn bytes_that_are_nothing_like_frames() {
    let noise = proptest::collection::vec(any::<u8>(), 0..64).prop_map(Stream);
    for (role, compression) in [Role::Server, Role::Client].into_iter().zip([Compression::None, Compression::TakenOver])
    {
        check(&Side::new(role, limits::roomy(), Temper::Echoing, compression), noise.clone());
    }
}
