//! send, sendall, sendto.

use std::net::SocketAddr;

use capsock::net::{BlockingSocket, WaitError, WaitPolicy};
use pyo3::prelude::*;

use super::QUICK;
use super::buffer::Payload;
use super::call::{Call, CallResult, audit};
use super::core_socket::InetSocket;
use super::hints;
use super::wait_error::exception;
use crate::blocking::{alone, without_gil};
use crate::system::EAGAIN;

impl InetSocket {
    fn send_to(
        &self,
        call: &Call<'_, '_>,
        bytes: &[u8],
        flags: i32,
        to: Option<SocketAddr>,
    ) -> PyResult<usize> {
        let send = |socket: &BlockingSocket, bytes: &[u8], flags, policy| match &to {
            Some(to) => socket.send_to(bytes, to, flags, policy),
            None => socket.send(bytes, flags, policy),
        };
        let (policy, flags) = self.policy_and_flags(flags);
        let sent =
            self.wait(call.py(), bytes.len(), policy, |socket, policy| send(socket, bytes, flags, policy))?;
        hints::sent(call, self, &bytes[..sent.min(bytes.len())]);
        // A stream that blocks takes all; a short send may have been tried without waiting.
        if sent < bytes.len() && bytes.len() <= QUICK && self.is_stream() && policy.timeout.is_none() {
            let rest = &bytes[sent..];
            let more = self.without_gil(call.py(), policy, |core, policy| send(core, rest, flags, policy))?;
            return Ok(sent + more.unwrap_or(0));
        }
        Ok(sent)
    }

    fn send_all(&self, call: &Call<'_, '_>, bytes: &[u8], flags: i32) -> PyResult<()> {
        let py = call.py();
        let (policy, flags) = self.policy_and_flags(flags);
        let mut rest = bytes;
        if bytes.len() <= QUICK && alone(py) {
            match self.socket().send(bytes, flags, WaitPolicy::NONBLOCKING) {
                Ok(sent) => rest = &bytes[sent..],
                Err(WaitError::Os(errno)) if errno.0 == EAGAIN && !bytes.is_empty() => {}
                Err(error) => return Err(exception(py, error)),
            }
        }
        if !rest.is_empty() {
            without_gil(py, || self.socket().send_all(rest, flags, policy))?
                .map_err(|error| exception(py, error))?;
        }
        hints::sent(call, self, bytes);
        Ok(())
    }
}

/// send(data[, flags])
pub(super) fn send<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 2)?;
    let (bytes, flags) = (Payload::of(&call.argument(0)?)?, call.number(1, 0)?);
    let sent = socket.send_to(call, &bytes, flags, None)?;
    Ok(sent.into_pyobject(call.py()).map_err(PyErr::from)?.into_any())
}

/// sendall(data[, flags])
pub(super) fn sendall<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 2)?;
    let (bytes, flags) = (Payload::of(&call.argument(0)?)?, call.number(1, 0)?);
    socket.send_all(call, &bytes, flags)?;
    Ok(call.py().None().into_bound(call.py()))
}

/// sendto(data[, flags], address)
pub(super) fn sendto<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let count = call.count(2, 3)?;
    let bytes = Payload::of(&call.argument(0)?)?;
    let flags = if count == 3 { call.number(1, 0)? } else { 0 };
    let object = call.argument(count - 1)?;
    let address = socket.address(&object)?;
    audit(c"socket.sendto", call.this, &object)?;
    let sent = socket.send_to(call, &bytes, flags, Some(address))?;
    Ok(sent.into_pyobject(call.py()).map_err(PyErr::from)?.into_any())
}
