//! The local and remote address of a client's socket.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use crate::net::{Errno, Socket};

/// Both addresses of a connected socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AddressPair {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl AddressPair {
    /// The addresses of a socket that is connected to `peer`.
    pub(super) fn of(socket: &Socket, peer: SocketAddr) -> Result<AddressPair, Errno> {
        Ok(AddressPair { local: socket.local_addr()?, peer })
    }

    /// Whether the socket is connected to itself. On the loopback interface the system may choose the
    /// destination port as the source port: no server listens on it, and the socket receives its own data.
    pub(super) fn is_self_connected(self) -> bool {
        self.local == self.peer
    }
}

/// The addresses of a client's current socket, or of its last one. Reading them does not wait for the client's
/// lock, so it does not wait for a request in progress.
#[derive(Debug)]
pub(super) struct CurrentAddresses(Mutex<AddressPair>);

impl CurrentAddresses {
    pub(super) fn new(pair: AddressPair) -> CurrentAddresses {
        CurrentAddresses(Mutex::new(pair))
    }

    pub(super) fn set(&self, pair: AddressPair) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pair;
    }

    pub(super) fn get(&self) -> AddressPair {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
