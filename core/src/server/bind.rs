//! Binding: from a host and a port to the sockets of a server.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::Type;

use crate::choices::Transport;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{self, Endpoint, Errno, InterruptHook, Purpose, Socket, SocketFile, WaitPolicy};
use crate::server::config::ServerSettings;
use crate::unix_address::{NO_ADDRESS, UnixAddress};

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

/// A socket of the server, and the address that it is bound to.
type Bound = (Socket, SocketAddr);

/// The size of the send buffer of a datagram server on a Unix domain socket, in bytes, as far as the system permits it: what
/// its clients have not received is in it.
const UNIX_SEND_BUFFER: usize = 1 << 20;

/// Binds a Unix domain socket, which has no IP address. Its file, if it has one, is removed when it is dropped.
pub(super) fn bind_unix(
    transport: Transport,
    address: &UnixAddress,
    settings: &ServerSettings,
) -> Result<(Vec<Bound>, Option<SocketFile>)> {
    let kind = match transport {
        Transport::Tcp => Type::STREAM,
        Transport::Udp => Type::DGRAM,
    };
    let (socket, file) = net::bind_unix(kind, address, settings.socket_mode, |socket| match transport {
        Transport::Tcp => socket.listen(settings.backlog),
        Transport::Udp => socket.set_send_buffer(UNIX_SEND_BUFFER),
    })?;
    Ok((vec![(socket, NO_ADDRESS)], file))
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
