//! The address of a Unix domain socket.

use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use socket2::SockAddr;

use crate::error::{Error, ErrorKind, Result};

/// What stands before a path or an abstract name where a host is given.
const PREFIX: &str = "unix:";

/// The longest path, which has a NUL behind it, and the longest abstract name, which has one before it (`sun_path` of
/// unix(7)).
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// What stands in the place of the IP address of a Unix domain socket.
pub(crate) const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The address of a Unix domain socket (unix(7)): a path, one of Linux's abstract names, or none.
///
/// As text it is `unix:` and the path, or `unix:@` and the abstract name; that of a socket without a name is `unix:`
/// alone. Characters that control a terminal are escaped, and what is not UTF-8 is replaced.
///
/// ```
/// # #[cfg(unix)] {
/// use capsock::{Server, TcpClient, UnixAddress};
///
/// let path = std::env::temp_dir().join(format!("capsock-{}.sock", std::process::id()));
/// let server = Server::tcp(UnixAddress::from_path(&path)).start()?;
/// assert_eq!(server.unix_addr().and_then(UnixAddress::as_path), Some(path.as_path()));
/// assert_eq!(TcpClient::connect(path.as_path())?.request("hello")?, "HELLO");
/// # }
/// # Ok::<(), capsock::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnixAddress(Name);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Unnamed,
    Path(PathBuf),
    Abstract(Box<[u8]>),
}

impl Default for UnixAddress {
    /// That of a socket which is not bound.
    fn default() -> UnixAddress {
        UnixAddress::UNNAMED
    }
}

impl UnixAddress {
    /// That of a socket which is not bound.
    pub(crate) const UNNAMED: UnixAddress = UnixAddress(Name::Unnamed);

    /// A path. Whether the system can use it is checked when a server binds it or a client connects to it.
    pub fn from_path(path: impl Into<PathBuf>) -> UnixAddress {
        UnixAddress(Name::Path(path.into()))
    }

    /// An abstract name of Linux, without the NUL before it. It has no file, and ends with its socket.
    pub fn from_abstract_name(name: impl AsRef<[u8]>) -> UnixAddress {
        UnixAddress(Name::Abstract(name.as_ref().into()))
    }

    /// The address that a host means: `unix:PATH`, `unix:@NAME` for an abstract name, or a path that begins with a slash.
    /// `None` for the name or IP address of a machine.
    pub(crate) fn from_host(host: &str) -> Option<UnixAddress> {
        match host.strip_prefix(PREFIX) {
            Some(name) => Some(match name.strip_prefix('@') {
                Some(name) => UnixAddress::from_abstract_name(name),
                None => UnixAddress::from_path(name),
            }),
            None => host.starts_with('/').then(|| UnixAddress::from_path(host)),
        }
    }

    /// The path, if it has one.
    #[must_use]
    pub fn as_path(&self) -> Option<&Path> {
        match &self.0 {
            Name::Path(path) => Some(path),
            Name::Unnamed | Name::Abstract(_) => None,
        }
    }

    /// The abstract name, if it has one, without the NUL before it.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        match &self.0 {
            Name::Abstract(name) => Some(name),
            Name::Unnamed | Name::Path(_) => None,
        }
    }

    /// Whether the socket has no name, as most clients of a stream.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.0 == Name::Unnamed
    }

    /// The address as the system takes it. `operation` continues "could not".
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is empty or too long, or a path with a NUL; `Unsupported` where the system has
    /// no such sockets or names.
    pub(crate) fn to_system(&self, operation: &str) -> Result<SockAddr> {
        let refused =
            |kind, why: String, advice: &str| Err(Error::new(kind, operation, why).at(self).advise(advice));
        if cfg!(windows) {
            let why = "this system has no Unix domain sockets that capsock can use".to_owned();
            return refused(ErrorKind::Unsupported, why, "use TCP or UDP on localhost");
        }
        let (what, name) = match &self.0 {
            Name::Path(path) => ("path", path.as_os_str().as_encoded_bytes()),
            Name::Abstract(_) if !cfg!(target_os = "linux") => {
                let why = "abstract names are Linux's alone".to_owned();
                return refused(ErrorKind::Unsupported, why, "use a path");
            }
            Name::Abstract(name) => ("name", &**name),
            Name::Unnamed => ("path", &[][..]),
        };
        let invalid = ErrorKind::InvalidArgument;
        if name.is_empty() {
            return refused(invalid, format!("the {what} is empty"), "give it as in unix:/run/capsock.sock");
        }
        if name.len() > LONGEST {
            let why = format!("the {what} has {} bytes, and the system permits {LONGEST}", name.len());
            return refused(
                invalid,
                why,
                "take a shorter one, or one that is relative to the current directory",
            );
        }
        if what == "path" && name.contains(&0) {
            return refused(invalid, "the path contains a NUL character".to_owned(), "take another path");
        }
        let made = match &self.0 {
            Name::Abstract(name) => {
                let bytes: Vec<u8> = [0].iter().chain(name.iter()).copied().collect();
                SockAddr::unix(os_str(&bytes))
            }
            Name::Path(path) => SockAddr::unix(path),
            Name::Unnamed => SockAddr::unix(""),
        };
        made.map_err(|error| Error::invalid(operation, error.to_string()).at(self))
    }

    /// The address that the system has written. Another family's is unnamed.
    #[cfg(unix)]
    pub(crate) fn from_system(address: &SockAddr) -> UnixAddress {
        match (address.as_pathname(), address.as_abstract_namespace()) {
            (Some(path), _) => UnixAddress::from_path(path),
            (None, Some(name)) => UnixAddress::from_abstract_name(name),
            (None, None) => UnixAddress::UNNAMED,
        }
    }

    /// There are none.
    #[cfg(windows)]
    pub(crate) fn from_system(_: &SockAddr) -> UnixAddress {
        UnixAddress::UNNAMED
    }
}

