//! What the reply to a request is: upper case, unless the caller gives a handler.
//!
//! A service knows no sockets and no connections; it is called from whichever thread serves the
//! request, from several at once.

use std::fmt;

use crate::uppercase::uppercase_into;

/// Answers requests: `bytes -> bytes`.
///
/// Over UDP a request is one datagram; over TCP it is what the [`Framing`](crate::Framing) says,
/// with its newline where `Line` found one. Any `Fn(&[u8]) -> Vec<u8>` is a service.
///
/// The threads have the host's signals blocked, and a process that a service starts inherits that:
/// unblock them there if it is to end by a signal.
///
/// A service that fails, by an error or by a panic, costs that one request: it is logged and
/// counted, the TCP connection is closed or the UDP request left without a reply, and the server
/// goes on.
pub trait Service: Send + Sync + 'static {
    /// Appends the reply to `request` to the end of `reply`.
    ///
    /// # Errors
    /// The reason, for the log, why this request gets no reply.
    fn reply(&self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), HandlerError>;

    /// Called where several requests wait: `answer` calls [`reply`](Service::reply) for one after another, on this
    /// thread, until they are through or have taken a millisecond, and makes no system call on a socket. A
    /// service that has to take a lock for each request, as an interpreter's, takes it here once.
    ///
    /// As it is provided, it calls `answer` and does nothing else.
    fn batch(&self, answer: &mut dyn FnMut()) {
        answer();
    }
}

/// Why a handler gave no reply: text for the log, which has it on one line: a newline and other control characters,
/// as a request that it quotes may have, are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerError(pub String);

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HandlerError {}

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
