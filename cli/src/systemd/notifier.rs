//! The datagrams to the service manager (sd_notify(3)): lines `NAME=value`, to the socket that NOTIFY_SOCKET names.

use std::io;

use serde_json::json;

use crate::log::{LogFormat, Severity};

/// The socket of the service manager, if this process has one.
pub(crate) struct Notifier {
    name: Option<String>,
    log: LogFormat,
}

impl Notifier {
    /// That of the environment. It is not removed from there: the processes of a server inherit it, as a successor has to.
    pub(crate) fn of_environment(log: LogFormat) -> Notifier {
        let name = std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty());
        Notifier { name, log }
    }

    /// The server is ready, or a new one is, whose process is this one.
    pub(crate) fn ready(&self, status: &str) {
        let process = std::process::id();
        self.send(&format!("READY=1\nMAINPID={process}\nSTATUS={}\n", one_line(status)));
    }

    /// Another process is the service's main one: from it alone, unless told otherwise, the manager takes what follows.
    pub(crate) fn replaced_by(&self, process: u32) {
        self.send(&format!("MAINPID={process}\n"));
    }

    pub(crate) fn stopping(&self, status: &str) {
        self.send(&format!("STOPPING=1\nSTATUS={}\n", one_line(status)));
    }

    pub(crate) fn makes_progress(&self) {
        self.send("WATCHDOG=1\n");
    }

    /// A service manager that is not reached is reported, and has no other effect: requests are answered without it.
    fn send(&self, state: &str) {
        let Some(name) = &self.name else { return };
        if let Err(error) = send(name, state.as_bytes()) {
            let name = name.escape_debug();
            let message = format!("could not notify the service manager at {name}: {error}");
            self.log.write(Severity::Error, message, &json!({ "event": "notify" }));
        }
    }
}

/// A newline would begin another variable.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(unix)]
fn send(name: &str, state: &[u8]) -> io::Result<()> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // A manager that does not read would block the server's stop.
    socket.set_nonblocking(true)?;
    let sent = match name.strip_prefix('@') {
        Some(name) => socket.send_to_addr(state, &abstract_address(name)?)?,
        None if name.starts_with('/') => socket.send_to(state, name)?,
        None => {
            let why = "NOTIFY_SOCKET is neither a path nor an abstract name";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
    };
    if sent == state.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// The name in the abstract namespace of Linux (unix(7)).
#[cfg(target_os = "linux")]
fn abstract_address(name: &str) -> io::Result<std::os::unix::net::SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    std::os::unix::net::SocketAddr::from_abstract_name(name)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn abstract_address(_name: &str) -> io::Result<std::os::unix::net::SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn send(_name: &str, _state: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut text = [0; 512];
        let length = socket.recv(&mut text).expect("a datagram");
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    #[test]
    fn states_arrive_at_paths_and_at_abstract_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let abstract_name = format!("capsock-test-{}", std::process::id());
        let address = abstract_address(&abstract_name).expect("an address");
        for (socket, name) in [
            (UnixDatagram::bind(&path), path.to_str().expect("UTF-8").to_owned()),
            (UnixDatagram::bind_addr(&address), format!("@{abstract_name}")),
        ] {
            let socket = socket.expect("a socket");
            let notifier = Notifier { name: Some(name), log: LogFormat::Text };
            notifier.ready("serving\nMAINPID=1");
            let process = std::process::id();
            assert_eq!(received(&socket), format!("READY=1\nMAINPID={process}\nSTATUS=serving MAINPID=1\n"));
            notifier.stopping("finishing");
            assert_eq!(received(&socket), "STOPPING=1\nSTATUS=finishing\n");
            notifier.makes_progress();
            assert_eq!(received(&socket), "WATCHDOG=1\n");
        }
    }

    #[test]
    fn a_name_that_is_none_is_an_error() {
        for name in ["relative", "vsock:2:1234", "/nowhere/notify", "@capsock-nobody"] {
            assert!(send(name, b"READY=1").is_err(), "{name}");
        }
        assert!(send(&"/x".repeat(200), b"READY=1").is_err());
    }
}
