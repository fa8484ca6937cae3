"""Modules of the standard library that work with sockets of `capsock.socket`."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import http.server
import selectors
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import capsock.socket as ours
from support import HOST, LIMIT, Call, connection, core


def test_selectors() -> None:
    with connection() as (client, server), selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        assert selector.select(0) == []
        client.send(b"x")
        [(key, _)] = selector.select(LIMIT)
        assert key.fileobj is server


def test_asyncio_with_sockets_of_ours() -> None:
    async def talk() -> bytes:
        async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        loop = asyncio.get_running_loop()
        listener = ours.create_server((HOST, 0))
        server = await asyncio.start_server(upper, sock=listener)
        async with server:
            client = ours.socket()
            client.setblocking(False)
            await loop.sock_connect(client, listener.getsockname())
            await loop.sock_sendall(client, b"hello\n")
            reader, writer = await asyncio.open_connection(sock=client)
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line

    assert asyncio.run(talk()) == b"HELLO\n"


def test_socketserver_and_http() -> None:
    class Upper(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(self.rfile.readline().upper())

    with replaced():
        with socketserver.ThreadingTCPServer((HOST, 0), Upper) as server:
            assert core(server.socket) is not None
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            with ours.create_connection(server.server_address) as client:  # type: ignore[arg-type]
                client.sendall(b"hello\n")
                assert client.makefile("rb").read() == b"HELLO\n"
            server.shutdown()
            thread.join(LIMIT)

        class Quiet(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.path.upper().encode())

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer((HOST, 0), Quiet) as web:
            thread = threading.Thread(target=web.serve_forever)
            thread.start()
            asking = http.client.HTTPConnection(HOST, web.server_port, timeout=LIMIT)
            asking.request("GET", "/hello")
            assert core(asking.sock) is not None
            assert asking.getresponse().read() == b"/HELLO"
            asking.close()
            web.shutdown()
            thread.join(LIMIT)


@contextlib.contextmanager
def replaced() -> Iterator[None]:
    """Have these modules find ours under the name `socket`, as those that `capsock run` imports."""
    patch = pytest.MonkeyPatch()
    for module in (socketserver, http.client):
        patch.setattr(module, "socket", ours)
    try:
        yield
    finally:
        patch.undo()


def test_ssl(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, key)
    asking = ssl.create_default_context(cafile=str(certificate))
    with ours.create_server((HOST, 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with serving.wrap_socket(plain, server_side=True) as connection:
                connection.sendall(connection.recv(1024).upper())

        server = Call(serve)
        with ours.create_connection(listener.getsockname(), timeout=LIMIT) as plain:
            with asking.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(b"hello")
                assert client.recv(1024) == b"HELLO"
        server.result()
