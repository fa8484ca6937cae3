//! The UDP client: one request at a time here, many in `many`, which knows when to send, by a `window`
//! that knows what is on its way, from `ports` that were not used lately, or within this machine by
//! `loopback`, from addresses that were not.

mod loopback;
mod many;
mod pending;
mod ports;
mod window;

use std::fmt;
use std::net::SocketAddr;

use self::ports::Ports;
use super::ends::{Ends, Pair};
use super::find;
use super::options::UdpClientOptions;
use super::turns::{Call, Turns};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{Deadline, Endpoint, Errno, Socket, WaitError, WaitOptions, max_payload};

/// How the errors of a request begin, after "could not".
const TRIED: &str = "get a reply from";

/// How often another port is asked of the system before an older one has to do.
const TRIES: usize = 16;

/// Room for any datagram, so that none is cut.
const LONGEST: usize = 65_536;

/// Asks a server by datagrams: one request, one reply.
///
/// The exchange has no number that would tell which request a reply is for, and the network may delay and double
/// datagrams. So each request leaves from a port of its own, which none of the 2,000 before it left from, and no
/// late reply is taken for its own.
///
/// If the name has several addresses and one refuses or cannot be reached, the next one is asked
/// within the same request; the client stays with the one that answers.
///
/// All methods take `&self` and may be called from any thread; requests from several threads take
/// turns, in the order in which they came. [`close`](UdpClient::close) from another thread ends a
/// blocked call at once, and dropping the client closes it. In a process that was forked off, every call fails with
/// `Unsupported`, and the client of the process that it came from goes on.
pub struct UdpClient {
    server: Endpoint,
    /// At least one.
    addresses: Vec<SocketAddr>,
    options: UdpClientOptions,
    link: Turns<Link>,
    ends: Ends,
}

/// The socket for the next request and what it takes to make another one.
struct Link {
    /// The place in `addresses` of the one to ask first.
    preferred: usize,
    /// On a port that no late reply can come to; `None` if the system had none to give.
    fresh: Option<Channel>,
    /// The one that the last request left from. It is closed while the next one waits for its reply.
    spent: Option<Channel>,
    ports: Ports,
    buffer: Vec<u8>,
    /// The number of the loopback address that is used next.
    next_address: u32,
}

impl Link {
    /// Has a socket for the next request, if the system has one to give.
    fn prepare(&mut self, address: SocketAddr) {
        self.spent = None;
        self.fresh = Channel::open(address, &mut self.ports).ok();
    }
}

/// A socket that sends to and receives from one address alone.
struct Channel {
    socket: Socket,
    ends: Pair,
}

impl UdpClient {
    /// Finds the server's addresses, with the default options. Nothing is sent yet.
    ///
    /// # Errors
    /// As for [`connect_with`](UdpClient::connect_with).
    pub fn connect(to: impl Into<Endpoint>) -> Result<UdpClient> {
        UdpClient::connect_with(to, UdpClientOptions::default())
    }

    /// Finds the server's addresses. Nothing is sent yet.
    ///
    /// # Errors
    /// `NameNotResolved`, `TimedOut` and the system's others; `InvalidArgument` for port 0, and for
    /// retransmissions without a pause.
    pub fn connect_with(to: impl Into<Endpoint>, options: UdpClientOptions) -> Result<UdpClient> {
        let server = to.into();
        if options.retransmissions > 0 && options.retransmit_after.is_zero() {
            let happened = "the pause before a retransmission is zero";
            let advice = "give a longer one, or no retransmissions";
            return Err(Error::invalid("connect to", happened).at(&server).advise(advice));
        }
        let deadline = Deadline::after(options.timeout);
        let waiting = WaitOptions { deadline, waker: None, on_interrupt: options.on_interrupt.into() };
        let addresses = find(&server, waiting).map_err(|error| error.within(options.timeout))?;
        let mut ports = Ports::new();
        let open = |address| Channel::open(address, &mut ports);
        let (preferred, channel) = first_that_works(&addresses, 0, open)?;
        let ends = Ends::new(channel.ends);
        let link = Link {
            preferred,
            fresh: Some(channel),
            spent: None,
            ports,
            buffer: vec![0; LONGEST],
            next_address: 0,
        };
        let link = Turns::new(link, Turns::<Link>::waker(&server)?);
        Ok(UdpClient { server, addresses, options, link, ends })
    }

