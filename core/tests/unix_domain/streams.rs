//! Streams, beside the standard library's own sockets.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use capsock::{
    Concurrency, Framing, PendingReply, RequestContext, ServerOptions, TcpClient, Transport, UnixAddress,
};

use crate::folder::{Folder, WITH_HANDLER, abstract_name, options, start};
use crate::support::{CONCURRENCIES, TIME_LIMIT, eventually};

fn connect(path: &std::path::Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    stream.set_write_timeout(Some(TIME_LIMIT)).unwrap();
    stream
}

fn line(mut stream: &UnixStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).unwrap();
    let mut reply = vec![0; text.len()];
    stream.read_exact(&mut reply).unwrap();
    String::from_utf8(reply).unwrap()
}

#[test]
fn every_concurrency_serves_streams() {
    for concurrency in CONCURRENCIES {
        for framing in [Framing::Stream, Framing::Line, Framing::Once] {
            let folder = Folder::new();
            let path = folder.join("s");
            let server = options(Transport::Tcp, &path).concurrency(*concurrency).framing(framing);
            let server = server.start().unwrap();
            assert_eq!(server.unix_addr(), Some(&UnixAddress::from_path(&path)));
            assert_eq!(server.endpoint().to_string(), format!("unix:{}", path.display()));
            assert_eq!(server.local_addr().to_string(), "0.0.0.0:0");
            for _ in 0..3 {
                let mut stream = connect(&path);
                assert_eq!(line(&stream, "hello\n"), "HELLO\n", "{concurrency:?} {framing:?}");
                if framing != Framing::Once {
                    assert_eq!(line(&stream, "again\n"), "AGAIN\n");
                    stream.shutdown(Shutdown::Write).unwrap();
                }
                assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            }
            // A connection that is open at a stop is closed by it.
            let mut idle = connect(&path);
            let report = server.stop(Duration::from_secs(5)).unwrap();
            assert_eq!(report.cut, 0, "{concurrency:?} {framing:?}");
            assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
            assert!(folder.names().is_empty(), "{concurrency:?} {framing:?}: {:?}", folder.names());
        }
    }
}

#[test]
fn a_long_stream_is_copied_in_both_directions_at_once() {
    for concurrency in CONCURRENCIES {
        let folder = Folder::new();
        let path = folder.join("s");
        let options = options(Transport::Tcp, &path).concurrency(*concurrency).framing(Framing::Stream);
        let _server = options.start().unwrap();
        let client = TcpClient::connect(path.as_path()).unwrap();
        let text = "abc, straße\n".repeat(200_000);
        let mut output = Vec::new();
        let copied = client.copy(&mut text.as_bytes(), &mut output).unwrap();
        assert_eq!(copied.sent, text.len() as u64);
        assert!(output == capsock::uppercase(text.as_bytes()), "{concurrency:?}");
    }
}

