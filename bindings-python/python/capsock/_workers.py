"""Sockets that multiprocessing sends to other processes.

`multiprocessing.reduction` sends objects of exactly the standard library's class. When a program imports it,
the classes of `capsock.socket` are registered in it; this module does not import it. The other process makes
a socket of the class in the module that was named at the registration.
"""

from __future__ import annotations

import _thread
import sys

from capsock import _standard

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Protocol

    class _Handle(Protocol):
        def detach(self) -> int | _socket.socket: ...


_MODULE = "multiprocessing.reduction"
_modules: dict[type[_socket.socket], str] = {}


def register(kind: type[_socket.socket], module: str) -> None:
    """Have multiprocessing send sockets of this class, as those of the class `socket` in that module."""
    _modules[kind] = module
    reduction = sys.modules.get(_MODULE)
    if reduction is not None and hasattr(reduction, "_reduce_socket"):
        _register_all(reduction)
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def _register_all(reduction: ModuleType) -> None:
    for kind in _modules:
        reduction.register(kind, _reduce)


def _reduce(socket: _socket.socket) -> tuple[Any, tuple[Any, ...]]:
    _, arguments = sys.modules[_MODULE]._reduce_socket(socket)
    return _rebuild, (_modules[type(socket)], *arguments)


def _rebuild(module: str, handle: _Handle, *numbers: int) -> _socket.socket:
    kind = __import__(module, fromlist=["socket"]).socket
    sent = handle.detach()
    if not isinstance(sent, int):
        # On Windows, a socket of the standard library's.
        numbers = (sent.family, sent.type, sent.proto)
        sent = sent.detach()
    made: _socket.socket = kind(*numbers, fileno=sent)
    return made


class _Finder:
    """Registers the classes when multiprocessing.reduction is imported; the other finders find it."""

    # Of each thread: another thread may import the module while this one looks for it.
    _looking = _thread._local()

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE or hasattr(cls._looking, "now"):
            return None
        cls._looking.now = True
        try:
            spec = _standard.found(name, path)
        finally:
            del cls._looking.now
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                _register_all(module)

            spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
