//! What is called in Java: the only names of Java classes and methods here.

use jni::errors::Result;
use jni::refs::LoaderContext;
use jni::{Env, bind_java_type};

bind_java_type! {
    pub(crate) Errors => io.capsock.Errors,
    methods {
        static fn exception(number: jint, text: jbyte[]) -> JThrowable,
    },
}

bind_java_type! { pub(crate) Handler => io.capsock.Handler }

bind_java_type! {
    pub(crate) Upcalls => io.capsock.Upcalls,
    type_map = { Handler => io.capsock.Handler },
    methods {
        static fn handle(handler: Handler, request: jbyte[]) -> jbyte[],
        static fn log(level: jint, text: jbyte[]),
    },
}

bind_java_type! {
    pub(crate) ServerOptions => "io.capsock.Server$Builder",
    type_map = { Handler => io.capsock.Handler },
    fields {
        host: jbyte[],
        port: jlong,
        concurrency: jlong,
        framing: jlong,
        workers: jlong,
        backlog: jlong,
        max_connections { sig = jlong, name = "maxConnections", get = max_connections },
        max_request { sig = jlong, name = "maxRequest", get = max_request },
        max_amplification { sig = jlong, name = "maxAmplification", get = max_amplification },
        idle_timeout { sig = jdouble, name = "idleTimeout", get = idle_timeout },
        write_timeout { sig = jdouble, name = "writeTimeout", get = write_timeout },
        busy_poll { sig = jdouble, name = "busyPoll", get = busy_poll },
        handler: Handler,
    },
}

bind_java_type! {
    pub(crate) TcpOptions => "io.capsock.TcpClient$Options",
    fields {
        connect_timeout { sig = jdouble, name = "connectTimeout", get = connect_timeout },
        timeout { sig = jdouble, get = timeout },
        max_reply { sig = jlong, name = "maxReply", get = max_reply },
    },
}

bind_java_type! {
    pub(crate) UdpOptions => "io.capsock.UdpClient$Options",
    fields {
        timeout { sig = jdouble, get = timeout },
        retransmit_after { sig = jdouble, name = "retransmitAfter", get = retransmit_after },
        retransmissions { sig = jlong, get = retransmissions },
    },
}

bind_java_type! {
    pub(crate) InputStream => java.io.InputStream,
    methods {
        fn read(buffer: jbyte[], offset: jint, length: jint) -> jint,
    },
}

bind_java_type! {
    pub(crate) OutputStream => java.io.OutputStream,
    methods {
        fn write(buffer: jbyte[], offset: jint, length: jint),
        fn flush(),
    },
}

bind_java_type! { pub(crate) DatagramPacket => java.net.DatagramPacket }

/// Finds every class, method and field above. It has to happen with the loader of `io.capsock`: on
/// the server's own threads the machine would look on the class path only.
pub(crate) fn find_all(env: &mut Env, loader: &LoaderContext) -> Result<()> {
    ErrorsAPI::get(env, loader)?;
    HandlerAPI::get(env, loader)?;
    UpcallsAPI::get(env, loader)?;
    ServerOptionsAPI::get(env, loader)?;
    TcpOptionsAPI::get(env, loader)?;
    UdpOptionsAPI::get(env, loader)?;
    InputStreamAPI::get(env, loader)?;
    OutputStreamAPI::get(env, loader)?;
    DatagramPacketAPI::get(env, loader)?;
    Ok(())
}
