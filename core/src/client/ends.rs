//! The addresses of a client's socket, told without waiting for a turn.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use crate::net::{Errno, Socket};

/// A socket's two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl Pair {
    pub(super) fn of(socket: &Socket, peer: SocketAddr) -> Result<Pair, Errno> {
        Ok(Pair { local: socket.local_addr()?, peer })
    }

    /// Loopback can connect a socket to itself, if the system picks the very port that is asked:
    /// nobody listens there, and what is sent would come back as if it were the reply.
    pub(super) fn is_itself(self) -> bool {
        self.local == self.peer
    }
}

/// The addresses of the socket in use, or of the last one.
#[derive(Debug)]
pub(super) struct Ends(Mutex<Pair>);

impl Ends {
    pub(super) fn new(pair: Pair) -> Ends {
        Ends(Mutex::new(pair))
    }

    pub(super) fn set(&self, pair: Pair) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pair;
    }

    pub(super) fn get(&self) -> Pair {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
