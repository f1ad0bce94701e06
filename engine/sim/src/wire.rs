use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

/// One direction of a connection.
#[derive(Debug, Clone)]
pub struct Wire {
    delay: Duration,
    capacity: usize,
    sizes: Vec<usize>,
    pieces: usize,
    flying: VecDeque<(Instant, Bytes)>,
    load: usize,
    end: Option<Instant>,
}

impl Wire {
    /// A wire without delay that holds 64 KiB and delivers each write whole.
    pub fn new() -> Self {
        Self {
            delay: Duration::ZERO,
            capacity: 64 * 1024,
            sizes: Vec::new(),
            pieces: 0,
            flying: VecDeque::new(),
            load: 0,
            end: None,
        }
    }

    /// Bytes take `delay` to arrive.
    pub fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// At most `capacity` bytes, and at least one, are under way; the sender keeps the rest.
    pub fn holding(self, capacity: usize) -> Self {
        Self { capacity: capacity.max(1), ..self }
    }

    /// Bytes arrive in pieces of at most these sizes, over and over in turn; a size of 0 counts as 1.
    pub fn cut(self, sizes: impl Into<Vec<usize>>) -> Self {
        Self { sizes: sizes.into(), ..self }
    }

    /// Takes what fits of `bytes`; answers how many.
    pub(crate) fn send(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let (mut rest, _) = bytes.split_at_checked(self.capacity - self.load).unwrap_or((bytes, &[]));
        let taken = rest.len();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at_checked(self.next_size()).unwrap_or((rest, &[]));
            self.flying.push_back((now + self.delay, Bytes::copy_from_slice(piece)));
            rest = after;
        }
        self.load += taken;
        taken
    }

    /// Nothing more is sent.
    pub(crate) fn finish(&mut self, now: Instant) {
        self.end.get_or_insert(now + self.delay);
    }

    /// What is under way is lost, and nothing more is sent.
    pub(crate) fn tear(&mut self, now: Instant) {
        self.flying.clear();
        self.load = 0;
        self.finish(now);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    /// The next piece, if it has arrived.
    pub(crate) fn receive(&mut self, now: Instant) -> Option<Bytes> {
        self.flying.front().filter(|(at, _)| *at <= now)?;
        let (_, piece) = self.flying.pop_front()?;
        self.load -= piece.len();
        Some(piece)
    }

    /// Whether all has arrived and nothing will follow.
    pub(crate) fn has_ended(&self, now: Instant) -> bool {
        self.flying.is_empty() && self.end.is_some_and(|at| at <= now)
    }

    /// When the next piece, or the end, arrives, if that is after `now`.
    pub(crate) fn arrival(&self, now: Instant) -> Option<Instant> {
        let piece = self.flying.front().map(|(at, _)| *at);
        piece.or(self.end).filter(|at| *at > now)
    }

    fn next_size(&mut self) -> usize {
        let turn = self.pieces % self.sizes.len().max(1);
        self.pieces += 1;
        self.sizes.get(turn).map_or(usize::MAX, |size| (*size).max(1))
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the tests only add to it")]
    fn start() -> Instant {
        Instant::now()
    }

    fn arrivals(wire: &mut Wire, now: Instant) -> Vec<usize> {
        std::iter::from_fn(|| wire.receive(now)).map(|piece| piece.len()).collect()
    }

    #[test]
    fn bytes_arrive_in_pieces_of_the_given_sizes_in_turn() {
        let now = start();
        let mut wire = Wire::new().cut([1, 3, 0]);
        assert_eq!(wire.send(now, b"ten bytes."), 10);
        assert_eq!(arrivals(&mut wire, now), [1, 3, 1, 1, 3, 1]);
    }

    #[test]
    fn a_full_wire_takes_more_when_some_has_arrived() {
        let now = start();
        let mut wire = Wire::new().holding(4).cut([3]);
        assert_eq!((wire.send(now, b"hello"), wire.send(now, b"o")), (4, 0));
        assert_eq!(wire.receive(now).as_deref(), Some(&b"hel"[..]));
        assert_eq!(wire.send(now, b"o, you"), 3);
    }

    #[test]
    fn the_end_arrives_after_the_bytes_and_after_the_delay() {
        let (now, delay) = (start(), Duration::from_secs(1));
        let mut wire = Wire::new().delayed(delay);
        wire.send(now, b"last");
        wire.finish(now);
        assert_eq!((wire.receive(now), wire.has_ended(now + delay)), (None, false));
        assert_eq!(wire.arrival(now), Some(now + delay));
        assert_eq!(wire.receive(now + delay).as_deref(), Some(&b"last"[..]));
        assert!(wire.has_ended(now + delay) && !wire.has_ended(now));
    }

    #[test]
    fn a_torn_wire_ends_without_what_was_under_way() {
        let now = start();
        let mut wire = Wire::new();
        wire.send(now, b"lost");
        wire.tear(now);
        assert!(wire.is_finished() && wire.has_ended(now));
        assert_eq!(wire.receive(now), None);
    }
}
