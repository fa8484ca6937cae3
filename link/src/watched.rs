//! The link's sockets: non-blocking, recorded by the trace, and watched by one poller.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::rc::Rc;
use std::time::{Duration, Instant};

use capsock::net::{
    BlockingSocket, Endpoint, Errno, Family, Kind, Purpose, SocketCall, WaitError, WaitPolicy,
};
use capsock::{Error, ErrorKind, Result};
use polling::{Event, Events, PollMode, Poller};
use socket2::SockRef;

/// Calls that do not wait.
pub(crate) const AT_ONCE: WaitPolicy = WaitPolicy::NONBLOCKING;

/// The limit of the resolution of a name.
const RESOLVE_LIMIT: Duration = Duration::from_secs(30);

/// What a socket's buffer is asked to hold, so that a burst waits there: the system gives what it allows.
const BUFFER: usize = 4 << 20;

/// How long a wait is at most, so that a stop is noticed.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// A socket that a poller watches until it is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    socket: BlockingSocket,
    poller: Rc<Poller>,
    key: usize,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Input, again and again.
    Input,
    /// What [`Watched::once`] names, once.
    Once { readable: bool, writable: bool },
}

impl Watched {
    pub(crate) fn new(
        socket: BlockingSocket,
        poller: &Rc<Poller>,
        key: usize,
        watch: Watch,
    ) -> io::Result<Watched> {
        let (event, mode) = match watch {
            Watch::Input => (Event::readable(key), PollMode::Level),
            Watch::Once { readable, writable } => (Event::new(key, readable, writable), PollMode::Oneshot),
        };
        // SAFETY: the socket is removed from the poller when this value, which owns both, is dropped, and is closed
        // after that; nobody else closes it.
        unsafe { poller.add_with_mode(&socket, event, mode)? };
        Ok(Watched { socket, poller: Rc::clone(poller), key })
    }

    /// Waits for this once.
    pub(crate) fn once(&self, readable: bool, writable: bool) -> io::Result<()> {
        self.poller.modify(borrowed(&self.socket), Event::new(self.key, readable, writable))
    }

    /// Waits for input again and again, or for nothing.
    pub(crate) fn set_input(&self, on: bool) -> io::Result<()> {
        let event = if on { Event::readable(self.key) } else { Event::none(self.key) };
        self.poller.modify_with_mode(borrowed(&self.socket), event, PollMode::Level)
    }

    /// Closing it resets the connection.
    pub(crate) fn reset_on_close(&self) {
        set(&self.socket, |socket| socket.set_linger(Some(Duration::ZERO)));
    }
}

impl Deref for Watched {
    type Target = BlockingSocket;

    fn deref(&self) -> &BlockingSocket {
        &self.socket
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.poller.delete(borrowed(&self.socket));
    }
}

#[cfg(unix)]
fn borrowed(socket: &BlockingSocket) -> std::os::fd::BorrowedFd<'_> {
    use std::os::fd::{AsRawFd, BorrowedFd};
    // SAFETY: no socket of this crate is closed before it is dropped, and the borrow is none of a dropped one's.
    unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) }
}

#[cfg(windows)]
fn borrowed(socket: &BlockingSocket) -> std::os::windows::io::BorrowedSocket<'_> {
    use std::os::windows::io::{AsRawSocket, BorrowedSocket};
    // SAFETY: as above.
    unsafe { BorrowedSocket::borrow_raw(socket.as_raw_socket()) }
}

/// Sets options, which are a help and no condition: where one fails, the socket is as without it.
fn set(socket: &BlockingSocket, options: impl Fn(&socket2::Socket) -> io::Result<()>) {
    let _ = options(&SockRef::from(&borrowed(socket)));
}

/// Sends small pieces at once, as a relay has to.
pub(crate) fn set_nodelay(socket: &BlockingSocket) {
    set(socket, |socket| socket.set_tcp_nodelay(true));
}

