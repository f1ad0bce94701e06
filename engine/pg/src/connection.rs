//! The machine: how a session begins and ends. `opening.rs` and `session.rs` have what the server says.
//!
//! ```text
//!   Tls::Negotiate   TlsAsked ──'S'──> Encrypting ──encrypted()──┐
//!                       └──'N', not required──────────────┐      │
//!   Tls::Direct      Direct ──> Encrypting ──encrypted()──┤      │
//!   Tls::None        ─────────────────────────────────────┴──────┴──> Authenticating ──Ok──> Starting ──'Z'──> Ready
//!
//!   from any state   EOF where nothing is owed, or behind a FATAL error ──> Closed
//!                    the server's fault, EOF in the middle              ──> Failed
//! ```

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{Close, Machine, Next, Outbox};

use crate::exchange::{Channel, Exchange};
use crate::flight::{Flight, Phase};
use crate::frontend::{self, COPY_DONE, TERMINATE, TLS_REQUEST};
use crate::request::{copy_fail, copy_head};
use crate::scram::Salted;
use crate::{Error, Event, Fields, Limits, Misuse, Request, Startup, Ticket, Tls, TransactionStatus, Version};

/// The client's side of a connection to a server.
///
/// Requests are queued, and answered in order, each with its own [`Ready`](Event::Ready).
#[derive(Debug)]
pub struct Connection {
    pub(crate) limits: Limits,
    pub(crate) state: State,
    /// What the session begins with; gone once it has begun.
    pub(crate) startup: Option<Box<Startup>>,
    pub(crate) version: Version,
    pub(crate) channel: Channel,
    pub(crate) exchange: Exchange,
    pub(crate) salted: Option<Salted>,
    pub(crate) out: Outbox,
    pub(crate) flights: VecDeque<Flight>,
    /// How many of them were sent, as far as they were given.
    pub(crate) released: usize,
    tickets: u64,
    held: bool,
    pub(crate) status: TransactionStatus,
    /// The names of the settings that the server has reported.
    pub(crate) parameters: Vec<Box<str>>,
    /// The server has said that it will close.
    pub(crate) fatal: bool,
    terminated: bool,
    eof: bool,
}

/// How far the session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    TlsAsked,
    Direct,
    /// The caller is to do the handshake; whether bytes stood behind the server's answer already.
    Encrypting {
        trailing: bool,
    },
    Authenticating,
    Starting,
    Ready,
    Closed(Close),
    Failed(Error),
}

/// A look at the input: the answer, or nothing when the state has changed and another look is needed.
pub(crate) type Look = Result<Option<Next<Event>>, Error>;

impl Connection {
    /// A connection that begins as `startup` says.
    pub fn new(startup: Startup) -> Result<Self, Misuse> {
        // Said now rather than in the middle: what cannot be written.
        let first = frontend::startup(&startup, startup.max_protocol)?;
        if startup.password.as_ref().is_some_and(|password| password.as_str().contains('\0')) {
            return Err(Misuse::Nul);
        }
        let mut connection = Self {
            limits: startup.limits.clone(),
            state: State::Authenticating,
            version: startup.max_protocol,
            channel: Channel::Clear,
            exchange: Exchange::new(),
            salted: None,
            out: Outbox::new(),
            flights: VecDeque::new(),
            released: 0,
            tickets: 0,
            held: false,
            status: TransactionStatus::Idle,
            parameters: Vec::new(),
            fatal: false,
            terminated: false,
            eof: false,
            startup: None,
        };
        match startup.tls {
            Tls::None => connection.out.extend(&first),
            Tls::Direct => connection.state = State::Direct,
            Tls::Negotiate { .. } => {
                connection.out.extend(&TLS_REQUEST);
                connection.state = State::TlsAsked;
            }
        }
        connection.startup = Some(Box::new(startup));
        Ok(connection)
    }

    /// The handshake that [`Encrypt`](Event::Encrypt) asked for is done. `end_point` is the hash of the server's
    /// certificate that SCRAM binds to (RFC 5929, tls-server-end-point), where there is one.
    pub fn encrypted(&mut self, end_point: Option<Vec<u8>>) {
        match self.state {
            State::Encrypting { trailing: false } => {
                self.channel = Channel::Encrypted { end_point: end_point.filter(|hash| !hash.is_empty()) };
                self.open_session();
            }
            State::Encrypting { trailing: true } => self.fail(Error::BytesBeforeTls),
            _ => {}
        }
    }

