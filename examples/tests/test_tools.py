"""netcat and socat as clients of our servers, and as servers of our clients."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import capsock
import places
from programs import CONCURRENCIES, HOST, Concurrency, Program, run, start_on_free_port


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize(
    "client",
    [
        pytest.param(["nc", "-N", HOST, "{port}"], id="nc"),
        pytest.param(["socat", "-t", "30", "-", f"TCP4:{HOST}:{{port}}"], id="socat"),
    ],
)
def test_they_send_a_book_over_tcp(client: list[str], concurrency: Concurrency) -> None:
    book = "It was a bright cold day in April, and the clocks were striking thirteen.\n" * 20_000
    with capsock.Server("tcp", port=0, concurrency=concurrency) as server:
        ended = run([word.format(port=server.port) for word in client], book)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == book.upper()


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize(
    "client",
    [
        pytest.param(["nc", "-u", HOST, "{port}"], id="nc"),
        pytest.param(["socat", "-", f"UDP4:{HOST}:{{port}}"], id="socat"),
    ],
)
def test_they_ask_over_udp(client: list[str], concurrency: Concurrency) -> None:
    with ExitStack() as running:
        server = running.enter_context(capsock.Server("udp", port=0, concurrency=concurrency))
        program = running.enter_context(Program([word.format(port=server.port) for word in client]))
        program.send("hello\n")
        assert program.wait_for("\n") == "HELLO\n"
        program.send("straße\n")
        assert program.wait_for("STRASSE\n") == "HELLO\nSTRASSE\n"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_nc_answers_our_client(transport: str) -> None:
    kind = ["-u"] if transport == "udp" else []
    program, port = start_on_free_port(transport, lambda port: ["nc", *kind, "-l", HOST, str(port)])
    with program, Program([str(places.CAPSOCK), "client", transport, HOST, str(port), "hello"]) as client:
        assert program.wait_for("hello").rstrip("\n") == "hello"
        program.send("HELLO\n")
        assert client.wait_for("HELLO").rstrip("\n") == "HELLO"


def socat(listen: str) -> list[str]:
    """A server that has the upper case from tr, which answers when its input ends: after the whole stream."""
    return ["socat", f"{listen},bind={HOST},fork", "SYSTEM:tr a-z A-Z"]


def test_socat_answers_our_tcp_client() -> None:
    program, port = start_on_free_port("tcp", lambda port: socat(f"TCP4-LISTEN:{port}"))
    text = "all that is gold does not glitter\n" * 1_000
    with program:
        ended = run([str(places.CAPSOCK), "client", "tcp", HOST, str(port)], text)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout == text.upper()


def test_socat_answers_our_udp_client() -> None:
    program, port = start_on_free_port("udp", lambda port: socat(f"UDP4-RECVFROM:{port}"))
    with program, capsock.UdpClient(HOST, port) as client:
        assert [client.request(text) for text in ("first", "other")] == ["FIRST", "OTHER"]
