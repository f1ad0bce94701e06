//! The peer closes its side.

mod side;

use http1::{Body, Error, Event};
use machine::{Close, Next};
use side::{Side, response};

const POST: &str = "POST / HTTP/1.1\r\nhost: test\r\n";

#[test]
fn idle_connection_closes() {
    Side::server().eof().closes(Close::Flush);
    let mut side = Side::server();
    side.get("/");
    side.answer("");
    side.eof().closes(Close::Flush);
}

#[test]
fn complete_request_is_answered_first() {
    let mut side = Side::server();
    side.get("/");
    side.eof();
    assert_eq!(side.poll(), Ok(Next::Paused));
    assert!(side.answer("late").ends_with("late"));
    side.closes(Close::Flush);
}

#[test]
fn request_that_comes_with_the_end_is_served() {
    let mut side = Side::server();
    side.feed(format!("{POST}content-length: 3\r\n\r\nabc")).eof();
    side.request();
    assert_eq!(side.body(), "abc");
    assert_eq!(side.poll(), Ok(Next::Paused));
    side.answer("");
    side.closes(Close::Flush);
}

#[test]
fn pipelined_requests_are_all_served() {
    let mut side = Side::server();
    for _ in 0..3 {
        side.feed("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
    }
    side.eof();
    for _ in 0..3 {
        side.request();
        side.body();
        assert_eq!(side.poll(), Ok(Next::Paused));
        side.answer("");
    }
    side.closes(Close::Flush);
}

#[test]
fn truncated_message_is_an_error_at_every_place() {
    let whole = format!("{POST}transfer-encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\na: b\r\n\r\n");
    for end in 1..whole.len() {
        let mut side = Side::server();
        let (_, answer) = side.feed(&whole[..end]).eof().events();
        assert_eq!(answer, Err(Error::Truncated), "{:?}", &whole[..end]);
        assert!(side.sent().starts_with("HTTP/1.1 400 "));
    }
    let mut side = Side::server();
    let (events, answer) = side.feed(format!("{POST}content-length: 3\r\n\r\nab")).eof().events();
    assert!(matches!(&events[..], [Event::Request(_), Event::Data(data)] if data == "ab"));
    assert_eq!(answer, Err(Error::Truncated));
}

#[test]
fn truncated_body_under_a_begun_response_adds_no_byte() {
    let mut side = Side::server();
    side.feed(format!("{POST}content-length: 3\r\n\r\nab")).request();
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    side.sent();
    assert_eq!(side.eof().events().1, Err(Error::Truncated));
    assert_eq!(side.sent(), "");
}

#[test]
fn truncated_body_that_nobody_reads_just_closes() {
    let mut side = Side::server();
    side.feed(format!("{POST}content-length: 3\r\n\r\nab")).request();
    assert!(side.answer("early").ends_with("early"));
    side.eof().closes(Close::Flush);
    assert_eq!(side.sent(), "");
}

#[test]
fn empty_line_in_front_of_the_end_is_no_message() {
    Side::server().feed("\r\n").eof().closes(Close::Flush);
}

#[test]
fn closing_exchange_needs_no_lingering_behind_the_end() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\nrest").request();
    side.body();
    side.answer("");
    side.eof().closes(Close::Flush);
}
