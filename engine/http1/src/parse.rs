//! From the bytes of a complete block to names and values: `httparse` reads, and what it lets through is refused here.

use std::mem::MaybeUninit;

use bytes::BytesMut;
use httparse::Header;

use crate::field::{Fields, Place, Span};
use crate::framing::Framing;
use crate::grammar::{is_target, is_token, split_at_byte};
use crate::scan::Block;
use crate::target::Target;
use crate::{Error, Name, RequestHead, ResponseHead, Role, Trailers, Version};

/// Fields that are read without asking for memory.
const ON_STACK: usize = 32;

/// Reads a request's head, which ends with its empty line.
pub(crate) fn request(mut head: BytesMut, block: Block) -> Result<RequestHead, Error> {
    let mut places = Vec::with_capacity(block.fields + 1);
    let (method, target, version) = with_room(block.fields, |room| {
        let mut parsed = httparse::Request::new(&mut []);
        parsed.parse_with_uninit_headers(&head, room).map_err(|_| fault(&head, Role::Server))?;
        note(&head, parsed.headers, &mut places);
        let method = parsed.method.unwrap_or_default().as_bytes();
        let target = parsed.path.unwrap_or_default().as_bytes();
        let place = Span::within(&head, target);
        Ok((Span::within(&head, method), (place, Target::parse(method, target)?), version(parsed.version)))
    })?;
    recognise(&mut head, &mut places);
    let framing = Framing::read(&places, &head, version)?;
    framing.check_request(version)?;
    let fields = Fields { bytes: head.freeze(), places };
    Ok(RequestHead::new(fields, framing, version, method, target))
}

/// Reads a response's head, which ends with its empty line.
pub(crate) fn response(mut head: BytesMut, block: Block) -> Result<ResponseHead, Error> {
    let mut places = Vec::with_capacity(block.fields);
    let (status, version) = with_room(block.fields, |room| {
        let mut parsed = httparse::Response::new(&mut []);
        httparse::ParserConfig::default()
            .parse_response_with_uninit_headers(&mut parsed, &head, room)
            .map_err(|_| fault(&head, Role::Client))?;
        note(&head, parsed.headers, &mut places);
        Ok((parsed.code.unwrap_or_default(), version(parsed.version)))
    })?;
    if status < 100 {
        return Err(Error::InvalidStatusLine);
    }
    recognise(&mut head, &mut places);
    let framing = Framing::read(&places, &head, version)?;
    Ok(ResponseHead::new(Fields { bytes: head.freeze(), places }, framing, version, status))
}

/// Reads trailers, which end with their empty line.
pub(crate) fn trailers(mut lines: BytesMut, block: Block) -> Result<Trailers, Error> {
    let mut places = Vec::with_capacity(block.fields);
    let mut room = vec![httparse::EMPTY_HEADER; block.fields];
    match httparse::parse_headers(&lines, &mut room) {
        Ok(httparse::Status::Complete((_, parsed))) => note(&lines, parsed, &mut places),
        _ => return Err(field_fault(&lines)),
    }
    recognise(&mut lines, &mut places);
    Ok(Trailers::received(lines, places))
}

/// The line of a head without its end, and what follows.
pub(crate) fn start_line(head: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = split_at_byte(head, b'\n').unwrap_or((head, b""));
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn with_room<'b, R>(
    fields: usize,
    read: impl FnOnce(&mut [MaybeUninit<Header<'b>>]) -> Result<R, Error>,
) -> Result<R, Error> {
    if fields <= ON_STACK {
        read(&mut [const { MaybeUninit::uninit() }; ON_STACK])
    } else {
        read(&mut vec![MaybeUninit::uninit(); fields])
    }
}

fn version(minor: Option<u8>) -> Version {
    if minor == Some(0) { Version::Http10 } else { Version::Http11 }
}

fn note(block: &[u8], parsed: &[Header<'_>], places: &mut Vec<Place>) {
    places.extend(parsed.iter().map(|header| Place {
        name: Span::within(block, header.name.as_bytes()),
        value: Span::within(block, header.value),
        known: None,
    }));
}

/// Lower-cases the names where they stand, and numbers the known ones.
fn recognise(block: &mut [u8], places: &mut [Place]) {
    for place in places {
        let name = place.name.of_mut(block);
        name.make_ascii_lowercase();
        place.known = Name::lookup(name);
    }
}

/// What is wrong with a head that could not be read, in the words of the RFC.
fn fault(head: &[u8], role: Role) -> Error {
    let (line, fields) = start_line(head);
    let start = match role {
        Role::Server => request_line_fault(line),
        Role::Client => status_line_fault(line),
    };
    start.unwrap_or_else(|| field_fault(fields))
}

fn request_line_fault(line: &[u8]) -> Option<Error> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Some(Error::InvalidRequestLine);
    };
    match version {
        _ if !is_token(method) => Some(Error::InvalidMethod),
        _ if !is_target(target) => Some(Error::InvalidTarget),
        b"HTTP/1.1" | b"HTTP/1.0" => None,
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Some(Error::UnsupportedVersion),
        _ => Some(Error::InvalidVersion),
    }
}

fn status_line_fault(line: &[u8]) -> Option<Error> {
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let known = matches!(words.next(), Some(b"HTTP/1.1" | b"HTTP/1.0"));
    let status = matches!(words.next(), Some([b'0'..=b'9', b'0'..=b'9', b'0'..=b'9']));
    let reason = words.next().is_none_or(crate::grammar::is_value);
    (!(known && status && reason)).then_some(Error::InvalidStatusLine)
}

fn field_fault(mut fields: &[u8]) -> Error {
    while !fields.is_empty() {
        let (line, rest) = start_line(fields);
        fields = rest;
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Error::FoldedField;
        }
        let (name, _) = split_at_byte(line, b':').unwrap_or_default();
        if !is_token(name) {
            let spaced = is_token(name.trim_ascii_end());
            return if spaced { Error::SpaceBeforeColon } else { Error::InvalidFieldName };
        }
    }
    Error::InvalidFieldValue
}
