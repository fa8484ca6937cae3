//! The calls that never wait, and those that make a connection.

use capsock::net::{WaitError, shutdown_from_number};
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyBytes;

use super::buffer::Payload;
use super::call::{Call, CallError, CallResult, audit, base};
use super::core_socket::InetSocket;
use super::wait_error::{errno, exception};
use crate::blocking::without_gil;
use crate::system::{EBADF, EINVAL, SOMAXCONN, into_fileno, os_error};

fn none<'py>(py: Python<'py>) -> Bound<'py, PyAny> {
    py.None().into_bound(py)
}

/// bind(address)
pub(super) fn bind<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 1)?;
    let object = call.argument(0)?;
    let address = socket.address(&object)?;
    audit(c"socket.bind", call.this, &object)?;
    let py = call.py();
    socket.socket().bind(&address).map_err(|errno| os_error(py, errno.0))?;
    Ok(none(py))
}

/// listen([backlog])
pub(super) fn listen<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(0, 1)?;
    let backlog: i32 = call.number(0, SOMAXCONN.min(128))?;
    let py = call.py();
    socket.socket().listen(u32::try_from(backlog).unwrap_or(0)).map_err(|errno| os_error(py, errno.0))?;
    Ok(none(py))
}

/// _accept(): the descriptor and the peer's address.
pub(super) fn accept<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(0, 0)?;
    let py = call.py();
    let policy = socket.policy();
    let accepted = socket.without_gil(py, policy, |core, policy| core.accept(false, policy))?;
    let (connection, peer) = accepted.map_err(|error| exception(py, error))?;
    let address = socket.tuple(py, peer)?;
    let fd = into_fileno(connection.detach().ok_or_else(|| os_error(py, EBADF))?);
    Ok((fd, address).into_pyobject(py)?.into_any())
}

fn connect_to(call: &Call<'_, '_>, socket: &InetSocket) -> CallResult<Result<(), WaitError>> {
    call.count(1, 1)?;
    let object = call.argument(0)?;
    let address = socket.address(&object)?;
    audit(c"socket.connect", call.this, &object)?;
    let policy = socket.policy();
    socket.history.connected();
    Ok(without_gil(call.py(), || socket.socket().connect(&address, policy))?)
}

/// connect(address)
pub(super) fn connect<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let py = call.py();
    connect_to(call, socket)?.map_err(|error| exception(py, error))?;
    Ok(none(py))
}

/// connect_ex(address): errno, 0 for success.
pub(super) fn connect_ex<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let py = call.py();
    let errno = match connect_to(call, socket)? {
        Ok(()) => 0,
        Err(error) => errno(error).ok_or_else(|| exception(py, error))?,
    };
    Ok(errno.into_pyobject(py).map_err(PyErr::from)?.into_any())
}

/// shutdown(how)
pub(super) fn shutdown<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 1)?;
    let py = call.py();
    let how = match shutdown_from_number(call.number(0, -1)?) {
        Ok(how) => how,
        Err(_) if socket.socket().is_closed() => return Err(os_error(py, EBADF).into()),
        Err(_) => return Err(os_error(py, EINVAL).into()),
    };
    socket.socket().shutdown(how).map_err(|errno| os_error(py, errno.0))?;
    Ok(none(py))
}

/// getsockname()
pub(super) fn getsockname<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(0, 0)?;
    let py = call.py();
    let address = socket.socket().local_addr().map_err(|errno| os_error(py, errno.0))?;
    Ok(socket.tuple(py, address)?.into_any())
}

/// getpeername()
pub(super) fn getpeername<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(0, 0)?;
    let py = call.py();
    let address = socket.socket().peer_addr().map_err(|errno| os_error(py, errno.0))?;
    Ok(socket.tuple(py, address)?.into_any())
}

/// getsockopt(level, optname[, buflen])
pub(super) fn getsockopt<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(2, 3)?;
    let py = call.py();
    let (level, name, length): (i32, i32, i32) = (call.number(0, 0)?, call.number(1, 0)?, call.number(2, 0)?);
    let failed = |errno: capsock::net::Errno| os_error(py, errno.0);
    if length == 0 {
        let mut value = [0; 4];
        socket.socket().option(level, name, &mut value).map_err(failed)?;
        return Ok(i32::from_ne_bytes(value).into_pyobject(py).map_err(PyErr::from)?.into_any());
    }
    let mut value = [0; 1024];
    let room = usize::try_from(length).ok().and_then(|length| value.get_mut(..length));
    let room = room.ok_or(CallError::WrongArguments)?;
    let filled = socket.socket().option(level, name, room).map_err(failed)?;
    Ok(PyBytes::new(py, &room[..filled]).into_any())
}

/// setsockopt(level, optname, value: int or bytes); setsockopt(level, optname, None, optlen)
pub(super) fn setsockopt<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    if call.count(3, 4)? == 4 {
        // A length without a value is for other protocols; TCP and UDP have no such option.
        return Ok(call.call_base()?);
    }
    let py = call.py();
    let (level, name): (i32, i32) = (call.number(0, 0)?, call.number(1, 0)?);
    let value = call.argument(2)?;
    let outcome = match value.extract::<i32>() {
        Ok(number) => socket.socket().set_option(level, name, &number.to_ne_bytes()),
        Err(_) => socket.socket().set_option(level, name, &Payload::of(&value)?),
    };
    outcome.map_err(|errno| os_error(py, errno.0))?;
    Ok(none(py))
}

/// settimeout(seconds), setblocking(flag): done by `_socket.socket`, which sets O_NONBLOCK when there is a timeout.
pub(super) fn set_timeout<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let done = call.call_base()?;
    let get_timeout = base(call.py())?.getattr("gettimeout")?;
    // If another thread sets a timeout too, the core gets the one that `_socket.socket` has in the end.
    with_critical_section(call.this, || {
        socket.set_timeout(get_timeout.call1((call.this,))?.extract()?);
        Ok(done)
    })
}
