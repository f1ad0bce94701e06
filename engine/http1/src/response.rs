use bytes::BytesMut;

use crate::encoder::{Body, Encoder};
use crate::{Misuse, Name, reason, syntax};

/// Room for a usual head.
const CAPACITY: usize = 256;

/// A response's head, rendered as it is made, so that it goes out without another copy.
#[derive(Debug)]
pub struct Response {
    block: BytesMut,
    status: u16,
    pub(crate) fields: Written,
}

/// What the fields of an outgoing head decide.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) content_length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) close: bool,
    pub(crate) upgrade: bool,
    date: bool,
    server: bool,
}

impl Response {
    /// A head with `status` (100 to 999) and its standard reason phrase.
    pub fn new(status: u16) -> Result<Self, Misuse> {
        if !(100..=999).contains(&status) {
            return Err(Misuse::InvalidStatus);
        }
        let mut block = BytesMut::with_capacity(CAPACITY);
        if status == 200 {
            block.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        } else {
            block.extend_from_slice(b"HTTP/1.1 ");
            block.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
            block.extend_from_slice(b" ");
            block.extend_from_slice(reason(status).as_bytes());
            block.extend_from_slice(b"\r\n");
        }
        Ok(Self { block, status, fields: Written::default() })
    }

    /// Adds a field. Content-Length decides the framing; Transfer-Encoding `chunked` and Connection `close` are taken
    /// as wishes and written by the machine.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        self.fields.add(name, value, &mut self.block)
    }

    /// Adds ready lines (`name: value CRLF`), which the caller has checked and which frame nothing.
    pub fn lines(&mut self, lines: &[u8]) {
        self.block.extend_from_slice(lines);
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The Content-Length given so far.
    pub fn content_length(&self) -> Option<u64> {
        self.fields.content_length
    }

    /// Whether the field was given; of those that a server adds by itself and those that frame.
    pub fn has(&self, name: Name) -> bool {
        match name {
            Name::ContentLength => self.fields.content_length.is_some(),
            Name::Date => self.fields.date,
            Name::Server => self.fields.server,
            Name::TransferEncoding => self.fields.chunked,
            Name::Upgrade => self.fields.upgrade,
            _ => false,
        }
    }

    /// Whether no response with this status has a body (RFC 9110, sections 15.2, 15.3.5 and 15.4.5).
    pub(crate) fn is_bodiless(&self) -> bool {
        matches!(self.status, 100..=199 | 204 | 304)
    }

    /// Ends the head: adds what frames the body, and what becomes of the connection.
    pub(crate) fn finish(mut self, body: Body, context: &Context) -> (BytesMut, Encoder, bool) {
        let mut keep_alive = context.keep_alive && !self.fields.close;
        let silent = context.to_head || self.is_bodiless();
        let encoder = match (self.fields.content_length, body) {
            (Some(declared), _) => Encoder::Length { declared, sent: 0 },
            (None, Body::Whole(declared)) if !self.fields.chunked => {
                if !(self.is_bodiless() || (context.to_head && declared == 0)) {
                    let mut digits = itoa::Buffer::new();
                    self.line(b"content-length", digits.format(declared).as_bytes());
                }
                Encoder::Length { declared, sent: 0 }
            }
            _ if context.chunks => {
                if !self.is_bodiless() {
                    self.line(b"transfer-encoding", b"chunked");
                }
                Encoder::Chunked
            }
            _ => {
                keep_alive &= silent;
                Encoder::UntilClose
            }
        };
        match (keep_alive, context.chunks) {
            (false, _) => self.line(b"connection", b"close"),
            (true, false) => self.line(b"connection", b"keep-alive"),
            (true, true) => {}
        }
        self.block.extend_from_slice(b"\r\n");
        (self.block, if silent { Encoder::Silent } else { encoder }, keep_alive)
    }

    /// Ends an interim head.
    pub(crate) fn finish_interim(mut self) -> BytesMut {
        self.block.extend_from_slice(b"\r\n");
        self.block
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        write_line(&mut self.block, name, value);
    }
}

/// What the request decides of its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    /// The method is HEAD.
    pub(crate) to_head: bool,
    /// The client knows the chunked coding: HTTP/1.1.
    pub(crate) chunks: bool,
    pub(crate) keep_alive: bool,
}

impl Written {
    /// Checks a field and writes its line, unless it is the machine's to write.
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8], block: &mut BytesMut) -> Result<(), Misuse> {
        if !syntax::is_token(name) {
            return Err(Misuse::InvalidName);
        }
        if !syntax::is_value(value) {
            return Err(Misuse::InvalidValue);
        }
        let value = syntax::trim(value);
        let start = block.len();
        write_line(block, name, value);
        let Some(written) = block.get_mut(start..start + name.len()) else { return Ok(()) };
        written.make_ascii_lowercase();
        // Few fields decide anything; the rest need no more than their length to be told apart.
        let keep = match &*written {
            b"content-length" => self.note_length(value).map(|()| true),
            b"transfer-encoding" if value.eq_ignore_ascii_case(b"chunked") => {
                self.chunked = true;
                Ok(false)
            }
            b"transfer-encoding" => Err(Misuse::UnknownCoding),
            b"connection" => Ok(self.note_connection(value)),
            b"upgrade" => {
                self.upgrade = true;
                Ok(true)
            }
            b"date" => {
                self.date = true;
                Ok(true)
            }
            b"server" => {
                self.server = true;
                Ok(true)
            }
            _ => Ok(true),
        };
        if !matches!(keep, Ok(true)) {
            block.truncate(start);
        }
        keep.map(drop)
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), Misuse> {
        let length = syntax::digits(value).ok_or(Misuse::InvalidLength)?;
        if self.content_length.replace(length).is_some() { Err(Misuse::InvalidLength) } else { Ok(()) }
    }

    /// Whether the line stays: `close` and `keep-alive` are the machine's to say.
    fn note_connection(&mut self, value: &[u8]) -> bool {
        let mut others = false;
        for option in syntax::members(value) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if !option.eq_ignore_ascii_case(b"keep-alive") {
                others = true;
            }
        }
        others
    }
}

pub(crate) fn write_line(block: &mut BytesMut, name: &[u8], value: &[u8]) {
    block.extend_from_slice(name);
    block.extend_from_slice(b": ");
    block.extend_from_slice(value);
    block.extend_from_slice(b"\r\n");
}
