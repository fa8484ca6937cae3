//! One request at a time, each from a new socket, with retransmissions.

use std::net::SocketAddr;

use super::errors::{check_length, no_reply};
use super::failover::try_addresses;
use super::many::Exchanges;
use super::ports::RecentPorts;
use super::socket::ConnectedSocket;
use crate::client::addresses::AddressPair;
use crate::client::many::{OnReply, Progress};
use crate::client::operations::{CONNECT, GET_REPLY};
use crate::client::options::UdpClientOptions;
use crate::client::session::{CommonOptions, Context, Session};
use crate::error::{Error, Result};
use crate::net::{Deadline, Endpoint, Features, WaitError, WaitOptions};

/// The size of the receive buffer in bytes, which no datagram exceeds.
const BUFFER_SIZE: usize = 65_536;

pub(super) struct UdpSession {
    /// The index in the server's addresses of the one to try first.
    preferred: usize,
    /// The socket of the next request, on a port that no late reply can arrive at; `None` if it could not be opened.
    next: Option<ConnectedSocket>,
    /// The socket of the last request. It is closed while the next request waits for its reply.
    last: Option<ConnectedSocket>,
    ports: RecentPorts,
    buffer: Vec<u8>,
    /// The number of the next source address on the loopback network.
    loopback_number: u32,
    /// The optional system calls that the environment excludes.
    excluded: Features,
}

impl Session for UdpSession {
    type Options = UdpClientOptions;

    fn common(options: &UdpClientOptions) -> CommonOptions {
        let UdpClientOptions { timeout, on_interrupt, .. } = *options;
        CommonOptions { connect_timeout: timeout, timeout, on_interrupt }
    }

    fn check_options(server: &Endpoint, options: &UdpClientOptions) -> Result<()> {
        if options.retransmissions > 0 && options.retransmit_after.is_zero() {
            let reason = "the time before a retransmission is zero";
            let advice = "set a longer time, or no retransmissions";
            return Err(Error::invalid(CONNECT, reason).at(server).advise(advice));
        }
        Ok(())
    }

    fn open(
        _: &Endpoint,
        server_addresses: &[SocketAddr],
        _: WaitOptions<'_>,
    ) -> Result<(UdpSession, AddressPair)> {
        let excluded = Features::excluded_by_environment()?;
        let mut ports = RecentPorts::new();
        let open = |address| ConnectedSocket::open(address, &mut ports);
        let (preferred, socket) = try_addresses(server_addresses, 0, open)?;
        let addresses = socket.addresses.clone();
        let session = UdpSession {
            preferred,
            next: Some(socket),
            last: None,
            ports,
            buffer: vec![0; BUFFER_SIZE],
            loopback_number: 0,
            excluded,
        };
        Ok((session, addresses))
    }

