//! The constructors, whose arguments are the options.
//!
//! Generated from `api/src` by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

use std::time::Duration;

use capsock::{Concurrency, Endian, Framing, ServerOptions, TcpClientOptions, Transport, UdpClientOptions};
use pyo3::prelude::*;

use crate::address::Host;
use crate::arguments::{Bytes, Count, Named, OrDefault, Port, Seconds};
use crate::blocking::interrupted;
use crate::errors::Result;
use crate::server::Server;
use crate::tcp_client::TcpClient;
use crate::udp_client::UdpClient;

#[pymethods]
impl Server {
    #[new]
    #[pyo3(signature = (
        transport, *, host = Host::default_of_server(), port = Port(capsock::DEFAULT_PORT), socket_mode =
        OrDefault::Default, concurrency = OrDefault::Default, framing = OrDefault::Default, length_bytes =
        OrDefault::Default, length_endian = OrDefault::Default, length_includes_itself = OrDefault::Default,
        delimiter = OrDefault::Default, workers = OrDefault::Default, backlog = OrDefault::Default,
        max_connections = OrDefault::Default, max_connections_per_peer = OrDefault::Default, max_request =
        OrDefault::Default, max_amplification = OrDefault::Default, idle_timeout = OrDefault::Default,
        write_timeout = OrDefault::Default, proxy_protocol = OrDefault::Default, proxy_header_timeout =
        OrDefault::Default, busy_poll = OrDefault::Default, handler_latency = OrDefault::Default, sockets =
        None, handler = None, text = false, r#loop = None,
    ), text_signature = "(transport, *, host='localhost', port=12000, socket_mode=0, concurrency='events', \
        framing='stream', length_bytes=4, length_endian='big', length_includes_itself=False, \
        delimiter=b'\\r\\n', workers=0, backlog=1024, max_connections=0, \
        max_connections_per_peer=0, max_request=1048576, max_amplification=0, idle_timeout=300, \
        write_timeout=30, proxy_protocol='', proxy_header_timeout=5, busy_poll=0, \
        handler_latency=False, sockets=None, handler=None, text=False, loop=None)")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments are Python's options")]
    fn new(
        py: Python<'_>,
        transport: Named<Transport>,
        host: Host,
        port: Port,
        socket_mode: OrDefault<Count<u32>>,
        concurrency: OrDefault<Named<Concurrency>>,
        framing: OrDefault<Named<Framing>>,
        length_bytes: OrDefault<Count<u32>>,
        length_endian: OrDefault<Named<Endian>>,
        length_includes_itself: OrDefault<bool>,
        delimiter: OrDefault<Bytes>,
        workers: OrDefault<Count<usize>>,
        backlog: OrDefault<Count<u32>>,
        max_connections: OrDefault<Count<usize>>,
        max_connections_per_peer: OrDefault<Count<usize>>,
        max_request: OrDefault<Count<usize>>,
        max_amplification: OrDefault<Count<usize>>,
        idle_timeout: OrDefault<Seconds>,
        write_timeout: OrDefault<Seconds>,
        proxy_protocol: OrDefault<String>,
        proxy_header_timeout: OrDefault<Seconds>,
        busy_poll: OrDefault<f64>,
        handler_latency: OrDefault<bool>,
        sockets: Option<Bound<'_, PyAny>>,
        handler: Option<Py<PyAny>>,
        text: bool,
        r#loop: Option<Py<PyAny>>,
    ) -> Result<Server> {
        let mut options = ServerOptions::new(transport.0, host.with_port(port.0));
        options.settings.socket_mode = socket_mode.unwrap_or(Count(options.settings.socket_mode)).0;
        options.settings.concurrency = concurrency.unwrap_or(Named(options.settings.concurrency)).0;
        options.settings.framing = framing.unwrap_or(Named(options.settings.framing)).0;
        options.settings.length_bytes = length_bytes.unwrap_or(Count(options.settings.length_bytes)).0;
        options.settings.length_endian = length_endian.unwrap_or(Named(options.settings.length_endian)).0;
        options.settings.length_includes_itself =
            length_includes_itself.unwrap_or(options.settings.length_includes_itself);
        if let OrDefault::Value(Bytes(delimiter)) = delimiter {
            options.settings.delimiter = delimiter.to_vec();
        }
        options.settings.workers = workers.unwrap_or(Count(options.settings.workers)).0;
        options.settings.backlog = backlog.unwrap_or(Count(options.settings.backlog)).0;
        options.settings.max_connections =
            max_connections.unwrap_or(Count(options.settings.max_connections)).0;
        options.settings.max_connections_per_peer =
            max_connections_per_peer.unwrap_or(Count(options.settings.max_connections_per_peer)).0;
        options.settings.max_request = max_request.unwrap_or(Count(options.settings.max_request)).0;
        options.settings.max_amplification =
            max_amplification.unwrap_or(Count(options.settings.max_amplification)).0;
        options.settings.idle_timeout =
            idle_timeout.limit_or("the idle timeout", options.settings.idle_timeout)?;
        options.settings.write_timeout =
            write_timeout.limit_or("the write timeout", options.settings.write_timeout)?;
        if let OrDefault::Value(proxy_protocol) = proxy_protocol {
            options.settings.proxy_protocol = proxy_protocol;
        }
        options.settings.proxy_header_timeout = proxy_header_timeout
            .limit_or("the timeout of a header", options.settings.proxy_header_timeout)?;
        options.settings.busy_poll =
            busy_poll.time_or("the time of busy polling", options.settings.busy_poll)?;
        options.settings.handler_latency = handler_latency.unwrap_or(options.settings.handler_latency);
        Server::start(py, options, sockets, handler, text, r#loop)
    }
}

