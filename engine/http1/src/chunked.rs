use bytes::{Bytes, BytesMut};
use machine::front;

use crate::scan::{Bounds, Scan};
use crate::{Error, Limits, Trailers, grammar, parse};

/// Reads a chunked body (RFC 9112, section 7.1), strictly.
///
/// ```text
///          ┌──────────────── data ends ────────────────┐
///          v                                           │
///   ──>  Size ──;──> Extension ──CR──> SizeEnd ──LF──> Data ──> DataEnd ──CR──> DataFeed ──LF──> Size
///          └──────────CR─────────────────^   └── LF, size 0 ──> Trailers ──empty line──> (the end)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunked {
    state: State,
    /// Bytes of extensions so far, of all chunks.
    extensions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size {
        size: u64,
        digits: u8,
    },
    /// Spaces may stand in front of the first semicolon, nothing else.
    Extension {
        size: u64,
        length: usize,
        begun: bool,
    },
    SizeEnd {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataEnd,
    DataFeed,
    Trailers(Scan),
}

/// What a body's reader found.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    End(Option<Trailers>),
    /// Nothing: more input is needed.
    Nothing,
}

impl Chunked {
    pub(crate) fn new() -> Self {
        Self { state: State::Size { size: 0, digits: 0 }, extensions: 0 }
    }

