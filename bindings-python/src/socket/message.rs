//! sendmsg, recvmsg, recvmsg_into: several buffers, and control data.

use std::io::{IoSlice, IoSliceMut};

use capsock::net::{BlockingSocket, Control, Received, WaitError, WaitPolicy, read_controls, write_controls};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use super::buffer::{Incoming, Payload, filled, with_room};
use super::call::{Call, CallError, CallResult, audit};
use super::core_socket::InetSocket;
use super::hints;
use super::receive::size;
use crate::system::MSG_PEEK;

/// The items of any iterable. What it raises on the way is raised.
fn items<'py>(object: &Bound<'py, PyAny>) -> CallResult<Vec<Bound<'py, PyAny>>> {
    let items = object.try_iter().map_err(|_| CallError::WrongArguments)?;
    Ok(items.collect::<PyResult<Vec<_>>>()?)
}

impl<'py> Call<'_, 'py> {
    /// This call with lists in place of its iterables: if it is refused, they have to be there once more.
    fn with_lists<T>(
        &self,
        lists: &[&[Bound<'py, PyAny>]],
        outcome: CallResult<T>,
        socket: &InetSocket,
    ) -> CallResult<T> {
        let Err(CallError::WrongArguments) = outcome else { return outcome };
        let py = self.py();
        let mut args = Vec::new();
        for (index, arg) in self.args.iter().enumerate() {
            args.push(match lists.get(index) {
                Some(list) => PyList::new(py, *list)?.into_any(),
                None => arg,
            });
        }
        let args = PyTuple::new(py, args)?;
        let again = Call { args: &args, ..*self };
        Err(CallError::Raised(again.base_error(socket.family())))
    }
}

/// sendmsg(buffers[, ancdata[, flags[, address]]])
pub(super) fn sendmsg<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    let count = call.count(1, 4)?;
    let buffers = items(&call.argument(0)?)?;
    let controls = if count > 1 { items(&call.argument(1)?)? } else { Vec::new() };
    let lists = [&buffers[..], &controls[..]];
    call.with_lists(&lists[..count.min(2)], send_message(call, socket, &buffers, &controls), socket)
}

fn send_message<'py>(
    call: &Call<'_, 'py>,
    socket: &InetSocket,
    buffers: &[Bound<'py, PyAny>],
    controls: &[Bound<'py, PyAny>],
) -> CallResult<Bound<'py, PyAny>> {
    let py = call.py();
    let buffers = buffers.iter().map(Payload::of).collect::<CallResult<Vec<_>>>()?;
    let controls = controls.iter().map(control).collect::<CallResult<Vec<_>>>()?;
    let flags = call.number(2, 0)?;
    let object = if call.args.len() > 3 { call.args.get_item(3)? } else { py.None().into_bound(py) };
    let address = if object.is_none() { None } else { Some(socket.address(&object)?) };
    audit(c"socket.sendmsg", call.this, &object)?;
    let messages: Vec<_> =
        controls.iter().map(|(level, kind, data)| Control { level: *level, kind: *kind, data }).collect();
    let Some(control) = write_controls(&messages) else {
        return Err(PyOSError::new_err("ancillary data item too large").into());
    };
    let slices: Vec<_> = buffers.iter().map(|buffer| IoSlice::new(buffer)).collect();
    let (policy, flags) = socket.policy_and_flags(flags);
    // To try it without waiting could send less than a stream that blocks takes.
    let length: usize = slices.iter().map(|slice| slice.len()).sum();
    let quick = if socket.is_stream() && policy.timeout.is_none() { usize::MAX } else { length };
    let send = |socket: &BlockingSocket, policy: WaitPolicy| {
        socket.send_message(&slices, &control, flags, address.as_ref(), policy)
    };
    let sent = socket.wait(py, quick, policy, send)?;
    if let Some(last) = slices.iter().rfind(|slice| !slice.is_empty()) {
        hints::sent(call, socket, last);
    }
    Ok(sent.into_pyobject(py).map_err(PyErr::from)?.into_any())
}

