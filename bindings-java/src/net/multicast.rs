//! Multicast groups (ip(7), ipv6(7)).

use capsock::net::{Errno, Family};
use jni::objects::JObject;
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::address;
use super::numbers::{
    EAFNOSUPPORT, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF, IPPROTO_IP, IPPROTO_IPV6,
    IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP, JOINS_MAPPED_GROUPS,
};
use super::open_socket::nonblocking_call;
use crate::failure::{Failure, Throw};

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        fn multicast_member(
            socket: jlong,
            joins: jboolean,
            high: jlong,
            low: jlong,
            interface_v4: jint,
            index: jint,
        ) -> jint,
    },
    native_method! {
        error_policy = Throw,
        fn multicast_interface_v4(socket: jlong, interface_v4: jint) -> jint,
    },
];

/// Joins or leaves a group. An interface is known to IPv4 by an address of it, to IPv6 by its index;
/// zero is the one that the system chooses.
fn multicast_member(
    _: &mut Env,
    _: JObject,
    socket: jlong,
    joins: jboolean,
    high: jlong,
    low: jlong,
    interface_v4: jint,
    index: jint,
) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| {
        let group = address::ip(high, low);
        let mapped = JOINS_MAPPED_GROUPS && open.family == Family::V6;
        match address::v4(group).filter(|_| !mapped) {
            Some(group) => {
                let mut request = group.octets().to_vec();
                request.extend(interface_v4.to_be_bytes());
                let name = if joins { IP_ADD_MEMBERSHIP } else { IP_DROP_MEMBERSHIP };
                open.socket.set_option(IPPROTO_IP, name, &request)?;
            }
            None if open.family == Family::V4 => return Err(Errno(EAFNOSUPPORT)),
            None => {
                let mut request = group.octets().to_vec();
                request.extend(index.to_ne_bytes());
                let name = if joins { IPV6_JOIN_GROUP } else { IPV6_LEAVE_GROUP };
                open.socket.set_option(IPPROTO_IPV6, name, &request)?;
            }
        }
        Ok(0)
    }))
}

/// The interface that IPv4 multicasts leave through, by an address of it.
fn multicast_interface_v4(
    _: &mut Env,
    _: JObject,
    socket: jlong,
    interface_v4: jint,
) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| {
        let address = interface_v4.to_be_bytes();
        open.socket.set_option(IPPROTO_IP, IP_MULTICAST_IF, &address).map(|()| 0)
    }))
}
