//! Sockets of Python as the core takes them, and those of the core as objects of the module `socket`.

use std::mem::ManuallyDrop;

use capsock::ServerOptions;
use capsock::net::fd::{AsRawFd, OwnedFd};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::Result;

/// Gives the options copies of the sockets: objects with `fileno()`, or numbers of descriptors.
pub(crate) fn add_sockets(options: &mut ServerOptions, sockets: &Bound<'_, PyAny>) -> Result<()> {
    for socket in sockets.try_iter()? {
        options.add_socket_number(number(&socket?)?)?;
    }
    Ok(())
}

fn number(socket: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(number) = socket.extract() {
        return Ok(number);
    }
    match socket.getattr_opt("fileno")? {
        Some(fileno) => fileno.call0()?.extract(),
        None => Err(PyTypeError::new_err(
            "sockets must be sockets, objects with fileno(), or numbers of descriptors",
        )),
    }
}

/// An object of the standard library's class, which closes the descriptor.
pub(crate) fn to_python(py: Python<'_>, fd: OwnedFd) -> PyResult<Bound<'_, PyAny>> {
    let arguments = PyDict::new(py);
    arguments.set_item("fileno", fd.as_raw_fd())?;
    let class = py.import("socket")?.getattr("socket")?;
    let socket = class.call((), Some(&arguments))?;
    let _ = ManuallyDrop::new(fd);
    Ok(socket)
}

/// The sockets that systemd has passed to this process, as a list of (name, socket).
///
/// The name is that of FileDescriptorName= in the socket unit. The list is empty if systemd has passed
/// none, and Server(..., sockets=[]) then binds its host and port: the same program runs with and
/// without systemd. The sockets are copies, which the caller closes; each call returns the same ones.
///
///     sockets = [socket for name, socket in capsock.systemd_sockets() if name == "dns"]
///     capsock.Server("udp", sockets=sockets).serve_forever()
///
/// ValueError: the variables LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES are not those of systemd.
#[pyfunction]
pub(crate) fn systemd_sockets(py: Python<'_>) -> Result<Vec<(String, Bound<'_, PyAny>)>> {
    let mut sockets = Vec::new();
    for socket in capsock::net::systemd_sockets()? {
        sockets.push((socket.name, to_python(py, socket.fd)?));
    }
    Ok(sockets)
}
