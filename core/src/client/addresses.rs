//! The local and remote address of a client's socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::net::{Errno, Socket};
use crate::unix_address::{NO_ADDRESS, UnixAddress};

/// Both addresses of a connected socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AddressPair {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    /// Those of a Unix domain socket, which has no others.
    pub(super) unix: Option<Arc<UnixPair>>,
}

/// Both addresses of a connected Unix domain socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnixPair {
    pub(super) local: UnixAddress,
    pub(super) peer: UnixAddress,
}

impl AddressPair {
    /// The addresses of a socket that is connected to `peer`.
    pub(super) fn of(socket: &Socket, peer: SocketAddr) -> Result<AddressPair, Errno> {
        Ok(AddressPair { local: socket.local_addr()?, peer, unix: None })
    }

    /// The addresses of a Unix domain socket that is connected to `peer`.
    pub(super) fn of_unix(socket: &Socket, peer: UnixAddress) -> Result<AddressPair, Errno> {
        let unix = Some(Arc::new(UnixPair { local: socket.local_unix()?, peer }));
        Ok(AddressPair { local: NO_ADDRESS, peer: NO_ADDRESS, unix })
    }

    /// The peer's address, for the text of an error.
    pub(super) fn peer_text(&self) -> String {
        self.unix.as_ref().map_or_else(|| self.peer.to_string(), |unix| unix.peer.to_string())
    }

    /// Whether the socket is connected to itself. On the loopback interface the system may choose the
    /// destination port as the source port: no server listens on it, and the socket receives its own data.
    pub(super) fn is_self_connected(&self) -> bool {
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