/// A socket that does not block, of the family of an address.
pub(crate) fn open(kind: Kind, address: &SocketAddr) -> std::result::Result<BlockingSocket, Errno> {
    let family = if address.is_ipv6() { Family::V6 } else { Family::V4 };
    let socket = BlockingSocket::new(family, kind, true)?;
    if kind == Kind::Datagram {
        // As much as the system allows; a smaller buffer loses bursts, and nothing else.
        set(&socket, |socket| socket.set_recv_buffer_size(BUFFER));
        set(&socket, |socket| socket.set_send_buffer_size(BUFFER));
    }
    Ok(socket)
}

/// The addresses of the server, in the order to try them; at least one.
pub(crate) fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>> {
    endpoint.addresses(Purpose::Connect, WaitPolicy { timeout: Some(RESOLVE_LIMIT), on_interrupt: None })
}

/// A socket bound to each address of an endpoint that this machine has, all with one port.
pub(crate) fn listen(kind: Kind, endpoint: &Endpoint) -> Result<Vec<(BlockingSocket, SocketAddr)>> {
    let policy = WaitPolicy { timeout: Some(RESOLVE_LIMIT), on_interrupt: None };
    endpoint.bind_each(policy, |address| {
        let socket = bind(kind, address)?;
        let local = socket.local_addr().map_err(|errno| socket.error(SocketCall::LocalAddress, errno))?;
        Ok((socket, local))
    })
}

fn bind(kind: Kind, address: &SocketAddr) -> Result<BlockingSocket> {
    let socket = open(kind, address).map_err(|errno| Error::os(errno.0, "listen on").at(address))?;
    if address.is_ipv6() {
        // The other socket has IPv4.
        set(&socket, |socket| socket.set_only_v6(true));
    }
    if kind == Kind::Stream && cfg!(unix) {
        // The port is free at once after a run; on Windows the option would share it.
        set(&socket, |socket| socket.set_reuse_address(true));
    }
    socket.bind(address).map_err(|errno| socket.error_at(SocketCall::Bind, errno, address))?;
    if kind == Kind::Stream {
        socket.listen(1024).map_err(|errno| socket.error(SocketCall::Listen, errno))?;
    }
    Ok(socket)
}

/// Waits until a socket is ready, `until` comes, or a moment has passed after which a stop is looked for.
pub(crate) fn wait(poller: &Poller, events: &mut Events, until: Option<Instant>) -> Result<()> {
    events.clear();
    let longest =
        until.map_or(LONGEST_WAIT, |until| until.saturating_duration_since(Instant::now()).min(LONGEST_WAIT));
    match poller.wait(events, Some(longest)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(failed(&error, "wait for datagrams and connections")),
    }
}

pub(crate) fn poller() -> Result<Rc<Poller>> {
    Poller::new().map(Rc::new).map_err(|error| failed(&error, "watch sockets"))
}

/// The error of a call that the core does not make. `tried` continues "could not".
pub(crate) fn failed(error: &io::Error, tried: &str) -> Error {
    match error.raw_os_error() {
        Some(errno) => Error::os(errno, tried),
        None => Error::new(ErrorKind::InputOutput, tried, error.to_string()),
    }
}

/// Why a call on a socket failed, in words that all systems share.
pub(crate) fn reason(error: WaitError) -> io::ErrorKind {
    match error {
        WaitError::Os(Errno(errno)) => io::Error::from_raw_os_error(errno).kind(),
        WaitError::TimedOut => io::ErrorKind::WouldBlock,
        WaitError::Interrupted => io::ErrorKind::Interrupted,
        WaitError::Woken => io::ErrorKind::NotConnected,
    }
}

/// Refuses a server that is the link itself.
pub(crate) fn refuse_self(own: &[SocketAddr], server: &SocketAddr) -> Result<()> {
    let is_own = |own: &SocketAddr| {
        let all = own.ip().is_unspecified() && server.ip().is_loopback();
        own.port() == server.port() && (own.ip() == server.ip() || all)
    };
    if own.iter().any(is_own) {
        return Err(Error::invalid("relay to", "it is the link's own address").at(server));
    }
    Ok(())
}
