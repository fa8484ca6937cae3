//! Sockets, servers and clients for the programs of the classic socket-programming lecture
//! (Kurose & Ross, *Computer Networking: A Top-Down Approach*, 2.7): a client sends text, and a
//! server replies with the text in upper case, over UDP and TCP.
//!
//! The crate implements all behaviour of capsock and depends on no other language; the C, Python and
//! Java packages and the `capsock` command translate its types, errors and lifetimes. It is not a
//! general asynchronous runtime: a server here is a request-reply server with one of four
//! [`Concurrency`] models, and a client sends one request at a time, or many in one call.
//!
//! ```
//! use capsock::{Concurrency, Server, TcpClient};
//!
//! let server = Server::tcp(("127.0.0.1", 0)).concurrency(Concurrency::Threads).start()?;
//! assert_eq!(TcpClient::connect(server.local_addr())?.request("hello")?, "HELLO");
//! # Ok::<(), capsock::Error>(())
//! ```
//!
//! # Cargo features
//!
//! - `trace` (default): [`trace`] records socket calls.
//! - `tracing` (default): log lines of a server without a log of its own are events of the program's `tracing`
//!   subscriber. Without the feature, or without a subscriber, they are written to standard error.
//!
//! # Systems
//!
//! Linux is tested. macOS and FreeBSD compile; their backend is tested on Linux, by `--cfg capsock_portable`. Windows is tested by
//! wine. None of these has [`Concurrency::Processes`]. Where a system refuses an optional call there is a way round it: see [`Features`].

#[cfg(not(any(target_os = "linux", target_vendor = "apple", target_os = "freebsd", windows)))]
compile_error!("capsock needs Linux, macOS, FreeBSD or Windows");

mod choices;
mod client;
mod error;
mod framing;
mod kinds;
mod named;
pub mod net;
mod netc;
mod proxy_protocol;
mod request_context;
mod server;
mod service;
pub mod trace;
mod unix_address;
mod uppercase;

pub use choices::{Concurrency, Endian, Framing, Level, Transport};
pub use client::{Copied, TcpClient, TcpClientOptions, UdpClient, UdpClientOptions, reply_text};
pub use error::{Error, ErrorKind, Result};
#[doc(inline)]
pub use net::Features;
#[doc(hidden)]
pub use net::{Endpoint, InterruptHook, write_without_signals};
pub use request_context::RequestContext;
pub use server::{
    DEFAULT_DRAIN_TIMEOUT, DEFAULT_STOP_TIMEOUT, Log, Server, ServerOptions, ServerSettings, Stats,
    StopReport,
};
pub use service::{AsyncService, ContextService, HandlerError, PendingReply, Service, Uppercase};
pub use unix_address::UnixAddress;
pub use uppercase::{UppercaseStream, uppercase, uppercase_ascii};

/// Private functions for the fuzz targets. They are not part of the interface.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    use crate::framing::reference_model::{ModelFrame, check, check_framed};

    /// Compares the splitter, with the frame that `number` and `delimiter` choose, with its reference model; and what
    /// it makes of each piece as a payload.
    pub fn framing(
        (number, delimiter): (u8, &[u8]),
        pieces: &[&[u8]],
        longest: usize,
        batch: usize,
        preallocated: bool,
    ) {
        let model = ModelFrame::chosen(number, delimiter);
        check(&model, pieces, longest, batch, preallocated);
        pieces.iter().for_each(|payload| check_framed(&model, payload));
    }

    /// Compares the reader of a header of the PROXY protocol with its reference model.
    pub fn proxy_header(pieces: &[&[u8]]) {
        crate::proxy_protocol::reference_model::check(pieces);
    }

    /// The names of the sockets that systemd's variables pass to the process `own`; `None` if they are refused.
    #[cfg(unix)]
    pub fn systemd_variables(
        pid: Option<&str>,
        fds: Option<&str>,
        names: Option<&str>,
        own: i32,
    ) -> Option<Vec<String>> {
        crate::net::names_passed(pid, fds, names, own).ok()
    }

    /// Compares an exchange on one connection with its reference model.
    pub fn exchange(
        framing: crate::Framing,
        (number, delimiter): (u8, &[u8]),
        pieces: &[&[u8]],
        longest: usize,
        handled: bool,
        preallocated: bool,
    ) {
        crate::server::check_exchange(framing, (number, delimiter), pieces, longest, handled, preallocated);
    }
}

/// The default port of servers and clients: the textbook's.
pub const DEFAULT_PORT: u16 = 12000;

/// The default host of servers: this machine alone, over IPv4 and IPv6.
pub const DEFAULT_HOST: &str = "localhost";

/// The version of this library, `major.minor.patch`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of Unicode that [`uppercase`](crate::uppercase()) implements. It does not depend on the Rust compiler
/// that built the library.
pub const UNICODE_VERSION: (u8, u8, u8) = uppercase::UNICODE_VERSION;
