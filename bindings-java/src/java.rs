//! The Java classes and methods that Rust calls; no other file names them.
//!
//! A global reference to a class of `io.capsock` would keep its class loader, and the loader keeps the
//! library loaded. So a native method looks such a class up when it needs it, and a server holds [`Upcalls`]
//! for its own threads. The bindings of `bind_java_type!` keep a reference to their class from the first
//! look-up on; with methods and fields, they are used for classes of the JDK only.

use jni::errors::Result;
use jni::ids::JStaticMethodID;
use jni::objects::{JByteArray, JClass, JThrowable, JValue};
use jni::refs::{Global, LoaderContext};
use jni::signature::{Primitive, ReturnType};
use jni::sys::{jint, jlong, jvalue};
use jni::{Env, bind_java_type, jni_sig, jni_str};

bind_java_type! { pub(crate) Handler => io.capsock.Handler }

bind_java_type! { pub(crate) ContextHandler => io.capsock.ContextHandler }

bind_java_type! { pub(crate) AsyncContextHandler => io.capsock.AsyncContextHandler }

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

/// The exception for an error of the core. To be called in a native method of `io.capsock`, whose
/// loader is then the one that is asked for the class.
pub(crate) fn exception<'local>(
    env: &mut Env<'local>,
    number: jint,
    text: &JByteArray,
) -> Result<JThrowable<'local>> {
    let class = env.find_class(jni_str!("io/capsock/Errors"))?;
    let method = errors_exception(env, &class)?;
    let arguments = [JValue::Int(number).as_jni(), JValue::Object(text).as_jni()];
    // SAFETY: the method is one of this class, and takes an int and an array of bytes.
    let exception =
        unsafe { env.call_static_method_unchecked(&class, method, ReturnType::Object, &arguments)? };
    env.cast_local::<JThrowable>(exception.l()?)
}

fn errors_exception(env: &mut Env, class: &JClass) -> Result<JStaticMethodID> {
    env.get_static_method_id(class, jni_str!("exception"), jni_sig!("(I[B)Ljava/lang/Throwable;"))
}

/// `Upcalls.java`, for the threads of one server. The methods are there for as long as the class is.
pub(crate) struct Upcalls {
    class: Global<JClass<'static>>,
    handle: JStaticMethodID,
    handle_with_context: JStaticMethodID,
    begin: JStaticMethodID,
    cancel: JStaticMethodID,
    log: JStaticMethodID,
}

impl Upcalls {
    /// Finds the class, as [`exception`] does.
    pub(crate) fn find(env: &mut Env) -> Result<Upcalls> {
        let class = env.find_class(jni_str!("io/capsock/Upcalls"))?;
        let handle = jni_sig!("(Lio/capsock/Handler;[B)[B");
        let handle = env.get_static_method_id(&class, jni_str!("handle"), handle)?;
        let handle_with_context = jni_sig!("(Lio/capsock/ContextHandler;[B[BZ)[B");
        let handle_with_context =
            env.get_static_method_id(&class, jni_str!("handle"), handle_with_context)?;
        let begin = jni_sig!("(Lio/capsock/AsyncContextHandler;[B[BZJ)V");
        let begin = env.get_static_method_id(&class, jni_str!("begin"), begin)?;
        let cancel = env.get_static_method_id(&class, jni_str!("cancel"), jni_sig!("(J)V"))?;
        let log = env.get_static_method_id(&class, jni_str!("log"), jni_sig!("(I[B)V"))?;
        Ok(Upcalls { class: env.new_global_ref(class)?, handle, handle_with_context, begin, cancel, log })
    }

