"""Prints hints about common mistakes of beginners on standard error, each once.

`capsock run` enables them, and so does the environment variable CAPSOCK_HINTS=1 for programs that import
`capsock.socket`. The native calls report to an object of this module. A hint changes neither the outcome nor
the duration of a call.
"""

from __future__ import annotations

import _socket
import _thread
import _weakref
import atexit
import errno
import os
import sys

from capsock import _native, _standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# What stands for the server's name in the textbook's listings.
PLACEHOLDERS = {"servername", "hostname", "yourhostname", "hostid", "serverip"}

BINDS_OR_CONNECTS = {"bind", "connect", "connect_ex"}
SENDS = {"send", "sendall", "sendto", "sendmsg"}
TRANSFERS = SENDS | {"recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"}


def start() -> None:
    """Enable the hints."""
    if _observer.is_on:
        return
    _observer.is_on = True
    _native._set_hints(_observer)
    # The watchdog's thread must not count among the program's, about which fork() warns.
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(
            before=_native._pause_watchdog,
            after_in_parent=lambda: _native._resume_watchdog(False),
            after_in_child=lambda: _native._resume_watchdog(True),
        )
    atexit.register(_observer.finish)


def _say(kind: str, text: str) -> None:
    with _lock:
        if kind in _said or sys.stderr is None:
            return
        _said.add(kind)
    print(f"capsock hint: {text}", file=sys.stderr, flush=True)


_said: set[str] = set()
_lock = _thread.allocate_lock()


class _Observer:
    """The object that the native calls report to."""

    def __init__(self) -> None:
        self.is_on = False
        self.refused: tuple[object, ...] | None = None
        self._unread: list[_weakref.ReferenceType[_socket.socket]] = []

    def failed(
        self,
        socket: _socket.socket,
        call: str,
        arguments: tuple[object, ...],
        error: BaseException,
        is_stream: bool,
        is_connected: bool,
    ) -> None:
        """Report a call that raised `error`."""
        if isinstance(error, (TypeError, OverflowError)):
            _explain_arguments(call, arguments)
        elif isinstance(error, OSError):
            if error.errno in (errno.EPIPE, errno.ENOTCONN, errno.EDESTADDRREQ) and call in TRANSFERS:
                if not is_connected:
                    _explain_unconnected(socket, call, is_stream)
            elif error.errno == errno.EMSGSIZE and not is_stream and call in SENDS:
                _say(
                    "too long",
                    "a UDP datagram carries 65507 bytes at most (65527 over IPv6), and this one is longer. "
                    "Send the data in several datagrams, or over TCP, which has no such limit.",
                )
            else:
                address = next((one for one in arguments if isinstance(one, tuple)), None) or _peer(socket)
                if error.errno == errno.ECONNREFUSED and _is_of_a_library(sys._getframe(1)):
                    # It may go on to another address; what it raises in the end may end the program.
                    self.refused = address
                else:
                    _explain_os_error(error, address, is_stream)

    def cut(self, call: str, size: int, length: int | None) -> None:
        """Report a datagram that was longer than the buffer."""
        what = "a datagram" if length is None else f"a datagram of {length} bytes"
        _say(
            "cut",
            f"{call}() cut {what} to its buffer of {size} bytes, and the rest is lost. A larger buffer "
            f"receives it whole: {call}(65535).",
        )

    def received(self, socket: _socket.socket) -> None:
        """Remember a socket whose receive filled its buffer and left bytes in the stream."""
        self._unread.append(_weakref.ref(socket))

    def left(self, call: str, size: int, waiting: int) -> None:
        """Report a socket that is closed although its last receive left bytes in the stream."""
        _say(
            "left",
            f"{waiting} bytes that had arrived were never received: the last call, {call}({size}), "
            f"takes {size} "
            "bytes at most. TCP carries a stream of bytes, not messages: receive again until the message is "
            "complete.",
        )

    def padded(self, call: str, length: int, padding: int) -> None:
        """Report text that is followed by NUL bytes."""
        _say(
            "padded",
            f"{call}() returned {length} bytes of text and {padding} NUL bytes behind them: the peer "
            f"has sent its "
            "whole buffer, and not only the part with the text in it (Java: new DatagramPacket(data, "
            "packet.getLength(), ...); C: send(..., strlen(text), 0)). Here, data.rstrip(b'\\0') "
            "removes them.",
        )

    def stalled(self, kind: str, call: str) -> None:
        """Report a receive that has waited for 5 seconds."""
        # What makefile() returns receives with recv_into().
        name = "readline()" if call == "recv_into" else f"{call}()"
        _say(kind, f"{name} has waited for 5 seconds. {STALLS[kind].format(name=name)}")

    def finish(self) -> None:
        """Print the hints that need the end of the program."""
        ended_by = getattr(sys, "last_value", None)
        if isinstance(ended_by, KeyboardInterrupt):
            return
        if ended_by is not None:
            explain(ended_by)
        for socket in filter(None, (reference() for reference in self._unread)):
            core = object.__getattribute__(socket, "_capsock_core")
            left = core.left()
            if left is not None:
                self.left(*left)


