//! The TCP client.
//!
//! `connection` is one connection and whether it can be used again, `exchange` sends a line on it
//! and takes the line that comes back, `pipeline` does so with many lines at once, `many` decides
//! when that is safe, `copy` moves a whole stream through it both ways at once.

mod connection;
mod copy;
mod exchange;
mod many;
mod pipeline;

use std::fmt;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;

use self::connection::Connection;
use self::copy::Input;
use self::exchange::{Answer, Failure, Scratch};
use super::ends::{Ends, Pair};
use super::find;
use super::options::TcpClientOptions;
use super::turns::{Call, Turns};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Endpoint, WaitOptions};

/// What a [`TcpClient::copy`] moved, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// From the input to the server.
    pub sent: u64,
    /// From the server to the output.
    pub received: u64,
}

/// A connection to a server that answers each line with a line.
///
/// All methods take `&self` and may be called from any thread; requests from several threads take
/// turns, in the order in which they came. [`close`](TcpClient::close) from another thread ends a
/// blocked call at once, and dropping the client closes it. In a process that was forked off, every call fails with
/// `Unsupported`, and the client of the process that it came from goes on.
///
/// A reply is never taken for another request's: a connection that failed in the middle of a
/// request (a time limit, a signal, a reset, a reply too long), or on which the server sent more
/// than one line, is dropped, and the next request makes a new one.
pub struct TcpClient {
    server: Endpoint,
    /// At least one.
    addresses: Vec<SocketAddr>,
    options: TcpClientOptions,
    link: Turns<Link>,
    ends: Ends,
}

/// What one request leaves to the next.
#[derive(Debug)]
struct Link {
    connection: Option<Connection>,
    scratch: Scratch,
}

impl TcpClient {
    /// Connects with the default options. See [`connect_with`](TcpClient::connect_with).
    ///
    /// # Errors
    /// As for [`connect_with`](TcpClient::connect_with).
    pub fn connect(to: impl Into<Endpoint>) -> Result<TcpClient> {
        TcpClient::connect_with(to, TcpClientOptions::default())
    }

    /// Connects to the first address of the name that answers (RFC 8305, Happy Eyeballs).
    ///
    /// # Errors
    /// `NameNotResolved`, `ConnectionRefused`, `Unreachable`, `TimedOut` and the system's others;
    /// `InvalidArgument` for port 0.
    pub fn connect_with(to: impl Into<Endpoint>, options: TcpClientOptions) -> Result<TcpClient> {
        let server = to.into();
        let deadline = Deadline::after(options.connect_timeout);
        let waiting = WaitOptions { deadline, waker: None, on_interrupt: options.on_interrupt.into() };
        let limited = |error: Error| error.within(options.connect_timeout);
        let addresses = find(&server, waiting).map_err(limited)?;
        let connection = Connection::open(&addresses, waiting).map_err(limited)?;
        let ends = Ends::new(connection.ends);
        let link = Link { connection: Some(connection), scratch: Scratch::default() };
        let link = Turns::new(link, Turns::<Link>::waker(&server)?);
        Ok(TcpClient { server, addresses, options, link, ends })
    }

    /// Sends a line of text and returns the line that comes back, without a newline in either.
    ///
    /// If the server closed the connection since the last request, as the textbook's Python
    /// server does after each reply, the client connects again, once. A request that the server had taken
    /// when it ended the connection is not sent again; one that met a reset is, since closing with
    /// a request unread makes one (RFC 2525, 2.17). A reply that ends with the connection instead of a
    /// newline is a whole reply too.
    ///
    /// # Errors
    /// `InvalidArgument` if the text has a newline; `TimedOut`, `ConnectionReset`,
    /// `ConnectionClosed`, `Closed`, `TooLarge`; `InvalidText` if the reply is not UTF-8; and
    /// those of [`connect_with`](TcpClient::connect_with) if the client had to connect again.
    pub fn request(&self, line: &str) -> Result<String> {
        String::from_utf8(self.request_bytes(line.as_bytes())?).map_err(|_| {
            Error::new(ErrorKind::InvalidText, "read the reply of", "it is not valid UTF-8")
                .at(self.ends.get().peer)
        })
    }

    /// The same for any bytes.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request), except for `InvalidText`.
    pub fn request_bytes(&self, line: &[u8]) -> Result<Vec<u8>> {
        self.ask(line).map_err(|error| error.within(self.options.timeout))
    }

    fn ask(&self, line: &[u8]) -> Result<Vec<u8>> {
        let call = self.call("ask");
        self.check_line(line)?;
        let mut turn = self.link.take(call)?;
        let waiting = turn.waiting;
        self.ask_in_turn(&mut turn, line, waiting)
    }

