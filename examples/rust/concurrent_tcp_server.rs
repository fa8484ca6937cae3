//! The lecture's concurrent TCP server: it serves each connection in a thread of its own.
//! Usage: concurrent_tcp_server [PORT]

use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use capsock::{Concurrency, Server};
use signal_hook::{consts::SIGINT, flag};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let ctrl_c = Arc::new(AtomicBool::new(false));
    flag::register(SIGINT, Arc::clone(&ctrl_c))?;
    let server = Server::tcp(("localhost", port)).concurrency(Concurrency::Threads).start()?;
    println!("The server is ready to receive on port {}", server.local_addr().port());
    while !ctrl_c.load(Ordering::Relaxed) {
        server.wait(Some(Duration::from_millis(100)), None)?;
    }
    server.stop(Duration::from_secs(5))?;
    Ok(())
}
