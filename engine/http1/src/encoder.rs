use bytes::Bytes;
use machine::Outbox;

use crate::{Misuse, Trailers};

/// What is known of a body when its head is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// All of it, so many bytes: Content-Length is added if the head has none.
    Whole(u64),
    /// It comes in pieces: chunked, or ended by the connection's close in HTTP/1.0, if the head gives no length.
    Stream,
}

/// Writes a message's body onto the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoder {
    /// Nothing of the body is sent: a response to HEAD, 204, 304. The declared length is still kept to, where the
    /// application sends the body all the same.
    Silent,
    /// So many bytes.
    Length { declared: u64, sent: u64 },
    /// The chunked coding.
    Chunked,
    /// Until the connection closes.
    UntilClose,
}

impl Encoder {
    pub(crate) fn data(&mut self, data: Bytes, out: &mut Outbox) -> Result<(), Misuse> {
        match self {
            Self::Silent => {}
            Self::Length { declared, sent } => {
                let given = sent.saturating_add(data.len() as u64);
                if given > *declared {
                    return Err(Misuse::TooLong { declared: *declared, given });
                }
                *sent = given;
                out.push(data);
            }
            Self::Chunked if data.is_empty() => {}
            Self::Chunked => {
                size_line(data.len(), out);
                out.push(data);
                out.extend(b"\r\n");
            }
            Self::UntilClose => out.push(data),
        }
        Ok(())
    }

    pub(crate) fn end(self, trailers: Option<&Trailers>, out: &mut Outbox) -> Result<(), Misuse> {
        let trailers = trailers.filter(|trailers| trailers.fields().len() > 0);
        match self {
            Self::Length { declared, sent } if sent < declared => Err(Misuse::TooShort { declared, given: sent }),
            Self::Chunked => {
                out.extend(b"0\r\n");
                for field in trailers.into_iter().flat_map(Trailers::fields) {
                    out.extend(field.name);
                    out.extend(b": ");
                    out.extend(field.value);
                    out.extend(b"\r\n");
                }
                out.extend(b"\r\n");
                Ok(())
            }
            Self::Silent => Ok(()),
            Self::Length { .. } | Self::UntilClose if trailers.is_some() => Err(Misuse::TrailersUnframed),
            Self::Length { .. } | Self::UntilClose => Ok(()),
        }
    }
}

/// `size CRLF` in hexadecimal.
fn size_line(size: usize, out: &mut Outbox) {
    let mut digits = [0; 18];
    let mut start = 16;
    let mut rest = size;
    if let Some(end) = digits.get_mut(16..) {
        end.copy_from_slice(b"\r\n");
    }
    loop {
        start -= 1;
        let digit = char::from_digit((rest & 0xf) as u32, 16).unwrap_or('0');
        if let Some(place) = digits.get_mut(start) {
            *place = digit as u8;
        }
        rest >>= 4;
        if rest == 0 || start == 0 {
            break;
        }
    }
    out.extend(digits.get(start..).unwrap_or_default());
}
