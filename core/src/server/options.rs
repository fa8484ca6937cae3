//! What a server is asked to be, checked before it starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::features::Features;
use super::listen::listen;
use super::settings::ServerSettings;
use super::shared::Shared;
use super::{Server, tcp, udp};
use crate::choices::{Concurrency, Framing, Level, Transport};
use crate::error::{Error, Result};
use crate::net::{Endpoint, Errno, InterruptHook};
use crate::service::Service;

/// Workers that are worth their memory on the largest machines.
const MAX_WORKERS: usize = 1_024;

/// The longest time that a loop may take a processor for itself without a request.
const MAX_BUSY_POLL: Duration = Duration::from_secs(1);

/// A sink for the lines that a server logs; called from its threads, several at once.
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// The options of a server, each with a default that suits a server on a desk. Each is set by the
/// method of its name, which says what it means.
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
    pub(super) transport: Transport,
    pub(super) endpoint: Endpoint,
    /// The values that are the same for every transport and address. The methods of their names set them.
    pub settings: ServerSettings,
    /// Optional calls of the system that the server is to do without.
    pub(super) without: Features,
    pub(super) handler: Option<Arc<dyn Service>>,
    pub(super) log: Option<Log>,
}

impl ServerOptions {
    /// The default options for a transport and an address.
    pub fn new(transport: Transport, on: impl Into<Endpoint>) -> ServerOptions {
        ServerOptions {
            transport,
            endpoint: on.into(),
            settings: ServerSettings::default(),
            without: Features::NONE,
            handler: None,
            log: None,
        }
    }

    /// The same options for another transport and address.
    pub fn on(mut self, transport: Transport, on: impl Into<Endpoint>) -> Self {
        (self.transport, self.endpoint) = (transport, on.into());
        self
    }

    /// Optional calls of the system that the server is to do without, as on a system that has not got them. The
    /// environment variable `CAPSOCK_WITHOUT` names more of them.
    pub fn without(mut self, features: Features) -> Self {
        self.without = self.without.union(features);
        self
    }

    /// Replies by this service instead of upper-casing.
    ///
    /// The requests of one TCP connection are answered one after another, in their order; those of different
    /// connections at the same time, by [`workers`](ServerOptions::workers()) threads at most with `Events`, and by one
    /// for each connection with `Threads`. Datagrams are answered at the same time too, also those of one peer,
    /// whose replies may overtake each other.
    pub fn handler(self, handler: impl Service) -> Self {
        self.shared_handler(Arc::new(handler))
    }

    /// The same for a service that the caller keeps a share of.
    pub fn shared_handler(mut self, handler: Arc<dyn Service>) -> Self {
        self.handler = Some(handler);
        self
    }

