//! What a trusted proxy says about its client: the X-Forwarded fields.

use http1::{Field, Name, RequestHead};

use crate::trust::Trust;

/// Who is believed, and in what.
#[derive(Debug, Clone, Default)]
pub struct Forwarding {
    /// The peers that may speak for others.
    pub trust: Trust,
    /// `x-forwarded-for`: the client.
    pub client: bool,
    /// `x-forwarded-proto`: the scheme.
    pub scheme: bool,
    /// `x-forwarded-host`: the host that was asked for.
    pub host: bool,
    /// `x-forwarded-port`: its port.
    pub port: bool,
    /// `x-forwarded-prefix`: the path under which the proxy mounts the application.
    pub prefix: bool,
}

/// What was said, as far as it is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The client's host and port; 0 where the port is not known.
    pub client: Option<(String, u16)>,
    /// The scheme.
    pub scheme: Option<Scheme>,
    /// The value of `host`.
    pub host: Option<String>,
    /// The server's name.
    pub server: Option<String>,
    /// The server's port.
    pub port: Option<u16>,
    /// What precedes the path; begins with a slash and ends without one.
    pub prefix: Option<String>,
}

/// How the client reached the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the schemes by their names")]
pub enum Scheme {
    Http,
    Https,
    Ws,
    Wss,
}

/// The fields of one head, as they were found.
#[derive(Default)]
struct Said<'a> {
    client: Vec<&'a [u8]>,
    scheme: Option<&'a [u8]>,
    host: Option<&'a [u8]>,
    port: Option<&'a [u8]>,
    prefix: Option<&'a [u8]>,
    /// The `host` field, which a port alone changes.
    asked: Option<&'a [u8]>,
}

impl Forwarding {
    /// What the head of a trusted peer's request says; none where it says nothing.
    pub fn read(&self, head: &RequestHead) -> Option<Forwarded> {
        // Most requests say nothing, and cost this one look at numbers.
        if !head.names().any(|name| self.heeds(name)) {
            return None;
        }
        self.resolve(head.fields())
    }

    fn heeds(&self, name: Name) -> bool {
        match name {
            Name::XForwardedFor => self.client,
            Name::XForwardedProto => self.scheme,
            Name::XForwardedHost => self.host,
            Name::XForwardedPort => self.port,
            Name::XForwardedPrefix => self.prefix,
            _ => false,
        }
    }

    fn resolve<'a>(&self, fields: impl Iterator<Item = Field<'a>>) -> Option<Forwarded> {
        let mut said = Said::default();
        for Field { known, value, .. } in fields {
            match known {
                Some(Name::Host) => said.asked = Some(value),
                Some(Name::XForwardedFor) if self.client => said.client.push(value),
                Some(Name::XForwardedProto) if self.scheme => said.scheme = Some(value),
                Some(Name::XForwardedHost) if self.host => said.host = Some(value),
                Some(Name::XForwardedPort) if self.port => said.port = Some(value),
                Some(Name::XForwardedPrefix) if self.prefix => said.prefix = Some(value),
                _ => {}
            }
        }
        let mut forwarded = Forwarded {
            client: self.client(&said.client),
            scheme: said.scheme.and_then(|value| Scheme::named(stripped(value))),
            prefix: said.prefix.and_then(|value| prefix(last(value))),
            ..Forwarded::default()
        };
        forwarded.point_at(&said);
        (forwarded != Forwarded::default()).then_some(forwarded)
    }

    /// The host that the outermost trusted proxy saw. Each proxy appends, so the last one that is not trusted counts:
    /// what stands before it anybody may have written.
    fn client(&self, values: &[&[u8]]) -> Option<(String, u16)> {
        let hosts = || values.iter().flat_map(|value| value.split(|byte| *byte == b',')).map(stripped);
        let first = || hosts().next().map(host_and_port);
        let client = if self.trust.is_everybody() {
            first()
        } else {
            let mut backwards = values.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
            backwards.find_map(|host| Some(host_and_port(stripped(host))).filter(|(host, _)| !self.trust.names(host)))
        };
        client.or_else(first).filter(|(host, _)| !host.is_empty())
    }
}

