use bytes::BytesMut;
use machine::front;

use crate::chunked::{Chunked, Piece};
use crate::scan::Scan;
use crate::{Error, Limits};

/// The reading side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receive {
    /// Between messages, or inside of a head.
    Head(Scan),
    /// Inside of a body.
    Body(Reader),
    /// The message was read to its end.
    Complete,
}

/// How a body's end is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Length(u64),
    Chunked(Chunked),
    /// With the connection: responses only.
    UntilClose,
}

impl Receive {
    /// Between messages, with nothing of the next one seen.
    pub(crate) fn is_untouched(&self) -> bool {
        matches!(self, Self::Head(scan) if scan.is_untouched())
    }
}

impl Reader {
    /// The next piece from the front of `rx`; after the end of the stream an incomplete body is an error.
    pub(crate) fn poll(&mut self, rx: &mut BytesMut, limits: &Limits, eof: bool) -> Result<Piece, Error> {
        let piece = match self {
            Self::Length(0) => Piece::End(None),
            Self::Length(left) => {
                let data = front::take(rx, usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                if data.is_empty() { Piece::Nothing } else { Piece::Data(data.freeze()) }
            }
            Self::Chunked(reader) => reader.poll(rx, limits)?,
            Self::UntilClose if !rx.is_empty() => Piece::Data(std::mem::take(rx).freeze()),
            Self::UntilClose if eof => Piece::End(None),
            Self::UntilClose => Piece::Nothing,
        };
        match piece {
            Piece::Nothing if eof => Err(Error::Truncated),
            piece => Ok(piece),
        }
    }

    /// Whether more than `most` bytes are known to be left.
    pub(crate) fn exceeds(&self, most: u64) -> bool {
        matches!(self, Self::Length(left) if *left > most)
    }
}
