//! The native methods of sockets of both kinds: opening, addresses, closing.

use std::fs;

use capsock::net::{BlockingSocket, Family, Kind};
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::address::{Given, numbers as address_numbers};
use super::error_codes::{errno_code, errno_of};
use super::numbers;
use super::open_socket::{OpenSocket, SOCKETS, nonblocking_call};
use super::platform::Platform;
use super::poller;
use crate::bytes;
use crate::failure::{Failure, Throw};

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn has_ipv6() -> jboolean },
    native_method! { error_policy = Throw, fn error_text(code: jint, call: jbyte[]) -> jbyte[] },
    native_method! { error_policy = Throw, fn socket_open(ipv6: jboolean, stream: jboolean, server: jboolean) -> jlong },
    native_method! {
        error_policy = Throw,
        fn socket_bind(socket: jlong, high: jlong, low: jlong, scope: jint, port: jint) -> jint,
    },
    native_method! { error_policy = Throw, fn socket_local(socket: jlong, address: jlong[]) -> jint },
    native_method! { error_policy = Throw, fn socket_available(socket: jlong) -> jint },
    native_method! { error_policy = Throw, fn socket_close(socket: jlong) },
];

/// As the JDK decides it: the system has IPv6, and on Linux an interface has an address of it.
fn has_ipv6(_: &mut Env, _: JObject) -> Result<jboolean, Failure> {
    let addressed = || fs::read("/proc/net/if_inet6").is_ok_and(|addresses| !addresses.is_empty());
    Ok((cfg!(not(target_os = "linux")) || addressed()) && Family::V6.is_supported())
}

/// The text of the JDK's exception for an error of the call with that name, or of a read or a write if it is empty.
fn error_text<'local>(
    env: &mut Env<'local>,
    _: JObject<'local>,
    code: jint,
    call: JByteArray<'local>,
) -> Result<JByteArray<'local>, Failure> {
    let call = bytes::from_java(env, &call)?;
    let text = numbers::error_text(errno_of(code).0, &String::from_utf8_lossy(&call));
    bytes::to_java(env, text.as_bytes())
}

fn socket_open(
    _: &mut Env,
    _: JObject,
    ipv6: jboolean,
    stream: jboolean,
    server: jboolean,
) -> Result<jlong, Failure> {
    let family = if ipv6 { Family::V6 } else { Family::V4 };
    let kind = if stream { Kind::Stream } else { Kind::Datagram };
    let opened = BlockingSocket::new(family, kind, true).and_then(|socket| {
        let platform = Platform::new(kind);
        platform.prepare(&socket, family, server)?;
        Ok(SOCKETS.insert(OpenSocket { socket, family, platform }))
    });
    Ok(opened.unwrap_or_else(|errno| errno_code(errno).into()))
}

fn socket_bind(
    _: &mut Env,
    _: JObject,
    socket: jlong,
    high: jlong,
    low: jlong,
    scope: jint,
    port: jint,
) -> Result<jint, Failure> {
    let given = Given { high, low, scope, port };
    Ok(nonblocking_call(socket, |open| {
        let address = given.for_family(open.family)?;
        open.platform.bind(&open.socket, &address).map(|()| 0)
    }))
}

fn socket_local(env: &mut Env, _: JObject, socket: jlong, address: JLongArray) -> Result<jint, Failure> {
    let mut local = None;
    let code = nonblocking_call(socket, |open| {
        local = Some(open.socket.local_addr()?);
        Ok(0)
    });
    if let Some(local) = local {
        address.set_region(env, 0, &address_numbers(&local))?;
    }
    Ok(code)
}

fn socket_available(_: &mut Env, _: JObject, socket: jlong) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| open.socket.available().map(bytes::java_length)))
}

fn socket_close(_: &mut Env, _: JObject, socket: jlong) -> Result<(), Failure> {
    if let Some(open) = SOCKETS.remove(socket) {
        poller::forget(&open.socket);
        // What close(2) reports of a descriptor that was this library's alone concerns nobody.
        let _ = open.socket.close();
    }
    Ok(())
}