#[test]
fn a_handler_is_told_both_addresses() {
    let tell = |request: &[u8], context: &RequestContext| {
        let (peer, local) = (context.unix_peer().unwrap(), context.unix_local().unwrap());
        format!("{peer} {local} {} {}", context.peer(), request.len()).into_bytes()
    };
    let later = move |request: &[u8], context: &RequestContext, reply: PendingReply| {
        let told = tell(request, context);
        std::thread::spawn(move || reply.complete(told));
    };
    for (concurrency, asynchronous) in WITH_HANDLER.into_iter().flat_map(|one| [(one, false), (one, true)]) {
        let folder = Folder::new();
        let path = folder.join("s");
        let options = options(Transport::Tcp, &path).concurrency(concurrency);
        let options =
            if asynchronous { options.async_handler(later) } else { options.handler_with_context(tell) };
        let _server = options.start().unwrap();
        let stream = connect(&path);
        (&stream).write_all(b"hello\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut reply = String::new();
        (&stream).read_to_string(&mut reply).unwrap();
        assert_eq!(reply, format!("unix: unix:{} 0.0.0.0:0 6\n", path.display()));
    }
}

#[test]
fn what_has_arrived_is_answered_at_a_stop() {
    for concurrency in CONCURRENCIES {
        let folder = Folder::new();
        let path = folder.join("s");
        let server = options(Transport::Tcp, &path).concurrency(*concurrency).start().unwrap();
        let stream = connect(&path);
        assert_eq!(line(&stream, "hello\n"), "HELLO\n");
        (&stream).write_all(b"one\ntwo\n").unwrap();
        server.stop(Duration::from_secs(5)).unwrap();
        let mut rest = String::new();
        (&stream).read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ONE\nTWO\n", "{concurrency:?}");
        assert!(UnixStream::connect(&path).is_err());
    }
}

#[test]
fn a_peer_that_does_not_receive_is_cut_and_delays_nobody() {
    for concurrency in [Concurrency::Threads, Concurrency::Events] {
        let folder = Folder::new();
        let path = folder.join("s");
        let limit = Duration::from_millis(200);
        let options = options(Transport::Tcp, &path).concurrency(concurrency).framing(Framing::Stream);
        let server = options.write_timeout(Some(limit)).start().unwrap();
        let stream = connect(&path);
        stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        let end = Instant::now() + TIME_LIMIT;
        while server.stats().write_timeouts == 0 {
            assert!(Instant::now() < end, "{concurrency:?}");
            match (&stream).write(&[b'x'; 4096]) {
                Ok(count) => sent += count,
                Err(_) => {
                    let other = connect(&path);
                    assert_eq!(line(&other, "hello"), "HELLO");
                }
            }
        }
        assert!(sent > 0);
        eventually("it is closed", || server.stats().connections_active == 0);
    }
}

#[test]
fn a_stop_cuts_what_is_not_received() {
    for concurrency in CONCURRENCIES {
        // Whether the server has filled the buffers by the time of the stop, or is about to, its system decides.
        let cut = (0..50).any(|_| {
            let folder = Folder::new();
            let path = folder.join("s");
            let options = options(Transport::Tcp, &path).concurrency(*concurrency).framing(Framing::Stream);
            let server = options.start().unwrap();
            let stream = connect(&path);
            stream.set_nonblocking(true).unwrap();
            let full = || {
                let sent = (&stream).write(&[b'x'; 4096]);
                sent.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            };
            let stats = || server.stats();
            eventually("the buffers are full", || full() && stats().bytes_received > stats().bytes_sent);
            let start = Instant::now();
            let report = server.stop(Duration::from_millis(100)).unwrap();
            assert!(start.elapsed() < TIME_LIMIT, "{concurrency:?}");
            report.cut == 1
        });
        assert!(cut, "{concurrency:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_name_has_no_file() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    for concurrency in CONCURRENCIES {
        let name = abstract_name();
        let server = ServerOptions::new(Transport::Tcp, name.clone()).concurrency(*concurrency);
        let server = server.framing(Framing::Line).start().unwrap();
        assert_eq!(server.unix_addr(), Some(&name));
        let address = SocketAddr::from_abstract_name(name.as_abstract_name().unwrap()).unwrap();
        assert_eq!(UnixAddress::from(address.clone()), name);
        let stream = UnixStream::connect_addr(&address).unwrap();
        assert_eq!(line(&stream, "hello\n"), "HELLO\n");
        drop(stream);
        assert_eq!(TcpClient::connect(address).unwrap().request("hello").unwrap(), "HELLO");
        server.stop(Duration::from_secs(5)).unwrap();
        // It is free as soon as the server has stopped.
        drop(server);
        drop(ServerOptions::new(Transport::Tcp, name).start().unwrap());
    }
}

#[test]
fn the_limit_of_connections_holds() {
    let folder = Folder::new();
    let path = folder.join("s");
    let server =
        options(Transport::Tcp, &path).max_connections(1).max_connections_per_peer(1).start().unwrap();
    let first = connect(&path);
    assert_eq!(line(&first, "hello\n"), "HELLO\n");
    let mut second = connect(&path);
    assert!(matches!(second.read(&mut [0]), Ok(0) | Err(_)));
    assert_eq!(server.stats().connections_refused, 1);
    assert_eq!(line(&first, "again\n"), "AGAIN\n");
    drop(start(Transport::Tcp, &folder.join("t")));
}

#[test]
#[cfg(target_os = "linux")]
fn descriptors_that_a_client_passes_are_closed() {
    use std::os::fd::AsRawFd;

    for concurrency in WITH_HANDLER {
        let folder = Folder::new();
        let path = folder.join("s");
        let _server = options(Transport::Tcp, &path).concurrency(concurrency).start().unwrap();
        let stream = connect(&path);
        let (mut kept, passed) = UnixStream::pair().unwrap();
        kept.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        let control = capsock::net::write_controls(&[capsock::net::Control {
            level: libc::SOL_SOCKET,
            kind: libc::SCM_RIGHTS,
            data: &passed.as_raw_fd().to_ne_bytes(),
        }])
        .unwrap();
        let mut text = *b"hello\n";
        let mut buffer = libc::iovec { iov_base: text.as_mut_ptr().cast(), iov_len: text.len() };
        // SAFETY: an all-zero msghdr is an empty one.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = &raw mut buffer;
        message.msg_iovlen = 1;
        message.msg_control = control.as_ptr().cast_mut().cast();
        message.msg_controllen = control.len() as _;
        // SAFETY: the header points to what is valid for the lengths beside it.
        assert_eq!(unsafe { libc::sendmsg(stream.as_raw_fd(), &raw const message, 0) }, 6);
        drop(passed);
        let mut reply = [0; 6];
        (&stream).read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"HELLO\n", "{concurrency:?}");
        // Nobody has the other end any more.
        assert_eq!(kept.read(&mut [0]).unwrap(), 0);
    }
}
