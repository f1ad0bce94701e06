use std::io::{self, IoSlice, Write};
use std::net::Shutdown;

use bytes::{Bytes, BytesMut};
use machine::Outbox;
use mio::Interest;
use mio::net::{TcpStream, UnixStream};
use rustix::buffer::spare_capacity;
use selector::Selector;
use socket2::SockRef;

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

    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
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

/// What stands between the socket and the machine: the seam where TLS slips in without touching connections.
#[derive(Debug)]
pub(crate) struct Transport {
    layer: Layer,
    bounded: bool,
}

#[derive(Debug)]
enum Layer {
    /// Bytes as they are on the wire.
    Plain(Stream),
}

impl Transport {
    /// The socket itself, without a layer.
    pub(crate) fn plain(stream: Stream) -> Self {
        Self { layer: Layer::Plain(stream), bounded: false }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        match &mut self.layer {
            Layer::Plain(stream) => stream,
        }
    }

    /// Reads what the peer sent behind `rx`; answers the number of bytes, 0 at the end of the stream.
    ///
    /// A big piece goes straight into a buffer of its own, which becomes `rx` when that is empty; a small one passes
    /// through `scratch`, so that an idle connection holds no buffer.
    pub(crate) fn read(&mut self, rx: &mut BytesMut, scratch: &mut Vec<u8>, big: bool) -> io::Result<usize> {
        match &self.layer {
            Layer::Plain(stream) if big && rx.is_empty() => {
                let mut buffer = Vec::with_capacity(READ_SIZE);
                let read = stream.read(&mut buffer)?;
                *rx = BytesMut::from(Bytes::from(buffer));
                Ok(read)
            }
            Layer::Plain(stream) => {
                scratch.clear();
                scratch.reserve(READ_SIZE);
                let read = stream.read(scratch)?;
                rx.extend_from_slice(scratch);
                Ok(read)
            }
        }
    }

    /// Writes the front of `tx`, which must not be empty; answers the number of bytes taken.
    pub(crate) fn write(&mut self, tx: &Outbox) -> io::Result<usize> {
        if tx.len() > LOCAL_SEND_BUFFER && !std::mem::replace(&mut self.bounded, true) {
            self.stream_mut().bound_send_buffer();
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = tx.slices(&mut slices);
        match &mut self.layer {
            Layer::Plain(stream) => stream.write(slices.get(..filled).unwrap_or_default()),
        }
    }

    /// Tells the peer that nothing more will be sent.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        match &self.layer {
            Layer::Plain(stream) => stream.shutdown_write(),
        }
    }
}
