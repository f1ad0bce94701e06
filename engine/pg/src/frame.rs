//! The frame of every message, `tag, i32 length, body`, and reading what stands in a body without a step past its end.

use bytes::BytesMut;
use machine::front;

use crate::Error;

/// The tag and the length of a message.
pub(crate) const HEAD: usize = 5;

/// The front of the input: a message that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) tag: u8,
    /// Bytes of the body.
    pub(crate) length: usize,
}

impl Frame {
    /// The message at the front; none while its head is not whole.
    pub(crate) fn peek(bytes: &[u8]) -> Result<Option<Self>, Error> {
        let Some(&[tag, a, b, c, d]) = bytes.first_chunk::<HEAD>() else { return Ok(None) };
        let length = i32::from_be_bytes([a, b, c, d]);
        match usize::try_from(length).ok().and_then(|length| length.checked_sub(4)) {
            Some(length) => Ok(Some(Self { tag, length })),
            None => Err(Error::Malformed(tag)),
        }
    }

    /// All bytes of it.
    pub(crate) fn size(self) -> usize {
        HEAD + self.length
    }

    /// Refuses a message above the limit, before any of it is waited for.
    pub(crate) fn within(self, limit: usize) -> Result<Self, Error> {
        if self.length > limit { Err(Error::TooBig { tag: self.tag, length: self.length }) } else { Ok(self) }
    }

    /// The body, where it is whole.
    pub(crate) fn body(self, bytes: &[u8]) -> Option<&[u8]> {
        bytes.get(HEAD..self.size())
    }

    /// Takes it off the input.
    pub(crate) fn skip(self, rx: &mut BytesMut) {
        front::skip(rx, self.size());
    }
}

/// Reads the fields of a body in turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a> {
    tag: u8,
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    pub(crate) fn new(tag: u8, rest: &'a [u8]) -> Self {
        Self { tag, rest }
    }

    pub(crate) fn malformed(&self) -> Error {
        Error::Malformed(self.tag)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// A count that may not be negative.
    pub(crate) fn count(&mut self) -> Result<usize, Error> {
        let count = i16::from_be_bytes(self.array()?);
        usize::try_from(count).map_err(|_| self.malformed())
    }

    /// Up to the next zero byte, which must be there.
    pub(crate) fn bytes_to_nul(&mut self) -> Result<&'a [u8], Error> {
        let end = memchr::memchr(0, self.rest).ok_or_else(|| self.malformed())?;
        let (text, rest) = self.rest.split_at_checked(end).ok_or_else(|| self.malformed())?;
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(text)
    }

    /// A string; what is no UTF-8 in it is replaced.
    pub(crate) fn text(&mut self) -> Result<Box<str>, Error> {
        Ok(String::from_utf8_lossy(self.bytes_to_nul()?).into())
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.malformed())?;
        self.rest = rest;
        Ok(*array)
    }
}