impl Forwarded {
    /// Takes the server's name and port, and the `host` field that goes with them.
    fn point_at(&mut self, said: &Said<'_>) {
        let named = said.host.and_then(|value| authority(last(value)));
        let port = said.port.and_then(|value| number(last(value)));
        let default = if matches!(self.scheme, Some(Scheme::Https | Scheme::Wss)) { 443 } else { 80 };
        if let Some((host, own_port)) = named {
            let port = port.or(own_port);
            self.server = Some(host.trim_matches(['[', ']']).to_owned());
            self.host = Some(joined(host, port, default));
            self.port = Some(port.unwrap_or(default));
        } else if let Some(port) = port {
            self.host = said.asked.and_then(authority).map(|(host, _)| joined(host, Some(port), default));
            self.port = Some(port);
        }
    }
}

impl Scheme {
    /// The scheme of that name; names are case-sensitive, as uvicorn has them.
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"http" => Some(Self::Http),
            b"https" => Some(Self::Https),
            b"ws" => Some(Self::Ws),
            b"wss" => Some(Self::Wss),
            _ => None,
        }
    }
}

/// `host`, `host:port`, `[host]` or `[host]:port`; what is none of them is a host as it stands.
fn host_and_port(value: &[u8]) -> (String, u16) {
    let whole = || (text(value), 0);
    if let Some(inside) = value.strip_prefix(b"[") {
        let Some(end) = inside.iter().position(|byte| *byte == b']') else { return whole() };
        let (host, rest) = inside.split_at(end);
        return match rest {
            [_] => (text(host), 0),
            [_, b':', port @ ..] => (text(host), number(port).unwrap_or(0)),
            _ => whole(),
        };
    }
    match value.split(|byte| *byte == b':').collect::<Vec<_>>()[..] {
        [host, port] => number(port).map_or_else(whole, |port| (text(host), port)),
        _ => whole(),
    }
}

/// A host as a `host` field has it, brackets kept, and its port. Characters that no host has are not believed.
fn authority(value: &[u8]) -> Option<(&str, Option<u16>)> {
    let value = std::str::from_utf8(value).ok()?;
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let (host, port) = match value.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((inside, rest)) => {
            inside.parse::<std::net::Ipv6Addr>().ok()?;
            (value.get(..inside.len() + 2)?, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(""))?)
        }
        None => {
            let (host, port) = value.split_once(':').unwrap_or((value, ""));
            (!host.is_empty() && host.bytes().all(is_fit)).then_some((host, port))?
        }
    };
    let port = if port.is_empty() { None } else { Some(number(port.as_bytes())?) };
    Some((host, port))
}