    /// Sends the text as one datagram and returns the text of the datagram that comes back. Both
    /// may be empty.
    ///
    /// # Errors
    /// `TooLarge` before anything is sent if the text does not fit a datagram (65,507 bytes over
    /// IPv4, 65,527 over IPv6); `ConnectionRefused` if nothing has that port; `Unreachable`,
    /// `TimedOut`, `Closed`; `InvalidText` if the reply is not UTF-8.
    pub fn request(&self, text: &str) -> Result<String> {
        String::from_utf8(self.request_bytes(text.as_bytes())?).map_err(|_| {
            Error::new(ErrorKind::InvalidText, "read the reply of", "it is not valid UTF-8")
                .at(self.ends.get().peer)
        })
    }

    /// The same for any bytes.
    ///
    /// # Errors
    /// As for [`request`](UdpClient::request), except for `InvalidText`.
    pub fn request_bytes(&self, request: &[u8]) -> Result<Vec<u8>> {
        let limited = |error: Error| error.within(self.options.timeout);
        let mut turn = self.link.take(self.call("ask")).map_err(limited)?;
        let waiting = turn.waiting;
        let length = self.ask_in_turn(&mut turn, request, waiting).map_err(limited)?;
        Ok(turn.buffer[..length].to_vec())
    }

    /// Asks the addresses in turn; the reply is in the buffer, and its length is returned.
    fn ask_in_turn(&self, link: &mut Link, request: &[u8], waiting: WaitOptions<'_>) -> Result<usize> {
        let outcome = first_that_works(&self.addresses, link.preferred, |address| {
            self.ask(link, address, request, waiting)
        });
        if let Ok((index, _)) = outcome {
            link.preferred = index;
        }
        let address = self.addresses[link.preferred];
        if link.fresh.as_ref().is_none_or(|channel| channel.ends.peer != address) {
            // If there is none to have now, the next request tries again.
            link.fresh = Channel::open(address, &mut link.ports).ok();
        }
        link.fresh.iter().for_each(|channel| self.ends.set(channel.ends));
        outcome.map(|(_, length)| length)
    }

