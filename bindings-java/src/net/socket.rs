//! The native methods of sockets of both kinds: opening, addresses, closing.

use std::fs;
use std::net::SocketAddr;

use capsock::net::{BlockingSocket, Errno, Family, Kind};
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::address::{Given, numbers};
use super::error_codes::{errno_code, errno_of};
use super::open_socket::{OpenSocket, SOCKETS, nonblocking_call};
use super::options;
use crate::bytes;
use crate::failure::{Failure, Throw};

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn has_ipv6() -> jboolean },
    native_method! { error_policy = Throw, fn error_text(code: jint) -> jbyte[] },
    native_method! { error_policy = Throw, fn socket_open(ipv6: jboolean, stream: jboolean) -> jlong },
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

/// The system's words alone: the JDK has no more in its exceptions, and programs compare them.
fn error_text<'local>(env: &mut Env<'local>, _: JObject, code: jint) -> Result<JByteArray<'local>, Failure> {
    let Errno(errno) = errno_of(code);
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    let words = text.rsplit_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    bytes::to_java(env, words.as_bytes())
}

fn socket_open(_: &mut Env, _: JObject, ipv6: jboolean, stream: jboolean) -> Result<jlong, Failure> {
    let family = if ipv6 { Family::V6 } else { Family::V4 };
    let kind = if stream { Kind::Stream } else { Kind::Datagram };
    let opened = BlockingSocket::new(family, kind, true).and_then(|socket| {
        let open = OpenSocket { socket, family };
        options::prepare(&open)?;
        Ok(SOCKETS.insert(open))
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
        if is_refused_by_the_jdk(&address) {
            return Err(Errno(libc::EADDRNOTAVAIL));
        }
        open.socket.bind(&address).map(|()| 0)
    }))
}

/// `NET_Bind` of the JDK refuses IPv4 sockets the broadcast addresses of the loopback network, which Linux
/// would bind.
fn is_refused_by_the_jdk(address: &SocketAddr) -> bool {
    const BITS: u32 = 0x7f00_00ff;
    cfg!(target_os = "linux") && matches!(address, SocketAddr::V4(v4) if v4.ip().to_bits() & BITS == BITS)
}

fn socket_local(env: &mut Env, _: JObject, socket: jlong, address: JLongArray) -> Result<jint, Failure> {
    let mut local = None;
    let code = nonblocking_call(socket, |open| {
        local = Some(open.socket.local_addr()?);
        Ok(0)
    });
    if let Some(local) = local {
        address.set_region(env, 0, &numbers(&local))?;
    }
    Ok(code)
}

fn socket_available(_: &mut Env, _: JObject, socket: jlong) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| open.socket.available().map(bytes::java_length)))
}

fn socket_close(_: &mut Env, _: JObject, socket: jlong) -> Result<(), Failure> {
    if let Some(open) = SOCKETS.remove(socket) {
        // What close(2) reports of a descriptor that was this library's alone concerns nobody.
        let _ = open.socket.close();
    }
    Ok(())
}
