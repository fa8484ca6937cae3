//! The address of `--metrics`, and the sockets that listen on it.

use std::net::{SocketAddr, TcpListener};
use std::str::FromStr;
use std::time::Duration;

use capsock::Error;
use capsock::net::{Endpoint, WaitPolicy};
use socket2::{Domain, Socket, Type};

use crate::failure::Result;
use crate::port::port;
use crate::signals;

/// The time limit of finding the addresses of a name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections that the kernel queues until they are accepted.
const BACKLOG: i32 = 128;

/// A host and a port: `9100`, `localhost:9100`, `[::1]:9100`, or `:9100` for all addresses.
#[derive(Debug, Clone)]
pub(crate) struct Address(Endpoint);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Address, String> {
        let (host, number) = match text.rsplit_once(':') {
            None => (capsock::DEFAULT_HOST, text),
            Some((host, number)) => match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
                Some(host) => (host, number),
                None if host.contains([':', '[', ']']) => {
                    return Err("write an IPv6 address in brackets, as in [::1]:9100".to_owned());
                }
                None => (host, number),
            },
        };
        Ok(Address(Endpoint::from((host, port(number)?))))
    }
}

impl Address {
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    /// Binds a socket to each address that this machine has, all with one port.
    pub(super) fn bind(&self) -> Result<Vec<TcpListener>> {
        let policy = WaitPolicy { timeout: Some(RESOLVE_TIMEOUT), on_interrupt: Some(signals::once) };
        let bound = self.0.bind_each(policy, |address| {
            let bound = listen(*address).and_then(|listener| {
                let local = listener.local_addr()?;
                Ok((listener, local))
            });
            // Each comes from the system, and has its number.
            bound.map_err(|error| {
                Error::os(error.raw_os_error().unwrap_or_default(), "serve the metrics on").at(address)
            })
        })?;
        Ok(bound.into_iter().map(|(listener, _)| listener).collect())
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows it would let another program take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_port_or_a_host_and_a_port() {
        for (text, host, port) in [
            ("9100", "localhost", 9100),
            ("0", "localhost", 0),
            (":9100", "", 9100),
            ("127.0.0.1:9100", "127.0.0.1", 9100),
            ("example.org:1", "example.org", 1),
            ("[::1]:9100", "::1", 9100),
            ("[::]:65535", "::", 65_535),
        ] {
            let Address(endpoint) = text.parse().expect(text);
            assert_eq!((endpoint.host(), endpoint.port()), (host, port), "{text}");
        }
        for (text, why) in [
            ("", "not a number"),
            ("localhost", "not a number"),
            ("localhost:", "not a number"),
            ("localhost:70000", "65535"),
            ("::1:9100", "in brackets"),
            ("[::1:9100", "in brackets"),
            ("::1", "in brackets"),
        ] {
            let error = text.parse::<Address>().expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
