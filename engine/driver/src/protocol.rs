use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use machine::{Machine, Next, Outbox};

/// What a connection speaks. A closed enum: this file is the one place where a connection changes its protocol.
#[derive(Debug)]
pub(crate) enum Protocol {
    /// HTTP/1.0 and HTTP/1.1.
    Http1(Box<http1::Connection>),
}

impl Protocol {
    pub(crate) fn http1(config: Arc<http1::Config>) -> Self {
        Self::Http1(Box::new(http1::Connection::server(config)))
    }

    pub(crate) fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<http1::Event>, http1::Error> {
        match self {
            Self::Http1(connection) => connection.poll_event(now, rx),
        }
    }

    pub(crate) fn poll_transmit(&mut self, now: Instant, tx: &mut Outbox) {
        match self {
            Self::Http1(connection) => connection.poll_transmit(now, tx),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Http1(connection) => connection.poll_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Http1(connection) => connection.handle_timeout(now),
        }
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        match self {
            Self::Http1(connection) => connection.handle_eof(now),
        }
    }

    pub(crate) fn buffered(&self) -> usize {
        match self {
            Self::Http1(connection) => connection.buffered(),
        }
    }

    /// The HTTP/1 machine, for the commands of an exchange.
    pub(crate) fn as_http1(&mut self) -> &mut http1::Connection {
        match self {
            Self::Http1(connection) => connection,
        }
    }
}
