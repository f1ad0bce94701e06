use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::exchange::{Exchange, Head};

/// Where the exchange of one connection stands after it was served.
pub enum Progress {
    /// More must be sent or received.
    Waiting,
    /// The whole answer is here, and right.
    Answered { closes: bool },
    /// The answer is not what was expected: the connection is of no more use.
    Wrong(String),
}

/// One keep-alive connection with at most one exchange in flight.
pub struct Connection {
    stream: TcpStream,
    sent: usize,
    head: Vec<u8>,
    body: Option<Body>,
    /// An exchange was started and is not over: events at other times mean nothing.
    pub busy: bool,
    pub started: Instant,
}

struct Body {
    received: usize,
    closes: bool,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, sent: 0, head: Vec::new(), body: None, busy: false, started: Instant::now() })
    }

    /// Sends the request, as much of it as the socket takes.
    pub fn start(&mut self, exchange: &Exchange, now: Instant) -> io::Result<()> {
        self.sent = 0;
        self.head.clear();
        self.body = None;
        self.busy = true;
        self.started = now;
        self.send(exchange)
    }

    /// Goes on with the exchange after the socket became ready.
    pub fn advance(&mut self, exchange: &Exchange, buffer: &mut [u8]) -> io::Result<Progress> {
        self.send(exchange)?;
        loop {
            let received = match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Progress::Waiting),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            match self.take(exchange, &buffer[..received]) {
                Progress::Waiting if received == buffer.len() => {}
                // The edge comes again with more bytes: a short read needs no second call.
                progress => return Ok(progress),
            }
        }
    }

    fn send(&mut self, exchange: &Exchange) -> io::Result<()> {
        while self.sent < exchange.request.len() {
            match self.stream.write(&exchange.request[self.sent..]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, exchange: &Exchange, received: &[u8]) -> Progress {
        if let Some(body) = &mut self.body {
            return body.take(exchange, received);
        }
        let front = if self.head.is_empty() {
            received
        } else {
            self.head.extend_from_slice(received);
            &self.head
        };
        match exchange.head(front) {
            Head::Wrong(why) => Progress::Wrong(why),
            Head::Incomplete => {
                if self.head.is_empty() {
                    self.head.extend_from_slice(received);
                }
                Progress::Waiting
            }
            Head::Right { bytes, closes } => {
                self.body.insert(Body { received: 0, closes }).take(exchange, &front[bytes..])
            }
        }
    }
}

impl Body {
    fn take(&mut self, exchange: &Exchange, received: &[u8]) -> Progress {
        let missing = &exchange.expected[self.received..];
        if received.len() > missing.len() {
            return Progress::Wrong("bytes after the answer".into());
        }
        if received != &missing[..received.len()] {
            return Progress::Wrong("the body differs".into());
        }
        self.received += received.len();
        if self.received < exchange.expected.len() {
            return Progress::Waiting;
        }
        Progress::Answered { closes: self.closes }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
