//! The PROXY protocol, versions 1 and 2: the header in which a proxy or a load balancer tells the addresses of the
//! connection or datagram that it forwards (haproxy.org, `proxy-protocol.txt`), and the networks from which a header is
//! believed.
//!
//! It has no sockets and allocates nothing while it reads, so that a forked child may use it.

mod binary;
mod crc32c;
mod header;
mod networks;
mod reader;
mod text;

pub(crate) use header::{Malformed, Progress, Proxied};
pub(crate) use networks::Networks;
pub(crate) use reader::HeaderReader;

#[cfg(any(test, fuzzing))]
pub(crate) mod reference_model;
