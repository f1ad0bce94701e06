//! How a connection ends: the close handshake from either side (RFC 6455, section 7), the peer's fault, and silence.

mod frame;
mod side;

use std::time::Duration;

use bytes::Bytes;
use frame::{BINARY, CLOSE, PING, PONG, TEXT, TEXT_BEGINS};
use machine::{Close, Machine, Next};
use side::{ROLES, Side, closed, say, text};
use ws::{Config, Error, Event, Kind, Misuse, Role};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// No pings get in between.
fn quiet(role: Role) -> Side {
    Side::with(role, Config { ping_interval: None, close_timeout: CLOSE_TIMEOUT, ..Config::default() })
}

/// Both Close frames are there: the server closes, the client waits for it to.
#[track_caller]
fn ends_after_both_frames(side: &mut Side) {
    assert!(side.machine.is_closing() && !side.machine.is_open());
    assert_eq!(side.machine.send(Kind::Text, Bytes::new()), Err(Misuse::Closed));
    if side.role == Role::Client {
        assert_eq!(side.poll(), Ok(Next::NeedInput));
        assert_eq!(side.due(), Some(CLOSE_TIMEOUT));
        side.eof();
    }
    assert_eq!(side.ended(), Close::Flush);
    assert_eq!(side.machine.poll_timeout(), None);
    assert!(side.sent().is_empty());
}

#[test]
fn the_peers_close_is_answered_by_its_code_and_reason() {
    for role in ROLES {
        for code in [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 3999, 4000, 4999] {
            let mut side = quiet(role);
            side.hear_close(code, "h\u{e9}");
            assert_eq!(side.poll(), Ok(Next::Event(closed(code, "h\u{e9}"))));
            assert_eq!(side.sent(), side.own_close(code, "h\u{e9}"));
            ends_after_both_frames(&mut side);
        }
    }
}

#[test]
fn a_close_without_a_code_is_answered_by_one_without() {
    for role in ROLES {
        let mut side = quiet(role);
        side.hear(CLOSE, "");
        assert_eq!(side.poll(), Ok(Next::Event(Event::Close(None))));
        assert_eq!(side.sent(), side.own(CLOSE, ""));
        ends_after_both_frames(&mut side);
    }
}

#[test]
fn a_reason_takes_the_whole_frame() {
    for role in ROLES {
        let reason = "r".repeat(123);
        let mut side = quiet(role);
        side.hear_close(1000, &reason);
        assert_eq!(side.poll(), Ok(Next::Event(closed(1000, &reason))));
        let mut side = quiet(role);
        assert_eq!(side.machine.close(Some((4000, &reason)), side.now), Ok(()));
        assert_eq!(side.sent(), side.own_close(4000, &reason));
    }
}

#[test]
fn our_close_waits_for_the_peers() {
    for role in ROLES {
        let mut side = quiet(role);
        say(&mut side, "last");
        assert_eq!(side.machine.close(Some((1001, "away")), side.now), Ok(()));
        assert!(side.machine.is_closing() && !side.machine.is_open());
        assert_eq!(side.sent(), [side.own(TEXT, "last"), side.own_close(1001, "away")].concat());
        assert_eq!((side.poll(), side.due()), (Ok(Next::NeedInput), Some(CLOSE_TIMEOUT)));
        side.hear_close(1001, "");
        assert_eq!(side.poll(), Ok(Next::Event(closed(1001, ""))));
        ends_after_both_frames(&mut side);
    }
}

#[test]
fn our_close_may_be_without_a_code() {
    for role in ROLES {
        let mut side = quiet(role);
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        assert_eq!(side.sent(), side.own(CLOSE, ""));
    }
}

#[test]
fn behind_our_close_nothing_is_sent_and_messages_are_dropped() {
    for role in ROLES {
        let mut side = quiet(role);
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        side.sent();
        side.hear(TEXT, "too late").hear(PING, "?").hear(PONG, "!").hear(BINARY, "").hear(CLOSE, "");
        let (events, _) = side.events();
        assert_eq!(events, [Event::Ping(Bytes::from("?")), Event::Pong(Bytes::from("!")), Event::Close(None)]);
        assert!(side.sent().is_empty());
    }
}

