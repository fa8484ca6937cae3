"""What `capsock run` says on standard error of the mistakes that beginners make. Each is said once.

The native calls report to the object that start() gives them; an exception is never touched.
"""

from __future__ import annotations

import _thread
import errno
import sys

from capsock import _native

# What stands for the server's name in the textbook's listings.
PLACEHOLDERS = {"servername", "hostname", "yourhostname", "hostid", "serverip"}


def start() -> None:
    """Have the calls report from now on."""
    _native._set_hints(_Adviser())


_said: set[str] = set()
_lock = _thread.allocate_lock()


def _say(kind: str, text: str) -> None:
    with _lock:
        if kind in _said or sys.stderr is None:
            return
        _said.add(kind)
    print(f"capsock hint: {text}", file=sys.stderr, flush=True)


class _Adviser:
    """What the native calls report to; each method's arguments begin with the socket and the call's name."""

    def failed(self, _socket: object, call: str, arguments: tuple[object, ...], error: BaseException) -> None:
        """Tell of a call that raised `error`."""
        if isinstance(error, TypeError):
            if call in ("send", "sendall", "sendto") and arguments and isinstance(arguments[0], str):
                _say_bytes(call)
        elif isinstance(error, OSError):
            address = next((one for one in arguments if isinstance(one, tuple)), None)
            _explain_os_error(error, address)

    def cut(self, _socket: object, call: str, size: int, length: int | None) -> None:
        """Tell of a datagram that was longer than the buffer."""
        what = "a datagram" if length is None else f"a datagram of {length} bytes"
        _say(
            "cut",
            f"{call}() cut {what} to its buffer of {size} bytes, and the rest is lost. A larger buffer "
            f"receives it whole: {call}(65535).",
        )

    def more(self, _socket: object, call: str, size: int, waiting: int) -> None:
        """Tell of a receive on a stream that filled its buffer while more had arrived."""
        _say(
            "more",
            f"{call}({size}) filled its buffer, and {waiting} more bytes have arrived already. TCP carries "
            "a stream of bytes, not messages: call it again until the message is complete.",
        )

    def silent(self, _socket: object, call: str) -> None:
        """Tell of a receive that waits after something without a newline at its end was sent."""
        _say(
            "silent",
            f"{call}() has waited for 5 seconds. What this program sent does not end with a newline, and a "
            "peer that reads lines (readLine() in Java, readline() in Python) waits for one: "
            "send(sentence.encode() + b'\\n').",
        )


def _say_bytes(call: str) -> None:
    _say(
        "bytes",
        f"{call}() sends bytes, and was given a str. Encode the text first, with text.encode(); what is "
        "received becomes text with decode().",
    )


def _explain_os_error(error: OSError, address: tuple[object, ...] | None) -> None:
    where = " ".join(str(part) for part in address[:2]) if address else "the address"
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
        _say(
            "in use",
            f"another program has {where}: the server may be running already. A TCP server that has just "
            "ended keeps its port for a minute, unless it calls setsockopt(SOL_SOCKET, SO_REUSEADDR, 1) "
            "before bind().",
        )
    elif error.errno == errno.ECONNREFUSED:
        _say(
            "refused",
            f"nothing listens at {where}: start the server first, and compare the host and the port with "
            "what it binds.",
        )


def explain(error: BaseException) -> None:
    """Say what may help with the exception that ended the script."""
    if isinstance(error, SyntaxError):
        if "Missing parentheses in call to 'print'" in str(error.msg):
            _say(
                "print",
                "this is Python 2, where print was a statement. In Python 3 it is a function, print(...), "
                "and raw_input(...) is input(...).",
            )
    elif isinstance(error, NameError):
        if "'raw_input'" in str(error):
            _say("raw_input", "raw_input() is of Python 2. In Python 3 it is input(...).")
    elif isinstance(error, OSError):
        _explain_os_error(error, None)
