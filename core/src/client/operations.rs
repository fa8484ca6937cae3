//! What a client does, as its errors name it: each continues "could not", and a server's address follows.

pub(super) const CONNECT: &str = "connect to";
pub(super) const SEND_REQUEST: &str = "send a request to";
pub(super) const GET_REPLY: &str = "get a reply from";
pub(super) const READ_REPLY: &str = "read the reply of";
pub(super) const ACCEPT_REPLY: &str = "accept the reply of";
pub(super) const COPY: &str = "copy to";
pub(super) const GET_ADDRESSES: &str = "get the addresses of the client of";
