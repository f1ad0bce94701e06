use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{Blame, Close, Fault, Machine, Next, Outbox};

/// A peer that knows no protocol: it says what the test tells it to, and its events are the bytes it hears.
#[derive(Debug, Default)]
pub struct Raw {
    out: Outbox,
    eof: bool,
}

/// The error of a machine that makes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never(Infallible);

impl Raw {
    /// A peer that says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A peer that begins with `bytes`.
    pub fn saying(bytes: impl AsRef<[u8]>) -> Self {
        let mut raw = Self::new();
        raw.say(bytes);
        raw
    }

    /// Says `bytes` next.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.out.extend(bytes.as_ref());
    }
}

impl Machine for Raw {
    type Event = Bytes;
    type Error = Never;

    fn poll_event(&mut self, _now: Instant, rx: &mut BytesMut) -> Result<Next<Bytes>, Never> {
        match (rx.is_empty(), self.eof) {
            (false, _) => Ok(Next::Event(rx.split().freeze())),
            (true, true) => Ok(Next::Closed(Close::Flush)),
            (true, false) => Ok(Next::NeedInput),
        }
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        tx.append(&mut self.out);
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        self.out.len()
    }
}

impl fmt::Display for Never {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl Error for Never {}

impl Fault for Never {
    fn blame(&self) -> Blame {
        match self.0 {}
    }
}