#[pymethods]
impl TcpClient {
    #[new]
    #[pyo3(signature = (
        host, port = Port(capsock::DEFAULT_PORT), *, connect_timeout = OrDefault::Default, timeout =
        OrDefault::Default, max_reply = OrDefault::Default, framing = OrDefault::Default, length_bytes =
        OrDefault::Default, length_endian = OrDefault::Default, length_includes_itself = OrDefault::Default,
        delimiter = OrDefault::Default,
    ), text_signature = "(host, port=12000, *, connect_timeout=10, timeout=30, max_reply=16777216, framing='line', \
        length_bytes=4, length_endian='big', length_includes_itself=False, delimiter=b'\\r\\n')")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments are Python's options")]
    fn new(
        py: Python<'_>,
        host: Host,
        port: Port,
        connect_timeout: OrDefault<Seconds>,
        timeout: OrDefault<Seconds>,
        max_reply: OrDefault<Count<usize>>,
        framing: OrDefault<Named<Framing>>,
        length_bytes: OrDefault<Count<u32>>,
        length_endian: OrDefault<Named<Endian>>,
        length_includes_itself: OrDefault<bool>,
        delimiter: OrDefault<Bytes>,
    ) -> Result<TcpClient> {
        let mut options = TcpClientOptions { on_interrupt: Some(interrupted), ..Default::default() };
        options.connect_timeout = connect_timeout.limit_or("the connect timeout", options.connect_timeout)?;
        options.timeout = timeout.limit_or("the timeout", options.timeout)?;
        options.max_reply = max_reply.unwrap_or(Count(options.max_reply)).0;
        options.framing = framing.unwrap_or(Named(options.framing)).0;
        options.length_bytes = length_bytes.unwrap_or(Count(options.length_bytes)).0;
        options.length_endian = length_endian.unwrap_or(Named(options.length_endian)).0;
        options.length_includes_itself = length_includes_itself.unwrap_or(options.length_includes_itself);
        if let OrDefault::Value(Bytes(delimiter)) = delimiter {
            options.delimiter = delimiter.to_vec();
        }
        TcpClient::connect(py, host.with_port(port.0), options)
    }
}

#[pymethods]
impl UdpClient {
    #[new]
    #[pyo3(signature = (
        host, port = Port(capsock::DEFAULT_PORT), *, timeout = OrDefault::Default, retransmit_after =
        OrDefault::Default, retransmissions = OrDefault::Default,
    ), text_signature = "(host, port=12000, *, timeout=5, retransmit_after=1, retransmissions=3)")]
    fn new(
        py: Python<'_>,
        host: Host,
        port: Port,
        timeout: OrDefault<Seconds>,
        retransmit_after: OrDefault<Seconds>,
        retransmissions: OrDefault<Count<u32>>,
    ) -> Result<UdpClient> {
        let mut options = UdpClientOptions { on_interrupt: Some(interrupted), ..Default::default() };
        options.timeout = timeout.limit_or("the timeout", options.timeout)?;
        options.retransmit_after = retransmit_after
            .limit_or("the time before a retransmission", Some(options.retransmit_after))?
            .unwrap_or(Duration::MAX);
        options.retransmissions = retransmissions.unwrap_or(Count(options.retransmissions)).0;
        UdpClient::connect(py, host.with_port(port.0), options)
    }
}
