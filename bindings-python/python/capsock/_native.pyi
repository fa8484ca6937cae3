# Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine, Iterable
from os import PathLike
from socket import socket as _Socket
from types import TracebackType
from typing import Any, Final, Literal, Protocol, SupportsIndex, final, overload

from typing_extensions import Buffer, Self, TypeAlias

from capsock._feature import Feature

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "UNICODE_VERSION",
    "InetSocket",
    "RequestContext",
    "Server",
    "SocketCalls",
    "Stats",
    "StopReport",
    "TcpClient",
    "UdpClient",
    "UppercaseStream",
    "_PendingReply",
    "__version__",
    "_panic",
    "_pause_watchdog",
    "_poll_begin",
    "_raise_kind",
    "_resume_watchdog",
    "_run_file",
    "_set_hints",
    "_set_process_info",
    "_trace_start",
    "_trace_stop",
    "_use_stable_abi_only",
    "systemd_sockets",
    "uppercase",
]

# (host, port), or of a Unix domain socket a str or bytes, as in the module socket.
_Address: TypeAlias = tuple[str, int] | Any
_Host: TypeAlias = str | bytes | PathLike[str]
_Concurrency: TypeAlias = Literal["iterative", "threads", "processes", "events"]
_Endian: TypeAlias = Literal["big", "little"]
_Framing: TypeAlias = Literal["stream", "line", "once", "length", "delimiter"]
_Transport: TypeAlias = Literal["tcp", "udp"]

class _HasFileno(Protocol):
    def fileno(self) -> int: ...

class _Input(Protocol):
    def read(self, size: int, /) -> bytes | None: ...

class _Output(Protocol):
    def write(self, data: bytes, /) -> int | None: ...

DEFAULT_HOST: Final[str]
DEFAULT_PORT: Final[int]
UNICODE_VERSION: Final[tuple[int, int, int]]
__version__: Final[str]

@overload
def uppercase(text: str, /) -> str:
    """Returns the text in upper case, as the same type: str for str, bytes for a bytes-like object.

    The mapping is Unicode's full case mapping, independent of the locale ("straße" becomes "STRASSE").
    Bytes are decoded as UTF-8; bytes that are not valid UTF-8 stay unchanged.
    """

@overload
def uppercase(text: Buffer, /) -> bytes: ...
def systemd_sockets() -> list[tuple[str, _Socket]]:
    """The sockets that systemd has passed to this process, as a list of (name, socket).

    The name is that of FileDescriptorName= in the socket unit. The list is empty if systemd has passed
    none, and Server(..., sockets=[]) then binds its host and port: the same program runs with and
    without systemd. The sockets are copies, which the caller closes; each call returns the same ones.

        sockets = [socket for name, socket in capsock.systemd_sockets() if name == "dns"]
        capsock.Server("udp", sockets=sockets).serve_forever()

    ValueError: the variables LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES are not those of systemd.
    """

def _set_process_info(script: str, /) -> None: ...
def _panic() -> None: ...
def _pause_watchdog() -> None: ...
def _poll_begin(call: str, fd: int | None, /) -> Any: ...
def _raise_kind(number: int) -> None: ...
def _resume_watchdog(child: bool, /) -> None: ...
def _run_file(fileno: int, name: str, /) -> bool: ...
def _set_hints(observer: object, /) -> None: ...
def _trace_start(path: str | PathLike[str], payload: bool, /) -> None: ...
def _trace_stop() -> None: ...
def _use_stable_abi_only() -> None: ...

@final
class UppercaseStream:
    """Upper-cases UTF-8 text in pieces that may be cut anywhere.

    The bytes of an incomplete character (3 at most) are held until the next piece. The output does not
    depend on where the input is cut.
    """
    def __new__(cls) -> Self: ...
    def push(self, piece: Buffer, /) -> bytes:
        """Takes a piece (bytes-like) and returns the upper case of the complete characters so far."""
    def finish(self) -> bytes:
        """Ends the text and returns, unchanged, the bytes of an incomplete character. The stream can then
        be used for another text.
        """

