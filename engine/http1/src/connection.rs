//! One side of an HTTP/1 connection: two halves, each message of one answered by a message of the other.
//!
//! ```text
//!   incoming   Head ──head──> Body ──end──> Complete ─┐
//!     ^                                               │ both at their end, and kept alive: the next exchange
//!   outgoing   Idle ──(request)──> Due ──head──> Body ┴──> Idle
//! ```
//!
//! Server: a request makes the response due, and the next request is not read before it is finished. Client: a request
//! given makes its response due. `Failed`, `Over` and `Switched` are final.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{Close, Deadlines, Machine, Next, Outbox, Timer};

use crate::decoder::{Decoded, Decoder};
use crate::encoder::Encoder;
use crate::request::Method;
use crate::scanner::{Bounds, Scanner};
use crate::{Body, response};
use crate::{Config, Error, Event, Misuse, Request, RequestHead, Response, ResponseHead, Trailers, Version, split};

/// Which side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends requests.
    Client,
    /// Answers them.
    Server,
}

/// An HTTP/1 connection.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    role: Role,
    end: Option<End>,
    incoming: Incoming,
    outgoing: Outgoing,
    exchange: Exchange,
    /// Requests sent and not answered (client role).
    asked: VecDeque<Method>,
    out: Outbox,
    timers: Deadlines<2>,
    keep_alive: bool,
    shutdown: bool,
    eof: bool,
    /// Something of a head has arrived.
    begun: bool,
    /// The connection has carried a complete head, or its first deadline is set.
    greeted: bool,
}

