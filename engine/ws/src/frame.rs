//! The head of a frame (RFC 6455, section 5.2).

use bytes::BytesMut;

use crate::{Error, Role};

/// Bytes in a control frame's payload at most (RFC 6455, section 5.5).
pub(crate) const MAX_CONTROL: usize = 125;
/// Bytes in a head at most: two, eight of the length, four of the mask.
pub(crate) const MAX_HEAD: usize = 14;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) fin: bool,
    /// RSV1: the message is compressed (RFC 7692, section 6).
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) length: u64,
}

impl Opcode {
    fn of(bits: u8) -> Result<Self, Error> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return Err(Error::ReservedOpcode),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl Head {
    /// Reads the head at the front of `rx`, sent to `role`, and tells its size; none while it is not whole. What is
    /// wrong is found as soon as its byte is there.
    pub(crate) fn read(rx: &[u8], role: Role, deflates: bool) -> Result<Option<(Self, usize)>, Error> {
        let Some((&first, rest)) = rx.split_first() else { return Ok(None) };
        let opcode = Opcode::of(first & 0x0f)?;
        let (fin, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        // Only the first frame of a data message says whether it is compressed (RFC 7692, section 6.1).
        let compressible = deflates && matches!(opcode, Opcode::Text | Opcode::Binary);
        if first & 0x30 != 0 || compressed && !compressible {
            return Err(Error::ReservedBits);
        }
        if opcode.is_control() && !fin {
            return Err(Error::FragmentedControl);
        }
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let masked = second & 0x80 != 0;
        match (role, masked) {
            (Role::Server, false) => return Err(Error::Unmasked),
            (Role::Client, true) => return Err(Error::Masked),
            _ => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL {
            return Err(Error::ControlTooLong);
        }
        let (length, rest) = match short {
            126 => {
                let Some((bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(*bytes)), rest)
            }
            127 => {
                let Some((bytes, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (u64::from_be_bytes(*bytes), rest)
            }
            short => (u64::from(short), rest),
        };
        let least = match short {
            126 => 126,
            127 => 0x1_0000,
            _ => 0,
        };
        if length < least || length > i64::MAX as u64 {
            return Err(Error::InvalidLength);
        }
        let (mask, rest) = match masked {
            true => {
                let Some((key, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (Some(*key), rest)
            }
            false => (None, rest),
        };
        Ok(Some((Self { fin, compressed, opcode, mask, length }, rx.len() - rest.len())))
    }

    /// Writes the head.
    pub(crate) fn write(&self, out: &mut BytesMut) {
        let flags = if self.fin { 0x80 } else { 0 } | if self.compressed { 0x40 } else { 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let first = flags | self.opcode.bits();
        match self.length {
            short @ 0..126 => out.extend_from_slice(&[first, masked | short as u8]),
            medium @ 126..0x1_0000 => {
                out.extend_from_slice(&[first, masked | 126]);
                out.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                out.extend_from_slice(&[first, masked | 127]);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }
}
