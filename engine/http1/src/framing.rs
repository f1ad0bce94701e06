//! Where a message ends, and what else its head decides (RFC 9112, sections 6 and 9; RFC 9110, sections 7.2 and 10).

use crate::decoder::Decoder;
use crate::field::Block;
use crate::{Error, Name, Version, syntax};

/// What a head says of its message and connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framing {
    pub(crate) content_length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) upgrades: bool,
}

impl Framing {
    /// Of a request.
    pub(crate) fn of_request(version: Version, block: &Block) -> Result<Self, Error> {
        check_host(version, block)?;
        let content_length = content_length(block)?;
        let chunked = chunked(version, block)?;
        if chunked && content_length.is_some() {
            return Err(Error::Framing);
        }
        let (keep_alive, upgrades) = connection(version, block);
        let expects_continue = expectation(block)? && version == Version::Http11;
        let upgrades = upgrades && block.values(Name::Upgrade).next().is_some();
        Ok(Self { content_length, chunked, keep_alive, expects_continue, upgrades })
    }

    /// Of a response.
    pub(crate) fn of_response(version: Version, block: &Block) -> Result<Self, Error> {
        let chunked = chunked(version, block)?;
        // A response with both is read by its transfer coding and not trusted further (section 6.3).
        let content_length = if chunked { None } else { content_length(block)? };
        let (keep_alive, upgrades) = connection(version, block);
        let keep_alive = keep_alive && !(chunked && block.values(Name::ContentLength).next().is_some());
        Ok(Self { content_length, chunked, keep_alive, expects_continue: false, upgrades })
    }

    /// The decoder of a request's body.
    pub(crate) fn request_body(&self) -> Decoder {
        match (self.chunked, self.content_length) {
            (true, _) => Decoder::chunked(),
            (false, Some(length)) => Decoder::Length(length),
            (false, None) => Decoder::Length(0),
        }
    }

    /// The decoder of a response's body, if it has one.
    pub(crate) fn response_body(&self) -> Decoder {
        match (self.chunked, self.content_length) {
            (true, _) => Decoder::chunked(),
            (false, Some(length)) => Decoder::Length(length),
            (false, None) => Decoder::UntilEof,
        }
    }
}

fn check_host(version: Version, block: &Block) -> Result<(), Error> {
    let mut hosts = block.values(Name::Host);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if syntax::is_host(host) => Ok(()),
        (None, None) if version == Version::Http10 => Ok(()),
        _ => Err(Error::Host),
    }
}

fn content_length(block: &Block) -> Result<Option<u64>, Error> {
    let mut lengths = block.values(Name::ContentLength);
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(None),
        (Some(length), None) => syntax::digits(length).map(Some).ok_or(Error::ContentLength),
        (Some(_), Some(_)) => Err(Error::ContentLength),
    }
}

fn chunked(version: Version, block: &Block) -> Result<bool, Error> {
    let mut codings = block.values(Name::TransferEncoding);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        _ if version == Version::Http10 => Err(Error::TransferEncoding),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(true),
        (Some(codings), None) if is_unknown_then_chunked(codings) => Err(Error::UnknownCoding),
        _ => Err(Error::TransferEncoding),
    }
}

/// `chunked` last and once, behind codings that are not implemented.
fn is_unknown_then_chunked(codings: &[u8]) -> bool {
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let mut members = syntax::members(codings).rev();
    members.next().as_ref().is_some_and(is_chunked)
        && members.all(|coding| syntax::is_token(coding) && !is_chunked(&coding))
}

fn connection(version: Version, block: &Block) -> (bool, bool) {
    let (mut close, mut keep, mut upgrade) = (false, false, false);
    for option in block.values(Name::Connection).flat_map(syntax::members) {
        close |= option.eq_ignore_ascii_case(b"close");
        keep |= option.eq_ignore_ascii_case(b"keep-alive");
        upgrade |= option.eq_ignore_ascii_case(b"upgrade");
    }
    let keep_alive = !close && (version == Version::Http11 || keep);
    (keep_alive, upgrade && version == Version::Http11)
}

fn expectation(block: &Block) -> Result<bool, Error> {
    let mut expects = false;
    for expectation in block.values(Name::Expect).flat_map(syntax::members) {
        if !expectation.eq_ignore_ascii_case(b"100-continue") {
            return Err(Error::Expectation);
        }
        expects = true;
    }
    Ok(expects)
}
