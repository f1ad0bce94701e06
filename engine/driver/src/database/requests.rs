//! Requests: those in flight, and what becomes of one that nobody waits for any more.

use std::time::Instant;

use machine::Machine;
use pg::Ticket;

use super::{HIGH_WATER, Phase, Session};

/// Parts of an open request that may be unanswered.
const WINDOW: usize = 16;

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

    /// More of a request that was begun as an open one. [`Drained`](super::News::Drained) tells when the next part can
    /// come: after what the server has to say was read, and while not too many parts are unanswered.
    pub(crate) fn extend(&mut self, id: Ticket, mut part: pg::Request, turn: u32) -> Result<(), pg::Misuse> {
        self.transport.bound();
        // What the server makes of a part is told behind it, and not when all have come.
        part.flush();
        let added = part.answers();
        self.machine.extend(id, part)?;
        let awaited = self.machine.awaited(id).unwrap_or_default();
        self.told_of = if self.parts.is_empty() { awaited } else { self.told_of + added };
        self.parts.push_back(self.told_of);
        self.rests = Some(turn);
        self.drains = Some(id);
        Ok(())
    }

    /// Whether so few parts of the open request are unanswered that the next one can come.
    pub(super) fn has_window(&mut self, id: Ticket) -> bool {
        let Some(awaited) = self.machine.awaited(id) else {
            self.parts.clear();
            return true;
        };
        let answered = self.told_of.saturating_sub(awaited);
        while self.parts.front().is_some_and(|part| *part <= answered) {
            self.parts.pop_front();
        }
        self.parts.len() < WINDOW
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
