use std::borrow::Cow;
use std::fmt;

use crate::Error;
use crate::frame::Body;

/// What an error or a notice says, by letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Fields {
    /// Letter and text, each text ended by a zero byte; checked when it came in.
    body: Box<[u8]>,
}

impl Fields {
    pub(crate) fn read(tag: u8, bytes: &[u8]) -> Result<Self, Error> {
        let mut body = Body::new(tag, bytes);
        while body.byte()? != 0 {
            body.bytes_to_nul()?;
        }
        body.end()?;
        Ok(Self { body: bytes.into() })
    }

    /// All of them, in the server's order.
    pub fn iter(&self) -> impl Iterator<Item = (char, Cow<'_, str>)> {
        let mut rest = &self.body[..];
        std::iter::from_fn(move || {
            let (&letter, text) = rest.split_first().filter(|(letter, _)| **letter != 0)?;
            let (text, after) = text.split_at_checked(memchr::memchr(0, text)?)?;
            rest = after.get(1..)?;
            Some((char::from(letter), String::from_utf8_lossy(text)))
        })
    }

    /// The one of this letter.
    pub fn get(&self, letter: char) -> Option<Cow<'_, str>> {
        self.iter().find(|(each, _)| *each == letter).map(|(_, text)| text)
    }

    /// `ERROR`, `FATAL`, `NOTICE` and so on, in English where the server says it so.
    pub fn severity(&self) -> Cow<'_, str> {
        self.get('V').or_else(|| self.get('S')).unwrap_or_default()
    }

    /// The five characters that say what happened.
    pub fn sqlstate(&self) -> Cow<'_, str> {
        self.get('C').unwrap_or_default()
    }

    /// The message for people.
    pub fn message(&self) -> Cow<'_, str> {
        self.get('M').unwrap_or_default()
    }

    /// Whether the server closes the connection behind it.
    pub fn is_fatal(&self) -> bool {
        matches!(&*self.severity(), "FATAL" | "PANIC")
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.severity(), self.message(), self.sqlstate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_letter() {
        let fields = Fields::read(b'E', b"SFEHLER\0VERROR\0C42P01\0Mno such table\0\0").unwrap();
        assert_eq!((&*fields.severity(), &*fields.sqlstate()), ("ERROR", "42P01"));
        assert_eq!((&*fields.message(), fields.get('D')), ("no such table", None));
        assert_eq!(fields.iter().count(), 4);
        assert!(!fields.is_fatal());
    }

    #[test]
    fn fields_without_their_ends_are_malformed() {
        for body in [&b""[..], b"S", b"SERROR", b"SERROR\0", b"SERROR\0\0x"] {
            assert_eq!(Fields::read(b'E', body), Err(Error::Malformed(b'E')), "{body:?}");
        }
        assert!(Fields::read(b'E', b"\0").is_ok());
    }
}
