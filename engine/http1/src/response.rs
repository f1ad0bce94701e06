use bytes::BytesMut;

use crate::lines::{Length, Lines, Persistence};
use crate::{Misuse, Name, reason};

/// The head of a response, rendered as it is built: it goes out without another copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    lines: Lines,
}

impl Response {
    /// A response with a status from 100 to 999.
    pub fn new(status: u16) -> Result<Self, Misuse> {
        let lines = match status {
            200 => Lines::new(&[b"HTTP/1.1 200 OK\r\n"]),
            100..=999 => {
                let mut digits = itoa::Buffer::new();
                let digits = digits.format(status).as_bytes();
                Lines::new(&[b"HTTP/1.1 ", digits, b" ", reason(status).as_bytes(), b"\r\n"])
            }
            _ => return Err(Misuse::InvalidStatus(status)),
        };
        Ok(Self { status, lines })
    }

    /// Adds a field. Framing (`content-length`, `transfer-encoding: chunked`) and `connection` are noted, and rendered
    /// as the request, the body and the connection need them.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        self.lines.field(name, value)
    }

    /// Adds ready-made `name: value` lines, each with its CR LF, that the caller has checked. A line that contradicts
    /// what was given before (a second content-length) is left out.
    pub fn lines(&mut self, block: &[u8]) {
        self.lines.block(block);
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The declared length.
    pub fn content_length(&self) -> Option<u64> {
        self.lines.content_length()
    }

    /// Whether a field of that name was given.
    pub fn has(&self, name: Name) -> bool {
        self.lines.has(name)
    }

    pub(crate) fn closes(&self) -> bool {
        self.lines.closes()
    }

    pub(crate) fn finish(self, length: Length, persistence: Persistence, body: usize) -> BytesMut {
        self.lines.finish(length, persistence, body)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use bytes::{Bytes, BytesMut};
    use machine::{Machine, Next, Outbox};

    use super::*;
    use crate::{Body, Config, Connection, Event};

    #[test]
    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin")]
    fn head_and_small_body_go_out_in_the_buffer_that_the_head_was_rendered_into() {
        let now = Instant::now();
        let mut connection = Connection::server(Arc::new(Config::default()));
        let mut rx = BytesMut::from(&b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"[..]);
        assert!(matches!(connection.poll_event(now, &mut rx), Ok(Next::Event(Event::Request(_)))));
        let mut response = Response::new(200).unwrap();
        response.field(b"content-type", b"text/plain").unwrap();
        let place = response.lines.place();
        connection.respond(response, Body::Whole(100)).unwrap();
        connection.send(Bytes::from_static(&[b'x'; 100])).unwrap();
        connection.finish(None).unwrap();
        let mut tx = Outbox::new();
        connection.poll_transmit(now, &mut tx);
        assert_eq!(tx.tail_mut().as_ptr(), place);
        assert_eq!(tx.len(), tx.tail_mut().len());
    }
}
