//! The native methods of `Trace`.

use jni::objects::{JByteArray, JObject};
use jni::sys::jboolean;
use jni::{Env, NativeMethod, native_method};

use crate::bytes;
use crate::failure::{Failure, Throw};

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn introduce(program: jbyte[]) },
    native_method! { error_policy = Throw, fn trace_start(file: jbyte[], payload: jboolean) },
    native_method! { error_policy = Throw, fn trace_stop() },
];

fn introduce(env: &mut Env, _: JObject, program: JByteArray) -> Result<(), Failure> {
    let program = bytes::from_java(env, &program)?;
    capsock::trace::set_process_info("java", &String::from_utf8_lossy(&program));
    Ok(())
}

fn trace_start(env: &mut Env, _: JObject, file: JByteArray, payload: jboolean) -> Result<(), Failure> {
    let file = bytes::text_from_java(env, "the file", &file)?;
    Ok(capsock::trace::start(file, payload)?)
}

fn trace_stop(_: &mut Env, _: JObject) -> Result<(), Failure> {
    capsock::trace::stop();
    Ok(())
}
