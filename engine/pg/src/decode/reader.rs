use super::{DecodeError, Reason};
use crate::types::Type;

/// Numbers off the front of one value. Running out is the value's fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reader<'a> {
    ty: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(ty: &'a Type, bytes: &'a [u8]) -> Self {
        Self { ty, bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes.split_first_chunk() {
            Some((front, rest)) => {
                self.bytes = rest;
                Ok(*front)
            }
            None => Err(self.error(Reason::Short)),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A count, which is never negative.
    #[inline]
    pub(crate) fn count(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.i32()?).map_err(|_| self.error(Reason::Malformed("count")))
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes.split_at_checked(length) {
            Some((front, rest)) => {
                self.bytes = rest;
                Ok(front)
            }
            None => Err(self.error(Reason::Short)),
        }
    }

    /// A length and that many bytes; a negative length is null.
    #[inline]
    pub(crate) fn piece(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        match usize::try_from(self.i32()?) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Read to its end, after a fault.
    pub(crate) fn nothing(self) -> Self {
        Self { ty: self.ty, bytes: &[] }
    }

    /// Says that nothing may follow.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.error(Reason::Trailing)) }
    }

    #[cold]
    pub(crate) fn error(&self, reason: Reason) -> DecodeError {
        DecodeError::new(self.ty, reason)
    }
}
