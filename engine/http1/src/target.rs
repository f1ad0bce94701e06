use crate::Error;
use crate::field::Span;
use crate::syntax;

/// The parts of a request target (RFC 9112, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Target {
    /// The path; empty for the authority form and for an absolute form without one.
    pub(crate) path: Span,
    pub(crate) query: Span,
    /// Of the absolute and the authority form.
    pub(crate) authority: Option<Span>,
}

impl Target {
    /// Reads the target of a request with `method`; all spans are of `whole`.
    pub(crate) fn read(method: &[u8], target: &[u8], whole: &[u8]) -> Result<Self, Error> {
        if method == b"CONNECT" {
            let valid = syntax::is_host(target) && target.contains(&b':');
            let authority = Some(Span::of(target, whole));
            return if valid { Ok(Self { authority, ..Self::default() }) } else { Err(Error::Target) };
        }
        match target {
            [b'/', ..] => Ok(Self::origin(target, None, whole)),
            b"*" if method == b"OPTIONS" => Ok(Self { path: Span::of(target, whole), ..Self::default() }),
            _ => Self::absolute(target, whole),
        }
    }

    fn absolute(target: &[u8], whole: &[u8]) -> Result<Self, Error> {
        let colon = target.iter().position(|byte| *byte == b':').ok_or(Error::Target)?;
        let (scheme, rest) = target.split_at_checked(colon).ok_or(Error::Target)?;
        let known = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
        let rest = rest.strip_prefix(b"://").filter(|_| known).ok_or(Error::Target)?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, origin) = rest.split_at_checked(end).ok_or(Error::Target)?;
        // Empty, or with user information (the `@`): neither names a host to serve (RFC 9110, section 4.2.4).
        if authority.is_empty() || !syntax::is_host(authority) {
            return Err(Error::Target);
        }
        Ok(Self::origin(origin, Some(Span::of(authority, whole)), whole))
    }

    fn origin(target: &[u8], authority: Option<Span>, whole: &[u8]) -> Self {
        let end = memchr::memchr(b'?', target).unwrap_or(target.len());
        let (path, query) = target.split_at_checked(end).unwrap_or((target, b""));
        let query = query.strip_prefix(b"?").unwrap_or_default();
        let query = if query.is_empty() { Span::default() } else { Span::of(query, whole) };
        Self { path: Span::of(path, whole), query, authority }
    }
}
