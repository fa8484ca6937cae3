"""A record of what every socket call did, from which pictures are drawn.

>>> from capsock import trace
>>> with trace.start("/dev/null"):
...     pass  # the calls of this process are recorded: of capsock.socket, servers and clients

Each call is a line of JSON; several processes may record to one file. The environment variable
CAPSOCK_TRACE=FILE does the same from a program's first call on (CAPSOCK_TRACE_PAYLOAD=0 records no payload);
such a recording gives way to one that is started here.
"""

from __future__ import annotations

from os import PathLike
from types import TracebackType

from capsock import _native

__all__ = ["Recording", "start", "stop"]


class Recording:
    """A recording that runs; as a context manager, it ends with its block."""

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
    """Append a record of the socket calls of this process to a file, from now on.

    `payload` says whether the first 32 bytes of what is sent and received are recorded. Where a line cannot
    be written, the recording ends, standard error says so, and the program goes on.

    Raises OSError (FileNotFoundError, PermissionError...) if the file cannot be opened, with EBUSY if a
    recording is running.
    """
    _native._trace_start(path, payload)
    return Recording()


def stop() -> None:
    """End the recording, if there is one."""
    _native._trace_stop()
