//! Which bytes may stand where (RFC 9110 section 5, RFC 3986), as tables.

const TOKEN: u8 = 1;
const VALUE: u8 = 2;
const TARGET: u8 = 4;
const REG_NAME: u8 = 8;

static CLASSES: [u8; 256] = classify();

/// Whether `bytes` is a token: a method or a field name.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TOKEN)
}

/// Whether `bytes` may be a field's value: no control but HTAB. Octets from 0x80 up are opaque text.
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    all(bytes, VALUE)
}

/// Whether `bytes` may be a request target: visible ASCII, no fragment.
pub(crate) fn is_target(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TARGET)
}

/// Whether `bytes` is `uri-host [ ":" port ]`, without user information.
pub(crate) fn is_authority(bytes: &[u8]) -> bool {
    match bytes {
        [b'[', rest @ ..] => match split_at_byte(rest, b']') {
            Some((address, after)) => is_address(address) && (after.is_empty() || is_port(after)),
            None => false,
        },
        _ => {
            let (host, port) = match bytes.iter().position(|&byte| byte == b':') {
                Some(colon) => bytes.split_at_checked(colon).unwrap_or_default(),
                None => (bytes, &b""[..]),
            };
            all(host, REG_NAME) && (port.is_empty() || is_port(port))
        }
    }
}

/// Splits around the first `byte`, which is in neither part.
pub(crate) fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, bytes)?;
    let (before, after) = bytes.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}

/// `bytes` without the spaces and tabs around it.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list, trimmed; empty ones too.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim)
}

/// `1*DIGIT`, no more than 64 bits.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn is_port(bytes: &[u8]) -> bool {
    matches!(bytes, [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit))
}

fn is_address(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| byte == b':' || has(byte, REG_NAME) && byte != b'%')
}

fn all(bytes: &[u8], class: u8) -> bool {
    bytes.iter().all(|&byte| has(byte, class))
}

fn has(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn classify() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        let code = byte as u8;
        let alphanumeric = code.is_ascii_alphanumeric();
        let mut class = 0;
        if alphanumeric || is_one_of(code, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        if code == b'\t' || (code >= b' ' && code != 0x7f) {
            class |= VALUE;
        }
        if code.is_ascii_graphic() && code != b'#' {
            class |= TARGET;
        }
        if alphanumeric || is_one_of(code, b"-._~%!$&'()*+,;=") {
            class |= REG_NAME;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn is_one_of(code: u8, set: &[u8]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == code {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_visible_ascii_without_delimiters() {
        assert!(is_token(b"X-Name!#$%&'*+-.^_`|~09az"));
        for delimiter in b"\"(),/:;<=>?@[\\]{} \t\r\n\0\x7f\x80\xff" {
            assert!(!is_token(&[b'a', *delimiter]), "{delimiter:#x}");
        }
        assert!(!is_token(b""));
    }

    #[test]
    fn values_have_no_control_but_tab() {
        assert!(is_value(b"") && is_value(b"a\tb \x80\xff~"));
        for control in (0..0x20).filter(|&byte| byte != b'\t').chain([0x7f]) {
            assert!(!is_value(&[control]), "{control:#x}");
        }
    }

    #[test]
    fn targets_are_visible_ascii_without_fragment() {
        assert!(is_target(b"/a%20b?c=d|{}\"<>"));
        for byte in (0..=0x20).chain([b'#']).chain(0x7f..=0xff) {
            assert!(!is_target(&[b'/', byte]), "{byte:#x}");
        }
    }

    #[test]
    fn authorities_are_a_host_and_perhaps_a_port() {
        for good in
            ["", "a", "example.com", "example.com:", "example.com:80", "1.2.3.4:1", "[::1]", "[::1]:8000", "a%20b"]
        {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in
            ["a b", "a/b", "u@a", "a?b", "a#b", "a:b", "a:80:80", "[::1", "[]", "[::1]x", "::1", "a\"", "a\\b", "[a/b]"]
        {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn decimals_are_digits_only_and_fit() {
        assert_eq!(
            (decimal(b"0"), decimal(b"007"), decimal(b"18446744073709551615")),
            (Some(0), Some(7), Some(u64::MAX))
        );
        for bad in ["", "+1", "-1", "1 ", " 1", "1_0", "0x1", "1,1", "18446744073709551616", "1.0"] {
            assert_eq!(decimal(bad.as_bytes()), None, "{bad}");
        }
    }
}
