//! Binding: from a host and a port to the sockets of a server.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::Type;

use crate::choices::Transport;
use crate::error::{Error, Result};
use crate::net::{self, Endpoint, Errno, InterruptHook, Socket, SocketFile, WaitPolicy};
use crate::server::config::ServerSettings;
use crate::unix_address::{NO_ADDRESS, UnixAddress};

/// The limit of the resolution of the host name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// A socket of the server, and the address that it is bound to.
type Bound = (Socket, SocketAddr);

/// Binds a socket to each address of the endpoint that this machine has, all with one port.
pub(super) fn bind(
    transport: Transport,
    endpoint: &Endpoint,
    backlog: u32,
    on_interrupt: Option<InterruptHook>,
) -> Result<Vec<Bound>> {
    let policy = WaitPolicy { timeout: Some(RESOLVE_TIMEOUT), on_interrupt };
    endpoint.bind_each(policy, |address| {
        let bound = open(transport, address, backlog).and_then(|socket| {
            let local = socket.local_addr()?;
            Ok((socket, local))
        });
        bound.map_err(|errno| failed(errno, address))
    })
}

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
