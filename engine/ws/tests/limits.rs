//! What a peer can make the machine hold and do, and what that costs at most.

#![allow(clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

mod frame;
mod side;

use std::io::IoSlice;
use std::time::Duration;

use bytes::Bytes;
use frame::{BINARY, BINARY_BEGINS, COMPRESSED, ENDS, GOES_ON, HELLO, PING, PONG, TEXT, TEXT_BEGINS, head};
use machine::{Machine, Next, Outbox};
use side::{ROLES, Side, binary, text};
use ws::deflate::{Agreed, Codecs};
use ws::{Config, Connection, Deflate, Error, Event, Kind, Role};

const SECOND: Duration = Duration::from_secs(1);

fn with_messages_of(role: Role, max_message: usize) -> Side {
    Side::with(role, Config { max_message, ..Config::default() })
}

fn deflating(role: Role, max_message: usize) -> Side {
    let deflate = match role {
        Role::Server => Deflate::server(Agreed::default(), Codecs::default()),
        Role::Client => Deflate::client(Agreed::default(), Codecs::default()),
    };
    Side::deflating(role, Config { max_message, ..Config::default() }, Some(deflate))
}

/// What the peer's compressor makes of `payload`.
fn compressed(payload: Vec<u8>) -> Vec<u8> {
    let mut peer = deflating(Role::Server, 0);
    assert_eq!(peer.machine.send(Kind::Binary, Bytes::from(payload)), Ok(()));
    let frame = peer.sent();
    let head = match frame[1] {
        127 => 10,
        126 => 4,
        _ => 2,
    };
    frame[head..].to_vec()
}

#[test]
fn a_message_of_exactly_the_limit_is_told_and_one_byte_more_is_refused_at_its_head() {
    for role in ROLES {
        let mut side = with_messages_of(role, 200);
        assert_eq!(side.hear(BINARY, [b'x'; 200]).heard(), [binary(&[b'x'; 200])]);
        side.hear_head(BINARY, 201).fails(Error::MessageTooBig, 1009);
    }
}

#[test]
fn the_limit_counts_all_fragments_of_a_message_and_each_message_anew() {
    for role in ROLES {
        let mut side = with_messages_of(role, 10);
        for _ in 0..3 {
            assert_eq!(side.hear(TEXT_BEGINS, "12345").hear(ENDS, "67890").heard(), [text("1234567890")]);
        }
        assert!(side.hear(TEXT_BEGINS, "12345").hear(GOES_ON, "67890").hear(GOES_ON, "").heard().is_empty());
        side.hear_head(GOES_ON, 1).fails(Error::MessageTooBig, 1009);
    }
}

#[test]
fn a_limit_of_nothing_allows_empty_messages() {
    for role in ROLES {
        let mut side = with_messages_of(role, 0);
        assert_eq!(side.hear(BINARY, "").heard(), [binary(b"")]);
        side.hear_head(BINARY, 1).fails(Error::MessageTooBig, 1009);
    }
}

#[test]
fn c2_a_declared_length_of_two_to_the_62_allocates_nothing() {
    for role in ROLES {
        with_messages_of(role, 1 << 20).hear_head(BINARY, 1 << 62).fails(Error::MessageTooBig, 1009);
        // Even where the limit allows it: what has come counts, not what was promised.
        let mut side = with_messages_of(role, usize::MAX);
        assert!(side.hear_head(BINARY, 1 << 62).heard().is_empty());
        assert!(side.feed([b'x'; 100]).heard().is_empty());
        assert_eq!(side.machine.buffered(), 100);
        assert!(side.machine.expects_much());
    }
}

#[test]
fn c3_a_bomb_is_stopped_while_it_is_inflated() {
    const LIMIT: usize = 1 << 20;
    let bomb = compressed(vec![0; 16 * LIMIT]);
    for role in ROLES {
        let mut side = deflating(role, LIMIT);
        side.hear(BINARY | COMPRESSED, &bomb);
        let frame = side.rx.split();
        let mut pieces = frame.chunks(16);
        let read = pieces.by_ref().take_while(|piece| {
            side.feed(piece);
            let answer = side.poll();
            assert!(side.machine.buffered() <= LIMIT + 64 * 1024, "{}", side.machine.buffered());
            answer == Ok(Next::NeedInput)
        });
        let read = read.count() * 16;
        assert!(read < frame.len() / 8, "{read} of {}", frame.len());
        side.fails(Error::MessageTooBig, 1009);
    }
}