@final
class RequestContext:
    """The context of a request: who sent it, to which address, over which transport, and through which proxy.

    A handler that requires a second positional argument is called with it. It is a copy of what the system
    and a proxy reported, and may be kept after the call.
    """
    @property
    def peer(self) -> _Address:
        """The address that the request came from, as (host, port): of the other end of the TCP connection,
        or the source of the datagram, which the sender may have forged. A proxy or an address translator
        (NAT) puts its own address in its place; with proxy_protocol it is that of the proxy. That of a
        Unix domain socket is as the module socket has it: a path, an abstract name as bytes that begin
        with a NUL, or an empty str for most clients of a stream, which have no name.
        """
    @property
    def local(self) -> _Address:
        """The address that the request was sent to, as (host, port): of this end of the TCP connection, or
        the destination of the datagram, with the server's port. If a server on all addresses is not told
        the destination by the system, this is the address that it is bound to.
        """
    @property
    def client(self) -> _Address:
        """The address of the client, as (host, port): proxied_source if there is one, and otherwise peer."""
    @property
    def proxied_source(self) -> _Address | None:
        """The address from which the client reached the proxy, as (host, port), which the header of
        proxy_protocol told: for the requests of a connection, that at its beginning; for a datagram, its
        own. None without a proxy, and if the proxy told no IPv4 or IPv6 address, as for a health check of
        its own.
        """
    @property
    def proxied_destination(self) -> _Address | None:
        """The address at which the client reached the proxy, as (host, port); None as for proxied_source."""
    @property
    def transport(self) -> _Transport:
        """The transport protocol that the request came over: "tcp" or "udp"."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Server:
    """A server of the uppercase service, or of a handler, over TCP or UDP.

    It binds and starts at once: when the constructor returns, clients can connect. It runs on
    threads of its own until it is stopped, its `with` block ends, or nothing refers to it any
    more. All methods may be called from any thread; stop() also from a handler.

    Arguments
        transport: "tcp" or "udp".
        host: The name or IP address to listen on; an empty string means all addresses of the
            machine. unix:PATH is a Unix domain socket, unix:@NAME one of Linux's abstract names.
            Default "localhost". localhost means the loopback addresses alone, of IPv4 and IPv6. A
            host that begins with a slash is the path of a Unix domain socket as well.
        port: The port to listen on; 0 selects a free port. Default 12000; range: 0 to 65,535. A
            Unix domain socket has none: it is not looked at.
        socket_mode: The permissions of the file of a Unix domain socket, as for chmod(2): who
            may write to it may connect. 0 leaves them to the umask, with which it is most often the
            user alone. Default 0; range: 0 to 511, octal 777. It is refused without such a file: an
            abstract name has no permissions.
        concurrency: The concurrency model: whether threads, processes or event loops serve
            several clients at once. Default "events". "iterative": One client at a time: accepts a
            connection, serves it to its end, accepts the next. Over UDP: receives a datagram,
            replies, receives the next. "threads": A thread for each TCP connection; over UDP a
            fixed number of threads on one port. "processes": A process for each TCP connection;
            over UDP a fixed number of processes on one port. A handler is not permitted. "events":
            Event loops, one for each worker.
        framing: How a TCP stream is divided into requests. Default "stream". "stream": The
            stream is not divided: the server converts the data that each receive returns. A handler
            is not permitted, since a part of a stream is not a request. "line": A request is a
            line, including its newline, of at most max_request bytes. The last line may end with
            the stream instead of a newline. "once": A request is the data that one receive returns;
            the server replies, then closes the connection, as the textbook's Python TCPServer does.
            "length": A request and its reply each begin with their length, a number of length_bytes
            bytes, which a handler neither gets nor gives. A length over max_request, one that is
            less than itself, and a stream that ends within a request are errors: the connection is
            closed. "delimiter": A request and its reply each end with the byte string of the option
            of this name, which a handler neither gets nor gives. A request, including its
            delimiter, has at most max_request bytes. The last request may end with the stream
            instead of a delimiter, as its reply then does.
        length_bytes: The number of bytes of the length before a message, an unsigned number.
            Default 4; range: 1, 2 or 4. It has no effect without "length". DNS over TCP has 2 bytes
            (RFC 7766, 8).
        length_endian: The order of the bytes of the length before a message. Default "big". It
            has no effect without "length". "big": The most significant byte first: network byte
            order (RFC 791, appendix B). "little": The least significant byte first.
        length_includes_itself: Whether the length before a message counts its own bytes beside
            those of the message. Default False. It has no effect without "length".
        delimiter: The bytes that end a message. Default CR LF; range: 1 to 255 bytes. It has no
            effect without the framing of this name. A message that contains the delimiter, or whose
            end together with it does, cannot be sent.
        workers: The number of event loops. Over UDP, the number of threads or processes for
            each address that the server is bound to. 0 means one for each processor. Default 0;
            range: 0 to 1,024. It has no effect with "iterative", nor over TCP with "threads" and
            "processes". With a handler and "events", and over UDP with "threads", it is the number
            of requests handled at the same time. If the handler blocks, more workers than
            processors are of use. If it is asynchronous, it is the number of requests pending at
            the same time, up to 65,536, and 0 means 1,024. Further requests wait in the kernel;
            they do not delay accepting, time limits, replies in progress or a stop.
        backlog: The maximum number of connections that the kernel queues until they are
            accepted (listen(2)). Default 1024. The kernel reduces it to net.core.somaxconn.
        max_connections: The maximum number of TCP connections served at once; a further one is
            closed immediately and counted as refused. Default 0. 0 means 1,024 with "threads", 256
            with "processes" and 65,536 with "events". "iterative" serves one connection and leaves
            the others in the backlog.
        max_connections_per_peer: The maximum number of TCP connections served at once for one
            peer, which is an IPv4 address or a /64 network of IPv6; a further one is closed
            immediately and counted. 0 sets no limit. Default 0. All clients behind one address
            translator (NAT) are one peer, and so are those behind one proxy without proxy_protocol.
            It has no effect on a Unix domain socket.
        max_request: The maximum length of a request, in bytes: a line with its newline, a
            message without its length or with its delimiter, or a datagram. Default 1048576; range:
            1 and more. It has no effect with "stream", which buffers no request.
        max_amplification: The maximum length of a UDP reply, as a multiple of the length of its
            request; a longer reply is counted and not sent. 0 sets no limit. Default 0. The source
            address of a datagram may be forged, and the reply is then sent to a victim: the limit
            is the factor by which an attacker can amplify traffic. The upper case of a request is
            at most three times as long as the request, a factor that QUIC permits as well (RFC
            9000, 8.1). A handler on an open network should have a limit. With a limit, an empty
            request gets an empty reply or none.
        idle_timeout: The time without incoming data after which a connection is closed. In
            seconds; None sets no limit. Default 300; range: above 0.
        write_timeout: The time after which a connection is closed if its peer receives nothing
            of the reply. In seconds; None sets no limit. Default 30; range: above 0. TCP
            acknowledgements free the send buffer in large steps, so that a slow peer may seem to
            receive nothing for some time.
        proxy_protocol: The networks of the proxies in front of the server, such as
            10.0.0.0/8,::1, or any. If one is given, each connection and each datagram has to come
            from it, and to begin with a header of the PROXY protocol. Default ""; range: IP
            addresses and networks with commas between them, or any. Over TCP the header is of
            version 1 or 2, over UDP of version 2 in each datagram. What has no valid header or
            comes from elsewhere is closed or discarded, and counted in proxy_headers_rejected. The
            header tells who the proxy's client is: the context of a request has its address, and
            max_connections_per_peer counts by it, which "processes" refuses. Replies go to the
            proxy, without a header. A sender with an address of the list can claim any address;
            over UDP it can forge that one.
        proxy_header_timeout: The time after which a connection is closed if the header of
            proxy_protocol has not arrived. In seconds; None sets no limit. Default 5; range: above
            0. A connection whose header is due is closed after idle_timeout as well, even if a part
            of it has arrived. With "iterative" no other client is served meanwhile.
        busy_poll: The time for which an event loop, or over UDP any worker, polls for requests
            before it blocks. In seconds. Default 0; range: 0 to 1 s. Polling avoids the latency of
            a wake-up, and uses a whole processor as long as requests arrive within this time of
            each other. With 0, a worker blocks at once.
        handler_latency: Whether the time of each call of the handler is counted in a histogram,
            which the text of OpenMetrics then contains. Default False. Reading the clock twice and
            adding to two counters takes some 50 to 100 ns for each call. The built-in service is
            not timed.
        sockets: sockets that are bound already, which the server serves on instead of binding host and
            port: those of systemd (systemd_sockets), of a supervisor, of a server that is replaced, or
            of a test. Socket objects, or numbers of descriptors; None or none of them binds. Each is a
            socket of the transport, over IPv4 or IPv6, bound and not connected. The server has copies:
            the caller may close its own. Others may have the same sockets, so a stop leaves them as
            they are, and what waits in them is for whoever serves next. A TCP socket becomes
            non-blocking for all who share it.
        handler: a callable that takes a request as bytes and returns the reply as bytes. One that
            requires a second positional argument gets the context of the request as well, a
            RequestContext; a second parameter with a default keeps it. The handler runs on the
            server's threads, several at once, as far as the GIL lets them: the lines of one
            connection one after another, in their order; datagrams at the same time, also those of
            one peer, whose replies may overtake each other. The GIL is held for the handler alone.
            It is acquired once per batch of queued lines of a connection; a batch ends when 1 ms has
            passed. A request whose handler raises gets no reply: it is logged with its traceback by
            the logger "capsock" and counted. A request has the newline of its line, but neither a
            length nor a delimiter; the server adds those of the reply. One that they do not fit is
            not sent, and the connection is closed. For a handler that gets the context, a connection
            that its peer has reset before it is accepted is closed: it has no addresses.
            A coroutine function (async def, also as a method, as __call__ of an object, or behind
            functools.partial) is called on an event loop, as a task for each request with a copy of
            the context (contextvars) in which the server was started. Its requests need no thread
            each: with "events", and over UDP, workers of them are pending at once, 1,024 if that is
            0. The next request of a connection is passed on after the reply. A stop waits for the
            tasks until its deadline, then cancels them, as a connection that breaks does. The loop
            is the server's own, in a thread, created by the policy of asyncio and closed by the
            stop, unless loop is given. `async with` stops the server without blocking the loop.
        text: True makes it a handler of str: the request is decoded from, the reply encoded to UTF-8.
        loop: the event loop that runs a coroutine handler, for example asyncio.get_running_loop().
            None has the server create one. It must run for as long as requests are to be answered:
            a blocking call, of a client for example, in its thread keeps them waiting.

    Raises
        ValueError: an argument, or a combination of them, that is not possible.
        OverflowError: a port outside of 0 to 65535.
        socket.gaierror: the host has no address.
        OSError: the address is in use, not one of this machine, or not permitted (errno says which).
    """
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: _Host = "localhost",
        port: SupportsIndex = 12000,
        socket_mode: SupportsIndex = 0,
        concurrency: _Concurrency = "events",
        framing: _Framing = "stream",
        length_bytes: SupportsIndex = 4,
        length_endian: _Endian = "big",
        length_includes_itself: bool = False,
        delimiter: Buffer = b"\r\n",
        workers: SupportsIndex = 0,
        backlog: SupportsIndex = 1024,
        max_connections: SupportsIndex = 0,
        max_connections_per_peer: SupportsIndex = 0,
        max_request: SupportsIndex = 1048576,
        max_amplification: SupportsIndex = 0,
        idle_timeout: float | None = 300,
        write_timeout: float | None = 30,
        proxy_protocol: str = "",
        proxy_header_timeout: float | None = 5,
        busy_poll: float = 0,
        handler_latency: bool = False,
        sockets: Iterable[_HasFileno | int] | None = None,
        handler: Callable[[bytes], Buffer | Coroutine[Any, Any, Buffer]] | None = None,
        text: Literal[False] = False,
        loop: AbstractEventLoop | None = None,
    ) -> Self: ...
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: _Host = "localhost",
        port: SupportsIndex = 12000,
        socket_mode: SupportsIndex = 0,
        concurrency: _Concurrency = "events",
        framing: _Framing = "stream",
        length_bytes: SupportsIndex = 4,
        length_endian: _Endian = "big",
        length_includes_itself: bool = False,
        delimiter: Buffer = b"\r\n",
        workers: SupportsIndex = 0,
        backlog: SupportsIndex = 1024,
        max_connections: SupportsIndex = 0,
        max_connections_per_peer: SupportsIndex = 0,
        max_request: SupportsIndex = 1048576,
        max_amplification: SupportsIndex = 0,
        idle_timeout: float | None = 300,
        write_timeout: float | None = 30,
        proxy_protocol: str = "",
        proxy_header_timeout: float | None = 5,
        busy_poll: float = 0,
        handler_latency: bool = False,
        sockets: Iterable[_HasFileno | int] | None = None,
        handler: Callable[[bytes, RequestContext], Buffer | Coroutine[Any, Any, Buffer]],
        text: Literal[False] = False,
        loop: AbstractEventLoop | None = None,
    ) -> Self: ...
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: _Host = "localhost",
        port: SupportsIndex = 12000,
        socket_mode: SupportsIndex = 0,
        concurrency: _Concurrency = "events",
        framing: _Framing = "stream",
        length_bytes: SupportsIndex = 4,
        length_endian: _Endian = "big",
        length_includes_itself: bool = False,
        delimiter: Buffer = b"\r\n",
        workers: SupportsIndex = 0,
        backlog: SupportsIndex = 1024,
        max_connections: SupportsIndex = 0,
        max_connections_per_peer: SupportsIndex = 0,
        max_request: SupportsIndex = 1048576,
        max_amplification: SupportsIndex = 0,
        idle_timeout: float | None = 300,
        write_timeout: float | None = 30,
        proxy_protocol: str = "",
        proxy_header_timeout: float | None = 5,
        busy_poll: float = 0,
        handler_latency: bool = False,
        sockets: Iterable[_HasFileno | int] | None = None,
        handler: Callable[[str], str | Coroutine[Any, Any, str]],
        text: Literal[True],
        loop: AbstractEventLoop | None = None,
    ) -> Self: ...
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: _Host = "localhost",
        port: SupportsIndex = 12000,
        socket_mode: SupportsIndex = 0,
        concurrency: _Concurrency = "events",
        framing: _Framing = "stream",
        length_bytes: SupportsIndex = 4,
        length_endian: _Endian = "big",
        length_includes_itself: bool = False,
        delimiter: Buffer = b"\r\n",
        workers: SupportsIndex = 0,
        backlog: SupportsIndex = 1024,
        max_connections: SupportsIndex = 0,
        max_connections_per_peer: SupportsIndex = 0,
        max_request: SupportsIndex = 1048576,
        max_amplification: SupportsIndex = 0,
        idle_timeout: float | None = 300,
        write_timeout: float | None = 30,
        proxy_protocol: str = "",
        proxy_header_timeout: float | None = 5,
        busy_poll: float = 0,
        handler_latency: bool = False,
        sockets: Iterable[_HasFileno | int] | None = None,
        handler: Callable[[str, RequestContext], str | Coroutine[Any, Any, str]],
        text: Literal[True],
        loop: AbstractEventLoop | None = None,
    ) -> Self: ...
    @property
    def address(self) -> _Address:
        """The first address that the server listens on: (host, port), with the actual port. That of a Unix
        domain socket is as the module socket has it: the path as a str, an abstract name as bytes that
        begin with a NUL.
        """
    @property
    def addresses(self) -> list[_Address]:
        """Every address that the server listens on, each as the attribute address is: one for each address
        of its host.
        """
    @property
    def port(self) -> int:
        """The port that the server listens on; 0 on a Unix domain socket."""
    @property
    def transport(self) -> _Transport:
        """The transport protocol: "tcp" or "udp"."""
    @property
    def concurrency(self) -> _Concurrency:
        """The concurrency model: "iterative", "threads", "processes" or "events"."""
    def stats(self) -> Stats:
        """The totals so far."""
    def open_metrics(self) -> str:
        """The totals so far in the text format of OpenMetrics 1.0, for a monitoring system. Its media type
        is application/openmetrics-text; version=1.0.0; charset=utf-8.

        A total requests is the counter capsock_requests_total; one that counts bytes ends with its unit,
        as capsock_received_bytes_total. With handler_latency=True and a handler, there is the histogram
        capsock_handler_duration_seconds. The text is complete, with # EOF at its end: those of two
        servers are served separately.
        """
    def sockets(self) -> list[_Socket]:
        """Copies of the server's sockets, as socket.socket objects in the order of addresses: for a
        successor, which serves them by Server(..., sockets=...), in this process or in one that inherits
        them. The caller closes them.

        From the first call on the sockets are shared: this server goes on serving them, and its stop
        leaves them as they are, so that what waits in them is for whoever has the copies. OSError with
        EBADF: the server is stopped.
        """
    def request_stop(self) -> None:
        """Starts a stop with a timeout of 5 seconds and returns at once. wait() returns when it is done."""
    def stop(self, timeout: float | None = 5) -> StopReport:
        """Stops the server and returns a report. It accepts no new work, finishes requests in progress,
        and closes idle connections; connections left after timeout seconds (default 5, None for no
        limit) are cut. Ctrl-C ends the call, not the stop.

        It may be called from any thread and more than once: the earliest deadline holds, and each call
        returns the same report. From a handler, or a coroutine on the loop of the handler, it starts
        the stop and returns at once.
        """
    def pause(self) -> None:
        """Takes no new work: accepts no connection, and over UDP receives no datagram. Open connections are
        served on. What arrives waits in the system, until resume() or until another server that has the
        same sockets takes it. It may be called from any thread and more than once.
        """
    def resume(self) -> None:
        """Takes new work again after pause(). After a stop it has no effect."""
    @property
    def paused(self) -> bool:
        """Whether the server takes no new work: it is paused, or a stop was requested."""
    def drain(self, timeout: float | None = 300) -> StopReport:
        """Pauses the server, waits until the peers have ended their connections, stops it, and returns the
        report of stop(). Connections that are open after timeout seconds (default 300, None for no limit)
        are stopped as by stop(): what has arrived is answered, and they are closed. Over UDP the stop
        follows at once, or as soon as no coroutine of a handler is pending. Ctrl-C ends the call; the
        server stays paused.

        For a restart, another server first serves the same sockets; then this one is drained, and no
        request is lost.
        """
    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the server has stopped and returns True, or False after timeout seconds. None,
        the default, sets no limit.
        """
    def serve_forever(self) -> None:
        """Waits until the server has stopped. Ctrl-C stops it as stop() does, then raises
        KeyboardInterrupt.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __aenter__(self) -> Coroutine[Any, Any, Self]:
        """The server, for the block of `async with`."""
    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Coroutine[Any, Any, None]:
        """Stops the server, as stop() does, while the running loop goes on."""

@final
class _PendingReply:
    def is_wanted(self) -> bool: ...
    def complete(self, answer: object) -> None: ...
    def fail(self, error: BaseException) -> None: ...
    def on_cancel(self, callback: Callable[[], object]) -> None: ...

@final
class TcpClient:
    """A client of a server that replies to each line with a line, over TCP. With the option framing a
    message takes the place of a line: it has its length before it, or a delimiter after it. Like a
    newline, these are neither given nor returned.

    All methods may be called from any thread; calls from several threads run one after another, in
    the order in which they were made. close() in another thread unblocks them. Ctrl-C ends every call
    with KeyboardInterrupt.

    Arguments
        host: a name or an address.
        port: 1 to 65535. Default 12000.
        connect_timeout: The time limit for resolving the name and connecting to one of its
            addresses. In seconds; None sets no limit. Default 10. If the client connects again
            during a request, the connect is limited to the smaller of connect_timeout and the time
            left of the request's timeout.
        timeout: The time limit for a request. In a call with many requests, it applies to each
            reply, counted from the reply before; in a copy, it applies to the time without
            progress. In seconds; None sets no limit. Default 30.
        max_reply: The maximum length of a reply, in bytes, without its newline, length or
            delimiter. Default 16777216.
        framing: The framing of requests and replies: that of the server. Default "line"; range:
            "line", "length" or "delimiter". A copy sends a stream, whatever the framing.
        length_bytes: The number of bytes of the length before a message, an unsigned number.
            Default 4; range: 1, 2 or 4. It has no effect without "length". DNS over TCP has 2 bytes
            (RFC 7766, 8).
        length_endian: The order of the bytes of the length before a message. Default "big". It
            has no effect without "length". "big": The most significant byte first: network byte
            order (RFC 791, appendix B). "little": The least significant byte first.
        length_includes_itself: Whether the length before a message counts its own bytes beside
            those of the message. Default False. It has no effect without "length".
        delimiter: The bytes that end a message. Default CR LF; range: 1 to 255 bytes. It has no
            effect without the framing of this name. A message that contains the delimiter, or whose
            end together with it does, cannot be sent.

    Raises
        ConnectionRefusedError: no program listens on the port.
        TimeoutError: the time limit passed.
        socket.gaierror: the host has no address.
        OverflowError: a port outside of 0 to 65535.
        ValueError: an argument that is not possible.
        OSError: another error of the system, with its errno.
    """
    def __new__(
        cls,
        host: _Host,
        port: SupportsIndex = 12000,
        *,
        connect_timeout: float | None = 10,
        timeout: float | None = 30,
        max_reply: SupportsIndex = 16777216,
        framing: _Framing = "line",
        length_bytes: SupportsIndex = 4,
        length_endian: _Endian = "big",
        length_includes_itself: bool = False,
        delimiter: Buffer = b"\r\n",
    ) -> Self: ...
    @overload
    def request(self, text: str, /) -> str:
        """Sends a line of text and returns the line received, as the same type (str for str, bytes for
        a bytes-like object), both without a newline.

        If the server has closed the connection since the last request, the client connects again, once.

        Raises ValueError if the text has a newline or the delimiter, OSError with EMSGSIZE if it is
        longer than its length can tell, UnicodeError if the reply to a str is not UTF-8
        (send bytes instead), TimeoutError, ConnectionResetError (also if the server closes before the
        end of the reply), and OSError with EBADF after close().
        """
    @overload
    def request(self, text: Buffer, /) -> bytes: ...
    @overload
    def request_many(self, texts: Iterable[str], /) -> list[str]:
        """Sends the lines of an iterable and returns the list of the lines received, in the same order,
        each as the type that request() returns.

        Once the server has answered two requests on one connection, the client sends the others without
        waiting for the replies (pipelining), which is many times faster than a loop of request(). The
        server must answer each line with one line. If the server closes the connection after each reply,
        each request has its own connection. The timeout is the longest wait for the next reply. The
        iterable is read to its end, and all lines are checked, before anything is sent.

        Raises what request() raises; the text names the item without a reply, counted from 0, and the
        number of replies received. If the connection ends while requests are pending, none is sent
        again, and ConnectionResetError is raised. Raises OSError if the server sends more replies than it
        got requests.
        """
    @overload
    def request_many(self, texts: Iterable[Buffer], /) -> list[bytes]: ...
    def copy(self, input: _Input, output: _Output, /) -> tuple[int, int]:
        """Sends all bytes of input, then the end of the stream, and writes all bytes received to output.
        Both directions run at once, so that a file of any size cannot deadlock. The connection cannot be
        used afterwards.

        Both are binary file objects. Returns the numbers of bytes (sent, received). Raises what a file
        object raises. While a read of the input blocks, no reply is written.
        """
    def close(self) -> None:
        """Closes the connection. Pending calls of other threads raise OSError with EBADF. Closing twice
        is no error.
        """
    @property
    def local_address(self) -> _Address:
        """The local address of the connection: (host, port), or of a Unix domain socket as the module
        socket has it.
        """
    @property
    def peer_address(self) -> _Address:
        """The address of the server: (host, port), or of a Unix domain socket as the module socket
        has it.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class UdpClient:
    """A client of a server that replies to each datagram with a datagram, over UDP.

    Each request is sent from a local port of its own, so that a late or duplicated reply is never
    taken for the reply to another request. The constructor sends nothing. All methods may be called
    from any thread; calls from several threads run one after another, in the order in which they
    were made. close() in another thread unblocks them. Ctrl-C ends every call with KeyboardInterrupt.

    Arguments
        host: a name or an address.
        port: 1 to 65535. Default 12000.
        timeout: The time limit for resolving the name, and for each request including its
            retransmissions. In seconds; None sets no limit. Default 5. With no limit, a request
            that gets no reply never times out.
        retransmit_after: The time after which a request without a reply is sent again; it
            doubles with each retransmission (RFC 8085, 3.1.1). In seconds; with None it is never
            sent again. Default 1.
        retransmissions: The maximum number of times that a request is sent again. Default 3.

    Raises
        socket.gaierror: the host has no address.
        OverflowError: a port outside of 0 to 65535.
        ValueError: a negative timeout.
        OSError: another error of the system, with its errno.
    """
    def __new__(
        cls,
        host: _Host,
        port: SupportsIndex = 12000,
        *,
        timeout: float | None = 5,
        retransmit_after: float | None = 1,
        retransmissions: SupportsIndex = 3,
    ) -> Self: ...
    @overload
    def request(self, text: str, /) -> str:
        """Sends the text as one datagram and returns the text of the reply, as the same type: str for
        str, bytes for a bytes-like object.

        Raises OSError with EMSGSIZE, before anything is sent, if the text does not fit a datagram
        (65,507 bytes over IPv4); ConnectionRefusedError if no socket is bound to the port;
        TimeoutError; UnicodeError if the reply to a str is not UTF-8 (send bytes instead); OSError with
        EBADF after close().
        """
    @overload
    def request(self, text: Buffer, /) -> bytes: ...
    @overload
    def request_many(self, texts: Iterable[str], /) -> list[str]:
        """Sends the texts of an iterable, each as one datagram, and returns the list of the texts of the
        replies, in the order of the requests, each as the type that request() returns.

        Up to 64 requests are pending at once. Each has its own local port, so that a reply which is late,
        duplicate or out of order is never taken for another's. To a server on 127.0.0.0/8 each has its own
        local address instead, from 127.1.0.0 on, until a datagram is lost: there that costs half as much.
        Each request has the timeout and the retransmissions of request(). The iterable is read to its end,
        and all lengths are checked, before anything is sent.

        Raises what request() raises; the text names the item that failed, counted from 0, and the number
        of replies received.
        """
    @overload
    def request_many(self, texts: Iterable[Buffer], /) -> list[bytes]: ...
    def close(self) -> None:
        """Closes the socket. Pending calls of other threads raise OSError with EBADF. Closing twice is no
        error.
        """
    @property
    def local_address(self) -> _Address:
        """The local address of the next request: (host, port), or of a Unix domain socket as the module
        socket has it.
        """
    @property
    def peer_address(self) -> _Address:
        """The address of the server: (host, port), or of a Unix domain socket as the module socket
        has it.
        """
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Stats:
    """The totals of a server since its start, at the time of the call that returned them."""
    @property
    def connections_accepted(self) -> int:
        """TCP connections accepted, including refused ones."""
    @property
    def connections_active(self) -> int:
        """TCP connections that are open at present."""
    @property
    def connections_refused(self) -> int:
        """TCP connections closed immediately, because of max_connections or because no thread or process was
        available.
        """
    @property
    def connections_refused_per_peer(self) -> int:
        """TCP connections closed immediately because of max_connections_per_peer; connections_refused
        includes them.
        """
    @property
    def requests(self) -> int:
        """Requests that got a reply, whether or not the peer has received it."""
    @property
    def bytes_received(self) -> int:
        """Bytes of requests, over TCP and UDP."""
    @property
    def bytes_sent(self) -> int:
        """Bytes of replies, over TCP and UDP."""
    @property
    def datagrams_received(self) -> int:
        """UDP datagrams received, including those without a reply."""
    @property
    def datagrams_sent(self) -> int:
        """UDP datagrams sent."""
    @property
    def handler_errors(self) -> int:
        """Requests whose handler failed."""
    @property
    def oversized_requests(self) -> int:
        """Requests longer than max_request: the connection was closed, or the datagram got no reply."""
    @property
    def malformed_requests(self) -> int:
        """Requests whose length is less than itself, or that ended with the stream before their length: the
        connection was closed.
        """
    @property
    def idle_timeouts(self) -> int:
        """Connections closed by idle_timeout."""
    @property
    def write_timeouts(self) -> int:
        """Connections closed by write_timeout."""
    @property
    def proxy_headers_rejected(self) -> int:
        """TCP connections closed and datagrams discarded because proxy_protocol names other networks, or
        because their header was missing, malformed or late.
        """
    @property
    def datagrams_filtered(self) -> int:
        """Datagrams discarded by the source filter: from the server itself, from port 0, from a broadcast or
        multicast address, or exchanged between servers too often.
        """
    @property
    def replies_unsent(self) -> int:
        """Replies that did not fit a datagram or the length before them, that contain the delimiter, or that
        the system did not send.
        """
    @property
    def amplified_replies(self) -> int:
        """Replies longer than max_amplification permits, which were not sent."""
    @property
    def descriptor_shortages(self) -> int:
        """Pauses of accepting because the process or the system had no free descriptor."""
    @property
    def features(self) -> Feature:
        """The optional features of the system that the server uses."""
    def _asdict(self) -> dict[str, int]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StopReport:
    """The result of stopping a server."""
    @property
    def completed(self) -> int:
        """Requests that got a reply, from the start of the server to its end. All replies were sent, except
        on connections that were cut or reset by the peer.
        """
    @property
    def cut(self) -> int:
        """Connections closed at the deadline with a request in progress or a reply that the peer had not
        received.
        """
    @property
    def running(self) -> int:
        """Calls of the handler or of the log that had not returned at the deadline. Their threads end when
        the calls return; until then, what the calls use must stay valid.
        """
    def _asdict(self) -> dict[str, int]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class InetSocket:
    @staticmethod
    def open(family: object, kind: object, protocol: object, /) -> InetSocket | None: ...
    @staticmethod
    def adopt(fileno: int, family: int, kind: int, protocol: int, /) -> InetSocket | None: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...
    def detach(self) -> int | None: ...
    def left(self) -> tuple[str, int, int] | None: ...
    def set_timeout(self, seconds: float | None) -> None: ...

# Called through capsock.socket.socket, which has the types of the standard library's.
class SocketCalls:
    def _accept(self, /) -> tuple[int, Any]: ...
    def bind(self, address: Any, /) -> None: ...
    def connect(self, address: Any, /) -> None: ...
    def connect_ex(self, address: Any, /) -> int: ...
    def getpeername(self, /) -> Any: ...
    def getsockname(self, /) -> Any: ...
    def getsockopt(self, level: int, optname: int, buflen: int = 0, /) -> Any: ...
    def listen(self, backlog: int = 128, /) -> None: ...
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes: ...
    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int: ...
    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]: ...
    def recvfrom_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]: ...
    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any: ...
    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> Any: ...
    def send(self, data: Buffer, flags: int = 0, /) -> int: ...
    def sendall(self, data: Buffer, flags: int = 0, /) -> None: ...
    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int: ...
    def sendto(self, data: Buffer, flags_or_address: Any, address: Any = None, /) -> int: ...
    def setblocking(self, flag: bool, /) -> None: ...
    def setsockopt(self, level: int, optname: int, value: Any, optlen: int = 0, /) -> None: ...
    def settimeout(self, timeout: float | None, /) -> None: ...
    def shutdown(self, how: int, /) -> None: ...
