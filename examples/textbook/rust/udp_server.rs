//! UDPServer: receives a datagram, replies with its text in upper case, receives the next.
//! Usage: textbook_udp_server [PORT]
//!
//! Unlike the BSD calls, `bind_to` takes a name, and each blocking call takes a time limit (`WaitPolicy`).

use std::{env, error::Error};

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let server_port = env::args().nth(1).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let forever = WaitPolicy::default();
    let server_socket = BlockingSocket::new(Family::V4, Kind::Datagram, false)?;
    server_socket.bind_to(("", server_port), forever)?;
    println!("The server is ready to receive on port {}", server_socket.local_addr()?.port());
    let mut message = vec![0; 65_535]; // Any datagram fits.
    loop {
        let (length, client) = server_socket.receive_from(&mut message, 0, forever)?;
        let modified = String::from_utf8_lossy(&message[..length]).to_uppercase();
        let Some(client) = client else { continue };
        if let Err(fault) = server_socket.send_to(modified.as_bytes(), &client, 0, forever) {
            eprintln!("{}", fault.while_trying("send to").at(client));
        }
    }
}
