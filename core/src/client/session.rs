//! What a protocol supplies to the generic client.

use std::net::SocketAddr;
use std::time::Duration;

use super::addresses::{AddressPair, CurrentAddresses};
use super::many::OnReply;
use crate::error::Result;
use crate::net::{Endpoint, InterruptHook, WaitOptions};

/// The options that the client of every protocol has.
pub(super) struct CommonOptions {
    /// The time limit for resolving the name and opening the session.
    pub(super) connect_timeout: Option<Duration>,
    /// The time limit for a request.
    pub(super) timeout: Option<Duration>,
    pub(super) on_interrupt: Option<InterruptHook>,
}

/// What a session knows of the client that it belongs to.
pub(super) struct Context<O> {
    /// The server as the caller named it.
    pub(super) server: Endpoint,
    /// The addresses of that name, in the order in which they are tried; at least one, but none of a Unix domain socket.
    pub(super) server_addresses: Vec<SocketAddr>,
    pub(super) options: O,
    /// The session writes the addresses of each socket here, before it sends a request.
    pub(super) addresses: CurrentAddresses,
}

/// The sockets and buffers with which a client makes its requests, and which one request leaves to the next.
///
/// The client calls one method at a time. The deadline of `waiting` is that of the request.
pub(super) trait Session: Sized {
    type Options;

    fn common(options: &Self::Options) -> CommonOptions;

    /// Checks the options before the name is resolved.
    fn check_options(server: &Endpoint, options: &Self::Options) -> Result<()>;

    /// Opens a socket to one of the addresses, or to the server's Unix domain socket.
    fn open(
        server: &Endpoint,
        server_addresses: &[SocketAddr],
        waiting: WaitOptions<'_>,
    ) -> Result<(Self, AddressPair)>;

    /// Checks a request before the client's lock is acquired.
    fn check_request(context: &Context<Self::Options>, request: &[u8]) -> Result<()>;

    /// Sends a request and returns its reply.
    fn exchange(
        &mut self,
        context: &Context<Self::Options>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<Vec<u8>>;

    /// Sends at least one request and passes each reply to `on_reply`. Each request has the time limit of its own
    /// that the protocol documents. Errors, but for those of `on_reply`, have the progress in their text.
    fn exchange_many<T: AsRef<[u8]>>(
        &mut self,
        context: &Context<Self::Options>,
        requests: &[T],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()>;
}
