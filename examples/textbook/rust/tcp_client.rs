//! TCPClient: connects, sends a line, prints the reply.
//! Usage: textbook_tcp_client [HOST [PORT]]
//!
//! Unlike the BSD calls, `connect_to` takes a name, and each blocking call takes a time limit (`WaitPolicy`).

use std::{env, error::Error, io, io::Write};

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let server_name = env::args().nth(1).unwrap_or("localhost".into());
    let server_port = env::args().nth(2).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let forever = WaitPolicy::default();
    let client_socket = BlockingSocket::new(Family::V4, Kind::Stream, false)?;
    client_socket.connect_to((server_name, server_port), forever)?;
    print!("Input lowercase sentence: ");
    io::stdout().flush()?;
    let mut sentence = String::new();
    io::stdin().read_line(&mut sentence)?;
    // A newline ends the line and the reply, which several receives may return in parts.
    client_socket.send_all(sentence.as_bytes(), 0, forever)?;
    let (mut modified, mut buffer) = (Vec::new(), [0; 1024]);
    while !modified.ends_with(b"\n") {
        match client_socket.receive(&mut buffer, 0, forever)? {
            0 => break,
            length => modified.extend_from_slice(&buffer[..length]),
        }
    }
    print!("From Server: {}", String::from_utf8_lossy(&modified));
    Ok(client_socket.close()?)
}
