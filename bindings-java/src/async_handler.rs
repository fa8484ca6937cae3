//! A Java handler that returns a `CompletionStage` as the core's asynchronous service.
//!
//! Java knows a pending reply by its number, which finds nothing once the reply is completed.

use std::sync::Arc;

use capsock::{AsyncService, HandlerError, PendingReply, RequestContext, Transport};
use jni::objects::{JByteArray, JObject};
use jni::refs::Global;
use jni::sys::jlong;
use jni::{Env, NativeMethod, native_method};

use crate::attach::with_java;
use crate::bytes::{encoded, from_java};
use crate::failure::{Failure, Throw};
use crate::handles::Table;
use crate::java::{AsyncContextHandler, Upcalls};

static REPLIES: Table<PendingReply> = Table::new("reply");

pub(crate) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn reply_complete(reply: jlong, bytes: jbyte[]) },
    native_method! { error_policy = Throw, fn reply_fail(reply: jlong) },
];

/// Calls an `io.capsock.AsyncContextHandler`.
pub(crate) struct JavaAsyncHandler {
    pub(crate) handler: Global<AsyncContextHandler<'static>>,
    pub(crate) upcalls: Arc<Upcalls>,
}

impl AsyncService for JavaAsyncHandler {
    fn call(&self, request: &[u8], context: &RequestContext, reply: PendingReply) {
        let udp = context.transport() == Transport::Udp;
        let number = REPLIES.insert(reply);
        let begun = with_java(|env| {
            let request = env.byte_array_from_slice(request)?;
            let addresses = env.byte_array_from_slice(&encoded(&[context.peer(), context.local()]))?;
            self.upcalls.begin(env, &self.handler, &request, &addresses, udp, number)
        });
        if let Err(error) = begun {
            if let Some(reply) = REPLIES.remove(number) {
                reply.fail(HandlerError(format!("the handler could not be called: {error}")));
            }
        } else if let Ok(reply) = REPLIES.get(number) {
            let upcalls = Arc::clone(&self.upcalls);
            reply.on_cancel(move || {
                drop(REPLIES.remove(number));
                // A machine that is going down has nobody to tell.
                let _ = with_java(|env| upcalls.cancel(env, number));
            });
        }
    }
}

/// It has no effect if the reply is completed, or not wanted any more.
fn reply_complete(env: &mut Env, _: JObject, reply: jlong, bytes: JByteArray) -> Result<(), Failure> {
    let bytes = from_java(env, &bytes)?;
    if let Some(reply) = REPLIES.remove(reply) {
        reply.complete(bytes);
    }
    Ok(())
}

/// As `reply_complete`. Upcalls.java keeps the exception, for the line of the log.
fn reply_fail(_: &mut Env, _: JObject, reply: jlong) -> Result<(), Failure> {
    if let Some(reply) = REPLIES.remove(reply) {
        reply.fail(HandlerError("the handler failed with an exception".to_owned()));
    }
    Ok(())
}
