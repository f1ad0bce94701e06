use std::io::{self, BufRead, IoSlice, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::BytesMut;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use super::{TlsClient, TlsError, Verify};
use crate::transport::{READ_SIZE, Stream};

/// TLS by rustls, as the client.
///
/// It holds no plaintext: all that is decrypted lies behind `rx` when [`read`](TlsLayer::read) answers. What it seals
/// waits inside until the socket takes it, at most 64 KiB and what a handshake needs.
#[derive(Debug)]
pub(crate) struct TlsLayer {
    connection: ClientConnection,
    end: Option<End>,
}

/// How the peer's stream ended; told once all that came before it has been read.
#[derive(Debug, Clone)]
enum End {
    Closed,
    Failed(TlsError),
}

impl TlsLayer {
    /// Begins as the client of `host`, a name or an address.
    pub(crate) fn new(client: &TlsClient, host: &str) -> Result<Self, TlsError> {
        let name = match ServerName::try_from(host) {
            Ok(name) => name.to_owned(),
            Err(_) if client.verify == Verify::Full => return Err(TlsError::Host(host.to_owned())),
            // An address is not sent to the server, and nobody looks at it.
            Err(_) => ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        };
        let connection = ClientConnection::new(Arc::clone(&client.config), name)?;
        Ok(Self { connection, end: None })
    }

    /// As [`Transport::read`](crate::transport::Transport::read); moves the handshake on, too.
    pub(crate) fn read(&mut self, stream: &mut Stream, rx: &mut BytesMut, scratch: &mut Vec<u8>) -> io::Result<usize> {
        let before = rx.len();
        while self.end.is_none() {
            scratch.clear();
            scratch.reserve(READ_SIZE);
            let drained = match stream.read(scratch) {
                Ok(0) => {
                    self.end = Some(End::Failed(TlsError::Truncated));
                    break;
                }
                Ok(read) => read < READ_SIZE,
                Err(_) if rx.len() > before => break,
                Err(error) => return Err(error),
            };
            self.open(scratch, rx);
            // Answers of the handshake. Why they cannot be sent is for the next read or write to tell: a peer that
            // refuses us closes, but says why first.
            let _ = self.flush(stream);
            let gained = rx.len() - before;
            // Without plaintext the socket is read until it is empty, for no one else will.
            if gained >= READ_SIZE || (gained > 0 && drained) {
                break;
            }
        }
        match (rx.len() - before, &self.end) {
            (0, Some(End::Failed(error))) => Err(error.clone().into()),
            (gained, _) => Ok(gained),
        }
    }

    /// As [`Transport::write`](crate::transport::Transport::write); `WouldBlock` until the handshake is over.
    pub(crate) fn write(&mut self, stream: &mut Stream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some(End::Failed(error)) = &self.end {
            return Err(error.clone().into());
        }
        self.flush(stream)?;
        if self.is_handshaking() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = self.connection.writer().write_vectored(slices)?;
        match self.flush(stream) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what is sealed; `WouldBlock` while the socket does not take all of it.
    pub(crate) fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Socket(stream)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Says that nothing more will be sent; `WouldBlock` while the socket does not take that.
    pub(crate) fn close(&mut self, stream: &mut Stream) -> io::Result<()> {
        // Said once, however often it is asked for.
        self.connection.send_close_notify();
        self.flush(stream)?;
        stream.shutdown_write()
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether sealed bytes wait for the socket.
    pub(crate) fn holds_output(&self) -> bool {
        self.connection.wants_write()
    }

    /// Whether the end of the stream is known, though the socket may stay quiet.
    pub(crate) fn holds_input(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        self.connection.peer_certificates()?.first().map(|certificate| &certificate[..])
    }

    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.connection.alpn_protocol()
    }

    fn open(&mut self, mut sealed: &[u8], rx: &mut BytesMut) {
        while !sealed.is_empty() && self.end.is_none() {
            match self.connection.read_tls(&mut sealed) {
                Ok(1..) => {}
                // The decoder has no room for what the peer calls one message.
                Ok(0) | Err(_) => {
                    self.end = Some(End::Failed(TlsError::Protocol("a message is too long".to_owned())));
                    return;
                }
            }
            let processed = self.connection.process_new_packets();
            let mut plain = self.connection.reader();
            while let Ok(piece @ [_, ..]) = plain.fill_buf() {
                rx.extend_from_slice(piece);
                let length = piece.len();
                plain.consume(length);
            }
            match processed {
                Ok(state) if state.peer_has_closed() => self.end = Some(End::Closed),
                Ok(_) => {}
                Err(error) => self.end = Some(End::Failed(error.into())),
            }
        }
    }
}

/// The socket as rustls wants it.
struct Socket<'a>(&'a mut Stream);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