_observer = _Observer()

STALLS = {
    "newline": "What this program sent does not end with a newline, and a server that reads lines "
    "(readLine() in "
    "Java, readline() in Python) waits for one: send(sentence.encode() + b'\\n'). Or the server is busy: one "
    "that serves one client after the other answers when those before are done.",
    "empty": "The last send() had no bytes to send (an empty line?), and over TCP that sends nothing: "
    "the peer "
    "waits as well. Send at least a newline: send(sentence.encode() + b'\\n').",
    "unsent": "This program has sent nothing yet. If the server waits for a request before it answers, "
    "both wait "
    "for each other: call send() before {name}.",
    "unbound": "This socket has no port yet, so that nobody can send anything to it. A server calls "
    "bind(('', "
    "port)) before {name}; a client calls sendto() first.",
    "nobody": "UDP does not tell whether a datagram arrives: is a server bound to this port, on this "
    "host? Start "
    "the server first, and compare host and port with what it binds. Datagrams also get lost: settimeout(1) "
    "ends the wait, and the request can be sent again.",
}


def _is_of_a_library(frame: FrameType) -> bool:
    """Tell whether this is code of the standard library or beside it."""
    return frame.f_code.co_filename.startswith(os.path.dirname(os.__file__) + os.sep)


def _peer(socket: _socket.socket) -> tuple[object, ...] | None:
    try:
        peer: tuple[object, ...] = _socket.socket.getpeername(socket)
    except OSError:
        return None
    return peer


def _explain_arguments(call: str, arguments: tuple[object, ...]) -> None:
    if call in ("send", "sendall", "sendto") and arguments and isinstance(arguments[0], str):
        _say(
            "bytes",
            f"{call}() sends bytes, and was given a str. Encode the text first, with text.encode(); what is "
            "received becomes text with decode().",
        )
        return
    if call in BINDS_OR_CONNECTS and arguments:
        given = arguments
    elif call == "sendto" and len(arguments) > 1:
        given = arguments[1:]
    else:
        return
    address = given[-1]
    if not isinstance(address, tuple):
        before = "data, " if call == "sendto" else ""
        _say(
            "pair",
            f"{call}() takes the host and the port as one argument, a tuple, with parentheses of its own: "
            f"{call}({before}(host, port)).",
        )
    elif len(address) > 1 and isinstance(address[1], (str, bytes)):
        _say(
            "port",
            f"the port is a number, and {call}() was given the text {address[1]!r}. What comes from "
            f"input() or "
            "sys.argv is text, and becomes a number with int(port).",
        )
    elif len(address) > 1 and isinstance(address[1], int) and not 0 <= address[1] <= 65535:
        _say(
            "port",
            f"there is no port {address[1]}: a port is a number of 16 bits, from 1 to 65535. Those from "
            f"1024 to "
            "32767 are free for programs of one's own.",
        )


def _explain_unconnected(socket: _socket.socket, call: str, is_stream: bool) -> None:
    listens = False
    if is_stream:
        try:
            listens = _socket.socket.getsockopt(socket, _socket.SOL_SOCKET, _socket.SO_ACCEPTCONN) != 0
        except OSError:
            return
    if listens:
        text = "this is the socket that listens, and it carries no data. accept() returns the socket of a "
        text += f"client: connection, address = server.accept(), then connection.{call}()."
    elif is_stream:
        text = (
            f"this socket is not connected. A client calls connect((host, port)) before {call}(); a server "
        )
        text += f"calls {call}() on the socket that accept() returns."
    else:
        text = f"{call}() has no address to send to. Call sendto(data, (host, port)), or connect((host, "
        text += "port)) before."
    _say("unconnected", text)


