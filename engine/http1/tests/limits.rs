//! Each limit, at its edge; and what a peer can make the machine hold.

mod side;

use http1::{Config, Connection, Error, Event, Limits};
use machine::{Machine, Next};
use side::{Side, refused, refused_with};

fn accepted(stream: impl AsRef<[u8]>) {
    let stream = stream.as_ref();
    for step in [1, 1000, stream.len()] {
        let mut side = Side::server();
        let mut ended = false;
        for piece in stream.chunks(step) {
            let (events, answer) = side.feed(piece).events();
            assert!(answer.is_ok(), "{answer:?}");
            ended |= events.iter().any(|event| matches!(event, Event::End(_)));
        }
        assert!(ended && side.rx.is_empty());
    }
}

fn head(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: test\r\n{fields}\r\n")
}

fn chunks(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{body}")
}

#[test]
fn request_line_has_8_kib() {
    let with_target = |length: usize| format!("GET /{} HTTP/1.1\r\nhost: test\r\n\r\n", "a".repeat(length));
    let most = 8192 - "GET / HTTP/1.1".len();
    accepted(with_target(most));
    refused(with_target(most + 1), Error::RequestLineTooLong);
    assert_eq!(Error::RequestLineTooLong.status(), 414);
}

#[test]
fn field_has_8_kib() {
    let with_value = |length: usize| head(&format!("x: {}\r\n", "a".repeat(length)));
    accepted(with_value(8192 - 3));
    refused(with_value(8192 - 2), Error::FieldTooLong);
    assert_eq!(Error::FieldTooLong.status(), 431);
}

#[test]
fn header_block_has_64_kib() {
    // 8 lines of 8 KiB, the last of them shorter by what the host takes.
    let with_last = |length: usize| {
        let line = |length: usize| format!("x: {}\r\n", "a".repeat(length - 5));
        head(&format!("{}{}", line(8192).repeat(7), line(length)))
    };
    let most = 8192 - "host: test\r\n".len();
    accepted(with_last(most));
    refused(with_last(most + 1), Error::HeadersTooLarge);
    assert_eq!(Error::HeadersTooLarge.status(), 431);
}

#[test]
fn head_has_100_fields() {
    accepted(head(&"x: y\r\n".repeat(99)));
    refused(head(&"x: y\r\n".repeat(100)), Error::TooManyFields);
    assert_eq!(Error::TooManyFields.status(), 431);
}

#[test]
fn endless_lines_are_refused_before_their_end() {
    for (start, error) in [
        ("GET /", Error::RequestLineTooLong),
        ("GET / HTTP/1.1\r\nx: ", Error::FieldTooLong),
        ("GET / HTTP/1.1\r\n", Error::FieldTooLong),
    ] {
        let mut side = Side::server();
        side.feed(start).feed("a".repeat(8300));
        assert_eq!(side.poll(), Err(error));
    }
}

