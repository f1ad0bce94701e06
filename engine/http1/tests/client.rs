//! The side that sends requests.

mod side;

use bytes::Bytes;
use http1::{Body, Error, Event, Misuse, Version};
use machine::{Close, Next};
use side::{Side, request};

/// A client that has sent a whole request without a body.
#[track_caller]
fn asked(method: &str) -> Side {
    let mut side = Side::client();
    ask(&mut side, method);
    side
}

#[track_caller]
fn ask(side: &mut Side, method: &str) {
    assert_eq!(side.machine.request(request(method, "/", &[("host", "test")]), Body::Whole(0)), Ok(()));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert!(side.sent().starts_with(method));
}

fn error_to(bytes: impl AsRef<[u8]>) -> Error {
    for step in [1, bytes.as_ref().len()] {
        let mut side = asked("GET");
        for piece in bytes.as_ref().chunks(step) {
            if let (_, Err(error)) = side.feed(piece).events() {
                assert_eq!(side.sent(), "", "a client has nothing to say to it");
                assert_eq!(side.poll(), Err(error));
                if step > 1 {
                    return error;
                }
                break;
            }
        }
    }
    panic!("no error to {:?}", String::from_utf8_lossy(bytes.as_ref()));
}

#[test]
fn request_is_rendered_with_what_its_body_needs() {
    let sent = |method: &str, fields: &[(&str, &str)], body: Body, data: &'static str| {
        let mut side = Side::client();
        let fields = [&[("Host", "test")], fields].concat();
        assert_eq!(side.machine.request(request(method, "/a?b", &fields), body), Ok(()));
        assert_eq!(side.machine.send(Bytes::from_static(data.as_bytes())), Ok(()));
        assert_eq!(side.machine.finish(None), Ok(()));
        side.sent()
    };
    assert_eq!(sent("GET", &[], Body::Whole(0), ""), "GET /a?b HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(sent("POST", &[], Body::Whole(0), ""), "POST /a?b HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n");
    assert!(sent("PUT", &[], Body::Whole(2), "ab").ends_with("\r\ncontent-length: 2\r\n\r\nab"));
    assert!(sent("PUT", &[("content-length", "2")], Body::Stream, "ab").ends_with("\r\ncontent-length: 2\r\n\r\nab"));
    let streamed = sent("PUT", &[], Body::Stream, "ab");
    assert!(streamed.ends_with("\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"));
    assert!(sent("GET", &[("connection", "close")], Body::Whole(0), "").ends_with("\r\nconnection: close\r\n\r\n"));
}

#[test]
fn response_is_told_with_its_body() {
    let mut side = asked("GET");
    side.feed("HTTP/1.1 404 Not  Found\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody");
    let head = side.response();
    assert_eq!((head.status(), head.reason(), head.version()), (404, &b"Not  Found"[..], Version::Http11));
    let fields: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
    assert_eq!(fields, [(&b"x-a"[..], &b"b"[..]), (b"content-length", b"4")]);
    assert_eq!(side.body(), "body");
    assert!(side.machine.is_idle());
    ask(&mut side, "GET");
}

#[test]
fn chunked_response_is_told_with_its_trailers() {
    let mut side = asked("GET");
    side.feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\na: b\r\n\r\n").response();
    let (body, trailers) = side.body_and_trailers();
    assert_eq!((&body[..], trailers.map(|trailers| trailers.fields().len())), ("body", Some(1)));
}

#[test]
fn response_without_length_ends_with_the_connection() {
    let mut side = asked("GET");
    side.feed("HTTP/1.0 200 OK\r\n\r\nbo").response();
    assert_eq!(side.poll(), Ok(Next::Event(Event::Data(Bytes::from_static(b"bo")))));
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    side.feed("dy").eof();
    assert_eq!(side.body(), "dy");
    side.closes(Close::Flush);
}

#[test]
fn responses_without_body_have_none_whatever_they_declare() {
    for (method, head) in [
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
    ] {
        let mut side = asked(method);
        side.feed(head).response();
        assert_eq!(side.body(), "");
        assert!(side.machine.is_idle(), "{head}");
    }
}

#[test]
fn interim_responses_come_before_the_final_one() {
    let mut side = asked("POST");
    side.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    for status in [100, 103] {
        let Ok(Next::Event(Event::Informational(head))) = side.poll() else { panic!("no {status}") };
        assert_eq!(head.status(), status);
    }
    assert_eq!(side.response().status(), 200);
    assert_eq!(side.body(), "");
}

#[test]
fn connection_closes_when_the_server_says_so() {
    for head in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        let mut side = asked("GET");
        side.feed(head).response();
        assert_eq!(side.body(), "");
        side.closes(Close::Flush);
        assert_eq!(side.machine.request(request("GET", "/", &[("host", "a")]), Body::Whole(0)), Err(Misuse::Closed));
    }
}

