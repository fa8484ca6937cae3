"""The service without a network."""

from __future__ import annotations

import array
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
