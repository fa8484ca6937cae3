//! The methods that shadow those of `_socket.socket`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::call::Call;
#[cfg(unix)]
use super::message;
use super::{options, receive, send};

/// The calls of a TCP or UDP socket, made through the core. It has no fields: see `capsock.socket`.
#[pyclass(frozen, subclass, module = "capsock._native")]
pub(crate) struct SocketCalls;

/// Defines a method for each call; its function parses the arguments.
macro_rules! calls {
    ($($(#[$attribute:meta])* $signature:literal $method:ident($name:literal) = $function:path;)*) => {
        #[pymethods]
        impl SocketCalls {
            $(
                $(#[$attribute])*
                #[pyo3(name = $name, signature = (*args, **keywords), text_signature = $signature)]
                fn $method<'py>(
                    this: &Bound<'py, Self>,
                    args: &Bound<'py, PyTuple>,
                    keywords: Option<&Bound<'py, PyDict>>,
                ) -> PyResult<Bound<'py, PyAny>> {
                    Call { this, name: $name, args, keywords }.run($function)
                }
            )*
        }
    };
}

calls! {
    /// Bind the socket to a local address.
    "($self, address, /)" bind("bind") = options::bind;
    /// Listen for connections; backlog is the maximum number of pending ones.
    "($self, backlog=128, /)" listen("listen") = options::listen;
    /// Accept a connection: its descriptor and the peer's address.
    "($self, /)" accept("_accept") = options::accept;
    /// Connect to an address.
    "($self, address, /)" connect("connect") = options::connect;
    /// Connect to an address and return errno, 0 for success.
    "($self, address, /)" connect_ex("connect_ex") = options::connect_ex;
    /// Send bytes and return the number sent.
    "($self, data, flags=0, /)" send("send") = send::send;
    /// Send all of the bytes.
    "($self, data, flags=0, /)" sendall("sendall") = send::sendall;
    /// Send a datagram: sendto(data, address) or sendto(data, flags, address).
    "($self, data, flags_or_address, address=None, /)" sendto("sendto") = send::sendto;
    // Python's sockets do not have the messages on Windows.
    #[cfg(unix)]
    /// Send from several buffers, with control data.
    "($self, buffers, ancdata=(), flags=0, address=None, /)" sendmsg("sendmsg") = message::sendmsg;
    /// Receive up to bufsize bytes; none at the end of a stream.
    "($self, bufsize, flags=0, /)" recv("recv") = receive::recv;
    /// Receive into a buffer and return the number of bytes.
    "($self, buffer, nbytes=0, flags=0)" recv_into("recv_into") = receive::recv_into;
    /// Receive up to bufsize bytes, with the sender's address.
    "($self, bufsize, flags=0, /)" recvfrom("recvfrom") = receive::recvfrom;
    /// Receive into a buffer; return the number of bytes and the sender's address.
    "($self, buffer, nbytes=0, flags=0)" recvfrom_into("recvfrom_into") = receive::recvfrom_into;
    #[cfg(unix)]
    /// Receive bytes and control data: (data, ancdata, flags, address).
    "($self, bufsize, ancbufsize=0, flags=0, /)" recvmsg("recvmsg") = message::recvmsg;
    #[cfg(unix)]
    /// Receive into several buffers: (nbytes, ancdata, flags, address).
    "($self, buffers, ancbufsize=0, flags=0, /)" recvmsg_into("recvmsg_into") = message::recvmsg_into;
    /// Shut down one half of the connection, or both.
    "($self, how, /)" shutdown("shutdown") = options::shutdown;
    /// The local address.
    "($self, /)" getsockname("getsockname") = options::getsockname;
    /// The peer's address.
    "($self, /)" getpeername("getpeername") = options::getpeername;
    /// An option's value: an int, or bytes if a length is given.
    "($self, level, optname, buflen=0, /)" getsockopt("getsockopt") = options::getsockopt;
    /// Set an option to an int or to bytes.
    "($self, level, optname, value, optlen=0, /)" setsockopt("setsockopt") = options::setsockopt;
    /// Set the timeout of calls in seconds; None sets no limit, 0 makes them non-blocking.
    "($self, timeout, /)" settimeout("settimeout") = options::set_timeout;
    /// setblocking(True) is settimeout(None), setblocking(False) is settimeout(0).
    "($self, flag, /)" setblocking("setblocking") = options::set_timeout;
}
