"""The package as it is installed: names, documentation, examples."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import sys
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import capsock
from capsock import _native

CLASSES = [
    capsock.Server,
    capsock.TcpClient,
    capsock.UdpClient,
    capsock.UppercaseStream,
    capsock.Stats,
    capsock.StopReport,
]


def test_version() -> None:
    assert capsock.__version__ == metadata.version("capsock")
    assert capsock.UNICODE_VERSION >= (16, 0, 0)


def test_it_is_typed() -> None:
    files = {str(file) for file in metadata.files("capsock") or []}
    assert {"capsock/py.typed", "capsock/_native.pyi"} <= files


def test_every_name_is_there() -> None:
    for name in capsock.__all__:
        assert hasattr(capsock, name)
    # Those of the tests, of capsock run and of capsock.socket.
    others = {"_set_process_info", "_run_file", "_set_hints", "_trace_start", "_trace_stop", "_poll_begin"}
    others |= {"_panic", "_raise_kind", "InetSocket", "SocketCalls", "_pause_watchdog", "_resume_watchdog"}
    others |= {"_use_stable_abi_only", "_PendingReply"}
    assert (set(_native.__all__) - others) | {"Feature", "trace"} == set(capsock.__all__)


@pytest.mark.parametrize(
    "documented", [capsock, capsock.uppercase, capsock.Feature, *CLASSES], ids=lambda one: one.__name__
)
def test_everything_public_is_documented(documented: Any) -> None:
    assert documented.__doc__
    if isinstance(documented, type):
        assert documented.__module__ == "capsock"
        for name, member in vars(documented).items():
            assert name.startswith("_") or inspect.getdoc(member), name


def test_the_stub_has_the_documentation_of_the_module() -> None:
    stub = ast.parse(Path(str(_native.__file__)).with_name("_native.pyi").read_text(encoding="utf-8"))
    documented: dict[str, str | None] = {}
    for node in stub.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in capsock.__all__:
            members = [one for one in getattr(node, "body", []) if isinstance(one, ast.FunctionDef)]
            for name, one in [(node.name, node), *((f"{node.name}.{one.name}", one) for one in members)]:
                # The first of several overloads has it.
                documented.setdefault(name, ast.get_docstring(one))
    for name, text in documented.items():
        if not name.rpartition(".")[2].startswith("_"):
            # The lines are not as long.
            assert (text or "").split() == (inspect.getdoc(attrgetter(name)(capsock)) or "").split(), name
    assert len(documented) > 50


@pytest.mark.parametrize("kind", CLASSES)
def test_no_class_can_be_derived_from(kind: Any) -> None:
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (kind,), {})


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 has no signature of such a class")
def test_the_documented_options_are_the_options() -> None:
    for kind in (capsock.Server, capsock.TcpClient, capsock.UdpClient):
        documented = re.findall(r"^    (\w+): ", str(kind.__doc__).partition("Raises")[0], re.MULTILINE)
        assert documented == list(inspect.signature(kind).parameters)


def test_the_documentation_s_examples() -> None:
    assert doctest.testmod(capsock).failed == 0


def test_the_readme_s_first_example(capsys: pytest.CaptureFixture[str]) -> None:
    readme = Path(__file__).parent.parent / "README.md"
    examples = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    exec(examples[0], {})
    assert capsys.readouterr().out == "HELLO\n"
    for example in examples:
        compile(example, str(readme), "exec")


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 has no signature of such a class")
def test_the_defaults_that_are_shown_are_those_that_apply() -> None:
    def shown(kind: object) -> dict[str, Any]:
        parameters = inspect.signature(kind).parameters.values()  # type: ignore[arg-type]
        return {one.name: one.default for one in parameters if one.default is not one.empty}

    assert ... not in [*shown(capsock.Server).values(), *shown(capsock.Server.stop).values()]
    assert (shown(capsock.Server)["host"], shown(capsock.Server)["port"]) == (
        capsock.DEFAULT_HOST,
        capsock.DEFAULT_PORT,
    )
    with capsock.Server("tcp", **{**shown(capsock.Server), "port": 0, "framing": "line"}) as server:
        for kind in (capsock.TcpClient, capsock.UdpClient):
            assert ... not in shown(kind).values()
            assert shown(kind)["port"] == capsock.DEFAULT_PORT
            with kind("127.0.0.1", **{**shown(kind), "port": server.port}) as client:
                if kind is capsock.TcpClient:
                    assert client.request("hello") == "HELLO"
        assert server.stats()._asdict()["requests"] == 1


def test_totals_are_a_dictionary_as_well() -> None:
    with capsock.Server("udp", port=0) as server:
        stats = server.stats()
        report = server.stop()
    assert report._asdict() == {"completed": 0, "cut": 0, "running": 0}
    for one in (stats, report):
        shown = ", ".join(f"{name}={value!r}" for name, value in one._asdict().items())
        assert repr(one) == f"{type(one).__name__}({shown})"
        assert all(getattr(one, name) == value for name, value in one._asdict().items())
