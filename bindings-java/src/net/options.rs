//! Socket options by their Java names, with the JDK's values.

use capsock::net::{Errno, Family, Kind};
use jni::objects::JObject;
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::int_options::{get_int, set_int};
use super::numbers::{
    self, BUFFER_FACTOR, ENOPROTOOPT, FRAGMENTS, FRAGMENTS_NOT, SETS_TRAFFIC_CLASS_OF_STREAMS,
    SMALLEST_BUFFER, SystemOption, TAKES_BOTH_FAMILIES, is_ignored,
};
use super::open_socket::{OpenSocket, nonblocking_call};
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

/// The option of IPv4, then that of IPv6 if it has one of its own. None if this system has no such option.
fn system_options(name: Name) -> Option<(SystemOption, Option<SystemOption>)> {
    use numbers::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET};
    Some(match name {
        SO_RCVBUF => ((SOL_SOCKET, numbers::SO_RCVBUF), None),
        SO_SNDBUF => ((SOL_SOCKET, numbers::SO_SNDBUF), None),
        SO_REUSEADDR => ((SOL_SOCKET, numbers::SO_REUSEADDR), None),
        SO_REUSEPORT => (numbers::SO_REUSEPORT?, None),
        SO_KEEPALIVE => ((SOL_SOCKET, numbers::SO_KEEPALIVE), None),
        SO_LINGER => ((SOL_SOCKET, numbers::SO_LINGER), None),
        SO_BROADCAST => ((SOL_SOCKET, numbers::SO_BROADCAST), None),
        SO_OOBINLINE => ((SOL_SOCKET, numbers::SO_OOBINLINE), None),
        TCP_NODELAY => ((IPPROTO_TCP, numbers::TCP_NODELAY), None),
        IP_TOS => ((IPPROTO_IP, numbers::IP_TOS), numbers::IPV6_TRAFFIC_CLASS),
        IP_MULTICAST_IF => {
            ((IPPROTO_IP, numbers::IP_MULTICAST_IF), Some((IPPROTO_IPV6, numbers::IPV6_MULTICAST_IF)))
        }
        IP_MULTICAST_TTL => {
            ((IPPROTO_IP, numbers::IP_MULTICAST_TTL), Some((IPPROTO_IPV6, numbers::IPV6_MULTICAST_HOPS)))
        }
        IP_MULTICAST_LOOP => {
            ((IPPROTO_IP, numbers::IP_MULTICAST_LOOP), Some((IPPROTO_IPV6, numbers::IPV6_MULTICAST_LOOP)))
        }
        TCP_QUICKACK => (numbers::TCP_QUICKACK?, None),
        TCP_KEEPIDLE => ((IPPROTO_TCP, numbers::TCP_KEEPIDLE), None),
        TCP_KEEPINTERVAL => ((IPPROTO_TCP, numbers::TCP_KEEPINTVL), None),
        TCP_KEEPCOUNT => ((IPPROTO_TCP, numbers::TCP_KEEPCNT), None),
        SO_INCOMING_NAPI_ID => (numbers::SO_INCOMING_NAPI_ID?, None),
        IP_DONTFRAGMENT => ((IPPROTO_IP, numbers::IP_DONTFRAGMENT), numbers::IPV6_DONTFRAGMENT),
    })
}

fn supported_options(name: Name) -> Result<(SystemOption, Option<SystemOption>), Errno> {
    system_options(name).ok_or(Errno(ENOPROTOOPT))
}

fn name_of(number: jint) -> Result<Name, Errno> {
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
    name.copied().ok_or(Errno(ENOPROTOOPT))
}

fn has_traffic_class(open: &OpenSocket) -> bool {
    SETS_TRAFFIC_CLASS_OF_STREAMS || open.socket.kind() == Kind::Datagram
}

fn set(open: &OpenSocket, name: Name, value: i32) -> Result<(), Errno> {
    let (v4, v6) = supported_options(name)?;
    match name {
        SO_LINGER => {
            let seconds = u16::try_from(value.max(0)).unwrap_or(u16::MAX);
            return open.socket.set_option(v4.0, v4.1, numbers::linger_bytes(value >= 0, seconds).as_ref());
        }
        SO_RCVBUF => return set_int(&open.socket, v4, value.max(SMALLEST_BUFFER)),
        SO_REUSEADDR => return open.platform.set_reuse_address(&open.socket, value),
        IP_TOS if !has_traffic_class(open) => return Ok(()),
        _ => {}
    }
    let value = match name {
        IP_DONTFRAGMENT if value != 0 => FRAGMENTS_NOT,
        IP_DONTFRAGMENT => FRAGMENTS,
        _ => value,
    };
    match v6 {
        Some(v6) if open.family == Family::V6 => {
            set_int(&open.socket, v6, value)?;
            // For the IPv4 addresses that an IPv6 socket has as well; where it cannot be, IPv6 has it.
            // IPv4 knows its interfaces by their addresses, and `multicast` sets those.
            if TAKES_BOTH_FAMILIES && name != IP_MULTICAST_IF {
                let _ = set_int(&open.socket, v4, value);
            }
            Ok(())
        }
        _ => match set_int(&open.socket, v4, value) {
            Err(errno) if is_ignored(v4, errno) => Ok(()),
            set => set,
        },
    }
}

fn get(open: &OpenSocket, name: Name) -> Result<i32, Errno> {
    let (v4, v6) = supported_options(name)?;
    let option = v6.filter(|_| open.family == Family::V6).unwrap_or(v4);
    match name {
        SO_LINGER => {
            let mut linger = [0; 8];
            open.socket.option(v4.0, v4.1, &mut linger)?;
            let (on, seconds) = numbers::linger_of(linger);
            Ok(if on { seconds } else { -1 })
        }
        SO_REUSEADDR => open.platform.reuse_address(&open.socket),
        IP_TOS if !has_traffic_class(open) => Ok(0),
        SO_RCVBUF | SO_SNDBUF => Ok(get_int(&open.socket, option)? / BUFFER_FACTOR),
        IP_DONTFRAGMENT => Ok(i32::from(get_int(&open.socket, option)? == FRAGMENTS_NOT)),
        _ => match get_int(&open.socket, option) {
            Err(errno) if is_ignored(option, errno) => Ok(0),
            value => value,
        },
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
