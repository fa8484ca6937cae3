//! ConcurrentTCPServer: accepts connections and serves each to its end in a thread of its own.
//! Usage: textbook_concurrent_tcp_server [PORT]
//!
//! Unlike the BSD calls, `bind_to` takes a name, and each blocking call takes a time limit (`WaitPolicy`).

use std::{env, error::Error, thread};

use capsock::net::{BlockingSocket, Family, Kind, WaitError, WaitPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let server_port = env::args().nth(1).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let server_socket = BlockingSocket::new(Family::V4, Kind::Stream, false)?;
    server_socket.bind_to(("", server_port), WaitPolicy::default())?;
    server_socket.listen(16)?;
    println!("The server is ready to receive on port {}", server_socket.local_addr()?.port());
    loop {
        let (connection_socket, address) = server_socket.accept(false, WaitPolicy::default())?;
        thread::spawn(move || {
            if let Err(fault) = serve(&connection_socket) {
                eprintln!("{}", fault.while_trying("serve").at(address));
            }
        });
    }
}

/// The end of the function closes the connection.
fn serve(connection_socket: &BlockingSocket) -> Result<(), WaitError> {
    let mut sentence = [0; 1024];
    loop {
        let length = connection_socket.receive(&mut sentence, 0, WaitPolicy::default())?;
        if length == 0 {
            return Ok(());
        }
        let capitalized = String::from_utf8_lossy(&sentence[..length]).to_uppercase();
        connection_socket.send_all(capitalized.as_bytes(), 0, WaitPolicy::default())?;
    }
}
