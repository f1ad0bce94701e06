use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// Pieces of at least this many bytes are chained, smaller ones copied.
pub const CHAIN_FROM: usize = 16 * 1024;

/// Bytes on their way out.
///
/// Small pieces are copied into one tail buffer; big ones ([`CHAIN_FROM`] and up) are chained as they are, so that a
/// large body is written with one `writev` and never copied.
#[derive(Debug, Default)]
pub struct Outbox {
    chain: VecDeque<Bytes>,
    tail: BytesMut,
    chained: usize,
}

impl Outbox {
    /// An empty outbox, which holds no memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes waiting.
    pub fn len(&self) -> usize {
        self.chained + self.tail.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies `piece` behind what waits.
    pub fn extend(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece);
    }

    /// Puts `piece` behind what waits: chained when big, else copied.
    pub fn push(&mut self, piece: Bytes) {
        if piece.len() < CHAIN_FROM {
            self.tail.extend_from_slice(&piece);
            return;
        }
        self.seal();
        self.chained += piece.len();
        self.chain.push_back(piece);
    }

    /// Puts a buffer behind what waits; without a copy when nothing small waits in front of it.
    pub fn push_buffer(&mut self, piece: BytesMut) {
        if self.tail.is_empty() {
            self.tail = piece;
        } else {
            self.tail.extend_from_slice(&piece);
        }
    }

    /// Moves all of `other` behind what waits; without a copy when nothing waits.
    pub fn append(&mut self, other: &mut Outbox) {
        if self.is_empty() {
            std::mem::swap(self, other);
            return;
        }
        for piece in std::mem::take(&mut other.chain) {
            self.push(piece);
        }
        other.chained = 0;
        self.push_buffer(std::mem::take(&mut other.tail));
    }

    /// The buffer that small pieces are written into.
    pub fn tail_mut(&mut self) -> &mut BytesMut {
        &mut self.tail
    }

    /// Fills `slices` from the front for a vectored write; returns how many were filled.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        let pieces = self.chain.iter().map(|piece| &piece[..]).chain(tail);
        let mut filled = 0;
        for (slot, piece) in slices.iter_mut().zip(pieces) {
            *slot = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    /// Drops the first `written` bytes.
    pub fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let Some(front) = self.chain.front_mut() else { break };
            let step = written.min(front.len());
            skip(front, step);
            self.chained -= step;
            written -= step;
            if front.is_empty() {
                self.chain.pop_front();
            }
        }
        let step = written.min(self.tail.len());
        skip(&mut self.tail, step);
    }

    /// Drops all that waits and the memory it held.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            let sealed = std::mem::take(&mut self.tail).freeze();
            self.chained += sealed.len();
            self.chain.push_back(sealed);
        }
    }
}

/// `Buf::advance` panics past the end; the callers bound `step` by the length.
#[allow(clippy::disallowed_methods, reason = "step is at most the buffer's length")]
fn skip(buffer: &mut impl Buf, step: usize) {
    buffer.advance(step.min(buffer.remaining()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(outbox: &mut Outbox, step: usize) -> Vec<u8> {
        let mut seen = Vec::new();
        while !outbox.is_empty() {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = outbox.slices(&mut slices);
            let joined: Vec<u8> = slices.iter().take(filled).flat_map(|slice| slice.to_vec()).take(step).collect();
            outbox.advance(joined.len());
            seen.extend(joined);
        }
        seen
    }

    #[test]
    fn order_is_kept_between_small_and_big_pieces() {
        for step in [1, 7, CHAIN_FROM, usize::MAX] {
            let mut outbox = Outbox::new();
            outbox.extend(b"head");
            outbox.push(Bytes::from(vec![b'x'; CHAIN_FROM]));
            outbox.push(Bytes::from_static(b"tail"));
            let mut expected = b"head".to_vec();
            expected.extend(vec![b'x'; CHAIN_FROM]);
            expected.extend(b"tail");
            assert_eq!(outbox.len(), expected.len());
            assert_eq!(drain(&mut outbox, step), expected);
            assert!(outbox.is_empty());
        }
    }

    #[test]
    fn appending_moves_everything_in_order() {
        let mut first = Outbox::new();
        first.extend(b"a");
        let mut second = Outbox::new();
        second.extend(b"b");
        second.push(Bytes::from(vec![b'c'; CHAIN_FROM]));
        second.extend(b"d");
        let expected_len = first.len() + second.len();
        first.append(&mut second);
        assert!(second.is_empty());
        assert_eq!(first.len(), expected_len);
        let all = drain(&mut first, usize::MAX);
        assert_eq!((all[0], all[1], all[2], all[all.len() - 1]), (b'a', b'b', b'c', b'd'));
    }

    #[test]
    fn a_big_piece_is_chained_by_reference() {
        let body = Bytes::from(vec![0; CHAIN_FROM]);
        let mut outbox = Outbox::new();
        outbox.push(body.clone());
        let mut slices = [IoSlice::new(&[]); 1];
        assert_eq!(outbox.slices(&mut slices), 1);
        assert_eq!(slices[0].as_ptr(), body.as_ptr());
    }
}
