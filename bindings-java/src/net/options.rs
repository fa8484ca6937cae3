//! Socket options by their Java names, with the JDK's values.

use capsock::net::{Errno, Family, Kind};
use jni::objects::JObject;
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::open_socket::{OpenSocket, nonblocking_call};
use super::system_options::{
    self, BUFFER_FACTOR, FRAGMENTS, FRAGMENTS_NOT, NEEDS_REUSEPORT, SystemOption, TAKES_BOTH_FAMILIES,
};
use crate::failure::{Failure, Throw};

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn option_is_supported(option: jint) -> jboolean },
    native_method! { error_policy = Throw, fn option_get(socket: jlong, option: jint, value: jlong[]) -> jint },
    native_method! { error_policy = Throw, fn option_set(socket: jlong, option: jint, value: jint) -> jint },
];

/// The options in the order of `Option.java`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "Java's names")]
enum Name {
    SO_RCVBUF,
    SO_SNDBUF,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SO_KEEPALIVE,
    SO_LINGER,
    SO_BROADCAST,
    SO_OOBINLINE,
    TCP_NODELAY,
    IP_TOS,
    IP_MULTICAST_IF,
    IP_MULTICAST_TTL,
    IP_MULTICAST_LOOP,
    TCP_QUICKACK,
    TCP_KEEPIDLE,
    TCP_KEEPINTERVAL,
    TCP_KEEPCOUNT,
    SO_INCOMING_NAPI_ID,
    IP_DONTFRAGMENT,
}

use Name::*;

const NAMES: [Name; 19] = [
    SO_RCVBUF,
    SO_SNDBUF,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SO_KEEPALIVE,
    SO_LINGER,
    SO_BROADCAST,
    SO_OOBINLINE,
    TCP_NODELAY,
    IP_TOS,
    IP_MULTICAST_IF,
    IP_MULTICAST_TTL,
    IP_MULTICAST_LOOP,
    TCP_QUICKACK,
    TCP_KEEPIDLE,
    TCP_KEEPINTERVAL,
    TCP_KEEPCOUNT,
    SO_INCOMING_NAPI_ID,
    IP_DONTFRAGMENT,
];

/// The smallest receive buffer: with less of it, a system has no room for a packet's own structures.
const SMALLEST_BUFFER: i32 = 1024;

/// The option of IPv4, then that of IPv6 if it has one of its own. None if this system has no such option.
fn system_options(name: Name) -> Option<(SystemOption, Option<SystemOption>)> {
    use libc::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET};
    Some(match name {
        SO_RCVBUF => ((SOL_SOCKET, libc::SO_RCVBUF), None),
        SO_SNDBUF => ((SOL_SOCKET, libc::SO_SNDBUF), None),
        SO_REUSEADDR => ((SOL_SOCKET, libc::SO_REUSEADDR), None),
        SO_REUSEPORT => ((SOL_SOCKET, libc::SO_REUSEPORT), None),
        SO_KEEPALIVE => ((SOL_SOCKET, libc::SO_KEEPALIVE), None),
        SO_LINGER => ((SOL_SOCKET, libc::SO_LINGER), None),
        SO_BROADCAST => ((SOL_SOCKET, libc::SO_BROADCAST), None),
        SO_OOBINLINE => ((SOL_SOCKET, libc::SO_OOBINLINE), None),
        TCP_NODELAY => ((IPPROTO_TCP, libc::TCP_NODELAY), None),
        IP_TOS => ((IPPROTO_IP, libc::IP_TOS), Some((IPPROTO_IPV6, libc::IPV6_TCLASS))),
        IP_MULTICAST_IF => {
            ((IPPROTO_IP, libc::IP_MULTICAST_IF), Some((IPPROTO_IPV6, libc::IPV6_MULTICAST_IF)))
        }
        IP_MULTICAST_TTL => {
            ((IPPROTO_IP, libc::IP_MULTICAST_TTL), Some((IPPROTO_IPV6, libc::IPV6_MULTICAST_HOPS)))
        }
        IP_MULTICAST_LOOP => {
            ((IPPROTO_IP, libc::IP_MULTICAST_LOOP), Some((IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP)))
        }
        TCP_QUICKACK => (system_options::TCP_QUICKACK?, None),
        TCP_KEEPIDLE => ((IPPROTO_TCP, system_options::TCP_KEEPIDLE), None),
        TCP_KEEPINTERVAL => ((IPPROTO_TCP, libc::TCP_KEEPINTVL), None),
        TCP_KEEPCOUNT => ((IPPROTO_TCP, libc::TCP_KEEPCNT), None),
        SO_INCOMING_NAPI_ID => (system_options::SO_INCOMING_NAPI_ID?, None),
        IP_DONTFRAGMENT => (
            (IPPROTO_IP, system_options::IP_DONTFRAGMENT),
            Some((IPPROTO_IPV6, system_options::IPV6_DONTFRAGMENT)),
        ),
    })
}

fn supported_options(name: Name) -> Result<(SystemOption, Option<SystemOption>), Errno> {
    system_options(name).ok_or(Errno(libc::ENOPROTOOPT))
}

fn name_of(number: jint) -> Result<Name, Errno> {
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
    name.copied().ok_or(Errno(libc::ENOPROTOOPT))
}

fn set_int(open: &OpenSocket, (level, name): SystemOption, value: i32) -> Result<(), Errno> {
    open.socket.set_option(level, name, &value.to_ne_bytes())
}

