//! A machine without a free port: a network namespace with few of them (network_namespaces(7)).

use std::io::Error;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;

use capsock::{ErrorKind, Server, TcpClient, UdpClient, UdpClientOptions};

use crate::support::TIME_LIMIT;

/// Set for the process inside of the namespace.
const INSIDE: &str = "CAPSOCK_TEST_PORTS";

/// The ports that the system may choose there.
const RANGE: &str = "40000 40003";

/// To begin with a namespace of its own, also for who is not the superuser. Async-signal-safe.
fn enter_namespace() -> std::io::Result<()> {
    // SAFETY: no pointers.
    let entered = unsafe {
        libc::unshare(libc::CLONE_NEWNET) == 0 || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) == 0
    };
    if entered { Ok(()) } else { Err(Error::last_os_error()) }
}

fn loopback_up() {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    // SAFETY: an ifreq is plain data; the name is shorter than its room, and the requests read and write the whole.
    unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        assert_eq!(libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS as _, &raw mut request), 0);
        request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short;
        assert_eq!(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request), 0);
    }
}

#[test]
fn no_port_is_left() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["ports::inside_of_the_namespace", "--exact", "--nocapture"]).env(INSIDE, RANGE);
    // SAFETY: between fork and exec it makes system calls only.
    unsafe { command.pre_exec(enter_namespace) };
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => eprintln!("skipped: cannot create a network namespace: {error}"),
    }
}

/// No test of its own.
#[test]
fn inside_of_the_namespace() {
    let Ok(range) = std::env::var(INSIDE) else { return };
    loopback_up();
    std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", range).unwrap();
    let local = ("127.0.0.1", 0);

    // Servers have them all: another one is refused, and the others serve on.
    type Start = fn(capsock::net::Endpoint) -> capsock::ServerOptions;
    for start in [Server::tcp as Start, Server::udp] {
        let mut servers = Vec::new();
        let error = loop {
            match start(local.into()).start() {
                Ok(server) => servers.push(server),
                Err(error) => break error,
            }
        };
        assert_eq!((servers.len(), error.kind()), (4, ErrorKind::AddressInUse), "{error}");
        servers.pop();
        start(local.into()).start().unwrap();
    }

    // Connections to one server have them all, each but the server's own.
    let server = Server::tcp(("127.0.0.1", 12_000)).start().unwrap();
    let mut clients = Vec::new();
    let error = loop {
        match TcpClient::connect(server.local_addr()) {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
    };
    assert_eq!((clients.len(), error.kind()), (4, ErrorKind::AddressNotAvailable), "{error}");
    assert_eq!(clients[3].request("still served").as_deref(), Ok("STILL SERVED"));
    let other = Server::tcp(("127.0.0.2", 12_000)).start().unwrap();
    assert_eq!(TcpClient::connect(other.local_addr()).unwrap().request("hello").as_deref(), Ok("HELLO"));
    drop(clients);

    // Many requests make do with the ports that there are.
    let server = Server::udp(("127.0.0.1", 12_000)).start().unwrap();
    let options = UdpClientOptions { timeout: Some(TIME_LIMIT), ..UdpClientOptions::default() };
    let requests: Vec<String> = (0..300).map(|index| format!("item {index}")).collect();
    let replies: Vec<String> = requests.iter().map(|text| text.to_uppercase()).collect();
    let client = UdpClient::connect_with(server.local_addr(), options.clone()).unwrap();
    assert_eq!(client.request_many(&requests).unwrap(), replies);
    let held: Vec<_> = std::iter::from_fn(|| std::net::UdpSocket::bind(local).ok()).collect();
    assert_eq!(held.len(), 3, "the client has the fourth");
    assert_eq!(client.request_many(&requests).unwrap(), replies, "one after the other from the fourth");
    let _other = UdpClient::connect_with(server.local_addr(), options.clone()).unwrap();
    let error = client.request_many(&requests).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfResources, "{error}");
    let error = UdpClient::connect_with(server.local_addr(), options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfResources, "{error}");
}
