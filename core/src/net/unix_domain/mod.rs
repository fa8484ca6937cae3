//! Unix domain sockets (unix(7)): `socket` has the calls, `connect` the sockets of clients, and `bind` the file of a server, with the rule for one that is left over.
//!
//! Their calls are not recorded: a line of the trace has addresses of IPv4 and IPv6 alone.

#[cfg(unix)]
mod bind;
#[cfg(windows)]
#[path = "bind_none.rs"]
mod bind;
mod connect;
mod socket;

pub(crate) use bind::{SocketFile, bind_unix};
pub(crate) use connect::{ClientFile, connect_unix, open_unix_client};
pub(crate) use socket::{UnixSource, has_chosen_name};
