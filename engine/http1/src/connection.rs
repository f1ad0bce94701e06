//! The machine: how the reading side, the sending side and the connection's end belong together.
//!
//! ```text
//!   server, reading   Head ──head──> Body ──end──> Complete ─┐   both complete, and kept:
//!   server, sending   Idle ──head──> Owed ──respond──> Body ──finish──> Complete ─┤   Head and Idle again
//!
//!   client, sending   Idle ──request──> Body ──finish──> Complete ─┐
//!   client, reading   Head ──head──> Body ──end──> Complete ───────┤   Head and Idle again
//!
//!   the connection    Open ──peer's fault──> Failed        (answered first, if no response was begun)
//!                      ├────over, aborted, too late──> Closed
//!                      └────101, CONNECT: both complete──> Switched
//! ```

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use machine::{Close, Deadlines, Machine, Next, Outbox, front};

use crate::chunked::{Chunked, Piece};
use crate::receive::{Reader, Receive};
use crate::request::Kind;
use crate::scan::{Bounds, Scan};
use crate::timer::Timer;
use crate::transmit::Transmit;
use crate::{Config, Error, Event, RequestHead, ResponseHead, Role, Version, parse, reason};

/// One side of an HTTP/1 connection.
///
/// The server side reads a request, answers [`Next::Paused`] after its end until the response is finished, and then goes
/// on with what is in `rx`: pipelining with back-pressure. What is left of a request whose response is finished is
/// discarded without events if it is small ([`Limits::drain`](crate::Limits::drain)), else the connection ends.
#[derive(Debug)]
pub struct Connection {
    pub(crate) config: Arc<Config>,
    pub(crate) role: Role,
    pub(crate) receive: Receive,
    pub(crate) transmit: Transmit,
    pub(crate) end: End,
    pub(crate) out: Outbox,
    deadlines: Deadlines<2>,
    /// What may still be discarded of a body that nobody reads.
    pub(crate) drain: u64,
    /// The version of the request under way.
    pub(crate) version: Version,
    /// The kind of the request under way.
    pub(crate) kind: Kind,
    /// The request under way would switch to another protocol.
    pub(crate) upgrade: bool,
    /// The client waits for `100 Continue`, and has sent nothing of the body.
    pub(crate) expecting: bool,
    /// After the message under way there may be another one.
    pub(crate) keep: bool,
    pub(crate) shutdown: bool,
    /// Another protocol follows when both sides are complete.
    pub(crate) switching: bool,
    eof: bool,
    /// A head was read before.
    begun: bool,
    /// An empty line was skipped in front of the head.
    skipped: bool,
    /// The last look left bytes in `rx`.
    leftover: bool,
}

/// Whether the connection is over, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    Closed(Close),
    Failed(Error),
}

/// A look at the input: the answer, or nothing when the state has changed and another look is needed.
type Look = Option<Next<Event>>;

impl Connection {
    /// The side that answers requests.
    pub fn server(config: Arc<Config>) -> Self {
        Self::new(config, Role::Server)
    }

    /// The side that sends requests.
    pub fn client(config: Arc<Config>) -> Self {
        Self::new(config, Role::Client)
    }

    /// Between messages, with nothing read of the next one.
    pub fn is_idle(&self) -> bool {
        let between = self.receive == Receive::Complete && self.transmit == Transmit::Complete && self.keep;
        let untouched = self.receive.is_untouched() && self.transmit == Transmit::Idle;
        self.end == End::Open && !self.switching && (untouched || between)
    }

    /// The peer's current message has been read to its end.
    pub fn request_complete(&self) -> bool {
        self.receive == Receive::Complete
    }

    /// After the message under way there may be another one.
    pub fn keeps_alive(&self) -> bool {
        self.keep && self.end == End::Open
    }

    fn new(config: Arc<Config>, role: Role) -> Self {
        Self {
            config,
            role,
            receive: Receive::Head(Scan::default()),
            transmit: Transmit::Idle,
            end: End::Open,
            out: Outbox::new(),
            deadlines: Deadlines::new(),
            drain: 0,
            version: Version::Http11,
            kind: Kind::Other,
            upgrade: false,
            expecting: false,
            keep: true,
            shutdown: false,
            switching: false,
            eof: false,
            begun: false,
            skipped: false,
            leftover: false,
        }
    }
}

