//! `Expect: 100-continue` between the two roles.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]
#![allow(dead_code, reason = "the application's parts are shared by several tests")]

#[path = "sim/application.rs"]
mod application;

use std::sync::Arc;

use application::{answer, request};
use bytes::Bytes;
use http1::{Body, Connection, Event};
use machine::Close;
use sim::{End, Pair};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The client has sent its head, and waits.
fn waiting() -> Pair<Connection, Connection> {
    let mut pair = Pair::new(Connection::client(Arc::default()), Connection::server(Arc::default()));
    let head = request("PUT", "/", &[("expect", "100-continue")]);
    pair.client.machine.request(head, Body::Whole(4)).unwrap();
    pair.drive();
    let asked = pair.server.event();
    assert!(matches!(&asked, Some(Event::Request(head)) if head.expects_continue()), "{asked:?}");
    assert_eq!(pair.server.sent(), b"");
    pair
}

fn send_body(pair: &mut Pair<Connection, Connection>) {
    pair.client.machine.send(Bytes::from_static(b"body")).unwrap();
    pair.client.machine.finish(None).unwrap();
    pair.drive();
}

#[test]
fn the_client_is_told_to_go_on_when_the_application_reads_and_once() {
    let mut pair = waiting();
    pair.server.machine.proceed();
    pair.server.machine.proceed();
    pair.drive();
    assert_eq!(pair.server.sent(), CONTINUE);
    assert!(matches!(&pair.client.events()[..], [Event::Informational(head)] if head.status() == 100));
    send_body(&mut pair);
    assert!(matches!(&pair.server.events()[..], [Event::Data(data), Event::End(None)] if &data[..] == b"body"));
    answer(&mut pair.server.machine, b"thanks");
    pair.drive();
    assert!(matches!(&pair.client.events()[..], [Event::Response(_), Event::Data(_), Event::End(None)]));
    assert!(pair.client.machine.is_idle() && pair.server.machine.is_idle());
}

#[test]
fn a_client_that_does_not_wait_is_not_told() {
    let mut pair = waiting();
    send_body(&mut pair);
    pair.server.machine.proceed();
    pair.drive();
    assert_eq!(pair.server.sent(), b"");
    answer(&mut pair.server.machine, b"thanks");
    pair.drive();
    assert!(pair.server.machine.is_idle());
}

#[test]
fn an_answer_without_the_body_ends_the_connection() {
    let mut pair = waiting();
    answer(&mut pair.server.machine, b"no need");
    pair.drive();
    assert!(matches!(pair.server.end(), Some(End::Closed(_))), "{:?}", pair.server);
    let events = pair.client.events();
    assert!(matches!(&events[..], [Event::Response(head), Event::Data(_), Event::End(None)] if !head.keeps_alive()));
    assert_ne!(pair.server.end(), Some(&End::Closed(Close::Now)));
}
