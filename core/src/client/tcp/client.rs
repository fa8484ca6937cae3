//! The public TCP client.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::BorrowedFd as BorrowedInput;
#[cfg(windows)]
use std::os::windows::io::BorrowedHandle as BorrowedInput;

use super::copy::{Copied, Input, copy};
use super::session::TcpSession;
use super::settings::TcpSettings;
use crate::client::generic::Client;
use crate::client::operations::COPY;
use crate::client::options::TcpClientOptions;
use crate::error::{Error, Result};
use crate::net::{Deadline, Endpoint, Errno, PollableInput};
use crate::unix_address::UnixAddress;

/// A client of a server that replies to each line with a line, over TCP.
///
/// With the option [`framing`](TcpClientOptions::framing) a message takes the place of a line: it has its length before
/// it, or a delimiter after it. Like a newline, these are neither given nor returned.
///
/// All methods take `&self` and may be called from any thread. Calls from several threads run one after another,
/// in the order in which they were made. [`close`](TcpClient::close) in another thread unblocks them, and dropping
/// the client closes the connection. In a forked child process every call fails with `Unsupported`, and the
/// client of the parent process is not affected.
///
/// A reply never belongs to another request: after a request that failed (a time limit, a signal, a reset, a reply
/// that is too long), or if the server sent more than one line, the client closes the connection, and the next
/// request opens a new one.
pub struct TcpClient(Client<TcpSession>);

impl TcpClient {
    /// Connects with the default options. See [`connect_with`](TcpClient::connect_with).
    ///
    /// # Errors
    /// As for [`connect_with`](TcpClient::connect_with).
    pub fn connect(to: impl Into<Endpoint>) -> Result<TcpClient> {
        TcpClient::connect_with(to, TcpClientOptions::default())
    }

    /// Resolves the server's name and connects to the first of its addresses that accepts (RFC 8305, Happy
    /// Eyeballs).
    ///
    /// # Errors
    /// `NameNotResolved`, `ConnectionRefused`, `Unreachable`, `TimedOut`, or another error of the system;
    /// `InvalidArgument` for port 0, for an option out of its range, and for the framings `Stream` and `Once`.
    pub fn connect_with(to: impl Into<Endpoint>, options: TcpClientOptions) -> Result<TcpClient> {
        let server = to.into();
        let settings = TcpSettings::new(&server, &options)?;
        Client::connect(server, settings).map(TcpClient)
    }

    /// Sends a line of text and returns the line that the server replies with. Neither has a newline.
    ///
    /// If the connection was closed since the last request, the client connects again and sends the request, once.
    /// A request that the server had received when it closed the connection is not sent again. After a reset it
    /// is, because a server that closes the connection with a request unread causes one (RFC 2525, 2.17). A reply
    /// may end with the connection instead of a newline or a delimiter, but not before its length.
    ///
    /// # Errors
    /// `InvalidArgument` if the text has a newline, or contains the delimiter; `TooLarge` if it is longer than its
    /// length can tell, or the reply than `max_reply`; `TimedOut`, `ConnectionReset`, `ConnectionClosed`, `Closed`;
    /// `Other` if the length of the reply is less than itself; `InvalidText` if the reply is not valid UTF-8; and those of
    /// [`connect_with`](TcpClient::connect_with) if the client had to connect again.
    pub fn request(&self, line: &str) -> Result<String> {
        self.0.request(line)
    }

    /// As [`request`](TcpClient::request), for bytes.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request), except for `InvalidText`.
    pub fn request_bytes(&self, line: &[u8]) -> Result<Vec<u8>> {
        self.0.request_bytes(line)
    }

    /// Sends many lines of text and returns the lines that the server replies with, in the same order. None has a
    /// newline.
    ///
    /// Once the server has replied twice on a connection, and so keeps it open, the remaining requests are
    /// pipelined: they are sent without waiting for the replies. The client receives while it sends, so neither
    /// the number nor the length of the lines can cause a deadlock. The server has to reply to each line with one
    /// line, in their order. If it closes the connection after each reply, each request has a connection of its
    /// own, by the rules of [`request`](TcpClient::request).
    ///
    /// The time limit of `request` applies to each reply, counted from the reply before it, so that the whole
    /// call may take longer. Calls of other threads wait until this one returns. All lines are checked before the
    /// first is sent. Without lines, nothing is sent.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request). If the connection ends while pipelined requests have no reply, none
    /// of them is sent again, because the server may have received any of them: the error is `ConnectionClosed`
    /// or `ConnectionReset`. Its text has the index of the request that has no reply, counted from 0, and the
    /// number of replies received; [`request_many_with`](TcpClient::request_many_with) has passed those on.
    /// `Other` if the server sent more replies than it received requests. `InvalidText` is returned after all replies have been
    /// received.
    pub fn request_many<T: AsRef<str>>(&self, lines: &[T]) -> Result<Vec<String>> {
        self.0.request_many(lines)
    }