/// One item of control data: (level, type, data).
fn control<'py>(item: &Bound<'py, PyAny>) -> CallResult<(i32, i32, Payload<'py>)> {
    let fields = items(item)?;
    let [level, kind, data] = &fields[..] else { return Err(CallError::WrongArguments) };
    let number = |number: &Bound<'_, PyAny>| number.extract().map_err(|_| CallError::WrongArguments);
    Ok((number(level)?, number(kind)?, Payload::of(data)?))
}

/// recvmsg(bufsize[, ancbufsize[, flags]])
pub(super) fn recvmsg<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 3)?;
    let room = size(call, 0, 0)?;
    let (control_room, flags) = (control_size(call)?, call.number(2, 0)?);
    let mut control = vec![0; control_room];
    let (bytes, received) = filled(call.py(), room, |buffer| {
        let mut buffers = [IoSliceMut::new(buffer)];
        receive_message(call, socket, &mut buffers, &mut control, flags)
            .map(|received| (received.length, received))
    })?;
    message(call, socket, bytes.into_any(), received, &control)
}

/// recvmsg_into(buffers[, ancbufsize[, flags]])
pub(super) fn recvmsg_into<'py>(call: &Call<'_, 'py>, socket: &InetSocket) -> CallResult<Bound<'py, PyAny>> {
    call.count(1, 3)?;
    let buffers = items(&call.argument(0)?)?;
    call.with_lists(&[&buffers], receive_message_into(call, socket, &buffers), socket)
}

fn receive_message_into<'py>(
    call: &Call<'_, 'py>,
    socket: &InetSocket,
    buffers: &[Bound<'py, PyAny>],
) -> CallResult<Bound<'py, PyAny>> {
    let mut buffers = buffers.iter().map(Incoming::of).collect::<CallResult<Vec<_>>>()?;
    let (control_room, flags) = (control_size(call)?, call.number(2, 0)?);
    let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
    with_room(call.py(), control_room, |control| {
        let received = receive_message(call, socket, &mut slices, control, flags)?;
        let length = received.length.into_pyobject(call.py()).map_err(PyErr::from)?;
        message(call, socket, length.into_any(), received, control)
    })
}

fn control_size(call: &Call<'_, '_>) -> CallResult<usize> {
    let size = size(call, 1, 0)?;
    if size > i32::MAX as usize { Err(CallError::WrongArguments) } else { Ok(size) }
}

fn receive_message(
    call: &Call<'_, '_>,
    socket: &InetSocket,
    buffers: &mut [IoSliceMut<'_>],
    control: &mut [u8],
    flags: i32,
) -> PyResult<Received> {
    let room = buffers.iter().map(|buffer| buffer.len()).sum();
    let received = |socket: &BlockingSocket, flags: i32, policy: WaitPolicy| -> Result<Received, WaitError> {
        socket.receive_message(buffers, control, flags, policy)
    };
    let received = socket.receive_by(call, room, flags, received)?;
    if flags & MSG_PEEK == 0 {
        hints::received_message(call, socket, &received, room);
    }
    Ok(received)
}

/// What recvmsg and recvmsg_into return: (data or its length, ancdata, flags, address).
fn message<'py>(
    call: &Call<'_, 'py>,
    socket: &InetSocket,
    data: Bound<'py, PyAny>,
    received: Received,
    control: &[u8],
) -> CallResult<Bound<'py, PyAny>> {
    let py = call.py();
    let controls = PyList::empty(py);
    for item in read_controls(&control[..received.control]) {
        controls.append((item.level, item.kind, PyBytes::new(py, item.data)))?;
    }
    let sender = socket.sender(py, received.source)?;
    Ok((data, controls, received.flags, sender).into_pyobject(py)?.into_any())
}
