//! `Server`.

use std::sync::Arc;
use std::time::Duration;

use capsock::{Concurrency, Error, Framing, Server, Transport};
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{jboolean, jdouble, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use crate::bytes;
use crate::failure::{Failure, Throw};
use crate::handler::{JavaHandler, log};
use crate::handles::Table;
use crate::java::{ServerOptions, Upcalls};
use crate::options::{number, port, seconds};

static SERVERS: Table<Server> = Table::new("Server");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        type_map = { ServerOptions => "io.capsock.Server$Builder" },
        fn server_start(transport: jint, options: ServerOptions) -> jlong,
    },
    native_method! { error_policy = Throw, fn server_addresses(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn server_stats(handle: jlong) -> jlong[] },
    native_method! { error_policy = Throw, fn server_stop(handle: jlong, timeout: jdouble) -> jlong[] },
    native_method! { error_policy = Throw, fn server_request_stop(handle: jlong) },
    native_method! { error_policy = Throw, fn server_wait(handle: jlong, timeout: jdouble) -> jboolean },
    native_method! { error_policy = Throw, fn server_close(handle: jlong) },
];

fn server_start<'local>(
    env: &mut Env<'local>,
    _: JObject,
    transport: jint,
    given: ServerOptions<'local>,
) -> Result<jlong, Failure> {
    let host = given.host(env)?;
    let host = if host.is_null() {
        capsock::DEFAULT_HOST.to_owned()
    } else {
        bytes::text_from_java(env, "the host", &host)?
    };
    let port = port(given.port(env)?)?.unwrap_or(capsock::DEFAULT_PORT);
    let mut options = capsock::ServerOptions::new(Transport::from_number(transport)?, (host, port));
    if let Some(concurrency) = number("the concurrency", given.concurrency(env)?)? {
        options = options.concurrency(Concurrency::from_number(concurrency)?);
    }
    if let Some(framing) = number("the framing", given.framing(env)?)? {
        options = options.framing(Framing::from_number(framing)?);
    }
    if let Some(workers) = number("the number of workers", given.workers(env)?)? {
        options = options.workers(workers);
    }
    if let Some(backlog) = number("the backlog", given.backlog(env)?)? {
        options = options.backlog(backlog);
    }
    if let Some(connections) = number("the limit of connections", given.max_connections(env)?)? {
        options = options.max_connections(connections);
    }
    if let Some(request) = number("the limit of a request", given.max_request(env)?)? {
        options = options.max_request(request);
    }
    if let Some(times) = number("the limit of amplification", given.max_amplification(env)?)? {
        options = options.max_amplification(times);
    }
    if let Some(timeout) = seconds("the idle timeout", given.idle_timeout(env)?)? {
        options = options.idle_timeout(timeout);
    }
    if let Some(timeout) = seconds("the write timeout", given.write_timeout(env)?)? {
        options = options.write_timeout(timeout);
    }
    if let Some(time) = seconds("the time of busy polling", given.busy_poll(env)?)? {
        // What no duration holds is the longest one, of which the core says what it thinks.
        options = options.busy_poll(time.unwrap_or(Duration::MAX));
    }
    let upcalls = Arc::new(Upcalls::find(env)?);
    let handler = given.handler(env)?;
    if !handler.is_null() {
        let handler = env.new_global_ref(handler)?;
        options = options.handler(JavaHandler { handler, upcalls: Arc::clone(&upcalls) });
    }
    let options = options.log(move |level, text| log(&upcalls, level, text));
    Ok(SERVERS.insert(options.start()?))
}

fn server_addresses<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    bytes::addresses_to_java(env, SERVERS.get(handle)?.local_addrs())
}

/// The totals in the order of the components of the record `Stats`; the features as their bits.
fn server_stats<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JLongArray<'local>, Failure> {
    let stats = SERVERS.get(handle)?.stats();
    bytes::longs_to_java(
        env,
        &[
            stats.connections_accepted,
            stats.connections_active,
            stats.connections_refused,
            stats.requests,
            stats.bytes_received,
            stats.bytes_sent,
            stats.datagrams_received,
            stats.datagrams_sent,
            stats.handler_errors,
            stats.oversized_requests,
            stats.idle_timeouts,
            stats.write_timeouts,
            stats.datagrams_guarded,
            stats.replies_unsent,
            stats.amplified_replies,
            stats.descriptor_shortages,
            stats.features,
        ],
    )
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
    bytes::longs_to_java(env, &[report.completed, report.cut, report.running])
}

fn server_request_stop(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    SERVERS.get(handle)?.request_stop();
    Ok(())
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
