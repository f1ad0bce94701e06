//! From the bytes of a complete head to its spans: `httparse` reads, and what it is lenient in is refused.

use std::mem::MaybeUninit;

use bytes::BytesMut;

use crate::field::{Block, Place, Span};
use crate::{Error, Name, Version, syntax};

/// Fields that are parsed without an allocation for the parser's own table.
const ON_STACK: usize = 104;

/// The request line, as spans of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestLine {
    pub(crate) method: Span,
    pub(crate) target: Span,
    pub(crate) version: Version,
}

/// The status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    pub(crate) reason: Span,
    pub(crate) version: Version,
}

/// Reads a complete request head of `lines` lines.
pub(crate) fn request(head: BytesMut, lines: usize) -> Result<(RequestLine, Block), Error> {
    let (line, places) = with_table(lines, |table| {
        let mut request = httparse::Request::new(&mut []);
        match request.parse_with_uninit_headers(&head, table) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(Error::RequestLine),
            Err(error) => return Err(request_error(error, &head)),
        }
        let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
            return Err(Error::RequestLine);
        };
        if !syntax::is_target(target.as_bytes()) {
            return Err(Error::Target);
        }
        let line = RequestLine {
            method: Span::of(method.as_bytes(), &head),
            target: Span::of(target.as_bytes(), &head),
            version: version_of(version),
        };
        Ok((line, places(request.headers, &head)))
    })?;
    Ok((line, block(head, places)))
}

/// Reads a complete response head of `lines` lines.
pub(crate) fn response(head: BytesMut, lines: usize) -> Result<(StatusLine, Block), Error> {
    let (line, places) = with_table(lines, |table| {
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, &head, table);
        match parsed {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::Version) => return Err(Error::Version),
            Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) => return Err(Error::Field),
            Ok(httparse::Status::Partial) | Err(_) => return Err(Error::StatusLine),
        }
        let (Some(status), Some(version)) = (response.code, response.version) else { return Err(Error::StatusLine) };
        let reason = response.reason.map(|reason| Span::of(reason.as_bytes(), &head)).unwrap_or_default();
        let line = StatusLine { status, reason, version: version_of(version) };
        Ok((line, places(response.headers, &head)))
    })?;
    Ok((line, block(head, places)))
}

/// Reads a complete trailer section of `lines` lines.
pub(crate) fn trailers(section: BytesMut, lines: usize) -> Result<Block, Error> {
    let mut table = vec![httparse::EMPTY_HEADER; lines];
    let places = match httparse::parse_headers(&section, &mut table) {
        Ok(httparse::Status::Complete((_, fields))) => places(fields, &section),
        _ => return Err(Error::Trailers),
    };
    Ok(block(section, places))
}

fn with_table<'b, R>(lines: usize, read: impl for<'a> FnOnce(&'a mut [MaybeUninit<httparse::Header<'b>>]) -> R) -> R {
    if lines <= ON_STACK {
        read(&mut [const { MaybeUninit::uninit() }; ON_STACK])
    } else {
        read(&mut vec![const { MaybeUninit::uninit() }; lines])
    }
}

fn places(fields: &[httparse::Header<'_>], whole: &[u8]) -> Vec<Place> {
    fields
        .iter()
        .map(|field| Place {
            name: Span::of(field.name.as_bytes(), whole),
            value: Span::of(syntax::trim(field.value), whole),
            known: None,
        })
        .collect()
}

/// Lower-cases the names in place, numbers the known ones, and freezes the bytes.
fn block(mut head: BytesMut, mut places: Vec<Place>) -> Block {
    for place in &mut places {
        if let Some(name) = head.get_mut(place.name.start as usize..place.name.end as usize) {
            name.make_ascii_lowercase();
            place.known = Name::lookup(name);
        }
    }
    Block { bytes: head.freeze(), places }
}

const fn version_of(minor: u8) -> Version {
    match minor {
        0 => Version::Http10,
        _ => Version::Http11,
    }
}

fn request_error(error: httparse::Error, head: &[u8]) -> Error {
    match error {
        httparse::Error::Version if names_a_version(head) => Error::Version,
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Error::Field,
        httparse::Error::TooManyHeaders => Error::FieldsTooLarge,
        httparse::Error::NewLine => Error::LineEnd,
        _ => Error::RequestLine,
    }
}

/// Whether the request line ends in `HTTP/` DIGIT `.` DIGIT: another version, not junk.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    match line.rsplit(|byte| *byte == b' ').next() {
        Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}
