//! TCPClient: connects, sends a line, prints what comes back.
//! Usage: textbook_tcp_client [HOST [PORT]]
//!
//! Not as in BSD: `connect_to` takes a name, and each call that waits is told how long (`WaitPolicy`).

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
    // A newline ends the line in the byte stream, and the reply, which may come in pieces.
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