impl Machine for Connection {
    type Event = Event;
    type Error = Error;

    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        let next = loop {
            match self.end {
                End::Open => {}
                End::Closed(close) => break Ok(Next::Closed(close)),
                End::Failed(error) => break Err(error),
            }
            let look = match (self.receive, self.role) {
                (Receive::Head(scan), Role::Server) => self.look_for_request(now, scan, rx),
                (Receive::Head(scan), Role::Client) => self.look_for_response(scan, rx),
                (Receive::Body(reader), _) => self.look_for_body(now, reader, rx),
                (Receive::Complete, _) => self.look_beyond(rx),
            };
            if let Some(next) = look {
                break Ok(next);
            }
        };
        self.leftover = !rx.is_empty();
        next
    }

    fn poll_transmit(&mut self, now: Instant, tx: &mut Outbox) {
        if !self.out.is_empty() && tx.len() < self.config.high_water {
            tx.append(&mut self.out);
        }
        // Whoever has sent a response and waits for readiness must find a deadline.
        if self.role == Role::Server && self.is_idle() && !self.leftover {
            self.turn();
            self.await_request(now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadlines.expire(Timer::Idle, now) {
            self.close(Close::Flush);
        }
        if self.deadlines.expire(Timer::Arrival, now) {
            match self.receive {
                Receive::Head(scan) if scan.is_untouched() => self.close(Close::Flush),
                Receive::Head(_) => self.fail(Error::HeadTimeout),
                Receive::Body(_) | Receive::Complete => self.close(Close::Linger),
            }
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        self.out.len()
    }
}

impl Connection {
    fn look_for_request(&mut self, now: Instant, mut scan: Scan, rx: &mut BytesMut) -> Look {
        // A client may send an empty line after a body (RFC 9112, section 2.2); one is forgiven.
        if !self.skipped && rx.starts_with(b"\r\n") {
            self.skipped = true;
            self.receive = Receive::Head(Scan::default());
            front::skip(rx, 2);
            return None;
        }
        if rx.is_empty() {
            if self.eof || self.shutdown {
                self.close(Close::Flush);
                return None;
            }
            self.await_request(now);
            return Some(Next::NeedInput);
        }
        self.deadlines.clear(Timer::Idle);
        if self.deadlines.at(Timer::Arrival).is_none() {
            self.deadlines.set(Timer::Arrival, now + self.config.header_timeout);
        }
        let found = scan.advance(rx, &Bounds::head(&self.config.limits, Role::Server));
        self.receive = Receive::Head(scan);
        match found {
            Ok(None) if self.eof => self.fail(Error::Truncated),
            Ok(None) => return Some(Next::NeedInput),
            Ok(Some(block)) => match parse::request(front::take(rx, block.length), block) {
                Ok(head) => return Some(Next::Event(self.begin_request(head))),
                Err(error) => self.fail(error),
            },
            Err(error) => self.fail(error),
        }
        None
    }

    fn begin_request(&mut self, head: RequestHead) -> Event {
        let reader = match head.content_length() {
            _ if head.is_chunked() => Reader::Chunked(Chunked::new()),
            length => Reader::Length(length.unwrap_or(0)),
        };
        self.deadlines = Deadlines::new();
        self.begun = true;
        self.skipped = false;
        self.version = head.version();
        self.kind = Kind::of(head.method());
        self.upgrade = head.upgrade().is_some();
        self.expecting = head.expects_continue() && reader != Reader::Length(0);
        self.keep = head.keeps_alive() && !self.shutdown;
        self.receive = Receive::Body(reader);
        self.transmit = Transmit::Owed;
        Event::Request(head)
    }

    fn look_for_response(&mut self, mut scan: Scan, rx: &mut BytesMut) -> Look {
        match (self.transmit == Transmit::Idle, rx.is_empty()) {
            (true, true) if self.eof || self.shutdown => {
                self.close(Close::Flush);
                return None;
            }
            (true, true) => return Some(Next::NeedInput),
            (true, false) => {
                self.fail(Error::UnexpectedResponse);
                return None;
            }
            (false, _) => {}
        }
        let found = scan.advance(rx, &Bounds::head(&self.config.limits, Role::Client));
        self.receive = Receive::Head(scan);
        let head = match found {
            Ok(None) if self.eof => Err(Error::Truncated),
            Ok(None) => return Some(Next::NeedInput),
            Ok(Some(block)) => parse::response(front::take(rx, block.length), block),
            Err(error) => Err(error),
        };
        match head.and_then(|head| self.begin_response(head)) {
            Ok(event) => Some(Next::Event(event)),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn begin_response(&mut self, head: ResponseHead) -> Result<Event, Error> {
        let status = head.status();
        if status == 101 {
            if !self.upgrade || head.upgrade().is_none() {
                return Err(Error::UnexpectedSwitch);
            }
            self.switching = true;
        } else if status < 200 {
            self.receive = Receive::Head(Scan::default());
            return Ok(Event::Informational(head));
        }
        let tunnel = self.kind == Kind::Connect && status < 300;
        self.switching |= tunnel;
        let reader = match head.content_length() {
            _ if self.switching || self.kind == Kind::Head || matches!(status, 204 | 304) => Reader::Length(0),
            _ if head.is_chunked() => Reader::Chunked(Chunked::new()),
            Some(length) => Reader::Length(length),
            None => Reader::UntilClose,
        };
        self.keep &= head.keeps_alive() && reader != Reader::UntilClose;
        self.receive = Receive::Body(reader);
        Ok(Event::Response(head))
    }

    fn look_for_body(&mut self, now: Instant, mut reader: Reader, rx: &mut BytesMut) -> Look {
        let unread = self.role == Role::Server && self.transmit == Transmit::Complete && !self.switching;
        if unread && (!self.keep || reader.exceeds(self.drain)) && reader != Reader::Length(0) {
            self.close_unread();
            return None;
        }
        self.expecting &= rx.is_empty();
        let piece = reader.poll(rx, &self.config.limits, self.eof);
        self.receive = Receive::Body(reader);
        match piece {
            Ok(Piece::Nothing) => {
                if unread && self.deadlines.at(Timer::Arrival).is_none() {
                    self.deadlines.set(Timer::Arrival, now + self.config.header_timeout);
                }
                Some(Next::NeedInput)
            }
            Ok(Piece::End(trailers)) => {
                self.deadlines.clear(Timer::Arrival);
                self.receive = Receive::Complete;
                (!unread).then_some(Next::Event(Event::End(trailers)))
            }
            Ok(Piece::Data(data)) if !unread => Some(Next::Event(Event::Data(data))),
            Ok(Piece::Data(data)) => {
                match self.drain.checked_sub(data.len() as u64) {
                    Some(rest) => self.drain = rest,
                    None => self.close_unread(),
                }
                None
            }
            Err(_) if unread => {
                self.close_unread();
                None
            }
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    fn look_beyond(&mut self, rx: &BytesMut) -> Look {
        if self.switching {
            return Some(Next::Switched);
        }
        // Nobody reads on behind the last response.
        let over = self.transmit == Transmit::Complete || (self.role == Role::Client && !self.keep);
        match (over, self.keep) {
            (false, _) => return Some(Next::Paused),
            (true, true) => self.turn(),
            // What the client has sent behind its last request must not reset the connection under the response.
            (true, false) if self.eof || rx.is_empty() => self.close(Close::Flush),
            (true, false) => self.close(Close::Linger),
        }
        None
    }

    /// From one exchange to the next.
    fn turn(&mut self) {
        if self.receive == Receive::Complete {
            self.receive = Receive::Head(Scan::default());
            self.transmit = Transmit::Idle;
        }
    }

    fn await_request(&mut self, now: Instant) {
        let (timer, wait) = match self.begun {
            true => (Timer::Idle, self.config.keep_alive_timeout),
            false => (Timer::Arrival, self.config.header_timeout),
        };
        if self.deadlines.at(timer).is_none() {
            self.deadlines.set(timer, now + wait);
        }
    }

    fn close_unread(&mut self) {
        self.close(if self.eof { Close::Flush } else { Close::Linger });
    }

    pub(crate) fn close(&mut self, close: Close) {
        if self.end == End::Open {
            self.end = End::Closed(close);
            self.deadlines = Deadlines::new();
        }
    }

    /// Ends the connection by the peer's fault; a server that has not begun a response says so.
    fn fail(&mut self, error: Error) {
        if self.end != End::Open {
            return;
        }
        self.end = End::Failed(error);
        self.deadlines = Deadlines::new();
        if self.role == Role::Server && matches!(self.transmit, Transmit::Idle | Transmit::Owed) {
            self.say_farewell(error);
        }
    }

    fn say_farewell(&mut self, error: Error) {
        let (status, words) = (error.status(), error.words());
        let (mut code, mut length) = (itoa::Buffer::new(), itoa::Buffer::new());
        for part in [
            "HTTP/1.1 ",
            code.format(status),
            " ",
            reason(status),
            "\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: ",
            length.format(words.len()),
            "\r\n\r\n",
        ] {
            self.out.extend(part.as_bytes());
        }
        let silent = self.transmit == Transmit::Owed && self.kind == Kind::Head;
        if !silent {
            self.out.extend(words.as_bytes());
        }
    }
}