def _explain_os_error(
    error: OSError, address: tuple[object, ...] | None, is_stream: bool | None = None
) -> None:
    if type(error).__name__ == "gaierror":
        if address and str(address[0]).lower() in PLACEHOLDERS:
            _say(
                "name",
                f"{address[0]!r} stands in the textbook for the name of the machine that the server runs on. "
                "Put that in its place; for this machine it is 'localhost'.",
            )
        else:
            name = f"the name {address[0]!r}" if address else "the server's name"
            _say("name", f"{name} could not be found. For a server on this machine it is 'localhost'.")
    elif error.errno == errno.EADDRINUSE:
        _explain_in_use(address, is_stream)
    elif error.errno == errno.ECONNREFUSED:
        does = "is bound to" if is_stream is False else "listens on"
        _say(
            "refused",
            f"nothing {does} {_place(address)}: start the server first, and compare the host and the "
            f"port with "
            "what it binds.",
        )


def _place(address: tuple[object, ...] | None) -> str:
    """Say where an address is: "port 12000", "port 12000 of 192.0.2.1"."""
    if not address or len(address) < 2:
        return "that port"
    if address[0] in ("", "0.0.0.0", "::"):
        return f"port {address[1]}"
    return f"port {address[1]} of {address[0]}"


def _explain_in_use(address: tuple[object, ...] | None, is_stream: bool | None) -> None:
    port = address[1] if address and len(address) > 1 else "PORT"
    is_windows = sys.platform == "win32"
    if is_windows:
        shell = f"netstat -ano | findstr :{port}"
    else:
        options = {None: "-ltunp", True: "-ltnp", False: "-lunp"}[is_stream]
        shell = f"ss {options} 'sport = :{port}'"
    text = (
        f"another socket has {_place(address)}: the server may be running already, in another window or "
        f"in the "
        f"background. `{shell}` names the program. End that one, or take another port."
    )
    if is_stream is not False and not is_windows:
        text += (
            " A TCP server that has just ended keeps its port for a minute, unless it calls "
            "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1) before bind()."
        )
    _say("in use", text)


def explain(error: BaseException) -> None:
    """Say what may help with the exception that ended the program."""
    text = str(error)
    if isinstance(error, SyntaxError):
        if "Missing parentheses in call to 'print'" in str(error.msg):
            _say(
                "print",
                "this is Python 2, where print was a statement. In Python 3 it is a function, print(...), "
                "and raw_input(...) is input(...).",
            )
    elif isinstance(error, NameError) and "'raw_input'" in text:
        _say("raw_input", "raw_input() is of Python 2. In Python 3 it is input(...).")
    elif isinstance(error, OSError):
        address = _observer.refused if error.errno == errno.ECONNREFUSED else None
        _explain_os_error(error, address)
    elif isinstance(error, (ImportError, AttributeError, NameError, TypeError)) and not _explain_shadow(text):
        _explain_text(error, text)


def _explain_shadow(text: str) -> bool:
    """Say that a file has the name of the module; return whether it has and the error is of that."""
    ours = getattr(sys.modules.get("capsock.socket"), "__file__", None)
    spec = _standard.found("socket")
    if spec is None or spec.origin == ours or not _standard.is_shadow(spec.origin):
        return False
    words = set(text.replace("'", " ").split())
    # A file that imports itself finds itself by the class's name.
    names = {"socket", "module", *_standard.module.__all__}
    if not words & names:
        return False
    _say(
        "shadow",
        f"the file {spec.origin} has the name of the module socket, and Python imports it in the place "
        f"of that "
        "one. Give the file another name.",
    )
    return True


def _explain_text(error: BaseException, text: str) -> None:
    """Say that what was received is no text; the calls themselves report what was to be sent."""
    if "bytes" in _said or isinstance(error, (ImportError, NameError)):
        return
    mixes = isinstance(error, TypeError) and "bytes" in text and ("str" in text or "string" in text)
    if mixes or (isinstance(error, AttributeError) and text.startswith("'bytes' object")):
        _say(
            "decode",
            "what is received is bytes, and not text: data.decode() makes a str of it. The other way round, "
            "text.encode() makes bytes.",
        )
