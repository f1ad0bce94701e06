//! A message on its way in: what its fragments have come to.

use bytes::{Bytes, BytesMut};

use crate::frame::{Head, Opcode};
use crate::utf8::Utf8;
use crate::{Deflate, Error, Event, Kind, mask};

/// Room made ahead of what has come, at most doubling it.
const STEP: usize = 64 * 1024;
/// Fragments without a byte in them, one after another.
const MAX_EMPTY: u32 = 1000;

/// The fragments of one message so far.
#[derive(Debug)]
pub(crate) struct Message {
    kind: Kind,
    compressed: bool,
    data: BytesMut,
    utf8: Utf8,
    empty: u32,
}

impl Message {
    /// The message that begins with `head`.
    pub(crate) fn new(head: &Head) -> Self {
        let kind = if head.opcode == Opcode::Text { Kind::Text } else { Kind::Binary };
        Self { kind, compressed: head.compressed, data: BytesMut::new(), utf8: Utf8::default(), empty: 0 }
    }

    /// Checks what the head of a fragment declares, before any of it is taken.
    pub(crate) fn begin(&mut self, head: &Head, limit: usize) -> Result<(), Error> {
        // What a compressed fragment comes to shows while it is inflated.
        if !self.compressed && head.length > (limit - self.data.len().min(limit)) as u64 {
            return Err(Error::MessageTooBig);
        }
        self.empty = if head.length == 0 && !head.fin { self.empty + 1 } else { 0 };
        if self.empty > MAX_EMPTY { Err(Error::TooManyFragments) } else { Ok(()) }
    }

    /// Takes a masked piece of a fragment's payload; `left` of the fragment follow.
    pub(crate) fn add(
        &mut self,
        mut piece: BytesMut,
        key: Option<([u8; 4], usize)>,
        left: u64,
        deflate: Option<&mut Deflate>,
        limit: usize,
    ) -> Result<(), Error> {
        if let Some((key, offset)) = key {
            mask::apply(key, offset, &mut piece);
        }
        let before = self.data.len();
        let mut inflated = Ok(());
        match deflate.filter(|_| self.compressed) {
            // What stands in front of an error counts first.
            Some(deflate) => inflated = deflate.inflate(&piece, &mut self.data, limit),
            None if before == 0 && left == 0 => self.data = piece,
            None => {
                let room = piece.len() + usize::try_from(left).unwrap_or(usize::MAX).min(before.max(STEP));
                if self.data.capacity() - before < piece.len() {
                    self.data.reserve(room);
                }
                self.data.extend_from_slice(&piece);
            }
        }
        self.check(before).and(inflated)
    }

    /// The message is whole.
    pub(crate) fn finish(mut self, deflate: Option<&mut Deflate>, limit: usize) -> Result<Event, Error> {
        let before = self.data.len();
        let inflated = match deflate.filter(|_| self.compressed) {
            Some(deflate) => deflate.inflate_end(&mut self.data, limit),
            None => Ok(()),
        };
        self.check(before).and(inflated)?;
        let data: Bytes = self.data.freeze();
        match self.kind {
            Kind::Text => self.utf8.finish().map(|()| Event::Text(data)),
            Kind::Binary => Ok(Event::Binary(data)),
        }
    }

    /// Bytes that it has memory for.
    pub(crate) fn room(&self) -> usize {
        self.data.capacity()
    }

    /// Takes memory for what is to come.
    pub(crate) fn lend(&mut self, mut room: BytesMut) {
        room.clear();
        room.extend_from_slice(&self.data);
        self.data = room;
    }

    pub(crate) fn buffered(&self) -> usize {
        self.data.len()
    }

    fn check(&mut self, from: usize) -> Result<(), Error> {
        match self.kind {
            Kind::Text => self.utf8.feed(self.data.get(from..).unwrap_or_default()),
            Kind::Binary => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_is_lent_keeps_what_had_come_and_forgets_what_it_held() {
        let head = Head { fin: true, compressed: false, opcode: Opcode::Binary, mask: None, length: 11 };
        let mut message = Message::new(&head);
        assert_eq!(message.add(BytesMut::from(&b"large "[..]), None, 5, None, 64), Ok(()));
        let room = BytesMut::from(&[b'x'; 4096][..]);
        let place = room.as_ptr();
        message.lend(room);
        assert_eq!(message.add(BytesMut::from(&b"bytes"[..]), None, 0, None, 64), Ok(()));
        let Ok(Event::Binary(data)) = message.finish(None, 64) else { panic!("no message") };
        assert_eq!((&data[..], data.as_ptr()), (&b"large bytes"[..], place));
    }
}
