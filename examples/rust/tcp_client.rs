//! The lecture's TCP client: it connects, sends a sentence and prints the reply.
//! Usage: tcp_client [HOST [PORT]]

use std::{env, error::Error, io, io::Write};

use capsock::TcpClient;

fn main() -> Result<(), Box<dyn Error>> {
    let host = env::args().nth(1).unwrap_or(capsock::DEFAULT_HOST.into());
    let port = env::args().nth(2).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let client = TcpClient::connect((host, port))?;
    print!("Input lowercase sentence: ");
    io::stdout().flush()?;
    let mut sentence = String::new();
    io::stdin().read_line(&mut sentence)?;
    println!("From Server: {}", client.request(sentence.trim_end_matches('\n'))?);
    Ok(())
}
