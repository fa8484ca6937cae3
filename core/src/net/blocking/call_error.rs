//! The error of a call on a [`BlockingSocket`], for programs that report it as text: what was tried, on which address,
//! what happened, what to try.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::SocketAddr;

use super::socket::BlockingSocket;
use crate::error::Error;
use crate::net::sys::Errno;
use crate::net::wait_error::WaitError;
use crate::netc;

/// What was tried on a socket. Its error says "could not bind to", "could not receive from".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketCall {
    /// bind(2).
    Bind,
    /// listen(2).
    Listen,
    /// accept(2).
    Accept,
    /// connect(2).
    Connect,
    /// send(2), to the address that the socket is connected to.
    Send,
    /// sendto(2).
    SendTo,
    /// recv(2), from the address that the socket is connected to.
    Receive,
    /// recvfrom(2).
    ReceiveFrom,
    /// shutdown(2).
    ShutDown,
    /// getsockname(2).
    LocalAddress,
    /// getpeername(2).
    PeerAddress,
    /// fcntl(2), O_NONBLOCK.
    SetTimeout,
    /// getsockopt(2).
    GetOption {
        /// The level of the option.
        level: i32,
        /// Its number in the level.
        name: i32,
    },
    /// setsockopt(2).
    SetOption {
        /// The level of the option.
        level: i32,
        /// Its number in the level.
        name: i32,
    },
}

impl SocketCall {
    /// What continues "could not".
    fn words(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            SocketCall::Bind => "bind to",
            SocketCall::Listen => "listen",
            SocketCall::Accept => "accept",
            SocketCall::Connect => "connect to",
            SocketCall::Send => "send",
            SocketCall::SendTo => "send to",
            SocketCall::Receive | SocketCall::ReceiveFrom => "receive",
            SocketCall::ShutDown => "shut down",
            SocketCall::LocalAddress => "get the local address",
            SocketCall::PeerAddress => "get the peer address",
            SocketCall::SetTimeout => "set the timeout",
            SocketCall::GetOption { level, name } => {
                return Cow::Owned(format!("read the option {name} of the level {level}"));
            }
            SocketCall::SetOption { level, name } => {
                return Cow::Owned(format!("set the option {name} of the level {level}"));
            }
        })
    }

    /// What to try after it failed with that number.
    fn advice(self, errno: i32) -> Option<&'static str> {
        Some(match (self, errno) {
            (SocketCall::Bind, netc::EINVAL) => "it has an address already",
            (SocketCall::Accept, netc::EINVAL) => "call listen first",
            (SocketCall::Accept | SocketCall::Listen, netc::EOPNOTSUPP) => {
                "only a SOCK_STREAM socket listens"
            }
            (SocketCall::SendTo, netc::EACCES) => "a broadcast needs the option SO_BROADCAST",
            (SocketCall::SendTo, netc::EINVAL) => "nothing can be sent to port 0",
            (SocketCall::Connect, netc::EINPROGRESS | netc::EALREADY) => {
                "wait for POLLOUT, then SO_ERROR has the result"
            }
            (_, netc::EISCONN) => "it is connected already",
            (_, netc::ENOTCONN) => "connect it first, or use the socket that accept returned",
            (_, netc::EDESTADDRREQ) => "name the receiver with sendto, or connect first",
            (_, netc::EPIPE | netc::ECONNRESET) => "the connection has ended",
            (_, netc::EMSGSIZE) => "a datagram holds 65,507 bytes at most over IPv4, 65,527 over IPv6",
            _ => return None,
        })
    }

    /// The error of this call on what is named by the address.
    pub(super) fn error_at(self, failed: WaitError, address: impl Display) -> Error {
        self.advise(failed.while_trying(&self.words()).at(address), failed)
    }

    fn advise(self, error: Error, failed: WaitError) -> Error {
        let advice = match failed {
            WaitError::Os(Errno(errno)) => self.advice(errno),
            _ => None,
        };
        match advice {
            Some(advice) => error.advise(advice),
            None => error,
        }
    }
}

impl BlockingSocket {
    /// The error of a call on this socket that failed. A call that sends or receives names the peer, if the socket is
    /// connected; any other names the socket's own address, if it has one.
    #[must_use]
    pub fn error(&self, call: SocketCall, failed: impl Into<WaitError>) -> Error {
        let (failed, tried) = (failed.into(), call.words());
        let direction = match call {
            SocketCall::Send => Some("to"),
            SocketCall::Receive => Some("from"),
            _ => None,
        };
        if let Some(direction) = direction
            && let Ok(peer) = self.peer_addr()
        {
            return call.advise(failed.while_trying(&format!("{tried} {direction}")).at(peer), failed);
        }
        let local = self.local_addr().ok().filter(|local| local.port() != 0);
        let address: &dyn Display = match &local {
            Some(local) => local,
            None => &"the socket",
        };
        call.advise(failed.while_trying(&format!("{tried} on")).at(address), failed)
    }

    /// The error of a call on this socket that was given an address.
    #[must_use]
    pub fn error_at(&self, call: SocketCall, failed: impl Into<WaitError>, address: &SocketAddr) -> Error {
        let failed = failed.into();
        let error = failed.while_trying(&call.words()).at(address);
        match failed {
            WaitError::Os(Errno(netc::EINVAL | netc::EAFNOSUPPORT))
                if self.family().is_ok_and(|family| !family.is_of(address)) =>
            {
                error.advise("the socket and the address are of different families")
            }
            WaitError::Os(Errno(netc::EACCES)) if call == SocketCall::Bind => error.advise_on_port(address),
            _ => call.advise(error, failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Family, Kind};

    #[test]
    fn the_text_names_the_address_and_says_what_to_try() {
        let socket = BlockingSocket::new(Family::V4, Kind::Datagram, true).expect("a socket");
        let v4: SocketAddr = "192.0.2.1:80".parse().expect("an address");
        let v6: SocketAddr = "[2001:db8::1]:80".parse().expect("an address");
        let table: [(SocketCall, i32, Option<SocketAddr>, &str); 6] = [
            (
                SocketCall::Bind,
                netc::EACCES,
                Some(v4),
                "EACCES); ports below 1024 are for privileged programs",
            ),
            (SocketCall::Bind, netc::EINVAL, Some(v4), "; it has an address already"),
            (
                SocketCall::Bind,
                netc::EINVAL,
                Some(v6),
                "; the socket and the address are of different families",
            ),
            (SocketCall::Receive, netc::ENOTCONN, None, "receive on the socket: "),
            (SocketCall::Listen, netc::EOPNOTSUPP, None, "listen on the socket: "),
            (
                SocketCall::GetOption { level: 1, name: 7 },
                netc::ENOPROTOOPT,
                None,
                "option 7 of the level 1 on ",
            ),
        ];
        for (call, errno, address, expected) in table {
            let error = match &address {
                Some(address) => socket.error_at(call, Errno(errno), address),
                None => socket.error(call, Errno(errno)),
            };
            assert!(error.to_string().contains(expected), "{call:?}: {error}");
        }
        let peer = BlockingSocket::new(Family::V4, Kind::Datagram, true).expect("a socket");
        peer.bind(&"127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = peer.local_addr().expect("bound");
        socket.connect(&address, crate::net::WaitPolicy::default()).expect("a datagram socket");
        for (call, words) in [(SocketCall::Send, "send to"), (SocketCall::Receive, "receive from")] {
            let error = socket.error(call, Errno(netc::ECONNREFUSED));
            assert!(error.to_string().starts_with(&format!("could not {words} {address}: ")), "{error}");
        }
    }
}
