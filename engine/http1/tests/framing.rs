//! Where a request's body ends, and how a response tells its end.

mod side;

use bytes::Bytes;
use http1::{Body, Event, Misuse, Name, Trailers};
use machine::{Close, Next};
use side::{Side, response};

const POST: &str = "POST / HTTP/1.1\r\nhost: test\r\n";

#[test]
fn request_without_length_has_no_body() {
    let mut side = Side::server();
    side.feed(format!("{POST}\r\nabc")).request();
    assert_eq!(side.poll(), Ok(Next::Event(Event::End(None))));
    assert_eq!(side.rx, b"abc"[..]);
    assert_eq!(side.poll(), Ok(Next::Paused));
}

#[test]
fn request_body_has_its_length() {
    for step in [1, 4, 100] {
        let mut side = Side::server();
        side.feed(format!("{POST}content-length: 10\r\n\r\n"));
        let head = side.request();
        assert_eq!((head.content_length(), head.is_chunked()), (Some(10), false));
        assert!(!side.machine.request_complete());
        let mut body = Vec::new();
        for piece in b"0123456789+more".chunks(step) {
            let (events, _) = side.feed(piece).events();
            for event in events {
                match event {
                    Event::Data(data) => body.extend_from_slice(&data),
                    other => assert_eq!(other, Event::End(None)),
                }
            }
        }
        assert_eq!((&body[..], &side.rx[..]), (&b"0123456789"[..], &b"+more"[..]));
        assert!(side.machine.request_complete());
    }
}

#[test]
fn chunked_request_body_is_joined_and_its_trailers_told() {
    let mut side = Side::server();
    side.feed(format!("{POST}Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\nrest"));
    let head = side.request();
    assert_eq!((head.content_length(), head.is_chunked()), (None, true));
    let (body, trailers) = side.body_and_trailers();
    let sums: Vec<_> = trailers.iter().flat_map(Trailers::fields).map(|field| (field.name, field.value)).collect();
    assert_eq!((&body[..], &sums[..]), ("hello!", &[(&b"x-sum"[..], &b"6"[..])][..]));
    assert_eq!(side.rx, b"rest"[..]);
}

#[test]
fn body_data_is_a_slice_of_what_was_read() {
    let mut side = Side::server();
    side.feed(format!("{POST}content-length: 100000\r\n\r\n")).request();
    side.feed(vec![b'x'; 100_000]);
    let place = side.rx.as_ptr();
    let Ok(Next::Event(Event::Data(data))) = side.poll() else { panic!("no data") };
    assert_eq!((data.as_ptr(), data.len()), (place, 100_000));
}

#[test]
fn whole_body_gets_its_length() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.answer("hello"), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    side.get("/");
    assert_eq!(side.answer(""), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn streamed_body_is_chunked_in_1_1() {
    let mut side = Side::server();
    side.get("/");
    let sent = side.stream_with(response(200, &[]), "hello");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    assert!(side.machine.is_idle());
}

#[test]
fn streamed_body_ends_with_the_connection_in_1_0() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").request();
    assert_eq!(side.body(), "");
    let sent = side.stream_with(response(200, &[]), "hello");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello");
    side.closes(Close::Flush);
}

#[test]
fn declared_length_frames_a_stream() {
    let mut side = Side::server();
    side.get("/");
    let sent = side.stream_with(response(200, &[("Content-Length", "5")]), "hello");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
}

