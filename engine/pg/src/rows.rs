//! DataRow messages: walking over many at the front of the input, and reading one.

use bytes::Bytes;

use crate::Error;
use crate::frame::{Frame, HEAD};
use crate::limits::PIECE;

/// DataRow messages back to back, heads included; each was checked when it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The messages.
    pub bytes: Bytes,
    /// How many there are.
    pub count: u32,
}

impl Rows {
    /// The rows in order.
    pub fn iter(&self) -> RowIter<'_> {
        RowIter { rest: &self.bytes }
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = Row<'a>;
    type IntoIter = RowIter<'a>;

    fn into_iter(self) -> RowIter<'a> {
        self.iter()
    }
}

/// The rows in a stretch of DataRow messages.
#[derive(Debug, Clone)]
pub struct RowIter<'a> {
    rest: &'a [u8],
}

impl<'a> RowIter<'a> {
    /// The rows in `bytes`, which are DataRow messages back to back.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for RowIter<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let frame = Frame::peek(self.rest).ok().flatten()?;
        let (message, rest) = self.rest.split_at_checked(frame.size())?;
        self.rest = rest;
        Some(Row { values: message.get(HEAD + 2..)? })
    }
}

/// A row: an iterator over its values, none where one is NULL.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Length and bytes of each value.
    values: &'a [u8],
}

impl<'a> Iterator for Row<'a> {
    type Item = Option<&'a [u8]>;

    #[inline]
    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.values.split_first_chunk::<4>()?;
        self.values = rest;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Some(None) };
        let (value, rest) = rest.split_at_checked(length)?;
        self.values = rest;
        Some(Some(value))
    }
}

/// The whole rows at the front of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walked {
    pub(crate) size: usize,
    pub(crate) count: u32,
}

/// Walks over whole rows of `width` columns, of as many as the first has where none is given: all that are at hand, but
/// no more than a piece.
pub(crate) fn walk(bytes: &[u8], width: &mut Option<u16>, limit: usize) -> Result<Walked, Error> {
    let mut rest = bytes;
    let mut walked = Walked { size: 0, count: 0 };
    loop {
        match whole_row(rest, width, limit) {
            Ok(Some(size)) if walked.count == 0 || walked.size + size <= PIECE => {
                rest = rest.get(size..).unwrap_or_default();
                walked.size += size;
                walked.count += 1;
            }
            // Rows in front of a bad one come out first, as if they had come in first.
            Err(error) if walked.count == 0 => return Err(error),
            _ => return Ok(walked),
        }
    }
}

/// The size of the row at the front, where it is whole.
#[inline]
fn whole_row(bytes: &[u8], width: &mut Option<u16>, limit: usize) -> Result<Option<usize>, Error> {
    let Some(frame) = Frame::peek(bytes)?.filter(|frame| frame.tag == b'D') else { return Ok(None) };
    let Some(message) = bytes.get(..frame.within(limit)?.size()) else { return Ok(None) };
    check(message, width)?;
    Ok(Some(message.len()))
}

/// A row must have the columns that were described, and each must end inside of the message (RUSTSEC-2026-0178).
#[inline]
fn check(message: &[u8], width: &mut Option<u16>) -> Result<(), Error> {
    let malformed = Error::Malformed(b'D');
    let Some((&[_, _, _, _, _, high, low], mut rest)) = message.split_first_chunk::<7>() else {
        return Err(malformed);
    };
    let actual = u16::from_be_bytes([high, low]);
    let expected = *width.get_or_insert(actual);
    if actual != expected {
        return Err(Error::RowWidth { expected, actual });
    }
    for _ in 0..actual {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { return Err(malformed) };
        let length = i32::from_be_bytes(*length);
        rest = match usize::try_from(length) {
            Ok(length) => match after.get(length..) {
                Some(after) => after,
                None => return Err(malformed),
            },
            Err(_) if length == -1 => after,
            Err(_) => return Err(malformed),
        };
    }
    if rest.is_empty() { Ok(()) } else { Err(malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Option<&[u8]>]) -> Vec<u8> {
        let mut body = (values.len() as u16).to_be_bytes().to_vec();
        for value in values {
            body.extend(value.map_or(-1, |value| value.len() as i32).to_be_bytes());
            body.extend(value.unwrap_or_default());
        }
        let mut message = vec![b'D'];
        message.extend((body.len() as i32 + 4).to_be_bytes());
        message.extend(body);
        message
    }

    #[test]
    fn whole_rows_are_walked_and_read_back() {
        let first = row(&[Some(b"a"), None, Some(b"")]);
        let bytes = [&first[..], &row(&[None, None, Some(b"xyz")]), &first[..9]].concat();
        let walked = walk(&bytes, &mut Some(3), 1 << 20).unwrap();
        assert_eq!(walked, Walked { size: bytes.len() - 9, count: 2 });
        let rows = Rows { bytes: Bytes::copy_from_slice(&bytes[..walked.size]), count: walked.count };
        let values: Vec<Vec<Option<&[u8]>>> = rows.iter().map(Iterator::collect).collect();
        assert_eq!(values, [vec![Some(&b"a"[..]), None, Some(b"")], vec![None, None, Some(b"xyz")]]);
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let bytes = row(&[Some(b"a")]);
        let refused = Err(Error::RowWidth { expected: 2, actual: 1 });
        assert_eq!(walk(&bytes, &mut Some(2), 1 << 20), refused);
        let even = row(&[None, None]);
        let uneven = [&even[..], &bytes].concat();
        let mut width = None;
        assert_eq!(walk(&uneven, &mut width, 1 << 20), Ok(Walked { size: even.len(), count: 1 }));
        assert_eq!(walk(&uneven[even.len()..], &mut width, 1 << 20), refused);
    }

    #[test]
    fn a_value_that_leaves_its_row_is_refused() {
        let whole = row(&[Some(b"abc"), None]);
        for (at, byte) in [(10, 4), (10, 2), (7, 0x80), (14, 0xfe), (6, 1), (6, 3), (5, 0xff)] {
            let mut broken = whole.clone();
            broken[at] = byte;
            assert!(walk(&broken, &mut None, 1 << 20).is_err(), "byte {at} as {byte}");
        }
        assert!(walk(&whole, &mut None, 1 << 20).is_ok());
    }

    #[test]
    fn a_piece_has_an_end_and_a_row_has_a_limit() {
        let long = row(&[Some(&[b'x'; 100_000])]);
        let many = long.repeat(4);
        assert_eq!(walk(&many, &mut None, 1 << 20).unwrap().count, 2);
        assert_eq!(walk(&long, &mut None, 1000), Err(Error::TooBig { tag: b'D', length: 100_006 }));
    }
}
