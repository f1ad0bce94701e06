//! The ends of a connection: shut down, hung up, aborted, handed over.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]
#![allow(dead_code, reason = "the application's parts are shared by several tests")]

#[path = "sim/application.rs"]
mod application;

use std::sync::Arc;

use application::{answer, answers, raw_client, request};
use bytes::Bytes;
use http1::{Body, Connection, Event, Response};
use machine::{Blame, Close, Fault};
use sim::{End, Pair, Raw};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn pair() -> Pair<Connection, Connection> {
    Pair::new(Connection::client(Arc::default()), Connection::server(Arc::default()))
}

fn get(pair: &mut Pair<Connection, Connection>) {
    pair.client.machine.request(request("GET", "/", &[]), Body::Whole(0)).unwrap();
    pair.client.machine.finish(None).unwrap();
    pair.drive();
}

fn ended(events: &[Event]) -> bool {
    matches!(events.last(), Some(Event::End(_)))
}

#[test]
fn a_shutdown_lets_the_response_under_way_finish_and_says_that_it_is_the_last() {
    let mut pair = pair();
    get(&mut pair);
    pair.server.machine.shutdown();
    answer(&mut pair.server.machine, b"the last");
    pair.drive();
    let events = pair.client.events();
    assert!(matches!(events.first(), Some(Event::Response(head)) if !head.keeps_alive()), "{events:?}");
    assert!(ended(&events));
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn a_shutdown_between_two_exchanges_closes_at_once() {
    let mut pair = pair();
    pair.server.react(answers(b"once"));
    get(&mut pair);
    pair.server.machine.shutdown();
    pair.drive();
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn a_client_that_hangs_up_after_its_request_hears_the_answer() {
    let mut pair = raw_client(GET);
    pair.client.hang_up();
    pair.drive();
    assert_eq!(pair.server.end(), None);
    answer(&mut pair.server.machine, b"still here");
    pair.drive();
    assert!(pair.client.events().concat().ends_with(b"still here"));
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn pipelined_requests_are_answered_after_the_client_hung_up() {
    let mut pair = raw_client(GET.repeat(3));
    pair.server.react(answers(b"."));
    pair.client.hang_up();
    pair.drive();
    assert_eq!(pair.server.events().len(), 6);
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn a_client_that_hangs_up_within_its_message_is_to_blame() {
    for cut in ["GET / HT", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nfour"] {
        let mut pair = raw_client(cut);
        pair.client.hang_up();
        pair.drive();
        let Some(End::Failed(error)) = pair.server.end() else { panic!("{cut:?}: {:?}", pair.server) };
        assert_eq!(error.blame(), Blame::Peer);
        assert!(!ended(&pair.server.events()));
    }
}

#[test]
fn an_aborted_response_never_looks_complete() {
    for body in [Body::Stream, Body::Whole(100)] {
        let mut pair = pair();
        get(&mut pair);
        pair.server.machine.respond(Response::new(200).unwrap(), body).unwrap();
        pair.server.machine.send(Bytes::from_static(b"a part")).unwrap();
        pair.drive();
        pair.server.machine.abort();
        pair.drive();
        assert!(matches!(pair.server.end(), Some(End::Closed(_))));
        assert!(matches!(pair.client.end(), Some(End::Failed(_))), "{:?}", pair.client);
        assert!(!ended(&pair.client.events()));
    }
}

#[test]
fn malformed_bytes_are_answered_once_and_nothing_after_them_is_read() {
    let mut pair = raw_client([b"GET / HTTP/1.1\r\nhost : a\r\n\r\n", GET].concat());
    pair.server.react(answers(b"never"));
    pair.drive();
    assert!(pair.server.events().is_empty());
    let answer = pair.client.events().concat();
    assert!(answer.starts_with(b"HTTP/1.1 400 ") && !answer.ends_with(b"never"));
    assert!(
        answer.windows(21).any(|part| part == b"connection: close\r\n\r\n" || part == b"\r\nconnection: close\r\n")
    );
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn malformed_bytes_after_a_response_has_begun_end_it_without_another_byte() {
    let mut pair = raw_client(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    pair.drive();
    pair.server.machine.respond(Response::new(200).unwrap(), Body::Stream).unwrap();
    pair.server.machine.send(Bytes::from_static(b"a part")).unwrap();
    pair.drive();
    let sent = pair.server.sent().len();
    pair.client.machine.say("no chunk\r\n");
    pair.drive();
    assert!(matches!(pair.server.end(), Some(End::Failed(_))));
    assert_eq!(pair.server.sent().len(), sent);
}

#[test]
fn an_upgrade_leaves_both_sides_what_follows() {
    let fields = [("connection", "upgrade"), ("upgrade", "chat")];
    let mut pair = pair();
    pair.client.machine.request(request("GET", "/chat", &fields), Body::Whole(0)).unwrap();
    pair.client.machine.finish(None).unwrap();
    pair.drive();
    let mut switching = Response::new(101).unwrap();
    for (name, value) in fields {
        switching.field(name.as_bytes(), value.as_bytes()).unwrap();
    }
    pair.server.machine.respond(switching, Body::Whole(0)).unwrap();
    pair.drive();
    assert_eq!(pair.server.end(), Some(&End::Switched));
    assert_eq!(pair.client.end(), Some(&End::Switched));
    assert!(matches!(&pair.client.events()[..], [Event::Response(head), ..] if head.status() == 101));
}

#[test]
fn what_the_client_sends_behind_an_upgrade_is_for_the_next_protocol() {
    let mut pair = raw_client("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nGET / chat");
    pair.drive();
    let mut switching = Response::new(101).unwrap();
    switching.field(b"connection", b"upgrade").unwrap();
    switching.field(b"upgrade", b"chat").unwrap();
    pair.server.machine.respond(switching, Body::Whole(0)).unwrap();
    pair.drive();
    assert_eq!(pair.server.end(), Some(&End::Switched));
    assert_eq!(pair.server.rest(), b"GET / chat");
    assert_eq!(pair.server.events().len(), 2);
}

#[test]
fn what_the_server_sends_behind_an_upgrade_is_for_the_next_protocol() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nwelcome";
    let mut pair = Pair::new(Connection::client(Arc::default()), Raw::saying(answer));
    let fields = [("connection", "upgrade"), ("upgrade", "chat")];
    pair.client.machine.request(request("GET", "/chat", &fields), Body::Whole(0)).unwrap();
    pair.client.machine.finish(None).unwrap();
    pair.drive();
    assert_eq!((pair.client.end(), pair.client.rest()), (Some(&End::Switched), &b"welcome"[..]));
}
