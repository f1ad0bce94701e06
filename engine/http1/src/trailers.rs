use bytes::BytesMut;

use crate::field::{Place, Span};
use crate::grammar::{is_token, is_value, trim};
use crate::misuse::shown;
use crate::{Field, Misuse, Name};

/// Fields behind a chunked body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trailers {
    lines: BytesMut,
    places: Vec<Place>,
}

/// What belongs in the head: framing, routing, authentication, how to read the content (RFC 9110, section 6.5.1).
const NEVER: [Name; 16] = [
    Name::Authorization,
    Name::CacheControl,
    Name::Connection,
    Name::ContentEncoding,
    Name::ContentLength,
    Name::ContentRange,
    Name::ContentType,
    Name::Expect,
    Name::Host,
    Name::KeepAlive,
    Name::MaxForwards,
    Name::SetCookie,
    Name::Te,
    Name::Trailer,
    Name::TransferEncoding,
    Name::Upgrade,
];

impl Trailers {
    /// No trailers yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn received(lines: BytesMut, places: Vec<Place>) -> Self {
        Self { lines, places }
    }

    /// Adds a trailer.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        if !is_token(name) {
            return Err(Misuse::InvalidName(shown(name)));
        }
        let value = trim(value);
        if !is_value(value) {
            return Err(Misuse::InvalidValue(shown(name)));
        }
        let lower_case = name.to_ascii_lowercase();
        let known = Name::lookup(&lower_case);
        if known.is_some_and(|known| NEVER.contains(&known)) {
            return Err(Misuse::InvalidTrailer(shown(name)));
        }
        let start = self.lines.len();
        for part in [&lower_case[..], b": ", value, b"\r\n"] {
            self.lines.extend_from_slice(part);
        }
        let name = Span::new(start, lower_case.len());
        let value = Span::new(start + lower_case.len() + 2, value.len());
        self.places.push(Place { name, value, known });
        Ok(())
    }

    /// The trailers in their order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.places.iter().map(|place| place.field(&self.lines))
    }

    /// The value of the first trailer of that name.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.fields().find(|field| field.known == Some(name)).map(|field| field.value)
    }

    /// Writes them behind the last chunk; those received are written as they came, without the empty line.
    pub(crate) fn render(&self, out: &mut BytesMut) {
        for field in self.fields() {
            for part in [field.name, b": ", field.value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_rendered_in_lower_case_and_trimmed() {
        let mut trailers = Trailers::new();
        trailers.field(b"X-Sum", b" 42 ").unwrap();
        trailers.field(b"Etag", b"").unwrap();
        let mut out = BytesMut::new();
        trailers.render(&mut out);
        assert_eq!(out, b"x-sum: 42\r\netag: \r\n"[..]);
        assert_eq!(trailers.value(Name::Etag), Some(&b""[..]));
        assert_eq!(trailers.fields().len(), 2);
    }

    #[test]
    fn what_belongs_in_the_head_is_refused() {
        let mut trailers = Trailers::new();
        assert!(matches!(trailers.field(b"Content-Length", b"1"), Err(Misuse::InvalidTrailer(_))));
        assert!(matches!(trailers.field(b"Transfer-Encoding", b"chunked"), Err(Misuse::InvalidTrailer(_))));
        assert!(matches!(trailers.field(b"a b", b""), Err(Misuse::InvalidName(_))));
        assert!(matches!(trailers.field(b"a", b"b\r\nc: d"), Err(Misuse::InvalidValue(_))));
        assert_eq!(trailers, Trailers::new());
    }
}
