use crate::field::{Fields, Place, Span};
use crate::framing::{Encoding, Framing};
use crate::parse::start_line;
use crate::target::{Path, Target};
use crate::{Field, Name, Version};

/// The head of a request: one piece of memory, and where its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    fields: Fields,
    framing: Framing,
    version: Version,
    method: Span,
    target: Span,
    path: Path,
    query: Span,
    authority: Option<Span>,
}

impl RequestHead {
    /// `target` is where the target stands in the head, and its parts in places relative to that.
    pub(crate) fn new(
        fields: Fields,
        framing: Framing,
        version: Version,
        method: Span,
        (target, parts): (Span, Target),
    ) -> Self {
        let shift = |span: Span| span.shifted(target.start());
        let path = match parts.path {
            Path::Sent(span) => Path::Sent(shift(span)),
            other => other,
        };
        let authority = parts.authority.map(shift);
        let mut head = Self { fields, framing, version, method, target, path, query: shift(parts.query), authority };
        if let (Some(authority), false) = (authority, path == Path::None) {
            head.replace_host(authority);
        }
        head
    }

    /// The method, as sent: methods are case-sensitive.
    pub fn method(&self) -> &[u8] {
        self.method.of(&self.fields.bytes)
    }

    /// The target, as sent.
    pub fn target(&self) -> &[u8] {
        self.target.of(&self.fields.bytes)
    }

    /// The path without the query, as sent. `*` for the asterisk form, `/` where an absolute form has none, and empty
    /// for CONNECT.
    pub fn path(&self) -> &[u8] {
        match self.path {
            Path::Sent(span) => span.of(&self.fields.bytes),
            Path::Root => b"/",
            Path::None => b"",
        }
    }

    /// What follows the first `?`.
    pub fn query(&self) -> &[u8] {
        self.query.of(&self.fields.bytes)
    }

    /// The target's authority: of an absolute form, or of CONNECT.
    pub fn authority(&self) -> Option<&[u8]> {
        self.authority.map(|span| span.of(&self.fields.bytes))
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The fields in their order. Where the target is in absolute form, `host` has its authority (RFC 9112, 3.2.2).
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> + Clone {
        self.fields.iter()
    }

    /// The names of the fields, as far as they have numbers: a look at these costs less than one at the fields.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.fields.places.iter().filter_map(|place| place.known)
    }

    /// The value of the first field of that name.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.fields.value(name)
    }

    /// The length of the body, if it is declared.
    pub fn content_length(&self) -> Option<u64> {
        self.framing.content_length
    }

    /// Whether the body comes in chunks.
    pub fn is_chunked(&self) -> bool {
        self.framing.encoding == Encoding::Chunked
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.framing.expects_continue
    }

    /// The protocols the client would switch to; only on 1.1 and where `connection` says so too.
    pub fn upgrade(&self) -> Option<&[u8]> {
        self.framing.upgrade(&self.fields, self.version)
    }

    /// Whether the client would keep the connection.
    pub fn keeps_alive(&self) -> bool {
        self.framing.keeps_alive(self.version)
    }

    /// The request line, as sent.
    pub fn request_line(&self) -> &[u8] {
        start_line(&self.fields.bytes).0
    }

    fn replace_host(&mut self, authority: Span) {
        match self.fields.places.iter_mut().find(|place| place.known == Some(Name::Host)) {
            Some(host) => host.value = authority,
            None => {
                self.fields.places.push(Place { name: Span::default(), value: authority, known: Some(Name::Host) });
            }
        }
    }
}
