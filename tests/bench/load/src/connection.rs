use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::exchange::{Exchange, Head, Request};
use crate::websocket::Reader;

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
    /// Which of the exchange's requests is under way.
    turn: usize,
    sent: usize,
    head: Vec<u8>,
    body: Option<Body>,
    websocket: Option<Reader>,
    /// An exchange was started and is not over: events at other times mean nothing.
    pub busy: bool,
    pub started: Instant,
}

struct Body {
    received: usize,
    closes: bool,
}

impl Connection {
    pub fn open(address: SocketAddr, exchange: &Exchange) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let websocket = exchange.upgrade.as_ref().map(|upgrade| upgrade.perform(&mut stream)).transpose()?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            turn: 0,
            sent: 0,
            head: Vec::new(),
            body: None,
            websocket,
            busy: false,
            started: Instant::now(),
        })
    }

    /// Sends the request, as much of it as the socket takes.
    pub fn start(&mut self, exchange: &Exchange, now: Instant) -> io::Result<()> {
        self.turn = (self.turn + 1) % exchange.requests.len();
        self.sent = 0;
        self.head.clear();
        self.body = None;
        if let Some(reader) = &mut self.websocket {
            reader.start();
        }
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
        let request = &exchange.requests[self.turn].bytes;
        // What the server's pings are owed has room between two messages only.
        if self.sent == 0 && !self.send_pongs()? {
            return Ok(());
        }
        if write(&mut self.stream, request, &mut self.sent)? {
            self.send_pongs()?;
        }
        Ok(())
    }

    fn send_pongs(&mut self) -> io::Result<bool> {
        let Some(reader) = &mut self.websocket else { return Ok(true) };
        let mut sent = 0;
        let all = write(&mut self.stream, &reader.pongs, &mut sent)?;
        reader.pongs.drain(..sent);
        Ok(all)
    }

    fn take(&mut self, exchange: &Exchange, received: &[u8]) -> Progress {
        let request = &exchange.requests[self.turn];
        if let Some(reader) = &mut self.websocket {
            return match reader.take(&request.expected, received) {
                Ok(false) => Progress::Waiting,
                Ok(true) => Progress::Answered { closes: false },
                Err(why) => Progress::Wrong(why),
            };
        }
        if let Some(body) = &mut self.body {
            return body.take(request, received);
        }
        let front = if self.head.is_empty() {
            received
        } else {
            self.head.extend_from_slice(received);
            &self.head
        };
        match exchange.head(request, front) {
            Head::Wrong(why) => Progress::Wrong(why),
            Head::Incomplete => {
                if self.head.is_empty() {
                    self.head.extend_from_slice(received);
                }
                Progress::Waiting
            }
            Head::Right { bytes, closes } => {
                self.body.insert(Body { received: 0, closes }).take(request, &front[bytes..])
            }
        }
    }
}

impl Body {
    fn take(&mut self, request: &Request, received: &[u8]) -> Progress {
        let missing = &request.expected[self.received..];
        if received.len() > missing.len() {
            return Progress::Wrong("bytes after the answer".into());
        }
        if received != &missing[..received.len()] {
            return Progress::Wrong("the body differs".into());
        }
        self.received += received.len();
        if self.received < request.expected.len() {
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

/// Writes on from where the last call stopped, and says whether all has left.
fn write(stream: &mut TcpStream, bytes: &[u8], sent: &mut usize) -> io::Result<bool> {
    while *sent < bytes.len() {
        match stream.write(&bytes[*sent..]) {
            Ok(written) => *sent += written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
