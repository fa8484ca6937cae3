//! The file of a server's socket: its permissions, one that is left over, and its removal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use capsock::{Error, ErrorKind, ServerOptions, TcpClient, Transport, UnixAddress};

use crate::folder::{Folder, TRANSPORTS, abstract_name, options, start};
use crate::support::CONCURRENCIES;

fn refusal(transport: Transport, path: &Path) -> Error {
    options(transport, path).start().expect_err("the start fails")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_live_server_keeps_its_socket() {
    for transport in TRANSPORTS {
        for other in TRANSPORTS {
            let folder = Folder::new();
            let path = folder.join("s");
            let server = start(transport, &path);
            let error = refusal(other, &path);
            assert_eq!((error.kind(), error.errno()), (ErrorKind::AddressInUse, Some(libc::EADDRINUSE)));
            assert!(error.to_string().contains("a server is running on it"), "{error}");
            // Whether it is live is not asked by a connection.
            assert_eq!(server.stats().connections_accepted, 0);
            if transport == Transport::Tcp {
                assert_eq!(TcpClient::connect(path.as_path()).unwrap().request("hello").unwrap(), "HELLO");
            }
        }
    }
    // Nor is one that is bound and does not listen yet taken over, nor another program's.
    let folder = Folder::new();
    let _listener = UnixListener::bind(folder.join("stream")).unwrap();
    let _socket = UnixDatagram::bind(folder.join("datagram")).unwrap();
    for name in ["stream", "datagram"] {
        for transport in TRANSPORTS {
            assert_eq!(refusal(transport, &folder.join(name)).kind(), ErrorKind::AddressInUse);
            assert!(folder.join(name).exists());
        }
    }
}

#[test]
fn a_socket_that_is_left_over_is_replaced() {
    for transport in TRANSPORTS {
        for concurrency in CONCURRENCIES {
            let folder = Folder::new();
            let path = folder.join("s");
            drop(UnixListener::bind(&path).unwrap());
            let server = options(transport, &path).concurrency(*concurrency).start().unwrap();
            assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
            server.stop(Duration::from_secs(5)).unwrap();
            assert!(folder.names().is_empty());
        }
    }
}

#[test]
fn what_is_no_socket_is_kept() {
    for transport in TRANSPORTS {
        let folder = Folder::new();
        fs::write(folder.join("file"), "text").unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
        drop(UnixListener::bind(folder.join("old")).unwrap());
        symlink("old", folder.join("link")).unwrap();
        symlink("nothing", folder.join("dangling")).unwrap();
        let before = folder.names().len();
        for (name, why) in [
            ("file", "it is a file that is no socket"),
            ("folder", "it is a file that is no socket"),
            ("link", "it is a symbolic link"),
            ("dangling", "it is a symbolic link"),
        ] {
            let error = refusal(transport, &folder.join(name));
            assert_eq!(error.kind(), ErrorKind::AddressInUse, "{name}");
            assert!(error.to_string().contains(why), "{error}");
        }
        assert_eq!(folder.names().len(), before);
        assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "text");
    }
}

#[test]
fn a_path_that_cannot_be_bound_is_said_so() {
    let folder = Folder::new();
    for transport in TRANSPORTS {
        let missing = refusal(transport, &folder.join("no/s"));
        assert_eq!(missing.errno(), Some(libc::ENOENT));
        assert!(missing.to_string().contains("create its directory first"), "{missing}");
        let long = refusal(transport, &folder.join(&"x".repeat(120)));
        assert_eq!(long.kind(), ErrorKind::InvalidArgument);
        assert!(long.to_string().contains("and the system permits"), "{long}");
        let empty = ServerOptions::new(transport, ("unix:", 0)).start().err().unwrap();
        assert_eq!(empty.kind(), ErrorKind::InvalidArgument);
    }
    assert!(folder.names().is_empty());
}

