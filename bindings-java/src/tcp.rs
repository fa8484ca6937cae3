//! The native methods of `TcpClient`.

use capsock::TcpClient;
use jni::objects::{JByteArray, JIntArray, JLongArray, JObject};
use jni::sys::{jboolean, jlong};
use jni::{Env, NativeMethod, native_method};

use crate::bytes;
use crate::copy::{Input, Output, Thrown};
use crate::failure::{Failure, Throw};
use crate::handles::Table;
use crate::java::{InputStream, OutputStream};
use crate::many::request_many;
use crate::option_fields::{TcpClientOptions, tcp_client_options};
use crate::options::port;

static CLIENTS: Table<TcpClient> = Table::new("TcpClient");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        type_map = { TcpClientOptions => io.capsock.TcpClientOptions },
        fn tcp_connect(host: jbyte[], port: jlong, options: TcpClientOptions) -> jlong,
    },
    native_method! { error_policy = Throw, fn tcp_request_text(handle: jlong, line: jbyte[]) -> jbyte[] },
    native_method! { error_policy = Throw, fn tcp_request_bytes(handle: jlong, line: jbyte[]) -> jbyte[] },
    native_method! {
        error_policy = Throw,
        fn tcp_request_many(handle: jlong, requests: jbyte[], lengths: jint[], text: jboolean) -> jbyte[],
    },
    native_method! {
        error_policy = Throw,
        type_map = { InputStream => java.io.InputStream, OutputStream => java.io.OutputStream },
        fn tcp_copy(handle: jlong, input: InputStream, output: OutputStream) -> jlong[],
    },
    native_method! { error_policy = Throw, fn tcp_local_address(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn tcp_peer_address(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn tcp_close(handle: jlong) },
];

fn tcp_connect<'local>(
    env: &mut Env<'local>,
    _: JObject,
    host: JByteArray,
    to_port: jlong,
    given: TcpClientOptions<'local>,
) -> Result<jlong, Failure> {
    let host = bytes::text_from_java(env, "the host", &host)?;
    let options = tcp_client_options(env, &given)?;
    let to = (host, port(to_port)?.unwrap_or(capsock::DEFAULT_PORT));
    Ok(CLIENTS.insert(TcpClient::connect_with(to, options)?))
}

fn tcp_request_text<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    line: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    let line = bytes::text_from_java(env, "the text", &line)?;
    bytes::to_java(env, client.request(&line)?.as_bytes())
}

fn tcp_request_bytes<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    line: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    let line = bytes::from_java(env, &line)?;
    bytes::to_java(env, &client.request_bytes(&line)?)
}

fn tcp_request_many<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    requests: JByteArray,
    lengths: JIntArray,
    text: jboolean,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    request_many(env, &requests, &lengths, text, |requests, on_reply| {
        client.request_many_with(requests, on_reply)
    })
}

fn tcp_copy<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    input: InputStream<'local>,
    output: OutputStream<'local>,
) -> Result<JLongArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    let thrown = Thrown::default();
    let copied = {
        let mut input = Input::new(env, &input, &thrown)?;
        let mut output = Output::new(env, &output, &thrown)?;
        client.copy(&mut input, &mut output)
    };
    match (copied, thrown.take()) {
        (Ok(copied), _) => bytes::longs_to_java(env, &[copied.sent, copied.received]),
        (Err(_), Some(exception)) => Err(Failure::Thrown(exception)),
        (Err(error), None) => Err(error.into()),
    }
}

fn tcp_local_address<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    bytes::address_to_java(env, client.local_addr()?, client.unix_local_addr()?.as_ref())
}

fn tcp_peer_address<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    bytes::address_to_java(env, client.peer_addr()?, client.unix_peer_addr()?.as_ref())
}

fn tcp_close(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    if let Some(client) = CLIENTS.remove(handle) {
        client.close();
    }
    Ok(())
}