    /// Queues a request; it is sent when it is its turn. Before the session has begun is early enough.
    pub fn submit(&mut self, request: Request) -> Result<Ticket, Misuse> {
        self.check_open()?;
        request.check()?;
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.flights.push_back(Flight::new(ticket, request));
        Ok(ticket)
    }

    /// More messages of a request that is [`open`](Request::open). Once it has failed they are dropped.
    pub fn extend(&mut self, ticket: Ticket, more: Request) -> Result<(), Misuse> {
        more.check()?;
        if more.simple {
            return Err(Misuse::Mixed);
        }
        self.open_flight(ticket)?.extend(more);
        Ok(())
    }

    /// Nothing more comes to a request that is open.
    pub fn finish(&mut self, ticket: Ticket) -> Result<(), Misuse> {
        self.open_flight(ticket)?.finish();
        Ok(())
    }

    /// Takes back a request of which nothing was sent; whether it could be.
    pub fn withdraw(&mut self, ticket: Ticket) -> bool {
        let at = self.flights.iter().position(|flight| flight.ticket == ticket);
        let unsent = at.filter(|at| *at >= self.released);
        unsent.and_then(|at| self.flights.remove(at)).is_some()
    }

    /// No request is sent from now on; those that were are answered.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Requests are sent again.
    pub fn resume(&mut self) {
        self.held = false;
    }

    /// Copied data, for the request at the head, which was answered [`CopyIn`](Event::CopyIn).
    pub fn copy_data(&mut self, data: Bytes) -> Result<(), Misuse> {
        let head = copy_head(&data)?;
        self.copying_flight()?;
        self.out.extend(&head);
        self.out.push(data);
        Ok(())
    }

    /// All of the data to copy were given.
    pub fn copy_done(&mut self) -> Result<(), Misuse> {
        self.end_copy(&COPY_DONE)
    }

    /// The data to copy cannot be had: the server answers with an error.
    pub fn copy_fail(&mut self, reason: &str) -> Result<(), Misuse> {
        let message = copy_fail(reason)?;
        self.end_copy(&message)
    }

    /// Says goodbye behind what was sent so far. The server closes; requests that were not sent never are.
    pub fn terminate(&mut self) {
        if self.check_open().is_err() {
            return;
        }
        self.terminated = true;
        self.flights.truncate(self.released);
        if matches!(self.state, State::Starting | State::Ready) {
            self.release();
            self.out.extend(&TERMINATE);
        } else {
            self.state = State::Closed(Close::Flush);
        }
    }

    /// Whether more can come to the request: it was begun as an open one, and not finished.
    pub fn is_incomplete(&self, ticket: Ticket) -> bool {
        self.flights.iter().any(|flight| flight.ticket == ticket && flight.open)
    }

    /// How many answers a request waits for; none for one that has failed.
    pub fn awaited(&self, ticket: Ticket) -> Option<usize> {
        let flight = self.flights.iter().find(|flight| flight.ticket == ticket)?;
        (flight.phase != Phase::Failed).then(|| flight.steps.len())
    }

    /// The oldest request that is not over.
    pub fn head(&self) -> Option<Ticket> {
        self.flights.front().map(|flight| flight.ticket)
    }

    /// Requests that are not over.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Requests that were sent, at least in part, and are not over.
    pub fn sent(&self) -> usize {
        self.released
    }

    /// Where the session stood when the server was ready last.
    pub fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Whether it is open yet whether there will be TLS.
    pub fn asks_for_tls(&self) -> bool {
        matches!(self.state, State::TlsAsked | State::Direct | State::Encrypting { .. })
    }

    /// Whether requests are answered: the session has begun and has not ended.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether a request can be submitted.
    pub fn is_open(&self) -> bool {
        self.check_open().is_ok()
    }

    /// Bytes that wait to be sent and may be.
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// The version of the protocol that is spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The password as salted in this connection's SCRAM exchange, for the next connection's
    /// [`Startup::salted`].
    pub fn salted(&self) -> Option<&Salted> {
        self.salted.as_ref()
    }

    fn check_open(&self) -> Result<(), Misuse> {
        let over = matches!(self.state, State::Closed(_) | State::Failed(_));
        if over || self.terminated || self.fatal { Err(Misuse::Closed) } else { Ok(()) }
    }

    fn open_flight(&mut self, ticket: Ticket) -> Result<&mut Flight, Misuse> {
        self.check_open()?;
        self.flights.iter_mut().find(|flight| flight.ticket == ticket && flight.open).ok_or(Misuse::NoRequest)
    }

