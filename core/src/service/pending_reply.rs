//! A reply that is given after the handler has returned, from any thread.

use std::fmt;
use std::sync::Arc;

use super::handler_error::HandlerError;

/// Called if a reply is not wanted any more.
pub(crate) type CancelCallback = Box<dyn FnOnce() + Send>;

/// Takes the outcome of a request. The server implements it.
pub(crate) trait Completion: Send + Sync {
    /// Returns whether this is the first outcome, and the request still waits for it.
    fn complete(&self, outcome: Result<Vec<u8>, HandlerError>) -> bool;

    /// The reply is dropped, completed or not.
    fn dropped(&self);

    fn is_wanted(&self) -> bool;

    fn on_cancel(&self, callback: CancelCallback);
}

/// The reply of an [`AsyncService`](crate::AsyncService) to one request, which is completed once: during the call, or
/// later, by any thread.
///
/// Each method may be called at any time, also after the server has stopped; what comes after the first completion has
/// no effect. Dropping it without a completion fails the request.
pub struct PendingReply(Arc<dyn Completion>);

impl PendingReply {
    pub(crate) fn new(completion: Arc<dyn Completion>) -> PendingReply {
        PendingReply(completion)
    }

    /// Gives the reply. Returns `false`, with no effect, if the request is completed already or its reply is not
    /// [wanted](PendingReply::is_wanted) any more.
    pub fn complete(&self, reply: impl Into<Vec<u8>>) -> bool {
        self.0.complete(Ok(reply.into()))
    }

    /// Fails the request, as a [`Service`](crate::Service) that returns the error does: it is logged, by the calling
    /// thread, and counted. Returns `false` as [`complete`](PendingReply::complete) does.
    pub fn fail(&self, why: HandlerError) -> bool {
        self.0.complete(Err(why))
    }

    /// Whether the request is not completed and its reply would be sent: its connection is open, and no stop has reached
    /// its deadline.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    /// Has `callback` called, once, if the reply is not wanted any more before the request is completed: at the deadline
    /// of a stop, or if the connection breaks. It replaces an earlier callback. If the reply is not wanted already, it is
    /// called at once; if the request is completed, never.
    ///
    /// Otherwise a thread of the server calls it, which sends replies as well: it should return soon. A completion by
    /// another thread may run at the same time.
    pub fn on_cancel(&self, callback: impl FnOnce() + Send + 'static) {
        self.0.on_cancel(Box::new(callback));
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        self.0.dropped();
    }
}

impl fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingReply").field("is_wanted", &self.is_wanted()).finish()
    }
}
