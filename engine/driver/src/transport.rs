use std::io::{self, IoSlice, Write};
use std::net::Shutdown;

use bytes::{Bytes, BytesMut};
use machine::Outbox;
use mio::Interest;
use mio::net::{TcpStream, UnixStream};
use rustix::buffer::spare_capacity;
use selector::Selector;
use socket2::SockRef;

use crate::tls::{OutsideLayer, TlsClient, TlsError, TlsLayer};

/// Pieces handed to one `writev`.
const SLICES: usize = 64;

/// The send buffer for peers on this machine, set at their first large response.
const LOCAL_SEND_BUFFER: usize = 256 * 1024;

/// How much one read asks for at most.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// A connected stream socket.
#[derive(Debug)]
pub(crate) enum Stream {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpStream),
    /// A Unix domain stream socket.
    Unix(UnixStream),
}

impl Stream {
    pub(crate) fn register(&mut self, selector: &mut Selector, id: u64) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(stream) => selector.register(stream, id, both),
            Self::Unix(stream) => selector.register(stream, id, both),
        }
    }

    pub(crate) fn deregister(&mut self, selector: &Selector) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => selector.registry().deregister(stream),
            Self::Unix(stream) => selector.registry().deregister(stream),
        }
    }

    /// Reads into the unused capacity of `buffer`.
    pub(crate) fn read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let read = match self {
            Self::Tcp(stream) => rustix::io::read(stream, spare_capacity(buffer)),
            Self::Unix(stream) => rustix::io::read(stream, spare_capacity(buffer)),
        };
        Ok(read?)
    }

    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Self::Tcp(stream), [only]) => stream.write(only),
            (Self::Tcp(stream), several) => stream.write_vectored(several),
            (Self::Unix(stream), several) => stream.write_vectored(several),
        }
    }

    /// Bounds what the kernel holds for a peer on this machine. Its round trip needs no more, and more only turns the
    /// pages over in memory instead of in the cache (decision 3).
    fn bound_send_buffer(&self) {
        if let Self::Tcp(stream) = self
            && stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback())
        {
            // Refused, the kernel goes on sizing the buffer itself.
            let _ = SockRef::from(stream).set_send_buffer_size(LOCAL_SEND_BUFFER);
        }
    }

    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

/// What stands between the socket and the machine: TLS slips in here without touching connections.
///
/// Under TLS a connection's owner keeps four rules more than on a plain socket:
/// - while [`is_handshaking`](Transport::is_handshaking), it reads and flushes when the socket is ready, and takes the
///   handshake's end as leave to write;
/// - when [`holds_output`](Transport::holds_output), it flushes when the socket is writable, though it has nothing to write;
/// - after a read it reads again while [`holds_input`](Transport::holds_input), though the socket is quiet;
/// - after each call it does the work of an [`outside`](Transport::outside) layer.
#[derive(Debug)]
pub(crate) struct Transport {
    stream: Stream,
    layer: Layer,
    bounded: bool,
}

#[derive(Debug)]
enum Layer {
    /// Bytes as they are on the wire.
    Plain,
    /// TLS by rustls.
    Tls(Box<TlsLayer>),
    /// TLS by an object of the owner's.
    Outside(Box<OutsideLayer>),
}

