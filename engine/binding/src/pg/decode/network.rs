use std::net::IpAddr;

use pg::value::Inet;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyType};

/// An address of `inet`, one in a network, or the network of `cidr`, as objects of `ipaddress`.
pub(super) fn address(py: Python<'_>, inet: Inet) -> PyResult<Bound<'_, PyAny>> {
    static CLASSES: [PyOnceLock<Py<PyType>>; 6] = [const { PyOnceLock::new() }; 6];
    let [address4, interface4, network4, address6, interface6, network6] = &CLASSES;
    let packed = match inet.address {
        IpAddr::V4(address) => PyBytes::new(py, &address.octets()),
        IpAddr::V6(address) => PyBytes::new(py, &address.octets()),
    };
    let (class, name) = match (inet.address, inet.cidr, inet.is_host()) {
        (IpAddr::V4(_), true, _) => (network4, "IPv4Network"),
        (IpAddr::V4(_), false, true) => (address4, "IPv4Address"),
        (IpAddr::V4(_), false, false) => (interface4, "IPv4Interface"),
        (IpAddr::V6(_), true, _) => (network6, "IPv6Network"),
        (IpAddr::V6(_), false, true) => (address6, "IPv6Address"),
        (IpAddr::V6(_), false, false) => (interface6, "IPv6Interface"),
    };
    let class = class.import(py, "ipaddress", name)?;
    if inet.cidr || !inet.is_host() { class.call1(((packed, inet.prefix),)) } else { class.call1((packed,)) }
}