    /// The next piece from the front of `rx`.
    pub(crate) fn poll(&mut self, rx: &mut BytesMut, limits: &Limits) -> Result<Piece, Error> {
        self.read_line(rx, limits)?;
        match &mut self.state {
            State::Data { left } if !rx.is_empty() => {
                let data = front::take(rx, usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= data.len() as u64;
                if *left == 0 {
                    self.state = State::DataEnd;
                }
                Ok(Piece::Data(data.freeze()))
            }
            State::Trailers(scan) => match scan.advance(rx, &Bounds::trailers(limits))? {
                None => Ok(Piece::Nothing),
                Some(block) => {
                    let lines = front::take(rx, block.length);
                    let trailers = if block.fields > 0 { Some(parse::trailers(lines, block)?) } else { None };
                    Ok(Piece::End(trailers))
                }
            },
            _ => Ok(Piece::Nothing),
        }
    }

    /// Reads up to data or trailers, byte by byte: each byte is looked at once.
    fn read_line(&mut self, rx: &mut BytesMut, limits: &Limits) -> Result<(), Error> {
        let mut read = 0;
        for &byte in rx.iter() {
            if matches!(self.state, State::Data { .. } | State::Trailers(_)) {
                break;
            }
            self.state = self.step(byte, limits)?;
            read += 1;
        }
        if read > 0 {
            front::skip(rx, read);
        }
        Ok(())
    }

    fn step(&mut self, byte: u8, limits: &Limits) -> Result<State, Error> {
        match (self.state, byte) {
            (State::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                const MOST: u8 = 16;
                let digit = char::from(byte).to_digit(16).ok_or(Error::InvalidChunkSize)?;
                let fits = digits < MOST;
                fits.then_some(State::Size { size: size << 4 | u64::from(digit), digits: digits + 1 })
                    .ok_or(Error::InvalidChunkSize)
            }
            (State::Size { size, digits: 1.. }, b'\r') => Ok(State::SizeEnd { size }),
            (State::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => {
                self.count_extension(0, limits)?;
                Ok(State::Extension { size, length: 1, begun: byte == b';' })
            }
            (State::Size { .. }, _) => Err(Error::InvalidChunkSize),
            (State::Extension { size, begun: true, .. }, b'\r') => Ok(State::SizeEnd { size }),
            (State::Extension { size, length, begun }, _) => {
                let allowed = if begun { grammar::is_value(&[byte]) } else { matches!(byte, b';' | b' ' | b'\t') };
                if !allowed {
                    return Err(Error::InvalidChunkExtension);
                }
                self.count_extension(length, limits)?;
                Ok(State::Extension { size, length: length + 1, begun: begun || byte == b';' })
            }
            (State::SizeEnd { size: 0 }, b'\n') => Ok(State::Trailers(Scan::default())),
            (State::SizeEnd { size }, b'\n') => Ok(State::Data { left: size }),
            (State::SizeEnd { .. }, _) => Err(Error::InvalidChunkSize),
            (State::DataEnd, b'\r') => Ok(State::DataFeed),
            (State::DataFeed, b'\n') => Ok(State::Size { size: 0, digits: 0 }),
            (State::DataEnd | State::DataFeed, _) => Err(Error::InvalidChunkEnd),
            (same @ (State::Data { .. } | State::Trailers(_)), _) => Ok(same),
        }
    }

    fn count_extension(&mut self, before: usize, limits: &Limits) -> Result<(), Error> {
        self.extensions += 1;
        if before >= limits.chunk_extension || self.extensions > limits.chunk_extensions {
            return Err(Error::ChunkExtensionsTooLarge);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(Vec<u8>, Option<Trailers>, Vec<u8>), Error>;

    /// Feeds `step` bytes at a time; the data, the trailers, and what is left behind the end.
    fn read(bytes: &[u8], step: usize) -> Read {
        let (limits, mut reader, mut rx, mut data) = (Limits::default(), Chunked::new(), BytesMut::new(), Vec::new());
        let mut pieces = bytes.chunks(step);
        loop {
            match reader.poll(&mut rx, &limits)? {
                Piece::Data(piece) => data.extend_from_slice(&piece),
                Piece::End(trailers) => {
                    rx.extend(pieces.flatten());
                    return Ok((data, trailers, rx.to_vec()));
                }
                Piece::Nothing => match pieces.next() {
                    Some(piece) => rx.extend_from_slice(piece),
                    None => return Err(Error::Truncated),
                },
            }
        }
    }

    #[track_caller]
    fn refused(bytes: &[u8], error: Error) {
        for step in [1, 2, 3, 7, 1 << 20] {
            assert_eq!(read(bytes, step), Err(error), "{:?} by {step}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn data_trailers_and_the_rest_are_told_apart_however_they_arrive() {
        let bytes = b"3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n1 ;z\r\n!\r\n000\r\nX-A: b\r\n\r\nGET";
        for step in 1..bytes.len() {
            let (data, trailers, rest) = read(bytes, step).unwrap();
            assert_eq!((&data[..], &rest[..]), (&b"abc0123456789!"[..], &b"GET"[..]));
            assert_eq!(
                trailers.unwrap().fields().next().map(|field| (field.name, field.value)),
                Some((&b"x-a"[..], &b"b"[..]))
            );
        }
        assert_eq!(read(b"0\r\n\r\n", 1), Ok((vec![], None, vec![])));
    }

    #[test]
    fn data_is_not_copied() {
        let mut rx = BytesMut::from(&b"3\r\nabc\r\n"[..]);
        let place = rx[3..].as_ptr();
        let Ok(Piece::Data(data)) = Chunked::new().poll(&mut rx, &Limits::default()) else { panic!("no data") };
        assert_eq!((data.as_ptr(), &data[..]), (place, &b"abc"[..]));
    }

    #[test]
    fn size_must_be_one_to_sixteen_hexadecimal_digits() {
        for bad in
            ["\r\n", ";x\r\n", " 3\r\n", "+3\r\n", "-3\r\n", "0x3\r\n", "g\r\n", "3\n", "3\rx", "00000000000000003\r\n"]
        {
            refused(bad.as_bytes(), Error::InvalidChunkSize);
        }
        refused(b"fffffffffffffffff\r\n", Error::InvalidChunkSize);
        refused(b"ffffffffffffffff\r\nabc", Error::Truncated);
    }

    #[test]
    fn terminator_of_chunk_data_must_be_cr_lf_exactly() {
        for bad in ["1\r\naXX", "1\r\na\n", "1\r\na\rX", "1\r\nab\r\n", "1\r\na0\r\n\r\n"] {
            refused(bad.as_bytes(), Error::InvalidChunkEnd);
        }
    }

    #[test]
    fn extensions_have_no_control_and_nothing_but_spaces_in_front() {
        for bad in ["1;a\nb\r\n", "1;\0\r\n", "1;\x7f\r\n", "1 x\r\n", "1 \r\n", "1\t\r\n", "1 \n"] {
            refused(bad.as_bytes(), Error::InvalidChunkExtension);
        }
        refused(b"1;a\rb\r\n", Error::InvalidChunkSize);
    }

    #[test]
    fn extensions_are_limited_by_chunk_and_by_message() {
        let fits = format!("1;{}\r\na\r\n", "x".repeat(255));
        assert!(read(format!("{fits}0\r\n\r\n").as_bytes(), 9).is_ok());
        refused(format!("1;{}", "x".repeat(256)).as_bytes(), Error::ChunkExtensionsTooLarge);
        assert!(read(format!("{}0\r\n\r\n", fits.repeat(64)).as_bytes(), 9).is_ok());
        refused(format!("{}1;", fits.repeat(64)).as_bytes(), Error::ChunkExtensionsTooLarge);
    }

    #[test]
    fn trailers_are_checked_and_limited() {
        refused(b"0\r\na b: c\r\n\r\n", Error::InvalidFieldName);
        refused(b"0\r\na : c\r\n\r\n", Error::SpaceBeforeColon);
        refused(b"0\r\na: c\r\n d\r\n\r\n", Error::FoldedField);
        refused(b"0\r\na: c\n\r\n", Error::BareLineFeed);
        refused(b"0\r\na: \0\r\n\r\n", Error::InvalidFieldValue);
        refused(format!("0\r\n{}\r\n", "a: b\r\n".repeat(33)).as_bytes(), Error::TooManyTrailers);
        refused(
            format!("0\r\n{}\r\n", format!("a: {}\r\n", "b".repeat(2000)).repeat(5)).as_bytes(),
            Error::TrailersTooLarge,
        );
        refused(format!("0\r\na: {}", "b".repeat(9000)).as_bytes(), Error::TrailersTooLarge);
    }
}
