//! Conversion of byte arrays. Text is passed as UTF-8 bytes, since JNI's "modified UTF-8" encodes NUL and the
//! characters outside the basic multilingual plane differently.

use std::net::SocketAddr;

use capsock::{Error, ErrorKind, UnixAddress};
use jni::Env;
use jni::objects::{JByteArray, JLongArray};
use jni::sys::{jint, jsize};

use crate::failure::Failure;

/// A new Java array with these bytes.
pub(crate) fn to_java<'local>(env: &mut Env<'local>, bytes: &[u8]) -> Result<JByteArray<'local>, Failure> {
    if jsize::try_from(bytes.len()).is_err() {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("return {} bytes", bytes.len()),
            "a Java array ends at 2,147,483,647; take smaller pieces",
        )
        .into());
    }
    Ok(env.byte_array_from_slice(bytes)?)
}

/// A length as a Java `int`. No array, nor a part of one, is longer than the greatest `int`.
pub(crate) fn java_length(length: usize) -> jint {
    jint::try_from(length).unwrap_or(jint::MAX)
}

/// The bytes of a Java array.
pub(crate) fn from_java(env: &Env, array: &JByteArray) -> Result<Vec<u8>, Failure> {
    Ok(env.convert_byte_array(array)?)
}

/// Text that Java encoded as UTF-8. `what` names it in the error.
pub(crate) fn text_from_java(env: &Env, what: &str, array: &JByteArray) -> Result<String, Failure> {
    String::from_utf8(from_java(env, array)?)
        .map_err(|_| Error::invalid(format!("use {what}"), "it is not UTF-8").into())
}

/// Counters as a Java array. Java has no unsigned numbers; no counter gets near the difference.
pub(crate) fn longs_to_java<'local>(
    env: &mut Env<'local>,
    numbers: &[u64],
) -> Result<JLongArray<'local>, Failure> {
    let numbers: Vec<i64> = numbers.iter().map(|number| i64::try_from(*number).unwrap_or(i64::MAX)).collect();
    let array = env.new_long_array(numbers.len())?;
    array.set_region(env, 0, &numbers)?;
    Ok(array)
}

/// Addresses as `Addresses.java` reads them. For each: the length of the IP address, its bytes, the
/// IPv6 scope (4 bytes), the port (2 bytes). Or of a Unix domain socket: the length 0, that of its text (2 bytes), the text.
pub(crate) fn addresses_to_java<'local>(
    env: &mut Env<'local>,
    addresses: &[SocketAddr],
) -> Result<JByteArray<'local>, Failure> {
    to_java(env, &encoded(addresses))
}

/// An address as `Addresses.java` reads it: that of the Unix domain socket, or else the other one.
pub(crate) fn address_to_java<'local>(
    env: &mut Env<'local>,
    address: SocketAddr,
    unix: Option<&UnixAddress>,
) -> Result<JByteArray<'local>, Failure> {
    to_java(env, &encoded_unix(unix).unwrap_or_else(|| encoded(&[address])))
}

/// The bytes of a Unix domain socket's address.
pub(crate) fn encoded_unix(unix: Option<&UnixAddress>) -> Option<Vec<u8>> {
    let text = unix?.to_string();
    // At most 107 bytes, each of which is escaped by six.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0];
    bytes.extend(length.to_be_bytes());
    bytes.extend(&text.as_bytes()[..length.into()]);
    Some(bytes)
}

/// The bytes of [`addresses_to_java`].
pub(crate) fn encoded(addresses: &[SocketAddr]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for address in addresses {
        let scope = match address {
            SocketAddr::V4(v4) => {
                bytes.push(4);
                bytes.extend(v4.ip().octets());
                0
            }
            SocketAddr::V6(v6) => {
                bytes.push(16);
                bytes.extend(v6.ip().octets());
                v6.scope_id()
            }
        };
        bytes.extend(scope.to_be_bytes());
        bytes.extend(address.port().to_be_bytes());
    }
    bytes
}

/// The same bytes as Java counts them, from -128 to 127.
pub(crate) fn as_signed(bytes: &[u8]) -> &[i8] {
    // SAFETY: u8 and i8 have the same size and alignment, and every value of one is one of the other.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
}

/// The same for bytes that are written to.
pub(crate) fn as_signed_mut(bytes: &mut [u8]) -> &mut [i8] {
    // SAFETY: as above; the borrow is passed on, so there is no second way to the bytes meanwhile.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}
