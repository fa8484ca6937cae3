"""The service without a network."""

from __future__ import annotations

import array
import inspect
import pickle
import threading
from typing import Any

import pytest

import capsock

TEXTS = [
    ("", ""),
    ("hello", "HELLO"),
    ("a\0b", "A\0B"),
    ("straße", "STRASSE"),
    ("ὦ ξεῖν’, Οδυσσεύς", "Ὦ ΞΕΙ\u0342Ν’, ΟΔΥΣΣΕΎΣ"),
    ("ŉ", "ʼN"),
    ("ǆ 🚀 ﬁn", "Ǆ 🚀 FIN"),
    ("x" * 10_000, "X" * 10_000),
]


@pytest.mark.parametrize(("text", "upper"), TEXTS)
def test_str_and_bytes(text: str, upper: str) -> None:
    assert capsock.uppercase(text) == upper == text.upper()
    assert capsock.uppercase(text.encode()) == upper.encode()


class Text(str):
    """A str, and not str itself."""


class Bytes(bytes):
    """Bytes, and not bytes itself."""


# Short ASCII is mapped elsewhere than other text.
@pytest.mark.parametrize("end", ["", "ß", "\0", "🚀"])
def test_every_length(end: str) -> None:
    for length in [*range(70), *range(250, 262), 1024, 4095, 4096, 4097]:
        text = ("Hello, " * 600)[:length] + end
        assert capsock.uppercase(text) == text.upper()
        assert capsock.uppercase(text.encode()) == text.upper().encode()
        upper = capsock.uppercase(Text(text)), capsock.uppercase(Bytes(text.encode()))
        assert (upper, *map(type, upper)) == ((text.upper(), text.upper().encode()), str, bytes)


def test_it_is_called_as_any_function() -> None:
    function: Any = capsock.uppercase
    for arguments, named in [((), {}), (("a", "b"), {}), (("a",), {"text": "b"}), ((), {"text": "a"})]:
        with pytest.raises(TypeError, match="argument"):
            function(*arguments, **named)
    assert str(inspect.signature(function)) == "(text, /)"
    assert pickle.loads(pickle.dumps(function)) is function
    assert (function.__name__, function.__module__) == ("uppercase", "capsock._native")
    assert list(map(function, ["a", b"b"])) == ["A", b"B"]


@pytest.mark.parametrize(
    "text",
    [b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"aXbXcX")[::2], array.array("B", b"abc")],
    ids=lambda text: type(text).__name__,
)
def test_every_bytes_like_object_gives_bytes(text: Any) -> None:
    result = capsock.uppercase(text)
    assert (type(result), result) == (bytes, b"ABC")


def test_bytes_that_are_no_text_pass_through() -> None:
    assert capsock.uppercase(b"a\xffb\xc3") == b"A\xffB\xc3"


@pytest.mark.parametrize("wrong", [None, 5, 1.5, ["a"], object()])
def test_other_types_are_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected str or a bytes-like object, not "):
        capsock.uppercase(wrong)


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        capsock.uppercase("a\udc80")


@pytest.mark.parametrize("cut", range(1, 8))
def test_any_cut_of_a_stream_gives_the_same(cut: int) -> None:
    text = "aß€🚀ŉz".encode() + b"\xf0\x9f"
    stream = capsock.UppercaseStream()
    for _ in range(2):
        pieces = [stream.push(text[start : start + cut]) for start in range(0, len(text), cut)]
        assert b"".join(pieces) + stream.finish() == capsock.uppercase(text)


def test_a_stream_takes_bytes_only() -> None:
    stream: Any = capsock.UppercaseStream()
    with pytest.raises(TypeError):
        stream.push("text")
    assert stream.push(bytearray(b"a")) == b"A"


def test_two_threads_share_a_stream() -> None:
    stream = capsock.UppercaseStream()
    sizes: list[int] = []

    def push() -> None:
        for _ in range(200):
            sizes.append(len(stream.push(b"a" * 5_000)))

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [5_000] * 400
