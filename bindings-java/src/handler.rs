//! A Java handler as the core's service, and Java's logger as the core's log.

use std::sync::Arc;

use capsock::{ContextService, HandlerError, Level, RequestContext, Service, Transport};
use jni::Env;
use jni::errors::Result as JavaResult;
use jni::objects::JByteArray;
use jni::refs::Global;

use crate::attach::with_java;
use crate::bytes::{encoded, encoded_unix};
use crate::java::{ContextHandler, Handler, Upcalls};

/// Asks an `io.capsock.Handler`.
pub(crate) struct JavaHandler {
    pub(crate) handler: Global<Handler<'static>>,
    pub(crate) upcalls: Arc<Upcalls>,
}

impl Service for JavaHandler {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        ask(request, reply, |env, request| self.upcalls.handle(env, &self.handler, request))
    }
}

/// Asks an `io.capsock.ContextHandler`.
pub(crate) struct JavaContextHandler {
    pub(crate) handler: Global<ContextHandler<'static>>,
    pub(crate) upcalls: Arc<Upcalls>,
}

impl ContextService for JavaContextHandler {
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        let udp = context.transport() == Transport::Udp;
        ask(request, reply, |env, request| {
            let unix = (encoded_unix(context.unix_peer()), encoded_unix(context.unix_local()));
            let addresses = match unix {
                (Some(peer), Some(local)) => [peer, local].concat(),
                _ => encoded(&[context.peer(), context.local()]),
            };
            let told = [context.proxied_source(), context.proxied_destination()].into_iter().flatten();
            let told: Vec<_> = told.collect();
            let addresses = env.byte_array_from_slice(&[addresses, encoded(&told)].concat())?;
            self.upcalls.handle_with_context(env, &self.handler, request, &addresses, udp)
        })
    }
}

/// Appends what `call` returns for a request, null if the handler failed.
fn ask(
    request: &[u8],
    reply: &mut Vec<u8>,
    call: impl for<'local> FnOnce(&mut Env<'local>, &JByteArray) -> JavaResult<JByteArray<'local>>,
) -> Result<(), HandlerError> {
    let answer = with_java(|env| {
        let request = env.byte_array_from_slice(request)?;
        let answer = call(env, &request)?;
        if answer.is_null() { Ok(None) } else { env.convert_byte_array(&answer).map(Some) }
    });
    match answer {
        Ok(Some(answer)) => reply.extend_from_slice(&answer),
        // Upcalls.java keeps the exception, for the line of the log that this error becomes.
        Ok(None) => return Err(HandlerError("the handler threw an exception".to_owned())),
        Err(error) => return Err(HandlerError(format!("the handler could not be called: {error}"))),
    }
    Ok(())
}

/// Writes a line to the System.Logger `io.capsock`.
pub(crate) fn log(upcalls: &Upcalls, level: Level, text: &str) {
    // A logger that throws, or a machine that is going down, leaves nowhere to tell it.
    let _ = with_java(|env| {
        let text = env.byte_array_from_slice(text.as_bytes())?;
        upcalls.log(env, level as i32, &text)
    });
}