    /// As [`request_many`](TcpClient::request_many), for bytes.
    ///
    /// # Errors
    /// As for [`request_many`](TcpClient::request_many), except for `InvalidText`.
    pub fn request_many_bytes<T: AsRef<[u8]>>(&self, lines: &[T]) -> Result<Vec<Vec<u8>>> {
        self.0.request_many_bytes(lines)
    }

    /// As [`request_many_bytes`](TcpClient::request_many_bytes), but passes each reply to `on_reply` as it
    /// arrives, in order, with the index of its request, counted from 0, and stores none. While `on_reply` runs,
    /// nothing is received. `on_reply` must not use the client. If it returns an error, the call ends with that
    /// error.
    ///
    /// # Errors
    /// As for [`request_many_bytes`](TcpClient::request_many_bytes), and those of `on_reply`.
    pub fn request_many_with<T: AsRef<[u8]>>(
        &self,
        lines: &[T],
        mut on_reply: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.0.request_many_with(lines, &mut on_reply)
    }

    /// Sends all of `input`, shuts down the sending direction (shutdown(2), SHUT_WR), and writes everything that
    /// the server sends to `output`. It sends and receives at the same time, so that a stream of any length
    /// cannot cause a deadlock. The memory used does not depend on the length. The connection cannot carry
    /// another request: the next call opens a new one.
    ///
    /// The time limit applies to the time without progress, in which the server neither receives nor sends. It
    /// counts while there is data to send and after the end of the input, not while `input` or `output` is slow.
    /// Reading `input` and writing `output` may block: neither [`close`](TcpClient::close) nor the time limit
    /// unblocks them, and nothing is received meanwhile. `output` is flushed after each write.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request); `ConnectionClosed` if the server closed the connection before it had
    /// received all of the input; `InputOutput` if `input` or `output` fails. The text has the number of bytes
    /// sent and received.
    pub fn copy(&self, input: &mut dyn Read, output: &mut dyn Write) -> Result<Copied> {
        self.copy_from(Input::Reader(input), output)
    }

    /// As [`copy`](TcpClient::copy), with a descriptor (a file, a pipe, a terminal) as the input. What the server
    /// sends is written as it arrives, also while the input has nothing to read. [`close`](TcpClient::close) and
    /// signals unblock a wait for the input. The descriptor is neither closed nor made non-blocking.
    ///
    /// On Windows the input is a handle, which a thread reads: if the copy ends before the input does, the thread may take one
    /// more read of it.
    ///
    /// # Errors
    /// As for [`copy`](TcpClient::copy).
    pub fn copy_fd(&self, input: BorrowedInput<'_>, output: &mut dyn Write) -> Result<Copied> {
        let input = PollableInput::new(input).map_err(|Errno(errno)| {
            Error::input_output(&io::Error::from_raw_os_error(errno), "read the input")
        })?;
        self.copy_from(Input::Pollable(input), output)
    }

    fn copy_from(&self, input: Input<'_>, output: &mut dyn Write) -> Result<Copied> {
        let Client { context, .. } = &self.0;
        let mut session = self.0.lock(COPY)?;
        let waiting = session.waiting.with_deadline(Deadline::NEVER);
        let connection = session.take_connection(context, waiting)?;
        copy(&connection, input, output, &context.options, waiting)
            .map_err(|error| self.0.with_request_timeout(error))
    }

    /// The local address of the connection, or of the last one if it is closed.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.addresses().map(|addresses| addresses.local)
    }

    /// The address of the server that the client is connected to.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.addresses().map(|addresses| addresses.peer)
    }

    /// The local address, if the server is on a Unix domain socket, whose client has no IP address: the methods above then
    /// return 0.0.0.0:0.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn unix_local_addr(&self) -> Result<Option<UnixAddress>> {
        Ok(self.0.addresses()?.unix.map(|unix| unix.local.clone()))
    }

    /// The address of the server, if it is on a Unix domain socket.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn unix_peer_addr(&self) -> Result<Option<UnixAddress>> {
        Ok(self.0.addresses()?.unix.map(|unix| unix.peer.clone()))
    }

    /// Closes the connection and unblocks the calls of other threads, which fail with `Closed`. A second call has
    /// no effect.
    pub fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for TcpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("TcpClient", f)
    }
}