fn get_int(open: &OpenSocket, (level, name): SystemOption) -> Result<i32, Errno> {
    let mut value = [0; 4];
    match open.socket.option(level, name, &mut value)? {
        // IP_MULTICAST_TTL and IP_MULTICAST_LOOP may come as one byte.
        1 => Ok(i32::from(value[0])),
        _ => Ok(i32::from_ne_bytes(value)),
    }
}

/// What the JDK sets when it makes a socket.
pub(super) fn prepare(open: &OpenSocket) -> Result<(), Errno> {
    if open.family == Family::V6 {
        set_int(open, (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY), 0)?;
    }
    if open.socket.kind() == Kind::Datagram {
        prepare_datagrams(open)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn prepare_datagrams(open: &OpenSocket) -> Result<(), Errno> {
    // A socket receives what the groups that it joined receive, and nothing of others' groups.
    let alone = |option| match set_int(open, option, 0) {
        Err(errno) if errno != Errno(libc::ENOPROTOOPT) => Err(errno),
        _ => Ok(()),
    };
    alone((libc::IPPROTO_IP, libc::IP_MULTICAST_ALL))?;
    if open.family == Family::V6 {
        alone((libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_ALL))?;
        set_int(open, (libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_HOPS), 1)?;
    }
    Ok(())
}

#[cfg(target_vendor = "apple")]
fn prepare_datagrams(open: &OpenSocket) -> Result<(), Errno> {
    // The longest datagram is as long as this buffer, which has 9216 bytes by default.
    let longest = if open.family == Family::V6 { 65527 } else { 65507 };
    let buffer = (libc::SOL_SOCKET, libc::SO_SNDBUF);
    if get_int(open, buffer)? < longest {
        // As in the JDK, a system with a lower limit keeps its own.
        let _ = set_int(open, buffer, longest);
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn prepare_datagrams(_: &OpenSocket) -> Result<(), Errno> {
    Ok(())
}

fn set(open: &OpenSocket, name: Name, value: i32) -> Result<(), Errno> {
    let (v4, v6) = supported_options(name)?;
    match name {
        SO_LINGER => {
            let linger: [i32; 2] = if value < 0 { [0, 0] } else { [1, value.min(65535)] };
            let bytes = linger.map(i32::to_ne_bytes);
            return open.socket.set_option(v4.0, v4.1, bytes.as_flattened());
        }
        SO_RCVBUF => return set_int(open, v4, value.max(SMALLEST_BUFFER)),
        SO_REUSEADDR if NEEDS_REUSEPORT && open.socket.kind() == Kind::Datagram => {
            set_int(open, (libc::SOL_SOCKET, libc::SO_REUSEPORT), value)?;
        }
        _ => {}
    }
    let value = match name {
        IP_DONTFRAGMENT if value != 0 => FRAGMENTS_NOT,
        IP_DONTFRAGMENT => FRAGMENTS,
        _ => value,
    };
    match v6 {
        Some(v6) if open.family == Family::V6 => {
            set_int(open, v6, value)?;
            // For the IPv4 addresses that an IPv6 socket has as well; where it cannot be, IPv6 has it.
            // IPv4 knows its interfaces by their addresses, and `multicast` sets those.
            if TAKES_BOTH_FAMILIES && name != IP_MULTICAST_IF {
                let _ = set_int(open, v4, value);
            }
            Ok(())
        }
        _ => set_int(open, v4, value),
    }
}

fn get(open: &OpenSocket, name: Name) -> Result<i32, Errno> {
    let (v4, v6) = supported_options(name)?;
    let option = v6.filter(|_| open.family == Family::V6).unwrap_or(v4);
    match name {
        SO_LINGER => {
            let mut linger = [0; 8];
            open.socket.option(v4.0, v4.1, &mut linger)?;
            let [on, seconds] =
                [0, 4].map(|at| i32::from_ne_bytes([0, 1, 2, 3].map(|byte| linger[at + byte])));
            // The kernel of macOS has 16 bits for it, and extends their sign.
            Ok(if on == 0 { -1 } else { seconds & 0xffff })
        }
        SO_RCVBUF | SO_SNDBUF => Ok(get_int(open, option)? / BUFFER_FACTOR),
        IP_DONTFRAGMENT => Ok(i32::from(get_int(open, option)? == FRAGMENTS_NOT)),
        _ => get_int(open, option),
    }
}

/// Whether this system has the option.
fn option_is_supported(_: &mut Env, _: JObject, option: jint) -> Result<jboolean, Failure> {
    Ok(name_of(option).is_ok_and(|name| system_options(name).is_some()))
}

/// The value becomes the first number of `value`.
fn option_get(
    env: &mut Env,
    _: JObject,
    socket: jlong,
    option: jint,
    value: jni::objects::JLongArray,
) -> Result<jint, Failure> {
    let mut found = None;
    let code = nonblocking_call(socket, |open| {
        found = Some(get(open, name_of(option)?)?);
        Ok(0)
    });
    if let Some(found) = found {
        value.set_region(env, 0, &[jlong::from(found)])?;
    }
    Ok(code)
}

fn option_set(_: &mut Env, _: JObject, socket: jlong, option: jint, value: jint) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| set(open, name_of(option)?, value).map(|()| 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_java_has_the_same_names_in_the_same_order() {
        let java = include_str!("../main/java/io/capsock/net/Option.java");
        let names: Vec<&str> = java
            .lines()
            .filter(|line| {
                line.starts_with("  SO_") || line.starts_with("  IP_") || line.starts_with("  TCP_")
            })
            .filter_map(|line| line.trim().split('(').next())
            .collect();
        assert_eq!(names, NAMES.map(|name| format!("{name:?}")));
        assert!(NAMES.iter().enumerate().all(|(index, name)| *name as usize == index));
    }
}
