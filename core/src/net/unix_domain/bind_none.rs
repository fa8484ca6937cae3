//! What stands for the file of a server's socket where there are no Unix domain sockets.

use socket2::Type;

use crate::error::{Error, ErrorKind, Result};
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::unix_address::UnixAddress;

/// There is none.
#[derive(Debug)]
pub(crate) struct SocketFile(std::convert::Infallible);

impl SocketFile {
    pub(crate) fn keep(&self) {
        match self.0 {}
    }

    pub(crate) fn remove(&self) {
        match self.0 {}
    }
}

/// # Errors
/// `Unsupported`.
pub(crate) fn bind_unix(
    _: Type,
    address: &UnixAddress,
    _: u32,
    _: impl FnOnce(&Socket) -> std::result::Result<(), Errno>,
) -> Result<(Socket, Option<SocketFile>)> {
    address.to_system("serve on")?;
    Err(Error::new(ErrorKind::Unsupported, "serve on", "this system has none").at(address))
}
