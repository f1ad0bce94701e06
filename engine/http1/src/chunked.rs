//! The chunked coding (RFC 9112, section 7.1).
//!
//! ```text
//!   Size ──n > 0──> Data(n) ──> DataEnd ──> Size
//!     └───n = 0──> Trailers ──> (end)
//! ```

use bytes::BytesMut;

use crate::decoder::Decoded;
use crate::scanner::{Bounds, Scanner};
use crate::{Error, Limits, Trailers, parse, split, syntax};

/// Hexadecimal digits of a chunk size: what fits 64 bits.
const DIGITS: usize = 16;

/// The decoder's state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chunked {
    state: State,
    /// Bytes of chunk extensions in this message.
    extensions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers(Scanner),
}

impl Chunked {
    pub(crate) fn poll(&mut self, rx: &mut BytesMut, limits: &Limits) -> Result<Decoded, Error> {
        loop {
            match &mut self.state {
                State::Size => match self.size(rx, limits)? {
                    None => return Ok(Decoded::NeedInput),
                    Some(0) => self.state = State::Trailers(Scanner::default()),
                    Some(size) => self.state = State::Data(size),
                },
                State::Data(left) => {
                    if rx.is_empty() {
                        return Ok(Decoded::NeedInput);
                    }
                    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(rx.len());
                    *left -= length as u64;
                    if *left == 0 {
                        self.state = State::DataEnd;
                    }
                    return Ok(Decoded::Data(split::take(rx, length)));
                }
                State::DataEnd => match rx.get(..2) {
                    Some(b"\r\n") => {
                        split::skip(rx, 2);
                        self.state = State::Size;
                    }
                    None if matches!(rx.first(), None | Some(b'\r')) => return Ok(Decoded::NeedInput),
                    _ => return Err(Error::ChunkEnd),
                },
                State::Trailers(scanner) => {
                    let Some(length) = scanner.scan(rx, &Bounds::trailers(limits))? else {
                        return Ok(Decoded::NeedInput);
                    };
                    let lines = scanner.lines;
                    let section = split::take_mut(rx, length);
                    if lines == 0 {
                        return Ok(Decoded::End(None));
                    }
                    return parse::trailers(section, lines).map(|block| Decoded::End(Some(Trailers::read(block))));
                }
            }
        }
    }

    /// The size of the next chunk, once its line is there. A line that is still growing is looked through again from
    /// its start; it is short, and the verdict does not depend on how it arrived.
    fn size(&mut self, rx: &mut BytesMut, limits: &Limits) -> Result<Option<u64>, Error> {
        let digits = rx.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > DIGITS {
            return Err(Error::ChunkSize);
        }
        let Some(behind) = rx.get(digits) else { return Ok(None) };
        match behind {
            _ if digits == 0 => return Err(Error::ChunkSize),
            b'\r' | b';' | b' ' | b'\t' => {}
            b'\n' => return Err(Error::LineEnd),
            _ => return Err(Error::ChunkSize),
        }
        let most = limits.chunk_extension.min(limits.chunk_extensions.saturating_sub(self.extensions));
        let rest = rx.get(digits..).unwrap_or_default();
        let extension = match rest.iter().take(most + 1).position(|byte| is_control(*byte)) {
            Some(end) => rest.get(..end).unwrap_or_default(),
            None if rest.len() > most => return Err(Error::ChunkExtension),
            None => return Ok(None),
        };
        match rest.get(extension.len()..) {
            Some([b'\r', b'\n', ..]) => {}
            Some([b'\r']) => return Ok(None),
            Some([b'\r' | b'\n', ..]) => return Err(Error::LineEnd),
            _ => return Err(Error::ChunkExtension),
        }
        // White space alone is no extension: the grammar's BWS stands before a semicolon.
        if !extension.is_empty() && syntax::trim(extension).first() != Some(&b';') {
            return Err(Error::ChunkExtension);
        }
        let size = rx.iter().take(digits).fold(0_u64, |size, digit| {
            let value = char::from(*digit).to_digit(16).unwrap_or(0);
            (size << 4) | u64::from(value)
        });
        let line = digits + extension.len() + 2;
        self.extensions += extension.len();
        split::skip(rx, line);
        Ok(Some(size))
    }
}

const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}
