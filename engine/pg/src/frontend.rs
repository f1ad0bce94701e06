//! The messages a client sends. Every length is checked before it is written (CVE-2024-27304).

use crate::limits::MAX_SENT;
use crate::{Misuse, Startup, Version};

/// The request for TLS: `1234 << 16 | 5679` in place of a version.
pub(crate) const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The message Sync.
pub(crate) const SYNC: [u8; 5] = [b'S', 0, 0, 0, 4];
/// The message Flush.
pub(crate) const FLUSH: [u8; 5] = [b'H', 0, 0, 0, 4];
/// The message Terminate.
pub(crate) const TERMINATE: [u8; 5] = [b'X', 0, 0, 0, 4];
/// The message CopyDone.
pub(crate) const COPY_DONE: [u8; 5] = [b'c', 0, 0, 0, 4];

/// A request to cancel what the server process `pid` does, for a connection of its own: in the clear, or behind the
/// same TLS as the connection's. The server answers nothing and closes.
pub fn cancel_request(pid: u32, secret: &[u8]) -> Vec<u8> {
    let length = u32::try_from(12 + secret.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &(1234_u32 << 16 | 5678).to_be_bytes(), &pid.to_be_bytes(), secret].concat()
}

/// Writes one message: `body` writes what stands behind the length. After a misuse nothing was written.
pub(crate) fn message(
    out: &mut Vec<u8>,
    tag: u8,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>,
) -> Result<(), Misuse> {
    let start = out.len();
    out.push(tag);
    sized(out, body).inspect_err(|_| out.truncate(start))
}

/// The message that opens a session.
pub(crate) fn startup(startup: &Startup, version: Version) -> Result<Vec<u8>, Misuse> {
    if let Some((pid, secret)) = &startup.cancel {
        return Ok(cancel_request(*pid, secret));
    }
    let mut out = Vec::new();
    sized(&mut out, |out| {
        out.extend_from_slice(&version.number().to_be_bytes());
        let options = startup.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in
            [("user", startup.user.as_str()), ("database", &startup.database)].into_iter().chain(options)
        {
            text(out, name)?;
            text(out, value)?;
        }
        out.push(0);
        Ok(())
    })?;
    Ok(out)
}

/// A string and the zero byte that ends it.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Misuse> {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(Misuse::Nul);
    }
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}

/// Writes the length of what `body` writes, itself included, in front of it.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>) -> Result<(), Misuse> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out)?;
    let length = length(out.len() - start)?;
    patch(out, start, length);
    Ok(())
}

/// The length of a message, unless the server would not take it.
pub(crate) fn length(length: usize) -> Result<i32, Misuse> {
    i32::try_from(length).ok().filter(|_| length <= MAX_SENT).ok_or(Misuse::TooBig)
}

/// Writes `number` over the four bytes at `at`.
pub(crate) fn patch(out: &mut [u8], at: usize, number: i32) {
    if let Some(slot) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *slot = number.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_with_a_zero_byte_writes_nothing() {
        let mut out = b"before".to_vec();
        assert_eq!(message(&mut out, b'Q', |out| text(out, "a\0b")), Err(Misuse::Nul));
        assert_eq!(out, b"before");
        assert_eq!(message(&mut out, b'Q', |out| text(out, "ab")), Ok(()));
        assert_eq!(out, b"beforeQ\0\0\0\x07ab\0");
    }

    #[test]
    fn a_length_that_the_server_does_not_take_is_never_written() {
        assert_eq!(length(MAX_SENT), Ok(1_073_741_823));
        for long in [MAX_SENT + 1, 1 << 31, 1 << 32, (1 << 32) + 5, usize::MAX] {
            assert_eq!(length(long), Err(Misuse::TooBig), "{long}");
        }
    }

    #[test]
    fn settings_open_a_session() {
        let mut settings = Startup::new("me", "db");
        settings.options.push(("TimeZone".into(), "UTC".into()));
        let expected = b"\0\0\0\x30\0\x03\0\x02user\0me\0database\0db\0TimeZone\0UTC\0\0";
        let written = startup(&settings, Version::V3_2).unwrap();
        assert_eq!(written[4..].escape_ascii().to_string(), expected[4..].escape_ascii().to_string());
        assert_eq!(written[..4], (written.len() as u32).to_be_bytes());
        settings.options.push(("a\0user".into(), "root".into()));
        assert_eq!(startup(&settings, Version::V3_0), Err(Misuse::Nul));
    }

    #[test]
    fn a_request_to_cancel_carries_keys_of_any_length() {
        assert_eq!(cancel_request(7, b"abcd"), b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x07abcd");
        assert_eq!(cancel_request(7, &[1; 32])[..4], [0, 0, 0, 44]);
    }
}