    fn copying_flight(&mut self) -> Result<&mut Flight, Misuse> {
        self.check_open()?;
        self.flights.front_mut().filter(|flight| flight.phase == Phase::CopyIn).ok_or(Misuse::NoCopy)
    }

    /// The server says nothing of its end until it is asked to: by the Sync that was held back.
    fn end_copy(&mut self, message: &[u8]) -> Result<(), Misuse> {
        let flight = self.copying_flight()?;
        flight.phase = Phase::CopyInDone;
        flight.sync();
        let sync = std::mem::take(&mut flight.bytes);
        self.out.extend(message);
        self.out.extend(&sync);
        Ok(())
    }

    /// Moves to the output what may be sent of the requests.
    fn release(&mut self) {
        if self.state != State::Ready {
            return;
        }
        loop {
            if let Some(last) = self.released.checked_sub(1).and_then(|at| self.flights.get_mut(at)) {
                push(&mut self.out, std::mem::take(&mut last.bytes));
                if last.blocks() {
                    return;
                }
            }
            if !self.release_next() {
                return;
            }
        }
    }

    /// Lets one more request go; whether there is one and it may.
    fn release_next(&mut self) -> bool {
        let may = !self.held && self.out.len() < self.limits.high_water && self.released < self.flights.len();
        self.released += usize::from(may);
        may
    }

    /// What was to be sent before still is: where the input was cut means nothing.
    fn fail(&mut self, error: Error) {
        self.state = State::Failed(error);
        self.flights.clear();
        self.released = 0;
    }
}

/// Big requests are chained, small ones copied.
fn push(out: &mut Outbox, bytes: Vec<u8>) {
    if bytes.len() < machine::CHAIN_FROM {
        out.extend(&bytes);
    } else {
        out.push(Bytes::from(bytes));
    }
}

impl Machine for Connection {
    type Event = Event;
    type Error = Error;

    fn poll_event(&mut self, _now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        loop {
            let look = match &self.state {
                State::Ready => self.look_for_answer(rx),
                State::TlsAsked => self.look_for_tls(rx),
                State::Direct => {
                    self.state = State::Encrypting { trailing: !rx.is_empty() };
                    Ok(Some(Next::Event(Event::Encrypt)))
                }
                State::Encrypting { .. } if !rx.is_empty() => Err(Error::BytesBeforeTls),
                State::Encrypting { .. } if self.eof => Err(Error::UnexpectedEof),
                State::Encrypting { .. } => Ok(Some(Next::Paused)),
                State::Authenticating => self.look_for_authentication(rx),
                State::Starting => self.look_for_start(rx),
                State::Closed(close) => return Ok(Next::Closed(*close)),
                State::Failed(error) => return Err(error.clone()),
            };
            match look {
                Ok(Some(next)) => return Ok(next),
                Ok(None) => {}
                Err(error) => self.fail(error),
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        if tx.len() >= self.limits.high_water {
            return;
        }
        if !self.terminated {
            self.release();
        }
        if !self.out.is_empty() {
            tx.append(&mut self.out);
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        let flights: usize = self.flights.iter().map(Flight::size).sum();
        let parameters: usize = self.parameters.iter().map(|name| name.len()).sum();
        self.out.len() + flights + parameters
    }
}

impl Connection {
    /// An error; `last` where nothing can follow it.
    pub(crate) fn take_error(&mut self, bytes: &[u8], last: bool) -> Result<Event, Error> {
        let fields = Fields::read(b'E', bytes)?;
        self.fatal |= last || fields.is_fatal();
        Ok(Event::Error(Box::new(fields)))
    }

    /// More input is needed, unless there is none to come.
    pub(crate) fn want(&mut self, rx: &BytesMut) -> Look {
        if !self.eof {
            return Ok(Some(Next::NeedInput));
        }
        let owed = !rx.is_empty() || self.state != State::Ready || !self.flights.is_empty();
        if owed && !self.fatal && !self.terminated {
            return Err(Error::UnexpectedEof);
        }
        self.state = State::Closed(Close::Flush);
        Ok(None)
    }
}

/// Where the session stands, of a ReadyForQuery.
pub(crate) fn read_status(bytes: &[u8]) -> Result<TransactionStatus, Error> {
    match bytes {
        b"I" => Ok(TransactionStatus::Idle),
        b"T" => Ok(TransactionStatus::InTransaction),
        b"E" => Ok(TransactionStatus::Failed),
        _ => Err(Error::Malformed(b'Z')),
    }
}
