//! The clients against small servers that use the standard library alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(unix)]
mod copy;
mod framings;
mod lossy;
mod many_tcp;
mod many_udp;
#[path = "../support/numbers.rs"]
mod numbers;
mod request;
mod shared;
#[cfg(unix)]
mod signals;
mod tools;
mod udp;

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn clients_can_be_shared_between_threads() {
    is_send_and_sync::<capsock::TcpClient>();
    is_send_and_sync::<capsock::UdpClient>();
}
