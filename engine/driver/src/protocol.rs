use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use machine::{Close, Machine, Next, Outbox};

/// What a connection speaks. A closed enum: this file is the one place where a connection changes its protocol.
#[derive(Debug)]
pub(crate) enum Protocol {
    /// HTTP/1.0 and HTTP/1.1.
    Http1(Box<http1::Connection>),
    /// WebSocket, behind a 101.
    WebSocket(Box<ws::Connection>),
}

/// What the peer did, in whatever protocol.
#[derive(Debug)]
pub(crate) enum Event {
    Http1(http1::Event),
    WebSocket(ws::Event),
}

/// What the peer did wrong, in whatever protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    Http1(http1::Error),
    WebSocket(ws::Error),
}

/// A request that was answered before any application saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It is no HTTP/1.
    Http1(http1::Error),
    /// It asks for a WebSocket in a way that cannot be.
    Handshake(ws::handshake::Refusal),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http1(error) => error.fmt(f),
            Self::Handshake(refusal) => f.write_str(refusal.words),
        }
    }
}

impl Error {
    /// How the transport ends after it.
    pub(crate) fn close(&self) -> Close {
        match self {
            Self::Http1(error) => error.close(),
            Self::WebSocket(error) => error.close(),
        }
    }
}

impl Protocol {
    pub(crate) fn http1(config: Arc<http1::Config>) -> Self {
        Self::Http1(Box::new(http1::Connection::server(config)))
    }

    /// From HTTP/1 to WebSocket; what HTTP has not yet sent goes to `tx`.
    pub(crate) fn switch_to_websocket(
        &mut self,
        config: Arc<ws::Config>,
        deflate: Option<ws::Deflate>,
        now: Instant,
        tx: &mut Outbox,
    ) {
        let mut last = Outbox::new();
        self.poll_transmit(now, &mut last);
        tx.append(&mut last);
        *self = Self::WebSocket(Box::new(ws::Connection::server(config, deflate, now)));
    }

    pub(crate) fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        match self {
            Self::Http1(connection) => match connection.poll_event(now, rx) {
                Ok(next) => Ok(mapped(next, Event::Http1)),
                Err(error) => Err(Error::Http1(error)),
            },
            Self::WebSocket(connection) => match connection.poll_event(now, rx) {
                Ok(next) => Ok(mapped(next, Event::WebSocket)),
                Err(error) => Err(Error::WebSocket(error)),
            },
        }
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant, tx: &mut Outbox) {
        match self {
            Self::Http1(connection) => connection.poll_transmit(now, tx),
            Self::WebSocket(connection) => connection.poll_transmit(now, tx),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Http1(connection) => connection.poll_timeout(),
            Self::WebSocket(connection) => connection.poll_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Http1(connection) => connection.handle_timeout(now),
            Self::WebSocket(connection) => connection.handle_timeout(now),
        }
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        match self {
            Self::Http1(connection) => connection.handle_eof(now),
            Self::WebSocket(connection) => connection.handle_eof(now),
        }
    }

    /// Bytes inside the machine that wait to be sent.
    pub(crate) fn pending(&self) -> usize {
        match self {
            Self::Http1(connection) => connection.buffered(),
            Self::WebSocket(connection) => connection.pending(),
        }
    }

    /// Whether reads should be made for much to come.
    pub(crate) fn expects_much(&self) -> bool {
        match self {
            Self::Http1(_) => false,
            Self::WebSocket(connection) => connection.expects_much(),
        }
    }

    /// The HTTP/1 machine, for the commands of an exchange.
    pub(crate) fn as_http1(&mut self) -> Option<&mut http1::Connection> {
        match self {
            Self::Http1(connection) => Some(connection),
            Self::WebSocket(_) => None,
        }
    }

    /// The WebSocket machine, for the commands of a session.
    pub(crate) fn as_websocket(&mut self) -> Option<&mut ws::Connection> {
        match self {
            Self::WebSocket(connection) => Some(connection),
            Self::Http1(_) => None,
        }
    }
}

fn mapped<A, B>(next: Next<A>, map: impl FnOnce(A) -> B) -> Next<B> {
    match next {
        Next::Event(event) => Next::Event(map(event)),
        Next::NeedInput => Next::NeedInput,
        Next::Paused => Next::Paused,
        Next::Switched => Next::Switched,
        Next::Closed(close) => Next::Closed(close),
    }
}
