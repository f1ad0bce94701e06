//! Many requests on one connection: in order, one at a time, and none behind the last.

mod side;

use http1::Event;
use machine::{Close, Next};
use side::{Side, response};

const NEXT: &str = "GET /next HTTP/1.1\r\nhost: test\r\n\r\n";

#[test]
fn next_request_waits_until_the_response_is_finished() {
    let mut side = Side::server();
    side.feed(NEXT).feed(NEXT).request();
    assert_eq!(side.body(), "");
    for _ in 0..3 {
        assert_eq!(side.poll(), Ok(Next::Paused));
    }
    assert_eq!(side.rx, NEXT.as_bytes(), "what waits stays with the caller");
    side.answer("first");
    assert_eq!(side.request().path(), b"/next");
}

#[test]
fn thousand_requests_in_one_piece_are_answered_in_order() {
    let mut side = Side::server();
    for index in 0..1000 {
        side.feed(format!("GET /{index} HTTP/1.1\r\nhost: test\r\n\r\n"));
    }
    for index in 0..1000 {
        assert_eq!(side.request().path(), format!("/{index}").as_bytes());
        assert_eq!(side.body(), "");
        assert!(side.answer(&index.to_string()).ends_with(&format!("\r\n\r\n{index}")));
    }
    assert_eq!(side.poll(), Ok(Next::NeedInput));
}

#[test]
fn bodies_of_pipelined_requests_are_kept_apart() {
    let mut side = Side::server();
    for index in 0..4 {
        side.feed(format!("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\na{index}"));
        side.feed("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2\r\n");
        side.feed(format!("b{index}\r\n0\r\n\r\n"));
    }
    for index in 0..4 {
        for kind in ["a", "b"] {
            side.request();
            assert_eq!(side.body(), format!("{kind}{index}"));
            side.answer("");
        }
    }
}

#[test]
fn nothing_is_read_behind_a_request_that_closes() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").feed(NEXT).request();
    side.body();
    assert_eq!(side.answer("last"), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlast");
    side.closes(Close::Linger);
    assert_eq!(side.rx, NEXT.as_bytes());
}

#[test]
fn nothing_is_read_behind_a_response_that_closes() {
    let mut side = Side::server();
    side.feed(NEXT).feed(NEXT).request();
    side.body();
    side.answer_with(response(200, &[("connection", "close")]), "last");
    side.closes(Close::Linger);
}

#[test]
fn bad_request_behind_a_good_one_waits_for_the_good_ones_response() {
    let mut side = Side::server();
    side.feed(NEXT).feed("nonsense\r\n\r\n").request();
    assert_eq!(side.events(), (vec![Event::End(None)], Ok(Next::Paused)));
    assert!(side.answer("good").ends_with("good"));
    assert_eq!(side.poll(), Err(http1::Error::InvalidRequestLine));
    assert!(side.sent().starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

#[test]
fn rest_of_a_body_that_nobody_read_is_discarded() {
    for (framing, rest) in
        [("content-length: 10", "0123456789"), ("transfer-encoding: chunked", "a\r\n0123456789\r\n0\r\n\r\n")]
    {
        let mut side = Side::server();
        side.feed(format!("POST / HTTP/1.1\r\nhost: test\r\n{framing}\r\n\r\n")).request();
        side.answer("early");
        let (early, late) = rest.split_at(6);
        assert_eq!(side.feed(early).events(), (vec![], Ok(Next::NeedInput)));
        assert!(!side.machine.is_idle());
        side.feed(late).feed(NEXT);
        assert_eq!(side.request().path(), b"/next");
    }
}

#[test]
fn rest_that_is_known_to_be_too_large_ends_the_connection_at_once() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 262145\r\n\r\n").request();
    side.answer("early");
    side.closes(Close::Linger);
}

#[test]
fn rest_of_the_largest_size_is_discarded() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 262144\r\n\r\n").request();
    side.answer("early");
    side.feed(vec![b'x'; 262_144]).feed(NEXT);
    assert_eq!(side.request().path(), b"/next");
}

#[test]
fn rest_of_unknown_size_ends_the_connection_when_it_is_too_large() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n").request();
    side.answer("early");
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    for _ in 0..8 {
        assert_eq!(side.feed(&chunk).poll(), Ok(Next::NeedInput));
    }
    side.feed("1\r\nx");
    side.closes(Close::Linger);
}

#[test]
fn rest_that_is_malformed_ends_the_connection_without_another_answer() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n").request();
    assert!(side.answer("early").ends_with("early"));
    side.feed("nonsense");
    side.closes(Close::Linger);
    assert_eq!(side.sent(), "");
}

#[test]
fn error_in_a_body_under_a_begun_response_ends_without_another_byte() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n").request();
    assert_eq!(side.machine.respond(response(200, &[]), http1::Body::Stream), Ok(()));
    side.sent();
    side.feed("nonsense");
    assert_eq!(side.poll(), Err(http1::Error::InvalidChunkSize));
    assert_eq!(side.sent(), "");
    assert_eq!(side.machine.finish(None), Err(http1::Misuse::Closed));
    assert_eq!(side.sent(), "");
}
