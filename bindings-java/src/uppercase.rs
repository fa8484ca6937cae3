//! The native methods of `Capsock` and `UppercaseStream`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use capsock::UppercaseStream;
use jni::objects::{JByteArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use crate::bytes;
use crate::failure::{Failure, Throw};
use crate::handles::Table;

static STREAMS: Table<Mutex<UppercaseStream>> = Table::new("UppercaseStream");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn version() -> jbyte[] },
    native_method! { error_policy = Throw, fn default_port() -> jint },
    native_method! { error_policy = Throw, fn uppercase(input: jbyte[]) -> jbyte[] },
    native_method! { error_policy = Throw, fn uppercase_ascii(bytes: jbyte[], length: jint) -> jboolean },
    native_method! { error_policy = Throw, fn stream_open() -> jlong },
    native_method! { error_policy = Throw, fn stream_push(handle: jlong, input: jbyte[]) -> jbyte[] },
    native_method! { error_policy = Throw, fn stream_finish(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn stream_close(handle: jlong) },
];

fn version<'local>(env: &mut Env<'local>, _: JObject) -> Result<JByteArray<'local>, Failure> {
    bytes::to_java(env, capsock::VERSION.as_bytes())
}

fn default_port(_: &mut Env, _: JObject) -> Result<jint, Failure> {
    Ok(capsock::DEFAULT_PORT.into())
}

fn uppercase<'local>(
    env: &mut Env<'local>,
    _: JObject,
    input: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let input = bytes::from_java(env, &input)?;
    bytes::to_java(env, &capsock::uppercase(&input))
}

/// The most bytes of [`uppercase_ascii`].
const SHORT: usize = 256;

/// Replaces ASCII by its upper case, if it is so short that its copies cost less than new arrays. Otherwise returns false,
/// and leaves the array as it is.
fn uppercase_ascii(env: &mut Env, _: JObject, array: JByteArray, length: jint) -> Result<jboolean, Failure> {
    let (mut input, mut upper) = ([0; SHORT], [0; SHORT]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (Some(input), Some(upper)) = (input.get_mut(..length), upper.get_mut(..length)) else {
        return Ok(false);
    };
    array.get_region(env, 0, bytes::as_signed_mut(input))?;
    let ascii = capsock::uppercase_ascii(input, upper);
    if ascii {
        array.set_region(env, 0, bytes::as_signed(upper))?;
    }
    Ok(ascii)
}

fn stream_open(_: &mut Env, _: JObject) -> Result<jlong, Failure> {
    Ok(STREAMS.insert(Mutex::new(UppercaseStream::new())))
}

fn stream_push<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    input: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let stream = STREAMS.get(handle)?;
    let input = bytes::from_java(env, &input)?;
    let mut output = Vec::new();
    lock(&stream).push(&input, &mut output);
    bytes::to_java(env, &output)
}

fn stream_finish<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let stream = STREAMS.get(handle)?;
    let mut output = Vec::new();
    lock(&stream).finish(&mut output);
    bytes::to_java(env, &output)
}

fn stream_close(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    STREAMS.remove(handle);
    Ok(())
}

fn lock(stream: &Mutex<UppercaseStream>) -> MutexGuard<'_, UppercaseStream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}
