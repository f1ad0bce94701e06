use bytes::BytesMut;

use crate::grammar::{is_authority, is_target, is_token, trim};
use crate::lines::{Length, Lines, Persistence};
use crate::{Misuse, Name};

/// The head of a request, rendered as it is built: it goes out without another copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    kind: Kind,
    lines: Lines,
}

/// What a method means for the framing of the message and of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Head,
    Connect,
    /// A body is usual: its absence is said (RFC 9110, section 8.6).
    Enclosing,
    Other,
}

impl Kind {
    pub(crate) fn of(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            b"POST" | b"PUT" | b"PATCH" => Self::Enclosing,
            _ => Self::Other,
        }
    }
}

impl Request {
    /// A request of HTTP/1.1. It needs a `host` field.
    pub fn new(method: &[u8], target: &[u8]) -> Result<Self, Misuse> {
        if !is_token(method) {
            return Err(Misuse::InvalidMethod);
        }
        if !is_target(target) {
            return Err(Misuse::InvalidTarget);
        }
        let lines = Lines::new(&[method, b" ", target, b" HTTP/1.1\r\n"]);
        Ok(Self { kind: Kind::of(method), lines })
    }

    /// Adds a field. Framing and `connection` are noted, and rendered as the body and the connection need them.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        if name.eq_ignore_ascii_case(b"host") && (self.has(Name::Host) || !is_authority(trim(value))) {
            return Err(Misuse::InvalidHost);
        }
        self.lines.field(name, value)
    }

    /// The declared length.
    pub fn content_length(&self) -> Option<u64> {
        self.lines.content_length()
    }

    /// Whether a field of that name was given.
    pub fn has(&self, name: Name) -> bool {
        self.lines.has(name)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn closes(&self) -> bool {
        self.lines.closes()
    }

    pub(crate) fn finish(self, length: Length, persistence: Persistence, body: usize) -> BytesMut {
        self.lines.finish(length, persistence, body)
    }
}