    /// Where log lines go. Default: to the program's `tracing` subscriber, as events with the target `capsock`;
    /// in a program that has none to standard error, one line each, behind `capsock: `. A line has no control
    /// characters: those of a request that a handler's error quotes are escaped.
    pub fn log(mut self, log: impl Fn(Level, &str) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// What [`shared_handler`](ServerOptions::shared_handler()) sets, or none.
    pub fn set_handler(&mut self, handler: Option<Arc<dyn Service>>) {
        self.handler = handler;
    }

    /// What [`log`](ServerOptions::log()) sets, or none.
    pub fn set_log(&mut self, log: Option<Log>) {
        self.log = log;
    }

    /// Binds, and starts to serve: when this returns, clients can connect.
    ///
    /// # Errors
    /// `InvalidArgument` for options that do not go together (a handler with `Stream` framing or with
    /// `Processes`); `AddressInUse`, `AddressNotAvailable`,
    /// `NameNotResolved`, `PermissionDenied` and what else binding reports.
    pub fn start(self) -> Result<Server> {
        self.start_interruptible(None)
    }

    /// [`start`](ServerOptions::start), which a signal may interrupt while the host's addresses are looked for.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` says so; those of `start`.
    pub fn start_interruptible(self, on_interrupt: Option<InterruptHook>) -> Result<Server> {
        self.check()?;
        let failed = |errno: Errno| Error::os(errno.0, "start the server");
        let sockets = listen(self.transport, &self.endpoint, self.settings.backlog, on_interrupt)?;
        let mut limits = self.settings.clone();
        limits.max_connections = self.connections_at_once();
        let unwanted = self.without.union(Features::unwanted_by_environment()?);
        let features = self.features_of_use().without(unwanted);
        let addresses = sockets.iter().map(|(_, address)| *address).collect();
        let shared =
            Arc::new(Shared::new(limits, features, self.handler.clone(), self.log.clone()).map_err(failed)?);
        let workers = self.workers_at_once();
        // From here on dropping the server ends whatever has been started.
        let (transport, concurrency) = (self.transport, self.settings.concurrency);
        let server = Server { shared: Arc::clone(&shared), addresses, transport, concurrency };
        let starting = shared.keep_alive();
        let started = match transport {
            Transport::Tcp => tcp::start(&shared, concurrency, sockets, workers),
            Transport::Udp => udp::start(&shared, concurrency, sockets, workers),
        };
        drop(starting);
        started.map_err(failed)?;
        Ok(server)
    }

    fn check(&self) -> Result<()> {
        let refuse = |why: &str, advice: &str| Err(Error::invalid("start the server", why).advise(advice));
        if self.settings.max_request == 0 {
            return refuse("max_request is 0, so no request would be short enough", "give at least 1 byte");
        }
        for (name, limit) in
            [("idle_timeout", self.settings.idle_timeout), ("write_timeout", self.settings.write_timeout)]
        {
            if limit == Some(Duration::ZERO) {
                let why = format!("{name} is 0, so every connection would be closed at once");
                return refuse(&why, "give it time, or no limit");
            }
        }
        if self.settings.busy_poll > MAX_BUSY_POLL {
            let why =
                format!("busy_poll is {} s, and 1 s is the most", self.settings.busy_poll.as_secs_f64());
            return refuse(&why, "some 50 microseconds do most of what it can do");
        }
        if self.settings.workers > MAX_WORKERS {
            let why = format!("{} workers are more than {MAX_WORKERS}", self.settings.workers);
            return refuse(&why, "0 takes one for each processor");
        }
        if self.handler.is_none() {
            return Ok(());
        }
        if self.settings.concurrency == Concurrency::Processes {
            let why = "a handler cannot run in forked processes, which may only do async-signal-safe work";
            return refuse(why, "choose the concurrency threads or events");
        }
        if self.transport == Transport::Tcp && self.settings.framing == Framing::Stream {
            let why = "a handler needs requests, and a chunk of a stream is none";
            return refuse(why, "choose the framing line or once");
        }
        Ok(())
    }

    /// What the machine offers of what the engine has a use for.
    fn features_of_use(&self) -> Features {
        let batches = Features::RECVMMSG.union(Features::UDP_SEGMENT).union(Features::UDP_GRO);
        let useful = match (self.transport, self.settings.concurrency) {
            (Transport::Udp, Concurrency::Events) if self.handler.is_none() => {
                Features::BLOCKING_RECEIVE.union(batches)
            }
            (Transport::Udp, _) | (Transport::Tcp, Concurrency::Iterative | Concurrency::Threads) => {
                Features::BLOCKING_RECEIVE
            }
            (Transport::Tcp, Concurrency::Processes | Concurrency::Events) => Features::NONE,
        };
        Features::of_this_machine().intersection(useful)
    }

    fn connections_at_once(&self) -> usize {
        match (self.settings.max_connections, self.settings.concurrency) {
            (0, Concurrency::Iterative) => 1,
            (0, Concurrency::Threads) => 1_024,
            (0, Concurrency::Processes) => 256,
            (0, Concurrency::Events) => 65_536,
            (given, _) => given,
        }
    }

    fn workers_at_once(&self) -> usize {
        match self.settings.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            given => given,
        }
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