    /// The length is checked for each address, since the limit depends on the address.
    fn check_request(_: &Context<UdpClientOptions>, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn exchange(
        &mut self,
        context: &Context<UdpClientOptions>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<Vec<u8>> {
        let length = self.exchange_with_any(context, request, waiting)?;
        Ok(self.buffer[..length].to_vec())
    }

    fn exchange_many<T: AsRef<[u8]>>(
        &mut self,
        context: &Context<UdpClientOptions>,
        requests: &[T],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let Some(first) = requests.first() else { return Ok(()) };
        let failed = |replies, index, error: Error| {
            Progress { replies, requests: requests.len() }
                .add_to(index, error.with_timeout(context.options.timeout))
        };
        let check = |replies: usize, address| {
            let mut rest = requests.iter().enumerate().skip(replies);
            rest.try_for_each(|(index, request)| {
                check_length(request.as_ref(), address).map_err(|error| failed(replies, index, error))
            })
        };
        let address = context.server_addresses[self.preferred];
        check(0, address)?;
        let length =
            self.exchange_with_any(context, first.as_ref(), waiting).map_err(|error| failed(0, 0, error))?;
        on_reply(0, &self.buffer[..length])?;
        let named = context.server_addresses[self.preferred];
        if named != address {
            check(1, named)?;
        }
        // Closed, so that its descriptor and its port are available to the other requests.
        self.last = None;
        let peer = self.peer(named);
        let waiting = waiting.with_deadline(Deadline::NEVER);
        let features = Features::of_this_machine().without(self.excluded);
        let UdpSession { ports, buffer, loopback_number, .. } = self;
        Exchanges::after_first(named, peer, requests, &context.options).run(
            features,
            ports,
            buffer,
            loopback_number,
            waiting,
            on_reply,
        )
    }
}

impl UdpSession {
    /// Tries the server's addresses until one replies. Returns the length of the reply, which is in the buffer.
    fn exchange_with_any(
        &mut self,
        context: &Context<UdpClientOptions>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<usize> {
        let outcome = try_addresses(&context.server_addresses, self.preferred, |address| {
            self.exchange_with(context, address, request, waiting)
        });
        if let Ok((index, _)) = outcome {
            self.preferred = index;
        }
        let address = context.server_addresses[self.preferred];
        if self.next.as_ref().is_none_or(|socket| socket.addresses.peer != address) {
            // If this fails, the next request opens one.
            self.next = ConnectedSocket::open(address, &mut self.ports).ok();
        }
        self.next.iter().for_each(|socket| context.addresses.set(socket.addresses.clone()));
        outcome.map(|(_, length)| length)
    }

    /// Makes the request to one address. Its socket is not used again, because a late reply may arrive there.
    fn exchange_with(
        &mut self,
        context: &Context<UdpClientOptions>,
        address: SocketAddr,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<usize> {
        check_length(request, address)?;
        let socket = match self.next.take() {
            Some(next) if next.addresses.peer == address && next.is_quiet() => next,
            _ => {
                self.last = None;
                ConnectedSocket::open(address, &mut self.ports)?
            }
        };
        context.addresses.set(socket.addresses.clone());
        let outcome = self.transmit(&socket, &context.options, request, waiting);
        self.last = Some(socket);
        outcome
    }

    /// Sends the request, and again after each interval without a reply, and receives the reply.
    fn transmit(
        &mut self,
        socket: &ConnectedSocket,
        options: &UdpClientOptions,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<usize> {
        let peer = socket.addresses.peer;
        let failed = |error: WaitError| error.while_trying(GET_REPLY).at(peer);
        let mut interval = options.retransmit_after;
        let mut retransmissions: u32 = 0;
        loop {
            socket.socket.send_within(request, 0, waiting).map_err(failed)?;
            if retransmissions == 0 {
                // Prepares the next request while the server works on this one.
                self.last = None;
                self.next = ConnectedSocket::open(peer, &mut self.ports).ok();
            }
            let is_last = retransmissions == options.retransmissions;
            let timer = if is_last { Deadline::NEVER } else { Deadline::after(Some(interval)) };
            let deadline = waiting.deadline.earlier(timer);
            match socket.socket.receive_within(&mut self.buffer, waiting.with_deadline(deadline)) {
                Ok(length) => return Ok(length),
                Err(WaitError::TimedOut) if !is_last && !waiting.deadline.passed() => {
                    retransmissions += 1;
                    interval = interval.saturating_mul(2);
                }
                Err(WaitError::TimedOut) => return Err(no_reply(retransmissions).at(peer)),
                Err(WaitError::Os(errno)) => return Err(failed(errno.of_datagram().into())),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// The server's address as the system knows it: Linux connects to 127.0.0.1 in place of 0.0.0.0.
    fn peer(&self, named: SocketAddr) -> SocketAddr {
        let socket = self.next.as_ref().filter(|socket| socket.addresses.peer == named);
        socket.and_then(|socket| socket.socket.peer_addr().ok()).unwrap_or(named)
    }
}
