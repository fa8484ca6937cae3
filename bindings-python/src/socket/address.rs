//! Addresses: `(host, port)`, and `(host, port[, flowinfo[, scope_id]])` over IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::PoisonError;

use capsock::net::Family;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyString, PyTuple};

use super::call::{Outcome, Refusal};
use super::core_socket::InetSocket;
use crate::once_object::OnceObject;

/// An address and the tuple that it is in Python, kept for the next call: a socket often has one peer
/// at a time. The tuple cannot change, and as long as it is kept no other object has its identity.
pub(super) struct Known {
    address: SocketAddr,
    tuple: Py<PyTuple>,
}

impl InetSocket {
    fn know(&self, address: SocketAddr, tuple: &Bound<'_, PyTuple>) {
        let known = Known { address, tuple: tuple.clone().unbind() };
        // What was known before is dropped with the lock released.
        let _before = self.known.lock().unwrap_or_else(PoisonError::into_inner).replace(known);
    }

    /// Reads an address. A name is looked up as the standard library does.
    pub(super) fn address(&self, object: &Bound<'_, PyAny>) -> Outcome<SocketAddr> {
        let tuple = object.cast::<PyTuple>().map_err(|_| Refusal::Arguments)?;
        if let Some(known) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && known.tuple.is(tuple)
        {
            return Ok(known.address);
        }
        let count = tuple.len();
        let (host, port) = match (self.family(), count) {
            (Family::V4, 2) | (Family::V6, 2..=4) => {
                (tuple.get_borrowed_item(0)?, tuple.get_borrowed_item(1)?)
            }
            _ => return Err(Refusal::Arguments),
        };
        let number = port.extract::<i32>().ok().and_then(|port| u16::try_from(port).ok());
        let number = number.ok_or(Refusal::Arguments)?;
        let (ip, canonical) = self.host(&host)?;
        let address = match ip {
            IpAddr::V4(ip) => SocketAddr::V4(SocketAddrV4::new(ip, number)),
            IpAddr::V6(ip) => {
                let flow = if count > 2 { masked(&tuple.get_item(2)?)? } else { 0 };
                let scope = if count > 3 { masked(&tuple.get_item(3)?)? } else { 0 };
                if flow > 0xf_ffff {
                    return Err(Refusal::Arguments);
                }
                // Python's flow information is in the host's byte order, the system's in the network's.
                SocketAddr::V6(SocketAddrV6::new(ip, number, flow.to_be(), scope))
            }
        };
        // A tuple that getpeername() would make as well, and that can never be another address.
        if canonical
            && tuple.is_exact_instance_of::<PyTuple>()
            && host.is_exact_instance_of::<PyString>()
            && port.is_exact_instance_of::<PyInt>()
        {
            self.know(address, tuple);
        }
        Ok(address)
    }

    /// The address of a host, and whether an IPv4 tuple with it is as it would come back.
    fn host(&self, host: &Bound<'_, PyAny>) -> Outcome<(IpAddr, bool)> {
        let py = host.py();
        if let Ok(text) = host.cast::<PyString>() {
            if let Some(text) = text.to_cow().ok().filter(|text| text.is_ascii()) {
                return self.named(py, text.as_bytes());
            }
            let encoded = text.call_method1("encode", ("idna",)).map_err(|_| Refusal::Arguments)?;
            let encoded = encoded.cast_into::<PyBytes>().map_err(|_| Refusal::Arguments)?;
            return self.named(py, encoded.as_bytes());
        }
        if let Ok(bytes) = host.cast::<PyBytes>() {
            return self.named(py, bytes.as_bytes());
        }
        let bytes = host.cast::<PyByteArray>().map_err(|_| Refusal::Arguments)?.to_vec();
        self.named(py, &bytes)
    }

    fn named(&self, py: Python<'_>, name: &[u8]) -> Outcome<(IpAddr, bool)> {
        let text = std::str::from_utf8(name).unwrap_or_default();
        let special = match (self.family(), name) {
            (Family::V4, b"") => Some(Ipv4Addr::UNSPECIFIED.into()),
            (Family::V6, b"") => Some(Ipv6Addr::UNSPECIFIED.into()),
            (Family::V4, b"<broadcast>") => Some(Ipv4Addr::BROADCAST.into()),
            (Family::V6, b"<broadcast>" | b"255.255.255.255") => return Err(Refusal::Arguments),
            (Family::V6, _) => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            (Family::V4, _) => None,
        };
        if let Some(ip) = special {
            return Ok((ip, false));
        }
        match (self.family(), text.parse::<Ipv4Addr>()) {
            (Family::V4, Ok(ip)) => Ok((ip.into(), true)),
            _ if name.contains(&0) => Err(Refusal::Arguments),
            _ => Ok((look_up(py, name, self.family())?, false)),
        }
    }

    /// An address as Python has it.
    pub(super) fn tuple<'py>(&self, py: Python<'py>, address: SocketAddr) -> PyResult<Bound<'py, PyTuple>> {
        if let Some(known) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && known.address == address
        {
            return Ok(known.tuple.bind(py).clone());
        }
        let tuple = match address {
            SocketAddr::V4(v4) => (v4.ip().to_string(), v4.port()).into_pyobject(py)?,
            SocketAddr::V6(v6) => (text_of(*v6.ip()), v6.port(), u32::from_be(v6.flowinfo()), v6.scope_id())
                .into_pyobject(py)?,
        };
        self.know(address, &tuple);
        Ok(tuple)
    }
}

/// The first address that the system has for a name.
fn look_up(py: Python<'_>, name: &[u8], family: Family) -> PyResult<IpAddr> {
    static GETADDRINFO: OnceObject<PyAny> = OnceObject::new();
    let family = match family {
        Family::V4 => libc::AF_INET,
        Family::V6 => libc::AF_INET6,
    };
    let getaddrinfo = GETADDRINFO.get_or_make(py, || py.import("_socket")?.getattr("getaddrinfo"))?;
    let found = getaddrinfo.call1((PyBytes::new(py, name), py.None(), family))?;
    let host = found.get_item(0)?.get_item(4)?.get_item(0)?;
    let host = host.extract::<String>()?;
    // The scope of an address is what the caller's tuple says, as in the standard library.
    let host = host.split('%').next().unwrap_or_default();
    Ok(host.parse::<IpAddr>()?)
}

/// An unsigned int of C: without a check for overflow, as in the standard library.
fn masked(number: &Bound<'_, PyAny>) -> Outcome<u32> {
    if let Ok(number) = number.extract::<u32>() {
        return Ok(number);
    }
    let masked = number.cast::<PyInt>().map_err(|_| Refusal::Arguments)?.bitand(u32::MAX)?;
    Ok(masked.extract()?)
}

/// As inet_ntop(3) writes it, which still has IPv4 in the last two groups of an IPv4-compatible address.
fn text_of(ip: Ipv6Addr) -> String {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = ip.octets();
            format!("::{}", Ipv4Addr::new(a, b, c, d))
        }
        _ => ip.to_string(),
    }
}