impl Transport {
    /// The socket itself, without a layer.
    pub(crate) fn plain(stream: Stream) -> Self {
        Self { stream, layer: Layer::Plain, bounded: false }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Goes on under TLS as the client of `host`. What was read before is not part of it and must be nothing: bytes that
    /// wait behind the answer to a request for TLS come from someone on the way.
    pub(crate) fn start_tls(&mut self, client: &TlsClient, host: &str, unread: &[u8]) -> Result<(), TlsError> {
        if !unread.is_empty() {
            return Err(TlsError::Unencrypted);
        }
        self.layer = Layer::Tls(Box::new(TlsLayer::new(client, host)?));
        Ok(())
    }

    /// The same, with TLS by an object of the owner's.
    pub(crate) fn start_outside(&mut self, unread: &[u8]) -> Result<(), TlsError> {
        if !unread.is_empty() {
            return Err(TlsError::Unencrypted);
        }
        self.layer = Layer::Outside(Box::new(OutsideLayer::new()));
        Ok(())
    }

    /// The layer whose work the owner does.
    pub(crate) fn outside(&mut self) -> Option<&mut OutsideLayer> {
        match &mut self.layer {
            Layer::Outside(layer) => Some(layer),
            _ => None,
        }
    }

    /// Whether nothing can be written yet.
    pub(crate) fn is_handshaking(&self) -> bool {
        match &self.layer {
            Layer::Plain => false,
            Layer::Tls(layer) => layer.is_handshaking(),
            Layer::Outside(layer) => layer.is_handshaking(),
        }
    }

    /// Whether TLS stands, or is to stand, in between.
    pub(crate) fn is_encrypted(&self) -> bool {
        !matches!(self.layer, Layer::Plain)
    }

    /// Whether a layer holds bytes for the socket.
    pub(crate) fn holds_output(&self) -> bool {
        match &self.layer {
            Layer::Plain => false,
            Layer::Tls(layer) => layer.holds_output(),
            Layer::Outside(layer) => layer.holds_output(),
        }
    }

    /// Whether a read has something to tell though the socket is quiet.
    pub(crate) fn holds_input(&self) -> bool {
        match &self.layer {
            Layer::Plain => false,
            Layer::Tls(layer) => layer.holds_input(),
            Layer::Outside(layer) => layer.holds_input(),
        }
    }

    /// The peer's certificate, once the handshake is over.
    pub(crate) fn peer_certificate(&self) -> Option<&[u8]> {
        match &self.layer {
            Layer::Plain => None,
            Layer::Tls(layer) => layer.certificate(),
            Layer::Outside(layer) => layer.certificate(),
        }
    }

    /// The protocol agreed on by ALPN.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        match &self.layer {
            Layer::Plain => None,
            Layer::Tls(layer) => layer.alpn(),
            Layer::Outside(layer) => layer.alpn(),
        }
    }

    /// Reads what the peer sent behind `rx`; answers the number of bytes, 0 at the end of the stream.
    ///
    /// A big piece goes straight into a buffer of its own, which becomes `rx` when that is empty; a small one passes
    /// through `scratch`, so that an idle connection holds no buffer. Fewer than [`READ_SIZE`] bytes mean, under TLS too,
    /// that the socket was empty.
    pub(crate) fn read(&mut self, rx: &mut BytesMut, scratch: &mut Vec<u8>, big: bool) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Plain if big && rx.is_empty() => {
                let mut buffer = Vec::with_capacity(READ_SIZE);
                let read = self.stream.read(&mut buffer)?;
                *rx = BytesMut::from(Bytes::from(buffer));
                Ok(read)
            }
            Layer::Plain => {
                scratch.clear();
                scratch.reserve(READ_SIZE);
                let read = self.stream.read(scratch)?;
                rx.extend_from_slice(scratch);
                Ok(read)
            }
            Layer::Tls(layer) => layer.read(&mut self.stream, rx, scratch),
            Layer::Outside(layer) => layer.read(&mut self.stream, rx, scratch),
        }
    }

    /// Bounds what the kernel holds for a peer on this machine, from now on.
    pub(crate) fn bound(&mut self) {
        if !std::mem::replace(&mut self.bounded, true) {
            self.stream.bound_send_buffer();
        }
    }

    /// Writes the front of `tx`, which must not be empty; answers the number of bytes taken.
    pub(crate) fn write(&mut self, tx: &Outbox) -> io::Result<usize> {
        if tx.len() > LOCAL_SEND_BUFFER {
            self.bound();
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = tx.slices(&mut slices);
        let slices = slices.get(..filled).unwrap_or_default();
        match &mut self.layer {
            Layer::Plain => self.stream.write(slices),
            Layer::Tls(layer) => layer.write(&mut self.stream, slices),
            Layer::Outside(layer) => layer.write(&mut self.stream, slices),
        }
    }

    /// Writes what a layer holds; `WouldBlock` while the socket does not take all of it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.layer {
            Layer::Plain => Ok(()),
            Layer::Tls(layer) => layer.flush(&mut self.stream),
            Layer::Outside(layer) => layer.flush(&mut self.stream),
        }
    }

    /// Tells the peer that nothing more will be sent. Under TLS `WouldBlock` means: again when the socket is writable.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        match &mut self.layer {
            Layer::Plain => self.stream.shutdown_write(),
            Layer::Tls(layer) => layer.close(&mut self.stream),
            Layer::Outside(layer) => layer.close(&mut self.stream),
        }
    }
}