#[test]
fn c3_a_compressed_message_of_exactly_the_limit_is_told() {
    for role in ROLES {
        let payload = vec![b'x'; 5000];
        let wire = compressed(payload.clone());
        assert_eq!(deflating(role, 5000).hear(BINARY | COMPRESSED, &wire).heard(), [binary(&payload)]);
        deflating(role, 4999).hear(BINARY | COMPRESSED, &wire).fails(Error::MessageTooBig, 1009);
    }
}

#[test]
fn c3_compressed_garbage_is_refused() {
    for role in ROLES {
        deflating(role, 100).hear(BINARY | COMPRESSED, [0xff; 20]).fails(Error::InvalidDeflate, 1007);
    }
}

#[test]
fn c3_what_is_too_much_is_told_before_what_is_wrong_behind_it() {
    let wire = [&compressed(vec![b'x'; 5000])[..], &[0xff; 9]].concat();
    for role in ROLES {
        for limit in [0, 1, 258, 4998, 4999] {
            deflating(role, limit).hear(BINARY | COMPRESSED, &wire).fails(Error::MessageTooBig, 1009);
        }
        deflating(role, 5000).hear(BINARY | COMPRESSED, &wire).fails(Error::InvalidDeflate, 1007);
    }
}

#[test]
fn c3_windows_hold_no_more_than_was_agreed_on() {
    let agreed = Agreed { server_max_window_bits: 9, client_max_window_bits: 10, ..Agreed::default() };
    let deflate = Deflate::server(agreed, Codecs::default());
    let mut side = Side::deflating(Role::Server, Config::default(), Some(deflate));
    for _ in 0..3 {
        side.hear(BINARY | COMPRESSED, compressed(vec![b'x'; 5000]));
        assert_eq!(side.heard().len(), 1);
        assert_eq!(side.machine.send(Kind::Text, Bytes::from(vec![b'y'; 5000])), Ok(()));
        side.sent();
        assert!(side.machine.buffered() <= 512 + 1024, "{}", side.machine.buffered());
    }
}

#[test]
fn control_frames_beyond_the_budget_of_a_second_are_refused() {
    for role in ROLES {
        let mut side = Side::new(role);
        for _ in 0..3 {
            for opcode in [PING, PONG].into_iter().cycle().take(1000) {
                side.hear(opcode, "");
            }
            assert_eq!(side.heard().len(), 1000);
            side.sent();
            side.wait(SECOND);
            side.sent();
        }
        for _ in 0..1001 {
            side.hear(PONG, "");
        }
        side.fails(Error::TooManyControls, 1008);
    }
}

#[test]
fn messages_are_no_control_frames() {
    for role in ROLES {
        let mut side = Side::new(role);
        for _ in 0..3000 {
            side.hear(TEXT, "");
        }
        assert_eq!(side.heard().len(), 3000);
    }
}

#[test]
fn empty_fragments_without_end_are_refused() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(BINARY_BEGINS, "");
        for _ in 1..1000 {
            side.hear(GOES_ON, "");
        }
        assert!(side.heard().is_empty());
        // A byte is progress.
        side.hear(GOES_ON, "x");
        for _ in 0..1000 {
            side.hear(GOES_ON, "");
        }
        assert!(side.heard().is_empty());
        side.hear(GOES_ON, "").fails(Error::TooManyFragments, 1008);
    }
}

#[test]
fn c6_a_peer_that_takes_no_answers_is_answered_its_newest_ping() {
    for role in ROLES {
        let config = Config { max_controls: u32::MAX, high_water: 1000, ..Config::default() };
        let mut side = Side::with(role, config);
        let mut full = Outbox::new();
        full.extend(&[0; 1000]);
        for number in 0..10_000_u32 {
            side.hear(PING, [&number.to_be_bytes()[..], &[b'p'; 121]].concat());
            assert_eq!(side.heard().len(), 1);
            side.machine.poll_transmit(side.now, &mut full);
            assert!(side.machine.buffered() <= 4096 + 2 * 131, "{}", side.machine.buffered());
        }
        assert_eq!(full.len(), 1000);
        let sent = side.sent();
        assert!(sent.len() <= 4096 + 2 * 131);
        let newest = side.own(PONG, [&9999_u32.to_be_bytes()[..], &[b'p'; 121]].concat());
        assert!(sent.ends_with(&newest));
        assert_eq!(side.machine.buffered(), 0);
    }
}

