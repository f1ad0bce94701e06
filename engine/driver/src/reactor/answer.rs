//! The side of the applications: each call names an exchange, and one that is over answers as if the client had left.

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http1::{Misuse, Name, Response};

use super::{Reactor, Socket};
use crate::Key;
use crate::connection::{Connection, Context, Verdict};
use crate::exchange::{Ended, ExchangeKey, Received, Sent};

impl Reactor {
    /// The next part of a request. `Pending` leaves an interest behind, told by [`Delivery::Receivable`].
    pub fn receive(&mut self, key: ExchangeKey) -> Received {
        self.with_exchange(key, |connection, cx| connection.receive(cx)).unwrap_or(Received::Disconnect)
    }

    /// Takes the head of a response; it leaves with the first body, or without it a turn later.
    pub fn start(&mut self, key: ExchangeKey, mut response: Response) -> Result<Sent, Misuse> {
        if !self.serves(key) {
            return Ok(Sent::Gone);
        }
        self.complete_head(key.connection, &mut response)?;
        let Some(Socket::Connection(connection)) = self.sockets.get_mut(key.connection) else {
            return Ok(Sent::Gone);
        };
        connection.start(response)?;
        self.held.push(key);
        Ok(Sent::Done)
    }

    /// Adds the service's lines, `server` and `date`.
    pub(super) fn complete_head(&mut self, connection: Key, response: &mut Response) -> Result<(), Misuse> {
        let Some(Socket::Connection(connection)) = self.sockets.get(connection) else { return Ok(()) };
        let Some(service) = self.services.get(connection.service) else { return Ok(()) };
        let config = &service.config;
        response.lines(&config.lines);
        if let Some(server) = config.server.as_deref().filter(|_| !response.has(Name::Server)) {
            response.field(b"server", server)?;
        }
        if config.date && !response.has(Name::Date) {
            if self.gathering.is_none() {
                self.date.set(SystemTime::now());
            }
            response.lines(self.date.line());
        }
        Ok(())
    }

    /// Whether the exchange is under way.
    pub fn serves(&self, key: ExchangeKey) -> bool {
        matches!(
            self.sockets.get(key.connection),
            Some(Socket::Connection(connection)) if connection.serves(key.sequence)
        )
    }

    /// Takes body data of a response; `more` follows or not.
    pub fn body(&mut self, key: ExchangeKey, data: Bytes, more: bool) -> Result<Sent, Misuse> {
        if self.held.last() == Some(&key) {
            self.held.pop();
        }
        self.with_exchange(key, |connection, cx| connection.body(data, more, cx)).unwrap_or(Ok(Sent::Gone))
    }

    /// The application of an exchange has returned; one that owes a response gets a 500 or the connection's end.
    pub fn end(&mut self, key: ExchangeKey) -> Ended {
        let (ended, refusable) = match self.sockets.get_mut(key.connection) {
            Some(Socket::Connection(connection)) if connection.serves(key.sequence) => {
                let ended = match (connection.is_unanswerable(), connection.has_begun()) {
                    (true, _) => Ended::Complete,
                    (false, true) => Ended::Truncated,
                    (false, false) => Ended::NoResponse,
                };
                (ended, connection.retract_head())
            }
            _ => return Ended::Complete,
        };
        if !(refusable && self.refuse(key, 500, b"Internal Server Error").is_ok()) {
            self.with_exchange(key, |connection, cx| {
                connection.give_up(cx);
                ((), connection.drive(cx))
            });
        }
        ended
    }

    /// Answers 503 to a request that no application gets to see.
    pub fn turn_away(&mut self, key: ExchangeKey) {
        if self.refuse(key, 503, b"Service Unavailable").is_err() {
            self.end(key);
        }
    }

    /// Sends the heads of responses whose body came neither in the turn that gave the head nor in the next: by then the
    /// end of an application that failed behind the head is known as well.
    pub(super) fn release_heads(&mut self) {
        let due = std::mem::replace(&mut self.held_before, std::mem::take(&mut self.held));
        for key in due {
            let held = matches!(
                self.sockets.get(key.connection),
                Some(Socket::Connection(connection)) if connection.serves(key.sequence) && connection.holds_head()
            );
            if held {
                self.with_exchange(key, |connection, cx| ((), connection.release_head(cx)));
            }
        }
    }

    /// A plain answer for an exchange that has none from its application.
    fn refuse(&mut self, key: ExchangeKey, status: u16, words: &'static [u8]) -> Result<(), Misuse> {
        let mut response = Response::new(status)?;
        response.field(b"content-type", b"text/plain; charset=utf-8")?;
        response.field(b"content-length", words.len().to_string().as_bytes())?;
        response.field(b"connection", b"close")?;
        self.start(key, response)?;
        self.body(key, Bytes::from_static(words), false).map(drop)
    }

    pub(super) fn with_exchange<R>(
        &mut self,
        key: ExchangeKey,
        act: impl FnOnce(&mut Connection, &mut Context<'_>) -> (R, Verdict),
    ) -> Option<R> {
        match self.sockets.get(key.connection) {
            Some(Socket::Connection(connection)) if connection.serves(key.sequence) => {
                // While pieces are gathered nothing is driven far enough to need the time to the millisecond.
                let now = self.gathering.unwrap_or_else(Instant::now);
                self.with_connection(key.connection, now, act)
            }
            _ => None,
        }
    }
}
