use crate::Error;
use crate::field::Span;
use crate::grammar::{is_authority, is_target, split_at_byte};

/// A request target taken apart (RFC 9112, section 3.2). Spans are places in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) path: Path,
    pub(crate) query: Span,
    pub(crate) authority: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// As it was sent.
    Sent(Span),
    /// An absolute form without one: `/`.
    Root,
    /// An authority form has none.
    None,
}

impl Target {
    /// Takes a target apart; the method decides which forms it may have.
    pub(crate) fn parse(method: &[u8], target: &[u8]) -> Result<Self, Error> {
        if !is_target(target) {
            return Err(Error::InvalidTarget);
        }
        match (method, target) {
            (b"CONNECT", _) => authority_form(target),
            (_, [b'/', ..]) => Ok(origin_form(target, target, None)),
            (b"OPTIONS", b"*") => {
                Ok(Self { path: Path::Sent(Span::new(0, 1)), query: Span::default(), authority: None })
            }
            _ => absolute_form(target),
        }
    }
}

fn authority_form(target: &[u8]) -> Result<Target, Error> {
    let has_port = matches!(target, [.., b'0'..=b'9']) && target.iter().rposition(|&byte| byte == b':') > Some(0);
    if !has_port || !is_authority(target) {
        return Err(Error::InvalidTarget);
    }
    Ok(Target { path: Path::None, query: Span::default(), authority: Some(Span::new(0, target.len())) })
}

fn absolute_form(target: &[u8]) -> Result<Target, Error> {
    let (scheme, rest) = split_at_byte(target, b':').ok_or(Error::InvalidTarget)?;
    let [b'/', b'/', rest @ ..] = rest else { return Err(Error::InvalidTarget) };
    let authority = rest.split(|byte| matches!(byte, b'/' | b'?')).next().unwrap_or_default();
    if !is_scheme(scheme) || authority.is_empty() || authority.starts_with(b":") || !is_authority(authority) {
        return Err(Error::InvalidTarget);
    }
    let path = rest.get(authority.len()..).unwrap_or_default();
    Ok(origin_form(target, path, Some(Span::within(target, authority))))
}

/// `path`, a part of `target`, is a path and perhaps a query.
fn origin_form(target: &[u8], path: &[u8], authority: Option<Span>) -> Target {
    let (path, query) = split_at_byte(path, b'?').unwrap_or((path, b""));
    let query = Span::within(target, query);
    let path = if path.is_empty() { Path::Root } else { Path::Sent(Span::within(target, path)) };
    Target { path, query, authority }
}

fn is_scheme(scheme: &[u8]) -> bool {
    matches!(scheme, [first, rest @ ..] if first.is_ascii_alphabetic()
        && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, target: &'static str) -> Result<(&'static str, &'static str, Option<&'static str>), Error> {
        let text = |span: Span| std::str::from_utf8(span.of(target.as_bytes())).unwrap();
        let parsed = Target::parse(method.as_bytes(), target.as_bytes())?;
        let path = match parsed.path {
            Path::Sent(span) => text(span),
            Path::Root => "(root)",
            Path::None => "(none)",
        };
        Ok((path, text(parsed.query), parsed.authority.map(text)))
    }

    #[test]
    fn the_four_forms_are_taken_apart() {
        assert_eq!(parts("GET", "/a/b?c=d?e"), Ok(("/a/b", "c=d?e", None)));
        assert_eq!(parts("GET", "//a"), Ok(("//a", "", None)));
        assert_eq!(parts("GET", "/?"), Ok(("/", "", None)));
        assert_eq!(parts("GET", "http://h:80/a?b"), Ok(("/a", "b", Some("h:80"))));
        assert_eq!(parts("GET", "http://h"), Ok(("(root)", "", Some("h"))));
        assert_eq!(parts("GET", "HTTPS://[::1]?q"), Ok(("(root)", "q", Some("[::1]"))));
        assert_eq!(parts("OPTIONS", "*"), Ok(("*", "", None)));
        assert_eq!(parts("CONNECT", "h:443"), Ok(("(none)", "", Some("h:443"))));
    }

    #[test]
    fn other_targets_are_refused() {
        for (method, target) in [
            ("GET", "*"),
            ("GET", "a"),
            ("GET", "h:443"),
            ("GET", "?a"),
            ("GET", "/#a"),
            ("GET", "http:/a"),
            ("GET", "http://"),
            ("GET", "http:///a"),
            ("GET", "http://:80/"),
            ("GET", "http://user@h/"),
            ("GET", "1http://h/"),
            ("OPTIONS", "**"),
            ("CONNECT", "/"),
            ("CONNECT", "h"),
            ("CONNECT", "h:"),
            ("CONNECT", ":443"),
            ("CONNECT", "http://h:443"),
        ] {
            assert_eq!(parts(method, target), Err(Error::InvalidTarget), "{method} {target}");
        }
    }
}
