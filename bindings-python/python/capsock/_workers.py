"""Sockets that multiprocessing sends to other processes.

`multiprocessing.reduction` sends objects of exactly the standard library's class. The classes of
`capsock.socket` are registered beside it when that module is imported; nothing here imports it. The other
process makes a socket of `capsock.socket` of what arrives.
"""

from __future__ import annotations

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
        def detach(self) -> int: ...


_MODULE = "multiprocessing.reduction"
_classes: list[type[_socket.socket]] = []


def register(kind: type[_socket.socket]) -> None:
    """Have multiprocessing send sockets of this class."""
    _classes.append(kind)
    reduction = sys.modules.get(_MODULE)
    if reduction is not None and hasattr(reduction, "_reduce_socket"):
        _register_all(reduction)
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def _register_all(reduction: ModuleType) -> None:
    for kind in _classes:
        reduction.register(kind, _reduce)


def _reduce(socket: _socket.socket) -> tuple[Any, tuple[Any, ...]]:
    _, arguments = sys.modules[_MODULE]._reduce_socket(socket)
    return _rebuild, arguments


def _rebuild(handle: _Handle, family: int, kind: int, protocol: int) -> _socket.socket:
    from capsock import socket

    return socket.socket(family, kind, protocol, fileno=handle.detach())


class _Finder:
    """Sees multiprocessing.reduction imported, by the finders that come after this one."""

    _is_looking = False

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE or cls._is_looking:
            return None
        cls._is_looking = True
        try:
            spec = _standard.found(name, path)
        finally:
            cls._is_looking = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                _register_all(module)

            spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
