//! A client and a server on a simulated wire: whatever the messages, and however the wire cuts, delays and blocks them,
//! each side hears what the other said, in order, and both fall silent.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use machine::{Close, Machine};
use proptest::collection::vec;
use proptest::prelude::*;
use sim::{End, Pair, Wire};
use ws::deflate::{Agreed, Codecs, LEVEL};
use ws::{Config, Connection, Deflate, Event, Kind, Masks, Reason};

/// Turns for messages of a few kilobytes that arrive byte by byte, and then some.
const TURNS: usize = 200_000;

/// One side says something, and time goes on for a few turns.
#[derive(Debug, Clone)]
struct Turn {
    by_client: bool,
    said: Said,
    steps: usize,
}

#[derive(Debug, Clone)]
enum Said {
    Message(Kind, String),
    /// Its payload begins with a question mark, and so does its answer's.
    Ping(String),
    /// One that was not asked for.
    Pong(String),
}

/// Who closes, once everything is said.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Closer {
    Client,
    Server,
    Both,
}

/// The options of one connection's compression, and the budget of its service.
#[derive(Debug, Clone, Copy)]
struct Deflates {
    agreed: Agreed,
    budget: usize,
}

fn said() -> impl Strategy<Value = Said> {
    let word = prop_oneof![Just("words and words ".to_owned()), Just("\u{20ac}\u{1f600}".to_owned()), "\\PC{0,20}"];
    let text = (word, prop_oneof![8 => 0..4_usize, 1 => 100..500_usize]).prop_map(|(word, times)| word.repeat(times));
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Binary)];
    prop_oneof![
        6 => (kind, text).prop_map(|(kind, text)| Said::Message(kind, text)),
        1 => "[?][a-z]{0,124}".prop_map(Said::Ping),
        1 => "[a-z]{0,125}".prop_map(Said::Pong),
    ]
}

fn conversation() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (any::<bool>(), said(), 0..6_usize);
    vec(turn.prop_map(|(by_client, said, steps)| Turn { by_client, said, steps }), 0..16)
}

fn wire() -> impl Strategy<Value = Wire> {
    (vec(1..200_usize, 0..4), 1..2000_usize, 0..50_u64).prop_map(|(sizes, capacity, delay)| {
        Wire::new().cut(sizes).holding(capacity).delayed(Duration::from_millis(delay))
    })
}

fn deflates() -> impl Strategy<Value = Option<Deflates>> {
    let agreed = (9..=15_u8, 9..=15_u8, any::<bool>(), any::<bool>()).prop_map(|(server, client, s, c)| Agreed {
        server_max_window_bits: server,
        client_max_window_bits: client,
        server_no_context_takeover: s,
        client_no_context_takeover: c,
    });
    let budget = prop_oneof![Just(0), Just(4 << 20)];
    prop_oneof![Just(None), (agreed, budget).prop_map(|(agreed, budget)| Some(Deflates { agreed, budget }))]
}

fn closer() -> impl Strategy<Value = Closer> {
    prop_oneof![Just(Closer::Client), Just(Closer::Server), Just(Closer::Both)]
}

/// A wire that carries a byte in 50 ms is slower than the usual patience.
fn patient() -> Arc<Config> {
    Arc::new(Config { ping_interval: None, close_timeout: Duration::from_secs(86_400), ..Config::default() })
}

fn pair(
    config: &Arc<Config>,
    deflates: Option<Deflates>,
    upward: Wire,
    downward: Wire,
) -> Pair<Connection, Connection> {
    // One service's codecs, so that with the smallest budget both sides take them from each other.
    let deflates = deflates.map(|deflates| (deflates.agreed, Codecs::new(deflates.budget, LEVEL)));
    let (to_server, to_client) = match deflates {
        Some((agreed, codecs)) => {
            (Some(Deflate::client(agreed, codecs.clone())), Some(Deflate::server(agreed, codecs)))
        }
        None => (None, None),
    };
    let mut key = 0_u32;
    let masks = Masks::new(move || {
        key = key.wrapping_add(0x9e37_79b9);
        key.to_be_bytes()
    });
    let client = Connection::client(Arc::clone(config), to_server, masks, start());
    Pair::on(client, Connection::server(Arc::clone(config), to_client, start()), upward, downward)
}

