//! The methods that set the options of a server that are plain values.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use super::options::ServerOptions;
use crate::choices::{Concurrency, Framing};

impl ServerOptions {
    /// How many clients are served at once, and by what. Default `Concurrency::Events`.
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.settings.concurrency = concurrency;
        self
    }

    /// Where a request ends in a TCP stream. Default `Framing::Stream`.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.settings.framing = framing;
        self
    }

    /// The number of event loops, or over UDP of threads or processes, for each address of the host; 0 starts
    /// one for each processor. Default 0; range: 0 to 1,024.
    ///
    /// With a handler, it is the number of requests that are answered at the same time, with
    /// `Concurrency::Events`, and over UDP with `Concurrency::Threads`. A handler that waits for something
    /// makes use of more workers than there are processors. Further requests wait in the kernel; accepting,
    /// limits, replies in progress and a stop go on.
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    /// The number of connections that the kernel holds until they are accepted (listen(2)). Default 1,024.
    ///
    /// The kernel holds no more than `net.core.somaxconn`.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.settings.backlog = backlog;
        self
    }

    /// The number of TCP connections served at once; a further one is closed at once and counted as refused.
    /// Default 0.
    ///
    /// 0 is 1,024 with `Concurrency::Threads`, 256 with `Concurrency::Processes` and 65,536 with
    /// `Concurrency::Events`. `Concurrency::Iterative` serves one and leaves the others in the backlog.
    pub fn max_connections(mut self, max_connections: usize) -> Self {
        self.settings.max_connections = max_connections;
        self
    }

    /// The number of TCP connections served at once for one peer, which is an IPv4 address or an IPv6 network
    /// of 64 bits; a further one is closed at once and counted. 0 sets no limit. Default 0.
    ///
    /// Clients behind one address translator (NAT) are one peer, and so are all clients behind a proxy.
    pub fn max_connections_per_peer(mut self, max_connections_per_peer: usize) -> Self {
        self.settings.max_connections_per_peer = max_connections_per_peer;
        self
    }

    /// The length of the longest request, in bytes: a line with its newline, or a datagram. Default
    /// 1,048,576; range: 1 and more.
    ///
    /// It has no effect with `Framing::Stream`, where nothing is held.
    pub fn max_request(mut self, max_request: usize) -> Self {
        self.settings.max_request = max_request;
        self
    }

    /// The length of the longest UDP reply, as a multiple of the length of its request; a longer one is not
    /// sent, and counted. 0 sets no limit. Default 0.
    ///
    /// The source address of a datagram may be forged, and its reply then reaches a victim: this is the
    /// factor by which a forger can multiply the traffic. Upper case is three times as long as its request at
    /// most, which QUIC allows itself too (RFC 9000, 8.1). A handler on an open network should have a limit.
    /// With one, an empty request gets an empty reply or none.
    pub fn max_amplification(mut self, max_amplification: usize) -> Self {
        self.settings.max_amplification = max_amplification;
        self
    }

    /// The time after which a connection on which nothing arrives is closed. `None` sets no limit. Default
    /// 300 s; range: above 0.
    pub fn idle_timeout(mut self, idle_timeout: Option<Duration>) -> Self {
        self.settings.idle_timeout = idle_timeout;
        self
    }

    /// The time after which a connection whose peer receives nothing of its reply is closed. `None` sets no
    /// limit. Default 30 s; range: above 0.
    ///
    /// TCP reports progress in steps of a buffer's size, so that a slow peer may take a while to make any.
    pub fn write_timeout(mut self, write_timeout: Option<Duration>) -> Self {
        self.settings.write_timeout = write_timeout;
        self
    }

    /// The time for which an event loop, or over UDP any worker, polls for requests before it blocks. Default
    /// 0; range: 0 to 1 s.
    ///
    /// It takes the time of a wake-up off each reply, and keeps a processor busy while requests arrive at
    /// such short intervals. 0 blocks at once.
    pub fn busy_poll(mut self, busy_poll: Duration) -> Self {
        self.settings.busy_poll = busy_poll;
        self
    }
}
