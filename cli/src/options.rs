//! The arguments that are options of the core.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use capsock::{
    Concurrency, Endian, Framing, InterruptHook, ServerOptions, ServerSettings, TcpClientOptions, Transport,
    UdpClientOptions,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::escaped::Escaped;
use crate::mode::Mode;
use crate::port::port;
use crate::seconds::{Microseconds, Seconds};

#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// The name or IP address to listen on; an empty string means all addresses of the machine. `unix:PATH`
    /// is a Unix domain socket, `unix:@NAME` one of Linux's abstract names.
    #[arg(long, value_name = "HOST", default_value = capsock::DEFAULT_HOST)]
    pub(crate) host: String,
    /// The port to listen on; 0 selects a free port.
    #[arg(long, value_name = "PORT", value_parser = port, default_value_t = capsock::DEFAULT_PORT)]
    pub(crate) port: u16,
    /// The permissions of the file of a Unix domain socket, as for chmod(2): who may write to it may connect.
    /// 0 leaves them to the umask, with which it is most often the user alone. In octal, as for chmod.
    #[arg(long, value_name = "MODE", default_value_t = Mode(ServerSettings::default().socket_mode))]
    pub(crate) socket_mode: Mode,
    /// The concurrency model: whether threads, processes or event loops serve several clients at once.
    #[arg(long, value_name = "C", value_parser = concurrency(), default_value = ServerSettings::default().concurrency.name())]
    pub(crate) concurrency: Concurrency,
    /// The number of event loops. Over UDP, the number of threads or processes for each address that the
    /// server is bound to. 0 means one for each processor.
    #[arg(long, value_name = "N", default_value_t = ServerSettings::default().workers)]
    pub(crate) workers: usize,
    /// The maximum length of a request, in bytes: a line with its newline, a message without its length or
    /// with its delimiter, or a datagram.
    #[arg(long, value_name = "BYTES", default_value_t = ServerSettings::default().max_request)]
    pub(crate) max_request: usize,
    /// The networks of the proxies in front of the server, such as `10.0.0.0/8,::1`, or `any`. If one is
    /// given, each connection and each datagram has to come from it, and to begin with a header of the PROXY
    /// protocol.
    #[arg(long, value_name = "NETWORKS", default_value = "", hide_default_value = true)]
    pub(crate) proxy_protocol: String,
    /// The time for which an event loop, or over UDP any worker, polls for requests before it blocks. In
    /// microseconds.
    #[arg(long, value_name = "MICROSECONDS", allow_negative_numbers = true, default_value_t = Microseconds(ServerSettings::default().busy_poll))]
    pub(crate) busy_poll: Microseconds,
}

