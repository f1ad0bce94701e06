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
use machine::Close;
use message::{Message, heard};
use proptest::collection::vec;
use proptest::prelude::*;
use sim::{End, Pair, Raw, Wire};

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

/// A wire that carries a byte in 50 ms is slower than the usual patience.
fn patient() -> Arc<Config> {
    let day = Duration::from_secs(86_400);
    Arc::new(Config { header_timeout: day, keep_alive_timeout: day, ..Config::default() })
}

/// A reaction that answers, at each request's end, as the exchanges say.
fn replies(exchanges: &[Exchange]) -> impl FnMut(&mut Connection, &Event) + use<> {
    let mut due: VecDeque<Exchange> = exchanges.iter().cloned().collect();
    move |server, event| match event {
        Event::Request(head) => assert_eq!(head.value(Name::Host), Some(&b"example.org"[..])),
        Event::End(_) => due.pop_front().unwrap().reply(server),
        _ => {}
    }
}

/// The bytes of all questions.
fn rendered(exchanges: &[Exchange]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (nth, exchange) in exchanges.iter().enumerate() {
        let mut pair = Pair::new(Connection::client(patient()), Raw::new());
        exchange.ask(&mut pair.client.machine, nth);
        pair.drive();
        bytes.extend_from_slice(pair.client.sent());
    }
    bytes
}

fn asked(exchanges: &[Exchange]) -> Vec<Message> {
    exchanges.iter().enumerate().map(|(nth, exchange)| exchange.asked(nth)).collect()
}

fn replied(exchanges: &[Exchange]) -> Vec<Message> {
    exchanges.iter().map(Exchange::replied).collect()
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
    fn one_after_the_other(exchanges in vec(exchange(), 1..5), upward in wire(), downward in wire()) {
        let (client, server) = (Connection::client(patient()), Connection::server(patient()));
        let mut pair = Pair::on(client, server, upward, downward);
        pair.server.react(replies(&exchanges));
        for (nth, exchange) in exchanges.iter().enumerate() {
            exchange.ask(&mut pair.client.machine, nth);
            pair.drive_bounded(TURNS);
            prop_assert!(pair.client.machine.is_idle(), "{:?}", pair.client);
            prop_assert!(pair.server.machine.is_idle(), "{:?}", pair.server);
        }
        prop_assert_eq!(heard(pair.server.events()), asked(&exchanges));
        prop_assert_eq!(heard(pair.client.events()), replied(&exchanges));
        prop_assert_eq!((pair.client.end(), pair.server.end()), (None, None));
    }

    #[test]
    fn pipelined_from_a_client_that_stays_or_leaves(
        exchanges in vec(exchange(), 1..6), upward in wire(), downward in wire(), leaves in any::<bool>()
    ) {
        let mut pair = Pair::on(Raw::saying(rendered(&exchanges)), Connection::server(patient()), upward, downward);
        pair.server.react(replies(&exchanges));
        if leaves {
            pair.client.hang_up();
        }
        pair.drive_bounded(exchanges.len() * TURNS);
        prop_assert_eq!(heard(pair.server.events()), asked(&exchanges));
        prop_assert_eq!(pair.server.machine.is_idle(), !leaves);
        prop_assert_eq!(pair.server.end(), leaves.then_some(&End::Closed(Close::Flush)));
        let answers = pair.client.events().concat();
        prop_assert_eq!(answers.as_slice(), pair.server.sent());
        prop_assert_eq!(read_back(&exchanges, answers), replied(&exchanges));
    }

    #[test]
    fn a_client_that_leaves_after_its_question_hears_the_answer(
        exchange in exchange(), upward in wire(), downward in wire()
    ) {
        let (client, server) = (Connection::client(patient()), Connection::server(patient()));
        let mut pair = Pair::on(client, server, upward, downward);
        pair.server.react(replies(std::slice::from_ref(&exchange)));
        exchange.ask(&mut pair.client.machine, 0);
        pair.client.hang_up();
        pair.drive_bounded(TURNS);
        prop_assert_eq!(heard(pair.client.events()), [exchange.replied()]);
        prop_assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
        prop_assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
    }
}

/// What a client that asks one question after the other makes of answers that lie ready.
fn read_back(exchanges: &[Exchange], answers: Vec<u8>) -> Vec<Message> {
    let mut pair = Pair::new(Connection::client(patient()), Raw::saying(answers));
    let mut due = VecDeque::from(exchanges.to_vec()).into_iter().enumerate();
    let mut ask = move |client: &mut Connection| due.next().map(|(nth, exchange)| exchange.ask(client, nth));
    ask(&mut pair.client.machine);
    pair.client.react(move |client, event| {
        if matches!(event, Event::End(_)) {
            ask(client);
        }
    });
    pair.drive();
    heard(pair.client.events())
}
