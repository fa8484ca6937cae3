//! The handles that the calls so far have created.

use std::ffi::c_void;
use std::ptr;

use capsock_c_library::server::{capsock_server, capsock_server_free, capsock_server_port};
use capsock_c_library::socket::{capsock_socket, capsock_socket_free};
use capsock_c_library::socket_setup::capsock_socket_port;
use capsock_c_library::tcp_client::{capsock_tcp_client, capsock_tcp_client_free};
use capsock_c_library::udp_client::{capsock_udp_client, capsock_udp_client_free};
use capsock_c_library::uppercase::{capsock_uppercase_stream, capsock_uppercase_stream_free};

use crate::input::{Address, Call, Data, Framing, Handle, Host, Millis, Options, Port, Scene};

/// A bounded number of handles of one type.
pub struct Pool<T>(Vec<Box<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Pool<T> {
        Pool(Vec::new())
    }
}

impl<T> Pool<T> {
    const MOST: usize = 6;

    pub fn has_room(&self) -> bool {
        self.0.len() < Pool::<T>::MOST
    }

    pub fn add(&mut self, given: Option<Option<Box<T>>>) {
        if let Some(given) = given {
            self.0.push(given.expect("a handle is given on success"));
        }
    }

    /// `None` is NULL.
    pub fn get(&self, handle: Handle) -> Option<&T> {
        self.0.get(usize::from(handle) % (self.0.len() + 1)).map(|handle| &**handle)
    }

    pub fn take(&mut self, handle: Handle) -> Option<Box<T>> {
        let place = usize::from(handle) % (self.0.len() + 1);
        (place < self.0.len()).then(|| self.0.swap_remove(place))
    }
}

#[derive(Default)]
pub struct World {
    pub streams: Pool<capsock_uppercase_stream>,
    pub servers: Pool<capsock_server>,
    pub tcp: Pool<capsock_tcp_client>,
    pub udp: Pool<capsock_udp_client>,
    pub sockets: Pool<capsock_socket>,
}

impl World {
    /// Creates the handles of the initial scene.
    pub fn set(&mut self, scene: &Scene) {
        match *scene {
            Scene::Nothing => {}
            Scene::Served { udp, concurrency, line, handler } => {
                self.serve(&Call::ServerStart(Options {
                    null: false,
                    transport: udp.into(),
                    host: Host::V4,
                    port: 0,
                    concurrency,
                    framing: Framing::plain(line.into()),
                    backlog: 16,
                    workers: 1,
                    max_connections: 3,
                    max_request: 9_000,
                    idle: Millis::FEW,
                    write: Millis::FEW,
                    busy_poll: 100,
                    handler,
                }));
                let port = Port::OfServer(0);
                self.ask(&if udp {
                    Call::UdpConnect(Host::V4, port, Millis::FEW, 2)
                } else {
                    Call::TcpConnect(Host::V4, port, Millis::FEW, 9_999, Framing::plain(1))
                });
            }
            Scene::Connected { udp } => {
                for _ in 0..2 {
                    self.use_socket(&Call::SocketNew(0, udp.into(), 0));
                    let socket = (self.sockets.0.len() - 1) as Handle;
                    self.use_socket(&Call::SocketBindTo(socket, Host::V4, Port::Free));
                }
                if !udp {
                    self.use_socket(&Call::SocketListen(0, 4));
                }
                self.use_socket(&Call::SocketConnect(1, Address::V4(Port::OfSocket(0), 0)));
                if udp {
                    self.use_socket(&Call::SocketConnect(0, Address::V4(Port::OfSocket(1), 0)));
                } else {
                    self.use_socket(&Call::SocketAccept(0, 255, true, true));
                }
            }
        }
    }

    /// A port to connect to, which no other program of this machine uses.
    pub fn port(&self, port: &Port) -> i32 {
        match port {
            Port::OfServer(server) => capsock_server_port(self.servers.get(*server)).into(),
            Port::OfSocket(socket) => capsock_socket_port(self.sockets.get(*socket)).into(),
            Port::Free => 0,
            Port::Nobodys => 1,
            Port::Negative => -1,
            Port::TooHigh => 65_536,
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.streams.0.drain(..).for_each(|handle| capsock_uppercase_stream_free(Some(handle)));
        self.tcp.0.drain(..).for_each(|handle| capsock_tcp_client_free(Some(handle)));
        self.udp.0.drain(..).for_each(|handle| capsock_udp_client_free(Some(handle)));
        self.sockets.0.drain(..).for_each(|handle| capsock_socket_free(Some(handle)));
        self.servers.0.drain(..).for_each(|handle| capsock_server_free(Some(handle)));
    }
}

/// The pointer to pass for data: NULL where the input asks for it.
pub fn pointer(data: &Data<'_>, exact: &[u8]) -> *const c_void {
    if data.null() { ptr::null() } else { exact.as_ptr().cast() }
}
