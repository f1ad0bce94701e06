use bytes::Bytes;
use machine::Outbox;

use crate::lines::Length;
use crate::{Misuse, Trailers};

/// The sending side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transmit {
    /// There is nothing to answer; a client may send a request.
    Idle,
    /// The server owes a response.
    Owed,
    /// Inside of a body.
    Body(Writer),
    /// The message was sent to its end.
    Complete,
}

/// How a body's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Length {
        declared: u64,
        left: u64,
    },
    Chunked,
    UntilClose,
    /// The head says what there would be, and nothing follows.
    Nothing,
}

impl Writer {
    pub(crate) fn new(length: Length) -> Self {
        match length {
            Length::None => Self::Nothing,
            Length::Known(length) => Self::Length { declared: length, left: length },
            Length::Chunked => Self::Chunked,
            Length::Close => Self::UntilClose,
        }
    }

    pub(crate) fn send(&mut self, data: Bytes, out: &mut Outbox) -> Result<(), Misuse> {
        match self {
            Self::Length { declared, left } => match left.checked_sub(data.len() as u64) {
                Some(rest) => {
                    *left = rest;
                    out.push(data);
                }
                None => {
                    let sent = (*declared - *left).saturating_add(data.len() as u64);
                    return Err(Misuse::TooLong { declared: *declared, sent });
                }
            },
            // An empty chunk would be the last one.
            Self::Chunked if data.is_empty() => {}
            Self::Chunked => {
                write_size(data.len(), out);
                out.push(data);
                out.extend(b"\r\n");
            }
            Self::UntilClose => out.push(data),
            Self::Nothing => {}
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self, trailers: Option<&Trailers>, out: &mut Outbox) -> Result<(), Misuse> {
        match self {
            Self::Length { declared, left: left @ 1.. } => {
                Err(Misuse::TooShort { declared: *declared, sent: *declared - *left })
            }
            Self::Chunked => {
                out.extend(b"0\r\n");
                if let Some(trailers) = trailers {
                    trailers.render(out.tail_mut());
                }
                out.extend(b"\r\n");
                Ok(())
            }
            Self::Length { .. } | Self::UntilClose | Self::Nothing => Ok(()),
        }
    }
}

/// `chunk-size CRLF`
fn write_size(size: usize, out: &mut Outbox) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut line = [0; 18];
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for (slot, place) in line.iter_mut().zip((0..digits).rev()) {
        *slot = DIGITS.get(size >> (4 * place) & 0xf).copied().unwrap_or_default();
    }
    for (slot, byte) in line.iter_mut().skip(digits as usize).zip(*b"\r\n") {
        *slot = byte;
    }
    out.extend(line.get(..digits as usize + 2).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(writer: &mut Writer, pieces: &[&'static [u8]]) -> (Vec<u8>, Result<(), Misuse>) {
        let mut out = Outbox::new();
        let mut result = Ok(());
        for piece in pieces {
            result = result.and_then(|()| writer.send(Bytes::from_static(piece), &mut out));
        }
        result = result.and_then(|()| writer.finish(None, &mut out));
        (out.tail_mut().to_vec(), result)
    }

    #[test]
    fn chunk_sizes_are_hexadecimal_without_leading_zeros() {
        for size in [1, 9, 10, 15, 16, 255, 256, 4095, 65536, usize::MAX] {
            let mut out = Outbox::new();
            write_size(size, &mut out);
            assert_eq!(out.tail_mut()[..], *format!("{size:x}\r\n").as_bytes());
        }
    }

    #[test]
    fn an_empty_piece_is_no_chunk() {
        let (bytes, result) = sent(&mut Writer::Chunked, &[b"ab", b"", b"c"]);
        assert_eq!((&bytes[..], result), (&b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"[..], Ok(())));
    }

    #[test]
    fn nothing_beyond_the_length_is_queued() {
        let (bytes, result) = sent(&mut Writer::new(Length::Known(3)), &[b"ab", b"cd"]);
        assert_eq!((&bytes[..], result), (&b"ab"[..], Err(Misuse::TooLong { declared: 3, sent: 4 })));
    }

    #[test]
    fn a_body_that_is_too_short_is_told() {
        let (bytes, result) = sent(&mut Writer::new(Length::Known(3)), &[b"ab"]);
        assert_eq!((&bytes[..], result), (&b"ab"[..], Err(Misuse::TooShort { declared: 3, sent: 2 })));
    }
}