/// Times in these tests are the pair's; a machine is only told when it began, which matters to its first ping.
#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the simulation only adds to it")]
fn start() -> Instant {
    Instant::now()
}

impl Said {
    fn by(&self, machine: &mut Connection) {
        match self {
            Self::Message(kind, text) => machine.send(*kind, Bytes::from(text.clone())),
            Self::Ping(payload) => machine.ping(payload.as_bytes()),
            Self::Pong(payload) => machine.pong(payload.as_bytes()),
        }
        .unwrap();
    }

    /// What the other side makes of it.
    fn heard(&self) -> Event {
        match self {
            Self::Message(Kind::Text, text) => Event::Text(Bytes::from(text.clone())),
            Self::Message(Kind::Binary, text) => Event::Binary(Bytes::from(text.clone())),
            Self::Ping(payload) => Event::Ping(Bytes::from(payload.clone())),
            Self::Pong(payload) => Event::Pong(Bytes::from(payload.clone())),
        }
    }
}

/// All that one side says.
fn said_by(conversation: &[Turn], client: bool) -> Vec<Event> {
    conversation.iter().filter(|turn| turn.by_client == client).map(|turn| turn.said.heard()).collect()
}

/// What was heard of the other side's own words, and the answers to one's pings.
fn apart(events: Vec<Event>) -> (Vec<Event>, Vec<Bytes>) {
    let (mut own, mut answers) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Pong(payload) if payload.starts_with(b"?") => answers.push(payload),
            event => own.push(event),
        }
    }
    (own, answers)
}

/// Pings are answered in their order; some may be left out where answers had to wait, never the last.
fn are_answers(answers: &[Bytes], conversation: &[Turn], to_client: bool) -> bool {
    let mut pings =
        conversation.iter().filter(|turn| turn.by_client == to_client).filter_map(|turn| match &turn.said {
            Said::Ping(payload) => Some(payload.as_bytes()),
            _ => None,
        });
    let in_order = answers.iter().all(|answer| pings.any(|ping| ping == answer));
    in_order && pings.next().is_none()
}

/// Both sides say what they have to, while the wire goes on.
fn talk(pair: &mut Pair<Connection, Connection>, conversation: &[Turn]) {
    for turn in conversation {
        turn.said.by(if turn.by_client { &mut pair.client.machine } else { &mut pair.server.machine });
        for _ in 0..turn.steps {
            pair.step();
        }
    }
}