impl ServerArgs {
    pub(crate) fn options(&self, transport: Transport) -> ServerOptions {
        ServerOptions::new(transport, (self.host.as_str(), self.port))
            .socket_mode(self.socket_mode.0)
            .concurrency(self.concurrency)
            .workers(self.workers)
            .max_request(self.max_request)
            .proxy_protocol(self.proxy_protocol.clone())
            .busy_poll(self.busy_poll.0)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TcpServerArgs {
    /// How a TCP stream is divided into requests.
    #[arg(long, value_name = "F", value_parser = framing(), default_value = ServerSettings::default().framing.name())]
    pub(crate) framing: Framing,
    /// The number of bytes of the length before a message, an unsigned number.
    #[arg(long, value_name = "BYTES", default_value_t = ServerSettings::default().length_bytes)]
    pub(crate) length_bytes: u32,
    /// The order of the bytes of the length before a message.
    #[arg(long, value_name = "ORDER", value_parser = endian(), default_value = ServerSettings::default().length_endian.name())]
    pub(crate) length_endian: Endian,
    /// Whether the length before a message counts its own bytes beside those of the message.
    #[arg(long)]
    pub(crate) length_includes_itself: bool,
    /// The bytes that end a message. Escapes: \r, \n, \t, \0, \\ and \xHH.
    #[arg(long, value_name = "BYTES", default_value_t = Escaped(ServerSettings::default().delimiter))]
    pub(crate) delimiter: Escaped,
    /// The maximum number of connections that the kernel queues until they are accepted (listen(2)).
    #[arg(long, value_name = "N", default_value_t = ServerSettings::default().backlog)]
    pub(crate) backlog: u32,
    /// The maximum number of TCP connections served at once; a further one is closed immediately and counted
    /// as refused.
    #[arg(long, value_name = "N", default_value_t = ServerSettings::default().max_connections)]
    pub(crate) max_connections: usize,
    /// The maximum number of TCP connections served at once for one peer, which is an IPv4 address or a /64
    /// network of IPv6; a further one is closed immediately and counted. 0 sets no limit.
    #[arg(long, value_name = "N", default_value_t = ServerSettings::default().max_connections_per_peer)]
    pub(crate) max_connections_per_peer: usize,
    /// The time without incoming data after which a connection is closed. In seconds; `inf` sets no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(ServerSettings::default().idle_timeout))]
    pub(crate) idle_timeout: Seconds,
    /// The time after which a connection is closed if its peer receives nothing of the reply. In seconds;
    /// `inf` sets no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(ServerSettings::default().write_timeout))]
    pub(crate) write_timeout: Seconds,
    /// The time after which a connection is closed if the header of --proxy-protocol has not arrived. In
    /// seconds; `inf` sets no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(ServerSettings::default().proxy_header_timeout))]
    pub(crate) proxy_header_timeout: Seconds,
}

impl TcpServerArgs {
    pub(crate) fn set(&self, options: ServerOptions) -> ServerOptions {
        options
            .framing(self.framing)
            .length_bytes(self.length_bytes)
            .length_endian(self.length_endian)
            .length_includes_itself(self.length_includes_itself)
            .delimiter(self.delimiter.0.clone())
            .backlog(self.backlog)
            .max_connections(self.max_connections)
            .max_connections_per_peer(self.max_connections_per_peer)
            .idle_timeout(self.idle_timeout.0)
            .write_timeout(self.write_timeout.0)
            .proxy_header_timeout(self.proxy_header_timeout.0)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct UdpServerArgs {
    /// The maximum length of a UDP reply, as a multiple of the length of its request; a longer reply is
    /// counted and not sent. 0 sets no limit.
    #[arg(long, value_name = "TIMES", default_value_t = ServerSettings::default().max_amplification)]
    pub(crate) max_amplification: usize,
}

impl UdpServerArgs {
    pub(crate) fn set(&self, options: ServerOptions) -> ServerOptions {
        options.max_amplification(self.max_amplification)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TcpClientArgs {
    /// The time limit for resolving the name and connecting to one of its addresses. In seconds; `inf` sets
    /// no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(TcpClientOptions::default().connect_timeout))]
    pub(crate) connect_timeout: Seconds,
    /// The time limit for a request. In a call with many requests, it applies to each reply, counted from the
    /// reply before; in a copy, it applies to the time without progress. In seconds; `inf` sets no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(TcpClientOptions::default().timeout))]
    pub(crate) timeout: Seconds,
    /// The maximum length of a reply, in bytes, without its newline, length or delimiter.
    #[arg(long, value_name = "BYTES", default_value_t = TcpClientOptions::default().max_reply)]
    pub(crate) max_reply: usize,
    /// The framing of requests and replies: that of the server.
    #[arg(long, value_name = "F", value_parser = framing(), default_value = TcpClientOptions::default().framing.name())]
    pub(crate) framing: Framing,
    /// The number of bytes of the length before a message, an unsigned number.
    #[arg(long, value_name = "BYTES", default_value_t = TcpClientOptions::default().length_bytes)]
    pub(crate) length_bytes: u32,
    /// The order of the bytes of the length before a message.
    #[arg(long, value_name = "ORDER", value_parser = endian(), default_value = TcpClientOptions::default().length_endian.name())]
    pub(crate) length_endian: Endian,
    /// Whether the length before a message counts its own bytes beside those of the message.
    #[arg(long)]
    pub(crate) length_includes_itself: bool,
    /// The bytes that end a message. Escapes: \r, \n, \t, \0, \\ and \xHH.
    #[arg(long, value_name = "BYTES", default_value_t = Escaped(TcpClientOptions::default().delimiter))]
    pub(crate) delimiter: Escaped,
}

impl TcpClientArgs {
    pub(crate) fn options(&self, on_interrupt: InterruptHook) -> TcpClientOptions {
        TcpClientOptions {
            connect_timeout: self.connect_timeout.0,
            timeout: self.timeout.0,
            max_reply: self.max_reply,
            framing: self.framing,
            length_bytes: self.length_bytes,
            length_endian: self.length_endian,
            length_includes_itself: self.length_includes_itself,
            delimiter: self.delimiter.0.clone(),
            on_interrupt: Some(on_interrupt),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct UdpClientArgs {
    /// The time limit for resolving the name, and for each request including its retransmissions. In seconds;
    /// `inf` sets no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(UdpClientOptions::default().timeout))]
    pub(crate) timeout: Seconds,
    /// The time after which a request without a reply is sent again; it doubles with each retransmission (RFC
    /// 8085, 3.1.1). In seconds; with `inf` it is never sent again.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = Seconds(Some(UdpClientOptions::default().retransmit_after)))]
    pub(crate) retransmit_after: Seconds,
    /// The maximum number of times that a request is sent again.
    #[arg(long, value_name = "N", default_value_t = UdpClientOptions::default().retransmissions)]
    pub(crate) retransmissions: u32,
}

impl UdpClientArgs {
    pub(crate) fn options(&self, on_interrupt: InterruptHook) -> UdpClientOptions {
        UdpClientOptions {
            timeout: self.timeout.0,
            retransmit_after: self.retransmit_after.0.unwrap_or(Duration::MAX),
            retransmissions: self.retransmissions,
            on_interrupt: Some(on_interrupt),
        }
    }
}

fn concurrency() -> impl TypedValueParser<Value = Concurrency> {
    PossibleValuesParser::new(Concurrency::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())
}

fn framing() -> impl TypedValueParser<Value = Framing> {
    PossibleValuesParser::new(Framing::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())
}

fn endian() -> impl TypedValueParser<Value = Endian> {
    PossibleValuesParser::new(Endian::ALL.iter().map(|one| one.name())).try_map(|name| name.parse())
}
