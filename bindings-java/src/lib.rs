//! The native half of the Java package `io.capsock`: it translates types, errors and lifetimes of the crate
//! `capsock` for Java, and decides nothing.
//!
//! A Java object holds a number, for which [`handles`] finds the native object; no pointer is passed to Java.
//! Each native method uses [`failure::Throw`], which makes exceptions of errors and panics.

mod async_handler;
mod attach;
mod bytes;
mod copy;
mod failure;
mod fields;
mod handler;
mod handles;
mod java;
mod many;
mod net;
mod option_fields;
mod options;
mod server;
mod tcp;
mod trace;
mod udp;
mod uppercase;

use std::ffi::c_void;
use std::panic::catch_unwind;

use jni::errors::Result;
use jni::refs::LoaderContext;
use jni::sys::{JNI_ERR, JNI_VERSION_1_8, JavaVM as RawJavaVM, jint};
use jni::vm::AttachmentExceptionPolicy;
use jni::{AttachConfig, Env, JavaVM, jni_str};

use crate::option_fields::{ServerOptions, TcpClientOptions, UdpClientOptions};

/// Called by `System.load`: registers the native methods, whose signatures the machine compares
/// with the Java class, and finds all that is called in Java, so that a jar and a library of
/// different versions are told apart here and not in the middle of a request.
///
/// # Safety
/// `vm` is the machine that loads the library.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut RawJavaVM, _reserved: *mut c_void) -> jint {
    // SAFETY: by this function's contract.
    let vm = unsafe { JavaVM::from_raw(vm) };
    // An exception that is left pending here becomes the one that System.load throws.
    let config = || AttachConfig::new().exceptions_policy(AttachmentExceptionPolicy::Ignore);
    let loaded = vm.attach_current_thread_with_config(config, None, |env| {
        load(env).inspect_err(|error| {
            if !env.exception_check() {
                let text = format!("libcapsock_jni does not fit this version of io.capsock: {error}");
                // Throwing reports what it did as an error, too.
                let _ = env.throw_new(
                    jni_str!("java/lang/UnsatisfiedLinkError"),
                    jni::strings::JNIString::from(text),
                );
            }
        })
    });
    if loaded.is_ok() { JNI_VERSION_1_8 } else { JNI_ERR }
}

/// Called when the class loader that loaded the library has been collected, and with it whatever could
/// end a recording. Servers and sockets have been closed by then: their cleaners would keep the loader.
///
/// # Safety
/// None is needed: the machine is not called.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnUnload(_vm: *mut RawJavaVM, _reserved: *mut c_void) {
    // A recording left open is all that a panic, which has nowhere to go, could cost.
    let _ = catch_unwind(capsock::trace::stop);
}

fn load(env: &mut Env) -> Result<()> {
    let class = env.find_class(jni_str!("io/capsock/Native"))?;
    let loader = class.get_class_loader(env)?;
    java::find(env, &LoaderContext::Loader(&loader))?;
    ServerOptions::find(env)?;
    TcpClientOptions::find(env)?;
    UdpClientOptions::find(env)?;
    for methods in [
        uppercase::METHODS,
        trace::METHODS,
        server::METHODS,
        async_handler::METHODS,
        tcp::METHODS,
        udp::METHODS,
    ] {
        // SAFETY: `native_method!` made each function from the signature that it is registered
        // with, and none of them is static in Native.java.
        unsafe { env.register_native_methods(&class, methods)? };
    }
    net::find_fields(env)?;
    let class = env.find_class(jni_str!("io/capsock/net/Native"))?;
    for methods in net::METHODS {
        // SAFETY: as above; the class is another Native.java.
        unsafe { env.register_native_methods(&class, methods)? };
    }
    Ok(())
}
