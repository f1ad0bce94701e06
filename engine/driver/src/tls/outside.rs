use std::io::{self, IoSlice};

use bytes::{Bytes, BytesMut};
use machine::Outbox;

use super::TlsError;
use crate::transport::{READ_SIZE, Stream};

/// Bytes from the socket that wait to be opened; above, the socket is not read.
const SEALED: usize = 256 * 1024;
/// Bytes from the machine that wait to be sealed; above, no more are taken.
const PLAIN: usize = 64 * 1024;

/// TLS by an object that must not be called where the transport is: `ssl.SSLObject` runs Python.
///
/// ```text
///   socket ──read──> sealed ──take──> the object ──put──> plain ──read──> machine
///   machine ──write──> plain ──take──> the object ──put──> sealed ──flush──> socket
/// ```
/// One piece of work is out at a time, so that records stay in order.
#[derive(Debug)]
pub(crate) struct OutsideLayer {
    sealed_in: BytesMut,
    plain_in: BytesMut,
    plain_out: BytesMut,
    sealed_out: Outbox,
    /// What [`take`](OutsideLayer::take) has to tell besides bytes: the first time, the socket's end, our end.
    news: bool,
    eof: bool,
    closing: bool,
    out: bool,
    handshaking: bool,
    certificate: Option<Bytes>,
    alpn: Option<Bytes>,
    end: Option<OutsideEnd>,
}

/// Work for the object.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Bytes from the socket.
    pub sealed: Bytes,
    /// Bytes to send.
    pub plain: Bytes,
    /// The socket has no more after these.
    pub eof: bool,
    /// Nothing more will be sent after these.
    pub closing: bool,
}

/// What the object made of it.
#[derive(Debug, Default, Clone)]
pub struct Opened {
    /// Bytes that the peer sent.
    pub plain: Bytes,
    /// Bytes for the socket.
    pub sealed: Bytes,
    /// The handshake is over, with the peer's certificate and the protocol agreed on, if any.
    pub established: Option<(Option<Bytes>, Option<Bytes>)>,
    /// The stream ended after these bytes.
    pub end: Option<OutsideEnd>,
}

/// How the peer's stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideEnd {
    /// The peer said so.
    Closed,
    /// TLS is broken.
    Failed(TlsError),
}

impl OutsideLayer {
    pub(crate) fn new() -> Self {
        Self {
            sealed_in: BytesMut::new(),
            plain_in: BytesMut::new(),
            plain_out: BytesMut::new(),
            sealed_out: Outbox::new(),
            news: true,
            eof: false,
            closing: false,
            out: false,
            handshaking: true,
            certificate: None,
            alpn: None,
            end: None,
        }
    }

    /// Whether [`take`](OutsideLayer::take) has something for the object.
    pub(crate) fn has_work(&self) -> bool {
        !self.out && self.end.is_none() && (self.news || !self.sealed_in.is_empty() || !self.plain_out.is_empty())
    }

    /// The work that waits; the next only after [`put`](OutsideLayer::put).
    pub(crate) fn take(&mut self) -> Option<Sealed> {
        if !self.has_work() {
            return None;
        }
        self.out = true;
        self.news = false;
        let (sealed, plain) = (self.sealed_in.split().freeze(), self.plain_out.split().freeze());
        Some(Sealed { sealed, plain, eof: self.eof, closing: self.closing })
    }

    /// Takes back what became of the work. The transport counts as readable and writable after it.
    pub(crate) fn put(&mut self, opened: Opened) {
        self.out = false;
        self.plain_in.extend_from_slice(&opened.plain);
        self.sealed_out.push(opened.sealed);
        if let Some((certificate, alpn)) = opened.established {
            (self.handshaking, self.certificate, self.alpn) = (false, certificate, alpn);
        }
        self.end = self.end.take().or(opened.end);
    }

    pub(crate) fn read(&mut self, stream: &mut Stream, rx: &mut BytesMut, scratch: &mut Vec<u8>) -> io::Result<usize> {
        let mut failed = None;
        while !self.eof && self.end.is_none() && self.sealed_in.len() < SEALED {
            scratch.clear();
            scratch.reserve(READ_SIZE);
            match stream.read(scratch) {
                Ok(0) => (self.eof, self.news) = (true, true),
                Ok(_) => self.sealed_in.extend_from_slice(scratch),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let gained = self.plain_in.len();
        if gained > 0 {
            rx.extend_from_slice(&self.plain_in);
            self.plain_in = BytesMut::new();
            return Ok(gained);
        }
        match (&self.end, failed) {
            (Some(OutsideEnd::Closed), _) => Ok(0),
            (Some(OutsideEnd::Failed(error)), _) => Err(error.clone().into()),
            (None, Some(error)) => Err(error),
            (None, None) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    pub(crate) fn write(&mut self, stream: &mut Stream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some(OutsideEnd::Failed(error)) = &self.end {
            return Err(error.clone().into());
        }
        self.flush(stream)?;
        let room = PLAIN.saturating_sub(self.plain_out.len());
        if self.handshaking || room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let before = self.plain_out.len();
        for slice in slices {
            let left = room - (self.plain_out.len() - before);
            self.plain_out.extend_from_slice(slice.get(..left).unwrap_or(slice));
        }
        Ok(self.plain_out.len() - before)
    }

    pub(crate) fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        while !self.sealed_out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 8];
            let filled = self.sealed_out.slices(&mut slices);
            match stream.write(slices.get(..filled).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.sealed_out.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, stream: &mut Stream) -> io::Result<()> {
        if !std::mem::replace(&mut self.closing, true) {
            self.news = true;
        }
        self.flush(stream)?;
        if self.end.is_none() && (self.out || self.news || !self.plain_out.is_empty()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        stream.shutdown_write()
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.handshaking
    }

    pub(crate) fn holds_output(&self) -> bool {
        !self.sealed_out.is_empty()
    }

    pub(crate) fn holds_input(&self) -> bool {
        self.end.is_some() || !self.plain_in.is_empty()
    }

    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }
}
