//! The public UDP client.

use std::fmt;
use std::net::SocketAddr;

use super::family::FamilySession;
use crate::client::generic::Client;
use crate::client::options::UdpClientOptions;
use crate::error::Result;
use crate::net::Endpoint;
use crate::unix_address::UnixAddress;

/// A client of a server that replies to each datagram with a datagram, over UDP.
///
/// A request has no number that its reply repeats, and the network may delay and duplicate datagrams. So each
/// request is sent from a local port that none of the 2,000 requests before it was sent from, and a late reply is
/// never taken for the reply to another request.
///
/// If the server's name has several addresses and one refuses or is unreachable, the client tries the next one
/// within the same request, and keeps to the address that replies.
///
/// All methods take `&self` and may be called from any thread. Calls from several threads run one after another,
/// in the order in which they were made. [`close`](UdpClient::close) in another thread unblocks them, and dropping
/// the client closes its sockets. In a forked child process every call fails with `Unsupported`, and the client
/// of the parent process is not affected.
pub struct UdpClient(Client<FamilySession>);

impl UdpClient {
    /// Resolves the server's name, with the default options, and sends nothing.
    ///
    /// # Errors
    /// As for [`connect_with`](UdpClient::connect_with).
    pub fn connect(to: impl Into<Endpoint>) -> Result<UdpClient> {
        UdpClient::connect_with(to, UdpClientOptions::default())
    }

    /// Resolves the server's name, and sends nothing.
    ///
    /// # Errors
    /// `NameNotResolved`, `TimedOut`, or another error of the system; `InvalidArgument` for port 0, for
    /// retransmissions with a `retransmit_after` of zero, and for an unknown name in `CAPSOCK_WITHOUT`
    /// ([`Features`](crate::Features)).
    pub fn connect_with(to: impl Into<Endpoint>, options: UdpClientOptions) -> Result<UdpClient> {
        Client::connect(to.into(), options).map(UdpClient)
    }

    /// Sends the text as one datagram and returns the text of the datagram that the server replies with. Both may
    /// be empty.
    ///
    /// # Errors
    /// `TooLarge`, before anything is sent, if the text does not fit a datagram (65,507 bytes over IPv4, 65,527
    /// over IPv6); `ConnectionRefused` if no program listens on the port; `Unreachable`, `TimedOut`, `Closed`;
    /// `InvalidText` if the reply is not valid UTF-8.
    pub fn request(&self, text: &str) -> Result<String> {
        self.0.request(text)
    }

    /// As [`request`](UdpClient::request), for bytes.
    ///
    /// # Errors
    /// As for [`request`](UdpClient::request), except for `InvalidText`.
    pub fn request_bytes(&self, request: &[u8]) -> Result<Vec<u8>> {
        self.0.request_bytes(request)
    }

    /// Sends many texts, each as one datagram, and returns the texts of the replies, in the order of the requests.
    ///
    /// At most 64 requests are in flight at once, fewer if they are long (128 KiB in all, counting 768 bytes more
    /// for each), and half as many after a loss. Each is sent from a local port of its own, which no other
    /// request uses before some 2,000 more have been sent, so that a late, duplicated or reordered reply is never
    /// taken for the reply to another request. Each is retransmitted as by [`request`](UdpClient::request), and has
    /// its time limit, so that the whole call may take longer.
    ///
    /// The first request is sent alone: if the server's name has several addresses, the others are sent to the
    /// one that replies. Each request in flight takes a descriptor; if there are too few, fewer are in flight.
    ///
    /// To a server on 127.0.0.0/8 each request is sent from a local address of its own instead, from 127.1.0.0 on,
    /// and all take one descriptor, which halves the cost. This ends with the first loss, and is not done without
    /// retransmissions, or where the system has no such addresses.
    ///
    /// Calls of other threads wait until this one returns. Without texts, nothing is sent.
    ///
    /// # Errors
    /// As for [`request`](UdpClient::request); `TooLarge` before anything is sent. The text has the index of the
    /// request that has no reply, counted from 0, and the number of replies received;
    /// [`request_many_with`](UdpClient::request_many_with) has passed those on. `InvalidText` is returned after all
    /// replies have been received.
    pub fn request_many<T: AsRef<str>>(&self, requests: &[T]) -> Result<Vec<String>> {
        self.0.request_many(requests)
    }

    /// As [`request_many`](UdpClient::request_many), for bytes.
    ///
    /// # Errors
    /// As for [`request_many`](UdpClient::request_many), except for `InvalidText`.
    pub fn request_many_bytes<T: AsRef<[u8]>>(&self, requests: &[T]) -> Result<Vec<Vec<u8>>> {
        self.0.request_many_bytes(requests)
    }

    /// As [`request_many_bytes`](UdpClient::request_many_bytes), but passes each reply to `on_reply` as it arrives,
    /// once, with the index of its request, counted from 0, and stores none. The replies may arrive in another
    /// order than the requests. While `on_reply` runs, nothing is received. `on_reply` must not use the client. If
    /// it returns an error, the call ends with that error.
    ///
    /// # Errors
    /// As for [`request_many_bytes`](UdpClient::request_many_bytes), and those of `on_reply`.
    pub fn request_many_with<T: AsRef<[u8]>>(
        &self,
        requests: &[T],
        mut on_reply: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.0.request_many_with(requests, &mut on_reply)
    }

    /// The local address that the next request is sent from.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.addresses().map(|addresses| addresses.local)
    }

    /// The address of the server that requests are sent to.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.addresses().map(|addresses| addresses.peer)
    }

    /// The local address, if the server is on a Unix domain socket, whose client has no IP address: the methods above then
    /// return 0.0.0.0:0.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn unix_local_addr(&self) -> Result<Option<UnixAddress>> {
        Ok(self.0.addresses()?.unix.map(|unix| unix.local.clone()))
    }

    /// The address of the server, if it is on a Unix domain socket.
    ///
    /// # Errors
    /// `Closed` after [`close`](UdpClient::close).
    pub fn unix_peer_addr(&self) -> Result<Option<UnixAddress>> {
        Ok(self.0.addresses()?.unix.map(|unix| unix.peer.clone()))
    }

    /// Closes the sockets and unblocks the calls of other threads, which fail with `Closed`. A second call has no
    /// effect.
    pub fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for UdpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("UdpClient", f)
    }
}
