//! Whether a certificate is a host's, as libpq decides it, which also takes a common name.

use std::net::IpAddr;

use super::certificate::{AlternativeName, Certificate};

/// Whether `certificate` names `host`, a name or an address.
///
/// The common name counts only where no alternative name is of the host's kind (RFC 6125, section 6.4.4, as libpq reads
/// it: a certificate made without alternative names is the usual one for a database).
pub(super) fn names(certificate: &Certificate<'_>, host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    let mut of_its_kind = false;
    for name in certificate.alternative_names() {
        let same = match (name, address) {
            (AlternativeName::Dns(pattern), _) => {
                of_its_kind |= address.is_none();
                matches(pattern, host, address.is_none())
            }
            (AlternativeName::Ip(named), Some(address)) => {
                of_its_kind = true;
                named == address
            }
            (AlternativeName::Ip(_), None) => false,
        };
        if same {
            return true;
        }
    }
    !of_its_kind && certificate.common_name().is_some_and(|pattern| matches(pattern, host, address.is_none()))
}

/// The names a certificate has, for an error's words.
pub(super) fn presented(certificate: &Certificate<'_>) -> Vec<String> {
    let mut names: Vec<_> = certificate
        .alternative_names()
        .map(|name| match name {
            AlternativeName::Dns(name) => String::from_utf8_lossy(name).into_owned(),
            AlternativeName::Ip(address) => address.to_string(),
        })
        .collect();
    if names.is_empty() {
        names.extend(certificate.common_name().map(|name| String::from_utf8_lossy(name).into_owned()));
    }
    names
}

/// A `*` stands for the whole first label, and for nothing else.
fn matches(pattern: &[u8], host: &str, wildcards: bool) -> bool {
    let host = host.as_bytes();
    if host.is_empty() || pattern.contains(&0) {
        return false;
    }
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(suffix) = pattern.strip_prefix(b"*").filter(|suffix| suffix.len() > 1 && suffix.starts_with(b".")) else {
        return false;
    };
    let first_label = host.iter().position(|byte| *byte == b'.');
    wildcards
        && first_label
            .is_some_and(|end| end > 0 && host.get(end..).is_some_and(|rest| rest.eq_ignore_ascii_case(suffix)))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate(common: &str, alternatives: &[&str]) -> Vec<u8> {
        let mut params =
            CertificateParams::new(alternatives.iter().map(|name| (*name).into()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, common);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn named(common: &str, alternatives: &[&str], host: &str) -> bool {
        names(&Certificate::parse(&certificate(common, alternatives)).unwrap(), host)
    }

    #[test]
    fn a_host_is_any_alternative_name() {
        assert!(named("x", &["a.test", "db.test"], "db.test"));
        assert!(named("x", &["a.test", "db.test"], "DB.Test"));
        assert!(!named("x", &["a.test", "db.test"], "c.test"));
        assert!(!named("x", &["a.test"], ""));
    }

    #[test]
    fn an_address_is_compared_as_an_address() {
        assert!(named("x", &["127.0.0.1"], "127.0.0.1"));
        assert!(named("x", &["2001:db8::1"], "2001:0db8:0::1"));
        assert!(!named("x", &["127.0.0.1"], "127.0.0.2"));
    }

    #[test]
    fn the_common_name_counts_without_alternative_names_of_the_kind() {
        assert!(named("db.test", &[], "db.test"));
        assert!(!named("db.test", &["other.test"], "db.test"));
        assert!(named("db.test", &["127.0.0.1"], "db.test"));
        assert!(named("127.0.0.1", &[], "127.0.0.1"));
        assert!(!named("127.0.0.1", &["10.0.0.1"], "127.0.0.1"));
    }

    #[test]
    fn a_star_is_one_label() {
        assert!(named("x", &["*.db.test"], "one.db.test"));
        assert!(!named("x", &["*.db.test"], "two.one.db.test"));
        assert!(!named("x", &["*.db.test"], "db.test"));
        assert!(!named("x", &["*.db.test"], ".db.test"));
        assert!(!named("x", &["*"], "localhost"));
        assert!(!named("*.0.0.1", &[], "127.0.0.1"));
    }

    #[test]
    fn a_name_does_not_end_at_a_zero() {
        assert!(!matches(b"db.test\0.evil.test", "db.test", true));
        assert!(!matches(b"*.test\0", "db.test", true));
    }
}
