//! A client and a server on a simulated wire: whatever the messages, and however the wire cuts, delays and blocks them,
//! each side hears what the other said, and both fall silent.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

#[path = "sim/message.rs"]
mod message;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http1::{Body, Config, Connection, Event, Name, Request, Response, Trailers};
use message::{Message, heard};
use proptest::collection::vec;
use proptest::prelude::*;
use sim::{Pair, Wire};

/// Turns per exchange of a few hundred bytes that arrive one by one, and then some.
const TURNS: usize = 60_000;

#[derive(Debug, Clone)]
struct Exchange {
    method: &'static str,
    question: Content,
    status: u16,
    answer: Content,
}

#[derive(Debug, Clone)]
enum Content {
    /// With its length in the head.
    Whole(usize),
    /// In chunks, perhaps with a trailer.
    Pieces(Vec<usize>, bool),
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let method = prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("QUERY")];
    let status = prop_oneof![4 => Just(200), 1 => Just(204), 1 => Just(304), 1 => Just(500)];
    (method, content(), status, content()).prop_map(|(method, question, status, answer)| Exchange {
        method,
        question,
        status,
        answer,
    })
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        Just(Content::Whole(0)),
        (0..400_usize).prop_map(Content::Whole),
        (vec(0..200_usize, 0..4), any::<bool>()).prop_map(|(pieces, trailer)| Content::Pieces(pieces, trailer)),
    ]
}

fn wire() -> impl Strategy<Value = Wire> {
    (vec(1..200_usize, 0..4), 1..2000_usize, 0..50_u64).prop_map(|(sizes, capacity, delay)| {
        Wire::new().cut(sizes).holding(capacity).delayed(Duration::from_millis(delay))
    })
}

impl Content {
    fn pieces(&self) -> Vec<Bytes> {
        let sizes = match self {
            Self::Whole(size) => vec![*size],
            Self::Pieces(sizes, _) => sizes.clone(),
        };
        sizes.iter().enumerate().map(|(nth, size)| (0..*size).map(|at| (at * 7 + nth) as u8).collect()).collect()
    }

    fn body(&self) -> Body {
        match self {
            Self::Whole(size) => Body::Whole(*size as u64),
            Self::Pieces(..) => Body::Stream,
        }
    }

    fn trailers(&self) -> Option<Trailers> {
        let Self::Pieces(_, true) = self else { return None };
        let mut trailers = Trailers::new();
        trailers.field(b"X-Sum", b"7").unwrap();
        Some(trailers)
    }

    fn send(&self, machine: &mut Connection) {
        for piece in self.pieces() {
            machine.send(piece).unwrap();
        }
        machine.finish(self.trailers()).unwrap();
    }

    /// What the other side makes of it.
    fn message(&self, line: String) -> Message {
        let trailers = self.trailers().map(|_| vec![("x-sum".into(), "7".into())]);
        Message { line, body: self.pieces().concat(), trailers: trailers.unwrap_or_default() }
    }
}

impl Exchange {
    fn ask(&self, client: &mut Connection, nth: usize) {
        let mut request = Request::new(self.method.as_bytes(), format!("/{nth}").as_bytes()).unwrap();
        request.field(b"Host", b"example.org").unwrap();
        client.request(request, self.question.body()).unwrap();
        self.question.send(client);
    }

    fn reply(&self, server: &mut Connection) {
        let response = Response::new(self.status).unwrap();
        server.respond(response, self.answer.body()).unwrap();
        self.answer.send(server);
    }

    fn asked(&self, nth: usize) -> Message {
        self.question.message(format!("{} /{nth}", self.method))
    }

    fn replied(&self) -> Message {
        let line = self.status.to_string();
        if self.method == "HEAD" || matches!(self.status, 204 | 304) {
            return Message { line, body: Vec::new(), trailers: Vec::new() };
        }
        self.answer.message(line)
    }
}

/// A pair whose server answers, at each request's end, as the exchanges say.
fn pair(exchanges: &[Exchange], upward: Wire, downward: Wire) -> Pair<Connection, Connection> {
    // A wire that carries a byte in 50 ms is slower than the usual patience.
    let day = Duration::from_secs(86_400);
    let config = Arc::new(Config { header_timeout: day, keep_alive_timeout: day, ..Config::default() });
    let (client, server) = (Connection::client(Arc::clone(&config)), Connection::server(config));
    let mut pair = Pair::on(client, server, upward, downward);
    let mut due: VecDeque<Exchange> = exchanges.iter().cloned().collect();
    pair.server.react(move |server, event| match event {
        Event::Request(head) => assert_eq!(head.value(Name::Host), Some(&b"example.org"[..])),
        Event::End(_) => due.pop_front().unwrap().reply(server),
        _ => {}
    });
    pair
}

fn check(mut pair: Pair<Connection, Connection>, exchanges: &[Exchange]) {
    let asked: Vec<Message> = exchanges.iter().enumerate().map(|(nth, exchange)| exchange.asked(nth)).collect();
    let replied: Vec<Message> = exchanges.iter().map(Exchange::replied).collect();
    assert_eq!(heard(pair.server.events()), asked);
    assert_eq!(heard(pair.client.events()), replied);
    assert!(pair.client.machine.is_idle(), "{:?}", pair.client);
    assert!(pair.server.machine.is_idle(), "{:?}", pair.server);
    assert_eq!((pair.client.end(), pair.server.end()), (None, None));
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn one_after_the_other(exchanges in vec(exchange(), 1..4), upward in wire(), downward in wire()) {
        let mut pair = pair(&exchanges, upward, downward);
        for (nth, exchange) in exchanges.iter().enumerate() {
            exchange.ask(&mut pair.client.machine, nth);
            pair.drive_bounded(TURNS);
        }
        check(pair, &exchanges);
    }

    #[test]
    fn all_at_once(exchanges in vec(exchange(), 1..6), upward in wire(), downward in wire()) {
        let mut pair = pair(&exchanges, upward, downward);
        for (nth, exchange) in exchanges.iter().enumerate() {
            exchange.ask(&mut pair.client.machine, nth);
        }
        pair.drive_bounded(exchanges.len() * TURNS);
        check(pair, &exchanges);
    }

    #[test]
    fn the_client_leaves_after_its_last_question(
        exchanges in vec(exchange(), 1..4), upward in wire(), downward in wire()
    ) {
        let mut pair = pair(&exchanges, upward, downward);
        for (nth, exchange) in exchanges.iter().enumerate() {
            exchange.ask(&mut pair.client.machine, nth);
        }
        pair.client.hang_up();
        pair.drive_bounded(exchanges.len() * TURNS);
        let replied: Vec<Message> = exchanges.iter().map(Exchange::replied).collect();
        prop_assert_eq!(heard(pair.client.events()), replied);
        prop_assert_eq!(pair.server.end(), Some(&sim::End::Closed(machine::Close::Flush)));
        prop_assert_eq!(pair.client.end(), Some(&sim::End::Closed(machine::Close::Flush)));
    }
}
