use std::time::Instant;

use bytes::BytesMut;

use crate::{Fault, Outbox};

/// One side of a byte-stream protocol.
///
/// The caller reads bytes into `rx`, asks for events until the answer is not [`Next::Event`], then collects what may be
/// sent. Back-pressure is not calling: nothing is queued behind the caller's back.
pub trait Machine {
    /// What the peer did. Owns its bytes as slices of `rx`.
    type Event;
    /// Ends the connection; says who is to blame and what to answer.
    type Error: Fault;

    /// Takes the next event from the front of `rx`. What stays in `rx` belongs to the next event, or to the next
    /// protocol. After an error, answers the same error again.
    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Self::Event>, Self::Error>;

    /// Appends what may be sent now, up to the high-water mark; after an error, the farewell.
    fn poll_transmit(&mut self, now: Instant, tx: &mut Outbox);

    /// The next time at which [`handle_timeout`](Machine::handle_timeout) should be called. A machine without deadlines
    /// leaves both as they are.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Acts on the deadlines that have passed at `now`. Early or repeated calls change nothing.
    fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// The peer will send nothing more than what is in `rx`.
    fn handle_eof(&mut self, now: Instant);

    /// Bytes held inside the machine.
    fn buffered(&self) -> usize;
}

/// The answer of [`Machine::poll_event`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<E> {
    /// The peer did this; ask again.
    Event(E),
    /// Read more, then ask again. Never the answer after [`Machine::handle_eof`].
    NeedInput,
    /// Stop reading until a command, a transmit or a timeout; then ask again.
    Paused,
    /// The bytes in `rx`, and all that follow, belong to another protocol.
    Switched,
    /// The connection is over; the transport ends as told.
    Closed(Close),
}

/// How the transport ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Write out what is pending, then close.
    Flush,
    /// Write out what is pending, shut down the sending side, and discard input until the peer closes or a deadline
    /// passes, so that the last answer is not lost to a reset (RFC 9112, section 9.6).
    Linger,
    /// Close at once.
    Now,
}
