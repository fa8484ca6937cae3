//! A connected socket on a local port that no recent request was sent from.

use std::net::SocketAddr;

use super::ports::{ATTEMPTS, RecentPorts};
use crate::client::addresses::AddressPair;
use crate::client::operations::CONNECT;
use crate::error::{Error, Result};
use crate::net::{Errno, Socket};

/// A socket that sends to one address and receives from no other.
pub(super) struct ConnectedSocket {
    pub(super) socket: Socket,
    pub(super) addresses: AddressPair,
}

impl ConnectedSocket {
    /// Opens a socket on a port that was not used recently, if the system offers one.
    pub(super) fn open(address: SocketAddr, ports: &mut RecentPorts) -> Result<ConnectedSocket> {
        let open = || {
            let socket = Socket::datagram(&address)?;
            socket.connect(&address)?;
            Ok(ConnectedSocket { addresses: AddressPair::of(&socket, address)?, socket })
        };
        // These stay open, so that the system does not offer their ports again.
        let mut rejected = Vec::new();
        loop {
            match open() {
                Ok(socket)
                    if !socket.addresses.is_self_connected()
                        && ports.insert(socket.addresses.local.port()) =>
                {
                    return Ok(socket);
                }
                Ok(socket) if rejected.len() < ATTEMPTS => rejected.push(socket),
                // The system has few ports, or the process has few descriptors.
                _ if !rejected.is_empty() => {
                    ports.clear();
                    rejected.clear();
                }
                Ok(_) => {}
                Err(Errno(errno)) => return Err(Error::os(errno, CONNECT).at(address)),
            }
        }
    }

    /// Whether neither a datagram, which would be taken for the next reply, nor an error is queued.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.socket.receive(&mut [0]), Err(errno) if errno.would_block())
    }
}
