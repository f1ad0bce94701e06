//! Requests: those in flight, and what becomes of one that nobody waits for any more.

use std::time::Instant;

use machine::Machine;
use pg::Ticket;

use super::{HIGH_WATER, Phase, Session};

/// Bytes of an open request after which the server is listened to.
const BURST: usize = 128 * 1024;

/// A request that the server has, or will have.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) id: Ticket,
    /// Somebody waits for the answer.
    pub(super) wanted: bool,
    pub(super) deadline: Option<Instant>,
}

/// How a request is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// When its owner is told that it took too long.
    pub deadline: Option<Instant>,
    /// Nobody waits for the reply.
    pub unwanted: bool,
}

impl Session {
    /// Queues a request behind those in flight.
    pub(crate) fn submit(&mut self, request: pg::Request, manner: Manner) -> Result<Ticket, pg::Misuse> {
        let id = self.machine.submit(request)?;
        let Manner { deadline, unwanted } = manner;
        self.nearest = self.nearest.into_iter().chain(deadline).min();
        self.flights.push_back(Flight { id, wanted: !unwanted, deadline });
        Ok(id)
    }

    /// More of a request that was begun as an open one; true while there is room for more.
    pub(crate) fn extend(&mut self, id: Ticket, more: pg::Request, turn: u32) -> Result<bool, pg::Misuse> {
        self.burst += more.len();
        self.machine.extend(id, more)?;
        let room = self.has_room(id);
        // However much the socket takes: the server may have something to say to what it has.
        if self.burst >= BURST {
            self.burst = 0;
            self.rests = Some(turn);
            self.drains = Some(id);
            return Ok(false);
        }
        Ok(room)
    }

    /// An open request is complete.
    pub(crate) fn finish(&mut self, id: Ticket) -> Result<(), pg::Misuse> {
        self.machine.finish(id)
    }

    pub(super) fn has_room(&mut self, id: Ticket) -> bool {
        let full = self.pending() > HIGH_WATER;
        if full {
            self.drains = Some(id);
        }
        !full
    }

    /// Nobody waits for the request any more. One that the server has not seen is dropped; the answer of another one is
    /// read and forgotten.
    ///
    /// True if a cancel request may go to the server, because nothing else of this session's is in flight: then no
    /// request is sent until [`release`](Session::release).
    pub(crate) fn abandon(&mut self, id: Ticket) -> bool {
        if self.machine.withdraw(id) {
            self.flights.retain(|flight| flight.id != id);
            return false;
        }
        let known = self.disown(id);
        let alone = known && self.machine.sent() == 1 && self.phase == Phase::Open;
        if alone {
            self.machine.hold();
        }
        alone
    }

    /// Nobody waits for the request any more: its answer is read and forgotten. Whether it is in flight, and was waited
    /// for until now.
    pub(crate) fn disown(&mut self, id: Ticket) -> bool {
        self.drains.take_if(|waiting| *waiting == id);
        let Some(flight) = self.flights.iter_mut().find(|flight| flight.id == id) else { return false };
        let wanted = std::mem::take(&mut flight.wanted);
        flight.deadline = None;
        self.copying.forget(id);
        wanted
    }

    /// What waits goes out.
    pub(crate) fn release(&mut self) {
        self.machine.resume();
    }

    /// Requests that are not answered.
    pub(crate) fn unanswered(&self) -> usize {
        self.flights.len()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.transport.is_encrypted()
    }

    pub(crate) fn machine(&self) -> &pg::Connection {
        &self.machine
    }

    /// Bytes that wait to be written, and of requests that wait for their turn.
    pub(super) fn pending(&self) -> usize {
        self.tx.len() + self.machine.buffered()
    }
}