/// How the connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Failed(Error),
    Over(Close),
    Switched,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Incoming {
    Head(Scanner),
    Body(Decoder),
    /// The response is finished and nobody wants the rest: so much of it is dropped (server role).
    Unwanted(Decoder, u64),
    Complete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outgoing {
    Idle,
    Due,
    Body(Encoder),
}

/// What the request under way decides (server role).
#[derive(Debug, Clone, Copy)]
struct Exchange {
    version: Version,
    method: Method,
    expects_continue: bool,
    upgrades: bool,
}

#[derive(Debug, Clone, Copy)]
enum Deadline {
    Head,
    Idle,
}

impl Timer for Deadline {
    fn index(self) -> usize {
        self as usize
    }
}

impl Connection {
    /// The side that answers requests.
    pub fn server(config: Arc<Config>) -> Self {
        Self::new(Role::Server, config)
    }

    /// The side that sends requests.
    pub fn client(config: Arc<Config>) -> Self {
        Self::new(Role::Client, config)
    }

    fn new(role: Role, config: Arc<Config>) -> Self {
        let exchange =
            Exchange { version: Version::Http11, method: Method::Other, expects_continue: false, upgrades: false };
        Self {
            config,
            role,
            end: None,
            incoming: Incoming::Head(Scanner::default()),
            outgoing: Outgoing::Idle,
            exchange,
            asked: VecDeque::new(),
            out: Outbox::new(),
            timers: Deadlines::new(),
            keep_alive: true,
            shutdown: false,
            eof: false,
            begun: false,
            greeted: false,
        }
    }

    /// Gives the head of the response under way, 200 and up; or 101, with the request's Upgrade, which hands the
    /// connection over.
    pub fn respond(&mut self, response: Response, body: Body) -> Result<(), Misuse> {
        self.check(Role::Server)?;
        match self.outgoing {
            Outgoing::Idle => return Err(Misuse::NoRequest),
            Outgoing::Body(_) => return Err(Misuse::AlreadyResponded),
            Outgoing::Due => {}
        }
        let status = response.status();
        let switches = status == 101 || (self.exchange.method == Method::Connect && (200..300).contains(&status));
        if status == 101 && !(self.exchange.upgrades && response.fields.upgrade)
            || (100..200).contains(&status) && !switches
        {
            return Err(Misuse::InvalidStatus);
        }
        if switches {
            self.out.push_buffer(response.finish_interim());
            self.finish_with(End::Switched);
            return Ok(());
        }
        // A body that was never asked for may still come, or not: the connection cannot be read on.
        let keep_alive = self.keep_alive && !self.shutdown && !self.exchange.expects_continue;
        let context = response::Context {
            to_head: self.exchange.method == Method::Head,
            chunks: self.exchange.version == Version::Http11,
            keep_alive,
        };
        let (head, encoder, keep_alive) = response.finish(body, &context);
        self.out.push_buffer(head);
        self.outgoing = Outgoing::Body(encoder);
        self.keep_alive = keep_alive;
        Ok(())
    }

    /// Sends an interim response (102 to 199) ahead of the final one; HTTP/1.0 clients are spared it.
    pub fn inform(&mut self, response: Response) -> Result<(), Misuse> {
        self.check(Role::Server)?;
        if !matches!(response.status(), 102..=199) {
            return Err(Misuse::InvalidStatus);
        }
        match self.outgoing {
            Outgoing::Idle => Err(Misuse::NoRequest),
            Outgoing::Body(_) => Err(Misuse::AlreadyResponded),
            Outgoing::Due => {
                if self.exchange.version == Version::Http11 {
                    self.out.push_buffer(response.finish_interim());
                }
                Ok(())
            }
        }
    }

    /// The application reads the body: a client that waits for `100 Continue` gets it, unless the body has begun.
    pub fn proceed(&mut self) {
        if self.end.is_none() && self.outgoing == Outgoing::Due && self.exchange.expects_continue {
            self.exchange.expects_continue = false;
            self.out.extend(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }

    /// Gives the head of a request; the one before must be finished, its response need not have come.
    pub fn request(&mut self, request: Request, body: Body) -> Result<(), Misuse> {
        self.check(Role::Client)?;
        if self.outgoing != Outgoing::Idle {
            return Err(Misuse::AlreadyResponded);
        }
        if !self.keep_alive || self.shutdown {
            return Err(Misuse::Closed);
        }
        self.asked.push_back(request.method());
        let (head, encoder, keep_alive) = request.finish(body);
        self.out.push_buffer(head);
        self.outgoing = Outgoing::Body(encoder);
        self.keep_alive = keep_alive;
        Ok(())
    }

    /// Sends body data.
    pub fn send(&mut self, data: Bytes) -> Result<(), Misuse> {
        self.check(self.role)?;
        match &mut self.outgoing {
            Outgoing::Body(encoder) => encoder.data(data, &mut self.out),
            _ => Err(Misuse::NotStarted),
        }
    }

    /// Ends the body.
    pub fn finish(&mut self, trailers: Option<Trailers>) -> Result<(), Misuse> {
        self.check(self.role)?;
        let Outgoing::Body(encoder) = self.outgoing else { return Err(Misuse::NotStarted) };
        encoder.end(trailers.as_ref(), &mut self.out)?;
        self.outgoing = Outgoing::Idle;
        if self.role == Role::Server
            && let Incoming::Body(decoder) = &self.incoming
        {
            self.incoming = Incoming::Unwanted(decoder.clone(), 0);
        }
        self.next_exchange();
        Ok(())
    }

    /// Gives the message under way up: nothing more of it is sent, and the connection ends.
    pub fn abort(&mut self) {
        // Where the close is the body's end, only a missing rest of the bytes can tell that it was cut.
        let close = match self.outgoing {
            Outgoing::Body(Encoder::UntilClose) => Close::Now,
            _ => Close::Flush,
        };
        self.finish_with(End::Over(close));
    }

    /// No exchange after the one under way.
    pub fn shutdown(&mut self) {
        self.shutdown = true;
    }

    /// Whether the connection is between exchanges, with nothing read of the next.
    pub fn is_idle(&self) -> bool {
        self.end.is_none()
            && self.outgoing == Outgoing::Idle
            && matches!(self.incoming, Incoming::Head(_))
            && !self.begun
            && self.asked.is_empty()
    }

    /// Whether the peer's message under way has been read to its end.
    pub fn request_complete(&self) -> bool {
        self.incoming == Incoming::Complete
    }

    /// Whether another exchange may follow.
    pub fn keeps_alive(&self) -> bool {
        self.end.is_none() && self.keep_alive && !self.shutdown
    }

    fn check(&self, role: Role) -> Result<(), Misuse> {
        match self.end {
            Some(_) => Err(Misuse::Closed),
            None if self.role != role => Err(Misuse::OtherRole),
            None => Ok(()),
        }
    }

    fn finish_with(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.timers = Deadlines::new();
        }
    }

    /// Begins the next exchange if both halves are at their end.
    fn next_exchange(&mut self) {
        if self.incoming == Incoming::Complete && self.outgoing == Outgoing::Idle && self.keep_alive {
            self.incoming = Incoming::Head(Scanner::default());
        }
    }

    fn fail(&mut self, error: Error) -> Result<Next<Event>, Error> {
        let unanswered = matches!(self.outgoing, Outgoing::Idle | Outgoing::Due);
        if self.role == Role::Server && unanswered {
            self.say_farewell(error);
        }
        self.finish_with(End::Failed(error));
        Err(error)
    }

    fn say_farewell(&mut self, error: Error) {
        let words = error.words();
        let Ok(mut response) = Response::new(error.status()) else { return };
        if response.field(b"content-type", b"text/plain; charset=utf-8").is_err() {
            return;
        }
        let context = response::Context { to_head: false, chunks: true, keep_alive: false };
        let (head, _, _) = response.finish(Body::Whole(words.len() as u64), &context);
        self.out.push_buffer(head);
        self.out.extend(words.as_bytes());
    }

    fn step(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Option<Next<Event>>, Error> {
        match &mut self.incoming {
            Incoming::Head(_) => self.head(now, rx).map(Some),
            Incoming::Body(decoder) => match decoder.poll(rx, &self.config.limits, self.eof)? {
                Decoded::NeedInput => Ok(Some(Next::NeedInput)),
                Decoded::Data(data) => {
                    // The body comes unasked: nobody waits for the interim response any more.
                    self.exchange.expects_continue = false;
                    Ok(Some(Next::Event(Event::Data(data))))
                }
                Decoded::End(trailers) => {
                    self.exchange.expects_continue = false;
                    self.incoming = Incoming::Complete;
                    // A server's exchange goes on with the response.
                    if self.role == Role::Client {
                        self.next_exchange();
                    }
                    Ok(Some(Next::Event(Event::End(trailers))))
                }
            },
            Incoming::Unwanted(decoder, dropped) => match decoder.poll(rx, &self.config.limits, self.eof)? {
                Decoded::End(_) => {
                    self.incoming = Incoming::Complete;
                    self.next_exchange();
                    Ok(None)
                }
                _ if !self.keep_alive => {
                    self.finish_with(End::Over(Close::Linger));
                    Ok(None)
                }
                Decoded::NeedInput => Ok(Some(Next::NeedInput)),
                Decoded::Data(data) => {
                    *dropped += data.len() as u64;
                    if *dropped > self.config.limits.drain {
                        self.finish_with(End::Over(Close::Linger));
                    }
                    Ok(None)
                }
            },
            Incoming::Complete if self.outgoing == Outgoing::Idle => {
                // Unread bytes would turn the close into a reset, and the peer might lose the response.
                let close = if rx.is_empty() { Close::Flush } else { Close::Linger };
                self.finish_with(End::Over(close));
                Ok(None)
            }
            Incoming::Complete => Ok(Some(Next::Paused)),
        }
    }

    fn head(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        if !self.begun {
            // One empty line in front of a request is forgiven (RFC 9112, section 2.2); `begun` marks it used.
            if self.role == Role::Server && rx.starts_with(b"\r\n") {
                split::skip(rx, 2);
                self.begun = true;
            } else if rx.first().is_some_and(|byte| *byte != b'\r') || rx.len() > 1 {
                self.begun = true;
            }
        }
        if rx.is_empty() && (self.eof || (self.shutdown && self.asked.is_empty())) {
            return self.end_between();
        }
        let Incoming::Head(scanner) = &mut self.incoming else { return Ok(Next::Paused) };
        let bounds = Bounds::head(&self.config.limits);
        let Some(length) = scanner.scan(rx, &bounds)? else {
            if self.eof {
                return Err(Error::Truncated);
            }
            self.set_timers(now, rx);
            return Ok(Next::NeedInput);
        };
        let lines = scanner.lines;
        if lines == 0 {
            return Err(if self.role == Role::Server { Error::RequestLine } else { Error::StatusLine });
        }
        self.timers = Deadlines::new();
        self.begun = false;
        self.greeted = true;
        let head = split::take_mut(rx, length);
        match self.role {
            Role::Server => self.take_request(RequestHead::read(head, lines)?),
            Role::Client => self.take_response(ResponseHead::read(head, lines)?),
        }
    }

    fn end_between(&mut self) -> Result<Next<Event>, Error> {
        if self.role == Role::Client && !self.asked.is_empty() {
            return Err(Error::Truncated);
        }
        self.finish_with(End::Over(Close::Flush));
        Ok(Next::Closed(Close::Flush))
    }

    fn take_request(&mut self, head: RequestHead) -> Result<Next<Event>, Error> {
        let framing = head.framing();
        self.incoming = Incoming::Body(framing.request_body());
        self.outgoing = Outgoing::Due;
        self.keep_alive = framing.keep_alive;
        self.exchange = Exchange {
            version: head.version(),
            method: match head.method() {
                b"HEAD" => Method::Head,
                b"CONNECT" => Method::Connect,
                _ => Method::Other,
            },
            expects_continue: framing.expects_continue
                && (framing.chunked || framing.content_length.is_some_and(|n| n > 0)),
            upgrades: head.upgrade().is_some(),
        };
        Ok(Next::Event(Event::Request(head)))
    }

    fn take_response(&mut self, head: ResponseHead) -> Result<Next<Event>, Error> {
        let Some(method) = self.asked.front().copied() else { return Err(Error::Unasked) };
        let status = head.status();
        if (100..200).contains(&status) && status != 101 {
            return Ok(Next::Event(Event::Informational(head)));
        }
        self.asked.pop_front();
        if status == 101 || (method == Method::Connect && (200..300).contains(&status)) {
            self.finish_with(End::Switched);
            return Ok(Next::Event(Event::Response(head)));
        }
        let framing = head.framing();
        let bodiless = method == Method::Head || matches!(status, 204 | 304);
        let body = if bodiless { Decoder::Length(0) } else { framing.response_body() };
        self.keep_alive &= framing.keep_alive && body != Decoder::UntilEof;
        self.incoming = Incoming::Body(body);
        Ok(Next::Event(Event::Response(head)))
    }

    /// Waiting for a head: for its rest, or for its first byte.
    fn set_timers(&mut self, now: Instant, rx: &BytesMut) {
        if self.role == Role::Client {
            return;
        }
        let started = self.begun || !rx.is_empty();
        if started || !self.greeted {
            self.timers.clear(Deadline::Idle);
            if self.timers.at(Deadline::Head).is_none() {
                self.timers.set(Deadline::Head, now + self.config.header_timeout);
            }
        } else if self.timers.at(Deadline::Idle).is_none() {
            self.timers.set(Deadline::Idle, now + self.config.keep_alive_timeout);
        }
    }
}

impl Machine for Connection {
    type Event = Event;
    type Error = Error;

    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        loop {
            match self.end {
                Some(End::Failed(error)) => return Err(error),
                Some(End::Over(close)) => return Ok(Next::Closed(close)),
                Some(End::Switched) => return Ok(Next::Switched),
                None => {}
            }
            match self.step(now, rx) {
                Ok(Some(next)) => return Ok(next),
                Ok(None) => {}
                Err(error) => return self.fail(error),
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        if tx.len() < self.config.high_water {
            tx.append(&mut self.out);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.timers.expire(Deadline::Idle, now) {
            self.finish_with(End::Over(Close::Flush));
        }
        if self.timers.expire(Deadline::Head, now) {
            if self.begun {
                // The error comes out of the next poll, its farewell of the next transmit.
                let _ = self.fail(Error::Timeout);
            } else {
                self.finish_with(End::Over(Close::Flush));
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
