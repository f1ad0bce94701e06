//! What the fields of a handshake are made of (RFC 6455, section 4.3; RFC 9110, section 5.6).

/// Whether `byte` may stand in a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether `bytes` is a token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_byte(byte))
}

/// Takes a token from the front of `rest`.
pub(crate) fn token<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = rest.iter().position(|&byte| !is_token_byte(byte)).unwrap_or(rest.len());
    let (token, after) = rest.split_at_checked(length)?;
    *rest = after;
    (!token.is_empty()).then_some(token)
}

/// Takes `byte` from the front of `rest`, if it is there.
pub(crate) fn eat(rest: &mut &[u8], byte: u8) -> bool {
    match rest {
        [first, after @ ..] if *first == byte => {
            *rest = after;
            true
        }
        _ => false,
    }
}

/// Takes spaces and tabs from the front of `rest`.
pub(crate) fn blanks(rest: &mut &[u8]) {
    while let [b' ' | b'\t', after @ ..] = rest {
        *rest = after;
    }
}

/// `bytes` without the spaces and tabs around it.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    blanks(&mut bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list, trimmed; empty ones are left out.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim).filter(|member| !member.is_empty())
}
