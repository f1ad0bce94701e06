//! Byte classes of RFC 9110 and RFC 3986, as tables.

const TOKEN: u8 = 1;
const VALUE: u8 = 2;
const TARGET: u8 = 4;
const HOST: u8 = 8;

static CLASSES: [u8; 256] = classes();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler; a byte is below 256")]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        let mut class = 0;
        let alphanumeric = c.is_ascii_alphanumeric();
        if alphanumeric || is_in(c, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        if c == b'\t' || (c >= b' ' && c != 0x7f) {
            class |= VALUE;
        }
        if c > b' ' && c < 0x7f && c != b'#' {
            class |= TARGET;
        }
        if alphanumeric || is_in(c, b"-._~!$&'()*+,;=%:[]") {
            class |= HOST;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
}

#[allow(clippy::indexing_slicing, reason = "the index is below the length; slices have no const iterator")]
const fn is_in(byte: u8, set: &[u8]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

fn all(bytes: &[u8], class: u8) -> bool {
    bytes.iter().all(|byte| CLASSES.get(usize::from(*byte)).is_some_and(|classes| classes & class != 0))
}

/// `token` (RFC 9110, section 5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TOKEN)
}

/// What a field value may hold: visible characters, space, tab and obs-text (RFC 9110, section 5.5).
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    all(bytes, VALUE)
}

/// What a request target may hold: visible ASCII, no fragment.
pub(crate) fn is_target(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, TARGET)
}

/// The characters of `uri-host [ ":" port ]` (RFC 9110, section 7.2).
pub(crate) fn is_host(bytes: &[u8]) -> bool {
    all(bytes, HOST)
}

/// Without the optional white space around a value.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ' | b'\t', inner @ ..] | [inner @ .., b' ' | b'\t'] = rest {
        rest = inner;
    }
    rest
}

/// The members of a comma-separated list.
pub(crate) fn members(list: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(trim).filter(|member| !member.is_empty())
}

/// `1*DIGIT` that fits.
pub(crate) fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_digits_only_and_must_fit() {
        assert_eq!(digits(b"0"), Some(0));
        assert_eq!(digits(b"18446744073709551615"), Some(u64::MAX));
        for junk in [&b""[..], b"+1", b"-1", b"1_0", b"0x1", b" 1", b"1 ", b"18446744073709551616"] {
            assert_eq!(digits(junk), None, "{junk:?}");
        }
    }

    #[test]
    fn values_hold_no_control_characters() {
        assert!(is_value(b"a\tb \x80\xff"));
        for byte in (0..0x20).filter(|byte| *byte != b'\t').chain([0x7f]) {
            assert!(!is_value(&[b'a', byte]), "{byte:#x}");
        }
    }
}
