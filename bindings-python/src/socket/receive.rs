//! recv, recv_into, recvfrom, recvfrom_into.

use std::net::SocketAddr;

use capsock::net::{BlockingSocket, WaitError, WaitPolicy};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::buffer::{Incoming, filled};
use super::call::{Call, CallError, CallResult};
use super::core_socket::InetSocket;
use super::hints;
use crate::system::{MSG_WAITALL, Truncation};

impl InetSocket {
    /// Receives into `room`; `call` does it with these flags.
    pub(super) fn receive_by<T: Send>(
        &self,
        call: &Call<'_, '_>,
        room: usize,
        flags: i32,
        mut receive: impl FnMut(&BlockingSocket, i32, WaitPolicy) -> Result<T, WaitError> + Send,
    ) -> PyResult<T> {
        let (policy, flags) = self.policy_and_flags(flags);
        // To try it without waiting would return less than was asked for.
        let all = flags & MSG_WAITALL != 0 || self.socket().waits_for_more();
        let quick = if all { usize::MAX } else { room };
        let _watch = hints::receiving(call, self, policy);
        self.wait(call.py(), quick, policy, |socket, policy| receive(socket, flags, policy))
    }

    fn receive(&self, call: &Call<'_, '_>, room: &mut [u8], flags: i32) -> PyResult<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        let size = room.len();
        let system_flags = hints::with_true_length(self, flags);
        let count = self.receive_by(call, size, system_flags, |socket, flags, policy| {
            let truncation = Truncation::watch();
            socket.receive(room, flags, policy).map(|count| truncation.length(count, size))
        })?;
        let length = hints::received(call, self, count, size, flags);
        cut(call.py(), count, size).map_or(Ok(length), Err)
    }

    fn receive_from(
        &self,
        call: &Call<'_, '_>,
        room: &mut [u8],
        flags: i32,
    ) -> PyResult<(usize, Option<SocketAddr>)> {
        let size = room.len();
        let system_flags = hints::with_true_length(self, flags);
        let (count, from) = self.receive_by(call, size, system_flags, |socket, flags, policy| {
            let truncation = Truncation::watch();
            let (count, from) = socket.receive_from(room, flags, policy)?;
            Ok((truncation.length(count, size), from))
        })?;
        let length = hints::received(call, self, count, size, flags);
        cut(call.py(), count, size).map_or(Ok((length, from)), Err)
    }

    pub(super) fn sender<'py>(
        &self,
        py: Python<'py>,
        from: Option<SocketAddr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match from {
            Some(address) => Ok(self.tuple(py, address)?.into_any()),
            None => Ok(py.None().into_bound(py)),
        }
    }
}

/// The exception for what did not fit its buffer, where that is one.
fn cut(py: Python<'_>, count: usize, size: usize) -> Option<PyErr> {
    if count > size { Truncation::error(py) } else { None }
}

/// A number of bytes; a negative one is refused.
pub(super) fn size(call: &Call<'_, '_>, index: usize, default: isize) -> CallResult<usize> {
    usize::try_from(call.number(index, default)?).map_err(|_| CallError::WrongArguments)
}

/// recv(bufsize[, flags])
pub(super) fn recv<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 2)?;
    let (size, flags) = (size(call, 0, 0)?, call.number(1, 0)?);
    let (bytes, ()) =
        filled(call.py(), size, |room| socket.receive(call, room, flags).map(|count| (count, ())))?;
    Ok(bytes.into_any())
}

/// recvfrom(bufsize[, flags])
pub(super) fn recvfrom<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 2)?;
    let (size, flags) = (size(call, 0, 0)?, call.number(1, 0)?);
    let py = call.py();
    let (bytes, from) = filled(py, size, |room| socket.receive_from(call, room, flags))?;
    Ok((bytes, socket.sender(py, from)?).into_pyobject(py)?.into_any())
}

/// The arguments of recv_into and recvfrom_into, which may be given by name.
fn into_arguments(call: &Call<'_, '_>) -> CallResult<(Incoming, usize, i32)> {
    let names = ["buffer", "nbytes", "flags"];
    let named = call.keywords.map_or(0, pyo3::types::PyDictMethods::len);
    let given = call.args.len();
    if given + named > names.len() {
        return Err(CallError::WrongArguments);
    }
    let mut found = 0;
    let mut values = [const { None }; 3];
    for (index, (name, value)) in names.into_iter().zip(&mut values).enumerate() {
        *value = if index < given {
            Some(call.args.get_item(index)?)
        } else {
            keyword(call.keywords, name)?.inspect(|_| found += 1)
        };
    }
    let [Some(buffer), size, flags] = values else { return Err(CallError::WrongArguments) };
    if found != named {
        return Err(CallError::WrongArguments);
    }
    let size: isize = size.map_or(Ok(0), |size| size.extract()).map_err(|_| CallError::WrongArguments)?;
    let flags: i32 = flags.map_or(Ok(0), |flags| flags.extract()).map_err(|_| CallError::WrongArguments)?;
    let buffer = Incoming::of(&buffer)?;
    match usize::try_from(size) {
        Ok(0) => Ok((buffer, usize::MAX, flags)),
        Ok(size) if size <= buffer.len() => Ok((buffer, size, flags)),
        _ => Err(CallError::WrongArguments),
    }
}

fn keyword<'py>(keywords: Option<&Bound<'py, PyDict>>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    keywords.map_or(Ok(None), |keywords| keywords.get_item(name))
}

/// recv_into(buffer[, nbytes[, flags]])
pub(super) fn recv_into<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let (mut buffer, size, flags) = into_arguments(call)?;
    let size = size.min(buffer.len());
    let count = socket.receive(call, &mut buffer[..size], flags)?;
    Ok(count.into_pyobject(call.py()).map_err(PyErr::from)?.into_any())
}

/// recvfrom_into(buffer[, nbytes[, flags]])
pub(super) fn recvfrom_into<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let (mut buffer, size, flags) = into_arguments(call)?;
    let size = size.min(buffer.len());
    let (count, from) = socket.receive_from(call, &mut buffer[..size], flags)?;
    let py = call.py();
    Ok(PyTuple::new(
        py,
        [count.into_pyobject(py).map_err(PyErr::from)?.into_any(), socket.sender(py, from)?],
    )?
    .into_any())
}
