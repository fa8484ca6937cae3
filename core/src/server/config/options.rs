//! The options of a server.

use std::fmt;
use std::sync::Arc;

use super::settings::ServerSettings;
use crate::choices::{Level, Transport};
use crate::net::fd::OwnedFd;
use crate::net::{Endpoint, Features};
use crate::server::log::Log;
use crate::service::{AsyncService, ContextService, Handler, Service};

/// The options of a server: the transport and the address to bind, the settings, the handler and the log.
///
/// Every setting has a default. The method of its name sets it and documents it.
///
/// ```
/// # use capsock::{Concurrency, Framing, Server};
/// # use std::time::Duration;
/// let server = Server::tcp(("localhost", 0))
///     .concurrency(Concurrency::Threads)
///     .framing(Framing::Line)
///     .handler(|request: &[u8]| request.to_ascii_lowercase())
///     .start()?;
/// server.stop(Duration::from_secs(1))?;
/// # Ok::<(), capsock::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until start() is called"]
pub struct ServerOptions {
    pub(in crate::server) transport: Transport,
    pub(in crate::server) endpoint: Endpoint,
    /// Those to serve on instead of the endpoint, if any.
    pub(in crate::server) sockets: Vec<Arc<OwnedFd>>,
    /// Whether it starts paused.
    pub(in crate::server) paused: bool,
    /// The settings that apply to any transport and address.
    pub settings: ServerSettings,
    /// The optional system calls that the server must not use.
    pub(in crate::server) without: Features,
    pub(in crate::server) handler: Option<Handler>,
    pub(in crate::server) log: Option<Log>,
}

impl ServerOptions {
    /// The default options for a transport and an address.
    pub fn new(transport: Transport, on: impl Into<Endpoint>) -> ServerOptions {
        ServerOptions {
            transport,
            endpoint: on.into(),
            sockets: Vec::new(),
            paused: false,
            settings: ServerSettings::default(),
            without: Features::NONE,
            handler: None,
            log: None,
        }
    }

    /// Whether the server starts [paused](crate::Server::pause()): its sockets are bound, and it takes no work before
    /// [`resume`](crate::Server::resume()). Default false.
    pub fn paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// The transport.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The same options for another transport and address.
    pub fn on(mut self, transport: Transport, on: impl Into<Endpoint>) -> Self {
        (self.transport, self.endpoint) = (transport, on.into());
        self
    }

    /// Excludes optional system calls: the server behaves as on a system that lacks them. The environment variable
    /// `CAPSOCK_WITHOUT` excludes further ones.
    pub fn without(mut self, features: Features) -> Self {
        self.without = self.without.union(features);
        self
    }

    /// Answers requests by this service instead of the built-in one.
    ///
    /// The requests of one TCP connection are answered in order, one at a time. Requests of different connections are
    /// answered concurrently: with `Events` by at most [`workers`](ServerOptions::workers()) threads, with `Threads`
    /// by one thread per connection. Datagrams are answered concurrently as well, those of one peer included, and
    /// their replies may be reordered.
    pub fn handler(self, handler: impl Service) -> Self {
        self.shared_handler(Arc::new(handler))
    }

    /// [`handler`](ServerOptions::handler()) for a service that the caller shares.
    pub fn shared_handler(mut self, handler: Arc<dyn Service>) -> Self {
        self.handler = Some(Handler::Plain(handler));
        self
    }

    /// [`handler`](ServerOptions::handler()) for a service that also takes the context of a request: who asks.
    ///
    /// For such a handler the server asks the system for both addresses of each connection, once. A connection that its
    /// peer has reset before it is accepted, so that it has no addresses, is closed.
    pub fn handler_with_context(self, handler: impl ContextService) -> Self {
        self.shared_handler_with_context(Arc::new(handler))
    }

    /// [`handler_with_context`](ServerOptions::handler_with_context()) for a service that the caller shares.
    pub fn shared_handler_with_context(mut self, handler: Arc<dyn ContextService>) -> Self {
        self.handler = Some(Handler::WithContext(handler));
        self
    }

    /// Answers requests by this service, which may complete a reply after its call, from any thread.
    ///
    /// Of the requests of one TCP connection, the next one is passed to it when the reply to the one before is sent. With
    /// `Events`, and over UDP, at most [`workers`](ServerOptions::workers()) requests are pending at the same time, 1,024
    /// if that is 0; with `Iterative` it is one. Further requests wait in the kernel. At most as many threads as there are
    /// processors call the service, except with `Threads` and `Iterative` over TCP: there the thread of a connection does,
    /// and waits for the reply.
    ///
    /// A stop waits for pending replies until its deadline. Then they are not wanted any more: see
    /// [`PendingReply::on_cancel`](crate::PendingReply::on_cancel). Contexts are as for
    /// [`handler_with_context`](ServerOptions::handler_with_context()).
    pub fn async_handler(self, handler: impl AsyncService) -> Self {
        self.shared_async_handler(Arc::new(handler))
    }

    /// [`async_handler`](ServerOptions::async_handler()) for a service that the caller shares.
    pub fn shared_async_handler(mut self, handler: Arc<dyn AsyncService>) -> Self {
        self.handler = Some(Handler::Async(handler));
        self
    }

    /// Calls `log` with each log line. It is called from the server's threads, concurrently.
    ///
    /// Without a log, lines are events of the program's `tracing` subscriber, with the target `capsock`. In a
    /// program without a subscriber, or if the crate is built without the feature `tracing`, they are written to
    /// standard error, each with the prefix `capsock: `.
    ///
    /// A line contains no control characters: where a handler's error quotes a request, they are escaped.
    pub fn log(mut self, log: impl Fn(Level, &str) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// Sets or removes the handler.
    pub fn set_handler(&mut self, handler: Option<Arc<dyn Service>>) {
        self.handler = handler.map(Handler::Plain);
    }

    /// Sets or removes the handler. The last handler that was set, of any kind, is the one that is called.
    pub fn set_handler_with_context(&mut self, handler: Option<Arc<dyn ContextService>>) {
        self.handler = handler.map(Handler::WithContext);
    }

    /// Sets or removes the handler. The last handler that was set, of any kind, is the one that is called.
    pub fn set_async_handler(&mut self, handler: Option<Arc<dyn AsyncService>>) {
        self.handler = handler.map(Handler::Async);
    }

    /// Sets or removes the log.
    pub fn set_log(&mut self, log: Option<Log>) {
        self.log = log;
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("transport", &self.transport)
            .field("endpoint", &self.endpoint)
            .field("concurrency", &self.settings.concurrency)
            .field("framing", &self.settings.framing)
            .finish_non_exhaustive()
    }
}
