//! Binding: from a host and a port to the sockets of a server.

use std::net::SocketAddr;
use std::time::Duration;

use crate::choices::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Endpoint, Errno, InterruptHook, Purpose, Socket, WaitPolicy};

/// The limit of the resolution of the host name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// The number of ports tried with port 0, if the port chosen for one address is in use on another.
const PORT_ATTEMPTS: usize = 32;

/// Binds a socket to each address of the endpoint, all with one port. Returns the sockets with the addresses that they
/// are bound to.
///
/// Addresses that this machine does not have are left out if it has another one: `localhost` is bound on IPv4 and IPv6,
/// and on IPv4 alone where there is no IPv6.
pub(super) fn bind(
    transport: Transport,
    endpoint: &Endpoint,
    backlog: u32,
    on_interrupt: Option<InterruptHook>,
) -> Result<Vec<(Socket, SocketAddr)>> {
    let policy = WaitPolicy { timeout: Some(RESOLVE_TIMEOUT), on_interrupt };
    let addresses =
        endpoint.addresses(Purpose::Bind, policy).map_err(|error| error.with_timeout(policy.timeout))?;
    let mut attempt = 1;
    loop {
        match bind_all(transport, &addresses, backlog) {
            // With port 0 the system chooses a port for the first address, which may be in use on the second.
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

fn bind_all(
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
            // Accepted connections inherit it.
            socket.set_nodelay()?;
            socket.bind(address)?;
            socket.listen(backlog)?;
            Ok(socket)
        }
        Transport::Udp => {
            let socket = Socket::datagram(address)?;
            socket.prepare_to_serve();
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
    Error::os(errno.0, "serve on").at(address).advise_on_port(address)
}
