//! The caller's mistakes: told, without a trace on the wire.

mod side;

use bytes::Bytes;
use http1::{Body, Misuse, Request, Response};
use side::{Side, request, response};

fn ok() -> Response {
    response(200, &[])
}

#[test]
fn commands_have_their_order() {
    let mut side = Side::server();
    let data = || Bytes::from_static(b"data");
    assert_eq!(side.machine.respond(ok(), Body::Stream), Err(Misuse::NoRequest));
    assert_eq!(side.machine.inform(response(103, &[])), Err(Misuse::NoRequest));
    assert_eq!(side.machine.send(data()), Err(Misuse::NoRequest));
    assert_eq!(side.machine.finish(None), Err(Misuse::NoRequest));
    side.get("/");
    assert_eq!(side.machine.send(data()), Err(Misuse::NotStarted));
    assert_eq!(side.machine.finish(None), Err(Misuse::NotStarted));
    assert_eq!(side.sent(), "");
    assert_eq!(side.machine.respond(ok(), Body::Stream), Ok(()));
    assert_eq!(side.machine.respond(ok(), Body::Stream), Err(Misuse::AlreadyResponded));
    assert_eq!(side.machine.inform(response(103, &[])), Err(Misuse::AlreadyResponded));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.machine.send(data()), Err(Misuse::AlreadyResponded));
    assert_eq!(side.machine.finish(None), Err(Misuse::AlreadyResponded));
    assert_eq!(side.machine.respond(ok(), Body::Stream), Err(Misuse::AlreadyResponded));
    assert_eq!(side.sent().matches("HTTP/1.1").count(), 1);
    side.get("/still-there");
}

#[test]
fn commands_have_their_role() {
    let mut server = Side::server();
    let ask = || request("GET", "/", &[("host", "test")]);
    assert_eq!(server.machine.request(ask(), Body::Whole(0)), Err(Misuse::WrongRole));
    let mut client = Side::client();
    assert_eq!(client.machine.respond(ok(), Body::Stream), Err(Misuse::WrongRole));
    assert_eq!(client.machine.inform(response(103, &[])), Err(Misuse::WrongRole));
    client.machine.proceed();
    assert_eq!((server.sent(), client.sent()), (String::new(), String::new()));
}

#[test]
fn status_has_three_digits_and_its_command() {
    for status in [0, 99, 1000, u16::MAX] {
        assert_eq!(Response::new(status), Err(Misuse::InvalidStatus(status)));
    }
    let mut side = Side::server();
    side.get("/");
    for status in [100, 102, 103, 199] {
        assert_eq!(side.machine.respond(response(status, &[]), Body::Whole(0)), Err(Misuse::InvalidStatus(status)));
    }
    for status in [100, 101, 200, 404] {
        assert_eq!(side.machine.inform(response(status, &[])), Err(Misuse::InvalidStatus(status)));
    }
    assert_eq!(side.sent(), "");
    side.answer("");
}

#[test]
fn response_cannot_be_split() {
    let mut response = ok();
    for value in ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\u{1f}", "\u{7f}"] {
        assert_eq!(response.field(b"x", value.as_bytes()), Err(Misuse::InvalidValue("x".into())));
    }
    for name in ["", "a b", "a:b", "a\r\nb", "a\0", "\u{e9}"] {
        assert_eq!(response.field(name.as_bytes(), b"v"), Err(Misuse::InvalidName(name.into())));
    }
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.answer_with(response, ""), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn request_cannot_be_split_and_needs_a_host() {
    assert_eq!(Request::new(b"GET /", b"/"), Err(Misuse::InvalidMethod));
    assert_eq!(Request::new(b"", b"/"), Err(Misuse::InvalidMethod));
    for target in ["", "/a b", "/\r\n", "/#a", "/\u{e9}"] {
        assert_eq!(Request::new(b"GET", target.as_bytes()), Err(Misuse::InvalidTarget));
    }
    let mut twice = request("GET", "/", &[("host", "a")]);
    assert_eq!(twice.field(b"Host", b"a"), Err(Misuse::InvalidHost));
    assert_eq!(request("GET", "/", &[]).field(b"host", b"a/b"), Err(Misuse::InvalidHost));
    let mut side = Side::client();
    assert_eq!(side.machine.request(request("GET", "/", &[]), Body::Whole(0)), Err(Misuse::InvalidHost));
    assert_eq!(side.sent(), "");
}

#[test]
fn one_request_at_a_time() {
    let ask = || request("GET", "/", &[("host", "test")]);
    let mut side = Side::client();
    assert_eq!(side.machine.send(Bytes::new()), Err(Misuse::NotStarted));
    assert_eq!(side.machine.request(ask(), Body::Whole(0)), Ok(()));
    assert_eq!(side.machine.request(ask(), Body::Whole(0)), Err(Misuse::Unfinished));
    assert_eq!(side.machine.send(Bytes::from_static(b"x")), Err(Misuse::TooLong { declared: 0, sent: 1 }));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.machine.request(ask(), Body::Whole(0)), Err(Misuse::Unfinished));
    assert_eq!(side.sent(), "GET / HTTP/1.1\r\nhost: test\r\n\r\n");
}

#[test]
fn every_mistake_says_what_to_do() {
    let mistakes = [
        (
            Misuse::TooLong { declared: 5, sent: 6 },
            "6 bytes of body against a content-length of 5; correct one of them",
        ),
        (Misuse::NotStarted, "the response has no head yet; send the head before the body"),
        (Misuse::InvalidStatus(99), "the status 99 cannot be sent here; use one from 200 to 999"),
    ];
    for (misuse, words) in mistakes {
        assert_eq!(misuse.to_string(), words);
    }
    let name = Misuse::InvalidName("a\r\nb".into()).to_string();
    assert!(name.contains(r#""a\r\nb""#) && !name.contains('\n'), "{name}");
}
