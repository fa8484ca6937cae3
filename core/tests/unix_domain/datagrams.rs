//! Datagrams, beside the standard library's own sockets.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use capsock::{PendingReply, RequestContext, Server, ServerOptions, Transport, UdpClient, UnixAddress};

use crate::folder::{Folder, WITH_HANDLER, abstract_name, options};
use crate::support::{CONCURRENCIES, TIME_LIMIT, eventually};

fn bound(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    socket.set_write_timeout(Some(TIME_LIMIT)).unwrap();
    socket
}

fn receive(socket: &UnixDatagram) -> (String, Option<std::path::PathBuf>) {
    let mut buffer = vec![0; 1 << 20];
    let (length, source) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(length);
    (String::from_utf8(buffer).unwrap(), source.as_pathname().map(Path::to_owned))
}

#[test]
fn every_concurrency_serves_datagrams() {
    for concurrency in CONCURRENCIES {
        let folder = Folder::new();
        let path = folder.join("s");
        let server = options(Transport::Udp, &path).concurrency(*concurrency).start().unwrap();
        assert_eq!(server.unix_addr(), Some(&UnixAddress::from_path(&path)));
        let connected = bound(&folder.join("connected"));
        connected.connect(&path).unwrap();
        let unconnected = bound(&folder.join("unconnected"));
        for text in ["hello", "", "straße"] {
            connected.send(text.as_bytes()).unwrap();
            // Nobody but the server can send to it.
            assert_eq!(receive(&connected), (text.to_uppercase(), Some(path.clone())), "{concurrency:?}");
            unconnected.send_to(text.as_bytes(), &path).unwrap();
            assert_eq!(receive(&unconnected), (text.to_uppercase(), None), "{concurrency:?}");
        }
        let long = "x".repeat(150_000);
        connected.send(long.as_bytes()).unwrap();
        assert_eq!(receive(&connected).0, long.to_uppercase());
        eventually("all are counted", || server.stats().datagrams_sent == 7);
        let stats = server.stats();
        assert_eq!((stats.datagrams_received, stats.requests, stats.datagrams_filtered), (7, 7, 0));
        server.stop(Duration::from_secs(5)).unwrap();
        let mut names = folder.names();
        names.sort();
        assert_eq!(names, ["connected", "unconnected"], "{concurrency:?}");
    }
}

#[test]
fn a_client_without_a_name_gets_no_reply_and_is_counted() {
    for concurrency in CONCURRENCIES {
        let folder = Folder::new();
        let path = folder.join("s");
        let server = options(Transport::Udp, &path).concurrency(*concurrency).start().unwrap();
        let nameless = UnixDatagram::unbound().unwrap();
        nameless.send_to(b"hello", &path).unwrap();
        eventually("it is counted", || server.stats().datagrams_filtered == 1);
        let gone = bound(&folder.join("gone"));
        gone.send_to(b"hello", &path).unwrap();
        assert_eq!(receive(&gone).0, "HELLO");
        assert_eq!((server.stats().requests, server.stats().replies_unsent), (1, 0));
        // The path of this one leads nowhere when the reply is sent.
        let lost = bound(&folder.join("lost"));
        std::fs::remove_file(folder.join("lost")).unwrap();
        lost.send_to(b"hello", &path).unwrap();
        eventually("it is counted", || server.stats().replies_unsent == 1);
    }
}

#[test]
fn a_client_that_does_not_receive_delays_nobody() {
    let folder = Folder::new();
    let path = folder.join("s");
    let server = options(Transport::Udp, &path).start().unwrap();
    let idle = bound(&folder.join("idle"));
    let other = bound(&folder.join("other"));
    // Its queue holds some ten datagrams.
    for _ in 0..200 {
        idle.send_to(b"hello", &path).unwrap();
        other.send_to(b"hello", &path).unwrap();
        assert_eq!(receive(&other).0, "HELLO");
    }
    eventually("they are counted", || server.stats().replies_unsent > 100);
}

#[test]
fn a_handler_is_told_both_addresses() {
    let tell = |request: &[u8], context: &RequestContext| {
        let (peer, local) = (context.unix_peer().unwrap(), context.unix_local().unwrap());
        format!("{peer} {local} {}", request.len()).into_bytes()
    };
    for concurrency in WITH_HANDLER {
        let folder = Folder::new();
        let (path, own) = (folder.join("s"), folder.join("c"));
        let options = options(Transport::Udp, &path).concurrency(concurrency).handler_with_context(tell);
        let _server = options.start().unwrap();
        let client = bound(&own);
        client.send_to(b"hello", &path).unwrap();
        let expected = format!("unix:{} unix:{} 5", own.display(), path.display());
        assert_eq!(receive(&client).0, expected, "{concurrency:?}");
    }
}

#[test]
fn an_asynchronous_handler_replies_later() {
    let later = |request: &[u8], context: &RequestContext, reply: PendingReply| {
        let (peer, local) = (context.unix_peer().unwrap(), context.unix_local().unwrap());
        let told = format!("{peer} {local} {}", request.len());
        std::thread::spawn(move || reply.complete(told));
    };
    for concurrency in WITH_HANDLER {
        let folder = Folder::new();
        let (path, own) = (folder.join("s"), folder.join("c"));
        let server = options(Transport::Udp, &path).concurrency(concurrency).async_handler(later);
        let server = server.workers(3).start().unwrap();
        let client = bound(&own);
        let expected = |length| format!("unix:{} unix:{} {length}", own.display(), path.display());
        for length in [5, 0, 70_000] {
            client.send_to(&vec![b'x'; length], &path).unwrap();
            assert_eq!(receive(&client).0, expected(length), "{concurrency:?}");
        }
        server.pause().unwrap();
        client.send_to(b"hello", &path).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(client.recv(&mut [0; 9]).is_err(), "{concurrency:?}");
        client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        server.resume().unwrap();
        assert_eq!(receive(&client).0, expected(5), "{concurrency:?}");
        assert_eq!(server.drain(TIME_LIMIT).unwrap().completed, 4, "{concurrency:?}");
        assert_eq!((server.stats().datagrams_sent, server.stats().requests), (4, 4));
    }
}

