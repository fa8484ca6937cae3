//! Clients of a request-reply server, over TCP and over UDP. They share the sockets, the taking of
//! turns (`turns`), what is known of a socket's two ends (`ends`), the words for a request among
//! many (`many`) and nothing else.

mod ends;
mod many;
mod options;
mod tcp;
mod turns;
mod udp;

use std::net::SocketAddr;

use crate::error::{Error, Result};
use crate::net::{Endpoint, Purpose, WaitOptions, resolve};

pub use many::reply_text;
pub use options::{TcpClientOptions, UdpClientOptions};
pub use tcp::{Copied, TcpClient};
pub use udp::UdpClient;

/// The addresses of a server, in the order to try them; at least one.
fn find(server: &Endpoint, waiting: WaitOptions<'_>) -> Result<Vec<SocketAddr>> {
    if server.port() == 0 {
        return Err(Error::invalid("connect to", "no server can be asked on port 0").at(server));
    }
    resolve(server, Purpose::Connect, waiting)
}
