use crate::decode::{DecodeError, Reader, Reason, decode};
use crate::types::{Format, Kind, Type};
use crate::value::{Pieces, Value};

const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;
const ALL: u8 = 0x1f;

/// A range: two ends, either of which may be missing, or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range<'a> {
    subtype: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Range<'a> {
    pub(crate) fn read(ty: &'a Type, subtype: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let flags = reader.u8()?;
        if flags & !ALL != 0 {
            return Err(reader.error(Reason::Malformed("flag")));
        }
        for absent in [EMPTY | LOWER_INFINITE, EMPTY | UPPER_INFINITE] {
            if flags & absent == 0 && reader.piece()?.is_none() {
                return Err(reader.error(Reason::Malformed("null end")));
            }
        }
        reader.end()?;
        Ok(Self { subtype, bytes })
    }

    /// What it is a range of.
    pub fn subtype(&self) -> &'a Type {
        self.subtype
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.has(EMPTY)
    }

    /// Whether the lower end is in it.
    pub fn lower_inclusive(&self) -> bool {
        self.has(LOWER_INCLUSIVE)
    }

    /// Whether the upper end is in it.
    pub fn upper_inclusive(&self) -> bool {
        self.has(UPPER_INCLUSIVE)
    }

    /// The bytes of the lower end; `None` when there is no end, or nothing in the range.
    pub fn raw_lower(&self) -> Option<&'a [u8]> {
        if self.has(EMPTY | LOWER_INFINITE) { None } else { self.ends().piece().ok()? }
    }

    /// The bytes of the upper end; `None` when there is no end, or nothing in the range.
    pub fn raw_upper(&self) -> Option<&'a [u8]> {
        if self.has(EMPTY | UPPER_INFINITE) {
            return None;
        }
        let mut ends = self.ends();
        if !self.has(LOWER_INFINITE) {
            ends.piece().ok()?;
        }
        ends.piece().ok()?
    }

    /// The lower end, `Null` when there is none.
    pub fn lower(&self) -> Result<Value<'a>, DecodeError> {
        self.raw_lower().map_or(Ok(Value::Null), |bytes| decode(self.subtype, Format::Binary, bytes))
    }

    /// The upper end, `Null` when there is none.
    pub fn upper(&self) -> Result<Value<'a>, DecodeError> {
        self.raw_upper().map_or(Ok(Value::Null), |bytes| decode(self.subtype, Format::Binary, bytes))
    }

    fn has(&self, any: u8) -> bool {
        self.bytes.first().is_some_and(|flags| flags & any != 0)
    }

    fn ends(&self) -> Reader<'a> {
        Reader::new(self.subtype, self.bytes.get(1..).unwrap_or_default())
    }
}

/// Ranges that do not touch, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multirange<'a> {
    ty: &'a Type,
    range: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Multirange<'a> {
    pub(crate) fn read(ty: &'a Type, range: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        if reader.count()? > reader.rest().len() / 4 {
            return Err(reader.error(Reason::Short));
        }
        Ok(Self { ty, range, bytes })
    }

    /// The type of each of its ranges.
    pub fn range(&self) -> &'a Type {
        self.range
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        Reader::new(self.ty, self.bytes).count().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of each range.
    pub fn raw(&self) -> Pieces<'a> {
        let mut reader = Reader::new(self.ty, self.bytes);
        let count = reader.count().unwrap_or(0);
        Pieces::new(reader, count)
    }

    /// Each range.
    pub fn ranges(&self) -> Ranges<'a> {
        Ranges { pieces: self.raw(), ty: self.ty, range: self.range }
    }
}

/// The ranges of a multirange.
#[derive(Debug, Clone)]
pub struct Ranges<'a> {
    pieces: Pieces<'a>,
    ty: &'a Type,
    range: &'a Type,
}

impl<'a> Iterator for Ranges<'a> {
    type Item = Result<Range<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match (self.pieces.next()?, &self.range.base().kind) {
            (Ok(Some(bytes)), Kind::Range(subtype)) => Range::read(self.range, subtype, bytes),
            (Ok(None), _) => Err(DecodeError::new(self.ty, Reason::Malformed("null range"))),
            (Ok(Some(_)), _) => Err(DecodeError::new(self.range, Reason::Format)),
            (Err(error), _) => Err(error),
        })
    }
}
