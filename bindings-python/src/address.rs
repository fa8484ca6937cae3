//! Addresses: what a program gives as the host, and what it is given.

use std::convert::Infallible;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use capsock::{Endpoint, UnixAddress};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString, PyTuple};

/// A host: a name, an IP address, or a Unix domain socket; this is `unix:PATH` or `unix:@NAME`, a path-like object, or bytes
/// as an address of the module `socket` has them, where an abstract name begins with a NUL.
pub(crate) enum Host {
    Name(String),
    Unix(UnixAddress),
}

impl Host {
    /// The default of a server.
    pub(crate) fn default_of_server() -> Host {
        Host::Name(capsock::DEFAULT_HOST.to_owned())
    }

    /// The endpoint with that port, which a Unix domain socket does not have.
    pub(crate) fn with_port(self, port: u16) -> Endpoint {
        match self {
            Host::Name(name) => Endpoint::from((name, port)),
            Host::Unix(address) => address.into(),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Host {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Host> {
        if object.is_instance_of::<PyString>() {
            return host_of_text(object);
        }
        if let Ok(bytes) = object.extract::<PyBackedBytes>() {
            return Ok(Host::Unix(match bytes.strip_prefix(b"\0") {
                Some(name) => UnixAddress::from_abstract_name(name),
                None => UnixAddress::from_path(path_of_bytes(object.py(), &bytes)?),
            }));
        }
        object.extract::<PathBuf>().map(|path| Host::Unix(UnixAddress::from_path(path)))
    }
}

/// Text that is not UTF-8 has bytes of a file's name as surrogates (PEP 383).
fn host_of_text(object: Borrowed<'_, '_, PyAny>) -> PyResult<Host> {
    let error = match object.extract::<String>() {
        Ok(name) => return Ok(Host::Name(name)),
        Err(error) => error,
    };
    let text: OsString = object.extract()?;
    match text.as_encoded_bytes().strip_prefix(b"unix:") {
        Some(path) if !path.starts_with(b"@") => {
            Ok(Host::Unix(UnixAddress::from_path(path_of_bytes(object.py(), path)?)))
        }
        _ => Err(error),
    }
}

/// The path of these bytes, by `os.fsdecode`.
fn path_of_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<PathBuf> {
    py.import("os")?.call_method1("fsdecode", (PyBytes::new(py, bytes),))?.extract()
}

/// An address as Python's sockets return it: (host, port), whose host includes an IPv6 scope. That of a Unix domain socket is
/// its path as a str, its abstract name as bytes with a NUL before it, or an empty str if it has none.
pub(crate) struct Address {
    ip: SocketAddr,
    unix: Option<UnixAddress>,
}

impl Address {
    pub(crate) fn new(ip: SocketAddr, unix: Option<&UnixAddress>) -> Address {
        Address { ip, unix: unix.cloned() }
    }

    /// As text, for a `repr`.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.unix.clone().map_or_else(|| Endpoint::from(self.ip), Endpoint::from)
    }
}

impl From<SocketAddr> for Address {
    fn from(ip: SocketAddr) -> Address {
        Address { ip, unix: None }
    }
}

impl<'py> IntoPyObject<'py> for Address {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Some(unix) = &self.unix else {
            let endpoint = Endpoint::from(self.ip);
            return Ok(PyTuple::new(
                py,
                [
                    endpoint.host().into_pyobject(py)?.into_any(),
                    endpoint.port().into_pyobject(py)?.into_any(),
                ],
            )?
            .into_any());
        };
        if let Some(name) = unix.as_abstract_name() {
            return Ok(PyBytes::new(py, &[b"\0", name].concat()).into_any());
        }
        let path = unix.as_path().map(|path| path.as_os_str()).unwrap_or_default();
        let text: Result<_, Infallible> = path.into_pyobject(py);
        match text {
            Ok(text) => Ok(text.into_any()),
            Err(never) => match never {},
        }
    }
}
