//! The clients against small servers that use the standard library alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod copy;
mod lossy;
mod many_tcp;
mod many_udp;
mod request;
mod shared;
mod signals;
mod tools;
mod udp;

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn clients_can_be_shared_between_threads() {
    is_send_and_sync::<capsock::TcpClient>();
    is_send_and_sync::<capsock::UdpClient>();
}
