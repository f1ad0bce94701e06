use crate::field::Fields;
use crate::framing::{Encoding, Framing};
use crate::parse::start_line;
use crate::{Field, Name, Version};

/// The head of a response: one piece of memory, and where its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    fields: Fields,
    framing: Framing,
    version: Version,
    status: u16,
}

impl ResponseHead {
    pub(crate) fn new(fields: Fields, framing: Framing, version: Version, status: u16) -> Self {
        Self { fields, framing, version, status }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, as sent.
    pub fn reason(&self) -> &[u8] {
        const BEFORE: usize = "HTTP/1.1 200 ".len();
        start_line(&self.fields.bytes).0.get(BEFORE..).unwrap_or_default()
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The fields in their order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.fields.iter()
    }

    /// The value of the first field of that name.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.fields.value(name)
    }

    /// The declared length. A response to HEAD has it without a body.
    pub fn content_length(&self) -> Option<u64> {
        self.framing.content_length
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        matches!(self.framing.encoding, Encoding::Chunked | Encoding::OtherChunked)
    }

    /// The protocol switched to; only on 1.1 and where `connection` says so too.
    pub fn upgrade(&self) -> Option<&[u8]> {
        self.framing.upgrade(&self.fields, self.version)
    }

    /// Whether the server would keep the connection.
    pub fn keeps_alive(&self) -> bool {
        self.framing.keeps_alive(self.version)
    }
}