#[test]
fn the_mode_is_the_one_that_was_asked_for() {
    for transport in TRANSPORTS {
        let folder = Folder::new();
        for asked in [0o600, 0o660, 0o666, 0o777] {
            let path = folder.join(&format!("{asked:o}"));
            let _server = options(transport, &path).socket_mode(asked).start().unwrap();
            assert_eq!(mode(&path), asked, "{transport:?}");
        }
        // By the umask, as that of any other program.
        let (own, other) = (folder.join("own"), folder.join("other"));
        let _server = start(transport, &own);
        let _listener = UnixListener::bind(&other).unwrap();
        assert_eq!(mode(&own), mode(&other));
    }
    let path = Path::new("/nowhere");
    let refused = [
        ServerOptions::new(Transport::Tcp, path).socket_mode(0o1777),
        ServerOptions::new(Transport::Tcp, ("localhost", 0)).socket_mode(0o600),
        ServerOptions::new(Transport::Tcp, abstract_name()).socket_mode(0o600),
    ];
    for options in refused {
        let error = options.start().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("socket_mode"), "{error}");
    }
}

#[test]
fn a_stop_removes_the_file_only_if_it_is_the_servers_own() {
    for transport in TRANSPORTS {
        let folder = Folder::new();
        let path = folder.join("s");
        // Another one's: the server's was moved away.
        let server = start(transport, &path);
        fs::rename(&path, folder.join("moved")).unwrap();
        let _listener = UnixListener::bind(&path).unwrap();
        server.stop(Duration::from_secs(5)).unwrap();
        drop(server);
        assert!(UnixStream::connect(&path).is_ok());
        assert!(folder.join("moved").exists());
        // It was removed already, and by a drop without a stop.
        let path = folder.join("t");
        let server = start(transport, &path);
        fs::remove_file(&path).unwrap();
        drop(server);
        let server = start(transport, &path);
        drop(server);
        assert!(!path.exists());
    }
}

#[test]
fn a_successor_can_start_while_the_server_drains() {
    let folder = Folder::new();
    let path = folder.join("s");
    let server = start(Transport::Tcp, &path);
    let client = TcpClient::connect(path.as_path()).unwrap();
    assert_eq!(client.request("hello").unwrap(), "HELLO");
    server.request_stop();
    crate::support::eventually("the file is removed", || !path.exists());
    let successor = start(Transport::Tcp, &path);
    drop(server);
    assert_eq!(TcpClient::connect(path.as_path()).unwrap().request("hello").unwrap(), "HELLO");
    drop(successor);
    assert!(!path.exists());
}

#[test]
fn of_many_that_start_at_once_one_has_the_path() {
    for transport in TRANSPORTS {
        for _ in 0..20 {
            let folder = Folder::new();
            let path = folder.join("s");
            drop(UnixListener::bind(&path).unwrap());
            let barrier = Barrier::new(4);
            let started: Vec<_> = thread::scope(|scope| {
                let starters: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            options(transport, &path).start()
                        })
                    })
                    .collect();
                starters.into_iter().map(|starter| starter.join().unwrap()).collect()
            });
            let (servers, errors): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
            assert_eq!(servers.len(), 1);
            assert!(errors.into_iter().all(|error| error.err().unwrap().kind() == ErrorKind::AddressInUse));
            assert!(path.exists());
        }
    }
}

#[test]
fn a_relative_path_is_removed_from_where_it_was() {
    // Relative to the current directory, which the test does not change.
    let name = format!("capsock-relative-{}.sock", std::process::id());
    let server = start(Transport::Tcp, Path::new(&name));
    assert_eq!(server.unix_addr().map(ToString::to_string), Some(format!("unix:{name}")));
    assert!(Path::new(&name).exists());
    drop(server);
    assert!(!Path::new(&name).exists());
}

#[test]
fn without_permission_nobody_connects_or_binds() {
    // SAFETY: the call takes nothing.
    if unsafe { libc::geteuid() } == 0 {
        return;
    }
    let folder = Folder::new();
    let path = folder.join("s");
    let _server = options(Transport::Tcp, &path).socket_mode(0o400).start().unwrap();
    let denied = TcpClient::connect(path.as_path()).unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    assert_eq!(refusal(Transport::Tcp, &path).kind(), ErrorKind::PermissionDenied);
    fs::create_dir(folder.join("closed")).unwrap();
    fs::set_permissions(folder.join("closed"), Permissions::from_mode(0o500)).unwrap();
    assert_eq!(refusal(Transport::Tcp, &folder.join("closed/s")).kind(), ErrorKind::PermissionDenied);
    assert!(UnixAddress::from_path(&path).as_path().is_some());
}
