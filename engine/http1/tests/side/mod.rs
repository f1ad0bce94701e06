//! One side of a connection under test: a machine, its buffers and a clock that the test moves.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http1::{Body, Config, Connection, Error, Event, Request, RequestHead, Response, ResponseHead, Trailers};
use machine::{Close, Machine, Next, Outbox};

pub(crate) struct Side {
    pub(crate) machine: Connection,
    pub(crate) rx: BytesMut,
    pub(crate) tx: Outbox,
    pub(crate) now: Instant,
}

pub(crate) type Answer = Result<Next<Event>, Error>;

impl Side {
    pub(crate) fn server() -> Self {
        Self::server_with(Config::default())
    }

    pub(crate) fn server_with(config: Config) -> Self {
        Self::new(Connection::server(Arc::new(config)))
    }

    pub(crate) fn client() -> Self {
        Self::new(Connection::client(Arc::new(Config::default())))
    }

    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; tests only add to it")]
    fn new(machine: Connection) -> Self {
        Self { machine, rx: BytesMut::new(), tx: Outbox::new(), now: Instant::now() }
    }

    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.rx.extend_from_slice(bytes.as_ref());
        self
    }

    pub(crate) fn eof(&mut self) -> &mut Self {
        self.machine.handle_eof(self.now);
        self
    }

    /// Moves the clock, and calls the machine where it asked to be called.
    pub(crate) fn wait(&mut self, span: Duration) -> &mut Self {
        let until = self.now + span;
        while let Some(due) = self.machine.poll_timeout().filter(|&due| due <= until) {
            self.now = due;
            self.machine.handle_timeout(due);
            assert!(self.machine.poll_timeout().is_none_or(|next| next > due), "a deadline stays after it has passed");
        }
        self.now = until;
        self
    }

    pub(crate) fn poll(&mut self) -> Answer {
        self.machine.poll_event(self.now, &mut self.rx)
    }

    /// Events up to the first other answer, and that answer.
    pub(crate) fn events(&mut self) -> (Vec<Event>, Answer) {
        let mut events = Vec::new();
        loop {
            match self.poll() {
                Ok(Next::Event(event)) => events.push(event),
                answer => return (events, answer),
            }
        }
    }

    /// What the machine has for the wire.
    pub(crate) fn sent(&mut self) -> String {
        self.machine.poll_transmit(self.now, &mut self.tx);
        let mut bytes = Vec::new();
        while !self.tx.is_empty() {
            let mut slices = [IoSlice::new(&[]); 8];
            let filled = self.tx.slices(&mut slices);
            let piece: Vec<u8> = slices.iter().take(filled).flat_map(|slice| slice.iter().copied()).collect();
            self.tx.advance(piece.len());
            bytes.extend(piece);
        }
        self.tx.clear();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[track_caller]
    pub(crate) fn request(&mut self) -> RequestHead {
        match self.poll() {
            Ok(Next::Event(Event::Request(head))) => head,
            other => panic!("no request: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn response(&mut self) -> ResponseHead {
        match self.poll() {
            Ok(Next::Event(Event::Response(head))) => head,
            other => panic!("no response: {other:?}"),
        }
    }

    /// The body up to its end, and the trailers.
    #[track_caller]
    pub(crate) fn body_and_trailers(&mut self) -> (String, Option<Trailers>) {
        let mut body = Vec::new();
        loop {
            match self.poll() {
                Ok(Next::Event(Event::Data(data))) => {
                    assert!(!data.is_empty(), "an empty data event");
                    body.extend_from_slice(&data);
                }
                Ok(Next::Event(Event::End(trailers))) => {
                    return (String::from_utf8_lossy(&body).into_owned(), trailers);
                }
                other => panic!("no end of the body: {other:?}"),
            }
        }
    }

    #[track_caller]
    pub(crate) fn body(&mut self) -> String {
        self.body_and_trailers().0
    }

    /// A whole request without a body.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> RequestHead {
        self.feed(format!("GET {target} HTTP/1.1\r\nhost: test\r\n\r\n"));
        let head = self.request();
        assert_eq!(self.body(), "");
        head
    }

    /// Responds with the whole of a body; gives what went over the wire.
    #[track_caller]
    pub(crate) fn answer(&mut self, body: &str) -> String {
        self.answer_with(response(200, &[]), body)
    }

    #[track_caller]
    pub(crate) fn answer_with(&mut self, response: Response, body: &str) -> String {
        self.try_answer(response, Body::Whole(body.len() as u64), body);
        self.sent()
    }

    #[track_caller]
    pub(crate) fn stream_with(&mut self, response: Response, body: &str) -> String {
        self.try_answer(response, Body::Stream, body);
        self.sent()
    }

    #[track_caller]
    fn try_answer(&mut self, response: Response, kind: Body, body: &str) {
        let result = self
            .machine
            .respond(response, kind)
            .and_then(|()| self.machine.send(Bytes::copy_from_slice(body.as_bytes())))
            .and_then(|()| self.machine.finish(None));
        assert_eq!(result, Ok(()));
    }

    #[track_caller]
    pub(crate) fn closes(&mut self, close: Close) {
        assert_eq!(self.poll(), Ok(Next::Closed(close)));
        assert_eq!(self.machine.poll_timeout(), None, "a closed machine has a deadline");
    }
}

#[track_caller]
pub(crate) fn response(status: u16, fields: &[(&str, &str)]) -> Response {
    let Ok(mut response) = Response::new(status) else { panic!("{status} is no status") };
    for (name, value) in fields {
        assert_eq!(response.field(name.as_bytes(), value.as_bytes()), Ok(()), "{name}: {value}");
    }
    response
}

#[track_caller]
pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request {
    let Ok(mut request) = Request::new(method.as_bytes(), target.as_bytes()) else { panic!("{method} {target}") };
    for (name, value) in fields {
        assert_eq!(request.field(name.as_bytes(), value.as_bytes()), Ok(()), "{name}: {value}");
    }
    request
}

/// Whole, and byte by byte: refused with that error, answered with its status, and nothing parsed behind it.
#[track_caller]
pub(crate) fn refused(bytes: impl AsRef<[u8]>, error: Error) {
    refused_with(Config::default(), bytes.as_ref(), error);
}

#[track_caller]
pub(crate) fn refused_with(config: Config, bytes: &[u8], error: Error) {
    const SMUGGLED: &[u8] = b"GET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n";
    let stream = [bytes, SMUGGLED].concat();
    for step in [1, 3, stream.len()] {
        let shown = || String::from_utf8_lossy(bytes).into_owned();
        let mut side = Side::server_with(config.clone());
        let mut answer = Ok(Next::NeedInput);
        for piece in stream.chunks(step) {
            let (events, last) = side.feed(piece).events();
            for event in events {
                let smuggled = matches!(&event, Event::Request(head) if head.target() == b"/smuggled");
                assert!(!smuggled, "a smuggled request was read behind {:?}", shown());
            }
            answer = last;
            if answer.is_err() {
                break;
            }
        }
        assert_eq!(answer, Err(error), "{:?} by {step}", shown());
        assert_eq!(error.close(), Close::Linger);
        assert_eq!(side.poll(), Err(error), "the error does not stay");
        let farewell = side.sent();
        let start = format!("HTTP/1.1 {} {}\r\n", error.status(), http1::reason(error.status()));
        assert!(farewell.starts_with(&start), "{farewell:?} to {:?}", shown());
        assert!(farewell.contains("\r\nconnection: close\r\n"), "{farewell:?}");
        assert_eq!(side.sent(), "", "a second farewell");
        assert_eq!(side.machine.poll_timeout(), None);
    }
}
