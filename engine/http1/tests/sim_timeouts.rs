//! The server's deadlines, on a virtual clock: hours pass in a moment.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]
#![allow(dead_code, reason = "the application's parts are shared by several tests")]

#[path = "sim/application.rs"]
mod application;

use std::time::Duration;

use application::{answer, answers, raw_client};
use http1::Connection;
use machine::Close;
use sim::{End, Pair, Raw};

const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_nanos(1);
const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Lets `duration` pass, and asserts that the connection outlived all of it but the last instant.
fn ends_after(pair: &mut Pair<Raw, Connection>, duration: Duration) {
    pair.advance(duration - INSTANT);
    assert_eq!(pair.server.end(), None);
    pair.advance(INSTANT);
    assert!(pair.server.end().is_some());
}

#[test]
fn a_client_that_never_speaks_is_left_without_a_word_after_the_header_timeout() {
    let mut pair = raw_client(b"");
    pair.drive();
    ends_after(&mut pair, 10 * SECOND);
    assert!(matches!(pair.server.end(), Some(End::Closed(_))));
    assert_eq!(pair.server.sent(), b"");
}

#[test]
fn half_a_head_is_answered_with_408_after_the_header_timeout() {
    let mut pair = raw_client(b"GET / HTTP/1.1\r\nhost:");
    pair.drive();
    ends_after(&mut pair, 10 * SECOND);
    let Some(End::Failed(error)) = pair.server.end() else { panic!("{:?}", pair.server) };
    assert_eq!(error.status(), 408);
    assert!(pair.server.sent().starts_with(b"HTTP/1.1 408 "), "{:?}", pair.server.sent().escape_ascii().to_string());
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn bytes_that_drip_in_do_not_move_the_header_timeout() {
    let mut pair = raw_client(b"G");
    pair.drive();
    for byte in b"ET / HTTP" {
        pair.advance(SECOND);
        pair.client.machine.say([*byte]);
        pair.drive();
    }
    assert_eq!(pair.server.end(), None);
    ends_after(&mut pair, SECOND);
    assert!(pair.server.sent().starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn an_idle_connection_is_closed_without_a_word_after_the_keep_alive_timeout() {
    let mut pair = raw_client(HEAD);
    pair.server.react(answers(b"once"));
    pair.drive();
    let sent = pair.server.sent().len();
    ends_after(&mut pair, 5 * SECOND);
    assert!(matches!(pair.server.end(), Some(End::Closed(_))));
    assert_eq!(pair.server.sent().len(), sent);
}

#[test]
fn each_response_starts_the_keep_alive_timeout_anew() {
    let mut pair = raw_client(HEAD);
    pair.server.react(answers(b"again"));
    for _ in 0..4 {
        pair.drive();
        pair.advance(5 * SECOND - INSTANT);
        pair.client.machine.say(HEAD);
    }
    pair.drive();
    assert_eq!(pair.server.events().len(), 10);
    ends_after(&mut pair, 5 * SECOND);
}

#[test]
fn a_head_that_begins_after_a_pause_has_the_whole_header_timeout() {
    let mut pair = raw_client(HEAD);
    pair.server.react(answers(b"once"));
    pair.drive();
    pair.advance(4 * SECOND);
    pair.client.machine.say(b"GET /");
    pair.drive();
    ends_after(&mut pair, 10 * SECOND);
    assert!(pair.server.sent().windows(13).any(|part| part == b"HTTP/1.1 408 "));
}

#[test]
fn an_application_may_take_hours() {
    let mut pair = raw_client(HEAD);
    pair.drive();
    pair.advance(8 * 3600 * SECOND);
    assert_eq!((pair.server.end(), pair.server.deadline()), (None, None));
    answer(&mut pair.server.machine, b"at last");
    pair.drive();
    assert!(pair.client.events().concat().ends_with(b"at last"));
    ends_after(&mut pair, 5 * SECOND);
}

#[test]
fn a_pipelined_request_is_not_timed_while_the_one_before_is_answered() {
    let mut pair = raw_client([HEAD, b"GET /half"].concat());
    pair.drive();
    pair.advance(60 * SECOND);
    assert_eq!(pair.server.end(), None);
    answer(&mut pair.server.machine, b"first");
    pair.drive();
    ends_after(&mut pair, 10 * SECOND);
    assert!(pair.server.sent().windows(13).any(|part| part == b"HTTP/1.1 408 "));
}
