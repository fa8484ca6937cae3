"""Finds the standard library's module `socket` and its class, even if a program has replaced them.

The name `socket` may refer to `capsock.socket` (under `capsock run`), to a file socket.py of the program, or
to a module whose class was replaced (`socket.socket = Mine`). The search runs once: reloading
`capsock.socket` does not reload this module.
"""

from __future__ import annotations

import _socket
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_FOLDER = os.path.realpath(os.path.dirname(os.__file__))


def is_shadow(file: str | None) -> bool:
    """Tell whether a module named `socket` with that file is not the standard library's."""
    if file is None or not os.path.isfile(os.path.join(_FOLDER, "socket.py")):
        return False
    return os.path.realpath(os.path.dirname(file)) != _FOLDER


def found(name: str, path: Sequence[str] | None = None) -> ModuleSpec | None:
    """Return the spec that an import of `name` has now, None if there is none."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None


def _file_of_socket() -> str | None:
    if "socket" in sys.modules:
        return getattr(sys.modules["socket"], "__file__", None)
    return getattr(found("socket"), "origin", None)


def _another() -> ModuleType:
    """Load the standard library's module once more, without a name."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("socket", [_FOLDER])
    if spec is None or spec.loader is None:
        raise ImportError("the standard library's module socket cannot be found")
    module = module_from_spec(spec)
    before = sys.modules.get("socket")
    # Its enumerations look their module up by name.
    sys.modules["socket"] = module
    try:
        spec.loader.exec_module(module)
    finally:
        if before is None:
            del sys.modules["socket"]
        else:
            sys.modules["socket"] = before
    return module


def _module() -> ModuleType:
    if is_shadow(_file_of_socket()):
        return _another()
    import socket

    return socket


def _class(module: ModuleType) -> type[_socket.socket]:
    for one in [*getattr(module.socket, "__mro__", ()), *_socket.socket.__subclasses__()]:
        if one.__bases__ == (_socket.socket,) and (one.__module__, one.__name__) == ("socket", "socket"):
            kind: type[_socket.socket] = one
            return kind
    # The class was replaced and has been deleted.
    return _class(_another())


module = _module()
socket = _class(module)
