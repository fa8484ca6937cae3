//! The native methods of TCP sockets.

use std::net::Shutdown;

use capsock::net::{Errno, Kind, WaitError, WaitPolicy};
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned, NativeMethod, native_method};

use super::address::{Given, numbers};
use super::buffer;
use super::numbers::{EINTR, MSG_OOB};
use super::open_socket::{OpenSocket, SOCKETS, blocking_call, nonblocking_call, wait_policy};
use super::platform::Platform;
use super::raw::guarded;
use crate::bytes::java_length;
use crate::failure::{Failure, Throw};

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        fn socket_connect(
            socket: jlong,
            high: jlong,
            low: jlong,
            scope: jint,
            port: jint,
            milliseconds: jint,
        ) -> jint,
    },
    native_method! { error_policy = Throw, fn socket_listen(socket: jlong, backlog: jint) -> jint },
    native_method! {
        error_policy = Throw,
        fn socket_accept(socket: jlong, milliseconds: jint, accepted: jlong[]) -> jint,
    },
    native_method! {
        raw fn socket_read(
            socket: jlong,
            bytes: jbyte[],
            offset: jint,
            length: jint,
            milliseconds: jint,
        ) -> jint,
    },
    native_method! {
        raw fn socket_write(
            socket: jlong,
            bytes: jbyte[],
            offset: jint,
            length: jint,
            milliseconds: jint,
        ) -> jint,
    },
    native_method! { error_policy = Throw, fn socket_urgent(socket: jlong, data: jint) -> jint },
    native_method! { error_policy = Throw, fn socket_shutdown(socket: jlong, output: jboolean) -> jint },
];

fn socket_connect(
    _: &mut Env,
    _: JObject,
    socket: jlong,
    high: jlong,
    low: jlong,
    scope: jint,
    port: jint,
    milliseconds: jint,
) -> Result<jint, Failure> {
    let given = Given { high, low, scope, port };
    Ok(blocking_call(socket, |open| {
        let address = given.for_family(open.family)?;
        open.platform.connect(&open.socket, &address, wait_policy(milliseconds)).map(|()| 0)
    }))
}

fn socket_listen(_: &mut Env, _: JObject, socket: jlong, backlog: jint) -> Result<jint, Failure> {
    let backlog = u32::try_from(backlog).unwrap_or(0);
    Ok(nonblocking_call(socket, |open| open.socket.listen(backlog).map(|()| 0)))
}

/// `accepted` becomes the peer's address and the new socket's number.
fn socket_accept(
    env: &mut Env,
    _: JObject,
    socket: jlong,
    milliseconds: jint,
    accepted: JLongArray,
) -> Result<jint, Failure> {
    let mut new = None;
    let code = blocking_call(socket, |open| {
        let (socket, peer) = open.socket.accept(true, wait_policy(milliseconds))?;
        new = Some((OpenSocket { socket, family: open.family, platform: Platform::new(Kind::Stream) }, peer));
        Ok(0)
    });
    if let Some((open, peer)) = new {
        let [high, low, rest] = numbers(&peer);
        let number = SOCKETS.insert(open);
        accepted.set_region(env, 0, &[high, low, rest, number]).inspect_err(|_| {
            SOCKETS.remove(number);
        })?;
    }
    Ok(code)
}

/// 0 is the end of the stream: Java asks for no read of nothing.
fn socket_read<'local>(
    env: EnvUnowned<'local>,
    _: JObject<'local>,
    socket: jlong,
    bytes: JByteArray<'local>,
    offset: jint,
    length: jint,
    milliseconds: jint,
) -> jint {
    guarded(&env, |java| {
        let mut copied = Ok(());
        let code = blocking_call(socket, |open| {
            buffer::with(usize::try_from(length).unwrap_or(0), |buffer| {
                let count = open.socket.receive(buffer, 0, wait_policy(milliseconds))?;
                copied = java.set(&bytes, offset, &buffer[..count]);
                Ok(java_length(count))
            })
        });
        copied.map(|()| code)
    })
}

fn socket_write<'local>(
    env: EnvUnowned<'local>,
    _: JObject<'local>,
    socket: jlong,
    bytes: JByteArray<'local>,
    offset: jint,
    length: jint,
    milliseconds: jint,
) -> jint {
    guarded(&env, |java| {
        let mut copied = Ok(());
        let code = blocking_call(socket, |open| {
            buffer::with(usize::try_from(length).unwrap_or(0), |buffer| {
                copied = java.get(&bytes, offset, buffer);
                if copied.is_err() {
                    return Ok(0);
                }
                open.socket.send(buffer, 0, wait_policy(milliseconds)).map(java_length)
            })
        });
        copied.map(|()| code)
    })
}

/// The one byte is sent at once or not at all, which is EAGAIN.
fn socket_urgent(_: &mut Env, _: JObject, socket: jlong, data: jint) -> Result<jint, Failure> {
    Ok(blocking_call(socket, |open| {
        loop {
            match open.socket.send(&[data as u8], MSG_OOB, WaitPolicy::NONBLOCKING) {
                Err(WaitError::Os(Errno(EINTR))) => {}
                sent => return sent.map(java_length),
            }
        }
    }))
}

fn socket_shutdown(_: &mut Env, _: JObject, socket: jlong, output: jboolean) -> Result<jint, Failure> {
    let how = if output { Shutdown::Write } else { Shutdown::Read };
    Ok(nonblocking_call(socket, |open| open.socket.shutdown(how).map(|()| 0)))
}
