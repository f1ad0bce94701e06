//! `Expect: 100-continue` (RFC 9110, section 10.1.1).

mod side;

use http1::{Body, Error};
use machine::{Close, Next};
use side::{Side, refused, response};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

fn asking(version: &str, framing: &str) -> Side {
    let mut side = Side::server();
    side.feed(format!("POST / HTTP/{version}\r\nhost: test\r\nExpect: 100-Continue\r\n{framing}\r\n\r\n"));
    side
}

#[test]
fn continue_is_sent_once_when_the_application_reads() {
    let mut side = asking("1.1", "content-length: 5");
    assert!(side.request().expects_continue());
    assert_eq!((side.poll(), side.sent()), (Ok(Next::NeedInput), String::new()));
    side.machine.proceed();
    side.machine.proceed();
    assert_eq!(side.sent(), CONTINUE);
    assert_eq!(side.feed("hello").body(), "hello");
    side.machine.proceed();
    assert_eq!(side.answer(""), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(side.machine.is_idle());
}

#[test]
fn continue_is_not_sent_when_something_of_the_body_has_come() {
    for (framing, body) in [("content-length: 5", "h"), ("transfer-encoding: chunked", "5")] {
        let mut side = asking("1.1", framing);
        side.feed(body).request();
        assert!(side.events().1.is_ok());
        side.machine.proceed();
        assert_eq!(side.sent(), "");
    }
}

#[test]
fn continue_is_not_sent_when_there_is_no_body() {
    let mut side = asking("1.1", "content-length: 0");
    side.request();
    side.machine.proceed();
    assert_eq!(side.sent(), "");
    side.body();
    assert!(!side.answer("").contains("close"));
}

#[test]
fn continue_is_not_sent_to_http_1_0() {
    let mut side = asking("1.0", "content-length: 5");
    assert!(!side.request().expects_continue());
    side.machine.proceed();
    assert_eq!(side.sent(), "");
    assert_eq!(side.feed("hello").body(), "hello");
}

#[test]
fn connection_closes_behind_a_response_that_was_given_instead_of_continue() {
    let mut side = asking("1.1", "content-length: 5");
    side.request();
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    let sent = side.answer_with(response(403, &[]), "no");
    assert_eq!(sent, "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
    side.closes(Close::Linger);
}

#[test]
fn connection_is_kept_when_the_body_came_unasked() {
    let mut side = asking("1.1", "content-length: 5");
    side.feed("hello").request();
    assert_eq!(side.body(), "hello");
    assert!(!side.answer_with(response(403, &[]), "no").contains("close"));
    assert!(side.machine.is_idle());
}

#[test]
fn continue_is_not_sent_behind_the_response() {
    let mut side = asking("1.1", "content-length: 5");
    side.request();
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    side.sent();
    side.machine.proceed();
    assert_eq!(side.sent(), "");
}

#[test]
fn unknown_expectation_is_417() {
    for value in ["200-ok", "", "100-continue, x", "x"] {
        refused(format!("POST / HTTP/1.1\r\nhost: test\r\nexpect: {value}\r\n\r\n"), Error::UnknownExpectation);
    }
    assert_eq!(Error::UnknownExpectation.status(), 417);
}

#[test]
fn expectation_in_http_1_0_is_ignored() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.0\r\nexpect: nonsense\r\n\r\n");
    assert!(!side.request().expects_continue());
}

#[test]
fn interim_responses_go_before_the_final_one() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.machine.inform(response(103, &[("Link", "</a>")])), Ok(()));
    assert_eq!(side.machine.inform(response(102, &[])), Ok(()));
    let expected = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    assert_eq!(side.sent(), expected);
    assert!(side.answer("a").starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn interim_responses_are_not_sent_to_http_1_0() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.0\r\n\r\n").request();
    assert_eq!(side.machine.inform(response(103, &[])), Ok(()));
    assert_eq!(side.sent(), "");
}
