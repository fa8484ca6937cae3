"""Servers and clients of the uppercase service over TCP and UDP, on a core in Rust.

A client sends text, and the server returns it in upper case.

>>> import capsock
>>> with capsock.Server("tcp", port=0, concurrency="threads") as server:
...     with capsock.TcpClient(*server.address) as client:
...         client.request("hello")
'HELLO'

Times are in seconds; None sets no limit. Errors are built-in exceptions with `errno` set:

* ConnectionRefusedError, ConnectionResetError (also if the server closes the connection before the end of
  the reply), TimeoutError, PermissionError, socket.gaierror, and OSError for other errors of the system
  (EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, EMFILE...);
* OSError with EMSGSIZE for data that exceeds a datagram or a limit, with EBADF after close();
* ValueError for an invalid argument, OverflowError for a port out of range, UnicodeError for a reply to a
  str that is not UTF-8.

A server logs to the logger "capsock" of the module logging.
"""

import sys as _sys

# Until the module runs, `python -m` has the working folder before the standard library in sys.path. A file of
# that folder (enum.py) must not shadow what this package imports.
_is_searched = _sys.argv[:1] == ["-m"] and not (
    _sys.flags.isolated or getattr(_sys.flags, "safe_path", False)
)
_hidden = [_sys.path.pop(0)] if _is_searched and _sys.path else []
try:
    from capsock import trace
    from capsock._feature import Feature
    from capsock._native import (
        DEFAULT_HOST,
        DEFAULT_PORT,
        UNICODE_VERSION,
        RequestContext,
        Server,
        Stats,
        StopReport,
        TcpClient,
        UdpClient,
        UppercaseStream,
        __version__,
        systemd_sockets,
        uppercase,
    )
finally:
    _sys.path[:0] = _hidden

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "UNICODE_VERSION",
    "Feature",
    "RequestContext",
    "Server",
    "Stats",
    "StopReport",
    "TcpClient",
    "UdpClient",
    "UppercaseStream",
    "__version__",
    "systemd_sockets",
    "trace",
    "uppercase",
]