#[test]
fn a_fault_behind_our_close_ends_it_without_a_second_one() {
    for role in ROLES {
        let mut side = quiet(role);
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        side.sent();
        side.hear(TEXT, b"\xff");
        assert_eq!(side.poll(), Err(Error::InvalidUtf8));
        assert!(side.sent().is_empty() && !side.machine.is_open());
        assert_eq!(side.machine.poll_timeout(), None);
    }
}

#[test]
fn a_peer_that_does_not_answer_our_close_is_not_waited_for() {
    for role in ROLES {
        let mut side = quiet(role);
        assert_eq!(side.machine.close(Some((1000, "")), side.now), Ok(()));
        side.sent();
        side.wait(CLOSE_TIMEOUT - Duration::from_millis(1)).hear(PING, "");
        assert_eq!(side.heard(), [Event::Ping(Bytes::new())]);
        assert_eq!(side.wait(Duration::from_millis(1)).ended(), Close::Flush);
        assert!(side.sent().is_empty());
    }
}

#[test]
fn a_server_that_does_not_close_is_not_waited_for() {
    let mut client = quiet(Role::Client);
    client.hear_close(1000, "");
    assert_eq!(client.heard(), [closed(1000, "")]);
    assert_eq!(client.wait(CLOSE_TIMEOUT).ended(), Close::Flush);
}

#[test]
fn nothing_behind_the_peers_close_means_anything() {
    for role in ROLES {
        let mut side = quiet(role);
        side.hear(TEXT, "first").hear_close(1000, "").hear(TEXT, "more").feed([0xff; 40]);
        let (events, answer) = side.events();
        assert_eq!(events, [text("first"), closed(1000, "")]);
        assert!(answer.is_ok());
        assert_eq!(side.sent(), side.own_close(1000, ""));
    }
}

#[test]
fn c1_codes_that_may_not_stand_in_a_frame_are_refused() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        for role in ROLES {
            let mut side = quiet(role);
            side.hear_close(code, "why").fails(Error::InvalidCloseCode, 1002);
            let mut side = quiet(role);
            assert_eq!(side.machine.close(Some((code, "")), side.now), Err(Misuse::InvalidCode(code)));
            assert!(side.sent().is_empty() && side.machine.is_open());
        }
    }
}

#[test]
fn c1_one_byte_is_no_close_code() {
    for role in ROLES {
        quiet(role).hear(CLOSE, b"\x03").fails(Error::InvalidClose, 1002);
    }
}

#[test]
fn a_reason_is_utf_8() {
    for role in ROLES {
        quiet(role).hear(CLOSE, b"\x03\xe8\xc3\x28").fails(Error::InvalidUtf8, 1007);
        quiet(role).hear(CLOSE, b"\x03\xe8ok\xe2\x82").fails(Error::InvalidUtf8, 1007);
    }
}

#[test]
fn a_mistake_of_the_callers_changes_nothing() {
    for role in ROLES {
        let mut side = quiet(role);
        let long = "r".repeat(124);
        assert_eq!(side.machine.close(Some((1000, &long)), side.now), Err(Misuse::InvalidReason));
        assert_eq!(side.machine.ping(&[0; 126]), Err(Misuse::ControlTooLong(126)));
        assert_eq!(side.machine.pong(&[0; 126]), Err(Misuse::ControlTooLong(126)));
        assert!(side.sent().is_empty() && side.machine.is_open() && !side.machine.is_closing());
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        assert_eq!(side.machine.close(None, side.now), Err(Misuse::Closed));
        assert_eq!((side.machine.ping(b""), side.machine.pong(b"")), (Err(Misuse::Closed), Err(Misuse::Closed)));
        assert_eq!(side.sent(), side.own(CLOSE, ""));
    }
}