fn closed(code: u16, text: &str) -> Event {
    Event::Close(Some(Reason { code, text: text.into() }))
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
    fn each_side_hears_what_the_other_said_and_the_close(
        conversation in conversation(), upward in wire(), downward in wire(), deflates in deflates(), closer in closer()
    ) {
        let mut pair = pair(&patient(), deflates, upward, downward);
        talk(&mut pair, &conversation);
        pair.drive_bounded(TURNS);
        let (heard, answers) = apart(pair.server.events());
        prop_assert_eq!(heard, said_by(&conversation, true));
        prop_assert!(are_answers(&answers, &conversation, false), "{:?}", answers);
        let (heard, answers) = apart(pair.client.events());
        prop_assert_eq!(heard, said_by(&conversation, false));
        prop_assert!(are_answers(&answers, &conversation, true), "{:?}", answers);
        prop_assert_eq!((pair.client.end(), pair.server.end()), (None, None));
        prop_assert_eq!((pair.client.machine.pending(), pair.server.machine.pending()), (0, 0));

        close(&mut pair, closer);
        pair.drive_bounded(TURNS);
        let (by_client, by_server) = match closer {
            Closer::Client => (closed(1000, "client"), closed(1000, "client")),
            Closer::Server => (closed(4000, "server"), closed(4000, "server")),
            Closer::Both => (closed(1000, "client"), closed(4000, "server")),
        };
        prop_assert_eq!((pair.server.events(), pair.client.events()), (vec![by_client], vec![by_server]));
        assert_over(&pair);
    }

    #[test]
    fn a_close_in_the_middle_of_it_cuts_nothing_that_was_said_before(
        conversation in conversation(), upward in wire(), downward in wire(), deflates in deflates(), closer in closer()
    ) {
        let mut pair = pair(&patient(), deflates, upward, downward);
        talk(&mut pair, &conversation);
        close(&mut pair, closer);
        pair.drive_bounded(TURNS);
        let (to_server, _) = apart(pair.server.events());
        let (to_client, _) = apart(pair.client.events());
        // Who closes first has said all, and hears no messages from then on.
        for (closes, heard, client) in
            [(closer != Closer::Server, &to_server, true), (closer != Closer::Client, &to_client, false)]
        {
            let said = said_by(&conversation, client);
            let (close, heard) = heard.split_last().unwrap();
            prop_assert!(matches!(close, Event::Close(Some(_))));
            if closes && closer != Closer::Both {
                prop_assert_eq!(heard, said);
            } else {
                prop_assert!(is_subsequence(heard, &said), "{:?} of {:?}", heard, said);
            }
        }
        assert_over(&pair);
    }

    #[test]
    fn a_peer_that_goes_without_a_word_leaves_what_it_said(
        conversation in conversation(), upward in wire(), downward in wire(), deflates in deflates()
    ) {
        let mut pair = pair(&patient(), deflates, upward, downward);
        talk(&mut pair, &conversation);
        pair.client.hang_up();
        pair.drive_bounded(TURNS);
        let (heard, _) = apart(pair.server.events());
        prop_assert_eq!(heard, said_by(&conversation, true));
        assert_over(&pair);
    }
}

fn close(pair: &mut Pair<Connection, Connection>, closer: Closer) {
    let now = pair.now();
    if closer != Closer::Server {
        assert_eq!(pair.client.machine.close(Some((1000, "client")), now), Ok(()));
    }
    if closer != Closer::Client {
        assert_eq!(pair.server.machine.close(Some((4000, "server")), now), Ok(()));
    }
}

/// Both have closed, nothing is left, and no time passed that somebody had to wait out.
#[track_caller]
fn assert_over(pair: &Pair<Connection, Connection>) {
    let closed = Some(&End::Closed(Close::Flush));
    assert_eq!((pair.client.end(), pair.server.end()), (closed, closed));
    for side in [&pair.client, &pair.server] {
        assert!(!side.machine.is_open() && side.machine.poll_timeout().is_none());
        assert!(side.rest().is_empty());
    }
}

fn is_subsequence(part: &[Event], whole: &[Event]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|event| whole.any(|other| other == event))
}

#[test]
fn a_sleeping_peer_is_pinged_and_answers_as_long_as_it_is_there() {
    let mut pair = pair(&Arc::default(), None, Wire::new(), Wire::new());
    pair.advance(Duration::from_secs(3600));
    let pings = pair.client.events();
    assert!(pings.len() > 100);
    assert!(pings.iter().all(|event| matches!(event, Event::Ping(_) | Event::Pong(_))));
    assert_eq!((pair.client.end(), pair.server.end()), (None, None));
}

#[test]
fn a_peer_that_no_longer_reads_is_given_up() {
    let mut pair = pair(&Arc::default(), None, Wire::new(), Wire::new());
    pair.client.stall();
    pair.client.machine.hold();
    pair.advance(Duration::from_secs(60));
    assert!(matches!(pair.server.end(), Some(End::Failed(ws::Error::PongTimeout))), "{:?}", pair.server);
    assert!(pair.server.sent().ends_with(b"\x03\xf3keepalive ping timeout"));
    pair.client.resume();
    let now = pair.now();
    pair.client.machine.resume(now);
    pair.drive();
    assert_eq!(pair.client.events().last(), Some(&closed(1011, "keepalive ping timeout")));
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}
