//! What the Rust peers share.
use std::io::Write;
use std::net::SocketAddr;

/// What a peer is asked to serve, and the size of its receive buffer.
pub struct Job {
    pub mode: String,
    pub buffer: usize,
}

/// Reads the arguments: MODE BUFFER.
pub fn job() -> Job {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().expect("a mode: tcp, udp...");
    let buffer = arguments.next().and_then(|size| size.parse().ok()).unwrap_or(65_536);
    Job { mode, buffer }
}

/// Tells the runner the port.
pub fn ready(address: SocketAddr) {
    let mut out = std::io::stdout();
    writeln!(out, "{}", address.port()).and_then(|()| out.flush()).expect("the runner reads");
}
