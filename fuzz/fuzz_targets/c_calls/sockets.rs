//! The BSD calls.

use std::ffi::c_int;
use std::mem::{self, MaybeUninit};
use std::ptr;

use capsock_c_library::address::capsock_address_parse;
use capsock_c_library::socket::*;
use capsock_c_library::socket_data::*;
use capsock_c_library::socket_setup::*;
use libc::{sockaddr, socklen_t};

use crate::check::{out, status};
use crate::input::{Address, Call};
use crate::world::{World, pointer};

/// The longest timeout of a blocking call, in milliseconds.
const MAX_TIMEOUT: i64 = 2;

/// Options that take no pointer, change no state of the machine, and do not let close(2) block.
const OPTIONS: [(c_int, c_int); 28] = [
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_REUSEPORT),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::SOL_SOCKET, libc::SO_BROADCAST),
    (libc::SOL_SOCKET, libc::SO_OOBINLINE),
    (libc::SOL_SOCKET, libc::SO_RCVBUF),
    (libc::SOL_SOCKET, libc::SO_SNDBUF),
    (libc::SOL_SOCKET, libc::SO_RCVTIMEO),
    (libc::SOL_SOCKET, libc::SO_SNDTIMEO),
    (libc::SOL_SOCKET, libc::SO_RCVLOWAT),
    (libc::SOL_SOCKET, libc::SO_ERROR),
    (libc::SOL_SOCKET, libc::SO_TYPE),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
    (libc::IPPROTO_TCP, libc::TCP_CORK),
    (libc::IPPROTO_TCP, libc::TCP_MAXSEG),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
    (libc::IPPROTO_TCP, libc::TCP_INFO),
    (libc::IPPROTO_IP, libc::IP_TTL),
    (libc::IPPROTO_IP, libc::IP_TOS),
    (libc::IPPROTO_IP, libc::IP_PKTINFO),
    (libc::IPPROTO_IP, libc::IP_RECVERR),
    (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY),
    (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
    (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
    (libc::SOL_UDP, libc::UDP_SEGMENT),
    (libc::SOL_UDP, libc::UDP_GRO),
    (-1, -1),
];

/// A buffer of exactly the length that is passed with it.
fn raw(world: &World, address: &Address<'_>) -> Option<Box<[u8]>> {
    let port = |port| (world.port(port) as u16).to_be_bytes();
    let (family, rest, missing) = match address {
        Address::Null(_) => return None,
        Address::V4(of, missing) => {
            (libc::AF_INET, [&port(of)[..], &[127, 0, 0, 1], &[0; 8]].concat(), *missing)
        }
        Address::V6(of, missing) => {
            let loopback = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
            (libc::AF_INET6, [&port(of)[..], &[0; 4], &loopback, &[0; 4]].concat(), *missing)
        }
        Address::Other(bytes) => (libc::AF_UNIX, bytes.to_vec(), 0),
    };
    let mut raw = [&(family as u16).to_ne_bytes()[..], &rest].concat();
    // Most are whole.
    let missing = usize::from(missing.saturating_sub(200)).min(raw.len());
    raw.truncate(raw.len() - missing);
    Some(raw.into_boxed_slice())
}

fn with_address<T>(
    world: &World,
    address: &Address<'_>,
    call: impl FnOnce(*const sockaddr, socklen_t) -> T,
) -> T {
    match raw(world, address) {
        Some(raw) => call(raw.as_ptr().cast(), raw.len() as socklen_t),
        None => call(ptr::null(), if matches!(address, Address::Null(true)) { 16 } else { 0 }),
    }
}

/// A buffer of this many bytes for an address, or NULL.
fn with_room<T>(room: u8, call: impl FnOnce(*mut sockaddr, Option<&mut socklen_t>) -> T) -> T {
    match room {
        255 => call(ptr::null_mut(), None),
        254 => call(vec![0_u8; 28].as_mut_ptr().cast(), None),
        _ => {
            let mut place = vec![0_u8; usize::from(room % 130)].into_boxed_slice();
            let mut length = place.len() as socklen_t;
            let result = call(place.as_mut_ptr().cast(), Some(&mut length));
            assert!(length as usize <= place.len(), "no address is longer than its room");
            result
        }
    }
}

/// Blocks once in this thread, which keeps a descriptor from then on, so that a later count of descriptors includes it.
pub fn wait_once() {
    let made = out(true, |socket| capsock_socket_new(libc::AF_INET, libc::SOCK_DGRAM, 0, socket));
    let socket = made.flatten().expect("a socket");
    assert!(status(capsock_socket_set_timeout(Some(&socket), MAX_TIMEOUT)));
    let (mut buffer, mut received) = ([0_u8; 1], MaybeUninit::uninit());
    // SAFETY: room for one byte.
    let waited = unsafe {
        let at = buffer.as_mut_ptr().cast();
        capsock_socket_recv(Some(&socket), at, 1, 0, Some(&mut received))
    };
    assert!(!status(waited), "nobody sends");
    capsock_socket_free(Some(socket));
}

impl World {
    /// Performs the call, if it is one of this group.
    pub fn use_socket(&mut self, call: &Call<'_>) -> bool {
        let known = |socket: &u8| self.sockets.get(*socket);
        match call {
            Call::SocketNew(family, kind, protocol) if self.sockets.has_room() => {
                let families = [libc::AF_INET, libc::AF_INET6, libc::AF_INET, libc::AF_UNIX];
                let nonblocking = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
                let kinds = [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_STREAM, nonblocking, -1];
                let protocols = [0, 0, 0, libc::IPPROTO_TCP, libc::IPPROTO_UDP, 255];
                let (family, kind) = (families[usize::from(*family) % 4], kinds[usize::from(*kind) % 5]);
                let protocol = protocols[usize::from(*protocol) % 6];
                let socket = out(true, |socket| capsock_socket_new(family, kind, protocol, socket));
                if let Some(Some(socket)) = &socket {
                    assert!(capsock_socket_descriptor(Some(socket)) >= 0);
                    if kind & libc::SOCK_NONBLOCK == 0 {
                        assert!(status(capsock_socket_set_timeout(Some(socket), MAX_TIMEOUT)));
                    }
                }
                self.sockets.add(socket);
            }
            Call::SocketNew(..) => {}
            Call::SocketTimeout(socket, timeout) => {
                let socket = known(socket);
                if status(capsock_socket_set_timeout(socket, timeout.number())) {
                    assert_eq!(capsock_socket_timeout(socket), timeout.number());
                }
            }
            Call::SocketInterruptible(socket, interruptible) => {
                let socket = known(socket);
                if status(capsock_socket_set_interruptible(socket, *interruptible)) {
                    assert_eq!(capsock_socket_interruptible(socket), *interruptible);
                }
            }
            Call::SocketBind(socket, address) => {
                // SAFETY: an address of so many bytes, or NULL.
                with_address(self, address, |at, length| unsafe {
                    status(capsock_socket_bind(known(socket), at, length))
                });
            }
            Call::SocketBindTo(socket, host, port) => {
                // SAFETY: a text or NULL.
                host.with(|host| unsafe {
                    status(capsock_socket_bind_to(known(socket), host, self.port(port)))
                });
            }
            Call::SocketListen(socket, backlog) => {
                status(capsock_socket_listen(known(socket), *backlog));
            }
            Call::SocketAccept(socket, room, wanted, keep) => {
                // SAFETY: room for so many bytes, or NULL.
                let given = with_room(*room, |at, length| {
                    out(*wanted, |connection| unsafe {
                        capsock_socket_accept(known(socket), at, length, connection)
                    })
                });
                if let Some(Some(connection)) = &given {
                    assert!(status(capsock_socket_set_timeout(Some(connection), MAX_TIMEOUT)));
                }
                if *keep && self.sockets.has_room() {
                    self.sockets.add(given);
                } else {
                    capsock_socket_free(given.flatten());
                }
            }
            Call::SocketConnect(socket, address) => {
                // SAFETY: an address of so many bytes, or NULL.
                with_address(self, address, |at, length| unsafe {
                    status(capsock_socket_connect(known(socket), at, length))
                });
            }
            Call::SocketConnectTo(socket, host, port) => {
                // SAFETY: a text or NULL.
                host.with(|host| unsafe {
                    status(capsock_socket_connect_to(known(socket), host, self.port(port)))
                });
            }
            Call::SocketShutdown(socket, how) => {
                status(capsock_socket_shutdown(known(socket), (*how).into()));
            }
            Call::SocketNames(socket, room, peer) => {
                // SAFETY: room for so many bytes, or NULL.
                with_room(*room, |at, length| unsafe {
                    status(if *peer {
                        capsock_socket_getpeername(known(socket), at, length)
                    } else {
                        capsock_socket_getsockname(known(socket), at, length)
                    })
                });
            }
            Call::SocketClose(socket) => drop(status(capsock_socket_close(known(socket)))),
            Call::SocketFree(socket) => capsock_socket_free(self.sockets.take(*socket)),
            Call::AddressParse(text, family, room) => {
                let family = [libc::AF_UNSPEC, libc::AF_INET, libc::AF_INET6, 99][usize::from(*family) % 4];
                // SAFETY: a text or NULL, and room for so many bytes or NULL.
                text.with(|text| {
                    with_room(*room, |at, length| unsafe {
                        status(capsock_address_parse(text, family, 0, at, length))
                    })
                });
            }
            _ => return self.carry_data(call),
        }
        true
    }

    fn carry_data(&mut self, call: &Call<'_>) -> bool {
        let known = |socket: &u8| self.sockets.get(*socket);
        match call {
            Call::SocketSend(socket, data, flags, wanted) => {
                let (input, flags) = (data.exact(), flags.number());
                let at = pointer(data, &input);
                // SAFETY: so many bytes, or NULL.
                let sent = out(*wanted, |sent| unsafe {
                    capsock_socket_send(known(socket), at, input.len(), flags, sent)
                });
                assert!(sent.is_none_or(|sent| sent <= input.len()));
            }
            Call::SocketSendTo(socket, data, flags, address, wanted) => {
                let (input, flags) = (data.exact(), flags.number());
                let at = pointer(data, &input);
                // SAFETY: so many bytes and an address of so many, or NULL.
                with_address(self, address, |to, length| {
                    out(*wanted, |sent| unsafe {
                        capsock_socket_sendto(known(socket), at, input.len(), flags, to, length, sent)
                    })
                });
            }
            Call::SocketReceive(socket, size, flags, wanted) => {
                let mut buffer = vec![0_u8; usize::from(*size)].into_boxed_slice();
                let mut received = MaybeUninit::new(usize::MAX);
                let place = wanted.then_some(&mut received);
                // SAFETY: room for so many bytes.
                status(unsafe {
                    let at = if *size == u16::MAX { ptr::null_mut() } else { buffer.as_mut_ptr() };
                    capsock_socket_recv(known(socket), at.cast(), buffer.len(), flags.number(), place)
                });
            }
            Call::SocketReceiveFrom(socket, size, flags, room, wanted) => {
                let mut buffer = vec![0_u8; usize::from(*size)].into_boxed_slice();
                let mut received = MaybeUninit::new(usize::MAX);
                let place = wanted.then_some(&mut received);
                // SAFETY: room for so many bytes, also for the address, or NULL.
                with_room(*room, |from, length| unsafe {
                    let at = buffer.as_mut_ptr().cast();
                    status(capsock_socket_recvfrom(
                        known(socket),
                        at,
                        buffer.len(),
                        flags.number(),
                        from,
                        length,
                        place,
                    ))
                });
            }
            Call::SocketGetOption(socket, option, room) => {
                let (level, name) = OPTIONS[usize::from(*option) % OPTIONS.len()];
                let mut value = vec![0_u8; usize::from(*room)].into_boxed_slice();
                let mut length = value.len() as socklen_t;
                // SAFETY: room for so many bytes.
                status(unsafe {
                    let at = value.as_mut_ptr().cast();
                    capsock_socket_getsockopt(known(socket), level, name, at, Some(&mut length))
                });
                assert!(length as usize <= mem::size_of_val(&*value));
            }
            Call::SocketSetOption(socket, option, data) => {
                let (level, name) = OPTIONS[usize::from(*option) % OPTIONS.len()];
                let value = data.exact();
                // SAFETY: so many bytes, or NULL.
                status(unsafe {
                    let (at, length) = (pointer(data, &value), value.len() as socklen_t);
                    capsock_socket_setsockopt(known(socket), level, name, at, length)
                });
            }
            _ => return false,
        }
        true
    }
}
