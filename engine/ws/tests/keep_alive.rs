//! Pings to a silent peer, and what counts as life.

mod frame;
mod side;

use std::time::Duration;

use bytes::Bytes;
use frame::{BINARY, GOES_ON, PING, PONG, TEXT, TEXT_BEGINS};
use machine::{Machine, Next};
use side::{ROLES, Side, text};
use ws::{Config, Error, Event, Role};

const INTERVAL: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(7);
const MOMENT: Duration = Duration::from_millis(1);

fn side(role: Role) -> Side {
    let (ping_interval, ping_timeout) = (Some(INTERVAL), Some(TIMEOUT));
    Side::with(role, Config { ping_interval, ping_timeout, ..Config::default() })
}

/// The interval is over, and the ping is on the wire.
#[track_caller]
fn pings(side: &mut Side, number: u32) {
    assert_eq!(side.due(), Some(INTERVAL));
    side.wait(INTERVAL - MOMENT);
    assert!(side.sent().is_empty());
    side.wait(MOMENT);
    assert_eq!(side.sent(), side.own(PING, number.to_be_bytes()));
}

#[track_caller]
fn times_out(side: &mut Side) {
    assert_eq!(side.poll(), Err(Error::PongTimeout));
    side.fails(Error::PongTimeout, 1011);
}

#[test]
fn a_pong_settles_each_ping() {
    for role in ROLES {
        let mut side = side(role);
        for number in 1..4_u32 {
            pings(&mut side, number);
            assert_eq!(side.due(), Some(TIMEOUT));
            side.wait(TIMEOUT - MOMENT).hear(PONG, number.to_be_bytes());
            assert_eq!(side.heard(), [Event::Pong(Bytes::copy_from_slice(&number.to_be_bytes()))]);
        }
    }
}

#[test]
fn a_peer_that_stays_silent_is_told_and_given_up() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        side.wait(TIMEOUT - MOMENT);
        assert_eq!(side.poll(), Ok(Next::NeedInput));
        side.wait(MOMENT);
        times_out(&mut side);
    }
}

#[test]
fn every_byte_of_a_long_message_is_a_sign_of_life() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        side.hear_head(BINARY, 10);
        for _ in 0..9 {
            assert!(side.heard().is_empty());
            side.wait(TIMEOUT - MOMENT).feed("x");
        }
        assert!(side.heard().is_empty());
        assert_eq!(side.due(), Some(TIMEOUT));
        side.wait(TIMEOUT);
        times_out(&mut side);
    }
}

#[test]
fn every_frame_is_a_sign_of_life() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        for (first, payload) in [(TEXT_BEGINS, ""), (PING, ""), (PONG, "another"), (GOES_ON, "")] {
            side.wait(TIMEOUT - MOMENT).hear(first, payload);
            assert!(side.heard().len() < 2);
            assert_eq!(side.due(), Some(TIMEOUT));
        }
        side.wait(TIMEOUT);
        assert_eq!(side.sent(), [side.own(PONG, ""), side.own_close(1011, Error::PongTimeout.words())].concat());
        assert_eq!(side.poll(), Err(Error::PongTimeout));
    }
}

#[test]
fn a_pong_with_another_payload_settles_nothing() {
    for role in ROLES {
        let mut side = side(role);
        side.hear(PONG, 1_u32.to_be_bytes());
        assert_eq!(side.heard().len(), 1);
        pings(&mut side, 1);
        side.hear(PONG, 2_u32.to_be_bytes()).hear(PONG, "");
        assert_eq!(side.heard().len(), 2);
        side.wait(TIMEOUT);
        times_out(&mut side);
    }
}

#[test]
fn a_caller_that_does_not_read_does_not_blame_the_peer_for_silence() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        side.machine.hold();
        side.wait(100 * TIMEOUT);
        assert_eq!(side.poll(), Ok(Next::NeedInput));
        side.machine.resume(side.now);
        assert_eq!(side.due(), Some(TIMEOUT));
        side.wait(TIMEOUT);
        times_out(&mut side);
    }
}

#[test]
fn a_pong_that_waited_until_the_caller_read_again_settles_the_ping() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        side.machine.hold();
        side.wait(100 * TIMEOUT);
        side.machine.resume(side.now);
        side.hear(PONG, 1_u32.to_be_bytes());
        assert_eq!(side.heard().len(), 1);
        pings(&mut side, 2);
    }
}

#[test]
fn no_ping_is_sent_while_the_caller_does_not_read() {
    for role in ROLES {
        let mut side = side(role);
        side.machine.hold();
        side.wait(3 * INTERVAL);
        assert!(side.sent().is_empty());
        side.machine.resume(side.now);
        pings(&mut side, 1);
    }
}

#[test]
fn without_a_timeout_pings_go_out_and_nobody_waits_for_pongs() {
    for role in ROLES {
        let config = Config { ping_interval: Some(INTERVAL), ping_timeout: None, ..Config::default() };
        let mut side = Side::with(role, config);
        for number in 1..4 {
            pings(&mut side, number);
        }
        assert_eq!(side.poll(), Ok(Next::NeedInput));
    }
}

#[test]
fn without_an_interval_nothing_is_ever_due() {
    for role in ROLES {
        for ping_interval in [None, Some(Duration::ZERO)] {
            let mut side = Side::with(role, Config { ping_interval, ..Config::default() });
            assert_eq!(side.hear(TEXT, "a").heard(), [text("a")]);
            assert_eq!(side.due(), None);
        }
    }
}

#[test]
fn a_connection_that_closes_sends_no_pings() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        assert_eq!(side.sent(), side.own(frame::CLOSE, ""));
        side.wait(INTERVAL + TIMEOUT);
        assert!(side.sent().is_empty());
        assert!(matches!(side.poll(), Ok(Next::Closed(_))));
    }
}

#[test]
fn a_caller_that_closes_while_it_does_not_read_waits_for_no_pong() {
    for role in ROLES {
        let mut side = side(role);
        pings(&mut side, 1);
        side.machine.hold();
        assert_eq!(side.machine.close(None, side.now), Ok(()));
        side.machine.resume(side.now);
        assert_eq!(side.due(), Some(Config::default().close_timeout));
    }
}

#[test]
fn an_early_timeout_changes_nothing() {
    for role in ROLES {
        let mut side = side(role);
        side.machine.handle_timeout(side.now);
        side.wait(INTERVAL - MOMENT);
        side.machine.handle_timeout(side.now);
        assert_eq!((side.due(), side.sent()), (Some(MOMENT), Vec::new()));
    }
}
