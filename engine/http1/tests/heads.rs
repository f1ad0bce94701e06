//! What a request's head says to the application.

mod side;

use http1::{Name, RequestHead, Version};
use side::Side;

fn head(bytes: impl AsRef<[u8]>) -> RequestHead {
    Side::server().feed(bytes).request()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("(not UTF-8)")
}

fn pairs(head: &RequestHead) -> Vec<(&str, &str)> {
    head.fields().map(|field| (text(field.name), text(field.value))).collect()
}

#[test]
fn parts_of_the_request_line_are_told_as_sent() {
    let head = head("pAtCh /a%20b/../c?d=%e&f?g HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!(text(head.method()), "pAtCh");
    assert_eq!(text(head.target()), "/a%20b/../c?d=%e&f?g");
    assert_eq!((text(head.path()), text(head.query())), ("/a%20b/../c", "d=%e&f?g"));
    assert_eq!((head.version(), head.version().as_str()), (Version::Http11, "1.1"));
    assert_eq!(text(head.request_line()), "pAtCh /a%20b/../c?d=%e&f?g HTTP/1.1");
}

#[test]
fn fields_keep_their_order_with_names_in_lower_case_and_values_trimmed() {
    let head = head("GET / HTTP/1.1\r\nHost:test\r\nX-B: \t 1  2 \t\r\nACCEPT: */*\r\nx-b:\r\nX-B: \t\r\n\r\n");
    let expected = [("host", "test"), ("x-b", "1  2"), ("accept", "*/*"), ("x-b", ""), ("x-b", "")];
    assert_eq!(pairs(&head), expected);
    assert_eq!(head.fields().len(), 5);
    let known: Vec<_> = head.fields().map(|field| field.known).collect();
    assert_eq!(known, [Some(Name::Host), None, Some(Name::Accept), None, None]);
    assert_eq!(head.value(Name::Accept), Some(&b"*/*"[..]));
    assert!(head.names().any(|name| name == Name::Accept) && !head.names().any(|name| name == Name::Cookie));
    assert_eq!(head.value(Name::Cookie), None);
}

#[test]
fn opaque_octets_in_values_are_kept() {
    let head = head(b"GET / HTTP/1.1\r\nhost: test\r\nsec-websocket-protocol: \x80\xff\xe9\r\n\r\n");
    assert_eq!(head.value(Name::SecWebsocketProtocol), Some(&b"\x80\xff\xe9"[..]));
}

#[test]
fn high_octets_are_harmless_in_every_field_with_a_meaning() {
    for name in ["connection", "upgrade", "date", "cookie", "range", "te", "trailer", "accept"] {
        let stream = [b"GET / HTTP/1.1\r\nhost: test\r\n", name.as_bytes(), b": \x80\xff\r\n\r\n"].concat();
        let head = head(&stream);
        assert!(head.keeps_alive() && head.upgrade().is_none() && !head.expects_continue(), "{name}");
    }
}

#[test]
fn absolute_form_gives_path_and_host() {
    let absolute = head("GET http://example.com:8000/a?b HTTP/1.1\r\nX: y\r\nHost: other\r\n\r\n");
    assert_eq!((text(absolute.path()), text(absolute.query())), ("/a", "b"));
    assert_eq!(absolute.authority(), Some(&b"example.com:8000"[..]));
    assert_eq!(pairs(&absolute), [("x", "y"), ("host", "example.com:8000")]);
    assert_eq!(absolute.value(Name::Host), Some(&b"example.com:8000"[..]));
    let bare = head("GET http://example.com?b HTTP/1.1\r\nhost: example.com\r\n\r\n");
    assert_eq!((text(bare.path()), text(bare.query()), text(bare.target())), ("/", "b", "http://example.com?b"));
}

#[test]
fn absolute_form_without_a_host_field_still_gives_the_host_in_1_0() {
    let head = head("GET http://example.com/ HTTP/1.0\r\nx: y\r\n\r\n");
    assert_eq!(pairs(&head), [("x", "y"), ("host", "example.com")]);
}

#[test]
fn asterisk_form_is_for_options() {
    let head = head("OPTIONS * HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!((text(head.path()), text(head.target()), text(head.query())), ("*", "*", ""));
}

#[test]
fn authority_form_is_for_connect() {
    let head = head("CONNECT example.com:443 HTTP/1.1\r\nhost: test\r\n\r\n");
    assert_eq!((text(head.path()), text(head.target())), ("", "example.com:443"));
    assert_eq!(head.authority(), Some(&b"example.com:443"[..]));
    assert_eq!(pairs(&head), [("host", "test")]);
}

#[test]
fn empty_host_and_addresses_are_hosts() {
    for host in ["", "1.2.3.4:80", "[::1]:8000", "localhost:", "a_b.c"] {
        let head = head(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(head.value(Name::Host), Some(host.as_bytes()));
    }
}

#[test]
fn http_1_0_needs_no_host() {
    let head = head("GET / HTTP/1.0\r\n\r\n");
    assert_eq!((head.version(), head.version().as_str(), head.fields().len()), (Version::Http10, "1.0", 0));
}

#[test]
fn one_empty_line_in_front_is_skipped() {
    let mut side = Side::server();
    for piece in ["\r", "\n", "GET /a HTTP/1.1\r\nhost: test\r\n\r\n"] {
        assert_eq!(side.events().0, []);
        side.feed(piece);
    }
    assert_eq!(text(side.request().path()), "/a");
}

#[test]
fn head_takes_nothing_from_what_follows_it() {
    let mut side = Side::server();
    side.feed("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\nabcGET /next");
    side.request();
    assert_eq!(side.rx, b"abcGET /next"[..]);
    assert_eq!(side.body(), "abc");
    assert_eq!(side.rx, b"GET /next"[..]);
}

#[test]
fn many_fields_are_read_as_few_are() {
    let fields: String = (0..99).map(|index| format!("x-{index}: {index}\r\n")).collect();
    let head = head(format!("GET / HTTP/1.1\r\nhost: test\r\n{fields}\r\n"));
    assert_eq!(head.fields().len(), 100);
    let last = head.fields().last().map(|field| (field.name.to_vec(), field.value.to_vec()));
    assert_eq!(last, Some((b"x-98".to_vec(), b"98".to_vec())));
}

#[test]
fn connection_options_are_a_list_over_all_their_fields() {
    let keeps =
        |version: &str, fields: &str| head(format!("GET / HTTP/{version}\r\nhost: test\r\n{fields}\r\n")).keeps_alive();
    assert!(keeps("1.1", "") && keeps("1.1", "connection: keep-alive\r\n") && keeps("1.1", "connection: closed\r\n"));
    assert!(!keeps("1.1", "connection: close\r\n") && !keeps("1.1", "connection: x , CLOSE\r\n"));
    assert!(!keeps("1.1", "connection: keep-alive\r\nconnection: close\r\n"));
    assert!(!keeps("1.0", "") && keeps("1.0", "connection: x,Keep-Alive\r\n"));
    assert!(!keeps("1.0", "connection: keep-alive, close\r\n"));
}

#[test]
fn one_empty_line_is_skipped_in_front_of_each_request() {
    let mut side = Side::server();
    for _ in 0..3 {
        side.feed("\r\n");
        side.get("/");
        side.answer("");
    }
}
