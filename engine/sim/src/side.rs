use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;
use machine::{Close, Machine, Next, Outbox};

use crate::Wire;

/// Bytes read ahead of the machine, as the driver does it.
const READ_AHEAD: usize = 64 * 1024;

/// What a test has one side do about each event.
type Reaction<M> = Box<dyn FnMut(&mut M, &<M as Machine>::Event)>;

/// How a machine's life on the wire ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End<E> {
    /// It closed.
    Closed(Close),
    /// It failed; what it had to say was sent.
    Failed(E),
    /// What follows, [`Side::rest`] first, belongs to another protocol.
    Switched,
}

/// One machine of a [`Pair`](crate::Pair), with what its driver would hold.
pub struct Side<M: Machine> {
    /// The machine, for its commands.
    pub machine: M,
    rx: BytesMut,
    tx: Outbox,
    events: VecDeque<M::Event>,
    reaction: Option<Reaction<M>>,
    sent: Vec<u8>,
    end: Option<End<M::Error>>,
    paused: bool,
    /// The machine needs more than it was given, however much that was.
    hungry: bool,
    stalled: bool,
    hanging_up: bool,
    heard_eof: bool,
}

impl<M: Machine> Side<M> {
    pub(crate) fn new(machine: M) -> Self {
        Self {
            machine,
            rx: BytesMut::new(),
            tx: Outbox::new(),
            events: VecDeque::new(),
            reaction: None,
            sent: Vec::new(),
            end: None,
            paused: false,
            hungry: false,
            stalled: false,
            hanging_up: false,
            heard_eof: false,
        }
    }

    /// Has `reaction` called with each event as it happens.
    pub fn react(&mut self, reaction: impl FnMut(&mut M, &M::Event) + 'static) {
        self.reaction = Some(Box::new(reaction));
    }

    /// The next event that the test has not seen.
    pub fn event(&mut self) -> Option<M::Event> {
        self.events.pop_front()
    }

    /// All events that the test has not seen.
    pub fn events(&mut self) -> Vec<M::Event> {
        self.events.drain(..).collect()
    }

    /// All bytes that this side has put on the wire.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Bytes that arrived and were not taken.
    pub fn rest(&self) -> &[u8] {
        &self.rx
    }

    /// How it ended, if it did.
    pub fn end(&self) -> Option<&End<M::Error>> {
        self.end.as_ref()
    }

    /// Whether the machine asked not to be read for.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Reads nothing from the wire until [`resume`](Side::resume).
    pub fn stall(&mut self) {
        self.stalled = true;
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.stalled = false;
    }

    /// Shuts down the sending side once what the machine has to send is sent.
    pub fn hang_up(&mut self) {
        self.hanging_up = true;
    }

    /// One round of a driver: time, input, events, output. Whether anything happened.
    pub(crate) fn turn(&mut self, now: Instant, inward: &mut Wire, outward: &mut Wire) -> bool {
        let timed = self.fire(now);
        let read = self.read(now, inward);
        let asked = self.ask(now);
        let wrote = self.write(now, outward);
        timed || read || asked || wrote
    }

    /// The machine's next deadline, while it lives.
    pub fn deadline(&self) -> Option<Instant> {
        if self.end.is_some() { None } else { self.machine.poll_timeout() }
    }

    fn fire(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|at| at <= now);
        if due {
            self.machine.handle_timeout(now);
        }
        due
    }

    fn read(&mut self, now: Instant, inward: &mut Wire) -> bool {
        if self.end.as_ref().is_some_and(|end| *end != End::Switched) {
            return inward.receive(now).is_some();
        }
        let reads = !self.stalled && !self.paused && (self.hungry || self.rx.len() < READ_AHEAD);
        if reads && let Some(piece) = inward.receive(now) {
            self.rx.extend_from_slice(&piece);
            return true;
        }
        let ends = inward.has_ended(now) && !self.heard_eof;
        if ends {
            self.heard_eof = true;
            self.machine.handle_eof(now);
        }
        ends
    }

    fn ask(&mut self, now: Instant) -> bool {
        if self.end.is_some() {
            return false;
        }
        (self.paused, self.hungry) = (false, false);
        let end = match self.machine.poll_event(now, &mut self.rx) {
            Ok(Next::Event(event)) => {
                if let Some(reaction) = &mut self.reaction {
                    reaction(&mut self.machine, &event);
                }
                self.events.push_back(event);
                return true;
            }
            Ok(Next::NeedInput) => {
                self.hungry = true;
                return false;
            }
            Ok(Next::Paused) => {
                self.paused = true;
                return false;
            }
            Ok(Next::Switched) => End::Switched,
            Ok(Next::Closed(close)) => End::Closed(close),
            Err(error) => End::Failed(error),
        };
        self.end = Some(end);
        true
    }

    fn write(&mut self, now: Instant, outward: &mut Wire) -> bool {
        if outward.is_finished() {
            return false;
        }
        if self.end == Some(End::Closed(Close::Now)) {
            outward.tear(now);
            return true;
        }
        self.collect(now);
        let written = self.put(now, outward);
        self.collect(now);
        let over = self.end.as_ref().is_some_and(|end| *end != End::Switched);
        let finished = self.tx.is_empty() && (over || self.hanging_up);
        if finished {
            outward.finish(now);
        }
        finished || written > 0
    }

    fn collect(&mut self, now: Instant) {
        if self.tx.is_empty() {
            self.machine.poll_transmit(now, &mut self.tx);
        }
    }

    fn put(&mut self, now: Instant, outward: &mut Wire) -> usize {
        let mut slices = [IoSlice::new(&[]); 1];
        let filled = self.tx.slices(&mut slices);
        let front = slices.iter().take(filled).next().map_or(&[][..], |slice| slice);
        let written = outward.send(now, front);
        self.sent.extend(front.iter().take(written));
        self.tx.advance(written);
        written
    }
}

impl<M: Machine> fmt::Debug for Side<M>
where
    M::Event: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Side")
            .field("end", &self.end)
            .field("paused", &self.paused)
            .field("events", &self.events)
            .field("rest", &self.rx)
            .field("unsent", &self.tx.len())
            .finish_non_exhaustive()
    }
}
