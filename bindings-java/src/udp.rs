//! The native methods of `UdpClient`.

use capsock::UdpClient;
use jni::objects::{JByteArray, JIntArray, JObject};
use jni::sys::{jboolean, jlong};
use jni::{Env, NativeMethod, native_method};

use crate::bytes;
use crate::failure::{Failure, Throw};
use crate::handles::Table;
use crate::many::request_many;
use crate::option_fields::{UdpClientOptions, udp_client_options};
use crate::options::port;

static CLIENTS: Table<UdpClient> = Table::new("UdpClient");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! {
        error_policy = Throw,
        type_map = { UdpClientOptions => io.capsock.UdpClientOptions },
        fn udp_connect(host: jbyte[], port: jlong, options: UdpClientOptions) -> jlong,
    },
    native_method! { error_policy = Throw, fn udp_request_text(handle: jlong, text: jbyte[]) -> jbyte[] },
    native_method! { error_policy = Throw, fn udp_request_bytes(handle: jlong, request: jbyte[]) -> jbyte[] },
    native_method! {
        error_policy = Throw,
        fn udp_request_many(handle: jlong, requests: jbyte[], lengths: jint[], text: jboolean) -> jbyte[],
    },
    native_method! { error_policy = Throw, fn udp_local_address(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn udp_peer_address(handle: jlong) -> jbyte[] },
    native_method! { error_policy = Throw, fn udp_close(handle: jlong) },
];

fn udp_connect<'local>(
    env: &mut Env<'local>,
    _: JObject,
    host: JByteArray,
    to_port: jlong,
    given: UdpClientOptions<'local>,
) -> Result<jlong, Failure> {
    let host = bytes::text_from_java(env, "the host", &host)?;
    let options = udp_client_options(env, &given)?;
    let to = (host, port(to_port)?.unwrap_or(capsock::DEFAULT_PORT));
    Ok(CLIENTS.insert(UdpClient::connect_with(to, options)?))
}

fn udp_request_text<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    text: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    let text = bytes::text_from_java(env, "the text", &text)?;
    bytes::to_java(env, client.request(&text)?.as_bytes())
}

fn udp_request_bytes<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
    request: JByteArray,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    let request = bytes::from_java(env, &request)?;
    bytes::to_java(env, &client.request_bytes(&request)?)
}

fn udp_request_many<'local>(
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

fn udp_local_address<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    bytes::address_to_java(env, client.local_addr()?, client.unix_local_addr()?.as_ref())
}

fn udp_peer_address<'local>(
    env: &mut Env<'local>,
    _: JObject,
    handle: jlong,
) -> Result<JByteArray<'local>, Failure> {
    let client = CLIENTS.get(handle)?;
    bytes::address_to_java(env, client.peer_addr()?, client.unix_peer_addr()?.as_ref())
}

fn udp_close(_: &mut Env, _: JObject, handle: jlong) -> Result<(), Failure> {
    if let Some(client) = CLIENTS.remove(handle) {
        client.close();
    }
    Ok(())
}
