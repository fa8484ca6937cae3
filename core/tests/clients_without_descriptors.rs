//! A client with many requests and few free descriptors. It is alone in its binary because it uses all descriptors.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::File;
use std::process::Command;

use capsock::{ErrorKind, Server, UdpClient};

/// For each way of sending from distinct sources: the environment says which, so that each has a process of its own.
#[test]
fn the_window_is_as_large_as_the_descriptors_allow() {
    if std::env::var_os("CAPSOCK_WITHOUT").is_none() {
        for without in ["", "orig-dst", "loopback-addresses"] {
            let mut test = Command::new(std::env::current_exe().unwrap());
            let output = test.env("CAPSOCK_WITHOUT", without).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains(" 1 passed"), "without {without:?}: {text}");
        }
        return;
    }
    let server = Server::udp(("127.0.0.1", 0)).start().unwrap();
    let client = UdpClient::connect(server.local_addr()).unwrap();
    let requests: Vec<String> = (0..300).map(|index| format!("item {index}")).collect();
    let expected: Vec<String> = requests.iter().map(|text| text.to_uppercase()).collect();
    let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let error = UdpClient::connect(server.local_addr()).unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::OutOfResources, Some(libc::EMFILE)));
    // Without any further descriptor, one request after another.
    for free in 0..4 {
        assert_eq!(client.request_many(&requests).unwrap(), expected, "{free} descriptors");
        taken.pop();
    }
}
