//! Whose word about a client is believed.

use std::fmt;
use std::net::IpAddr;

use crate::Address;

/// The peers and proxies that are believed: everybody, or the listed ones.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    everybody: bool,
    hosts: Vec<Host>,
    networks: Vec<Network>,
    /// Whatever is neither: paths of Unix sockets, and names that proxies give.
    literals: Vec<String>,
}

/// An entry that looks like a network and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoNetwork(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    address: IpAddr,
    /// What follows the `%` of an IPv6 address.
    zone: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    length: u32,
}

impl Trust {
    /// The list of addresses, of networks as address/length, and of literals; `*` alone is everybody.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NoNetwork> {
        let mut trust = Self::default();
        let mut entries = entries.into_iter().peekable();
        if entries.next_if_eq(&"*").is_some() && entries.peek().is_none() {
            trust.everybody = true;
        }
        for entry in entries {
            match (Host::parse(entry), entry.split_once('/')) {
                (Some(host), _) => trust.hosts.push(host),
                (None, Some((address, length))) if Host::parse(address).is_some() => {
                    let network = Network::parse(address, length).ok_or_else(|| NoNetwork(entry.to_owned()))?;
                    trust.networks.push(network);
                }
                _ => trust.literals.push(entry.to_owned()),
            }
        }
        Ok(trust)
    }

    pub(crate) fn is_everybody(&self) -> bool {
        self.everybody
    }

    /// Whether the peer at the other end of a connection is believed; one without an address is nobody in particular.
    pub fn believes(&self, peer: Option<&Address>) -> bool {
        self.everybody
            || match peer {
                Some(Address::Inet(address)) => self.has(&Host { address: address.ip(), zone: String::new() }),
                Some(Address::Unix(path)) => self.literals.iter().any(|literal| **literal == **path),
                None => false,
            }
    }

    /// Whether a host is believed that a proxy names.
    pub(crate) fn names(&self, host: &str) -> bool {
        self.everybody
            || match Host::parse(host) {
                Some(host) => self.has(&host),
                None => !host.is_empty() && self.literals.iter().any(|literal| literal == host),
            }
    }

    fn has(&self, host: &Host) -> bool {
        self.hosts.contains(host) || self.networks.iter().any(|network| network.contains(host.address))
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        let (address, zone) = match text.split_once('%') {
            None => (text, ""),
            Some((_, zone)) if zone.is_empty() || zone.contains('%') => return None,
            Some((address, zone)) => (address, zone),
        };
        let address = if zone.is_empty() { address.parse().ok()? } else { IpAddr::V6(address.parse().ok()?) };
        Some(Self { address, zone: zone.to_owned() })
    }
}

impl Network {
    fn parse(address: &str, length: &str) -> Option<Self> {
        let network = Self { address: address.parse().ok()?, length: length.parse().ok()? };
        let longest = if network.address.is_ipv4() { 32 } else { 128 };
        (network.length <= longest && network.contains_only_its_bits()).then_some(network)
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && (bits(address) ^ bits(self.address)) & self.mask() == 0
    }

    fn contains_only_its_bits(&self) -> bool {
        bits(self.address) & !self.mask() == 0
    }

    /// The network's bits, counted from the left of 128.
    fn mask(&self) -> u128 {
        u128::MAX.checked_shl(128 - self.length).unwrap_or(0)
    }
}

/// An address, from the left of 128 bits.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no network: write address/length, for example 10.0.0.0/8", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &[&str], host: &str) -> bool {
        Trust::new(entries.iter().copied()).unwrap().names(host)
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        assert!(names(&["127.0.0.1", "2001:db8::1"], "127.0.0.1"));
        assert!(names(&["127.0.0.1", "2001:db8::1"], "2001:0DB8:0:0::0001"));
        assert!(!names(&["127.0.0.1"], "::ffff:127.0.0.1"));
        assert!(!names(&["127.0.0.1"], "127.0.0.01"));
        assert!(!names(&["127.0.0.1"], ""));
    }

    #[test]
    fn a_network_has_the_addresses_of_its_family_only() {
        assert!(names(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(!names(&["10.0.0.0/8"], "11.0.0.1"));
        assert!(names(&["0.0.0.0/0"], "8.8.8.8"));
        assert!(!names(&["0.0.0.0/0"], "::1"));
        assert!(names(&["2001:db8::/32"], "2001:db8:ffff::1"));
        assert!(!names(&["::/0"], "1.1.1.1"));
        assert!(names(&["192.0.2.1/32"], "192.0.2.1"));
        assert!(names(&["fe80::/10"], "fe80::1%eth0"));
    }

    #[test]
    fn a_zone_is_part_of_an_address() {
        assert!(names(&["fe80::1%eth0"], "fe80::1%eth0"));
        assert!(!names(&["fe80::1%eth0"], "fe80::1"));
        assert!(!names(&["fe80::1"], "fe80::1%"));
    }

    #[test]
    fn what_is_no_address_is_taken_literally() {
        assert!(names(&["/run/proxy.sock", "unknown"], "unknown"));
        assert!(!names(&["unknown"], "unknow"));
        let trust = Trust::new(["/run/proxy.sock"]).unwrap();
        assert!(trust.believes(Some(&Address::Unix("/run/proxy.sock".into()))));
        assert!(!trust.believes(Some(&Address::Unix("/run/other.sock".into()))));
        assert!(!trust.believes(None));
    }

    #[test]
    fn everybody_is_a_star_alone() {
        let everybody = Trust::new(["*"]).unwrap();
        assert!(everybody.believes(None) && everybody.names("") && everybody.names("8.8.8.8"));
        let nobody = Trust::new([]).unwrap();
        assert!(!nobody.believes(None) && !nobody.believes(Some(&Address::Inet(([127, 0, 0, 1], 1).into()))));
        assert!(!names(&["*", "127.0.0.1"], "8.8.8.8"));
    }

    #[test]
    fn a_network_with_bits_of_a_host_is_refused() {
        for entry in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "::1/64", "10.0.0.0/x"] {
            assert_eq!(Trust::new([entry]).unwrap_err(), NoNetwork(entry.to_owned()));
        }
    }
}
