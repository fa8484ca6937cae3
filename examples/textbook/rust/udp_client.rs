//! UDPClient: sends a line in a datagram, prints the reply.
//! Usage: textbook_udp_client [HOST [PORT]]
//!
//! Unlike the BSD calls, each blocking call takes a time limit (`WaitPolicy`), which ends the wait for a datagram that
//! was lost. `Endpoint::addresses_in` replaces getaddrinfo.

use std::{env, error::Error, io, io::Write, time::Duration};

use capsock::Endpoint;
use capsock::net::{BlockingSocket, Family, Kind, Purpose, WaitPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let server_name = env::args().nth(1).unwrap_or("localhost".into());
    let server_port = env::args().nth(2).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let policy = WaitPolicy { timeout: Some(Duration::from_secs(5)), on_interrupt: None };
    let client_socket = BlockingSocket::new(Family::V4, Kind::Datagram, false)?;
    let server = Endpoint::from((server_name, server_port));
    let server = server.addresses_in(Family::V4, Purpose::Connect, policy)?[0];
    print!("Input lowercase sentence: ");
    io::stdout().flush()?;
    let mut message = String::new();
    io::stdin().read_line(&mut message)?;
    client_socket.send_to(message.trim_end_matches('\n').as_bytes(), &server, 0, policy)?;
    let mut modified = [0; 2048];
    let (length, _) = client_socket
        .receive_from(&mut modified, 0, policy)
        .map_err(|fault| fault.while_trying("get a reply from").at(server))?;
    println!("{}", String::from_utf8_lossy(&modified[..length]));
    Ok(client_socket.close()?)
}
