//! Reading what a client sends.

use bytes::Bytes;

use super::Error;

/// The longest message that opens a connection: what servers take.
const MAX_OPENING: usize = 10_000;

/// The first message of a client, which has no tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Tls,
    Cancel { pid: u32, secret: Bytes },
    Startup { version: u32, settings: Vec<(String, String)> },
}

impl Opening {
    /// The message at the front and its size; none while it is not whole.
    pub(super) fn read(rx: &[u8]) -> Result<Option<(Self, usize)>, Error> {
        let malformed = Error::Malformed(0);
        let Some(length) = rx.first_chunk().map(|length| u32::from_be_bytes(*length) as usize) else { return Ok(None) };
        if length < 8 {
            return Err(malformed);
        }
        if length > MAX_OPENING {
            return Err(Error::TooBig);
        }
        let Some((code, body)) = rx.get(4..length).and_then(|body| body.split_first_chunk()) else { return Ok(None) };
        let opening = match u32::from_be_bytes(*code) {
            80_877_103 if body.is_empty() => Self::Tls,
            80_877_102 => {
                let (pid, secret) = body.split_first_chunk().ok_or(malformed)?;
                Self::Cancel { pid: u32::from_be_bytes(*pid), secret: Bytes::copy_from_slice(secret) }
            }
            version if version >> 16 == 3 => Self::Startup { version, settings: settings(body)? },
            _ => return Err(malformed),
        };
        Ok(Some((opening, length)))
    }
}

/// The tag and the whole size of the message at the front.
pub(super) fn head(rx: &[u8], limit: usize) -> Result<Option<(u8, usize)>, Error> {
    let Some(&[tag, a, b, c, d]) = rx.first_chunk() else { return Ok(None) };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    match length {
        0..4 => Err(Error::Malformed(tag)),
        _ if length > limit => Err(Error::TooBig),
        _ => Ok(Some((tag, length + 1))),
    }
}

/// Whether a Describe asks for a statement.
pub(super) fn is_described_statement(body: &[u8]) -> Result<bool, Error> {
    match body.split_first() {
        Some((b'S', [.., 0])) => Ok(true),
        Some((b'P', [.., 0])) => Ok(false),
        _ => Err(Error::Malformed(b'D')),
    }
}

/// The portal that a Bind makes.
pub(super) fn name_of_portal(body: &[u8]) -> Result<&[u8], Error> {
    memchr::memchr(0, body).and_then(|end| body.get(..end)).ok_or(Error::Malformed(b'B'))
}

/// The rows that an Execute asks for.
pub(super) fn execute_limit(body: &[u8]) -> Result<usize, Error> {
    let limit = memchr::memchr(0, body).and_then(|end| body.get(end + 1..)).and_then(|limit| limit.try_into().ok());
    limit.and_then(|limit| usize::try_from(i32::from_be_bytes(limit)).ok()).ok_or(Error::Malformed(b'E'))
}

fn settings(body: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let Some((0, pairs)) = body.split_last() else { return Err(Error::Malformed(0)) };
    let pairs = match pairs.split_last() {
        None => return Ok(Vec::new()),
        Some((0, pairs)) => pairs,
        Some(_) => return Err(Error::Malformed(0)),
    };
    let texts: Vec<String> = pairs.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into()).collect();
    texts
        .chunks(2)
        .map(|pair| match pair {
            [name, value] => Ok((name.clone(), value.clone())),
            _ => Err(Error::Malformed(0)),
        })
        .collect()
}
