//! Socket addresses in Python: `(host, port)`, and `(host, port[, flowinfo[, scope_id]])` over IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::{Mutex, PoisonError};

use capsock::net::Family;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyString, PyTuple};

use super::call::{CallError, CallResult};
use crate::once_object::OnceObject;
use crate::system::{AF_INET, AF_INET6};

/// The address that a socket used last and its tuple in Python: a socket often has one peer at a time.
#[derive(Default)]
pub(super) struct AddressCache(Mutex<Option<Entry>>);

/// The tuple cannot change, and while the cache holds it, no other object has its identity.
struct Entry {
    address: SocketAddr,
    tuple: Py<PyTuple>,
}

impl AddressCache {
    fn set(&self, address: SocketAddr, tuple: &Bound<'_, PyTuple>) {
        let entry = Entry { address, tuple: tuple.clone().unbind() };
        // The entry before is dropped with the lock released.
        let _before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(entry);
    }

    /// Converts an address from Python. A name is resolved as the standard library does.
    pub(super) fn address(&self, family: Family, object: &Bound<'_, PyAny>) -> CallResult<SocketAddr> {
        let tuple = object.cast::<PyTuple>().map_err(|_| CallError::WrongArguments)?;
        if let Some(entry) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && entry.tuple.is(tuple)
        {
            return Ok(entry.address);
        }
        let count = tuple.len();
        let (host, port) = match (family, count) {
            (Family::V4, 2) | (Family::V6, 2..=4) => {
                (tuple.get_borrowed_item(0)?, tuple.get_borrowed_item(1)?)
            }
            _ => return Err(CallError::WrongArguments),
        };
        let number = port.extract::<i32>().ok().and_then(|port| u16::try_from(port).ok());
        let number = number.ok_or(CallError::WrongArguments)?;
        let (ip, canonical) = convert_host(family, &host)?;
        let address = match ip {
            IpAddr::V4(ip) => SocketAddr::V4(SocketAddrV4::new(ip, number)),
            IpAddr::V6(ip) => {
                let flow = if count > 2 { masked(&tuple.get_item(2)?)? } else { 0 };
                let scope = if count > 3 { masked(&tuple.get_item(3)?)? } else { 0 };
                if flow > 0xf_ffff {
                    return Err(CallError::WrongArguments);
                }
                // Python's flow information is in the host's byte order, the system's in the network's.
                SocketAddr::V6(SocketAddrV6::new(ip, number, flow.to_be(), scope))
            }
        };
        // Only a tuple that getpeername() would return, and that cannot come to mean another address, is cached.
        if canonical
            && tuple.is_exact_instance_of::<PyTuple>()
            && host.is_exact_instance_of::<PyString>()
            && port.is_exact_instance_of::<PyInt>()
        {
            self.set(address, tuple);
        }
        Ok(address)
    }

    /// Converts an address to Python.
    pub(super) fn tuple<'py>(&self, py: Python<'py>, address: SocketAddr) -> PyResult<Bound<'py, PyTuple>> {
        if let Some(entry) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && entry.address == address
        {
            return Ok(entry.tuple.bind(py).clone());
        }
        let tuple = match address {
            SocketAddr::V4(v4) => (v4.ip().to_string(), v4.port()).into_pyobject(py)?,
            SocketAddr::V6(v6) => (text_of(*v6.ip()), v6.port(), u32::from_be(v6.flowinfo()), v6.scope_id())
                .into_pyobject(py)?,
        };
        self.set(address, &tuple);
        Ok(tuple)
    }
}

/// The address of a host, and whether an IPv4 tuple with it is as getpeername() would return it.
fn convert_host(family: Family, host: &Bound<'_, PyAny>) -> CallResult<(IpAddr, bool)> {
    let py = host.py();
    if let Ok(text) = host.cast::<PyString>() {
        if let Some(text) = text.to_cow().ok().filter(|text| text.is_ascii()) {
            return convert_name(py, family, text.as_bytes());
        }
        let encoded = text.call_method1("encode", ("idna",)).map_err(|_| CallError::WrongArguments)?;
        let encoded = encoded.cast_into::<PyBytes>().map_err(|_| CallError::WrongArguments)?;
        return convert_name(py, family, encoded.as_bytes());
    }
    if let Ok(bytes) = host.cast::<PyBytes>() {
        return convert_name(py, family, bytes.as_bytes());
    }
    let bytes = host.cast::<PyByteArray>().map_err(|_| CallError::WrongArguments)?.to_vec();
    convert_name(py, family, &bytes)
}

fn convert_name(py: Python<'_>, family: Family, name: &[u8]) -> CallResult<(IpAddr, bool)> {
    let text = std::str::from_utf8(name).unwrap_or_default();
    let special = match (family, name) {
        (Family::V4, b"") => Some(Ipv4Addr::UNSPECIFIED.into()),
        (Family::V6, b"") => Some(Ipv6Addr::UNSPECIFIED.into()),
        (Family::V4, b"<broadcast>") => Some(Ipv4Addr::BROADCAST.into()),
        (Family::V6, b"<broadcast>" | b"255.255.255.255") => return Err(CallError::WrongArguments),
        (Family::V6, _) => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        (Family::V4, _) => None,
    };
    if let Some(ip) = special {
        return Ok((ip, false));
    }
    match (family, text.parse::<Ipv4Addr>()) {
        (Family::V4, Ok(ip)) => Ok((ip.into(), true)),
        _ if name.contains(&0) => Err(CallError::WrongArguments),
        _ => Ok((resolve(py, name, family)?, false)),
    }
}

/// The first address that the system's resolver returns for a name.
fn resolve(py: Python<'_>, name: &[u8], family: Family) -> PyResult<IpAddr> {
    static GETADDRINFO: OnceObject<PyAny> = OnceObject::new();
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let getaddrinfo = GETADDRINFO.get_or_make(py, || py.import("_socket")?.getattr("getaddrinfo"))?;
    let found = getaddrinfo.call1((PyBytes::new(py, name), py.None(), family))?;
    let host = found.get_item(0)?.get_item(4)?.get_item(0)?;
    let host = host.extract::<String>()?;
    // As in the standard library, the scope is that of the caller's tuple.
    let host = host.split('%').next().unwrap_or_default();
    Ok(host.parse::<IpAddr>()?)
}

/// A C unsigned int, without a check for overflow, as in the standard library.
fn masked(number: &Bound<'_, PyAny>) -> CallResult<u32> {
    if let Ok(number) = number.extract::<u32>() {
        return Ok(number);
    }
    let masked = number.cast::<PyInt>().map_err(|_| CallError::WrongArguments)?.bitand(u32::MAX)?;
    Ok(masked.extract()?)
}

/// The text of inet_ntop(3), which writes the last two groups of an IPv4-compatible address as IPv4.
fn text_of(ip: Ipv6Addr) -> String {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = ip.octets();
            format!("::{}", Ipv4Addr::new(a, b, c, d))
        }
        _ => ip.to_string(),
    }
}
