use crate::Ticket;
use crate::frontend::{FLUSH, SYNC};
use crate::request::Request;
use crate::steps::Steps;

/// A request that was submitted and is not over.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) ticket: Ticket,
    /// What of it was not sent yet.
    pub(crate) bytes: Vec<u8>,
    pub(crate) steps: Steps,
    pub(crate) phase: Phase,
    /// The columns that its rows have.
    pub(crate) width: Option<u16>,
    pub(crate) alone: bool,
    pub(crate) open: bool,
    pub(crate) simple: bool,
    /// Its Sync is on the way, or it needs none.
    pub(crate) synced: bool,
    /// Some command of it is done.
    pub(crate) answered: bool,
}

/// Where in the answers to its step a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between answers, or among rows.
    Plain,
    /// A statement's parameters were told, its columns not yet.
    Described,
    /// The server waits for copied data.
    CopyIn,
    /// It was told that there are no more.
    CopyInDone,
    /// Copied data come in.
    CopyOut,
    /// They were all there.
    CopyOutDone,
    /// An error was told: only the end follows.
    Failed,
}

impl Flight {
    pub(crate) fn new(ticket: Ticket, request: Request) -> Self {
        let Request { bytes, steps, width, alone, open, simple, .. } = request;
        let mut flight = Self {
            ticket,
            bytes,
            steps,
            phase: Phase::Plain,
            width,
            alone,
            open,
            simple,
            synced: simple,
            answered: false,
        };
        if !open && !simple {
            flight.end();
        }
        flight
    }

    /// All of its messages were given.
    ///
    /// The Sync of a request that may copy is held back: a server that waits for copied data would ignore it, but not
    /// one that has failed in between, and nobody could count the answers.
    fn end(&mut self) {
        if self.alone && !self.steps.is_empty() && self.phase != Phase::Failed {
            self.bytes.extend_from_slice(&FLUSH);
        } else {
            self.bytes.extend_from_slice(&SYNC);
            self.synced = true;
        }
    }

    /// More messages of an open request; of one that has failed they are of no use.
    pub(crate) fn extend(&mut self, more: Request) {
        if self.phase != Phase::Failed {
            self.bytes.extend_from_slice(&more.bytes);
            self.steps.append(more.steps);
        }
    }

    /// Nothing more comes to an open request.
    pub(crate) fn finish(&mut self) {
        self.open = false;
        self.end();
    }

    /// Whether what stands behind it must wait.
    pub(crate) fn blocks(&self) -> bool {
        self.alone || self.open
    }

    /// The step that was due is done; the Sync held back is sent behind the last.
    pub(crate) fn step_done(&mut self) {
        self.steps.pop();
        self.sync_at_last();
    }

    /// An error: the server skips what it has of the request up to its Sync.
    pub(crate) fn fail(&mut self) {
        // Its Sync stands behind what was not sent, and is needed still.
        if !self.bytes.is_empty() && !self.simple {
            self.synced = false;
        }
        self.bytes.clear();
        self.steps = Steps::default();
        self.phase = Phase::Failed;
        self.sync_at_last();
    }

    /// Whether the server may say that it is ready.
    pub(crate) fn may_end(&self) -> bool {
        let done = self.phase == Phase::Plain && if self.simple { self.answered } else { self.steps.is_empty() };
        self.synced && (done || self.phase == Phase::Failed)
    }

    /// Bytes it holds.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.steps.size()
    }

    /// Sends its Sync, unless it is on the way or more is to come.
    pub(crate) fn sync(&mut self) {
        if !self.synced && !self.open {
            self.bytes.extend_from_slice(&SYNC);
            self.synced = true;
        }
    }

    fn sync_at_last(&mut self) {
        if self.steps.is_empty() {
            self.sync();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sync_of_a_request_that_fails_before_all_of_it_was_sent_is_sent() {
        let mut first = Request::open();
        first.parse("", "insert", &[]);
        let mut flight = Flight::new(Ticket(1), first);
        flight.bytes.clear();
        let mut more = Request::new();
        more.parse("", "rollback", &[]);
        flight.extend(more);
        flight.finish();
        assert!(flight.synced && flight.bytes.ends_with(&SYNC));
        flight.fail();
        assert!(flight.synced);
        assert_eq!(flight.bytes, SYNC);
    }
}
