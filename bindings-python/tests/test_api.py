"""The public names of the installed package, with their signatures, are those that `api.txt` records.

A recorded line is removed or changed only when the major version moves. With CAPSOCK_BLESS=1 the test writes
new lines. Each parameter with a default has a line of its own, since one more of them is an addition. Those
without a default are part of the function's line.
"""

from __future__ import annotations

import ast
import enum
import inspect
import os
import pkgutil
import socket as stdlib
from collections.abc import Iterable, Iterator
from importlib import import_module, resources
from pathlib import Path
from types import ModuleType
from typing import Any

import capsock
import capsock.socket

RECORD = Path(__file__).parent.parent / "api.txt"
ABOUT = "The Python API: the public names of the package. Written by tests/test_api.py."

# Special methods that a program uses by the language's own syntax, where the package defines them.
SPECIAL = {
    f"__{name}__" for name in ("call", "enter", "eq", "exit", "getitem", "hash", "iter", "len", "next")
}

_LITERAL = ast.dump(ast.parse("Literal", mode="eval").body)

# Of these the type is recorded alone: their values move with each version.
MOVING = {"__version__", "UNICODE_VERSION"}


def test_the_public_names_are_the_recorded_ones() -> None:
    exported = sorted(set(public_names()))
    assert len(exported) > 100
    version = capsock.__version__.partition(".")[0]
    current = rendered(version, exported)
    recorded = RECORD.read_text(encoding="utf-8") if RECORD.exists() else ""
    if recorded == current:
        return
    lost = lost_lines(recorded, version, exported)
    assert not lost, "\n".join(
        [
            f"{len(lost)} lines of {RECORD} have been removed or changed, and programs that use them break; "
            f"the major version {version} has to move first:",
            *lost,
        ]
    )
    new = [line for line in current.splitlines() if line not in recorded.splitlines()]
    assert "CAPSOCK_BLESS" in os.environ, "\n".join(
        [f"{RECORD} does not record what is exported; CAPSOCK_BLESS=1 writes it. New:", *new]
    )
    RECORD.write_text(current, encoding="utf-8")


def test_a_line_is_removed_with_the_major_version_alone() -> None:
    recorded = rendered("1", ["a", "b"])
    assert recorded.splitlines()[1:] == ["# version: 1", "a", "b"]
    assert lost_lines(recorded, "1", ["a", "b", "new"]) == []
    assert lost_lines(recorded, "1", ["b"]) == ["a"]
    assert lost_lines(recorded, "2", ["b"]) == []


def test_a_parameter_with_a_default_is_an_addition() -> None:
    def lines(signature: str) -> list[str]:
        return sorted(function_lines("f", [Signature(signature)], []))

    assert lines("(a)") == ["f(a)"]
    assert lines("(a, b=1, *, c=None)") == ["f(*, c=None)", "f(..., b=1) at 1", "f(a)"]
    assert set(lines("(a, /, *, c=None)")) - set(lines("(a, /)")) == {"f(*, c=None)"}
    assert lines("(a, *, b)") == ["f(a, *, b)"]
    declared = [Signature("(self, a: int) -> int"), Signature("(self, a: str) -> str")]
    assert sorted(function_lines("f", [Signature("($self, a)")], declared)) == [
        "f(a) -> int",
        "f(a) -> str",
        "f(a: int)",
        "f(a: str)",
    ]


def rendered(version: str, exported: list[str]) -> str:
    return "\n".join([f"# {ABOUT}", f"# version: {version}", *exported, ""])


def lost_lines(recorded: str, version: str, exported: list[str]) -> list[str]:
    """Return the recorded lines that are exported no more, if the version is the same."""
    lines = recorded.splitlines()
    if f"# version: {version}" not in lines:
        return []
    return [line for line in lines if not line.startswith("#") and line not in exported]


class Signature:
    """A signature as text, as `__text_signature__`, `inspect.signature()` and a stub have it."""

    def __init__(self, text: str) -> None:
        self.source = f"def f{text.replace('$', '')}: ..."
        function = ast.parse(self.source).body[0]
        assert isinstance(function, ast.FunctionDef)
        self.of(function)

    def of(self, function: ast.FunctionDef) -> None:
        arguments = function.args
        assert arguments.vararg is None
        assert arguments.kwarg is None
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
        pairs = list(zip(positional, defaults))
        if pairs and pairs[0][0].arg in {"self", "cls"}:
            del pairs[0]
        self.positional = pairs
        self.keyword = list(zip(arguments.kwonlyargs, arguments.kw_defaults))
        self.only_positional = {one.arg for one in arguments.posonlyargs}
        self.returns = self.text(function.returns)

    def text(self, node: ast.expr | None) -> str:
        if node is None:
            return ""
        # Annotations that are not evaluated are strings.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            return node.value
        # A stub may have other quotes than a signature.
        if isinstance(node, ast.Constant) and isinstance(node.value, (bytes, str)):
            return repr(node.value)
        return " ".join((ast.get_source_segment(self.source, node) or "").split())

    def annotations(self) -> Iterator[tuple[str, str]]:
        for one, _ in [*self.positional, *self.keyword]:
            if one.annotation is not None:
                yield one.arg, self.text(one.annotation).strip("'")

    def required(self) -> str:
        """Return the parameters without a default, as a definition has them."""
        parts = [one.arg for one, default in self.positional if default is None]
        if parts and parts[-1] in self.only_positional:
            parts.append("/")
        keyword = [one.arg for one, default in self.keyword if default is None]
        return ", ".join(parts + (["*", *keyword] if keyword else []))

    def optional(self) -> Iterator[str]:
        for place, (one, default) in enumerate(self.positional):
            if default is not None:
                mark = ", /" if one.arg in self.only_positional else ""
                yield f"..., {one.arg}={self.text(default)}{mark}) at {place}"
        for one, default in self.keyword:
            if default is not None:
                yield f"*, {one.arg}={self.text(default)})"


