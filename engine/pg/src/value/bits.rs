use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

/// A string of bits, the first in the highest bit of the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let length = reader.count()?;
        if reader.rest().len() != length.div_ceil(8) {
            return Err(reader.error(Reason::Length(bytes.len())));
        }
        Ok(Self { bytes: reader.rest(), length })
    }

    /// How many bits there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bits, eight a byte; what is over in the last byte is zero.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Each bit.
    pub fn iter(&self) -> impl Iterator<Item = bool> + use<'a> {
        self.bytes.iter().flat_map(|byte| (0..8).map(move |at| byte & (0x80 >> at) != 0)).take(self.length)
    }
}

impl std::fmt::Display for Bits<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.iter().try_for_each(|bit| f.write_str(if bit { "1" } else { "0" }))
    }
}