    fn check_line(&self, line: &[u8]) -> Result<()> {
        if memchr::memchr(b'\n', line).is_some() {
            let happened = "the request has a newline, and a request is one line";
            return Err(Error::invalid("ask", happened).at(&self.server));
        }
        Ok(())
    }

    fn ask_in_turn(&self, link: &mut Link, line: &[u8], waiting: WaitOptions<'_>) -> Result<Vec<u8>> {
        let Link { connection, scratch } = link;
        scratch.set_request(line);
        let max_reply = self.options.max_reply;
        let mut used = self.usable_connection(connection, waiting)?;
        let answer = match exchange::exchange(&used, scratch, max_reply, waiting) {
            Err(Failure::NotTaken(_)) if used.answers > 0 => {
                used = self.open(waiting)?;
                exchange::exchange(&used, scratch, max_reply, waiting)
            }
            outcome => outcome,
        };
        let Answer { reply, reusable } = answer.map_err(Failure::into_error)?;
        if reusable {
            used.answers += 1;
            *connection = Some(used);
        }
        Ok(reply)
    }

    /// Sends all of `input`, half-closes, and writes all that comes back to `output`, both ways at
    /// once, so that a stream of any size cannot deadlock. The memory used does not depend on the
    /// stream's length. The connection is used up: the next call makes a new one.
    ///
    /// The time limit is the longest pause in which the server neither takes nor sends anything; it
    /// runs while there is something to send and after the input's end, not while the input or the
    /// output itself is slow. Reading `input` and writing `output` may block: neither
    /// [`close`](TcpClient::close) nor the time limit ends that, and nothing is received meanwhile.
    /// `output` is flushed after each piece.
    ///
    /// # Errors
    /// As for [`request`](TcpClient::request); `ConnectionClosed` if the server closed before all of
    /// the input was sent; `InputOutput` if `input` or `output` fails. The text says how much was
    /// sent and received.
    pub fn copy(&self, input: &mut dyn Read, output: &mut dyn Write) -> Result<Copied> {
        self.copy_from(Input::Reader(input), output)
    }

    /// The same from a descriptor (a file, a pipe, a terminal): replies are written as they come,
    /// also while the input has nothing to read, and waiting for the input can be ended by
    /// [`close`](TcpClient::close) and by a signal. The descriptor is neither closed nor made
    /// non-blocking.
    ///
    /// # Errors
    /// As for [`copy`](TcpClient::copy).
    pub fn copy_fd(&self, input: BorrowedFd<'_>, output: &mut dyn Write) -> Result<Copied> {
        self.copy_from(Input::Descriptor(input), output)
    }

    fn copy_from(&self, input: Input<'_>, output: &mut dyn Write) -> Result<Copied> {
        let mut turn = self.link.take(self.call("copy to"))?;
        let waiting = turn.waiting.with_deadline(Deadline::NEVER);
        let used = self.usable_connection(&mut turn.connection, waiting)?;
        copy::copy(&used, input, output, &self.options, waiting)
            .map_err(|error| error.within(self.options.timeout))
    }

    /// The address of this end: of the connection in use, or of the last one if it was dropped.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.ends().map(|ends| ends.local)
    }

    /// The address of the server that answered.
    ///
    /// # Errors
    /// `Closed` after [`close`](TcpClient::close).
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.ends().map(|ends| ends.peer)
    }

    /// Closes the connection and ends a call that another thread is blocked in with
    /// `Closed`. Closing twice is no error.
    pub fn close(&self) {
        self.link.close();
    }

    fn call<'a>(&'a self, tried: &'a str) -> Call<'a> {
        let deadline = Deadline::after(self.options.timeout);
        Call { deadline, on_interrupt: self.options.on_interrupt, tried, server: &self.server }
    }

    fn ends(&self) -> Result<Pair> {
        self.link.check_open(self.call("tell the addresses of the connection to"))?;
        Ok(self.ends.get())
    }

    /// Takes the connection, or makes a new one if it cannot be used again.
    fn usable_connection(
        &self,
        connection: &mut Option<Connection>,
        waiting: WaitOptions<'_>,
    ) -> Result<Connection> {
        match connection.take().filter(Connection::is_usable) {
            Some(usable) => Ok(usable),
            None => self.open(waiting),
        }
    }

    fn open(&self, waiting: WaitOptions<'_>) -> Result<Connection> {
        let deadline = Deadline::after(self.options.connect_timeout).earlier(waiting.deadline);
        let allowed = if deadline == waiting.deadline { None } else { self.options.connect_timeout };
        let connection = Connection::open(&self.addresses, waiting.with_deadline(deadline))
            .map_err(|error| error.within(allowed))?;
        self.ends.set(connection.ends);
        Ok(connection)
    }
}

impl fmt::Debug for TcpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpClient").field("server", &self.server).field("ends", &self.ends.get()).finish()
    }
}
