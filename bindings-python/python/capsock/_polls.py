"""The waits of the module `select` for several sockets, recorded.

Once a recording has started, the functions of `select` are these, which call those of the standard library:
select(), poll() and epoll(). `selectors` and `asyncio` use them. A wait that is longer than BRIEF is made in
two parts, between which the trace gets the line that it has begun.
"""

# The arguments are whatever the standard library takes.
# ruff: noqa: ANN401

from __future__ import annotations

import errno as _errno
import select as _select
import selectors as _selectors
import time as _time
from collections.abc import Callable, Iterable
from typing import Any

from capsock import _native

# capsock::trace::BEGIN_AFTER, in seconds.
BRIEF = 0.01

# The events of poll(2) and epoll(7), whose numbers are the same.
_IN = 0x001 | 0x002
_OUT = 0x004
_ENDS = 0x008 | 0x010 | 0x2000

_Lists = tuple[list[int], list[int]]

_installed = False


def install() -> None:
    """Replace the waits of `select`, once; without a recording, the replacements make the calls alone."""
    global _installed
    if _installed:
        return
    _installed = True
    _select.select = _recorded_select
    _selectors.SelectSelector._select = staticmethod(_recorded_select)  # type: ignore[attr-defined]
    for name, selector, replacement in (
        ("poll", "PollSelector", _poll),
        ("epoll", "EpollSelector", _Epoll),
    ):
        if hasattr(_select, name):
            setattr(_select, name, replacement)
        if hasattr(_selectors, selector):
            # A function in a class would become a method.
            own = replacement if isinstance(replacement, type) else staticmethod(replacement)
            getattr(_selectors, selector)._selector_cls = own


def _wait(
    span: Any,
    waited: _Lists,
    timeout: float | None,
    call: Callable[[float | None], Any],
    ready: Callable[[Any], _Lists],
) -> Any:
    """Make the call with its timeout in seconds, None for no limit, and write its lines."""
    span.hold(*waited)
    start, number = _time.monotonic(), 0
    found: _Lists = ([], [])
    try:
        result = call(BRIEF if timeout is None or timeout > BRIEF else timeout)
        found = ready(result)
        if not any(found) and (timeout is None or timeout > BRIEF):
            span.still_waits(*waited)
            result = call(None if timeout is None else max(0.0, timeout - (_time.monotonic() - start)))
            found = ready(result)
        return result
    except OSError as error:
        number = error.errno or _errno.EIO
        raise
    except BaseException:
        # A signal handler raised it.
        number = _errno.EINTR
        raise
    finally:
        span.end(waited, found, number)


def _numbers(files: Iterable[Any]) -> list[int]:
    return [one if isinstance(one, int) else one.fileno() for one in files]


_standard_select = _select.select


def _recorded_select(rlist: Any, wlist: Any, xlist: Any, timeout: Any = None, /) -> Any:
    span = _native._poll_begin("select", None)
    if span is None:
        return _standard_select(rlist, wlist, xlist, timeout)
    try:
        rlist, wlist, xlist = list(rlist), list(wlist), list(xlist)
        waited = (_numbers(rlist), _numbers(wlist))
        seconds = None if timeout is None else float(timeout)
        valid = seconds is None or seconds >= 0
    except Exception:
        valid = False
    if not valid:
        # The standard library's error.
        return _standard_select(rlist, wlist, xlist, timeout)
    return _wait(
        span,
        waited,
        seconds,
        lambda limit: _standard_select(rlist, wlist, xlist, limit),
        lambda result: (_numbers(result[0]), _numbers(result[1])),
    )


_recorded_select.__name__ = _recorded_select.__qualname__ = "select"
_recorded_select.__doc__ = _standard_select.__doc__


class _Registered:
    """What poll() and epoll() objects have in common: the registered descriptors, and their events."""

    def __init__(self, standard: Any) -> None:
        self._standard = standard
        self._waited: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._standard, name)

    def register(self, fd: Any, *eventmask: int, **named: int) -> None:
        self._standard.register(fd, *eventmask, **named)
        events = [*eventmask, *named.values(), _IN | _OUT]
        self._waited[_numbers([fd])[0]] = events[0]

    def modify(self, fd: Any, eventmask: int) -> None:
        self._standard.modify(fd, eventmask)
        self._waited[_numbers([fd])[0]] = eventmask

    def unregister(self, fd: Any) -> None:
        self._standard.unregister(fd)
        self._waited.pop(_numbers([fd])[0], None)

    def _lists(self) -> _Lists:
        items = list(self._waited.items())
        return (
            [fd for fd, events in items if events & _IN],
            [fd for fd, events in items if events & _OUT],
        )

    def _ready(self, result: list[tuple[int, int]]) -> _Lists:
        def is_ready(fd: int, events: int, kind: int) -> bool:
            return bool(events & (kind | _ENDS) and self._waited.get(fd, 0) & kind)

        return (
            [fd for fd, events in result if is_ready(fd, events, _IN)],
            [fd for fd, events in result if is_ready(fd, events, _OUT)],
        )


class _Poll(_Registered):
    def poll(self, timeout: Any = None, /) -> Any:
        """Wait for the registered descriptors; the timeout is in milliseconds."""
        span = _native._poll_begin("poll", None)
        if span is None or not isinstance(timeout, (int, float, type(None))):
            return self._standard.poll(timeout)
        seconds = None if timeout is None or timeout < 0 else timeout / 1000

        def call(limit: float | None) -> Any:
            # The whole timeout is the caller's own, which may not be whole milliseconds.
            if limit is None or limit == seconds:
                return self._standard.poll(timeout)
            return self._standard.poll(limit * 1000)

        return _wait(span, self._lists(), seconds, call, self._ready)


def _poll() -> Any:
    return _Poll(_standard_poll())


if hasattr(_select, "poll"):
    # In the standard library's stub it is a class.
    _standard_poll: Any = _select.poll
    _poll.__name__ = _poll.__qualname__ = "poll"
    _poll.__doc__ = _standard_poll.__doc__


class _Epoll(_Registered):
    """The standard library's epoll, recorded."""

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        super().__init__(_standard_epoll(sizehint, flags))

    @classmethod
    def fromfd(cls, fd: int, /) -> _Epoll:
        made = cls.__new__(cls)
        _Registered.__init__(made, _standard_epoll.fromfd(fd))
        return made

    def __enter__(self) -> _Epoll:
        self._standard.__enter__()
        return self

    def __exit__(self, *about: Any) -> Any:
        return self._standard.__exit__(*about)

    def poll(self, timeout: Any = None, maxevents: int = -1) -> Any:
        """Wait by epoll_wait(2); the timeout is in seconds."""
        span = None if self._standard.closed else _native._poll_begin("epoll_wait", self._standard.fileno())
        if span is None or not isinstance(timeout, (int, float, type(None))):
            return self._standard.poll(timeout, maxevents)
        seconds = None if timeout is None or timeout < 0 else float(timeout)
        return _wait(
            span,
            self._lists(),
            seconds,
            lambda limit: self._standard.poll(limit, maxevents),
            self._ready,
        )


if hasattr(_select, "epoll"):
    _standard_epoll = _select.epoll
    _Epoll.__name__ = _Epoll.__qualname__ = "epoll"
