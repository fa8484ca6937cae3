"""A client sends text, a server sends it back in upper case: over TCP and UDP, from a core in Rust.

>>> import capsock
>>> with capsock.Server("tcp", port=0, concurrency="threads") as server:
...     with capsock.TcpClient(*server.address) as client:
...         client.request("hello")
'HELLO'

Times are seconds, and None is no limit. Errors are Python's own exceptions with `errno` set:

* ConnectionRefusedError, ConnectionResetError (also when the server closed the connection before the
  whole reply had come), TimeoutError, PermissionError, socket.gaierror, and OSError for what else
  the system reports (EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, EMFILE...);
* OSError with EMSGSIZE for what does not fit a datagram or a limit, with EBADF after close();
* ValueError for an argument that is not possible, OverflowError for a port that is none, UnicodeError
  for a reply that is not UTF-8 where str was asked for.

A server's log lines go to the logger "capsock" of the module logging.
"""

import sys as _sys

# `python -m` has the working folder before the standard library until the module runs: nothing that this
# package imports comes from there, whatever a file there is named (enum.py).
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
        Server,
        Stats,
        StopReport,
        TcpClient,
        UdpClient,
        UppercaseStream,
        __version__,
        uppercase,
    )
finally:
    _sys.path[:0] = _hidden

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "UNICODE_VERSION",
    "Feature",
    "Server",
    "Stats",
    "StopReport",
    "TcpClient",
    "UdpClient",
    "UppercaseStream",
    "__version__",
    "trace",
    "uppercase",
]
