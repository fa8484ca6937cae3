//! The calls of the TCP and the UDP client.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::{io, ptr, slice};

use capsock_c_library::client_options::*;
use capsock_c_library::tcp_client::*;
use capsock_c_library::udp_client::*;

use crate::check::{bytes, out, status, text};
use crate::input::{Call, Data, Descriptor};
use crate::world::{World, pointer};

/// Returns failure for the reply whose index its user data points to.
unsafe extern "C" fn on_reply(index: usize, reply: *const u8, length: usize, data: *mut c_void) -> c_int {
    // SAFETY: the library says that so many bytes are there; the data is that of `many`.
    let (reply, refused) = unsafe { (slice::from_raw_parts(reply, length), *data.cast::<u8>()) };
    let sum = reply.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    c_int::from(index == usize::from(refused)) + std::hint::black_box(c_int::from(sum) * 0)
}

/// The pointers and lengths of requests, and the index of the reply that `on_reply` refuses.
fn many<T>(
    requests: &[Data<'_>],
    refused: u8,
    call: impl FnOnce(&[*const c_void], &[usize], *mut c_void) -> T,
) -> T {
    let exact: Vec<Box<[u8]>> = requests.iter().map(Data::exact).collect();
    let pointers: Vec<_> = requests.iter().zip(&exact).map(|(data, exact)| pointer(data, exact)).collect();
    let lengths: Vec<usize> = exact.iter().map(|exact| exact.len()).collect();
    let mut refused = refused;
    call(&pointers, &lengths, (&raw mut refused).cast())
}

fn pipe() -> (OwnedFd, OwnedFd) {
    let (reader, writer) = io::pipe().expect("a pipe");
    (reader.into(), writer.into())
}

/// A descriptor of the given kind, and the files that have to stay open while it is used.
fn descriptor(kind: Descriptor, content: Option<&[u8]>) -> (c_int, Option<OwnedFd>) {
    match (kind, content) {
        (Descriptor::Negative, _) => (-1, None),
        (Descriptor::Closed, _) => (1_000_000, None),
        (Descriptor::Good, Some(content)) => {
            let (reader, writer) = pipe();
            let _ = io::Write::write(&mut File::from(writer), &content[..content.len().min(60_000)]);
            (reader.as_raw_fd(), Some(reader))
        }
        (Descriptor::Good, None) => {
            let null: OwnedFd = File::create("/dev/null").expect("/dev/null").into();
            (null.as_raw_fd(), Some(null))
        }
        // Read from: at its end at once; written to: nobody reads it.
        (Descriptor::Broken, content) => {
            let (reader, writer) = pipe();
            let kept = if content.is_some() { reader } else { writer };
            (kept.as_raw_fd(), Some(kept))
        }
    }
}

impl World {
    /// Performs the call, if it is one of this group.
    pub fn ask(&mut self, call: &Call<'_>) -> bool {
        match call {
            Call::TcpConnect(host, port, timeout, longest, framing) => {
                if self.tcp.has_room() {
                    let mut options = capsock_tcp_client_options_new().expect("never NULL");
                    let on = &mut *options;
                    let delimiter = framing.delimiter.exact();
                    let at = pointer(&framing.delimiter, &delimiter);
                    for set in [
                        capsock_tcp_client_options_set_framing(Some(on), framing.number()),
                        capsock_tcp_client_options_set_length_bytes(Some(on), framing.length_bytes()),
                        capsock_tcp_client_options_set_length_endian(
                            Some(on),
                            i32::from(framing.length_endian % 3),
                        ),
                        capsock_tcp_client_options_set_length_includes_itself(
                            Some(on),
                            framing.length_includes_itself,
                        ),
                        // SAFETY: so many bytes, or NULL.
                        unsafe { capsock_tcp_client_options_set_delimiter(Some(on), at, delimiter.len()) },
                        capsock_tcp_client_options_set_connect_timeout(Some(on), timeout.number()),
                        capsock_tcp_client_options_set_timeout(Some(on), timeout.number()),
                        capsock_tcp_client_options_set_max_reply(Some(on), usize::from(*longest)),
                    ] {
                        status(set);
                    }
                    let port = self.port(port);
                    // SAFETY: a text or NULL.
                    self.tcp.add(host.with(|host| {
                        out(true, |client| unsafe {
                            capsock_tcp_client_connect(host, port, Some(&options), client)
                        })
                    }));
                }
            }
            Call::TcpAsk(client, line, wanted) => {
                let client = self.tcp.get(*client);
                // SAFETY: a text or NULL.
                line.with(|line| {
                    text(out(*wanted, |reply| unsafe { capsock_tcp_client_request(client, line, reply) }))
                });
            }
            Call::TcpAskBytes(client, data, wanted) => {
                let (client, line) = (self.tcp.get(*client), data.exact());
                let at = pointer(data, &line);
                // SAFETY: so many bytes, or NULL.
                bytes(out(*wanted, |reply| unsafe {
                    capsock_tcp_client_request_bytes(client, at, line.len(), reply)
                }));
            }
            Call::TcpAskMany(client, requests, refused) => {
                let client = self.tcp.get(*client);
                // SAFETY: so many pointers and lengths, each of so many bytes or NULL.
                many(requests, *refused, |pointers, lengths, data| unsafe {
                    let (pointers, lengths, count) = (pointers.as_ptr(), lengths.as_ptr(), lengths.len());
                    status(capsock_tcp_client_request_many(
                        client,
                        pointers,
                        lengths,
                        count,
                        Some(on_reply),
                        data,
                    ));
                });
            }
            Call::TcpCopy(client, data, input, output, wanted) => {
                let (client, content) = (self.tcp.get(*client), data.exact());
                let (input, _input) = descriptor(*input, Some(&content));
                let (output, _output) = descriptor(*output, None);
                out(*wanted, |sent| capsock_tcp_client_copy(client, input, output, sent, None));
            }
            Call::TcpAddresses(client, wanted) => {
                let client = self.tcp.get(*client);
                text(out(*wanted, |at| capsock_tcp_client_local_address(client, at)));
                text(out(*wanted, |at| capsock_tcp_client_peer_address(client, at)));
            }
            Call::TcpClose(client) => drop(status(capsock_tcp_client_close(self.tcp.get(*client)))),
            Call::TcpFree(client) => capsock_tcp_client_free(self.tcp.take(*client)),
            _ => return self.ask_by_datagrams(call),
        }
        true
    }

    fn ask_by_datagrams(&mut self, call: &Call<'_>) -> bool {
        match call {
            Call::UdpConnect(host, port, timeout, times) => {
                if self.udp.has_room() {
                    let mut options = capsock_udp_client_options_new().expect("never NULL");
                    let on = &mut *options;
                    let again = if *times == 255 { u32::MAX } else { (*times).into() };
                    for set in [
                        capsock_udp_client_options_set_timeout(Some(on), timeout.number()),
                        capsock_udp_client_options_set_retransmit_after(Some(on), i64::from(*times) - 1),
                        capsock_udp_client_options_set_retransmissions(Some(on), again),
                    ] {
                        status(set);
                    }
                    let port = self.port(port);
                    // SAFETY: a text or NULL.
                    self.udp.add(host.with(|host| {
                        out(true, |client| unsafe {
                            capsock_udp_client_connect(host, port, Some(&options), client)
                        })
                    }));
                }
            }
            Call::UdpAsk(client, request, wanted) => {
                let client = self.udp.get(*client);
                // SAFETY: a text or NULL.
                request.with(|request| {
                    text(out(*wanted, |reply| unsafe { capsock_udp_client_request(client, request, reply) }))
                });
            }
            Call::UdpAskBytes(client, data, wanted) => {
                let (client, request) = (self.udp.get(*client), data.exact());
                let at = pointer(data, &request);
                // SAFETY: so many bytes, or NULL.
                bytes(out(*wanted, |reply| unsafe {
                    capsock_udp_client_request_bytes(client, at, request.len(), reply)
                }));
            }
            Call::UdpAskMany(client, requests, refused) => {
                let client = self.udp.get(*client);
                let no_function = *refused == 255;
                // SAFETY: so many pointers and lengths, each of so many bytes or NULL.
                many(requests, *refused, |pointers, lengths, data| unsafe {
                    let function = (!no_function).then_some(on_reply as _);
                    let (pointers, data) =
                        (pointers.as_ptr(), if no_function { ptr::null_mut() } else { data });
                    status(capsock_udp_client_request_many(
                        client,
                        pointers,
                        lengths.as_ptr(),
                        lengths.len(),
                        function,
                        data,
                    ));
                });
            }
            Call::UdpAddresses(client, wanted) => {
                let client = self.udp.get(*client);
                text(out(*wanted, |at| capsock_udp_client_local_address(client, at)));
                text(out(*wanted, |at| capsock_udp_client_peer_address(client, at)));
            }
            Call::UdpClose(client) => drop(status(capsock_udp_client_close(self.udp.get(*client)))),
            Call::UdpFree(client) => capsock_udp_client_free(self.udp.take(*client)),
            _ => return false,
        }
        true
    }
}
