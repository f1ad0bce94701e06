//! Frames and messages (RFC 6455, sections 5 and 8): what is right is told whole, what is wrong is answered and ends it.

mod frame;
mod side;

use bytes::Bytes;
use frame::{BINARY, BINARY_BEGINS, COMPRESSED, ENDS, GOES_ON, PING, PONG, TEXT, TEXT_BEGINS, frame, head};
use side::{ROLES, Side, binary, say, text};
use ws::{Error, Event, Kind, Role};

/// However the bytes are cut, the frame is refused.
#[track_caller]
fn refused(role: Role, bytes: &[u8], error: Error, code: u16) {
    for step in [1, bytes.len()] {
        let mut side = Side::new(role);
        for piece in bytes.chunks(step) {
            side.feed(piece);
            let (events, answer) = side.events();
            assert!(events.is_empty(), "{events:?}");
            if answer.is_err() {
                break;
            }
        }
        side.fails(error, code);
    }
}

/// A frame of the peer's, refused in both roles.
#[track_caller]
fn refused_by_both(first: u8, payload: &[u8], error: Error, code: u16) {
    for role in ROLES {
        refused(role, &frame(first, Side::new(role).peers_key(), payload), error, code);
    }
}

#[test]
fn messages_of_both_kinds_are_told_whole() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(TEXT, "h\u{e9}llo").hear(BINARY, b"\x00\xff").hear(TEXT, "").hear(BINARY, "");
        assert_eq!(side.heard(), [text("h\u{e9}llo"), binary(b"\x00\xff"), text(""), binary(b"")]);
        assert!(side.sent().is_empty());
    }
}

#[test]
fn the_length_takes_as_few_bytes_as_it_can_both_ways() {
    for (size, overhead) in [(0, 2), (125, 2), (126, 4), (0xffff, 4), (0x1_0000, 10)] {
        for role in ROLES {
            let payload = vec![0x55; size];
            let mut side = Side::new(role);
            assert_eq!(side.hear(BINARY, &payload).heard(), [binary(&payload)]);
            assert_eq!(side.machine.send(Kind::Binary, Bytes::from(payload.clone())), Ok(()));
            let key = if role == Role::Client { 4 } else { 0 };
            let sent = side.sent();
            assert_eq!(sent.len(), size + overhead + key);
            assert!(sent == side.own(BINARY, &payload), "{size}");
        }
    }
}

#[test]
fn fragments_are_joined_and_control_frames_between_them_are_told_at_once() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(TEXT_BEGINS, "one, ").hear(PING, "?").hear(GOES_ON, "").hear(GOES_ON, "two").hear(PONG, "!");
        assert_eq!(side.heard(), [Event::Ping(Bytes::from("?")), Event::Pong(Bytes::from("!"))]);
        assert_eq!(side.hear(ENDS, ".").heard(), [text("one, two.")]);
        assert_eq!(side.hear(BINARY_BEGINS, "").hear(ENDS, "").heard(), [binary(b"")]);
    }
}

#[test]
fn a_ping_is_answered_by_its_own_payload() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(PING, "").hear(PING, [b'p'; 125]);
        assert_eq!(side.heard().len(), 2);
        assert_eq!(side.sent(), [side.own(PONG, ""), side.own(PONG, [b'p'; 125])].concat());
    }
}

#[test]
fn commands_become_frames() {
    for role in ROLES {
        let mut side = Side::new(role);
        say(&mut side, "hello");
        assert_eq!((side.machine.ping(b"?"), side.machine.pong(b"!")), (Ok(()), Ok(())));
        assert_eq!(side.sent(), [side.own(TEXT, "hello"), side.own(PING, "?"), side.own(PONG, "!")].concat());
    }
}

#[test]
fn each_frame_of_a_clients_has_a_key_of_its_own() {
    let mut count = 0;
    let masks = ws::Masks::new(move || {
        count += 1;
        [count; 4]
    });
    let mut side = Side::new(Role::Client);
    side.machine = ws::Connection::client(Default::default(), None, masks, side.now);
    say(&mut side, "same");
    say(&mut side, "same");
    assert_eq!(side.sent(), [frame(TEXT, Some([1; 4]), "same"), frame(TEXT, Some([2; 4]), "same")].concat());
}

#[test]
fn c1_an_unmasked_frame_of_a_clients_is_refused() {
    refused(Role::Server, &frame(TEXT, None, "hello"), Error::Unmasked, 1002);
    refused(Role::Server, &frame(PING, None, ""), Error::Unmasked, 1002);
}

#[test]
fn c1_a_masked_frame_of_a_servers_is_refused() {
    refused(Role::Client, &frame(TEXT, Some([1, 2, 3, 4]), "hello"), Error::Masked, 1002);
    refused(Role::Client, &frame(TEXT, Some([0; 4]), "hello"), Error::Masked, 1002);
}

