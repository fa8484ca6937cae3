//! A host and a port, as text; or a Unix domain socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::unix_address::UnixAddress;

/// A host (a name, an IP address, or empty) and a port, or a Unix domain socket.
///
/// For a server, an empty host is the unspecified address of IPv4 and IPv6, and port 0 is any free port. For a client, an
/// empty host is the loopback address.
///
/// A host `unix:PATH` is the path of a Unix domain socket (unix(7)), `unix:@NAME` one of Linux's abstract names, and a host
/// that begins with a slash is a path as well; its port is not looked at. [`Path`] and
/// [`UnixAddress`] convert into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    unix: Option<UnixAddress>,
}

impl Endpoint {
    /// The host: a name, an IP address without brackets, or empty; of a Unix domain socket, its address as text.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 0 to 65535; 0 for a Unix domain socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The Unix domain socket, if it is one.
    #[must_use]
    pub fn unix(&self) -> Option<&UnixAddress> {
        self.unix.as_ref()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unix.is_some() {
            f.write_str(&self.host)
        } else if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    /// `host:port`; an IPv6 address is in brackets, and the host may be empty.
    fn from_str(text: &str) -> Result<Endpoint> {
        if let Some(unix) = UnixAddress::from_host(text) {
            return Ok(unix.into());
        }
        let wrong = |why: &str| Error::invalid("use the address", why).at(text.escape_debug());
        let (host, port) =
            text.rsplit_once(':').ok_or_else(|| wrong("it has no port: host:port is needed"))?;
        if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
            return Err(wrong("an IPv6 address needs brackets: [::1]:12000"));
        }
        let number = port.parse::<u16>().ok().filter(|_| port.bytes().all(|digit| digit.is_ascii_digit()));
        let port = number.ok_or_else(|| wrong("the port is not a number from 0 to 65535"))?;
        Ok(Endpoint::from((host, port)))
    }
}

impl From<SocketAddr> for Endpoint {
    /// Keeps an IPv6 scope id (`fe80::1%2`).
    fn from(address: SocketAddr) -> Endpoint {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            other => other.ip().to_string(),
        };
        Endpoint { host, port: address.port(), unix: None }
    }
}

impl From<(IpAddr, u16)> for Endpoint {
    fn from((ip, port): (IpAddr, u16)) -> Endpoint {
        Endpoint { host: ip.to_string(), port, unix: None }
    }
}

impl From<(&str, u16)> for Endpoint {
    /// Removes the brackets around an IPv6 address.
    fn from((host, port): (&str, u16)) -> Endpoint {
        if let Some(unix) = UnixAddress::from_host(host) {
            return unix.into();
        }
        let plain = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        Endpoint { host: plain.to_owned(), port, unix: None }
    }
}

impl From<UnixAddress> for Endpoint {
    fn from(address: UnixAddress) -> Endpoint {
        Endpoint { host: address.to_string(), port: 0, unix: Some(address) }
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::SocketAddr> for Endpoint {
    fn from(address: std::os::unix::net::SocketAddr) -> Endpoint {
        UnixAddress::from(address).into()
    }
}

impl From<&Path> for Endpoint {
    fn from(path: &Path) -> Endpoint {
        UnixAddress::from_path(path).into()
    }
}

impl From<PathBuf> for Endpoint {
    fn from(path: PathBuf) -> Endpoint {
        UnixAddress::from_path(path).into()
    }
}

impl From<(String, u16)> for Endpoint {
    fn from((host, port): (String, u16)) -> Endpoint {
        Endpoint::from((host.as_str(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_host_and_a_port() {
        let table = [
            ("localhost:12000", Some(("localhost", 12000))),
            ("127.0.0.1:0", Some(("127.0.0.1", 0))),
            ("[::1]:65535", Some(("::1", 65535))),
            ("[fe80::1%lo]:1", Some(("fe80::1%lo", 1))),
            (":80", Some(("", 80))),
            ("::1", None),
            ("::1:80", None),
            ("localhost", None),
            ("localhost:", None),
            ("localhost:+1", None),
            ("localhost:65536", None),
            ("", None),
        ];
        for (text, expected) in table {
            let parsed = text.parse::<Endpoint>().ok();
            assert_eq!(parsed, expected.map(Endpoint::from), "{text}");
        }
    }
}
