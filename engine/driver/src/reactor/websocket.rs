//! The side of the applications that talk over WebSockets: each call names the exchange the WebSocket began with, and
//! one that is over answers as if the client had left.

use std::time::Instant;

use bytes::Bytes;
use http1::{Misuse, Response};
use ws::{Kind, Reason};

use super::{Reactor, Socket};
use crate::exchange::{Ended, ExchangeKey, Sent};

/// The application ended without closing the WebSocket (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;
/// It failed.
const INTERNAL_ERROR: u16 = 1011;

impl Reactor {
    /// Accepts a WebSocket by `response`, a 101 with the application's own fields; adds the service's lines.
    pub fn accept(
        &mut self,
        key: ExchangeKey,
        mut response: Response,
        protocol: Option<&[u8]>,
    ) -> Result<Sent, Misuse> {
        if !self.serves(key) {
            return Ok(Sent::Gone);
        }
        self.complete_head(key.connection, &mut response)?;
        let accepted = self.with_exchange(key, |connection, cx| connection.accept(response, protocol, cx));
        if self.is_closing(key) {
            self.with_exchange(key, |connection, cx| {
                connection.shutdown(cx);
                ((), connection.drive(cx))
            });
        }
        accepted.unwrap_or(Ok(Sent::Gone))
    }

    /// Sends a message; text must be UTF-8.
    pub fn say(&mut self, key: ExchangeKey, kind: Kind, payload: Bytes) -> Sent {
        self.with_exchange(key, |connection, cx| connection.say(kind, payload, cx)).unwrap_or(Sent::Gone)
    }

    /// Closes a WebSocket.
    pub fn hang_up(&mut self, key: ExchangeKey, reason: &Reason) -> Result<Sent, ws::Misuse> {
        self.with_exchange(key, |connection, cx| connection.hang_up(reason, cx)).unwrap_or(Ok(Sent::Gone))
    }

    /// There is room for messages again.
    pub fn resume(&mut self, key: ExchangeKey) {
        self.with_exchange(key, |connection, cx| ((), connection.resume(cx)));
    }

    /// The application has a message: its memory may serve another one.
    pub fn reuse(&mut self, payload: Bytes) {
        self.spare.keep(payload, Instant::now());
    }

    /// The application of a WebSocket has returned, or failed: one that was not accepted gets a 500, one that was left
    /// open a Close frame.
    pub fn end_websocket(&mut self, key: ExchangeKey, failed: bool) -> Ended {
        match self.sockets.get(key.connection) {
            Some(Socket::Connection(connection)) if connection.serves(key.sequence) => {
                if !connection.is_websocket() {
                    return self.end(key);
                }
            }
            _ => return Ended::Complete,
        }
        let code = if failed { INTERNAL_ERROR } else { NORMAL };
        let open = self.with_exchange(key, |connection, cx| connection.leave(code, cx));
        if open == Some(true) { Ended::Truncated } else { Ended::Complete }
    }

    fn is_closing(&self, key: ExchangeKey) -> bool {
        let Some(Socket::Connection(connection)) = self.sockets.get(key.connection) else { return false };
        self.services.get(connection.service).is_some_and(|service| service.closing)
    }
}