#[test]
fn c1_reserved_bits_are_refused_where_no_extension_uses_them() {
    for bits in [COMPRESSED, 0x20, 0x10, 0x70] {
        for opcode in [TEXT, BINARY, PING, PONG, frame::CLOSE] {
            refused_by_both(opcode | bits, b"", Error::ReservedBits, 1002);
        }
    }
}

#[test]
fn c1_reserved_opcodes_are_refused() {
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        refused_by_both(0x80 | opcode, b"", Error::ReservedOpcode, 1002);
        refused_by_both(opcode, b"more", Error::ReservedOpcode, 1002);
    }
}

#[test]
fn c1_control_frames_come_whole() {
    for opcode in [PING, PONG, frame::CLOSE] {
        refused_by_both(opcode & 0x7f, b"", Error::FragmentedControl, 1002);
    }
}

#[test]
fn c1_control_frames_are_short() {
    for opcode in [PING, PONG, frame::CLOSE] {
        refused_by_both(opcode, &[b'x'; 126], Error::ControlTooLong, 1002);
        refused_by_both(opcode, &vec![b'x'; 0x1_0000], Error::ControlTooLong, 1002);
    }
}

#[test]
fn c1_a_message_may_not_begin_inside_of_another() {
    for role in ROLES {
        let mut side = Side::new(role);
        side.hear(TEXT_BEGINS, "one").hear(TEXT, "two").fails(Error::MissingContinuation, 1002);
    }
}

#[test]
fn c1_a_continuation_continues_something() {
    refused_by_both(ENDS, b"", Error::UnexpectedContinuation, 1002);
    refused_by_both(GOES_ON, b"more", Error::UnexpectedContinuation, 1002);
    for role in ROLES {
        let mut side = Side::new(role);
        assert_eq!(side.hear(TEXT, "whole").heard(), [text("whole")]);
        side.hear(ENDS, "more").fails(Error::UnexpectedContinuation, 1002);
    }
}

#[test]
fn c2_a_length_takes_its_shortest_form() {
    for (role, mask) in [(Role::Server, 0x80), (Role::Client, 0)] {
        for length in [0_u8, 125] {
            refused(role, &[BINARY, mask | 126, 0, length], Error::InvalidLength, 1002);
        }
        for length in [0_u64, 125, 126, 0xffff] {
            let head = [&[BINARY, mask | 127], &length.to_be_bytes()[..]].concat();
            refused(role, &head, Error::InvalidLength, 1002);
        }
    }
}

#[test]
fn c2_a_lengths_highest_bit_is_zero() {
    for role in ROLES {
        for length in [1 << 63, u64::MAX] {
            refused(role, &head(BINARY, Side::new(role).peers_key(), length), Error::InvalidLength, 1002);
        }
    }
}

#[test]
fn c4_text_is_utf_8_and_fails_at_the_byte_that_breaks_it() {
    let broken = [&b"\xc3\x28"[..], b"\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xff"];
    for broken in broken {
        refused_by_both(TEXT, broken, Error::InvalidUtf8, 1007);
    }
    for role in ROLES {
        let mut side = Side::new(role);
        // The surrogate shows at its second byte, and most of the message is not there.
        let frame = frame(TEXT, side.peers_key(), [b"\xed\xa0".as_slice(), &[b'x'; 100]].concat());
        let head = frame.len() - 102;
        side.feed(&frame[..head + 1]);
        assert!(side.heard().is_empty());
        side.feed(&frame[head + 1..head + 2]).fails(Error::InvalidUtf8, 1007);
    }
}

#[test]
fn c4_a_code_point_may_be_cut_by_fragments_and_pieces() {
    let message = "a\u{e9}\u{20ac}\u{1f600}z";
    for role in ROLES {
        for cut in 0..=message.len() {
            let (first, second) = message.as_bytes().split_at(cut);
            let key = Side::new(role).peers_key();
            let bytes = [frame(TEXT_BEGINS, key, first), frame(PING, key, ""), frame(ENDS, key, second)].concat();
            for step in [1, bytes.len()] {
                let mut side = Side::new(role);
                let events: Vec<Event> = bytes.chunks(step).flat_map(|piece| side.feed(piece).heard()).collect();
                assert_eq!(events, [Event::Ping(Bytes::new()), text(message)]);
            }
        }
    }
}

#[test]
fn c4_the_last_code_point_of_a_message_is_whole() {
    refused_by_both(TEXT, b"\xe2\x82", Error::InvalidUtf8, 1007);
    for role in ROLES {
        let mut side = Side::new(role);
        assert!(side.hear(TEXT_BEGINS, b"\xe2\x82").hear(GOES_ON, "").heard().is_empty());
        side.hear(ENDS, "").fails(Error::InvalidUtf8, 1007);
    }
}

#[test]
fn binary_messages_are_any_bytes() {
    let all: Vec<u8> = (0..=255).collect();
    for role in ROLES {
        assert_eq!(Side::new(role).hear(BINARY, &all).heard(), [binary(&all)]);
    }
}
