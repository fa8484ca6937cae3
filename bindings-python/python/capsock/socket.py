"""The module `socket`, with TCP and UDP over IPv4 and IPv6 on the core in Rust.

`from capsock.socket import *` stands for `from socket import *`: the names, the exceptions and their texts,
the timeouts and the defaults are those of the running Python's own module. Sockets of other families and
protocols (AF_UNIX, SOCK_RAW...) are the standard library's in all they do.

How it is made, and why so:

* `socket` derives from the standard library's `socket.socket`, and so from `_socket.socket`. `ssl` asks for
  that C type and reads the descriptor and the timeout out of it, and everything else asks isinstance(s,
  socket.socket). A type of our own in the place of `_socket.socket`, under the standard library's socket.py,
  would be neither.
* Its calls come from `_native.SocketCalls`, whose methods are found before those of `_socket.socket`. They
  are native and cost no frame of Python. That class has no storage, without which Python would refuse to have
  it as a base beside `_socket.socket`; what the calls need is in the slot `_core`, which is None for what is
  not the core's.
* `_socket.socket` keeps what is not a call: fileno(), family, type, proto, timeout, the descriptor's mode,
  the warning of a socket that was not closed. It closes the descriptor of an object that was forgotten;
  close() does it through the core, and ends the calls that other threads are blocked in (OSError, EBADF).
* The functions that make sockets (create_connection, fromfd, socketpair...) are the standard library's, over
  the names of this module, where `socket` is ours.

A name is looked up as the standard library does, which is one audit event more (socket.getaddrinfo) than it
has.
"""

import _socket
import socket as _stdlib
import types as _types

from capsock import _native

globals().update({name: value for name, value in vars(_stdlib).items() if not name.startswith("__")})
__all__ = list(_stdlib.__all__)


def _over_this_module(function):
    """Return a function of the standard library that finds its names in this module."""
    copy = _types.FunctionType(
        function.__code__, globals(), function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__qualname__
    return copy


globals().update(
    {
        name: _over_this_module(value)
        for name, value in vars(_stdlib).items()
        if isinstance(value, _types.FunctionType) and value.__globals__ is vars(_stdlib)
    }
)


class socket(_native.SocketCalls, _stdlib.socket):
    """A socket, as that of the standard library; TCP and UDP over IPv4 and IPv6 run on the core."""

    __slots__ = ("_core",)

    # The native class has none, and would bring one that raises.
    __new__ = _stdlib.socket.__new__

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            if family == -1:
                family = _socket.AF_INET
            if type == -1:
                type = _socket.SOCK_STREAM
            if proto == -1:
                proto = 0
            core = _native.InetSocket.open(family, type, proto)
            try:
                _stdlib.socket.__init__(self, family, type, proto, None if core is None else core.fileno())
            except BaseException:
                if core is not None:
                    core.close()
                raise
        else:
            _stdlib.socket.__init__(self, family, type, proto, fileno)
            core = _native.InetSocket.adopt(
                _socket.socket.fileno(self), int(self.family), int(self.type), self.proto
            )
        if core is not None:
            core.set_timeout(self.gettimeout())
        self._core = core

    # Makes a socket of this module's class.
    accept = _over_this_module(_stdlib.socket.accept)

    def _real_close(self, _ss=_socket.socket):
        core = getattr(self, "_core", None)
        if core is None:
            _stdlib.socket._real_close(self)
        elif _ss.detach(self) >= 0:
            core.close()

    def detach(self):
        core = getattr(self, "_core", None)
        if core is not None:
            core.detach()
        return _stdlib.socket.detach(self)

    detach.__doc__ = _stdlib.socket.detach.__doc__


# So it calls itself in repr() and in warnings.
socket.__module__ = "socket"