#[test]
fn limits_can_be_set() {
    let limits = Limits { request_line: 40, field: 20, header_block: 50, fields: 3, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let refused = |stream: &str, error| refused_with(config.clone(), stream.as_bytes(), error);
    refused("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nhost: test\r\n\r\n", Error::RequestLineTooLong);
    refused("GET / HTTP/1.1\r\nhost: test\r\nx: aaaaaaaaaaaaaaaaaa\r\n\r\n", Error::FieldTooLong);
    refused("GET / HTTP/1.1\r\nhost: test\r\nx: aaaaaaaaaaaaaaa\r\ny: aaaaaaaaaaaaaaa\r\n\r\n", Error::HeadersTooLarge);
    refused("GET / HTTP/1.1\r\nhost: test\r\na: b\r\na: b\r\na: b\r\n\r\n", Error::TooManyFields);
}

#[test]
fn limits_without_a_bound_overflow_nothing() {
    let limits = Limits {
        request_line: usize::MAX,
        field: usize::MAX,
        header_block: usize::MAX,
        fields: usize::MAX,
        chunk_extension: usize::MAX,
        chunk_extensions: usize::MAX,
        trailer_block: usize::MAX,
        trailers: usize::MAX,
        drain: u64::MAX,
    };
    let mut side = Side::server_with(Config { limits, ..Config::default() });
    side.feed(head(&"x: y\r\n".repeat(1000)));
    assert_eq!(side.request().fields().len(), 1001);
    side.body();
    side.answer("");
    side.feed(chunks("1;a\r\na\r\n0\r\nx: y\r\n\r\n"));
    side.request();
    assert_eq!(side.body(), "a");
}

#[test]
fn chunk_extensions_have_256_bytes_each_and_16_kib_together() {
    let chunk = |length: usize| format!("1;{}\r\na\r\n", "e".repeat(length - 1));
    accepted(chunks(&format!("{}0\r\n\r\n", chunk(256).repeat(64))));
    refused(chunks(&format!("{}0\r\n\r\n", chunk(257))), Error::ChunkExtensionsTooLarge);
    refused(chunks(&format!("{}{}0\r\n\r\n", chunk(256).repeat(64), chunk(1))), Error::ChunkExtensionsTooLarge);
    assert_eq!(Error::ChunkExtensionsTooLarge.status(), 413);
}

#[test]
fn trailers_have_8_kib_and_32_fields() {
    let of_size = |length: usize| chunks(&format!("0\r\nx: {}\r\n\r\n", "a".repeat(length - 5)));
    accepted(of_size(8192));
    refused(of_size(8194), Error::TrailersTooLarge);
    accepted(chunks(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(32))));
    refused(chunks(&format!("0\r\n{}\r\n", "x: y\r\n".repeat(33))), Error::TooManyTrailers);
}

#[test]
fn chunk_of_the_largest_size_asks_for_no_memory() {
    let mut side = Side::server();
    side.feed(chunks("ffffffffffffffff\r\nabc")).request();
    assert_eq!(side.poll(), Ok(Next::Event(Event::Data(bytes::Bytes::from_static(b"abc")))));
    assert_eq!(side.poll(), Ok(Next::NeedInput));
    assert!(side.rx.capacity() < 1000);
}

#[test]
fn length_of_the_largest_size_asks_for_no_memory() {
    let mut side = Side::server();
    side.feed(format!("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\nabc", u64::MAX)).request();
    assert_eq!(side.poll(), Ok(Next::Event(Event::Data(bytes::Bytes::from_static(b"abc")))));
    assert_eq!(side.poll(), Ok(Next::NeedInput));
}

#[test]
fn idle_connection_is_small_and_holds_no_buffer() {
    assert!(size_of::<Connection>() <= 384, "{} bytes", size_of::<Connection>());
    let mut side = Side::server();
    for _ in 0..3 {
        let head = side.get("/");
        side.answer("hello");
        drop(head);
        assert_eq!(side.poll(), Ok(Next::NeedInput));
    }
    assert_eq!((side.machine.buffered(), side.rx.capacity()), (0, 0));
}

#[test]
fn byte_by_byte_heads_are_looked_at_once() {
    // A look at everything for each byte would take 64 Ki times 32 Ki steps: minutes.
    let fields = format!("x: {}\r\n", "a".repeat(8000)).repeat(8);
    let mut side = Side::server();
    for byte in head(&fields).bytes() {
        assert_eq!(side.poll(), Ok(Next::NeedInput));
        side.feed([byte]);
    }
    assert_eq!(side.request().fields().len(), 9);
}

#[test]
fn nothing_is_added_to_a_full_outbox() {
    let mut side = Side::server_with(Config { high_water: 10, ..Config::default() });
    side.get("/");
    side.tx.extend(b"0123456789");
    assert_eq!(side.machine.respond(side::response(200, &[]), http1::Body::Whole(0)), Ok(()));
    assert_eq!(side.sent(), "0123456789");
    assert!(side.machine.buffered() > 0);
    assert!(side.sent().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(side.machine.buffered(), 0);
}
