//! The native methods of UDP sockets.

use std::sync::OnceLock;

use capsock::net::{Errno, WaitError, WaitPolicy};
use jni::errors::Result as JniResult;
use jni::ids::JFieldID;
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned, NativeMethod, jni_sig, jni_str, native_method};

use super::address::{Given, numbers};
use super::buffer;
use super::numbers::{EAFNOSUPPORT, EAGAIN, ECONNREFUSED, EINTR, MSG_PEEK, MSG_TRUNC, receive_length};
use super::open_socket::{blocking_call, nonblocking_call, wait_policy};
use super::raw::guarded;
use crate::bytes::java_length;
use crate::failure::{Failure, Throw};
use crate::java::DatagramPacket;

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! {
        raw fn datagram_send(
            socket: jlong,
            bytes: jbyte[],
            offset: jint,
            length: jint,
            high: jlong,
            low: jlong,
            scope: jint,
            port: jint,
            milliseconds: jint,
        ) -> jint,
    },
    native_method! {
        type_map = { DatagramPacket => java.net.DatagramPacket },
        raw fn datagram_receive(
            socket: jlong,
            packet: DatagramPacket,
            bytes: jbyte[],
            offset: jint,
            length: jint,
            milliseconds: jint,
            peeks: jboolean,
            sender: jlong[],
        ) -> jint,
    },
    native_method! { error_policy = Throw, fn datagram_connect(
        socket: jlong, high: jlong, low: jlong, scope: jint, port: jint,
    ) -> jint },
    native_method! { error_policy = Throw, fn datagram_disconnect(socket: jlong) -> jint },
    native_method! { error_policy = Throw, fn knows_packets() -> jboolean },
];

/// The longest datagram that there is, with room to spare; more of a buffer is never used.
const LONGEST: usize = 64 * 1024;

/// How long a packet's buffer is, and how much of it a datagram filled.
///
/// A packet whose last datagram was short has room for a longer one again, and only these private
/// fields say so: `getLength` is the length of the last datagram, and `setLength` sets both.
struct Fields {
    buffer: JFieldID,
    length: JFieldID,
}

static FIELDS: OnceLock<Option<Fields>> = OnceLock::new();

/// Looks for the fields. A later Java may have none; then packets shrink as other implementations'
/// packets do.
pub(crate) fn find_fields(env: &mut Env) -> JniResult<()> {
    let class = env.find_class(jni_str!("java/net/DatagramPacket"))?;
    let mut find = |name| env.get_field_id(&class, name, jni_sig!("I")).ok();
    let (buffer, length) = (find(jni_str!("bufLength")), find(jni_str!("length")));
    if env.exception_check() {
        env.exception_clear();
    }
    // The class is the bootstrap loader's, and is never unloaded.
    let _ = FIELDS.set(buffer.zip(length).map(|(buffer, length)| Fields { buffer, length }));
    Ok(())
}

fn fields() -> Option<&'static Fields> {
    FIELDS.get().and_then(Option::as_ref)
}

fn knows_packets(_: &mut Env, _: JObject) -> Result<jboolean, Failure> {
    Ok(fields().is_some())
}

/// To the peer if the port is below zero.
fn datagram_send<'local>(
    env: EnvUnowned<'local>,
    _: JObject<'local>,
    socket: jlong,
    bytes: JByteArray<'local>,
    offset: jint,
    length: jint,
    high: jlong,
    low: jlong,
    scope: jint,
    port: jint,
    milliseconds: jint,
) -> jint {
    guarded(&env, |java| {
        let mut copied = Ok(());
        let length = usize::try_from(length).unwrap_or(0);
        let code = blocking_call(socket, |open| {
            // What is cut here is too long for a datagram all the same.
            buffer::with(length.min(LONGEST), |buffer| {
                copied = java.get(&bytes, offset, buffer);
                if copied.is_err() {
                    return Ok(0);
                }
                let sent = if port < 0 {
                    open.socket.send(buffer, 0, wait_policy(milliseconds))
                } else {
                    let to = Given { high, low, scope, port }.for_family(open.family)?;
                    open.socket.send_to(buffer, &to, 0, wait_policy(milliseconds))
                };
                sent.map(java_length).map_err(|error| open.platform.datagram_error(error))
            })
        });
        copied.map(|()| code)
    })
}

/// The length of the whole datagram, of which the packet has what there was room for. `length` is the
/// packet's, and the room if its own fields are not known. The sender becomes the first numbers of `sender`.
fn datagram_receive<'local>(
    env: EnvUnowned<'local>,
    _: JObject<'local>,
    socket: jlong,
    packet: DatagramPacket<'local>,
    bytes: JByteArray<'local>,
    offset: jint,
    length: jint,
    milliseconds: jint,
    peeks: jboolean,
    sender: JLongArray<'local>,
) -> jint {
    guarded(&env, |java| {
        let fields = fields().filter(|_| !packet.is_null());
        let room = match fields {
            // SAFETY: the object is a DatagramPacket and not null, and the field is an int of that class.
            Some(fields) => unsafe { java.field(&packet, fields.buffer) },
            None => length,
        };
        let flags = MSG_TRUNC | if peeks { MSG_PEEK } else { 0 };
        let (mut copied, mut from_whom, mut filled) = (Ok(()), None, 0);
        let code = blocking_call(socket, |open| {
            let room = usize::try_from(room).unwrap_or(0).min(LONGEST);
            buffer::with(receive_length(room, LONGEST), |buffer| {
                let received = open.socket.receive_from(buffer, flags, wait_policy(milliseconds));
                let (count, from) = received.map_err(|error| open.platform.datagram_error(error))?;
                let from = from.ok_or(Errno(EAFNOSUPPORT))?;
                let fitting = &buffer[..count.min(room)];
                copied = java.set(&bytes, offset, fitting);
                filled = java_length(fitting.len());
                from_whom = Some(from);
                Ok(java_length(count))
            })
        });
        copied?;
        let Some(from) = from_whom else { return Ok(code) };
        if let Some(fields) = fields.filter(|_| filled != length) {
            // SAFETY: as above.
            unsafe { java.set_field(&packet, fields.length, filled) };
        }
        java.set_longs(&sender, &numbers(&from))?;
        Ok(code)
    })
}

/// Connects, and throws away what others had sent before.
fn datagram_connect(
    _: &mut Env,
    _: JObject,
    socket: jlong,
    high: jlong,
    low: jlong,
    scope: jint,
    port: jint,
) -> Result<jint, Failure> {
    let given = Given { high, low, scope, port };
    Ok(blocking_call(socket, |open| {
        open.socket.connect(&given.for_family(open.family)?, WaitPolicy::NONBLOCKING)?;
        open.platform.peer_changed(&open.socket, true);
        loop {
            let received = open.socket.receive(&mut [], 0, WaitPolicy::NONBLOCKING);
            match received.map_err(|error| open.platform.datagram_error(error)) {
                Ok(_) | Err(WaitError::Os(Errno(EINTR | ECONNREFUSED))) => {}
                Err(WaitError::Os(Errno(EAGAIN))) => return Ok(0),
                Err(error) => return Err(error),
            }
        }
    }))
}

fn datagram_disconnect(_: &mut Env, _: JObject, socket: jlong) -> Result<jint, Failure> {
    Ok(nonblocking_call(socket, |open| {
        open.socket.disconnect()?;
        open.platform.peer_changed(&open.socket, false);
        Ok(0)
    }))
}
