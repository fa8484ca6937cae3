//! Datagrams over a Unix domain socket, one request at a time.
//!
//! The kernel neither loses, duplicates nor reorders a datagram: if the queue of the server is full, the send waits. A reply
//! is still missing if the server sends none, so a request is sent again as over UDP, and a socket that may yet receive the
//! reply to another transmission is not used for the next request. The socket is connected: no other program can send to it.

use super::errors::no_reply;
use crate::client::addresses::AddressPair;
use crate::client::many::{OnReply, Progress};
use crate::client::operations::{ACCEPT_REPLY, CONNECT, GET_REPLY, SEND_REQUEST};
use crate::client::options::UdpClientOptions;
use crate::client::session::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::net::{
    ClientFile, Deadline, Errno, Socket, WaitError, WaitOptions, open_unix_client, wait_readable,
};
use crate::netc;
use crate::unix_address::UnixAddress;

/// The size of the receive buffer in bytes: what the send buffer of a server holds unless a privileged one makes it longer.
const BUFFER_SIZE: usize = 425_984;

pub(super) struct UnixSession {
    server: UnixAddress,
    /// That of the last request, if no other reply can arrive at it.
    socket: Option<ConnectedSocket>,
    buffer: Vec<u8>,
}

/// A socket that sends to the server and receives from nobody else.
struct ConnectedSocket {
    socket: Socket,
    addresses: AddressPair,
    /// That of its own name, where it has one.
    _file: Option<ClientFile>,
}

impl ConnectedSocket {
    fn open(server: &UnixAddress) -> Result<ConnectedSocket> {
        let (socket, file) = open_unix_client(server)?;
        let addresses = AddressPair::of_unix(&socket, server.clone())
            .map_err(|Errno(errno)| Error::os(errno, CONNECT).at(server))?;
        Ok(ConnectedSocket { socket, addresses, _file: file })
    }

    /// Whether neither a datagram, which would be taken for the next reply, nor an error is queued.
    fn is_quiet(&self) -> bool {
        matches!(self.socket.receive(&mut [0]), Err(errno) if errno.would_block())
    }
}

impl UnixSession {
    pub(super) fn open(server: &UnixAddress) -> Result<(UnixSession, AddressPair)> {
        let socket = ConnectedSocket::open(server)?;
        let addresses = socket.addresses.clone();
        let buffer = vec![0; BUFFER_SIZE];
        Ok((UnixSession { server: server.clone(), socket: Some(socket), buffer }, addresses))
    }

    /// Sends a request and returns its reply.
    pub(super) fn exchange(
        &mut self,
        context: &Context<UdpClientOptions>,
        request: &[u8],
        waiting: WaitOptions<'_>,
    ) -> Result<&[u8]> {
        let mut socket = match self.socket.take().filter(ConnectedSocket::is_quiet) {
            Some(socket) => socket,
            None => ConnectedSocket::open(&self.server)?,
        };
        let options = &context.options;
        let mut interval = options.retransmit_after;
        let mut retransmissions: u32 = 0;
        let length = loop {
            context.addresses.set(socket.addresses.clone());
            self.send(&mut socket, request, waiting)?;
            let is_last = retransmissions == options.retransmissions;
            let timer = if is_last { Deadline::NEVER } else { Deadline::after(Some(interval)) };
            let deadline = waiting.deadline.earlier(timer);
            match self.receive(&socket, waiting.with_deadline(deadline)) {
                Ok(length) => break length?,
                Err(WaitError::TimedOut) if !is_last && !waiting.deadline.passed() => {
                    retransmissions += 1;
                    interval = interval.saturating_mul(2);
                }
                Err(WaitError::TimedOut) => return Err(no_reply(retransmissions).at(&self.server)),
                Err(error) => return Err(error.while_trying(GET_REPLY).at(&self.server)),
            }
        };
        if retransmissions == 0 {
            self.socket = Some(socket);
        }
        Ok(&self.buffer[..length])
    }

    /// Sends the request. If the server has ended since the last one, it is sent to the one that has its address now.
    fn send(&self, socket: &mut ConnectedSocket, request: &[u8], waiting: WaitOptions<'_>) -> Result<()> {
        let mut sent = socket.socket.send_within(request, 0, waiting);
        if let Err(WaitError::Os(Errno(
            netc::ECONNREFUSED | netc::ECONNRESET | netc::ENOTCONN | netc::EPIPE,
        ))) = sent
        {
            *socket = ConnectedSocket::open(&self.server)?;
            sent = socket.socket.send_within(request, 0, waiting);
        }
        sent.map(drop).map_err(|error| {
            let failed = error.while_trying(SEND_REQUEST).at(&self.server);
            if failed.kind() == ErrorKind::TooLarge { failed.advise("use TCP") } else { failed }
        })
    }

    /// Receives a datagram into the buffer; an error within is that of one which does not fit.
    fn receive(
        &mut self,
        socket: &ConnectedSocket,
        waiting: WaitOptions<'_>,
    ) -> std::result::Result<Result<usize>, WaitError> {
        loop {
            match socket.socket.receive_unix(&mut self.buffer, netc::MSG_DONTWAIT) {
                Ok((_, true, _)) => {
                    let reason = format!("it is longer than {BUFFER_SIZE} bytes");
                    return Ok(Err(Error::new(ErrorKind::TooLarge, ACCEPT_REPLY, reason).at(&self.server)));
                }
                Ok((length, false, _)) => return Ok(Ok(length)),
                Err(errno) if errno.would_block() => wait_readable(socket.socket.fd(), waiting)?,
                Err(Errno(netc::EINTR)) => {}
                Err(errno) => return Err(WaitError::Os(errno)),
            }
        }
    }

    /// Sends the requests one after another: the queue of a socket, of 10 datagrams by default (net.unix.max_dgram_qlen),
    /// leaves little to gain.
    pub(super) fn exchange_many<T: AsRef<[u8]>>(
        &mut self,
        context: &Context<UdpClientOptions>,
        requests: &[T],
        waiting: WaitOptions<'_>,
        on_reply: OnReply<'_>,
    ) -> Result<()> {
        let timeout = context.options.timeout;
        for (index, request) in requests.iter().enumerate() {
            let waiting = waiting.with_deadline(Deadline::after(timeout));
            let failed = |error: Error| {
                Progress { replies: index, requests: requests.len() }
                    .add_to(index, error.with_timeout(timeout))
            };
            // A server that always answers at once would never let a close or a signal be noticed.
            waiting.poll_now().map_err(|error| failed(error.while_trying(GET_REPLY).at(&self.server)))?;
            let reply = self.exchange(context, request.as_ref(), waiting).map_err(failed)?;
            on_reply(index, reply)?;
        }
        Ok(())
    }
}
