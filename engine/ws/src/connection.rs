//! The machine: frames, the close handshake and keep-alive, and how they end together.
//!
//! ```text
//!   reading      Head ──data──> Payload ──all of it──> Head      (a control frame is taken whole)
//!
//!   connection   Open ──our close()──> Closing ──peer's Close, or too late──┐
//!                  ├────peer's Close, answered──────────────────────────────┤ server: Closed
//!                  │                                                        └ client: Ending ──EOF, or too late──> Closed
//!                  ├────EOF, abort()──> Closed
//!                  └────peer's fault, no pong──> Failed      (a Close frame says why)
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use machine::{Close, Deadlines, Machine, Next, Outbox, front};

use crate::frame::{Head, Opcode};
use crate::message::Message;
use crate::timer::Timer;
use crate::{Config, Deflate, Error, Event, Masks, Role, mask, reason};

/// The stretch of time over which control frames are counted.
const SECOND: Duration = Duration::from_secs(1);
/// Bytes that wait to be sent, from which on pings are not answered one by one.
const MAX_PONGS: usize = 4 * 1024;
/// A fragment longer than this is worth memory that was used before.
const ROOM: u64 = 1024 * 1024;
/// A message of which this much is still to come is worth big reads.
const MUCH: u64 = 16 * 1024;

/// One side of a WebSocket, from the byte behind the handshake on.
///
/// Pings are answered by the machine, and sent to a silent peer. Messages come whole.
#[derive(Debug)]
pub struct Connection {
    pub(crate) config: Arc<Config>,
    pub(crate) role: Role,
    pub(crate) masks: Option<Masks>,
    pub(crate) deflate: Option<Box<Deflate>>,
    reading: Reading,
    /// The fragments so far of a message that is not whole.
    message: Option<Message>,
    pub(crate) state: State,
    pub(crate) out: Outbox,
    /// The peer has not been told of its fault.
    pub(crate) owes_farewell: bool,
    /// The newest of more pings than are answered one by one (RFC 6455, section 5.5.3).
    pub(crate) unanswered: Option<Bytes>,
    /// The number of our last ping, while its pong is waited for.
    pub(crate) pinged: Option<u32>,
    pings: u32,
    pub(crate) deadlines: Deadlines<3>,
    controls: Controls,
    held: bool,
    eof: bool,
}

/// Where in the peer's frames the front of `rx` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Head,
    Payload { head: Head, taken: usize },
}

/// How far the connection's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Our Close frame is out, the peer's is not here.
    Closing,
    /// Both Close frames are there, and the server closes the connection first (RFC 6455, section 7.1.1).
    Ending,
    Closed(Close),
    Failed(Error),
}

/// Control frames of the current second.
#[derive(Debug, Default)]
struct Controls {
    since: Option<Instant>,
    count: u32,
}

/// A look at the input: the answer, or nothing when the state has changed and another look is needed.
type Look = Result<Option<Next<Event>>, Error>;

impl Connection {
    /// The side that accepted the handshake.
    pub fn server(config: Arc<Config>, deflate: Option<Deflate>, now: Instant) -> Self {
        Self::new(config, Role::Server, None, deflate, now)
    }

    /// The side that asked for it.
    pub fn client(config: Arc<Config>, deflate: Option<Deflate>, masks: Masks, now: Instant) -> Self {
        Self::new(config, Role::Client, Some(masks), deflate, now)
    }

    /// Whether a Close frame was sent or received, or the connection is over.
    pub fn is_closing(&self) -> bool {
        self.state != State::Open
    }

    /// Whether much of a message is still to come: big reads are worth their while.
    pub fn expects_much(&self) -> bool {
        matches!(self.reading, Reading::Payload { head, taken } if head.length.saturating_sub(taken as u64) > MUCH)
    }

    /// Whether a message has begun that [`lend`](Connection::lend) would help.
    pub fn wants_room(&self) -> bool {
        let Reading::Payload { head, taken } = self.reading else { return false };
        let large = head.length.saturating_sub(taken as u64) > ROOM;
        large && self.message.as_ref().is_some_and(|message| (message.room() as u64) < ROOM)
    }

    /// Gives memory for the message that has begun, instead of memory that would have to be found.
    pub fn lend(&mut self, room: BytesMut) {
        if let Some(message) = &mut self.message {
            message.lend(room);
        }
    }

    /// Whether messages can be sent: until the peer is told of its fault they can.
    pub fn is_open(&self) -> bool {
        self.state == State::Open || self.owes_farewell
    }

    /// Bytes that wait to be sent.
    pub fn pending(&self) -> usize {
        self.out.len() + self.unanswered.as_ref().map_or(0, Bytes::len)
    }

    /// The caller does not read for now: the peer is not to blame for silence, and if it is for something else, that is
    /// told later.
    pub fn hold(&mut self) {
        self.held = true;
        self.deadlines.clear(Timer::Pong);
    }

