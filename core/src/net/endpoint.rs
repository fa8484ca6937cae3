//! A host and a port, as a person writes them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A host (a name, an IP address, or empty) and a port.
///
/// For a server an empty host means every address of the machine, IPv4 and IPv6, and port 0 means
/// any free one. For a client an empty host means this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// The host: a name, an IP address without brackets, or empty.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 0 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for Endpoint {
    /// Keeps an IPv6 scope (`fe80::1%2`).
    fn from(address: SocketAddr) -> Endpoint {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            other => other.ip().to_string(),
        };
        Endpoint { host, port: address.port() }
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from((ip, port): (IpAddr, u16)) -> Endpoint {
        Endpoint { host: ip.to_string(), port }
    }
}

impl From<(&str, u16)> for Endpoint {
    /// Brackets around an IPv6 address are taken off.
    fn from((host, port): (&str, u16)) -> Endpoint {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Endpoint { host: bare.to_owned(), port }
    }
}

impl From<(String, u16)> for Endpoint {
    fn from((host, port): (String, u16)) -> Endpoint {
        Endpoint::from((host.as_str(), port))
    }
}
