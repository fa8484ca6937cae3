//! Binding: from a host and port to the sockets that serve it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use crate::choices::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Endpoint, Errno, InterruptHook, Purpose, Socket, WaitPolicy};

/// The sockets that a TCP server listens on. Whoever has the last share of them, or stops first, closes the
/// door: connections are refused from then on, also if a process that the host forked off has the
/// sockets as well.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<Socket>);

impl Listeners {
    pub(super) fn new(sockets: Vec<Socket>) -> Listeners {
        Listeners(sockets)
    }

    pub(super) fn close_the_door(&self) {
        for socket in &self.0 {
            let _ = socket.stop_listening();
        }
    }
}

impl Deref for Listeners {
    type Target = [Socket];

    fn deref(&self) -> &[Socket] {
        &self.0
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.close_the_door();
    }
}

/// How long the system may take to find the host's addresses.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often another port is tried where one that is free for one address is taken for the next.
const PORT_ATTEMPTS: usize = 32;

/// A socket for each address of the endpoint, all on one port, with the addresses that they have.
///
/// A name with several addresses is served on all of them that this machine has: `localhost` on
/// IPv4 and IPv6, and on IPv4 alone where there is no IPv6.
pub(super) fn listen(
    transport: Transport,
    endpoint: &Endpoint,
    backlog: u32,
    on_interrupt: Option<InterruptHook>,
) -> Result<Vec<(Socket, SocketAddr)>> {
    let policy = WaitPolicy { timeout: Some(RESOLVE_TIMEOUT), on_interrupt };
    let addresses =
        endpoint.addresses(Purpose::Bind, policy).map_err(|error| error.within(policy.timeout))?;
    let mut attempt = 1;
    loop {
        match listen_on_all(transport, &addresses, backlog) {
            // With port 0 the first address picks a port, which may be taken for the second.
            Err(error)
                if error.kind() == ErrorKind::AddressInUse
                    && endpoint.port() == 0
                    && attempt < PORT_ATTEMPTS =>
            {
                attempt += 1;
            }
            other => return other,
        }
    }
}

fn listen_on_all(
    transport: Transport,
    addresses: &[SocketAddr],
    backlog: u32,
) -> Result<Vec<(Socket, SocketAddr)>> {
    let mut sockets: Vec<(Socket, SocketAddr)> = Vec::with_capacity(addresses.len());
    let mut missing = None;
    for address in addresses {
        let mut address = *address;
        if let Some((_, first)) = sockets.first() {
            address.set_port(first.port());
        }
        match open(transport, &address, backlog) {
            Ok(socket) => {
                let bound = socket.local_addr().map_err(|errno| failed(errno, &address))?;
                sockets.push((socket, bound));
            }
            Err(errno) => {
                let error = failed(errno, &address);
                if error.kind() != ErrorKind::AddressNotAvailable {
                    return Err(error);
                }
                missing.get_or_insert(error);
            }
        }
    }
    match missing {
        Some(error) if sockets.is_empty() => Err(error),
        _ => Ok(sockets),
    }
}

fn open(transport: Transport, address: &SocketAddr, backlog: u32) -> std::result::Result<Socket, Errno> {
    match transport {
        Transport::Tcp => {
            let socket = Socket::stream(address)?;
            socket.set_reuse_address()?;
            // The connections have it from their listener.
            socket.set_nodelay()?;
            socket.bind(address)?;
            socket.listen(backlog)?;
            Ok(socket)
        }
        Transport::Udp => {
            let socket = Socket::datagram(address)?;
            socket.set_recv_ttl(address.is_ipv6())?;
            if address.ip().is_unspecified() {
                socket.set_recv_pktinfo(address.is_ipv6())?;
            }
            socket.bind(address)?;
            Ok(socket)
        }
    }
}

fn failed(errno: Errno, address: &SocketAddr) -> Error {
    let error = Error::os(errno.0, "serve on").at(address);
    if error.kind() == ErrorKind::PermissionDenied && address.port() < 1024 {
        return error.advise("ports below 1024 are the administrator's; take a higher one");
    }
    error
}
