//! How long a connection lasts, and how its end is told.

mod side;

use http1::Body;
use machine::{Close, Next};
use side::{Side, response};

fn ask(version: &str, fields: &str) -> Side {
    let mut side = Side::server();
    side.feed(format!("GET / HTTP/{version}\r\nhost: test\r\n{fields}\r\n")).request();
    assert_eq!(side.body(), "");
    side
}

#[test]
fn http_1_1_is_kept_without_a_word() {
    let mut side = ask("1.1", "");
    assert!(side.machine.keeps_alive());
    assert_eq!(side.answer(""), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(side.machine.is_idle() && side.machine.keeps_alive());
    assert_eq!(side.poll(), Ok(Next::NeedInput));
}

#[test]
fn http_1_1_closes_when_the_client_says_so() {
    let mut side = ask("1.1", "connection: foo, Close\r\n");
    assert!(!side.machine.keeps_alive());
    assert!(side.answer("").contains("\r\nconnection: close\r\n"));
    side.closes(Close::Flush);
}

#[test]
fn application_may_close() {
    for version in ["1.0", "1.1"] {
        let mut side = ask(version, "connection: keep-alive\r\n");
        let sent = side.answer_with(response(200, &[("Connection", "Close")]), "bye");
        assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbye");
        side.closes(Close::Flush);
    }
}

#[test]
fn application_cannot_keep_what_the_client_closes() {
    let mut side = ask("1.1", "connection: close\r\n");
    let sent = side.answer_with(response(200, &[("connection", "keep-alive")]), "");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

#[test]
fn http_1_0_closes_unless_asked() {
    let mut side = ask("1.0", "");
    assert!(side.answer("a").contains("\r\nconnection: close\r\n"));
    side.closes(Close::Flush);
}

#[test]
fn http_1_0_is_kept_when_asked_and_the_length_is_known() {
    let mut side = ask("1.0", "connection: Keep-Alive\r\n");
    assert!(side.answer("a").contains("\r\nconnection: keep-alive\r\n"));
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    assert!(side.machine.is_idle());
}

#[test]
fn http_1_0_closes_when_the_length_is_not_known() {
    let mut side = ask("1.0", "connection: keep-alive\r\n");
    assert!(side.stream_with(response(200, &[]), "a").contains("\r\nconnection: close\r\n"));
    side.closes(Close::Flush);
}

#[test]
fn idle_connection_closes_at_shutdown() {
    let mut fresh = Side::server();
    fresh.machine.shutdown();
    fresh.closes(Close::Flush);
    let mut used = ask("1.1", "");
    used.answer("");
    used.machine.shutdown();
    used.closes(Close::Flush);
}

#[test]
fn response_under_way_says_close_at_shutdown_if_its_head_is_not_sent() {
    let mut side = ask("1.1", "");
    side.machine.shutdown();
    assert!(!side.machine.keeps_alive());
    assert_eq!(side.poll(), Ok(Next::Paused));
    assert_eq!(side.answer("a"), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\na");
    side.closes(Close::Flush);
}

#[test]
fn response_whose_head_is_sent_is_finished_at_shutdown() {
    let mut side = ask("1.1", "");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    assert_eq!(side.sent(), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    side.machine.shutdown();
    assert_eq!(side.poll(), Ok(Next::Paused));
    assert_eq!(side.machine.finish(None), Ok(()));
    side.closes(Close::Flush);
    assert_eq!(side.sent(), "0\r\n\r\n");
}

#[test]
fn request_that_is_arriving_at_shutdown_is_served() {
    let mut side = Side::server();
    assert_eq!(side.feed("GET / HTTP/1.1\r\n").poll(), Ok(Next::NeedInput));
    assert!(!side.machine.is_idle());
    side.machine.shutdown();
    side.feed("host: test\r\n\r\n").request();
    side.body();
    assert!(side.answer("").contains("\r\nconnection: close\r\n"));
    side.closes(Close::Flush);
}

#[test]
fn unread_body_of_a_closing_exchange_makes_the_close_linger() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 5\r\n\r\n").request();
    side.answer("no");
    side.closes(Close::Linger);
}

#[test]
fn aborted_response_is_left_as_it_is() {
    let mut side = ask("1.1", "");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    assert_eq!(side.machine.send(bytes::Bytes::from_static(b"begun")), Ok(()));
    side.machine.abort();
    side.closes(Close::Flush);
    assert!(side.sent().ends_with("\r\n\r\n5\r\nbegun\r\n"), "what was sent before stays, the last chunk is not there");
    assert_eq!(side.machine.finish(None), Err(http1::Misuse::Closed));
    assert_eq!(side.sent(), "");
}

#[test]
fn aborted_response_that_only_the_end_would_delimit_is_not_ended_in_order() {
    let mut side = ask("1.0", "");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    side.machine.abort();
    side.closes(Close::Now);
}

#[test]
fn exchange_aborted_before_its_response_ends_silently() {
    let mut side = ask("1.1", "");
    side.machine.abort();
    side.closes(Close::Flush);
    assert_eq!(side.sent(), "");
    assert_eq!(side.machine.respond(response(500, &[]), Body::Whole(0)), Err(http1::Misuse::Closed));
}

#[test]
fn request_waiting_at_shutdown_is_served_last() {
    let mut side = ask("1.1", "");
    side.feed("GET /next HTTP/1.1\r\nhost: test\r\n\r\nGET /never");
    assert_eq!(side.poll(), Ok(Next::Paused));
    side.answer("");
    side.machine.shutdown();
    assert_eq!(side.request().path(), b"/next");
    side.body();
    assert!(side.answer("").contains("\r\nconnection: close\r\n"));
    side.closes(Close::Linger);
}

#[test]
fn closing_exchange_without_a_body_needs_no_lingering_also_when_its_end_was_not_asked_for() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.0\r\n\r\n").request();
    side.answer("");
    side.closes(Close::Flush);
}
