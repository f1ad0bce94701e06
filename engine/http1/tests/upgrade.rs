//! Handing the connection over to another protocol.

mod side;

use bytes::Bytes;
use http1::{Body, Misuse};
use machine::Next;
use side::{Side, request, response};

const ASK: &str =
    "GET /chat HTTP/1.1\r\nhost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket, x/1\r\n\r\n";

#[test]
fn request_that_would_switch_tells_the_protocols() {
    let upgrade = |text: &str| Side::server().feed(text).request().upgrade().map(<[u8]>::to_vec);
    assert_eq!(upgrade(ASK), Some(b"WebSocket, x/1".to_vec()));
    assert_eq!(upgrade("GET / HTTP/1.1\r\nhost: test\r\nupgrade: x\r\n\r\n"), None);
    assert_eq!(upgrade("GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\n\r\n"), None);
    assert_eq!(upgrade("GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade:\r\n\r\n"), None);
    assert_eq!(upgrade("GET / HTTP/1.0\r\nhost: test\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), None);
}

#[test]
fn switched_connection_leaves_the_bytes_behind_the_request_to_the_next_protocol() {
    let mut side = Side::server();
    side.feed(ASK).feed(b"\x81\x00next").request();
    let switch = response(101, &[("upgrade", "websocket"), ("sec-websocket-accept", "x")]);
    assert_eq!(side.machine.respond(switch, Body::Whole(0)), Ok(()));
    assert_eq!(side.body(), "");
    assert_eq!(side.poll(), Ok(Next::Switched));
    let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\nconnection: upgrade\r\n\r\n";
    assert_eq!(side.sent(), head);
    assert_eq!(side.feed("more").poll(), Ok(Next::Switched));
    assert_eq!(side.rx, b"\x81\x00nextmore"[..]);
    assert_eq!(machine::Machine::poll_timeout(&side.machine), None);
}

#[test]
fn connection_field_of_the_application_is_not_doubled() {
    let mut side = Side::server();
    side.feed(ASK).request();
    let switch = response(101, &[("Connection", "Upgrade"), ("upgrade", "x")]);
    assert_eq!(side.machine.respond(switch, Body::Whole(0)), Ok(()));
    assert_eq!(side.sent(), "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n");
}

#[test]
fn body_of_a_switching_request_is_read_before_the_switch() {
    let mut side = Side::server();
    side.feed(ASK.replace("\r\n\r\n", "\r\ncontent-length: 3\r\n\r\nabcnext")).request();
    assert_eq!(side.machine.respond(response(101, &[("upgrade", "x")]), Body::Whole(0)), Ok(()));
    assert_eq!(side.body(), "abc");
    assert_eq!(side.poll(), Ok(Next::Switched));
    assert_eq!(side.rx, b"next"[..]);
}

#[test]
fn request_that_would_switch_may_be_answered_like_any_other() {
    let mut side = Side::server();
    side.feed(ASK).request();
    side.body();
    assert_eq!(side.answer("no"), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno");
    side.get("/next");
}

#[test]
fn upgrade_required_keeps_its_connection_option() {
    let mut side = Side::server();
    side.get("/");
    let sent = side.answer_with(response(426, &[("upgrade", "x"), ("connection", "upgrade")]), "");
    assert!(sent.contains("\r\nupgrade: x\r\nconnection: upgrade\r\n"), "{sent}");
}

#[test]
fn switch_that_nobody_asked_for_is_misuse() {
    let mut side = Side::server();
    side.get("/");
    let switch = || response(101, &[("upgrade", "x")]);
    assert_eq!(side.machine.respond(switch(), Body::Whole(0)), Err(Misuse::NoUpgrade));
    side.answer("");
    side.feed(ASK).request();
    assert_eq!(side.machine.respond(response(101, &[]), Body::Whole(0)), Err(Misuse::NoUpgrade));
    assert_eq!(side.machine.respond(switch(), Body::Whole(0)), Ok(()));
}

#[test]
fn nothing_can_be_sent_through_http_behind_the_switch() {
    let mut side = Side::server();
    side.feed(ASK).request();
    assert_eq!(side.machine.respond(response(101, &[("upgrade", "x")]), Body::Stream), Ok(()));
    assert_eq!(side.machine.send(Bytes::from_static(b"x")), Err(Misuse::AlreadyResponded));
    assert_eq!(side.machine.finish(None), Ok(()));
    side.sent();
    side.body();
    assert_eq!((side.poll(), side.sent()), (Ok(Next::Switched), String::new()));
}

#[test]
fn continue_goes_before_the_switch() {
    let mut side = Side::server();
    side.feed(ASK.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n")).request();
    assert_eq!(side.machine.respond(response(101, &[("upgrade", "x")]), Body::Whole(0)), Ok(()));
    assert!(side.sent().starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 "));
}

#[test]
fn tunnel_follows_a_successful_connect() {
    let mut side = Side::server();
    side.feed("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\ntunnelled").request();
    assert_eq!(side.machine.respond(response(200, &[("content-length", "5")]), Body::Whole(0)), Ok(()));
    assert_eq!(side.sent(), "HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(side.body(), "");
    assert_eq!(side.poll(), Ok(Next::Switched));
    assert_eq!(side.rx, b"tunnelled"[..]);
}

#[test]
fn refused_connect_is_a_usual_response() {
    let mut side = Side::server();
    side.feed("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n").request();
    side.body();
    assert!(side.answer_with(response(405, &[]), "no").ends_with("\r\ncontent-length: 2\r\n\r\nno"));
    side.get("/next");
}

#[test]
fn client_switches_where_it_asked() {
    let mut side = Side::client();
    let ask = request("GET", "/chat", &[("host", "test"), ("upgrade", "x")]);
    assert_eq!(side.machine.request(ask, Body::Whole(0)), Ok(()));
    assert_eq!(side.machine.finish(None), Ok(()));
    assert_eq!(side.sent(), "GET /chat HTTP/1.1\r\nhost: test\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    side.feed("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nnext");
    assert_eq!(side.response().upgrade(), Some(&b"x"[..]));
    assert_eq!(side.body(), "");
    assert_eq!(side.poll(), Ok(Next::Switched));
    assert_eq!(side.rx, b"next"[..]);
}

#[test]
fn tunnel_has_no_connection_field_and_outlives_the_look_at_what_to_send() {
    let mut side = Side::server();
    side.feed("CONNECT a:1 HTTP/1.0\r\n\r\n").request();
    assert_eq!(side.body(), "");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    assert_eq!(side.sent(), "HTTP/1.1 200 OK\r\n\r\n");
    assert!(!side.machine.is_idle());
    assert_eq!(side.poll(), Ok(Next::Switched));
    let mut side = Side::server();
    side.feed("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n").request();
    assert_eq!(side.body(), "");
    assert_eq!(side.machine.respond(response(200, &[]), Body::Stream), Ok(()));
    assert!(side.sent().ends_with("\r\n\r\n") && !side.machine.is_idle());
    assert_eq!(side.poll(), Ok(Next::Switched));
}
