//! HTTP/1.1 for the few pages that the command serves: one request for each connection.
//!
//! [`head`] reads a request, [`response`] is the reply, [`connection`] moves both with a time limit, and [`listener`]
//! accepts. Their sockets are not the server's, and are not recorded by `--trace`.

mod connection;
pub(crate) mod head;
mod listener;
mod response;

pub(crate) use connection::Connection;
pub(crate) use head::Head;
pub(crate) use listener::Listener;
pub(crate) use response::{Response, TEXT};