fn joined(host: &str, port: Option<u16>, default: u16) -> String {
    match port {
        Some(port) if port != default => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

/// A path of visible characters that is no path of another host.
fn prefix(value: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(value).ok()?.trim_end_matches('/');
    let fits = path.starts_with('/') && !path.contains("//") && path.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && !path.contains(['?', '#', '\\'])).then(|| path.to_owned())
}

/// What the nearest proxy has appended.
fn last(value: &[u8]) -> &[u8] {
    stripped(value.rsplit(|byte| *byte == b',').next().unwrap_or_default())
}

fn number(digits: &[u8]) -> Option<u16> {
    let digits = stripped(digits);
    digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

/// The value without white space around it, by the rules of Latin-1.
fn stripped(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | 0x1c..=b' ' | 0x85 | 0xa0);
    let start = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// Latin-1, as header fields are read.
fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarding(peers: &[&str]) -> Forwarding {
        let trust = Trust::new(peers.iter().copied()).unwrap();
        Forwarding { trust, client: true, scheme: true, host: true, port: true, prefix: true }
    }

    fn said(peers: &[&str], fields: &[(&str, &str)]) -> Forwarded {
        let fields = fields.iter().map(|(name, value)| Field {
            name: name.as_bytes(),
            value: value.as_bytes(),
            known: Name::lookup(name.as_bytes()),
        });
        forwarding(peers).resolve(fields).unwrap_or_default()
    }

    fn client(peers: &[&str], values: &[&str]) -> Option<(String, u16)> {
        let fields: Vec<_> = values.iter().map(|value| ("x-forwarded-for", *value)).collect();
        said(peers, &fields).client
    }

    fn host(text: &str, port: u16) -> Option<(String, u16)> {
        Some((text.to_owned(), port))
    }

    #[test]
    fn the_last_host_that_is_not_trusted_is_the_client() {
        let peers = &["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(client(peers, &["1.2.3.4"]), host("1.2.3.4", 0));
        assert_eq!(client(peers, &["6.6.6.6, 1.2.3.4, 10.1.1.1"]), host("1.2.3.4", 0));
        assert_eq!(client(peers, &["6.6.6.6", "1.2.3.4:80", "10.1.1.1,127.0.0.1:9"]), host("1.2.3.4", 80));
        assert_eq!(client(peers, &["10.0.0.3, 10.0.0.2"]), host("10.0.0.3", 0));
        assert_eq!(client(&["*"], &["6.6.6.6, 1.2.3.4"]), host("6.6.6.6", 0));
    }

    #[test]
    fn a_host_comes_with_or_without_port_and_brackets() {
        for (value, expected) in [
            ("1.2.3.4:5", host("1.2.3.4", 5)),
            ("::1", host("::1", 0)),
            ("[2001:db8::1]", host("2001:db8::1", 0)),
            ("[2001:db8::1]:443", host("2001:db8::1", 443)),
            ("[2001:db8::1]:x", host("2001:db8::1", 0)),
            ("[2001:db8::1]x", host("[2001:db8::1]x", 0)),
            ("[2001:db8::1", host("[2001:db8::1", 0)),
            ("1.2.3.4:x", host("1.2.3.4:x", 0)),
            ("1.2.3.4:70000", host("1.2.3.4:70000", 0)),
            ("1.2.3.4:", host("1.2.3.4:", 0)),
            ("unknown", host("unknown", 0)),
            (" ", None),
            ("", None),
            ("1.2.3.4,", None),
        ] {
            assert_eq!(client(&["127.0.0.1"], &[value]), expected, "{value:?}");
        }
    }

    #[test]
    fn the_last_scheme_counts_if_it_is_one() {
        let scheme = |value: &str| said(&["*"], &[("x-forwarded-proto", "http"), ("x-forwarded-proto", value)]).scheme;
        assert_eq!(scheme("https"), Some(Scheme::Https));
        assert_eq!(scheme(" wss "), Some(Scheme::Wss));
        assert_eq!(scheme("HTTPS"), None);
        assert_eq!(scheme("https, http"), None);
    }

    #[test]
    fn host_and_port_point_at_the_server() {
        let point = |fields: &[(&str, &str)]| {
            let forwarded = said(&["*"], fields);
            (forwarded.host, forwarded.server, forwarded.port)
        };
        let expect = |host: &str, server: &str, port| (Some(host.to_owned()), Some(server.to_owned()), Some(port));
        let (name, port, proto) = ("x-forwarded-host", "x-forwarded-port", "x-forwarded-proto");
        assert_eq!(point(&[(name, "example.org")]), expect("example.org", "example.org", 80));
        assert_eq!(point(&[(name, "a, example.org:81")]), expect("example.org:81", "example.org", 81));
        assert_eq!(point(&[(name, "a.b"), (proto, "https")]), expect("a.b", "a.b", 443));
        assert_eq!(point(&[(name, "a.b"), (port, "8443"), (proto, "https")]), expect("a.b:8443", "a.b", 8443));
        assert_eq!(point(&[(name, "[::1]:7")]), expect("[::1]:7", "::1", 7));
        assert_eq!(point(&[("host", "inner:1"), (port, "99")]), (Some("inner:99".into()), None, Some(99)));
        assert_eq!(point(&[(port, "99")]), (None, None, Some(99)));
        for wrong in ["", "a/b", "a@b", "a b", "a:x", "[::1", "[x]", "::1", "a\\b"] {
            assert_eq!(point(&[(name, wrong)]), (None, None, None), "{wrong:?}");
        }
    }

    #[test]
    fn a_prefix_is_a_path() {
        let prefix = |value: &str| said(&["*"], &[("x-forwarded-prefix", value)]).prefix;
        assert_eq!(prefix("/api/"), Some("/api".to_owned()));
        for wrong in ["", "/", "api", "//evil.org", "/a b", "/a?b", "/\\evil", "/\u{e4}"] {
            assert_eq!(prefix(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_believed() {
        let fields =
            ["for", "proto", "host", "port", "prefix"].map(|name| (format!("x-forwarded-{name}"), "https".to_owned()));
        let silent = Forwarding { trust: Trust::new(["*"]).unwrap(), ..Forwarding::default() };
        let heard = silent.resolve(fields.iter().map(|(name, value)| Field {
            name: name.as_bytes(),
            value: value.as_bytes(),
            known: Name::lookup(name.as_bytes()),
        }));
        assert_eq!(heard, None);
    }
}