def function_lines(name: str, signatures: list[Signature], declared: list[Signature]) -> Iterator[str]:
    """Yield the lines of a function: its own signature, and the types that stub or source declare."""
    for signature in signatures:
        returns = sorted({one.returns for one in declared if one.returns}) or [signature.returns]
        for one in returns:
            yield f"{name}({signature.required()})" + (f" -> {one}" if one else "")
        for optional in signature.optional():
            yield f"{name}({optional}"
    for typed in declared or signatures:
        for parameter, annotation in typed.annotations():
            yield f"{name}({parameter}: {annotation})"


class Stub:
    """What a stub declares, by name: signatures of functions, types of properties, aliases of types."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.signatures: dict[str, list[Signature]] = {}
        self.types: dict[str, str] = {}
        self.aliases: dict[str, ast.expr] = {}
        for node in ast.parse(source).body:
            self.add("", node)
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    self.add(f"{node.name}.", inner)

    def add(self, prefix: str, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef):
            signature = Signature("()")
            signature.source = self.source
            signature.of(node)
            if any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list):
                self.types[prefix + node.name] = signature.returns
            else:
                self.signatures.setdefault(prefix + node.name, []).append(signature)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            self.aliases[node.target.id] = node.value

    def alias_lines(self) -> Iterator[str]:
        """Yield the aliases; each value of a Literal on a line of its own, since one more is an addition."""
        for name, value in sorted(self.aliases.items()):
            choices = []
            if isinstance(value, ast.Subscript) and ast.dump(value.value) == _LITERAL:
                choices = [one.value for one in ast.walk(value.slice) if isinstance(one, ast.Constant)]
            for choice in choices:
                yield f"type {name}: {choice!r}"
            if not choices:
                yield f"type {name} = {ast.get_source_segment(self.source, value)}"


def public_names() -> Iterator[str]:
    stub = Stub((resources.files("capsock") / "_native.pyi").read_text(encoding="utf-8"))
    yield from stub.alias_lines()
    yield from module_lines(capsock, stub)
    for found in pkgutil.iter_modules(capsock.__path__):
        if not found.name.startswith("_"):
            module = import_module(f"capsock.{found.name}")
            yield f"module {module.__name__}"
            if module is not capsock.socket:
                yield from module_lines(module, stub)
    # Its names and types are those of the running Python's module.
    if capsock.socket.__all__ == stdlib.__all__:
        yield "capsock.socket: each name of socket"
    assert issubclass(capsock.socket.socket, stdlib.socket)
    yield "class capsock.socket.socket(socket.socket)"
    yield from call_lines("capsock.socket.socket", capsock.socket.socket.__init__, [])
    for kind in (capsock.socket.socket, capsock._native.SocketCalls):
        yield from member_lines("capsock.socket.socket", kind, Stub(""))


def module_lines(module: ModuleType, stub: Stub) -> Iterator[str]:
    for name in module.__all__:
        full, value = f"{module.__name__}.{name}", getattr(module, name)
        if isinstance(value, ModuleType):
            yield full
        elif isinstance(value, type):
            yield from class_lines(full, value, stub)
        elif callable(value):
            yield from call_lines(full, value, stub.signatures.get(name, []))
        else:
            yield f"{full}: {type(value).__name__}" + ("" if name in MOVING else f" = {value!r}")


def class_lines(full: str, kind: type, stub: Stub) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__ if base is not object)
    yield f"class {full}" + (f"({bases})" if bases else "")
    if issubclass(kind, enum.Enum):
        for name, member in kind.__members__.items():
            yield f"{full}.{name} = {member.value}"
        return
    declared = stub.signatures.get(f"{kind.__name__}.__new__", [])
    if kind.__text_signature__ is not None:
        yield from call_lines(full, kind, declared)
    else:
        # Python 3.9 has no signature of a native class; a program cannot make the others.
        yield from function_lines(full, declared[:1], declared)
    yield from member_lines(full, kind, stub)


def member_lines(full: str, kind: type, stub: Stub) -> Iterator[str]:
    for name, member in vars(kind).items():
        if name in SPECIAL and member is not None:
            yield f"{full}.{name}"
        if name.startswith("_"):
            continue
        inner = f"{kind.__name__}.{name}"
        if callable(member):
            yield from call_lines(f"{full}.{name}", member, stub.signatures.get(inner, []))
        elif member is not None:
            declared = stub.types.get(inner, "")
            yield f"{full}.{name}" + (f": {declared}" if declared else "")


def call_lines(full: str, function: Any, declared: list[Signature]) -> Iterable[str]:
    text = getattr(function, "__text_signature__", None)
    if text is None:
        text = str(inspect.signature(function))
    return function_lines(full, [Signature(text)], declared)
