//! One connection to a server: its addresses, whether it can carry another request, and the errors about it.

use std::net::SocketAddr;

use crate::client::addresses::AddressPair;
use crate::client::operations::{ACCEPT_REPLY, CONNECT, GET_REPLY};
use crate::error::{Error, ErrorKind, Result};
use crate::framing::FrameError;
use crate::net::{Endpoint, Errno, Socket, WaitError, WaitOptions, connect, connect_unix};
use crate::netc;
use crate::unix_address::UnixAddress;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) addresses: AddressPair,
    /// The number of replies received on it.
    pub(super) replies: usize,
}

impl Connection {
    /// Connects to the first of the server's addresses that accepts, or to its Unix domain socket.
    pub(super) fn open(
        server: &Endpoint,
        server_addresses: &[SocketAddr],
        waiting: WaitOptions<'_>,
    ) -> Result<Connection> {
        if let Some(unix) = server.unix() {
            return Connection::open_unix(unix, waiting);
        }
        let (socket, peer) = connect(server_addresses, waiting)?;
        let failed = |errno| Error::os(errno, CONNECT).at(peer);
        let addresses = AddressPair::of(&socket, peer).map_err(|Errno(errno)| failed(errno))?;
        if addresses.is_self_connected() {
            return Err(failed(netc::ECONNREFUSED));
        }
        Ok(Connection { socket, addresses, replies: 0 })
    }

    fn open_unix(server: &UnixAddress, waiting: WaitOptions<'_>) -> Result<Connection> {
        let socket = connect_unix(server, waiting)?;
        let addresses = AddressPair::of_unix(&socket, server.clone())
            .map_err(|Errno(errno)| Error::os(errno, CONNECT).at(server))?;
        Ok(Connection { socket, addresses, replies: 0 })
    }

    /// Whether the connection is open in both directions, and after the first reply has nothing to receive:
    /// unsolicited data would be taken for the next reply. Data before the first request, such as a greeting of
    /// the server, does count as its reply.
    pub(super) fn is_usable(&self) -> bool {
        match self.socket.peek(&mut [0]) {
            Ok(0) => false,
            Ok(_) => self.replies == 0,
            Err(errno) => errno.would_block(),
        }
    }

    /// The error of a system call during a request.
    pub(super) fn os_error(&self, errno: Errno) -> Error {
        Error::os(errno.0, GET_REPLY).at(self.addresses.peer_text())
    }

    /// The error of a wait during a request.
    pub(super) fn wait_error(&self, error: WaitError) -> Error {
        self.socket.end_span_with(error).while_trying(GET_REPLY).at(self.addresses.peer_text())
    }

    /// The server closed the connection.
    pub(super) fn closed(&self, reason: &str) -> Error {
        Error::new(ErrorKind::ConnectionClosed, GET_REPLY, reason).at(self.addresses.peer_text())
    }

    /// A reply is not accepted. The limit is in bytes.
    pub(super) fn frame_error(&self, error: FrameError, max_reply: usize) -> Error {
        let (kind, reason) = match error {
            FrameError::TooLong => {
                (ErrorKind::TooLarge, format!("it is longer than the limit of {max_reply} bytes"))
            }
            FrameError::Malformed => (ErrorKind::Other, "its length is less than itself".to_owned()),
        };
        Error::new(kind, ACCEPT_REPLY, reason).at(self.addresses.peer_text())
    }
}
