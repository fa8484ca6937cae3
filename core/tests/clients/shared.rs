//! TCP clients that several threads share, and closed clients.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use capsock::{ErrorKind, TcpClient, TcpClientOptions};

use crate::tools::{LIMIT, TcpServer, tcp_options, telling_pipe, thread_id, wait_until_asleep};

#[test]
fn two_threads_get_their_own_replies() {
    let server = TcpServer::uppercase();
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    thread::scope(|scope| {
        for name in ["one", "two"] {
            let client = &client;
            scope.spawn(move || {
                for number in 0..200 {
                    let request = format!("{name} {number}");
                    assert_eq!(client.request(&request), Ok(request.to_uppercase()));
                }
            });
        }
    });
    assert_eq!(server.accepted(), 1);
}

#[test]
fn closing_ends_a_request_and_those_that_wait_for_their_turn() {
    let (received, wait) = mpsc::channel();
    let server = TcpServer::start(move |_, mut peer| {
        peer.line();
        received.send(()).unwrap();
        // Until the client closes the connection.
        assert_eq!(peer.line(), "");
        received.send(()).unwrap();
    });
    let options = TcpClientOptions { timeout: None, ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| client.request("first").unwrap_err().kind());
        wait.recv_timeout(LIMIT).unwrap();
        let others = [(); 2].map(|()| scope.spawn(|| client.request("other").unwrap_err().kind()));
        client.close();
        assert_eq!(first.join().unwrap(), ErrorKind::Closed);
        for other in others {
            assert_eq!(other.join().unwrap(), ErrorKind::Closed);
        }
    });
    wait.recv_timeout(LIMIT).expect("the socket is closed although the client still exists");
}

#[test]
fn a_closed_client_does_nothing_more() {
    let server = TcpServer::uppercase();
    let client = TcpClient::connect_with(server.address, tcp_options()).unwrap();
    client.close();
    client.close();
    let mut output = Vec::new();
    let errors = [
        client.request("one").unwrap_err(),
        client.request_bytes(b"one").unwrap_err(),
        client.copy(&mut &b"one"[..], &mut output).unwrap_err(),
        client.local_addr().unwrap_err(),
        client.peer_addr().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Closed);
        assert!(error.to_string().contains("the client is closed"), "{error}");
    }
}

#[test]
fn waiting_for_a_turn_has_the_same_limit() {
    let server = TcpServer::uppercase();
    let options = TcpClientOptions { timeout: Some(Duration::from_millis(50)), ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    let (mut input, feed, wait) = telling_pipe();
    thread::scope(|scope| {
        let copy = scope.spawn(|| client.copy(&mut input, &mut Vec::new()));
        wait.recv_timeout(LIMIT).unwrap();
        let error = client.request("one").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().contains("another thread used the client"), "{error}");
        drop(feed);
        drop(copy.join().unwrap());
    });
}

#[test]
fn closing_ends_waiting_for_a_turn_that_does_not_come() {
    let server = TcpServer::uppercase();
    let options = TcpClientOptions { timeout: None, ..tcp_options() };
    let client = TcpClient::connect_with(server.address, options).unwrap();
    let (mut input, feed, wait) = telling_pipe();
    thread::scope(|scope| {
        let copy = scope.spawn(|| client.copy(&mut input, &mut Vec::new()));
        wait.recv_timeout(LIMIT).unwrap();
        let (starting, started) = mpsc::channel();
        let client = &client;
        let waiting = scope.spawn(move || {
            starting.send(thread_id()).unwrap();
            client.request("one").unwrap_err().kind()
        });
        wait_until_asleep(started.recv_timeout(LIMIT).unwrap());
        client.close();
        assert_eq!(waiting.join().unwrap(), ErrorKind::Closed);
        // Only the end of the input ends the read of it.
        drop(feed);
        assert_eq!(copy.join().unwrap().unwrap_err().kind(), ErrorKind::Closed);
    });
}
