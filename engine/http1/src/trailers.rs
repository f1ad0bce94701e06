use bytes::{BufMut, BytesMut};

use crate::field::{Block, Place, Span};
use crate::{Field, Misuse, Name, syntax};

/// The fields behind a chunked body (RFC 9112, section 7.1.2), received or to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailers {
    block: Block,
}

impl Trailers {
    /// No fields, to be filled and sent.
    pub fn new() -> Self {
        Self { block: Block { bytes: bytes::Bytes::new(), places: Vec::new() } }
    }

    pub(crate) fn read(block: Block) -> Self {
        Self { block }
    }

    /// Adds a field. Framing and routing fields may not be trailers (RFC 9110, section 6.5.1).
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        let value = syntax::trim(value);
        if !syntax::is_token(name) {
            return Err(Misuse::InvalidName);
        }
        if !syntax::is_value(value) {
            return Err(Misuse::InvalidValue);
        }
        let name = name.to_ascii_lowercase();
        let known = Name::lookup(&name);
        if matches!(known, Some(Name::ContentLength | Name::Host | Name::TransferEncoding | Name::Trailer)) {
            return Err(Misuse::InvalidName);
        }
        let mut bytes = BytesMut::from(&self.block.bytes[..]);
        let start = bytes.len() as u32;
        let middle = start + name.len() as u32;
        bytes.put_slice(&name);
        bytes.put_slice(b": ");
        bytes.put_slice(value);
        let end = bytes.len() as u32;
        bytes.put_slice(b"\r\n");
        let (name, value) = (Span { start, end: middle }, Span { start: middle + 2, end });
        self.block.places.push(Place { name, value, known });
        self.block.bytes = bytes.freeze();
        Ok(())
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.block.fields()
    }
}

impl Default for Trailers {
    fn default() -> Self {
        Self::new()
    }
}
