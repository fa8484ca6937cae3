//! The native methods of `Server`.

use std::sync::Arc;
use std::time::Duration;

use capsock::{Error, Server};
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jdouble, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use crate::async_handler::JavaAsyncHandler;
use crate::bytes;
use crate::failure::{Failure, Throw};
use crate::handler::{JavaContextHandler, JavaHandler, log};
use crate::handles::Table;
use crate::java::Upcalls;
use crate::option_fields::{self, ServerOptions};
use crate::options::number;

static SERVERS: Table<Server> = Table::new("Server");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        type_map = { ServerOptions => io.capsock.ServerOptions },
        fn server_start(transport: jint, options: ServerOptions) -> jlong,
    },
    native_method! { error_policy = Throw, fn server_addresses(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn server_stats(handle: jlong) -> jlong[] },
    native_method! { error_policy = Throw, fn server_open_metrics(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn server_stop(handle: jlong, timeout: jdouble) -> jlong[] },
    native_method! { error_policy = Throw, fn server_request_stop(handle: jlong) },
    native_method! { error_policy = Throw, fn server_pause(handle: jlong) },
    native_method! { error_policy = Throw, fn server_resume(handle: jlong) },
    native_method! { error_policy = Throw, fn server_is_paused(handle: jlong) -> jboolean },
    native_method! { error_policy = Throw, fn server_drain(handle: jlong, timeout: jdouble) -> jlong[] },
    native_method! { error_policy = Throw, fn server_wait(handle: jlong, timeout: jdouble) -> jboolean },
    native_method! { error_policy = Throw, fn server_close(handle: jlong) },
];

fn server_start<'local>(
    env: &mut Env<'local>,
    _: JObject,
    transport: jint,
    given: ServerOptions<'local>,
) -> Result<jlong, Failure> {
    let mut options = option_fields::server_options(env, transport, &given)?;
    options = with_sockets(env, options, &given)?;
    let upcalls = Arc::new(Upcalls::find(env)?);
    let handler = given.handler(env)?;
    if !handler.is_null() {
        let handler = env.new_global_ref(handler)?;
        options = options.handler(JavaHandler { handler, upcalls: Arc::clone(&upcalls) });
    }
    let context_handler = given.context_handler(env)?;
    if !context_handler.is_null() {
        let handler = env.new_global_ref(context_handler)?;
        let handler = JavaContextHandler { handler, upcalls: Arc::clone(&upcalls) };
        options = options.handler_with_context(handler);
    }
    let async_handler = given.async_handler(env)?;
    if !async_handler.is_null() {
        let handler = env.new_global_ref(async_handler)?;
        options = options.async_handler(JavaAsyncHandler { handler, upcalls: Arc::clone(&upcalls) });
    }
    let options = options.log(move |level, text| log(&upcalls, level, text));
    Ok(SERVERS.insert(options.start()?))
}

/// The options with the sockets that are bound already: those of numbers, of a server, and of systemd.
fn with_sockets(
    env: &mut Env<'_>,
    mut options: capsock::ServerOptions,
    given: &ServerOptions<'_>,
) -> Result<capsock::ServerOptions, Failure> {
    let numbers = given.sockets(env)?;
    let mut sockets = vec![0; numbers.len(env)?];
    numbers.get_region(env, 0, &mut sockets)?;
    for number in sockets {
        options.add_socket_number(number)?;
    }
    if let Some(predecessor) = number::<jlong>("the server", given.predecessor(env)?)? {
        options = options.sockets(SERVERS.get(predecessor)?.sockets()?);
    }
    if number::<jlong>("systemd", given.systemd(env)?)?.is_some() {
        let name = given.systemd_name(env)?;
        let name = if name.is_null() {
            None
        } else {
            Some(bytes::text_from_java(env, "the name of the sockets", &name)?)
        };
        options.add_systemd_sockets(name.as_deref())?;
    }
    Ok(options)
}

fn server_addresses<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let server = SERVERS.get(handle)?;
    match server.unix_addr() {
        Some(unix) => bytes::address_to_java(env, server.local_addr(), Some(unix)),
        None => bytes::addresses_to_java(env, server.local_addrs()),
    }
}

/// The totals in the order of the components of the record `Stats`; the features as their bits.
fn server_stats<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JLongArray<'local>, Failure> {
    bytes::longs_to_java(env, &option_fields::stats(&SERVERS.get(handle)?.stats()))
}

/// The totals as text, in UTF-8.
fn server_open_metrics<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    bytes::to_java(env, SERVERS.get(handle)?.open_metrics().as_bytes())
}

/// The report in the order of the components of the record `StopReport`.
fn server_stop<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    timeout: jdouble,
) -> Result<JLongArray<'local>, Failure> {
    let server = SERVERS.get(handle)?;
    let report = server.stop(limit("the timeout of stop", timeout)?.unwrap_or(Duration::MAX))?;
    bytes::longs_to_java(env, &option_fields::report(&report))
}

fn server_request_stop(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    SERVERS.get(handle)?.request_stop();
    Ok(())
}

fn server_pause(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    Ok(SERVERS.get(handle)?.pause()?)
}

fn server_resume(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    Ok(SERVERS.get(handle)?.resume()?)
}

fn server_is_paused(_: &mut Env, _: JObject, handle: jlong) -> Result<jboolean, Failure> {
    Ok(SERVERS.get(handle)?.is_paused())
}

/// The report in the order of the components of the record `StopReport`.
fn server_drain<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    timeout: jdouble,
) -> Result<JLongArray<'local>, Failure> {
    let server = SERVERS.get(handle)?;
    let report = server.drain(limit("the timeout of drain", timeout)?.unwrap_or(Duration::MAX))?;
    bytes::longs_to_java(env, &option_fields::report(&report))
}

fn server_wait(_: &mut Env, _: JObject, handle: jlong, timeout: jdouble) -> Result<jboolean, Failure> {
    let server = SERVERS.get(handle)?;
    Ok(server.wait(limit("the timeout of await", timeout)?, None)?)
}

fn server_close(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    if let Some(server) = SERVERS.remove(handle) {
        // Dropping this share would stop nothing while another thread is in a call.
        server.close();
    }
    Ok(())
}

fn limit(what: &str, value: jdouble) -> Result<Option<Duration>, Error> {
    capsock::net::timeout::from_seconds(what, value)
}
