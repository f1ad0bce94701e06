use bytes::{Bytes, BytesMut};

use crate::chunked::Chunked;
use crate::{Error, Limits, Trailers, split};

/// Reads a message's body off the wire (RFC 9112, section 6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoder {
    /// So many bytes are left.
    Length(u64),
    /// The chunked coding.
    Chunked(Box<Chunked>),
    /// Whatever comes before the peer closes.
    UntilEof,
}

/// What the decoder found at the front of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Data(Bytes),
    End(Option<Trailers>),
    NeedInput,
}

impl Decoder {
    pub(crate) fn chunked() -> Self {
        Self::Chunked(Box::default())
    }

    /// `eof`: what is in `rx` is all there will be.
    pub(crate) fn poll(&mut self, rx: &mut BytesMut, limits: &Limits, eof: bool) -> Result<Decoded, Error> {
        let decoded = match self {
            Self::Length(0) => Decoded::End(None),
            Self::Length(left) if !rx.is_empty() => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(rx.len());
                *left -= length as u64;
                Decoded::Data(split::take(rx, length))
            }
            Self::UntilEof if !rx.is_empty() => Decoded::Data(split::take(rx, rx.len())),
            Self::UntilEof if eof => Decoded::End(None),
            Self::Length(_) | Self::UntilEof => Decoded::NeedInput,
            Self::Chunked(chunked) => chunked.poll(rx, limits)?,
        };
        if eof && decoded == Decoded::NeedInput { Err(Error::Truncated) } else { Ok(decoded) }
    }
}
