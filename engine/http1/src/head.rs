use bytes::BytesMut;

use crate::field::{Block, Span};
use crate::framing::Framing;
use crate::parse::{self, RequestLine, StatusLine};
use crate::target::Target;
use crate::{Error, Field, Name, Version};

/// The head of a received request: one buffer, and where its parts stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    line: RequestLine,
    target: Target,
    block: Block,
    framing: Framing,
}

impl RequestHead {
    pub(crate) fn read(head: BytesMut, lines: usize) -> Result<Self, Error> {
        let (line, mut block) = parse::request(head, lines)?;
        let whole = &block.bytes;
        let target = Target::read(line.method.get(whole), line.target.get(whole), whole)?;
        let framing = Framing::of_request(line.version, &block)?;
        // The target's authority takes the place of the Host field (RFC 9112, section 3.2.2).
        if let Some(authority) = target.authority {
            for place in block.places.iter_mut().filter(|place| place.known == Some(Name::Host)) {
                place.value = authority;
            }
        }
        Ok(Self { line, target, block, framing })
    }

    /// The method, as sent.
    pub fn method(&self) -> &[u8] {
        self.line.method.get(&self.block.bytes)
    }

    /// The whole target, as sent.
    pub fn target(&self) -> &[u8] {
        self.line.target.get(&self.block.bytes)
    }

    /// The path, as sent: `*` in asterisk form, `/` for an absolute form without one, empty in authority form.
    pub fn path(&self) -> &[u8] {
        match self.target.path.get(&self.block.bytes) {
            b"" if self.method() != b"CONNECT" => b"/",
            path => path,
        }
    }

    /// What follows the `?`, as sent.
    pub fn query(&self) -> &[u8] {
        self.target.query.get(&self.block.bytes)
    }

    /// The authority of an absolute target or of a CONNECT.
    pub fn authority(&self) -> Option<&[u8]> {
        self.target.authority.map(|authority| authority.get(&self.block.bytes))
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.line.version
    }

    /// The fields, in the order sent.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.block.fields()
    }

    /// The first value of a field.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.block.values(name).next()
    }

    /// The length of the body, where the head gives it.
    pub fn content_length(&self) -> Option<u64> {
        self.framing.content_length
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.framing.chunked
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.framing.expects_continue
    }

    /// The protocols the client would change to, if the connection may.
    pub fn upgrade(&self) -> Option<&[u8]> {
        self.value(Name::Upgrade).filter(|_| self.framing.upgrades)
    }

    /// Whether the client wants to keep the connection.
    pub fn keeps_alive(&self) -> bool {
        self.framing.keep_alive
    }

    pub(crate) fn framing(&self) -> &Framing {
        &self.framing
    }
}

/// The head of a received response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    line: StatusLine,
    block: Block,
    framing: Framing,
}

impl ResponseHead {
    pub(crate) fn read(head: BytesMut, lines: usize) -> Result<Self, Error> {
        let (line, block) = parse::response(head, lines)?;
        let framing = Framing::of_response(line.version, &block)?;
        Ok(Self { line, block, framing })
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.line.status
    }

    /// The reason phrase, as sent.
    pub fn reason(&self) -> &[u8] {
        let Span { start, end } = self.line.reason;
        self.block.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.line.version
    }

    /// The fields, in the order sent.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.block.fields()
    }

    /// The first value of a field.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.block.values(name).next()
    }

    /// The length of the body, where the head gives it.
    pub fn content_length(&self) -> Option<u64> {
        self.framing.content_length
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.framing.chunked
    }

    /// Whether the server keeps the connection.
    pub fn keeps_alive(&self) -> bool {
        self.framing.keep_alive
    }

    pub(crate) fn framing(&self) -> &Framing {
        &self.framing
    }
}
