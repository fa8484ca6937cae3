//! The sockets that a server is given, instead of an address to bind.

use std::sync::Arc;

use super::options::ServerOptions;
use crate::error::{Error, Result};
use crate::net::fd::OwnedFd;
use crate::net::{copy_of_number, systemd_sockets};

impl ServerOptions {
    /// Serves on sockets that are already bound, instead of binding the address: those of systemd, of a supervisor, of a
    /// server that is replaced, or of a test. They are added to those that the options have; with none the address is
    /// bound.
    ///
    /// A `TcpListener`, a `UdpSocket` and an `OwnedFd` are taken. Each has to be a socket of the transport, over IPv4 or
    /// IPv6, or one Unix domain socket alone, bound and not connected; for TCP it may listen already, and keeps its backlog.
    /// The options close their descriptors when they are dropped, and the server has copies of its own. Every worker serves every socket.
    ///
    /// Others may have the same sockets, so a stop leaves them as they are: connections in the backlog and datagrams in the
    /// queue wait for whoever serves next, and are lost only when the last descriptor is closed. What is set for the
    /// server stays set: TCP_NODELAY and O_NONBLOCK for TCP, the latter for all who share the open file description
    /// (open(2)), and for UDP the hop limit of what is sent (56) and the reporting of hop limits and destinations.
    /// O_NONBLOCK of a UDP socket is neither needed nor changed. The server waits in poll(2) where on sockets of its own
    /// it may block in the call, which costs a system call more for each request with `Iterative` and `Threads`, and for
    /// each receive over UDP.
    ///
    /// An IPv6 socket without IPV6_V6ONLY also serves IPv4, for UDP on Linux alone.
    pub fn sockets<S: Into<OwnedFd>>(mut self, sockets: impl IntoIterator<Item = S>) -> Self {
        self.sockets.extend(sockets.into_iter().map(|socket| Arc::new(socket.into())));
        self
    }

    /// Adds a copy of the socket that another language names by the number of its descriptor, as
    /// [`sockets`](ServerOptions::sockets()) does; the descriptor stays the caller's.
    ///
    /// # Errors
    /// `InvalidArgument` for a number that is not open; `OutOfResources` for want of descriptors. What the socket is, is
    /// checked at the start.
    pub fn add_socket_number(&mut self, number: i64) -> Result<()> {
        self.sockets.push(Arc::new(copy_of_number(number)?));
        Ok(())
    }

    /// Adds the sockets that systemd has passed to this process ([`systemd_sockets`](crate::net::systemd_sockets())), all
    /// or those of one name, as [`sockets`](ServerOptions::sockets()) does. Returns the name of each. If systemd has
    /// passed none at all, none is added, and the server binds the address: the same program runs with and without
    /// systemd.
    ///
    /// # Errors
    /// `InvalidArgument` if systemd has passed sockets, and none has that name; those of `systemd_sockets`.
    pub fn add_systemd_sockets(&mut self, name: Option<&str>) -> Result<Vec<String>> {
        let passed = systemd_sockets()?;
        let all: Vec<_> = passed.iter().map(|socket| socket.name.escape_debug().to_string()).collect();
        let wanted = passed.into_iter().filter(|socket| name.is_none_or(|name| socket.name == name));
        let mut names = Vec::new();
        for socket in wanted {
            self.sockets.push(Arc::new(socket.fd));
            names.push(socket.name);
        }
        match name {
            Some(name) if names.is_empty() && !all.is_empty() => {
                let why = format!("none of them has the name {name:?}");
                let advice =
                    format!("there are {} (FileDescriptorName= of systemd.socket(5))", all.join(", "));
                Err(Error::invalid("take the sockets of systemd", why).advise(advice))
            }
            _ => Ok(names),
        }
    }

    /// Removes the sockets: the server binds the address.
    pub fn clear_sockets(&mut self) {
        self.sockets.clear();
    }
}
