//! The laws of the machines, on both roles and with applications of several tempers.

#[path = "laws/client.rs"]
mod client;
#[path = "laws/phrases.rs"]
mod phrases;
#[path = "laws/server.rs"]
mod server;
#[path = "laws/shown.rs"]
mod shown;
#[path = "laws/tight.rs"]
mod tight;

use std::sync::Arc;

use client::{Asked, Client};
use machine::laws::{Stream, check, mangled};
use proptest::prelude::{Just, Strategy};
use server::{Server, Temper};

fn server(temper: Temper) {
    for config in [Arc::default(), tight::config()] {
        check(&Server { config, temper }, mangled(phrases::REQUESTS));
    }
}

fn client(asked: &'static [Asked]) {
    for config in [Arc::default(), tight::config()] {
        check(&Client::new(config, asked), mangled(phrases::RESPONSES));
    }
}

#[test]
fn a_server_whose_application_reads_before_it_answers() {
    server(Temper::Patient);
}

#[test]
fn a_server_whose_application_answers_without_reading() {
    server(Temper::Hasty);
}

#[test]
fn a_server_whose_application_echoes_while_it_reads() {
    server(Temper::Echoing);
}

#[test]
fn a_server_whose_application_never_answers() {
    server(Temper::Silent);
}

#[test]
fn a_server_whose_application_gives_up_halfway() {
    server(Temper::Aborting);
}

#[test]
fn a_server_whose_application_upgrades() {
    server(Temper::Upgrading);
}

#[test]
fn a_server_that_is_shutting_down() {
    server(Temper::Leaving);
}

#[test]
fn a_client_that_asks_once() {
    client(&[Asked::Get]);
}

#[test]
fn a_client_that_asks_one_thing_after_the_other() {
    client(&[Asked::Get, Asked::Head, Asked::Post, Asked::Get]);
}

#[test]
fn a_client_that_would_tunnel() {
    client(&[Asked::Connect]);
    client(&[Asked::Upgrade]);
}

#[test]
fn a_client_that_asks_nothing() {
    client(&[]);
}

#[test]
fn long_bodies_and_endless_heads() {
    let (head, chunk) = (phrases::CHUNKED_POST, [b"fff\r\n", &[b'x'; 0xfff][..], b"\r\n"].concat());
    let streams = [
        [head, &chunk, b"0\r\n\r\n"].concat(),
        [b"GET /", &[b'a'; 9000][..]].concat(),
        [b"GET / HTTP/1.1\r\nhost: a\r\na: ", &[b'a'; 9000][..]].concat(),
        [b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n", &[b'x'; 5000][..], b"GET"].concat(),
        [head, b"1;", &[b'a'; 300][..], b"\r\n"].concat(),
        [head, b"0\r\na: ", &[b'a'; 9000][..]].concat(),
    ];
    for stream in streams {
        for temper in [Temper::Patient, Temper::Echoing] {
            let subject = Server { config: Arc::default(), temper };
            if let Err(broken) = machine::laws::hold(&subject, &stream, &[3, 4000, 4100]) {
                panic!("{broken}");
            }
        }
    }
}

#[test]
fn bytes_that_are_nothing_like_http() {
    let noise = proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64).prop_map(Stream);
    check(&Server { config: Arc::default(), temper: Temper::Patient }, noise.clone());
    check(&Client::new(Arc::default(), &[Asked::Get]), noise);
    check(&Client::new(Arc::default(), &[Asked::Get]), Just(Stream(Vec::new())));
}
