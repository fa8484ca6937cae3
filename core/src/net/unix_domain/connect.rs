//! The sockets of clients.

use std::time::Duration;

use socket2::Type;

use crate::error::{Error, ErrorKind, Result};
use crate::net::socket::Socket;
use crate::net::sys::Errno;
use crate::net::wait::{Deadline, WaitOptions, no_interest, wait_for};
use crate::net::wait_error::WaitError;
use crate::netc;
use crate::unix_address::UnixAddress;

const CONNECT: &str = "connect to";

/// The pauses between the attempts at a server whose backlog is full: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Connects a stream. While the backlog of the server is full, which connect(2) reports at once (EAGAIN), it is tried again
/// until the deadline.
pub(crate) fn connect_unix(address: &UnixAddress, wait: WaitOptions<'_>) -> Result<Socket> {
    let name = address.to_system(CONNECT)?;
    let mut pause = FIRST_PAUSE;
    loop {
        let socket = Socket::unix(Type::STREAM).map_err(|errno| connect_error(errno, address))?;
        match socket.connect_unix(&name) {
            Ok(()) => return Ok(socket),
            Err(Errno(netc::EINTR)) => {}
            Err(errno) if errno.would_block() => {
                let next = Deadline::after(Some(pause));
                match wait_for(&mut [no_interest()], wait.with_deadline(wait.deadline.earlier(next))) {
                    Err(WaitError::TimedOut) if !wait.deadline.passed() => {}
                    Err(WaitError::TimedOut) => {
                        let why = "the time allowed ran out, and its backlog is full";
                        return Err(Error::new(ErrorKind::TimedOut, CONNECT, why).at(address));
                    }
                    Err(error) => return Err(error.while_trying(CONNECT).at(address)),
                    Ok(()) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(errno) => return Err(connect_error(errno, address)),
        }
    }
}

/// The error of a connect, with what to try.
fn connect_error(errno: Errno, address: &UnixAddress) -> Error {
    let error = Error::os(errno.0, CONNECT).at(address);
    match errno {
        Errno(netc::ENOENT | netc::ECONNREFUSED) => {
            error.of_kind(ErrorKind::ConnectionRefused).advise("is a server running on that socket?")
        }
        Errno(netc::EPROTOTYPE) => {
            error.advise("its server has the other transport: tcp is a stream, udp datagrams")
        }
        Errno(netc::EACCES | netc::EPERM) => {
            error.advise("this user needs permission to write to the socket and to search its directory")
        }
        _ => error,
    }
}

/// A datagram socket that is connected to a server, and bound, so that the server can reply: to a name of Linux's choice,
/// elsewhere to a file in the folder for temporary files.
pub(crate) fn open_unix_client(address: &UnixAddress) -> Result<(Socket, Option<ClientFile>)> {
    let name = address.to_system(CONNECT)?;
    let failed = |errno| connect_error(errno, address);
    let socket = Socket::unix(Type::DGRAM).map_err(failed)?;
    let file = bind_client(&socket)?;
    socket.connect_unix(&name).map_err(failed)?;
    Ok((socket, file))
}

pub(crate) use client_name::ClientFile;
use client_name::bind_client;

#[cfg(all(target_os = "linux", not(capsock_portable)))]
mod client_name {
    use socket2::SockAddr;

    use super::*;

    /// There is no file.
    #[derive(Debug)]
    pub(crate) struct ClientFile(std::convert::Infallible);

    /// Linux chooses a name for a socket that is bound to none (autobind of unix(7)).
    pub(crate) fn bind_client(socket: &Socket) -> Result<Option<ClientFile>> {
        let none = SockAddr::unix("").map_err(|error| Error::invalid(CONNECT, error.to_string()))?;
        socket.bind_unix(&none).map_err(|errno| Error::os(errno.0, "bind the client's socket"))?;
        Ok(None)
    }
}

#[cfg(not(all(target_os = "linux", not(capsock_portable))))]
mod client_name {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::net::sys::process_id;

    /// How many names are tried, of which other processes with the same number, in other containers, may have some.
    const ATTEMPTS: u64 = 1_000;

    /// The file of a client's socket. Dropping it removes the file.
    #[derive(Debug)]
    pub(crate) struct ClientFile(PathBuf);

    impl Drop for ClientFile {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    /// Binds a path that no file has.
    pub(crate) fn bind_client(socket: &Socket) -> Result<Option<ClientFile>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let operation = "bind the client's socket";
        for _ in 0..ATTEMPTS {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("capsock-{}-{number}", process_id()));
            let address = UnixAddress::from_path(path.clone());
            match socket.bind_unix(&address.to_system(operation)?) {
                Ok(()) => return Ok(Some(ClientFile(path))),
                Err(Errno(netc::EADDRINUSE)) => {}
                Err(errno) => return Err(Error::os(errno.0, operation).at(address)),
            }
        }
        Err(Error::os(netc::EADDRINUSE, operation))
    }
}
