use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use machine::Outbox;
use socket2::{SockRef, TcpKeepalive};

use super::{Encryption, Failure, Phase, Session, Stage, copying};
use crate::Key;
use crate::budget::Budget;
use crate::connection::Context;
use crate::transport::{Stream, Transport};

/// Where a server listens.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// Host and port.
    Inet(SocketAddr),
    /// The path of a Unix domain socket.
    Unix(PathBuf),
}

/// When a silent peer is asked whether it lives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keepalive {
    /// Silence before the first question; the system's default where none.
    pub idle: Option<Duration>,
    /// Between two questions.
    pub interval: Option<Duration>,
    /// Questions without an answer after which the connection is lost.
    pub count: Option<u32>,
}

/// How a session is begun.
#[derive(Debug)]
pub struct Dial {
    /// Where.
    pub endpoint: Endpoint,
    /// Who, and how.
    pub startup: pg::Startup,
    /// Who does TLS, where the startup asks for it.
    pub encryption: Option<Encryption>,
    /// Keep-alive of TCP; none turns it off.
    pub keepalive: Option<Keepalive>,
    /// How long sent bytes may stay without an acknowledgement.
    pub user_timeout: Option<Duration>,
    /// Until when the session has to be open.
    pub patience: Option<Instant>,
}

impl Dial {
    /// Begins to connect.
    pub(crate) fn stream(&self) -> io::Result<Stream> {
        match &self.endpoint {
            Endpoint::Inet(address) => {
                let stream = mio::net::TcpStream::connect(*address)?;
                stream.set_nodelay(true)?;
                self.tune(SockRef::from(&stream))?;
                Ok(Stream::Tcp(stream))
            }
            Endpoint::Unix(path) => Ok(Stream::Unix(mio::net::UnixStream::connect(path)?)),
        }
    }

    fn tune(&self, socket: SockRef<'_>) -> io::Result<()> {
        if let Some(keepalive) = self.keepalive {
            let mut wanted = TcpKeepalive::new();
            if let Some(idle) = keepalive.idle {
                wanted = wanted.with_time(idle);
            }
            if let Some(interval) = keepalive.interval {
                wanted = wanted.with_interval(interval);
            }
            if let Some(count) = keepalive.count {
                wanted = wanted.with_retries(count);
            }
            socket.set_tcp_keepalive(&wanted)?;
        }
        #[cfg(target_os = "linux")]
        if let Some(timeout) = self.user_timeout {
            socket.set_tcp_user_timeout(Some(timeout))?;
        }
        Ok(())
    }
}

impl Session {
    pub(crate) fn new(
        key: Key,
        stream: Stream,
        machine: pg::Connection,
        (encryption, direct): (Option<Encryption>, bool),
        patience: Option<Instant>,
    ) -> Self {
        Self {
            key,
            armed: None,
            queued: false,
            unflushed: false,
            transport: Transport::plain(stream),
            machine,
            rx: bytes::BytesMut::new(),
            tx: Outbox::new(),
            phase: Phase::Dialing,
            stage: Stage::Connect,
            patience,
            flights: std::collections::VecDeque::new(),
            nearest: None,
            reply: pg::Reply::default(),
            copying: copying::Copying::default(),
            drains: None,
            parts: std::collections::VecDeque::new(),
            told_of: 0,
            rests: None,
            last_words: None,
            encryption,
            direct,
            encrypting: false,
            told: false,
            readable: false,
            writable: false,
            hung_up: false,
            budget: Budget::default(),
        }
    }

    /// Our address and the server's; none where the socket is not of TCP.
    pub(crate) fn ends(&mut self) -> Option<(SocketAddr, SocketAddr)> {
        match self.transport.stream_mut() {
            Stream::Tcp(stream) => Some((stream.local_addr().ok()?, stream.peer_addr().ok()?)),
            Stream::Unix(_) => None,
        }
    }

    /// The connection stands, or failed, once the poller says that it is writable.
    pub(super) fn connect(&mut self, cx: &mut Context<'_>) {
        if !self.writable {
            return;
        }
        let connected = match self.transport.stream_mut() {
            Stream::Tcp(stream) => match stream.take_error() {
                Ok(None) => stream.peer_addr().map(drop),
                Ok(Some(error)) | Err(error) => Err(error),
            },
            Stream::Unix(stream) => match stream.take_error() {
                Ok(None) => Ok(()),
                Ok(Some(error)) | Err(error) => Err(error),
            },
        };
        match connected {
            Ok(()) => {
                self.phase = Phase::Opening;
                self.stage = if self.encryption.is_some() { Stage::Request } else { Stage::Plain };
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => self.writable = false,
            Err(error) => self.fail(Failure::System(error), cx),
        }
    }
}
