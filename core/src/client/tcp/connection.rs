//! One connection to a server, and whether it can be used again.

use std::net::SocketAddr;

use super::super::ends::Pair;
use crate::error::{Error, Result};
use crate::net::{Errno, Socket, WaitOptions, connect};

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) ends: Pair,
    /// How many requests have been answered on it. One that ends after the first was a server's that
    /// closes after each reply, or after some time.
    pub(super) answers: usize,
}

impl Connection {
    pub(super) fn open(addresses: &[SocketAddr], waiting: WaitOptions<'_>) -> Result<Connection> {
        let (socket, peer) = connect(addresses, waiting)?;
        let failed = |errno| Error::os(errno, "connect to").at(peer);
        let ends = Pair::of(&socket, peer).map_err(|Errno(errno)| failed(errno))?;
        if ends.is_itself() {
            return Err(failed(libc::ECONNREFUSED));
        }
        Ok(Connection { socket, ends, answers: 0 })
    }

    /// Neither ended nor broken; and once it has answered a request, with nothing to receive: what
    /// came unasked would be taken for the next reply. A server that speaks first is what it is.
    pub(super) fn is_usable(&self) -> bool {
        match self.socket.peek(&mut [0]) {
            Ok(0) => false,
            Ok(_) => self.answers == 0,
            Err(errno) => errno.would_block(),
        }
    }

    /// An error about this connection. `tried` continues "could not".
    pub(super) fn failed(&self, errno: Errno, tried: &str) -> Error {
        Error::os(errno.0, tried).at(self.ends.peer)
    }
}