#[test]
fn chunked_given_by_the_application_is_taken_over() {
    let mut side = Side::server();
    side.get("/");
    let given = response(200, &[("transfer-encoding", "chunked")]);
    let sent = side.stream_with(given, "hello");
    assert_eq!(sent.matches("chunked").count(), 1);
    assert!(sent.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    side.feed("GET / HTTP/1.0\r\n\r\n").request();
    side.body();
    let given = response(200, &[("transfer-encoding", "chunked")]);
    assert_eq!(side.stream_with(given, "hello"), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello");
}

#[test]
fn trailers_go_out_behind_a_chunked_body_only() {
    let trailers = || {
        let mut trailers = Trailers::new();
        assert_eq!(trailers.field(b"X-Sum", b"6"), Ok(()));
        Some(trailers)
    };
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    assert_eq!(side.machine.finish(trailers()), Ok(()));
    assert!(side.sent().ends_with("\r\n\r\n0\r\nx-sum: 6\r\n\r\n"));
    side.get("/");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Whole(0)), Ok(()));
    assert_eq!(side.machine.finish(trailers()), Ok(()));
    assert_eq!(side.sent(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn response_to_head_has_the_head_of_a_get_and_no_body() {
    let ask = |body: Body, fields: &[(&str, &str)]| {
        let mut side = Side::server();
        side.feed("HEAD / HTTP/1.1\r\nhost: test\r\n\r\n").request();
        side.body();
        assert_eq!(side.machine.respond(response(200, fields), body), Ok(()));
        assert_eq!(side.machine.send(Bytes::from_static(b"hello")), Ok(()));
        assert_eq!(side.machine.finish(None), Ok(()));
        let sent = side.sent();
        assert!(side.machine.is_idle());
        sent
    };
    assert_eq!(ask(Body::Whole(5), &[]), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert_eq!(ask(Body::Stream, &[]), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    assert_eq!(ask(Body::Stream, &[("content-length", "7")]), "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
    assert_eq!(ask(Body::Whole(0), &[("content-length", "7")]), "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
    assert_eq!(ask(Body::Whole(0), &[]), "HTTP/1.1 200 OK\r\n\r\n");
}

#[test]
fn status_204_has_neither_length_nor_body() {
    for body in [Body::Whole(5), Body::Whole(0), Body::Stream] {
        let mut side = Side::server();
        side.get("/");
        assert_eq!(side.machine.respond(response(204, &[("content-length", "5")]), body), Ok(()));
        assert_eq!(side.machine.send(Bytes::from_static(b"hello")), Ok(()));
        assert_eq!(side.machine.finish(None), Ok(()));
        assert_eq!(side.sent(), "HTTP/1.1 204 No Content\r\n\r\n");
        assert!(side.machine.is_idle());
    }
}

#[test]
fn status_304_has_no_body_and_only_the_length_it_was_given() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.answer_with(response(304, &[("etag", "a")]), ""), "HTTP/1.1 304 Not Modified\r\netag: a\r\n\r\n");
    side.get("/");
    let sent = side.stream_with(response(304, &[("content-length", "9")]), "123");
    assert_eq!(sent, "HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n");
    assert!(side.machine.is_idle());
}

#[test]
fn unknown_status_has_an_empty_reason() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.answer_with(response(299, &[]), ""), "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn more_than_the_length_is_refused_and_nothing_of_it_sent() {
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.machine.respond(response(200, &[("content-length", "5")]), Body::Stream), Ok(()));
    assert_eq!(side.machine.send(Bytes::from_static(b"abc")), Ok(()));
    let misuse = side.machine.send(Bytes::from_static(b"def"));
    assert_eq!(misuse, Err(Misuse::TooLong { declared: 5, sent: 6 }));
    assert!(side.sent().ends_with("\r\n\r\nabc"));
    assert_eq!(side.machine.send(Bytes::from_static(b"de")), Ok(()));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.sent(), "de");
    assert!(side.machine.is_idle());
}

#[test]
fn less_than_the_length_ends_the_connection_without_another_byte() {
    let mut side = Side::server();
    side.feed("GET / HTTP/1.1\r\nhost: test\r\n\r\nGET /next HTTP/1.1\r\nhost: test\r\n\r\n").request();
    side.body();
    assert_eq!(side.machine.respond(response(200, &[("content-length", "5")]), Body::Stream), Ok(()));
    assert_eq!(side.machine.send(Bytes::from_static(b"abc")), Ok(()));
    assert_eq!(side.machine.finish(None), Err(Misuse::TooShort { declared: 5, sent: 3 }));
    side.closes(Close::Flush);
    assert!(side.sent().ends_with("\r\n\r\nabc"));
    assert_eq!(side.machine.send(Bytes::from_static(b"de")), Err(Misuse::Closed));
    assert_eq!(side.sent(), "");
}

#[test]
fn whole_body_that_belies_its_length_is_refused_before_anything_is_sent() {
    let mut side = Side::server();
    side.get("/");
    let five = || response(200, &[("content-length", "5")]);
    assert_eq!(side.machine.respond(five(), Body::Whole(6)), Err(Misuse::TooLong { declared: 5, sent: 6 }));
    assert_eq!(side.machine.respond(five(), Body::Whole(4)), Err(Misuse::TooShort { declared: 5, sent: 4 }));
    assert_eq!(side.sent(), "");
    assert_eq!(side.answer_with(five(), "hello"), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
}

#[test]
fn names_of_the_response_are_known_also_from_ready_made_lines() {
    let mut given = response(200, &[("Server", "x")]);
    given.lines(b"date: now\r\n");
    assert!(given.has(Name::Server) && given.has(Name::Date) && !given.has(Name::Connection));
    let mut side = Side::server();
    side.get("/");
    assert_eq!(side.answer_with(given, ""), "HTTP/1.1 200 OK\r\nserver: x\r\ndate: now\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn big_body_is_sent_by_reference() {
    for (kind, length) in [(Body::Whole(1 << 20), "1048576"), (Body::Stream, "100000")] {
        let mut side = Side::server();
        side.get("/");
        let body = Bytes::from(vec![b'x'; 1 << 20]);
        assert_eq!(side.machine.respond(response(200, &[]), kind), Ok(()));
        assert_eq!(side.machine.send(body.clone()), Ok(()));
        assert_eq!(side.machine.finish(None), Ok(()));
        machine::Machine::poll_transmit(&mut side.machine, side.now, &mut side.tx);
        let mut slices = [std::io::IoSlice::new(&[]); 4];
        side.tx.slices(&mut slices);
        assert_eq!(slices[1].as_ptr(), body.as_ptr());
        assert!(side.sent().contains(length));
    }
}

#[test]
fn status_304_gets_no_framing_of_its_own() {
    for body in [Body::Stream, Body::Whole(5)] {
        let mut side = Side::server();
        side.get("/");
        assert_eq!(side.machine.respond(response(304, &[]), body), Ok(()));
        assert_eq!(side.machine.finish(None), Ok(()));
        assert_eq!(side.sent(), "HTTP/1.1 304 Not Modified\r\n\r\n");
    }
}

#[test]
fn response_to_head_needs_no_end_in_1_0() {
    let mut side = Side::server();
    side.feed("HEAD / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").request();
    side.body();
    assert_eq!(side.stream_with(response(200, &[]), "a"), "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n");
    assert!(side.machine.is_idle());
}

#[test]
fn farewell_to_head_has_no_body() {
    let mut side = Side::server();
    side.feed("HEAD / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\nnonsense").request();
    assert_eq!(side.poll(), Err(http1::Error::InvalidChunkSize));
    let farewell = side.sent();
    assert!(
        farewell.starts_with("HTTP/1.1 400 ") && farewell.ends_with("\r\ncontent-length: 30\r\n\r\n"),
        "{farewell}"
    );
}

#[test]
fn whole_body_stays_chunked_where_the_application_asked_for_it() {
    let chunked = || response(200, &[("transfer-encoding", "chunked")]);
    let mut side = Side::server();
    side.get("/");
    let sent = side.answer_with(chunked(), "hello");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    side.feed("GET / HTTP/1.0\r\n\r\n").request();
    side.body();
    let sent = side.answer_with(chunked(), "hello");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
}
