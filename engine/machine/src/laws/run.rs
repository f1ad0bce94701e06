use std::fmt;
use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;

use super::{Broken, Law, Seen, Subject, shorten};
use crate::{Blame, Close, Fault, Machine, Next, Outbox};

/// The error of a subject's machine.
type Failure<S> = <<S as Subject>::Machine as Machine>::Error;

/// How the caller treats the machine between the bytes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// As a caller should.
    Calm,
    /// With `handle_timeout` before its time at every occasion.
    Nagging,
}

/// What a caller can tell of a machine's life. Data events are joined.
#[derive(Clone, PartialEq)]
pub(super) struct Trace<E> {
    seen: Vec<Seen>,
    sent: Vec<u8>,
    end: End<E>,
    /// What a next protocol would find in `rx`.
    left: Vec<u8>,
}

/// The last answer that was not an event.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum End<E> {
    NeedInput,
    Paused,
    Switched,
    Closed(Close),
    Failed(E),
}

impl<E: fmt::Debug> fmt::Debug for Trace<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, sent, end, left } = self;
        write!(f, "{end:?}, seen {seen:?}, sent {}, left {}", shorten(sent), shorten(left))
    }
}

/// One machine and its caller.
pub(super) struct Run<'a, S: Subject> {
    subject: &'a S,
    pub(super) machine: S::Machine,
    pub(super) now: Instant,
    manner: Manner,
    rx: BytesMut,
    eof: bool,
    trace: Trace<Failure<S>>,
}

impl<'a, S: Subject> Run<'a, S> {
    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the laws only add to it")]
    pub(super) fn new(subject: &'a S, manner: Manner) -> Self {
        let trace = Trace { seen: Vec::new(), sent: Vec::new(), end: End::NeedInput, left: Vec::new() };
        let (machine, now) = (subject.machine(), Instant::now());
        Self { subject, machine, now, manner, rx: BytesMut::new(), eof: false, trace }
    }

    /// Feeds the pieces, then the end of input; answers what was seen before the end and after it.
    pub(super) fn through<'b>(
        mut self,
        pieces: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<[Trace<Failure<S>>; 2], Broken> {
        self.turn()?;
        for piece in pieces {
            self.feed(piece)?;
        }
        let before = self.told();
        self.eof = true;
        self.machine.handle_eof(self.now);
        self.turn()?;
        self.again()?;
        Ok([before, self.told()])
    }