    /// The address that the next request leaves from.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.ends().map(|ends| ends.local)
    }

    /// The address of the server that requests go to.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.ends().map(|ends| ends.peer)
    }

    /// Closes the socket and ends a call that another thread is blocked in with `Closed`. Closing
    /// twice is no error.
    pub fn close(&self) {
        self.link.close();
    }

    fn call<'a>(&'a self, tried: &'a str) -> Call<'a> {
        let deadline = Deadline::after(self.options.timeout);
        Call { deadline, on_interrupt: self.options.on_interrupt, tried, server: &self.server }
    }

    fn ends(&self) -> Result<Pair> {
        self.link.check_open(self.call("tell the addresses of the client of"))?;
        Ok(self.ends.get())
    }

    /// Asks one address; the reply is in the buffer, and its length is returned. The socket is done with: a late
    /// reply may still come to its port.
    fn ask(
        &self,
        link: &mut Link,
        address: SocketAddr,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<usize> {
        check_length(request, address)?;
        let channel = match link.fresh.take() {
            Some(fresh) if fresh.ends.peer == address && fresh.is_quiet() => fresh,
            _ => {
                link.spent = None;
                Channel::open(address, &mut link.ports)?
            }
        };
        self.ends.set(channel.ends);
        let outcome = self.exchange(&channel, request, link, waiting);
        link.spent = Some(channel);
        outcome
    }

    fn exchange(
        &self,
        channel: &Channel,
        request: &[u8],
        link: &mut Link,
        waiting: WaitOptions<'_>,
    ) -> Result<usize> {
        let failed = |error: WaitError| error.while_trying(TRIED).at(channel.ends.peer);
        let mut pause = self.options.retransmit_after;
        let mut asked_again: u32 = 0;
        loop {
            channel.socket.send_within(request, 0, waiting).map_err(failed)?;
            if asked_again == 0 {
                // The server works meanwhile.
                link.prepare(channel.ends.peer);
            }
            let last = asked_again == self.options.retransmissions;
            let policy = if last { Deadline::NEVER } else { Deadline::after(Some(pause)) };
            let deadline = waiting.deadline.earlier(policy);
            match channel.socket.receive_within(&mut link.buffer, waiting.with_deadline(deadline)) {
                Ok(length) => return Ok(length),
                Err(WaitError::TimedOut) if !last && !waiting.deadline.passed() => {
                    asked_again += 1;
                    pause = pause.saturating_mul(2);
                }
                Err(WaitError::TimedOut) => return Err(no_reply(asked_again).at(channel.ends.peer)),
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

impl fmt::Debug for UdpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpClient").field("server", &self.server).field("ends", &self.ends.get()).finish()
    }
}

fn check_length(request: &[u8], address: SocketAddr) -> Result<()> {
    let limit = max_payload(&address);
    if request.len() > limit {
        let happened = format!("{} bytes do not fit a datagram, which holds {limit} at most", request.len());
        return Err(Error::new(ErrorKind::TooLarge, "ask", happened).at(address).advise("use TCP"));
    }
    Ok(())
}

/// The error of a request that was sent again so many times.
fn no_reply(asked_again: u32) -> Error {
    let happened = match asked_again {
        0 => "the time allowed ran out".to_owned(),
        again => format!("the time allowed ran out; the request was sent {} times", again + 1),
    };
    Error::new(ErrorKind::TimedOut, TRIED, happened)
}

impl Channel {
    /// One on a port that was not used lately.
    fn open(address: SocketAddr, ports: &mut Ports) -> Result<Channel> {
        let open = || {
            let socket = Socket::datagram(&address)?;
            socket.connect(&address)?;
            Ok(Channel { ends: Pair::of(&socket, address)?, socket })
        };
        // As long as these have their ports, the next one gets another.
        let mut refused = Vec::new();
        loop {
            match open() {
                Ok(channel) if !channel.ends.is_itself() && ports.take(channel.ends.local.port()) => {
                    return Ok(channel);
                }
                Ok(channel) if refused.len() < TRIES => refused.push(channel),
                // A system with few ports, or descriptors, to give.
                _ if !refused.is_empty() => {
                    ports.forget();
                    ports.forget();
                    refused.clear();
                }
                Ok(_) => {}
                Err(Errno(errno)) => return Err(Error::os(errno, "connect to").at(address)),
            }
        }
    }

    /// Nothing has come unasked: neither a datagram, which would be taken for the next reply, nor
    /// an error.
    fn is_quiet(&self) -> bool {
        matches!(self.socket.receive(&mut [0]), Err(errno) if errno.would_block())
    }
}

/// Tries the addresses in turn, from the one at `start` on, while they refuse or cannot be reached.
/// The error is that of the first one, which is the one that a person means.
fn first_that_works<T>(
    addresses: &[SocketAddr],
    start: usize,
    mut attempt: impl FnMut(SocketAddr) -> Result<T>,
) -> Result<(usize, T)> {
    use ErrorKind::{AddressNotAvailable, ConnectionRefused, Unreachable};
    let mut first_error = None;
    for step in 0..addresses.len() {
        let index = (start + step) % addresses.len();
        match attempt(addresses[index]) {
            Ok(value) => return Ok((index, value)),
            Err(error) if matches!(error.kind(), ConnectionRefused | Unreachable | AddressNotAvailable) => {
                first_error.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first_error.unwrap_or_else(|| Error::invalid("connect", "there is no address to connect to")))
}
