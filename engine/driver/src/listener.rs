use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use mio::Interest;
use mio::net::{TcpListener, UnixListener};
use rustix::io::Errno;
use rustix::net::AddressFamily;
use selector::Selector;

use crate::Key;
use crate::connection::{Address, Addresses};
use crate::timers::Armed;
use crate::transport::Stream;

/// Connections taken from one listener in one turn.
pub(crate) const ACCEPTS: usize = 64;

/// How long a listener rests when the process or the system has no descriptor left.
pub(crate) const REST: Duration = Duration::from_millis(500);

/// A listening stream socket.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    pub(crate) service: Key,
    pub(crate) armed: Option<Armed>,
    /// Out of descriptors: waits for one to be freed, or for its timer.
    resting: bool,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What one attempt to accept gave.
pub(crate) enum Accepted {
    Connection(Stream, Addresses),
    /// No one is waiting.
    Empty,
    /// Nothing could be accepted for lack of descriptors or memory.
    Starved(io::Error),
    /// This client was lost, or the socket is broken.
    Failed,
}

impl Listener {
    /// Takes over `fd`, which must be a listening stream socket of IPv4, IPv6 or Unix.
    pub(crate) fn new(fd: OwnedFd, service: Key) -> io::Result<Self> {
        let family = rustix::net::getsockname(&fd)?.address_family();
        rustix::io::ioctl_fionbio(&fd, true)?;
        let socket = match family {
            AddressFamily::UNIX => Socket::Unix(UnixListener::from_std(fd.into())),
            AddressFamily::INET | AddressFamily::INET6 => Socket::Tcp(TcpListener::from_std(fd.into())),
            _ => return Err(io::Error::new(io::ErrorKind::Unsupported, "listen on a TCP or Unix stream socket")),
        };
        Ok(Self { socket, service, armed: None, resting: false })
    }

    pub(crate) fn register(&mut self, selector: &mut Selector, id: u64) -> io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(listener) => selector.register(listener, id, Interest::READABLE),
            Socket::Unix(listener) => selector.register(listener, id, Interest::READABLE),
        }
    }

    pub(crate) fn deregister(&mut self, selector: &Selector) -> io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(listener) => selector.registry().deregister(listener),
            Socket::Unix(listener) => selector.registry().deregister(listener),
        }
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.resting
    }

    /// Begins to rest; false if it already did.
    pub(crate) fn rest(&mut self) -> bool {
        !std::mem::replace(&mut self.resting, true)
    }

    pub(crate) fn recover(&mut self) {
        self.resting = false;
    }

    pub(crate) fn accept(&mut self) -> Accepted {
        let accepted = match &self.socket {
            Socket::Tcp(listener) => listener.accept().map(|(stream, peer)| {
                // Refused only by a socket that is already dead; the read will tell.
                let _ = stream.set_nodelay(true);
                let local = stream.local_addr().ok().map(Address::Inet);
                (Stream::Tcp(stream), Addresses { client: Some(Address::Inet(peer)), server: local })
            }),
            Socket::Unix(listener) => listener.accept().map(|(stream, _)| {
                let server = stream.local_addr().ok().and_then(|local| {
                    Some(Address::Unix(local.as_pathname()?.to_string_lossy().into_owned().into_boxed_str()))
                });
                (Stream::Unix(stream), Addresses { client: None, server })
            }),
        };
        match accepted {
            Ok((stream, addresses)) => Accepted::Connection(stream, addresses),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::AGAIN) => Accepted::Empty,
                Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => Accepted::Starved(error),
                _ => Accepted::Failed,
            },
        }
    }
}