    /// The handler's reply; null if it has none.
    pub(crate) fn handle<'local>(
        &self,
        env: &mut Env<'local>,
        handler: &Handler,
        request: &JByteArray,
    ) -> Result<JByteArray<'local>> {
        let arguments = [JValue::Object(handler.as_ref()).as_jni(), JValue::Object(request).as_jni()];
        // SAFETY: the method is one of this class, and takes a handler and an array of bytes.
        unsafe { self.call(env, self.handle, &arguments) }
    }

    /// The reply of a handler that gets the context: the peer's and the local address, encoded; and whether the
    /// transport is UDP.
    pub(crate) fn handle_with_context<'local>(
        &self,
        env: &mut Env<'local>,
        handler: &ContextHandler,
        request: &JByteArray,
        addresses: &JByteArray,
        udp: bool,
    ) -> Result<JByteArray<'local>> {
        let objects = [handler.as_ref(), request.as_ref(), addresses.as_ref()];
        let [handler, request, addresses] = objects.map(|object| JValue::Object(object).as_jni());
        let arguments = [handler, request, addresses, JValue::Bool(udp).as_jni()];
        // SAFETY: the method is one of this class, and takes a handler, two arrays of bytes and a boolean.
        unsafe { self.call(env, self.handle_with_context, &arguments) }
    }

    /// # Safety
    /// The method is one of the class, takes these arguments, and returns an array of bytes.
    unsafe fn call<'local>(
        &self,
        env: &mut Env<'local>,
        method: JStaticMethodID,
        arguments: &[jvalue],
    ) -> Result<JByteArray<'local>> {
        // SAFETY: as the caller promises.
        let reply =
            unsafe { env.call_static_method_unchecked(&self.class, method, ReturnType::Array, arguments)? };
        let reply = reply.l()?;
        // SAFETY: the method returns an array of bytes, and the reference is this one's alone.
        Ok(unsafe { JByteArray::from_raw(env, reply.into_raw()) })
    }

    /// Calls a handler that completes the reply of this number; the arguments are those of
    /// [`handle_with_context`](Upcalls::handle_with_context).
    pub(crate) fn begin(
        &self,
        env: &mut Env,
        handler: &AsyncContextHandler,
        request: &JByteArray,
        addresses: &JByteArray,
        udp: bool,
        reply: jlong,
    ) -> Result<()> {
        let objects = [handler.as_ref(), request.as_ref(), addresses.as_ref()];
        let [handler, request, addresses] = objects.map(|object| JValue::Object(object).as_jni());
        let (udp, reply) = (JValue::Bool(udp).as_jni(), JValue::Long(reply).as_jni());
        let void = ReturnType::Primitive(Primitive::Void);
        let arguments = [handler, request, addresses, udp, reply];
        // SAFETY: the method is one of this class, and takes a handler, two arrays of bytes, a boolean and a long.
        unsafe { env.call_static_method_unchecked(&self.class, self.begin, void, &arguments)? };
        Ok(())
    }

    /// The reply of this number is not wanted any more.
    pub(crate) fn cancel(&self, env: &mut Env, reply: jlong) -> Result<()> {
        let void = ReturnType::Primitive(Primitive::Void);
        let arguments = [JValue::Long(reply).as_jni()];
        // SAFETY: the method is one of this class, and takes a long.
        unsafe { env.call_static_method_unchecked(&self.class, self.cancel, void, &arguments)? };
        Ok(())
    }

    pub(crate) fn log(&self, env: &mut Env, level: jint, text: &JByteArray) -> Result<()> {
        let arguments = [JValue::Int(level).as_jni(), JValue::Object(text).as_jni()];
        let void = ReturnType::Primitive(Primitive::Void);
        // SAFETY: the method is one of this class, and takes an int and an array of bytes.
        unsafe { env.call_static_method_unchecked(&self.class, self.log, void, &arguments)? };
        Ok(())
    }
}

/// Looks for every class and method above, with the loader of `io.capsock`.
pub(crate) fn find(env: &mut Env, loader: &LoaderContext) -> Result<()> {
    let errors = env.find_class(jni_str!("io/capsock/Errors"))?;
    errors_exception(env, &errors)?;
    Upcalls::find(env)?;
    InputStreamAPI::get(env, loader)?;
    OutputStreamAPI::get(env, loader)?;
    DatagramPacketAPI::get(env, loader)?;
    Ok(())
}