#[test]
fn the_limits_hold() {
    let folder = Folder::new();
    let path = folder.join("s");
    let options = options(Transport::Udp, &path).max_request(10).max_amplification(2);
    let server = options.handler(|request: &[u8]| request.repeat(if request.len() > 5 { 3 } else { 2 }));
    let server = server.start().unwrap();
    let client = bound(&folder.join("c"));
    for (text, reply) in [("12345678901", None), ("123456", None), ("12345", Some("1234512345"))] {
        client.send_to(text.as_bytes(), &path).unwrap();
        if let Some(reply) = reply {
            assert_eq!(receive(&client).0, reply);
        }
    }
    let stats = server.stats();
    assert_eq!((stats.oversized_requests, stats.amplified_replies, stats.requests), (1, 1, 1));
}

/// The names of two servers, each of which has a symbolic link to the other as the source of a datagram.
#[test]
fn two_servers_do_not_answer_each_other() {
    for concurrency in CONCURRENCIES {
        let folder = Folder::new();
        let path = |name: &str| folder.join(name);
        let start = |name| options(Transport::Udp, &path(name)).concurrency(*concurrency).start().unwrap();
        let (one, two) = (start("one"), start("two"));
        // The source of this datagram is the path of a link to the second server by the time that the first one replies to it.
        for (name, to, linked) in [("three", "one", "two"), ("four", "two", "one"), ("five", "one", "one")] {
            let (dead, live) = (path("dead"), path(name));
            let forger = UnixDatagram::bind(&live).unwrap();
            std::fs::rename(&live, &dead).unwrap();
            std::os::unix::fs::symlink(path(linked), &live).unwrap();
            forger.send_to(b"hello", path(to)).unwrap();
            drop(forger);
            std::fs::remove_file(&dead).unwrap();
        }
        // Each reply arrives without a source, so that it is the last one.
        let filtered = |server: &Server| server.stats().datagrams_filtered;
        eventually("they end", || filtered(&one) + filtered(&two) == 3);
        let requests = one.stats().requests + two.stats().requests;
        let received = one.stats().datagrams_received + two.stats().datagrams_received;
        assert_eq!((requests, received), (3, 6), "{concurrency:?}");
        // They still answer others.
        let client = UdpClient::connect(path("one").as_path()).unwrap();
        assert_eq!(client.request("hello").unwrap(), "HELLO");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_name_has_no_file() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    for concurrency in CONCURRENCIES {
        let name = abstract_name();
        let options = ServerOptions::new(Transport::Udp, name.clone()).concurrency(*concurrency).workers(2);
        let server = options.start().unwrap();
        let to = SocketAddr::from_abstract_name(name.as_abstract_name().unwrap()).unwrap();
        let own = abstract_name();
        let own = SocketAddr::from_abstract_name(own.as_abstract_name().unwrap()).unwrap();
        let client = UnixDatagram::bind_addr(&own).unwrap();
        client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        client.send_to_addr(b"hello", &to).unwrap();
        assert_eq!(receive(&client).0, "HELLO");
        assert_eq!(UdpClient::connect(name.clone()).unwrap().request("hello").unwrap(), "HELLO");
        drop(server);
        drop(ServerOptions::new(Transport::Udp, name).start().unwrap());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_has_no_name_of_a_client() {
    for transport in [Transport::Tcp, Transport::Udp] {
        let server = ServerOptions::new(transport, UnixAddress::from_abstract_name("0beef"));
        let error = server.start().unwrap_err();
        assert_eq!(error.kind(), capsock::ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("for clients"), "{error}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_child_process_that_dies_is_replaced() {
    let folder = Folder::new();
    let (path, marker) = (folder.join("s"), folder.join("marker"));
    let _open = std::fs::File::create(&marker).unwrap();
    let options = options(Transport::Udp, &path).concurrency(capsock::Concurrency::Processes);
    let _server = options.start().unwrap();
    let client = UdpClient::connect(path.as_path()).unwrap();
    let mut killed = 0;
    for _ in 0..3 {
        assert_eq!(client.request("hello").unwrap(), "HELLO");
        // Those of this server: each child that serves a path has its file among its sockets. One that another test's
        // server has just forked has it as well, until it has closed what is not its own.
        let is_ours = |child: &i32| serves(*child, &path) && !has(*child, marker.as_os_str());
        for child in crate::support::children().into_iter().filter(is_ours) {
            // SAFETY: the call takes numbers.
            unsafe { libc::kill(child, libc::SIGKILL) };
            killed += 1;
        }
    }
    assert!(killed > 0);
    assert_eq!(client.request("hello").unwrap(), "HELLO");
}

/// Whether a process has a descriptor of the socket that is bound to `path`.
#[cfg(target_os = "linux")]
fn serves(process: i32, path: &Path) -> bool {
    let sockets = std::fs::read_to_string("/proc/net/unix").unwrap();
    let line = sockets.lines().find(|line| line.ends_with(&format!(" {}", path.display())));
    let Some(inode) = line.and_then(|line| line.split_whitespace().nth(6)) else { return false };
    has(process, format!("socket:[{inode}]").as_ref())
}

/// Whether a process has a descriptor of this name in /proc.
#[cfg(target_os = "linux")]
fn has(process: i32, name: &std::ffi::OsStr) -> bool {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    descriptors.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|link| link == *name))
}
