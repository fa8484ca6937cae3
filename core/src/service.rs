//! The service of a server: the reply to a request. It is upper case, unless the caller has a handler.
//!
//! A service has no access to sockets or connections. It is called from the threads of the server, concurrently.

mod handler_error;
mod pending_reply;

use std::sync::Arc;

pub use self::handler_error::HandlerError;
pub use self::pending_reply::PendingReply;
pub(crate) use self::pending_reply::{CancelCallback, Completion};

use crate::request_context::RequestContext;
use crate::uppercase::uppercase_into;

/// Answers requests: `bytes -> bytes`.
///
/// Over UDP a request is one datagram. Over TCP it is defined by the [`Framing`](crate::Framing): it includes the
/// newline of a line, but neither a length nor a delimiter. Any `Fn(&[u8]) -> Vec<u8>` is a service.
///
/// Signals are blocked in the threads that call it. A process that it starts inherits the signal mask, and has to
/// unblock the signals that are to end it.
///
/// A service that fails, by an error or by a panic, affects that request only: the failure is logged and counted, the
/// TCP connection is closed or the UDP request gets no reply, and the server continues.
pub trait Service: Send + Sync + 'static {
    /// Appends the reply to `request` to the end of `reply`.
    ///
    /// # Errors
    /// Why this request gets no reply, for the log.
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError>;

    /// Called if several requests are queued. `answer` calls [`reply`](Service::reply) for one after another, on the
    /// calling thread, until all are answered or a millisecond has passed. It makes no system call on a socket. A
    /// service that takes a lock for each request, such as an interpreter's, takes it once here.
    ///
    /// The provided method calls `answer`.
    fn batch(&self, answer: &mut dyn FnMut()) {
        answer();
    }
}

/// Answers requests, given their context: `bytes, context -> bytes`.
///
/// As a [`Service`] in everything else. Any `Fn(&[u8], &RequestContext) -> Vec<u8>` is one.
///
/// ```
/// # use capsock::{Framing, RequestContext, Server};
/// let server = Server::tcp(("localhost", 0))
///     .framing(Framing::Line)
///     .handler_with_context(|request: &[u8], context: &RequestContext| {
///         eprintln!("{} asks", context.peer());
///         request.to_ascii_uppercase()
///     })
///     .start()?;
/// # Ok::<(), capsock::Error>(())
/// ```
pub trait ContextService: Send + Sync + 'static {
    /// Appends the reply to `request` to the end of `reply`.
    ///
    /// # Errors
    /// Why this request gets no reply, for the log.
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError>;

    /// As [`Service::batch`].
    fn batch(&self, answer: &mut dyn FnMut()) {
        answer();
    }
}

/// Answers requests asynchronously: the reply may be completed after the call, by any thread.
///
/// The server holds no thread for a request whose reply is pending, except with `Threads` and `Iterative` over TCP, which
/// have a thread for each connection. Any `Fn(&[u8], &RequestContext, PendingReply)` is an asynchronous service.
///
/// What holds for the replies of a [`Service`] holds for these. A call that panics fails its request.
///
/// ```
/// # use capsock::{Framing, PendingReply, RequestContext, Server, TcpClient};
/// # use std::thread;
/// let server = Server::tcp(("localhost", 0))
///     .framing(Framing::Line)
///     .async_handler(|request: &[u8], _: &RequestContext, reply: PendingReply| {
///         let request = request.to_vec();
///         // An executor's `spawn` in a real program.
///         thread::spawn(move || reply.complete(request.to_ascii_uppercase()));
///     })
///     .start()?;
/// # assert_eq!(TcpClient::connect(server.local_addr())?.request("hello")?, "HELLO");
/// # Ok::<(), capsock::Error>(())
/// ```
pub trait AsyncService: Send + Sync + 'static {
    /// Begins to answer `request`: completes `reply`, or has it completed later. It should return soon; a thread of the
    /// server calls it.
    fn call(&self, request: &[u8], context: &RequestContext, reply: PendingReply);

    /// The server has stopped: it makes no more calls, and no reply is wanted. Called once, by the last thread of the
    /// server, before a stop returns. If the server could not be started, it may not be called.
    ///
    /// The provided method does nothing.
    fn stopped(&self) {}
}

/// A handler of any kind. The kind decides whether the server has the contexts of requests, which cost it two system
/// calls for each connection.
#[derive(Clone)]
pub(crate) enum Handler {
    Plain(Arc<dyn Service>),
    WithContext(Arc<dyn ContextService>),
    Async(Arc<dyn AsyncService>),
}

impl Handler {
    pub(crate) fn takes_context(&self) -> bool {
        matches!(self, Handler::WithContext(_) | Handler::Async(_))
    }

    /// `context` is given if the handler takes one.
    pub(crate) fn reply(
        &self,
        request: &[u8],
        context: Option<&RequestContext>,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        match (self, context) {
            (Handler::Plain(service), _) => service.reply(request, reply),
            (Handler::WithContext(service), Some(context)) => service.reply(request, context, reply),
            (Handler::WithContext(_), None) => Err(HandlerError("the request has no context".to_owned())),
            // The engines begin a call instead.
            (Handler::Async(_), _) => Err(HandlerError("the handler is asynchronous".to_owned())),
        }
    }

    pub(crate) fn batch(&self, answer: &mut dyn FnMut()) {
        match self {
            Handler::Plain(service) => service.batch(answer),
            Handler::WithContext(service) => service.batch(answer),
            Handler::Async(_) => answer(),
        }
    }
}

/// The built-in service: the request in upper case, by [`uppercase`](crate::uppercase()).
#[derive(Debug, Clone, Copy, Default)]
pub struct Uppercase;

impl Service for Uppercase {
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        uppercase_into(request, reply);
        Ok(())
    }
}

impl<F> Service for F
where
    F: Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
{
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError> {
        reply.extend_from_slice(&self(request));
        Ok(())
    }
}

impl<F> ContextService for F
where
    F: Fn(&[u8], &RequestContext) -> Vec<u8> + Send + Sync + 'static,
{
    fn reply(
        &self,
        request: &[u8],
        context: &RequestContext,
        reply: &mut Vec<u8>,
    ) -> Result<(), HandlerError> {
        reply.extend_from_slice(&self(request, context));
        Ok(())
    }
}

impl<F> AsyncService for F
where
    F: Fn(&[u8], &RequestContext, PendingReply) + Send + Sync + 'static,
{
    fn call(&self, request: &[u8], context: &RequestContext, reply: PendingReply) {
        self(request, context, reply);
    }
}
