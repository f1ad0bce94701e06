use std::net::IpAddr;

use pg::encode::{self, Address};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyType};

/// Anything that `ip_address()` or `ip_interface()` takes.
pub(super) fn inet(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>()
        && let Some((address, bits)) = parse(text.to_str()?)
    {
        encode::inet(out, address, bits.unwrap_or(address.bits()));
        return Ok(());
    }
    if is_address(py, value)? {
        let address = packed(value)?;
        encode::inet(out, address, address.bits());
        return Ok(());
    }
    static ADDRESS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static INTERFACE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    match ADDRESS.import(py, "ipaddress", "ip_address")?.call1((value,)) {
        Ok(host) => {
            let address = packed(&host)?;
            encode::inet(out, address, address.bits());
        }
        Err(error) if error.is_instance_of::<PyValueError>(py) => {
            let interface = INTERFACE.import(py, "ipaddress", "ip_interface")?.call1((value,))?;
            let bits = interface.getattr(intern!(py, "network"))?.getattr(intern!(py, "prefixlen"))?.extract()?;
            encode::inet(out, packed(&interface)?, bits);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Anything that `ip_network()` takes: no bit may be set behind the prefix.
pub(super) fn cidr(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if let Ok(text) = value.cast::<PyString>()
        && let Some((address, bits)) = parse(text.to_str()?)
        && is_network(address, bits.unwrap_or(address.bits()))
    {
        encode::cidr(out, address, bits.unwrap_or(address.bits()));
        return Ok(());
    }
    static NETWORK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let network = NETWORK.import(py, "ipaddress", "ip_network")?.call1((value,))?;
    let bits = network.getattr(intern!(py, "prefixlen"))?.extract()?;
    encode::cidr(out, packed(&network.getattr(intern!(py, "network_address"))?)?, bits);
    Ok(())
}

/// The common forms of text. What is not one of them may still be another that Python knows.
fn parse(text: &str) -> Option<(Address, Option<u8>)> {
    let (host, bits) = match text.split_once('/') {
        Some((host, bits)) => {
            (host, Some(bits.parse().ok().filter(|_| bits.bytes().all(|byte| byte.is_ascii_digit()))?))
        }
        None => (text, None),
    };
    let address = match host.parse().ok()? {
        IpAddr::V4(address) => Address::V4(address.octets()),
        IpAddr::V6(address) => Address::V6(address.octets()),
    };
    if bits.is_some_and(|bits| bits > address.bits()) { None } else { Some((address, bits)) }
}

fn is_network(address: Address, bits: u8) -> bool {
    match address {
        Address::V4(bytes) => u32::from_be_bytes(bytes).checked_shl(bits.into()).unwrap_or(0) == 0,
        Address::V6(bytes) => u128::from_be_bytes(bytes).checked_shl(bits.into()).unwrap_or(0) == 0,
    }
}

fn is_address(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static V4: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static V6: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = value.get_type();
    Ok(class.is(V4.import(py, "ipaddress", "IPv4Address")?) || class.is(V6.import(py, "ipaddress", "IPv6Address")?))
}

fn packed(address: &Bound<'_, PyAny>) -> PyResult<Address> {
    let packed = address.getattr(intern!(address.py(), "packed"))?;
    let bytes = packed.cast::<PyBytes>()?.as_bytes();
    if let Ok(bytes) = bytes.try_into() {
        return Ok(Address::V4(bytes));
    }
    let bytes = bytes.try_into().map_err(|_| PyValueError::new_err("an address has 4 or 16 bytes"))?;
    Ok(Address::V6(bytes))
}
