"""Record the socket calls of this process, for the pictures of `capsock trace`.

>>> from capsock import trace
>>> with trace.start("/dev/null"):
...     pass  # the calls of this process are recorded: of capsock.socket, servers and clients

Each call is a line of JSON; several processes may append to one file. The environment variable
CAPSOCK_TRACE=FILE records from the first call on (CAPSOCK_TRACE_PAYLOAD=0 records no payload). start() ends
such a recording.
"""

from __future__ import annotations

from os import PathLike
from types import TracebackType

from capsock import _native

__all__ = ["Recording", "start", "stop"]


class Recording:
    """A recording in progress; as a context manager, it stops at the end of the block."""

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stop()


def start(path: str | PathLike[str], payload: bool = True) -> Recording:
    """Start to append a line to a file for each socket call of this process.

    With `payload`, the first 32 bytes of what is sent and received are recorded. If a line cannot be written,
    the recording stops with a message on standard error, and the program goes on.

    Raises OSError (FileNotFoundError, PermissionError...) if the file cannot be opened, and with EBUSY if a
    recording is in progress.
    """
    _native._trace_start(path, payload)
    from capsock import _polls

    _polls.install()
    return Recording()


def stop() -> None:
    """Stop the recording, if one is in progress."""
    _native._trace_stop()
