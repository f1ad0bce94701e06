use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

const FAMILY_4: u8 = 2;
const FAMILY_6: u8 = 3;

/// An address and how many of its bits name the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inet {
    /// The address, which may have bits outside the network when the type is inet.
    pub address: IpAddr,
    /// The bits of the network: 32 or 128 when it is a single host.
    pub prefix: u8,
    /// Whether the type is cidr.
    pub cidr: bool,
}

impl Inet {
    pub(crate) fn read(ty: &Type, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let [family, prefix, cidr, length] = reader.array()?;
        let (address, bits) = match (family, length) {
            (FAMILY_4, 4) => (IpAddr::V4(Ipv4Addr::from(reader.array::<4>()?)), 32),
            (FAMILY_6, 16) => (IpAddr::V6(Ipv6Addr::from(reader.array::<16>()?)), 128),
            _ => return Err(reader.error(Reason::Malformed("family"))),
        };
        if prefix > bits {
            return Err(reader.error(Reason::Malformed("netmask")));
        }
        reader.end()?;
        Ok(Self { address, prefix, cidr: cidr != 0 })
    }

    /// Whether it is one address rather than a network or an address in one.
    pub fn is_host(&self) -> bool {
        self.prefix == if self.address.is_ipv4() { 32 } else { 128 }
    }
}

impl std::fmt::Display for Inet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.address.fmt(f)?;
        if self.is_host() && !self.cidr { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}