#[test]
fn the_end_of_input_ends_it_wherever_it_stands() {
    for role in ROLES {
        let key = Side::new(role).peers_key();
        for unfinished in [
            vec![],
            vec![TEXT],
            frame::head(BINARY, key, 300),
            frame::frame(TEXT_BEGINS, key, "never"),
            frame::frame(PING, key, "cut")[..4].to_vec(),
        ] {
            let mut side = quiet(role);
            side.hear(TEXT, "whole").feed(&unfinished).eof();
            let (events, answer) = side.events();
            assert_eq!((events, answer), (vec![text("whole")], Ok(Next::Closed(Close::Flush))));
            assert!(side.machine.is_closing() && !side.machine.is_open() && side.sent().is_empty());
        }
    }
}

#[test]
fn what_was_to_be_sent_is_sent_though_the_peer_has_ended() {
    for role in ROLES {
        let mut side = quiet(role);
        say(&mut side, "last");
        assert_eq!(side.eof().ended(), Close::Flush);
        assert_eq!(side.sent(), side.own(TEXT, "last"));
    }
}

#[test]
fn giving_up_drops_what_was_to_be_sent() {
    for role in ROLES {
        let mut side = quiet(role);
        say(&mut side, "never");
        side.machine.abort();
        assert_eq!(side.ended(), Close::Now);
        assert!(side.sent().is_empty() && !side.machine.is_open());
        assert_eq!((side.machine.pending(), side.machine.buffered()), (0, 0));
    }
}

#[test]
fn a_connection_given_up_is_not_told_of_an_earlier_fault() {
    for role in ROLES {
        let mut side = quiet(role);
        side.hear(BINARY | 0x20, "");
        assert_eq!(side.poll(), Err(Error::ReservedBits));
        side.machine.abort();
        assert!(side.sent().is_empty() && !side.machine.is_open());
        assert_eq!(side.machine.send(Kind::Text, Bytes::new()), Err(Misuse::Closed));
        assert_eq!(side.machine.poll_timeout(), None);
        assert_eq!(side.poll(), Err(Error::ReservedBits));
    }
}

#[test]
fn messages_in_front_of_a_fault_are_answered_before_it_is_told() {
    for role in ROLES {
        let mut side = quiet(role);
        side.hear(TEXT, "question").hear(BINARY | 0x20, "");
        assert_eq!(side.poll(), Ok(Next::Event(text("question"))));
        side.machine.hold();
        assert_eq!(side.poll(), Err(Error::ReservedBits));
        assert!(side.sent().is_empty() && side.machine.is_open() && side.machine.is_closing());
        say(&mut side, "answer");
        assert_eq!(side.sent(), side.own(TEXT, "answer"));
        side.machine.resume(side.now);
        let farewell = side.own_close(1002, Error::ReservedBits.words());
        assert_eq!(side.sent(), farewell);
        assert!(!side.machine.is_open() && side.sent().is_empty());
        assert_eq!((side.poll(), side.machine.poll_timeout()), (Err(Error::ReservedBits), None));
    }
}

#[test]
fn a_fault_is_told_in_time_though_the_caller_never_reads_again() {
    for role in ROLES {
        let mut side = quiet(role);
        side.machine.hold();
        side.hear(BINARY | 0x20, "");
        assert_eq!((side.poll(), side.due()), (Err(Error::ReservedBits), Some(CLOSE_TIMEOUT)));
        side.wait(CLOSE_TIMEOUT);
        assert!(!side.machine.is_open());
        assert_eq!(side.sent(), side.own_close(1002, Error::ReservedBits.words()));
        assert_eq!((side.sent(), side.poll()), (Vec::new(), Err(Error::ReservedBits)));
    }
}

#[test]
fn a_close_of_the_callers_stands_for_the_farewell() {
    for role in ROLES {
        let mut side = quiet(role);
        side.machine.hold();
        side.hear(BINARY | 0x20, "");
        assert_eq!(side.poll(), Err(Error::ReservedBits));
        assert_eq!(side.machine.close(Some((4000, "mine")), side.now), Ok(()));
        side.machine.resume(side.now);
        assert_eq!(side.sent(), side.own_close(4000, "mine"));
        assert_eq!((side.poll(), side.machine.poll_timeout()), (Err(Error::ReservedBits), None));
    }
}
