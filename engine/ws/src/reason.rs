//! The body of a Close frame (RFC 6455, section 5.5.1).

use crate::frame::MAX_CONTROL;
use crate::{Error, Misuse, Reason};

/// Bytes of text at most: the code takes two.
const MAX_TEXT: usize = MAX_CONTROL - 2;

/// Reads the body.
pub(crate) fn read(body: &[u8]) -> Result<Option<Reason>, Error> {
    let Some((code, text)) = body.split_first_chunk() else {
        return if body.is_empty() { Ok(None) } else { Err(Error::InvalidClose) };
    };
    let code = u16::from_be_bytes(*code);
    if !is_valid(code) {
        return Err(Error::InvalidCloseCode);
    }
    match simdutf8::basic::from_utf8(text) {
        Ok(text) => Ok(Some(Reason { code, text: text.into() })),
        Err(_) => Err(Error::InvalidUtf8),
    }
}

/// Checks what is to be sent.
pub(crate) fn check(code: u16, text: &str) -> Result<(), Misuse> {
    match (is_valid(code), text.len()) {
        (false, _) => Err(Misuse::InvalidCode(code)),
        (true, 0..=MAX_TEXT) => Ok(()),
        (true, _) => Err(Misuse::InvalidReason),
    }
}

/// The codes that may stand in a frame: those of RFC 6455, section 7.4.1, and its registry, and 3000 up.
fn is_valid(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
