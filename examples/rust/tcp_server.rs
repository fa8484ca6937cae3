//! The lecture's TCP server: it serves one connection to its end, then the next.
//! Usage: tcp_server [PORT]

use std::{env, error::Error, time::Duration};

use capsock::{Concurrency, Server};
use signal_hook::{consts::SIGINT, iterator::Signals};

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(capsock::DEFAULT_PORT), |port| port.parse())?;
    let mut ctrl_c = Signals::new([SIGINT])?;
    let server = Server::tcp(("localhost", port)).concurrency(Concurrency::Iterative).start()?;
    println!("The server is ready to receive on port {}", server.local_addr().port());
    ctrl_c.wait();
    server.stop(Duration::from_secs(5))?;
    Ok(())
}
