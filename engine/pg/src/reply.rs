use bytes::Bytes;

use crate::rows::RowIter;
use crate::{Columns, Event, Fields, Oid, Row, Rows, Tag, Ticket, TransactionStatus};

/// What one request was answered, gathered from its events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// The types of the statement's parameters.
    pub parameters: Option<Vec<Oid>>,
    /// The columns, as described last.
    pub columns: Option<Columns>,
    /// A portal was made: what the server says from here on is of its run.
    pub bound: bool,
    /// The rows of all results.
    pub rows: Arena,
    /// The tag of the last command.
    pub tag: Option<Tag>,
    /// The portal has more rows.
    pub suspended: bool,
    /// What went wrong.
    pub error: Option<Box<Fields>>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Gathered {
    /// It is part of the reply.
    Kept,
    /// It is not: somebody else is to see it.
    Other(Event),
    /// The reply is whole.
    Ready(Ticket, TransactionStatus),
}

/// Rows in pieces of at most 256 KiB, but for rows that are longer: one that is kept keeps no more than its piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arena {
    /// Most results are one piece.
    first: Bytes,
    more: Vec<Bytes>,
    count: usize,
}

impl Reply {
    /// Takes what belongs to it. Copied data do not: they are to be passed on as they come.
    pub fn gather(&mut self, event: Event) -> Gathered {
        match event {
            Event::ParseComplete | Event::CloseComplete | Event::NoData | Event::Empty => {}
            Event::BindComplete => self.bound = true,
            Event::Parameters(parameters) => self.parameters = Some(parameters),
            Event::Columns(columns) => self.columns = Some(columns),
            Event::Rows(rows) => self.rows.push(rows),
            Event::Complete(tag) => self.tag = Some(tag),
            Event::Suspended => self.suspended = true,
            Event::Error(fields) => self.error = Some(fields),
            Event::Ready(ticket, status) => return Gathered::Ready(ticket, status),
            other => return Gathered::Other(other),
        }
        Gathered::Kept
    }
}

impl Arena {
    /// Puts rows behind those that are there.
    pub fn push(&mut self, rows: Rows) {
        self.count += rows.count as usize;
        if self.first.is_empty() {
            self.first = rows.bytes;
        } else {
            self.more.push(rows.bytes);
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The pieces, of whole rows each.
    pub fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.first).filter(|first| !first.is_empty()).chain(&self.more)
    }

    /// The pieces themselves.
    pub fn into_pieces(self) -> impl Iterator<Item = Bytes> {
        std::iter::once(self.first).filter(|first| !first.is_empty()).chain(self.more)
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.pieces().flat_map(|piece| RowIter::new(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &'static [u8], count: u32) -> Event {
        Event::Rows(Rows { bytes: Bytes::from_static(bytes), count })
    }

    #[test]
    fn rows_of_several_pieces_are_one_result() {
        let mut reply = Reply::default();
        assert!(reply.rows.is_empty());
        reply.gather(Event::BindComplete);
        reply.gather(rows(b"D\0\0\0\x0b\0\x01\0\0\0\x01aD\0\0\0\x0b\0\x01\0\0\0\x01b", 2));
        reply.gather(rows(b"D\0\0\0\x0b\0\x01\0\0\0\x01c", 1));
        reply.gather(Event::Complete(Tag::read(b"SELECT 3").unwrap()));
        let ready = Event::Ready(Ticket(1), TransactionStatus::Idle);
        assert_eq!(reply.gather(ready), Gathered::Ready(Ticket(1), TransactionStatus::Idle));
        let values: Vec<Option<&[u8]>> = reply.rows.iter().flatten().collect();
        assert_eq!(values, [Some(&b"a"[..]), Some(b"b"), Some(b"c")]);
        assert_eq!((reply.bound, reply.rows.len(), reply.rows.pieces().count()), (true, 3, 2));
        assert!(reply.rows.clone().into_pieces().eq(reply.rows.pieces().cloned()));
    }

    #[test]
    fn what_belongs_to_nobody_is_handed_on() {
        let event = Event::Notification { pid: 1, channel: "c".into(), payload: "p".into() };
        assert_eq!(Reply::default().gather(event.clone()), Gathered::Other(event));
    }
}
