//! Sockets that are bound already: those that a server is given, and those that it gives away.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use capsock::Error;

use crate::descriptor::{capsock_fd, into_number};
use crate::guard::guard;
use crate::pointer::{given, text};
use crate::server::capsock_server;
use crate::server_options::capsock_server_options;
use crate::status::capsock_status;

/// Adds a socket that is bound already, which the server serves on instead of binding its address:
/// one of a supervisor, of a server that is replaced, or of a test. The options have a copy of the
/// descriptor, with close-on-exec; `socket` stays the caller's, who may close it.
///
/// `capsock_server_start` checks that it is a socket of the transport, over IPv4 or IPv6, or one
/// Unix domain socket alone, bound and not connected; for TCP it may listen already, and keeps its
/// backlog. Every worker serves every socket.
///
/// Others may have the same socket, so a stop leaves it as it is: connections in the backlog and
/// datagrams in the queue wait for whoever serves next. TCP_NODELAY and, for TCP, O_NONBLOCK are set
/// and stay set; O_NONBLOCK applies to all who share the open file description (open(2)). For UDP
/// the hop limit of what is sent becomes 56.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT` for a descriptor that is not open; `CAPSOCK_OUT_OF_RESOURCES`.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_add_socket(
    options: Option<&mut capsock_server_options>,
    socket: capsock_fd,
) -> capsock_status {
    guard(|| given(options, "options")?.core.add_socket_number(socket as i64))
}

/// Adds the sockets that systemd has passed to this process (sd_listen_fds(3)), all or those of the
/// name `name` (FileDescriptorName= of systemd.socket(5)); NULL stands for all. `count` is how many
/// were added. If systemd has passed none at all it is 0, and the server binds its address: the same
/// program runs with and without systemd.
///
/// Errors: `CAPSOCK_INVALID_ARGUMENT` if systemd has passed sockets, and none has that name, or if
/// the environment variables are not those of systemd; `CAPSOCK_OUT_OF_RESOURCES`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn capsock_server_options_add_systemd_sockets(
    options: Option<&mut capsock_server_options>,
    name: *const c_char,
    count: Option<&mut MaybeUninit<usize>>,
) -> capsock_status {
    guard(|| {
        let (options, count) = (given(options, "options")?, given(count, "count")?);
        // SAFETY: text, by the contract of the header.
        let name = if name.is_null() { None } else { Some(unsafe { text(name, "name") }?) };
        count.write(options.core.add_systemd_sockets(name)?.len());
        Ok(())
    })
}

/// Removes the sockets from the options: the server binds its address.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_options_clear_sockets(
    options: Option<&mut capsock_server_options>,
) -> capsock_status {
    guard(|| {
        given(options, "options")?.core.clear_sockets();
        Ok(())
    })
}

/// A copy of the socket of the server's address at `index`, which counts from 0 as for
/// `capsock_server_address`: for a successor, which serves it by
/// `capsock_server_options_add_socket`, in this process or in one that inherits it. It has
/// close-on-exec, and the caller closes it (close(2), on Windows closesocket).
///
/// From the first call on, the server's sockets are shared: the server goes on serving them, and its
/// stop leaves them as they are, so that connections in the backlog and datagrams in the queue wait
/// for whoever has the copies.
///
/// Errors: `CAPSOCK_CLOSED` once the server is stopped; `CAPSOCK_OUT_OF_RESOURCES`;
/// `CAPSOCK_UNSUPPORTED` in a process that was forked after the start.
#[unsafe(no_mangle)]
pub extern "C" fn capsock_server_socket(
    server: Option<&capsock_server>,
    index: usize,
    socket: Option<&mut MaybeUninit<capsock_fd>>,
) -> capsock_status {
    guard(|| {
        let server = given(server, "server")?.core();
        let socket = given(socket, "socket")?;
        let count = server.local_addrs().len();
        if index >= count {
            let why = format!("it has {count}, and {index} counts from 0");
            return Err(Error::invalid("share the server's socket", why));
        }
        let copy = server.sockets()?.into_iter().nth(index).expect("there is a socket for each address");
        socket.write(into_number(copy));
        Ok(())
    })
}
