//! The clients, against the standard library's own sockets.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use capsock::{ErrorKind, TcpClient, TcpClientOptions, Transport, UdpClient, UdpClientOptions, UnixAddress};

use crate::folder::{Folder, abstract_name, start};
use crate::support::TIME_LIMIT;

#[test]
fn a_stream_client_connects_again_if_the_server_closed() {
    let folder = Folder::new();
    let path = folder.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            (&stream).write_all(line.to_uppercase().as_bytes()).unwrap();
        }
    });
    let client = TcpClient::connect(("unix:".to_owned() + path.to_str().unwrap(), 1)).unwrap();
    assert_eq!(client.unix_peer_addr().unwrap(), Some(UnixAddress::from_path(&path)));
    assert!(client.unix_local_addr().unwrap().unwrap().is_unnamed());
    assert_eq!(client.peer_addr().unwrap().to_string(), "0.0.0.0:0");
    for _ in 0..3 {
        assert_eq!(client.request("hello").unwrap(), "HELLO");
    }
    assert_eq!(client.request_many(&["one", "two", "three"]).unwrap(), ["ONE", "TWO", "THREE"]);
}

#[test]
fn requests_are_pipelined() {
    let folder = Folder::new();
    let path = folder.join("s");
    let _server = start(Transport::Tcp, &path);
    let client = TcpClient::connect(path.as_path()).unwrap();
    let texts: Vec<String> = (0..5_000).map(|number| format!("text {number}")).collect();
    let replies = client.request_many(&texts).unwrap();
    assert!(texts.iter().zip(&replies).all(|(text, reply)| text.to_uppercase() == *reply));
}

#[test]
fn a_datagram_client_has_a_name_and_survives_a_restart() {
    let folder = Folder::new();
    let path = folder.join("s");
    let server = start(Transport::Udp, &path);
    let client = UdpClient::connect(path.as_path()).unwrap();
    assert!(!client.unix_local_addr().unwrap().unwrap().is_unnamed());
    assert_eq!(client.request("hello").unwrap(), "HELLO");
    drop(server);
    assert_eq!(client.request("hello").unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let server = start(Transport::Udp, &path);
    assert_eq!(client.request("hello").unwrap(), "HELLO");
    drop(server);
    let _server = start(Transport::Udp, &path);
    assert_eq!(client.request("hello").unwrap(), "HELLO");
    let texts: Vec<String> = (0..500).map(|number| format!("text {number}")).collect();
    let replies = client.request_many(&texts).unwrap();
    assert!(texts.iter().zip(&replies).all(|(text, reply)| text.to_uppercase() == *reply));
    client.close();
    assert_eq!(client.request("hello").unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_late_reply_is_not_taken_for_the_next_one() {
    let folder = Folder::new();
    let path = folder.join("s");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    let (seen, requests) = mpsc::channel();
    let peer = thread::spawn(move || {
        let mut buffer = [0; 100];
        let mut sources = Vec::new();
        for _ in 0..3 {
            let (length, source) = server.recv_from(&mut buffer).unwrap();
            seen.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).unwrap();
            sources.push(source);
        }
        // The first request was sent twice: both replies arrive after the next one was sent.
        for (source, reply) in sources.iter().zip(["late", "later", "right"]) {
            let _ = server.send_to_addr(reply.as_bytes(), source);
        }
        server
    });
    let options = UdpClientOptions {
        timeout: Some(Duration::from_millis(300)),
        retransmit_after: Duration::from_millis(100),
        retransmissions: 1,
        ..UdpClientOptions::default()
    };
    let client = UdpClient::connect_with(path.as_path(), options).unwrap();
    assert_eq!(client.request("one").unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(client.request("two").unwrap(), "right");
    assert_eq!(requests.iter().collect::<Vec<_>>(), ["one", "one", "two"]);
    peer.join().unwrap();
}

#[test]
fn what_is_wrong_with_a_server_is_said() {
    let folder = Folder::new();
    let path = folder.join("s");
    let kind = |error: capsock::Error| (error.kind(), error.errno());
    let missing = (ErrorKind::ConnectionRefused, Some(libc::ENOENT));
    assert_eq!(kind(TcpClient::connect(path.as_path()).unwrap_err()), missing);
    assert_eq!(kind(UdpClient::connect(path.as_path()).unwrap_err()), missing);
    drop(UnixListener::bind(&path).unwrap());
    let refused = (ErrorKind::ConnectionRefused, Some(libc::ECONNREFUSED));
    let error = TcpClient::connect(path.as_path()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("could not connect to unix:{}: ", path.display())), "{text}");
    assert!(text.ends_with("is a server running on that socket?"), "{text}");
    assert_eq!(kind(error), refused);
    assert_eq!(kind(UdpClient::connect(path.as_path()).unwrap_err()), refused);
    let _server = start(Transport::Tcp, &path);
    let other = UdpClient::connect(path.as_path()).unwrap_err();
    assert_eq!(other.errno(), Some(libc::EPROTOTYPE));
    assert!(other.to_string().contains("the other transport"), "{other}");
    let long = TcpClient::connect(UnixAddress::from_path("x".repeat(200))).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::InvalidArgument);
    assert!(long.to_string().contains("has 200 bytes"), "{long}");
    assert_eq!(TcpClient::connect(("unix:", 0)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let name = TcpClient::connect(abstract_name()).unwrap_err();
    let expected =
        if cfg!(target_os = "linux") { ErrorKind::ConnectionRefused } else { ErrorKind::Unsupported };
    assert_eq!(name.kind(), expected);
}

#[test]
fn a_connect_waits_while_the_backlog_is_full() {
    let folder = Folder::new();
    let path = folder.join("s");
    // SAFETY: the call takes numbers.
    let listener = UnixListener::bind(&path).unwrap();
    use std::os::fd::AsRawFd;
    // SAFETY: the call takes numbers.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let options =
        TcpClientOptions { connect_timeout: Some(Duration::from_millis(200)), ..TcpClientOptions::default() };
    let mut clients = Vec::new();
    let error = loop {
        match TcpClient::connect_with(path.as_path(), options.clone()) {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
        assert!(clients.len() < 100);
    };
    if cfg!(target_os = "linux") {
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let waiting = {
            let path = path.clone();
            thread::spawn(move || TcpClient::connect(path.as_path()).map(drop))
        };
        let _first = listener.accept().unwrap();
        waiting.join().unwrap().unwrap();
    }
}