#[test]
fn response_before_the_end_of_the_request_pauses_until_it_is_finished() {
    let mut side = Side::client();
    assert_eq!(side.machine.request(request("POST", "/", &[("host", "test")]), Body::Stream), Ok(()));
    side.feed("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").response();
    assert_eq!(side.body(), "");
    assert_eq!(side.poll(), Ok(Next::Paused));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    assert!(side.machine.is_idle());
}

#[test]
fn idle_client_closes_with_the_server() {
    Side::client().eof().closes(Close::Flush);
    let mut side = asked("GET");
    side.feed("HTTP/1.1 204 No Content\r\n\r\n").response();
    side.body();
    side.eof().closes(Close::Flush);
}

#[test]
fn bytes_that_answer_no_request_are_an_error() {
    let mut side = Side::client();
    assert_eq!(side.feed("HTTP/1.1 200 OK\r\n\r\n").poll(), Err(Error::UnexpectedResponse));
    let mut side = asked("GET");
    side.feed("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").response();
    side.body();
    assert_eq!(side.poll(), Err(Error::UnexpectedResponse));
    assert_eq!(Error::UnexpectedResponse.close(), Close::Now);
}

#[test]
fn switch_that_was_not_asked_for_is_an_error() {
    assert_eq!(error_to("HTTP/1.1 101 OK\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), Error::UnexpectedSwitch);
}

#[test]
fn malformed_status_lines_are_errors() {
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/2.0 200 OK",
        "HTTP/1.1  200 OK",
        "200 OK",
        "HTTP/1.1 099 OK",
        "",
        "HTTP/1.1 200 a\0",
    ] {
        assert_eq!(error_to(format!("{line}\r\n\r\n")), Error::InvalidStatusLine, "{line}");
    }
    assert_eq!(error_to("HTTP/1.1 200 OK\n\n"), Error::BareLineFeed);
    assert_eq!(error_to(format!("HTTP/1.1 200 {}", "a".repeat(9000))), Error::StatusLineTooLong);
}

#[test]
fn responses_are_framed_as_strictly_as_requests() {
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
    assert_eq!(error_to(head("content-length: 1\r\ncontent-length: 1")), Error::DuplicateContentLength);
    assert_eq!(error_to(head("content-length: +1")), Error::InvalidContentLength);
    assert_eq!(error_to(head("content-length: 1\r\ntransfer-encoding: chunked")), Error::LengthAndEncoding);
    assert_eq!(error_to(head("transfer-encoding: chunked, gzip")), Error::InvalidEncoding);
    assert_eq!(error_to("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Error::EncodingInHttp10);
    assert_eq!(error_to(head("a: b\r\n c")), Error::FoldedField);
    assert_eq!(error_to(head("a : b")), Error::SpaceBeforeColon);
}

#[test]
fn truncated_responses_are_errors() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
    for end in 0..whole.len() {
        let (_, answer) = asked("GET").feed(&whole[..end]).eof().events();
        assert_eq!(answer, Err(Error::Truncated), "{end}");
    }
}

#[test]
fn response_that_ends_with_the_connection_is_the_last() {
    let mut side = asked("GET");
    assert!(side.machine.keeps_alive());
    side.feed("HTTP/1.1 200 OK\r\n\r\n").response();
    assert!(!side.machine.keeps_alive());
}

#[test]
fn server_that_closes_early_is_not_waited_for() {
    let mut side = Side::client();
    assert_eq!(side.machine.request(request("POST", "/", &[("host", "test")]), Body::Stream), Ok(()));
    side.feed("HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").response();
    side.body();
    side.closes(Close::Flush);
    assert_eq!(side.machine.send(Bytes::from_static(b"x")), Err(Misuse::Closed));
}

#[test]
fn idle_client_closes_at_shutdown_and_one_under_way_after_its_response() {
    let mut idle = Side::client();
    idle.machine.shutdown();
    idle.closes(Close::Flush);
    let mut busy = asked("GET");
    busy.machine.shutdown();
    busy.feed("HTTP/1.1 204 No Content\r\n\r\n").response();
    busy.body();
    busy.closes(Close::Flush);
}

#[test]
fn tunnel_follows_a_successful_connect() {
    let mut side = Side::client();
    assert_eq!(side.machine.request(request("CONNECT", "a:1", &[("host", "a:1")]), Body::Whole(0)), Ok(()));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.sent(), "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n");
    side.feed("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntunnelled").response();
    assert_eq!(side.body(), "");
    assert_eq!(side.poll(), Ok(Next::Switched));
    assert_eq!(side.rx, b"tunnelled"[..]);
}

#[test]
fn switch_to_no_protocol_is_an_error() {
    let mut side = Side::client();
    let ask = request("GET", "/", &[("host", "test"), ("upgrade", "x")]);
    assert_eq!(side.machine.request(ask, Body::Whole(0)), Ok(()));
    side.feed("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert_eq!(side.poll(), Err(Error::UnexpectedSwitch));
}
