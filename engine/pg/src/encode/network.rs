/// The server's name of the families, which are not the system's.
const INET: u8 = 2;
const INET6: u8 = 3;

/// The bytes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

/// `inet`: an address, and of how many bits its network is; all of them for a host.
pub fn inet(out: &mut Vec<u8>, address: Address, bits: u8) {
    write(out, address, bits, false);
}

/// `cidr`: a network.
pub fn cidr(out: &mut Vec<u8>, address: Address, bits: u8) {
    write(out, address, bits, true);
}

impl Address {
    /// The bits of a host.
    pub fn bits(&self) -> u8 {
        match self {
            Self::V4(_) => 32,
            Self::V6(_) => 128,
        }
    }
}

fn write(out: &mut Vec<u8>, address: Address, bits: u8, network: bool) {
    let (family, bytes): (u8, &[u8]) = match &address {
        Address::V4(bytes) => (INET, bytes),
        Address::V6(bytes) => (INET6, bytes),
    };
    out.extend_from_slice(&[family, bits, u8::from(network), address.bits() / 8]);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_the_server_sends_them() {
        let mut out = Vec::new();
        inet(&mut out, Address::V4([192, 168, 0, 1]), 24);
        assert_eq!(out, [2, 24, 0, 4, 192, 168, 0, 1]);
        out.clear();
        cidr(&mut out, Address::V6([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 32);
        assert_eq!(out, [3, 32, 1, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
