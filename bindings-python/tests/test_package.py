"""The package as it is installed: names, documentation, examples."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from importlib import metadata
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
    others = {"_set_process_info", "_run_file", "_set_hints", "_trace_start", "_trace_stop"}
    others |= {"_panic", "_raise_kind", "InetSocket", "SocketCalls", "_pause_watchdog", "_resume_watchdog"}
    others |= {"_use_stable_abi_only"}
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