#[test]
fn c6_the_newest_ping_is_answered_in_front_of_our_close() {
    for role in ROLES {
        let mut side = Side::new(role);
        assert_eq!(side.machine.send(Kind::Binary, Bytes::from(vec![0; 5000])), Ok(()));
        side.hear(PING, "old").hear(PING, "new");
        assert_eq!(side.heard(), [Event::Ping(Bytes::from("old")), Event::Ping(Bytes::from("new"))]);
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        let last = [side.own(PONG, "new"), side.own(frame::CLOSE, "")].concat();
        assert!(side.sent().ends_with(&last));
    }
}

#[test]
fn c6_nothing_is_added_to_an_outbox_that_is_full() {
    for role in ROLES {
        let mut side = Side::with(role, Config { high_water: 10, ..Config::default() });
        side::say(&mut side, "hello");
        let mut tx = Outbox::new();
        tx.extend(&[0; 10]);
        side.machine.poll_transmit(side.now, &mut tx);
        assert_eq!(tx.len(), 10);
        assert_eq!(side.machine.pending(), side.own(TEXT, "hello").len());
        tx.advance(1);
        side.machine.poll_transmit(side.now, &mut tx);
        assert_eq!((tx.len(), side.machine.pending()), (9 + side.own(TEXT, "hello").len(), 0));
    }
}

#[test]
fn a_connection_given_up_owes_no_answer() {
    for role in ROLES {
        let mut side = Side::new(role);
        assert_eq!(side.machine.send(Kind::Binary, Bytes::from(vec![0; 5000])), Ok(()));
        assert_eq!(side.hear(PING, "?").heard(), [Event::Ping(Bytes::from("?"))]);
        side.machine.abort();
        assert_eq!(side.machine.pending(), 0);
        assert!(side.sent().is_empty());
    }
}

#[test]
fn a_message_that_will_never_be_whole_is_not_kept() {
    for role in ROLES {
        let mut side = Side::new(role);
        assert!(side.hear(BINARY_BEGINS, [0; 5000]).heard().is_empty());
        assert_eq!(side.machine.buffered(), 5000);
        side.hear(BINARY, "").fails(Error::MissingContinuation, 1002);
        assert_eq!(side.machine.buffered(), 0);
    }
}

#[test]
fn an_idle_connection_holds_nothing() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(TEXT, "a").hear(PING, "b").hear(BINARY, [0; 70_000]);
        assert_eq!(side.heard().len(), 3);
        side.sent();
        assert_eq!((side.machine.buffered(), side.machine.pending(), side.rx.capacity()), (0, 0, 0));
    }
}

#[test]
fn a_connection_is_small() {
    let size = size_of::<Connection>();
    assert!(size <= 320, "{size} bytes");
}

#[test]
fn a_servers_big_payload_is_chained_without_a_copy() {
    let mut server = Side::new(Role::Server);
    let payload = Bytes::from(vec![7; 100_000]);
    assert_eq!(server.machine.send(Kind::Binary, payload.clone()), Ok(()));
    let mut tx = Outbox::new();
    server.machine.poll_transmit(server.now, &mut tx);
    let mut slices = [IoSlice::new(&[]); 4];
    assert_eq!(tx.slices(&mut slices), 2);
    assert_eq!(slices[0].to_vec(), head(BINARY, None, 100_000));
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
}

#[test]
fn a_message_in_one_piece_is_told_without_a_copy() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(BINARY, vec![7; 100_000]);
        let payload = side.rx.as_ptr_range().end.wrapping_sub(100_000);
        let Ok(Next::Event(Event::Binary(data))) = side.poll() else { panic!("no message") };
        assert_eq!(data.as_ptr(), payload);
    }
}

#[test]
fn much_is_expected_where_much_of_a_message_is_to_come() {
    for role in ROLES {
        let mut side = Side::new(role);
        assert!(!side.machine.expects_much());
        side.hear_head(BINARY, 20_000);
        assert!(side.heard().is_empty() && side.machine.expects_much());
        assert!(side.feed([0; 4000]).heard().is_empty());
        assert!(!side.machine.expects_much());
    }
}

#[test]
fn compressed_text_may_be_cut_anywhere() {
    for role in ROLES {
        for cut in 0..=HELLO.len() {
            let (first, second) = HELLO.split_at(cut);
            let mut side = deflating(role, 5);
            side.hear(TEXT_BEGINS | COMPRESSED, first).hear(ENDS, second);
            assert_eq!(side.heard(), [text("Hello")]);
        }
        let mut side = deflating(role, 5);
        side.hear(TEXT_BEGINS | COMPRESSED, &HELLO[..3]).hear(ENDS | COMPRESSED, &HELLO[3..]);
        side.fails(Error::ReservedBits, 1002);
    }
}
