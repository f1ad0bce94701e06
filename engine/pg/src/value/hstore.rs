use crate::decode::{DecodeError, Reader, Reason, utf8};
use crate::types::Type;

/// Texts by text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hstore<'a> {
    ty: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Hstore<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        // A key and a value are their two lengths at least.
        if reader.count()? > reader.rest().len() / 8 {
            return Err(reader.error(Reason::Short));
        }
        Ok(Self { ty, bytes })
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        Reader::new(self.ty, self.bytes).count().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each key with its value, which may be null.
    pub fn pairs(&self) -> Pairs<'a> {
        let mut reader = Reader::new(self.ty, self.bytes);
        let left = reader.count().unwrap_or(0);
        Pairs { ty: self.ty, reader, left }
    }
}

/// The pairs of an hstore.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    ty: &'a Type,
    reader: Reader<'a>,
    left: usize,
}

impl<'a> Pairs<'a> {
    fn pair(&mut self) -> Result<(&'a str, Option<&'a str>), DecodeError> {
        let Some(key) = self.reader.piece()? else { return Err(self.reader.error(Reason::Malformed("null key"))) };
        let value = self.reader.piece()?;
        Ok((utf8(self.ty, key)?, value.map(|value| utf8(self.ty, value)).transpose()?))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, Option<&'a str>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let pair = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.pair()
            }
            None => Err(self.reader.end().err()?),
        };
        if pair.is_err() {
            self.left = 0;
            self.reader = self.reader.nothing();
        }
        Some(pair)
    }
}