    /// More bytes came in.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), Broken> {
        self.rx.extend_from_slice(piece);
        self.turn()?;
        if self.manner == Manner::Nagging { self.again() } else { Ok(()) }
    }

    /// Asks and sends until there is nothing to do.
    pub(super) fn turn(&mut self) -> Result<(), Broken> {
        // Every event takes bytes or follows one that did, and every reaction answers an event.
        for _ in 0..64 + 8 * self.rx.len() {
            let event = self.ask()?;
            let sent = self.transmit()?;
            let again = event || (sent && self.trace.end == End::Paused);
            if !again {
                return Ok(());
            }
        }
        self.broken(Law::Progress, "it goes on without new bytes".into())
    }

    /// Whether the connection is over, or no longer this machine's.
    pub(super) fn is_over(&self) -> bool {
        !matches!(self.trace.end, End::NeedInput | End::Paused)
    }

    pub(super) fn broken<T>(&self, law: Law, detail: String) -> Result<T, Broken> {
        Err(Broken { law, detail: format!("{detail}\n  after {:?}", self.trace) })
    }

    /// Asked again with nothing new, the machine says what it said.
    fn again(&mut self) -> Result<(), Broken> {
        let before = self.told();
        self.turn()?;
        if self.told() != before {
            return self.broken(Law::Settled, format!("asked again with nothing new, after {before:?}"));
        }
        Ok(())
    }

    fn told(&self) -> Trace<Failure<S>> {
        let left = if self.trace.end == End::Switched { self.rx.to_vec() } else { Vec::new() };
        Trace { left, ..self.trace.clone() }
    }

    /// One question; whether the answer was an event.
    fn ask(&mut self) -> Result<bool, Broken> {
        self.nag()?;
        let before = self.rx.clone();
        let answer = self.machine.poll_event(self.now, &mut self.rx);
        if !before.ends_with(&self.rx) {
            let (before, after) = (shorten(&before), shorten(&self.rx));
            return self.broken(Law::Prefix, format!("rx was {before} and became {after}"));
        }
        self.measure()?;
        let end = match answer {
            Ok(Next::Event(event)) => {
                if self.is_over() {
                    let seen = self.subject.seen(&event);
                    return self.broken(Law::Settled, format!("an event after the end: {seen:?}"));
                }
                self.note(self.subject.seen(&event));
                self.subject.react(&mut self.machine, &event);
                self.measure()?;
                return Ok(true);
            }
            Ok(Next::NeedInput) if self.eof => return self.broken(Law::Eof, "it asks for input".into()),
            Ok(Next::NeedInput) => End::NeedInput,
            Ok(Next::Paused) => End::Paused,
            Ok(Next::Switched) => End::Switched,
            // To linger is right when unread bytes are at hand, and they may come in later: for the peer it is one close.
            Ok(Next::Closed(Close::Linger)) => End::Closed(Close::Flush),
            Ok(Next::Closed(close)) => End::Closed(close),
            Err(error) if error.blame() != Blame::Peer => {
                return self.broken(Law::Blame, format!("{error:?} blames {:?}", error.blame()));
            }
            Err(error) => End::Failed(error),
        };
        if self.is_over() && self.trace.end != end {
            let law = if matches!(self.trace.end, End::Failed(_)) { Law::SameError } else { Law::Settled };
            return self.broken(law, format!("then {end:?}"));
        }
        self.trace.end = end;
        Ok(false)
    }

    fn note(&mut self, seen: Seen) {
        match (self.trace.seen.last_mut(), seen) {
            (Some(Seen::Data(earlier)), Seen::Data(more)) => earlier.extend(more),
            (_, seen) => self.trace.seen.push(seen),
        }
    }

    /// Sends all there is; whether there was anything.
    fn transmit(&mut self) -> Result<bool, Broken> {
        let already = self.trace.sent.len();
        for _ in 0..4096 {
            self.nag()?;
            let mut tx = Outbox::new();
            self.machine.poll_transmit(self.now, &mut tx);
            self.measure()?;
            if tx.is_empty() {
                return Ok(self.trace.sent.len() > already);
            }
            self.collect(&mut tx);
        }
        self.broken(Law::Progress, "it sends without end".into())
    }

    fn collect(&mut self, tx: &mut Outbox) {
        while !tx.is_empty() {
            let mut slices = [IoSlice::new(&[]); 16];
            let filled = tx.slices(&mut slices);
            let start = self.trace.sent.len();
            slices.iter().take(filled).for_each(|slice| self.trace.sent.extend_from_slice(slice));
            tx.advance(self.trace.sent.len() - start);
        }
    }

    fn measure(&self) -> Result<(), Broken> {
        let (held, limit) = (self.machine.buffered(), self.subject.limit());
        if held > limit {
            return self.broken(Law::Buffered, format!("{held} bytes held, the limit is {limit}"));
        }
        Ok(())
    }

    fn nag(&mut self) -> Result<(), Broken> {
        let deadline = self.machine.poll_timeout();
        if self.manner == Manner::Calm || deadline.is_some_and(|at| at <= self.now) {
            return Ok(());
        }
        self.machine.handle_timeout(self.now);
        self.machine.handle_timeout(self.now);
        if self.machine.poll_timeout() != deadline {
            return self.broken(Law::EarlyTimeout, "an early timeout moved the deadline".into());
        }
        Ok(())
    }
}
