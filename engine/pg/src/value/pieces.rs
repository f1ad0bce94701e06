use crate::decode::{DecodeError, Reader, decode};
use crate::types::{Format, Type};
use crate::value::Value;

/// The raw bytes of each part of a value, null as `None`. What follows the last part is an error.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(reader: Reader<'a>, count: usize) -> Self {
        Self { reader, left: count }
    }

    /// Those same parts, decoded as this type.
    pub(super) fn values(self, ty: &'a Type) -> Values<'a> {
        Values { pieces: self, ty }
    }

    fn fail(&mut self, error: DecodeError) -> DecodeError {
        self.left = 0;
        self.reader = Reader::nothing(self.reader);
        error
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Option<&'a [u8]>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            let error = self.reader.end().err()?;
            return Some(Err(self.fail(error)));
        }
        self.left -= 1;
        match self.reader.piece() {
            Ok(piece) => Some(Ok(piece)),
            Err(error) => Some(Err(self.fail(error))),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Each part is four bytes at least, whatever the count says.
        (self.left.min(self.reader.rest().len() / 4), Some(self.left.saturating_add(1)))
    }
}

/// Each part of a value, decoded.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    pieces: Pieces<'a>,
    ty: &'a Type,
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Value<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.pieces.next()? {
            Ok(Some(bytes)) => decode(self.ty, Format::Binary, bytes),
            Ok(None) => Ok(Value::Null),
            Err(error) => Err(error),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.pieces.size_hint()
    }
}