    /// The caller reads again: the wait for a pong begins anew.
    pub fn resume(&mut self, now: Instant) {
        if std::mem::take(&mut self.held) {
            self.await_life(now);
        }
    }

    fn new(config: Arc<Config>, role: Role, masks: Option<Masks>, deflate: Option<Deflate>, now: Instant) -> Self {
        let mut connection = Self {
            config,
            role,
            masks,
            deflate: deflate.map(Box::new),
            reading: Reading::Head,
            message: None,
            state: State::Open,
            out: Outbox::new(),
            owes_farewell: false,
            unanswered: None,
            pinged: None,
            pings: 0,
            deadlines: Deadlines::new(),
            controls: Controls::default(),
            held: false,
            eof: false,
        };
        connection.schedule_ping(now);
        connection
    }
}

impl Machine for Connection {
    type Event = Event;
    type Error = Error;

    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        loop {
            let look = match self.state {
                State::Closed(close) => return Ok(Next::Closed(close)),
                State::Failed(error) => return Err(error),
                State::Ending => self.look_for_end(rx),
                State::Open | State::Closing => match self.reading {
                    Reading::Head => self.look_for_head(now, rx),
                    Reading::Payload { head, taken } if head.opcode.is_control() => {
                        self.look_for_control(head, taken, now, rx)
                    }
                    Reading::Payload { head, taken } => self.look_for_data(head, taken, now, rx),
                },
            };
            match look {
                Ok(Some(next)) => return Ok(next),
                Ok(None) => {}
                Err(error) => self.fail(error, now),
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        if tx.len() >= self.config.high_water {
            return;
        }
        self.answer_ping();
        if self.owes_farewell && !self.held {
            self.say_farewell();
        }
        if !self.out.is_empty() {
            tx.append(&mut self.out);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadlines.expire(Timer::Close, now) {
            if self.owes_farewell {
                self.say_farewell();
            }
            self.end(Close::Flush);
        }
        if self.deadlines.expire(Timer::Pong, now) {
            self.fail(Error::PongTimeout, now);
        }
        if self.deadlines.expire(Timer::Ping, now) {
            self.send_keep_alive(now);
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        let message = self.message.as_ref().map_or(0, |message| message.buffered());
        self.pending() + message + self.deflate.as_ref().map_or(0, |deflate| deflate.buffered())
    }
}

impl Connection {
    fn look_for_head(&mut self, now: Instant, rx: &mut BytesMut) -> Look {
        let Some((head, size)) = Head::read(rx, self.role, self.deflate.is_some())? else {
            return Ok(self.want(Next::NeedInput));
        };
        if head.opcode.is_control() {
            self.controls.count(now, self.config.max_controls)?;
        } else {
            self.begin_fragment(&head)?;
        }
        front::skip(rx, size);
        self.show_life(now);
        self.reading = Reading::Payload { head, taken: 0 };
        Ok(None)
    }

    fn begin_fragment(&mut self, head: &Head) -> Result<(), Error> {
        let message = match (head.opcode, &mut self.message) {
            (Opcode::Continuation, Some(message)) => message,
            (Opcode::Continuation, None) => return Err(Error::UnexpectedContinuation),
            (_, Some(_)) => return Err(Error::MissingContinuation),
            (_, none) => none.insert(Message::new(head)),
        };
        message.begin(head, self.config.max_message)
    }

    fn look_for_data(&mut self, head: Head, taken: usize, now: Instant, rx: &mut BytesMut) -> Look {
        let left = head.length - taken as u64;
        if left > 0 && rx.is_empty() {
            return Ok(self.want(Next::NeedInput));
        }
        let Some(message) = &mut self.message else { return Err(Error::UnexpectedContinuation) };
        let limit = self.config.max_message;
        if left > 0 {
            let piece = front::take(rx, usize::try_from(left).unwrap_or(usize::MAX));
            let (size, key) = (piece.len(), head.mask.map(|key| (key, taken)));
            self.reading = Reading::Payload { head, taken: taken + size };
            message.add(piece, key, left - size as u64, self.deflate.as_deref_mut(), limit)?;
            self.show_life(now);
            return Ok(None);
        }
        self.reading = Reading::Head;
        if !head.fin {
            return Ok(None);
        }
        let Some(message) = self.message.take() else { return Ok(None) };
        let event = message.finish(self.deflate.as_deref_mut(), limit)?;
        // What comes behind our Close frame is of no use to anybody.
        Ok((self.state == State::Open).then_some(Next::Event(event)))
    }

    fn look_for_control(&mut self, head: Head, taken: usize, now: Instant, rx: &mut BytesMut) -> Look {
        let length = usize::try_from(head.length).unwrap_or(usize::MAX);
        if rx.len() < length {
            return Ok(self.want(Next::NeedInput));
        }
        let mut payload = front::take(rx, length);
        if let Some(key) = head.mask {
            mask::apply(key, taken, &mut payload);
        }
        self.reading = Reading::Head;
        self.show_life(now);
        let payload = payload.freeze();
        Ok(Some(Next::Event(match head.opcode {
            Opcode::Close => self.take_close(&payload, now)?,
            Opcode::Ping => {
                self.take_ping(&payload);
                Event::Ping(payload)
            }
            _ => {
                self.take_pong(&payload, now);
                Event::Pong(payload)
            }
        })))
    }

    fn take_close(&mut self, payload: &[u8], now: Instant) -> Result<Event, Error> {
        let reason = reason::read(payload)?;
        self.deadlines = Deadlines::new();
        if self.state == State::Open {
            // The peer's own words back: a page shows them as the reason of its close.
            self.write_close(payload);
        }
        match self.role {
            Role::Server => self.state = State::Closed(Close::Flush),
            Role::Client => {
                self.state = State::Ending;
                self.deadlines.set(Timer::Close, now + self.config.close_timeout);
            }
        }
        Ok(Event::Close(reason))
    }

    /// Nothing behind a Close frame means anything.
    fn look_for_end(&mut self, rx: &mut BytesMut) -> Look {
        let size = rx.len();
        front::skip(rx, size);
        Ok(self.want(Next::NeedInput))
    }

    /// More input is needed, unless there is none to come.
    fn want(&mut self, next: Next<Event>) -> Option<Next<Event>> {
        if !self.eof {
            return Some(next);
        }
        self.end(Close::Flush);
        None
    }

    /// Pings are answered one by one, unless the peer takes no answers: then the newest is.
    fn take_ping(&mut self, payload: &[u8]) {
        if self.state != State::Open {
            return;
        }
        if self.out.len() < MAX_PONGS {
            self.answer_ping();
            self.write_control(Opcode::Pong, payload);
        } else {
            // A copy, so that it keeps no more of the input in memory than itself.
            self.unanswered = Some(Bytes::copy_from_slice(payload));
        }
    }

    fn take_pong(&mut self, payload: &[u8], now: Instant) {
        if self.pinged.is_some_and(|number| payload == number.to_be_bytes()) {
            self.pinged = None;
            self.deadlines.clear(Timer::Pong);
            self.schedule_ping(now);
        }
    }

    fn send_keep_alive(&mut self, now: Instant) {
        if self.state != State::Open {
            return;
        }
        if self.held || self.config.ping_timeout.is_none() {
            self.schedule_ping(now);
        }
        if !self.held {
            self.pings = self.pings.wrapping_add(1);
            self.pinged = Some(self.pings);
            self.write_control(Opcode::Ping, &self.pings.to_be_bytes());
            self.await_life(now);
        }
    }

    fn schedule_ping(&mut self, now: Instant) {
        if let Some(interval) = self.config.ping_interval.filter(|interval| !interval.is_zero()) {
            self.deadlines.set(Timer::Ping, now + interval);
        }
    }

    /// A peer in the middle of a large frame cannot answer a ping: whatever it sends is as good as a pong.
    fn show_life(&mut self, now: Instant) {
        if self.deadlines.at(Timer::Pong).is_some() {
            self.await_life(now);
        }
    }

    fn await_life(&mut self, now: Instant) {
        let waits = self.state == State::Open && self.pinged.is_some();
        if let Some(timeout) = self.config.ping_timeout.filter(|_| waits) {
            self.deadlines.set(Timer::Pong, now + timeout);
        }
    }

    /// The connection ends, if it has not.
    pub(crate) fn end(&mut self, close: Close) {
        if !matches!(self.state, State::Closed(_) | State::Failed(_)) {
            self.state = State::Closed(close);
            self.forget();
        }
    }

    /// The connection ends by the peer's fault, which a Close frame tells if none was sent.
    fn fail(&mut self, error: Error, now: Instant) {
        if matches!(self.state, State::Closed(_) | State::Failed(_)) {
            return;
        }
        self.owes_farewell = self.state == State::Open;
        self.state = State::Failed(error);
        self.forget();
        if self.owes_farewell {
            self.deadlines.set(Timer::Close, now + self.config.close_timeout);
        }
    }

    pub(crate) fn say_farewell(&mut self) {
        if let State::Failed(error) = self.state {
            self.write_close(&[&error.code().to_be_bytes(), error.words().as_bytes()].concat());
        }
    }

    fn forget(&mut self) {
        self.deadlines = Deadlines::new();
        self.message = None;
        self.unanswered = None;
    }
}

impl Controls {
    fn count(&mut self, now: Instant, limit: u32) -> Result<(), Error> {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= SECOND) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        if self.count > limit { Err(Error::TooManyControls) } else { Ok(()) }
    }
}
