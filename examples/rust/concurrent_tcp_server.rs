//! The lecture's concurrent TCP server: it serves each connection in a thread of its own.
//! Usage: concurrent_tcp_server [PORT]

use std::{env, error::Error, sync::Arc};

use capsock::{Concurrency, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let server = Arc::new(Server::tcp(("localhost", port)).concurrency(Concurrency::Threads).start()?);
    let running = Arc::clone(&server);
    ctrlc::set_handler(move || running.request_stop())?;
    println!("The server is ready to receive on port {}", server.local_addr().port());
    server.wait(None, None)?;
    Ok(())
}
