//! Deadlines, on a clock that the test moves.

mod side;

use std::time::Duration;

use http1::{Body, Error};
use machine::{Close, Machine, Next};
use side::{Side, response};

const HEAD: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn silent_connection_is_closed_without_a_word() {
    let mut side = Side::server();
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    assert_eq!(side.machine.poll_timeout(), Some(side.now + HEAD));
    side.wait(HEAD - MOMENT);
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(MOMENT);
    side.closes(Close::Flush);
    assert_eq!(side.sent(), "");
}

#[test]
fn head_that_does_not_end_in_time_is_408() {
    let mut side = Side::server();
    side.feed("GET /");
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(HEAD);
    assert_eq!(side.poll(), Err(Error::HeadTimeout));
    assert_eq!(Error::HeadTimeout.close(), Close::Linger);
    let farewell = side.sent();
    assert!(farewell.starts_with("HTTP/1.1 408 Request Timeout\r\n") && farewell.ends_with("\r\n\r\nRequest Timeout"));
}

#[test]
fn head_that_trickles_in_does_not_move_its_deadline() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.1\r\nx: ");
    for _ in 0..9 {
        assert_eq!(side.feed("y").poll(), Ok(Next::NeedInput));
        side.wait(Duration::from_secs(1));
    }
    assert_eq!(side.feed("y").poll(), Ok(Next::NeedInput));
    side.wait(Duration::from_secs(1));
    assert_eq!(side.poll(), Err(Error::HeadTimeout));
}

#[test]
fn first_bytes_do_not_move_the_deadline_of_the_first_head() {
    let mut side = Side::server();
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(HEAD - MOMENT);
    assert_eq!(side.feed("GET").poll(), Ok(Next::NeedInput));
    side.wait(MOMENT);
    assert_eq!(side.poll(), Err(Error::HeadTimeout));
}

#[test]
fn idle_connection_is_closed_without_a_word() {
    let mut side = Side::server();
    side.get("/");
    side.answer("");
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(IDLE - MOMENT);
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(MOMENT);
    side.closes(Close::Flush);
    assert_eq!(side.sent(), "");
}

#[test]
fn idling_begins_when_the_response_has_left_also_for_a_caller_that_asks_for_no_event() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.poll(), Ok(Next::Paused));
    side.answer("");
    assert_eq!(side.machine.poll_timeout(), Some(side.now + IDLE));
}

#[test]
fn waiting_requests_are_not_idling() {
    let mut side = Side::server();
    side.get("/");
    side.feed("GET /next HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(side.poll(), Ok(Next::Paused));
    side.answer("");
    assert_eq!(side.machine.poll_timeout(), None);
    side.wait(IDLE);
    assert_eq!(side.request().path(), b"/next");
}

#[test]
fn next_head_has_its_own_deadline() {
    let mut side = Side::server();
    side.get("/");
    side.answer("");
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.wait(IDLE - MOMENT);
    assert_eq!(side.feed("G").poll(), Ok(Next::NeedInput));
    assert_eq!(side.machine.poll_timeout(), Some(side.now + HEAD));
    side.wait(HEAD - MOMENT);
    side.feed("ET / HTTP/1.1\r\nhost: test\r\n\r\n").request();
    assert_eq!(side.machine.poll_timeout(), None);
}

#[test]
fn empty_line_between_requests_does_not_end_idling() {
    let mut side = Side::server();
    side.get("/");
    side.answer("");
    assert_eq!(side.feed("\r\n").poll(), Ok(Next::NeedInput));
    side.wait(IDLE);
    side.closes(Close::Flush);
    assert_eq!(side.sent(), "");
}

#[test]
fn exchange_has_no_deadline() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nhe").request();
    assert!(side.events().1.is_ok());
    assert_eq!(side.machine.poll_timeout(), None);
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    side.sent();
    assert_eq!(side.machine.poll_timeout(), None);
}

#[test]
fn unread_body_that_does_not_arrive_in_time_ends_the_connection() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n").request();
    side.answer("early");
    for byte in ["h", "e", "l"] {
        assert_eq!(side.feed(byte).poll(), Ok(Next::NeedInput));
        side.wait(HEAD / 3);
    }
    side.wait(MOMENT);
    side.closes(Close::Linger);
    assert_eq!(side.sent(), "");
}

#[test]
fn early_and_repeated_timeouts_change_nothing() {
    let mut side = Side::server();
    side.get("/");
    side.answer("");
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    let due = side.machine.poll_timeout();
    for _ in 0..3 {
        side.machine.handle_timeout(side.now);
        assert_eq!((side.machine.poll_timeout(), side.poll()), (due, Ok(Next::NeedInput)));
    }
}

#[test]
fn deadlines_can_be_set() {
    let config = http1::Config { header_timeout: MOMENT, keep_alive_timeout: MOMENT * 2, ..http1::Config::default() };
    let mut side = Side::server_with(config);
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    assert_eq!(side.machine.poll_timeout(), Some(side.now + MOMENT));
    side.get("/");
    side.answer("");
    assert_eq!(side.machine.poll_timeout(), Some(side.now + MOMENT * 2));
}

#[test]
fn deadline_of_an_unread_body_ends_with_it() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n").request();
    side.answer("early");
    assert_eq!(side.feed("hel").poll(), Ok(Next::NeedInput));
    side.wait(HEAD - MOMENT);
    assert_eq!(side.feed("lo").poll(), Ok(Next::NeedInput));
    assert_eq!(side.machine.poll_timeout(), Some(side.now + IDLE));
}
