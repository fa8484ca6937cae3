//! The methods that set the options of a server that are plain values.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use super::options::ServerOptions;
use crate::choices::{Concurrency, Endian, Framing};

impl ServerOptions {
    /// The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may connect.
    /// 0 leaves them to the umask, with which it is most often the user alone. Default 0; range: 0 to 511,
    /// octal 777.
    ///
    /// It is refused without such a file: an abstract name has no permissions.
    pub fn socket_mode(mut self, socket_mode: u32) -> Self {
        self.settings.socket_mode = socket_mode;
        self
    }

    /// The concurrency model: whether threads, processes or event loops serve several clients at once.
    /// Default `Concurrency::Events`.
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.settings.concurrency = concurrency;
        self
    }

    /// How a TCP stream is divided into requests. Default `Framing::Stream`.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.settings.framing = framing;
        self
    }

    /// The number of bytes of the length before a message, an unsigned number. Default 4; range: 1, 2 or 4.
    ///
    /// It has no effect without `Framing::Length`. DNS over TCP has 2 bytes (RFC 7766, 8).
    pub fn length_bytes(mut self, length_bytes: u32) -> Self {
        self.settings.length_bytes = length_bytes;
        self
    }

    /// The order of the bytes of the length before a message. Default `Endian::Big`.
    ///
    /// It has no effect without `Framing::Length`.
    pub fn length_endian(mut self, length_endian: Endian) -> Self {
        self.settings.length_endian = length_endian;
        self
    }

    /// Whether the length before a message counts its own bytes beside those of the message. Default false.
    ///
    /// It has no effect without `Framing::Length`.
    pub fn length_includes_itself(mut self, length_includes_itself: bool) -> Self {
        self.settings.length_includes_itself = length_includes_itself;
        self
    }

    /// The bytes that end a message. Default CR LF; range: 1 to 255 bytes.
    ///
    /// It has no effect without the framing of this name. A message that contains the delimiter, or whose end
    /// together with it does, cannot be sent.
    pub fn delimiter(mut self, delimiter: impl Into<Vec<u8>>) -> Self {
        self.settings.delimiter = delimiter.into();
        self
    }

    /// The number of event loops. Over UDP, the number of threads or processes for each address that the
    /// server is bound to. 0 means one for each processor. Default 0; range: 0 to 1,024.
    ///
    /// It has no effect with `Concurrency::Iterative`, nor over TCP with `Concurrency::Threads` and
    /// `Concurrency::Processes`. With a handler and `Concurrency::Events`, and over UDP with
    /// `Concurrency::Threads`, it is the number of requests handled at the same time. If the handler blocks,
    /// more workers than processors are of use. If it is asynchronous, it is the number of requests pending
    /// at the same time, up to 65,536, and 0 means 1,024. Further requests wait in the kernel; they do not
    /// delay accepting, time limits, replies in progress or a stop.
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    /// The maximum number of connections that the kernel queues until they are accepted (listen(2)). Default
    /// 1,024.
    ///
    /// The kernel reduces it to `net.core.somaxconn`.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.settings.backlog = backlog;
        self
    }

    /// The maximum number of TCP connections served at once; a further one is closed immediately and counted
    /// as refused. Default 0.
    ///
    /// 0 means 1,024 with `Concurrency::Threads`, 256 with `Concurrency::Processes` and 65,536 with
    /// `Concurrency::Events`. `Concurrency::Iterative` serves one connection and leaves the others in the
    /// backlog.
    pub fn max_connections(mut self, max_connections: usize) -> Self {
        self.settings.max_connections = max_connections;
        self
    }

    /// The maximum number of TCP connections served at once for one peer, which is an IPv4 address or a /64
    /// network of IPv6; a further one is closed immediately and counted. 0 sets no limit. Default 0.
    ///
    /// All clients behind one address translator (NAT) are one peer, and so are those behind one proxy
    /// without `proxy_protocol`. It has no effect on a Unix domain socket.
    pub fn max_connections_per_peer(mut self, max_connections_per_peer: usize) -> Self {
        self.settings.max_connections_per_peer = max_connections_per_peer;
        self
    }

    /// The maximum length of a request, in bytes: a line with its newline, a message without its length or
    /// with its delimiter, or a datagram. Default 1,048,576; range: 1 and more.
    ///
    /// It has no effect with `Framing::Stream`, which buffers no request.
    pub fn max_request(mut self, max_request: usize) -> Self {
        self.settings.max_request = max_request;
        self
    }

    /// The maximum length of a UDP reply, as a multiple of the length of its request; a longer reply is
    /// counted and not sent. 0 sets no limit. Default 0.
    ///
    /// The source address of a datagram may be forged, and the reply is then sent to a victim: the limit is
    /// the factor by which an attacker can amplify traffic. The upper case of a request is at most three
    /// times as long as the request, a factor that QUIC permits as well (RFC 9000, 8.1). A handler on an open
    /// network should have a limit. With a limit, an empty request gets an empty reply or none.
    pub fn max_amplification(mut self, max_amplification: usize) -> Self {
        self.settings.max_amplification = max_amplification;
        self
    }

    /// The time without incoming data after which a connection is closed. `None` sets no limit. Default 300
    /// s; range: above 0.
    pub fn idle_timeout(mut self, idle_timeout: Option<Duration>) -> Self {
        self.settings.idle_timeout = idle_timeout;
        self
    }

    /// The time after which a connection is closed if its peer receives nothing of the reply. `None` sets no
    /// limit. Default 30 s; range: above 0.
    ///
    /// TCP acknowledgements free the send buffer in large steps, so that a slow peer may seem to receive
    /// nothing for some time.
    pub fn write_timeout(mut self, write_timeout: Option<Duration>) -> Self {
        self.settings.write_timeout = write_timeout;
        self
    }

    /// The networks of the proxies in front of the server, such as `10.0.0.0/8,::1`, or `any`. If one is
    /// given, each connection and each datagram has to come from it, and to begin with a header of the PROXY
    /// protocol. Default empty; range: IP addresses and networks with commas between them, or `any`.
    ///
    /// Over TCP the header is of version 1 or 2, over UDP of version 2 in each datagram. What has no valid
    /// header or comes from elsewhere is closed or discarded, and counted in `proxy_headers_rejected`. The
    /// header tells who the proxy's client is: the context of a request has its address, and
    /// `max_connections_per_peer` counts by it, which `Concurrency::Processes` refuses. Replies go to the
    /// proxy, without a header. A sender with an address of the list can claim any address; over UDP it can
    /// forge that one.
    pub fn proxy_protocol(mut self, proxy_protocol: impl Into<String>) -> Self {
        self.settings.proxy_protocol = proxy_protocol.into();
        self
    }

    /// The time after which a connection is closed if the header of `proxy_protocol` has not arrived. `None`
    /// sets no limit. Default 5 s; range: above 0.
    ///
    /// A connection whose header is due is closed after `idle_timeout` as well, even if a part of it has
    /// arrived. With `Concurrency::Iterative` no other client is served meanwhile.
    pub fn proxy_header_timeout(mut self, proxy_header_timeout: Option<Duration>) -> Self {
        self.settings.proxy_header_timeout = proxy_header_timeout;
        self
    }

    /// The time for which an event loop, or over UDP any worker, polls for requests before it blocks. Default
    /// 0; range: 0 to 1 s.
    ///
    /// Polling avoids the latency of a wake-up, and uses a whole processor as long as requests arrive within
    /// this time of each other. With 0, a worker blocks at once.
    pub fn busy_poll(mut self, busy_poll: Duration) -> Self {
        self.settings.busy_poll = busy_poll;
        self
    }

    /// Whether the time of each call of the handler is counted in a histogram, which the text of OpenMetrics
    /// then contains. Default false.
    ///
    /// Reading the clock twice and adding to two counters takes some 50 to 100 ns for each call. The built-in
    /// service is not timed.
    pub fn handler_latency(mut self, handler_latency: bool) -> Self {
        self.settings.handler_latency = handler_latency;
        self
    }
}