#[cfg(unix)]
fn os_str(bytes: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// There are no abstract names.
#[cfg(windows)]
fn os_str(_: &[u8]) -> &OsStr {
    OsStr::new("")
}

impl fmt::Display for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Name::Unnamed => return f.write_str(PREFIX),
            Name::Path(path) => path.to_string_lossy(),
            Name::Abstract(name) => String::from_utf8_lossy(name),
        };
        f.write_str(PREFIX)?;
        if self.as_abstract_name().is_some() {
            f.write_str("@")?;
        }
        for shown in name.chars() {
            if shown.is_control() { write!(f, "{}", shown.escape_default())? } else { write!(f, "{shown}")? }
        }
        Ok(())
    }
}

impl fmt::Debug for UnixAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::SocketAddr> for UnixAddress {
    fn from(address: std::os::unix::net::SocketAddr) -> UnixAddress {
        #[cfg(target_os = "linux")]
        if let Some(name) = std::os::linux::net::SocketAddrExt::as_abstract_name(&address) {
            return UnixAddress::from_abstract_name(name);
        }
        address.as_pathname().map_or(UnixAddress::UNNAMED, UnixAddress::from_path)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_a_unix_domain_socket() {
        let path = |path: &str| Some(UnixAddress::from_path(path));
        let table = [
            ("unix:/run/x.sock", path("/run/x.sock"), "unix:/run/x.sock"),
            ("unix:///run/x.sock", path("///run/x.sock"), "unix:///run/x.sock"),
            ("unix:x:1.sock", path("x:1.sock"), "unix:x:1.sock"),
            ("unix:./@x", path("./@x"), "unix:./@x"),
            ("unix:@name", Some(UnixAddress::from_abstract_name("name")), "unix:@name"),
            ("/run/x.sock", path("/run/x.sock"), "unix:/run/x.sock"),
            ("unix:", path(""), "unix:"),
            ("unix:a\u{1b}[2J", path("a\u{1b}[2J"), "unix:a\\u{1b}[2J"),
            ("unix", None, ""),
            ("localhost", None, ""),
            ("::1", None, ""),
            ("", None, ""),
        ];
        for (host, expected, text) in table {
            let address = UnixAddress::from_host(host);
            assert_eq!(address, expected, "{host}");
            assert_eq!(address.map_or_else(String::new, |address| address.to_string()), text);
        }
    }

    #[test]
    fn what_no_socket_can_have_is_refused() {
        let check =
            |address: UnixAddress| address.to_system("serve on").map(drop).map_err(|error| error.kind());
        let invalid = Err(ErrorKind::InvalidArgument);
        let names = if cfg!(target_os = "linux") { Ok(()) } else { Err(ErrorKind::Unsupported) };
        let table = [
            (UnixAddress::from_path("x"), Ok(())),
            (UnixAddress::from_path("x".repeat(LONGEST)), Ok(())),
            (UnixAddress::from_path("x".repeat(LONGEST + 1)), invalid),
            (UnixAddress::from_path(""), invalid),
            (UnixAddress::from_path("a\0b"), invalid),
            (UnixAddress::UNNAMED, invalid),
            (UnixAddress::from_abstract_name("x".repeat(LONGEST)), names),
            (UnixAddress::from_abstract_name(b"a\0\xff"), names),
            (UnixAddress::from_abstract_name("x".repeat(LONGEST + 1)), names.and(invalid)),
            (UnixAddress::from_abstract_name(""), names.and(invalid)),
        ];
        for (address, expected) in table {
            assert_eq!(check(address.clone()), expected, "{address}");
            if expected.is_ok() {
                assert_eq!(UnixAddress::from_system(&address.to_system("test").unwrap()), address);
            }
        }
    }
}
