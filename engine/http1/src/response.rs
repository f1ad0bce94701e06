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
