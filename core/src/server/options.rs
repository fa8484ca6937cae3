//! What a server is asked to be, checked before it starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::features::Features;
use super::limits::Limits;
use super::listen::listen;
use super::shared::Shared;
use super::{Server, tcp, udp};
use crate::error::{Error, Result};
use crate::framing::Framing;
use crate::named::named;
use crate::net::{Endpoint, Errno, InterruptHook};
use crate::service::Service;

/// The transport protocol of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Transport {
    /// A reliable byte stream.
    Tcp = 0,
    /// Datagrams.
    Udp = 1,
}

/// How many clients are served at once, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i32)]
pub enum Concurrency {
    /// One at a time: accept, serve to the end, next. Over UDP: receive, reply, next.
    Iterative = 0,
    /// A thread for each TCP connection; over UDP a fixed set of threads on one port.
    Threads = 1,
    /// A process for each TCP connection; over UDP a fixed set of processes on one port. For the
    /// built-in service alone.
    Processes = 2,
    /// Event loops, one per worker.
    #[default]
    Events = 3,
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Level {
    /// Something that the operator may want to know or change: a limit met. Each limit is told of once a
    /// second at most; what a child of `Processes` meets is counted and not told.
    Warning = 1,
    /// A request failed: a handler's error.
    Error = 2,
}

named!(Transport, "transport", Tcp => "tcp", Udp => "udp");
named!(Concurrency, "concurrency", Iterative => "iterative", Threads => "threads", Processes => "processes", Events => "events");

/// Workers that are worth their memory on the largest machines.
const MAX_WORKERS: usize = 1_024;

/// The longest time that a loop may take a processor for itself without a request.
const MAX_BUSY_POLL: Duration = Duration::from_secs(1);

/// A sink for the lines that a server logs; called from its threads, several at once.
pub(crate) type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

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
    /// How clients are served.
    pub concurrency: Concurrency,
    /// Where a TCP request ends.
    pub framing: Framing,
    /// Event loops, or over UDP threads or processes; 0 takes one for each processor. How many handlers run at
    /// once with `Events`, and over UDP with `Threads`.
    pub workers: usize,
    /// Connections that the kernel holds until they are accepted.
    pub backlog: u32,
    /// TCP connections served at once; 0 is the default of the concurrency.
    pub max_connections: usize,
    /// The longest request, in bytes.
    pub max_request: usize,
    /// The longest UDP reply, in bytes for each byte of its request; 0 for no limit.
    pub max_amplification: usize,
    /// The longest silence on a connection; `None` for no limit.
    pub idle_timeout: Option<Duration>,
    /// The longest time in which a peer makes no room for more of its reply; `None` for no limit.
    pub write_timeout: Option<Duration>,
    /// How long whoever waits for requests looks again and again before it sleeps; zero for not at all.
    pub busy_poll: Duration,
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
            concurrency: Concurrency::default(),
            framing: Framing::default(),
            workers: 0,
            backlog: 1024,
            max_connections: 0,
            max_request: 1 << 20,
            max_amplification: 0,
            idle_timeout: Some(Duration::from_secs(300)),
            write_timeout: Some(Duration::from_secs(30)),
            busy_poll: Duration::ZERO,
            without: Features::NONE,
            handler: None,
            log: None,
        }
    }

    /// How clients are served. Default `Events`.
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Where a TCP request ends. Default `Stream`. Over UDP a datagram is a request.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Event loops, or over UDP threads or processes. 0, the default, takes one for each processor; 1,024 at most.
    /// Over UDP there are so many for each address that the host has: `localhost` has two.
    ///
    /// With a [`handler`](ServerOptions::handler()) it is how many requests it answers at once with `Events`, and over
    /// UDP with `Threads`: more than processors are of use to one that waits for something. Further requests wait in
    /// the kernel, and with TCP their senders; all else (accepting, limits, replies on their way, a stop) goes on.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Connections that the kernel holds until they are accepted (listen(2)); it takes
    /// `net.core.somaxconn` at most. Default 1,024.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = backlog;
        self
    }

    /// TCP connections served at once; a further one is closed at once and counted as refused.
    /// 0, the default: 1,024 for threads, 256 for processes, 65,536 for events. `Iterative` serves
    /// one and leaves the others in the backlog.
    pub fn max_connections(mut self, max_connections: usize) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// The longest request, in bytes: a line with its newline, a datagram. Default 1 MiB. In
    /// `Stream` framing it bounds nothing, since nothing is held.
    pub fn max_request(mut self, max_request: usize) -> Self {
        self.max_request = max_request;
        self
    }

    /// The longest UDP reply, in bytes for each byte of its request: a longer one is not sent, and counted. 0, the
    /// default, for no limit. Over TCP it bounds nothing.
    ///
    /// The source of a datagram may be forged, and its reply then goes to a victim: this is by how much a forger can
    /// multiply what is sent there. Upper case is three times as long as its request at most, which is what QUIC
    /// allows itself (RFC 9000, 8.1); a handler on an open network should have a limit. With one, an empty request
    /// gets an empty reply or none.
    pub fn max_amplification(mut self, max_amplification: usize) -> Self {
        self.max_amplification = max_amplification;
        self
    }

    /// A connection on which nothing comes for so long is closed; `None` for never. Default 5 min.
    pub fn idle_timeout(mut self, idle_timeout: Option<Duration>) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// A connection whose peer makes no room for more of its reply for so long is closed; `None` for never.
    /// Default 30 s. TCP tells of room in steps of a buffer's size, which a slow reader takes a while to make.
    pub fn write_timeout(mut self, write_timeout: Option<Duration>) -> Self {
        self.write_timeout = write_timeout;
        self
    }

    /// How long an event loop, and over UDP whoever receives, looks again and again before it sleeps: at most
    /// 1 s, whole microseconds. It takes the time to wake up off each reply, and a processor for itself while
    /// requests come in such short order. Zero, the default, for not at all.
    pub fn busy_poll(mut self, busy_poll: Duration) -> Self {
        self.busy_poll = busy_poll;
        self
    }

    /// Optional calls of the system that the server is to do without, as on a system that has not got them. The
    /// environment variable `CAPSOCK_WITHOUT` names more of them.
    pub fn without(mut self, features: Features) -> Self {
        self.without = self.without.and(features);
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

    /// Binds, and starts to serve: when this returns, clients can connect.
    ///
    /// # Errors
    /// `InvalidArgument` for options that do not go together (a handler with `Stream` framing or with
    /// `Processes`); `AddressInUse`, `AddressNotAvailable`,
    /// `NameNotResolved`, `PermissionDenied` and what else binding reports.
    pub fn start(self) -> Result<Server> {
        self.start_unless(None)
    }

    /// [`start`](ServerOptions::start), which a signal may interrupt while the host's addresses are looked for.
    ///
    /// # Errors
    /// `Interrupted` if a signal arrives and `on_interrupt` says so; those of `start`.
    pub fn start_unless(self, on_interrupt: Option<InterruptHook>) -> Result<Server> {
        self.check()?;
        let failed = |errno: Errno| Error::os(errno.0, "start the server");
        let sockets = listen(self.transport, &self.endpoint, self.backlog, on_interrupt)?;
        let limits = Limits {
            framing: self.framing,
            max_connections: self.connections_at_once(),
            max_request: self.max_request,
            max_amplification: self.max_amplification,
            idle_timeout: self.idle_timeout,
            write_timeout: self.write_timeout,
            busy_poll: self.busy_poll,
        };
        let unwanted = self.without.and(Features::unwanted_by_environment()?);
        let features = self.features_of_use().without(unwanted);
        let addresses = sockets.iter().map(|(_, address)| *address).collect();
        let shared =
            Arc::new(Shared::new(limits, features, self.handler.clone(), self.log.clone()).map_err(failed)?);
        let workers = self.workers_at_once();
        // From here on dropping the server ends whatever has been started.
        let (transport, concurrency) = (self.transport, self.concurrency);
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
        if self.max_request == 0 {
            return refuse("max_request is 0, so no request would be short enough", "give at least 1 byte");
        }
        for (name, limit) in [("idle_timeout", self.idle_timeout), ("write_timeout", self.write_timeout)] {
            if limit == Some(Duration::ZERO) {
                let why = format!("{name} is 0, so every connection would be closed at once");
                return refuse(&why, "give it time, or no limit");
            }
        }
        if self.busy_poll > MAX_BUSY_POLL {
            let why = format!("busy_poll is {} s, and 1 s is the most", self.busy_poll.as_secs_f64());
            return refuse(&why, "some 50 microseconds do most of what it can do");
        }
        if self.workers > MAX_WORKERS {
            let why = format!("{} workers are more than {MAX_WORKERS}", self.workers);
            return refuse(&why, "0 takes one for each processor");
        }
        if self.handler.is_none() {
            return Ok(());
        }
        if self.concurrency == Concurrency::Processes {
            let why = "a handler cannot run in forked processes, which may only do async-signal-safe work";
            return refuse(why, "choose the concurrency threads or events");
        }
        if self.transport == Transport::Tcp && self.framing == Framing::Stream {
            let why = "a handler needs requests, and a chunk of a stream is none";
            return refuse(why, "choose the framing line or once");
        }
        Ok(())
    }

    /// What the machine offers of what the engine has a use for.
    fn features_of_use(&self) -> Features {
        let batches = Features::RECVMMSG.and(Features::UDP_SEGMENT).and(Features::UDP_GRO);
        let useful = match (self.transport, self.concurrency) {
            (Transport::Udp, Concurrency::Events) if self.handler.is_none() => {
                Features::BLOCKING_RECEIVE.and(batches)
            }
            (Transport::Udp, _) | (Transport::Tcp, Concurrency::Iterative | Concurrency::Threads) => {
                Features::BLOCKING_RECEIVE
            }
            (Transport::Tcp, Concurrency::Processes | Concurrency::Events) => Features::NONE,
        };
        Features::of_this_machine().both(useful)
    }

    fn connections_at_once(&self) -> usize {
        match (self.max_connections, self.concurrency) {
            (0, Concurrency::Iterative) => 1,
            (0, Concurrency::Threads) => 1_024,
            (0, Concurrency::Processes) => 256,
            (0, Concurrency::Events) => 65_536,
            (given, _) => given,
        }
    }

    fn workers_at_once(&self) -> usize {
        match self.workers {
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
            .field("concurrency", &self.concurrency)
            .field("framing", &self.framing)
            .finish_non_exhaustive()
    }
}
