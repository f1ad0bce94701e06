use crate::field::{Fields, Place};
use crate::grammar::{decimal, is_authority, members};
use crate::{Error, Name, Version};

/// What the fields of a head say about its message and its connection (RFC 9112, sections 6 and 9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    pub(crate) content_length: Option<u64>,
    pub(crate) encoding: Encoding,
    pub(crate) hosts: usize,
    pub(crate) expects_continue: bool,
    upgrade: bool,
    close: bool,
    keep_alive: bool,
    switch: bool,
}

/// What transfer-encoding says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// It is not there.
    #[default]
    Absent,
    /// Exactly `chunked`.
    Chunked,
    /// Codings without `chunked`: fine in a response, which then lasts until the connection ends.
    Other,
    /// Codings before `chunked`.
    OtherChunked,
}

impl Framing {
    /// Reads what has a meaning for the machine.
    pub(crate) fn read(fields: &[Place], bytes: &[u8], version: Version) -> Result<Self, Error> {
        let mut framing = Self::default();
        for place in fields {
            let Some(known) = place.known else { continue };
            framing.note(known, place.value.of(bytes), version)?;
        }
        if framing.encoding != Encoding::Absent {
            if version == Version::Http10 {
                return Err(Error::EncodingInHttp10);
            }
            if framing.content_length.is_some() {
                return Err(Error::LengthAndEncoding);
            }
        }
        Ok(framing)
    }

    /// What a request needs besides: a host, and an end that can be found.
    pub(crate) fn check_request(&self, version: Version) -> Result<(), Error> {
        match self.encoding {
            Encoding::Other => return Err(Error::InvalidEncoding),
            Encoding::OtherChunked => return Err(Error::UnknownEncoding),
            Encoding::Absent | Encoding::Chunked => {}
        }
        match self.hosts {
            0 if version == Version::Http11 => Err(Error::MissingHost),
            0 | 1 => Ok(()),
            _ => Err(Error::DuplicateHost),
        }
    }

    pub(crate) fn keeps_alive(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    /// The protocols to switch to; only where the connection field says so too.
    pub(crate) fn upgrade<'a>(&self, fields: &'a Fields, version: Version) -> Option<&'a [u8]> {
        let asked = self.upgrade && self.switch && version == Version::Http11;
        fields.value(Name::Upgrade).filter(|protocols| asked && !protocols.is_empty())
    }

    fn note(&mut self, name: Name, value: &[u8], version: Version) -> Result<(), Error> {
        match name {
            Name::ContentLength => {
                if self.content_length.is_some() {
                    return Err(Error::DuplicateContentLength);
                }
                self.content_length = Some(decimal(value).ok_or(Error::InvalidContentLength)?);
            }
            Name::TransferEncoding => self.note_encoding(value)?,
            Name::Connection => self.note_connection(value),
            Name::Upgrade => self.upgrade = true,
            Name::Host => {
                self.hosts += 1;
                if !is_authority(value) {
                    return Err(Error::InvalidHost);
                }
            }
            // A client of 1.0 cannot expect anything (RFC 9110, section 10.1.1).
            Name::Expect if version == Version::Http11 => {
                if !value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(Error::UnknownExpectation);
                }
                self.expects_continue = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn note_encoding(&mut self, value: &[u8]) -> Result<(), Error> {
        for coding in members(value) {
            let chunked = coding.eq_ignore_ascii_case(b"chunked");
            self.encoding = match (self.encoding, chunked) {
                _ if coding.is_empty() => return Err(Error::InvalidEncoding),
                (Encoding::Chunked | Encoding::OtherChunked, _) => return Err(Error::InvalidEncoding),
                (Encoding::Absent, true) => Encoding::Chunked,
                (Encoding::Other, true) => Encoding::OtherChunked,
                (_, false) => Encoding::Other,
            };
        }
        Ok(())
    }

    fn note_connection(&mut self, value: &[u8]) {
        for option in members(value) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.switch |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }
}
