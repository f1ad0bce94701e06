//! A session with a PostgreSQL server: transport, machine and buffers, the requests in flight and those that wait.
//!
//! ```text
//!   Dialing ──connected──> Opening ──ready──> Open ──close()──> Closing ─┐
//!      └─────────┴──────────────┴──── failed, lost, terminated ──────────┴─> Gone
//! ```

mod copying;
mod dial;
mod encryption;
mod intake;
mod news;
mod requests;

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use machine::{Machine, Outbox};

pub use dial::{Dial, Endpoint, Keepalive};
pub use encryption::Encryption;
pub use news::{Chunk, Failure, News, Stage};
use requests::Flight;
pub use requests::Manner;

use crate::Key;
use crate::budget::Budget;
use crate::connection::{Context, Verdict};
use crate::reactor::Delivery;
use crate::timers::Armed;
use crate::transport::{Stream, Transport};

/// Bytes waiting to be written above which a COPY or a long request waits.
const HIGH_WATER: usize = 256 * 1024;
/// Bytes waiting to be written below which it goes on.
const LOW_WATER: usize = 64 * 1024;
/// Bytes read in one turn.
const BUDGET: usize = 4 * 1024 * 1024;
/// How long a server may take to close after it was told of the end.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Session {
    key: Key,
    pub(crate) armed: Option<Armed>,
    /// Waits in the reactor's list for a later turn.
    pub(crate) queued: bool,
    /// Waits in the reactor's list for the end of the deliveries.
    pub(crate) unflushed: bool,
    transport: Transport,
    machine: pg::Connection,
    rx: BytesMut,
    tx: Outbox,
    phase: Phase,
    stage: Stage,
    /// Until when the session has to be open.
    patience: Option<Instant>,
    flights: VecDeque<Flight>,
    /// The first deadline of those in flight, or an earlier one of a request that is answered.
    nearest: Option<Instant>,
    reply: pg::Reply,
    copying: copying::Copying,
    /// Who fills the buffers waits until they have room.
    drains: Option<pg::Ticket>,
    /// The parts of an open request that are not answered: how many answers there are when each is.
    parts: VecDeque<usize>,
    told_of: usize,
    /// The turn after which it goes on: what the server says is read before.
    rests: Option<u32>,
    /// What the server said before it closed.
    last_words: Option<Box<pg::Fields>>,
    /// How TLS begins, until it has.
    encryption: Option<Encryption>,
    /// TLS begins with the first byte.
    direct: bool,
    /// The machine waits for the handshake's end.
    encrypting: bool,
    /// The owner of an outside layer knows of its work.
    told: bool,
    readable: bool,
    writable: bool,
    hung_up: bool,
    budget: Budget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Dialing,
    Opening,
    Open,
    Closing { until: Instant },
    Gone,
}

impl Session {
    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        self.transport.stream_mut()
    }

    /// Notes what the poller said; [`drive`](Session::drive) acts on it.
    pub(crate) fn note(&mut self, readable: bool, writable: bool, hung_up: bool) {
        self.readable |= readable || hung_up;
        self.writable |= writable || hung_up;
        self.hung_up |= hung_up;
    }

    /// Reads, parses and writes as far as the server, its readers and the turn's budget let it.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) -> Verdict {
        if self.phase == Phase::Dialing {
            self.connect(cx);
        }
        let mut again = false;
        if !matches!(self.phase, Phase::Dialing | Phase::Gone) {
            again = self.advance(cx);
            self.flush(cx);
            self.tell_of_work(cx);
        }
        match self.phase {
            Phase::Gone => Verdict::Remove,
            _ if again || self.rests.is_some() => Verdict::Again,
            _ => Verdict::Keep,
        }
    }

    /// The next time at which [`handle_timeout`](Session::handle_timeout) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Closing { until } => Some(until),
            _ => self.patience,
        };
        self.nearest.into_iter().chain(own).chain(self.machine.poll_timeout()).min()
    }

    pub(crate) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now;
        self.machine.handle_timeout(now);
        match self.phase {
            Phase::Closing { until } if until <= now => self.phase = Phase::Gone,
            Phase::Dialing | Phase::Opening if self.patience.is_some_and(|until| until <= now) => {
                self.fail(Failure::TimedOut, cx);
            }
            _ => {}
        }
        self.nearest = None;
        for flight in &mut self.flights {
            if flight.deadline.take_if(|until| *until <= now).is_some() {
                cx.deliveries.push(Delivery::Database(self.key, News::TimedOut(flight.id)));
            }
            self.nearest = self.nearest.into_iter().chain(flight.deadline).min();
        }
    }

    /// Tells the server of the end, behind what is under way.
    pub(crate) fn close(&mut self, cx: &mut Context<'_>) {
        if self.phase == Phase::Open {
            self.machine.terminate();
            self.phase = Phase::Closing { until: cx.now + FAREWELL };
        } else if !matches!(self.phase, Phase::Closing { .. }) {
            self.phase = Phase::Gone;
        }
    }

    /// Ends the session without another byte.
    pub(crate) fn abort(&mut self) {
        self.phase = Phase::Gone;
    }

    /// Writes what waits.
    fn flush(&mut self, cx: &mut Context<'_>) {
        loop {
            self.machine.poll_transmit(cx.now, &mut self.tx);
            if self.tx.is_empty() {
                self.tx.clear();
                if self.writable && self.transport.holds_output() {
                    self.flush_layer(cx);
                }
                break;
            }
            if !self.writable || self.phase == Phase::Gone {
                break;
            }
            match self.transport.write(&self.tx) {
                Ok(written) => self.tx.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What the server said before it closed is still to be read.
                Err(error) => match self.phase {
                    Phase::Open | Phase::Opening if self.hung_up || self.readable => {
                        self.writable = false;
                        self.readable = true;
                        self.hung_up = true;
                        self.advance(cx);
                        break;
                    }
                    _ => return self.fail(Failure::System(error), cx),
                },
            }
        }
        self.rests.take_if(|turn| *turn != cx.turn);
        if let Some(request) = self.drains
            && self.rests.is_none()
            && self.pending() <= LOW_WATER
            && self.has_window(request)
        {
            self.drains = None;
            cx.deliveries.push(Delivery::Database(self.key, News::Drained(request)));
        }
    }

    fn flush_layer(&mut self, cx: &mut Context<'_>) {
        match self.transport.flush() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
            Err(error) => self.fail(Failure::System(error), cx),
        }
    }

    /// The session is over, and this is why.
    fn fail(&mut self, failure: Failure, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.phase, Phase::Gone) == Phase::Gone {
            return;
        }
        let news = Delivery::Database(self.key, News::Closed(failure, self.stage));
        let is_mine = |delivery: &Delivery| matches!(delivery, Delivery::Database(key, _) if *key == self.key);
        // Whoever is woken by other news of this turn must not be given a dead session, as from a pool.
        if cx.deliveries.iter().any(is_mine) {
            cx.deliveries.push(news);
        } else {
            cx.deliveries.insert(0, news);
        }
    }

    fn tell(&self, news: News, cx: &mut Context<'_>) {
        cx.deliveries.push(Delivery::Database(self.key, news));
    }
}
