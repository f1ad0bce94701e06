//! One side of a connection under test: a machine, its buffers and a clock that the test moves.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use machine::{Close, Machine, Next, Outbox};
use ws::{Config, Connection, Deflate, Error, Event, Kind, Masks, Reason, Role};

use crate::frame::{self, KEY, frame, head};

/// The key of the client under test.
const OWN_KEY: [u8; 4] = [1, 2, 3, 4];

pub(crate) const ROLES: [Role; 2] = [Role::Server, Role::Client];

pub(crate) struct Side {
    pub(crate) machine: Connection,
    pub(crate) role: Role,
    pub(crate) rx: BytesMut,
    pub(crate) now: Instant,
}

pub(crate) type Answer = Result<Next<Event>, Error>;

impl Side {
    pub(crate) fn new(role: Role) -> Self {
        Self::with(role, Config::default())
    }

    pub(crate) fn with(role: Role, config: Config) -> Self {
        Self::deflating(role, config, None)
    }

    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; tests only add to it")]
    pub(crate) fn deflating(role: Role, config: Config, deflate: Option<Deflate>) -> Self {
        let (config, now) = (Arc::new(config), Instant::now());
        let machine = match role {
            Role::Server => Connection::server(config, deflate, now),
            Role::Client => Connection::client(config, deflate, Masks::new(|| OWN_KEY), now),
        };
        Self { machine, role, rx: BytesMut::new(), now }
    }

    /// The key of the peer's frames.
    pub(crate) fn peers_key(&self) -> Option<[u8; 4]> {
        (self.role == Role::Server).then_some(KEY)
    }

    /// The peer sends these bytes.
    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.rx.extend_from_slice(bytes.as_ref());
        self
    }

    /// The peer sends a frame.
    pub(crate) fn hear(&mut self, first: u8, payload: impl AsRef<[u8]>) -> &mut Self {
        let frame = frame(first, self.peers_key(), payload);
        self.feed(frame)
    }

    /// The peer sends the head of a frame of `length` bytes.
    pub(crate) fn hear_head(&mut self, first: u8, length: u64) -> &mut Self {
        let head = head(first, self.peers_key(), length);
        self.feed(head)
    }

    /// The peer sends a Close frame.
    pub(crate) fn hear_close(&mut self, code: u16, text: &str) -> &mut Self {
        let close = frame::close(self.peers_key(), code, text);
        self.feed(close)
    }

    pub(crate) fn eof(&mut self) -> &mut Self {
        self.machine.handle_eof(self.now);
        self
    }

    /// Moves the clock, and calls the machine where it asked to be called.
    pub(crate) fn wait(&mut self, span: Duration) -> &mut Self {
        let until = self.now + span;
        while let Some(due) = self.machine.poll_timeout().filter(|&due| due <= until) {
            self.now = due;
            self.machine.handle_timeout(due);
            assert!(self.machine.poll_timeout().is_none_or(|next| next > due), "a deadline stays after it has passed");
        }
        self.now = until;
        self
    }

    /// How long from now the machine asks to be called.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.machine.poll_timeout().map(|due| due.saturating_duration_since(self.now))
    }

    pub(crate) fn poll(&mut self) -> Answer {
        self.machine.poll_event(self.now, &mut self.rx)
    }

    /// Events up to the first other answer, and that answer.
    pub(crate) fn events(&mut self) -> (Vec<Event>, Answer) {
        let mut events = Vec::new();
        loop {
            match self.poll() {
                Ok(Next::Event(event)) => events.push(event),
                answer => return (events, answer),
            }
        }
    }

    /// Events, behind which the machine asks for more.
    #[track_caller]
    pub(crate) fn heard(&mut self) -> Vec<Event> {
        let (events, answer) = self.events();
        assert_eq!(answer, Ok(Next::NeedInput), "behind {events:?}");
        events
    }

    /// How the connection ended.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> Close {
        match self.poll() {
            Ok(Next::Closed(close)) => close,
            other => panic!("the connection has not ended: {other:?}"),
        }
    }

    /// What the machine has for the wire.
    pub(crate) fn sent(&mut self) -> Vec<u8> {
        let mut tx = Outbox::new();
        self.machine.poll_transmit(self.now, &mut tx);
        let mut bytes = Vec::new();
        while !tx.is_empty() {
            let mut slices = [IoSlice::new(&[]); 8];
            let filled = tx.slices(&mut slices);
            let start = bytes.len();
            slices.iter().take(filled).for_each(|slice| bytes.extend_from_slice(slice));
            tx.advance(bytes.len() - start);
        }
        bytes
    }

    /// A frame as this side sends it.
    pub(crate) fn own(&self, first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
        frame(first, self.own_key(), payload)
    }

    /// A Close frame as this side sends it.
    pub(crate) fn own_close(&self, code: u16, text: &str) -> Vec<u8> {
        frame::close(self.own_key(), code, text)
    }

    /// The machine finds the peer at fault, says so once, and stays by it.
    #[track_caller]
    pub(crate) fn fails(&mut self, error: Error, code: u16) {
        let (events, answer) = self.events();
        assert_eq!(answer, Err(error), "{:?} behind {events:?}", self.role);
        assert_eq!(error.code(), code);
        assert_eq!(error.close(), Close::Linger);
        let farewell = self.own_close(code, error.words());
        assert_eq!(self.sent(), farewell, "{:?}", self.role);
        self.hear(frame::TEXT, "more").eof();
        assert_eq!(self.poll(), Err(error), "the error does not stay");
        assert!(self.sent().is_empty(), "a second farewell");
        assert!(!self.machine.is_open() && self.machine.is_closing());
        assert_eq!(self.machine.poll_timeout(), None);
    }

    fn own_key(&self) -> Option<[u8; 4]> {
        (self.role == Role::Client).then_some(OWN_KEY)
    }
}

pub(crate) fn text(text: &str) -> Event {
    Event::Text(Bytes::copy_from_slice(text.as_bytes()))
}

pub(crate) fn binary(data: &[u8]) -> Event {
    Event::Binary(Bytes::copy_from_slice(data))
}

pub(crate) fn closed(code: u16, text: &str) -> Event {
    Event::Close(Some(Reason { code, text: text.into() }))
}

/// Sends text that is right.
pub(crate) fn say(side: &mut Side, text: &str) {
    assert_eq!(side.machine.send(Kind::Text, Bytes::copy_from_slice(text.as_bytes())), Ok(()));
}
