"""capsock serve under systemd: sockets that are passed, and what the service manager is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import capsock
import places

LIMIT = 30
ACTIVATE = shutil.which("systemd-socket-activate")
CLIENTS = {"tcp": capsock.TcpClient, "udp": capsock.UdpClient}

needs_activate = pytest.mark.skipif(
    ACTIVATE is None, reason="systemd-socket-activate is not installed (Debian: systemd)"
)
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="abstract names are Linux's")
each_transport = pytest.mark.parametrize("transport", ["tcp", "udp"])

# Passes the descriptors of its arguments from 3 on, then becomes the command.
LAUNCHER = """
import fcntl, os, sys
count = int(sys.argv[1])
above = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 100) for one in sys.argv[2:2 + count]]
for number, one in enumerate(above):
    os.dup2(one, 3 + number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(count)
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def bound(transport: str) -> socket.socket:
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    one = socket.socket(socket.AF_INET, kind)
    one.bind(("127.0.0.1", 0))
    return one


@contextmanager
def running(
    command: list[str], env: dict[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, pass_fds=pass_fds
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(
    words: str, sockets: list[socket.socket], names: str | None = None, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The command with sockets passed as systemd passes them."""
    numbers = [str(one.fileno()) for one in sockets]
    command = [sys.executable, "-c", LAUNCHER, str(len(sockets)), *numbers]
    command += [str(places.CAPSOCK), "serve", *words.split(), "--json"]
    env = {**os.environ, **environment}
    if names is not None:
        env["LISTEN_FDNAMES"] = names
    with running(command, env=env, pass_fds=[one.fileno() for one in sockets]) as process:
        yield process


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    said: dict[str, Any] = json.loads(line)
    return said


def stopped(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 128 + signal.SIGTERM
    return said


def ask(transport: str, port: int) -> None:
    with CLIENTS[transport]("127.0.0.1", port) as client:
        assert client.request("hello") == "HELLO"


@each_transport
@pytest.mark.parametrize("concurrency", ["iterative", "threads", "processes", "events"])
def test_it_serves_the_sockets_that_are_passed(transport: str, concurrency: str) -> None:
    with bound(transport) as one, bound(transport) as two:
        ports = [one.getsockname()[1], two.getsockname()[1]]
        words = f"{transport} --concurrency {concurrency} --port 1"
        with serving(words, [one, two], "first:second") as process:
            said = ready(process)
            assert said["sockets"] == ["first", "second"]
            assert said["addresses"] == [f"127.0.0.1:{port}" for port in ports]
            for port in ports:
                ask(transport, port)
            assert "(systemd's sockets first, second)" in stopped(process)
        # What comes between two servers waits, and is answered by the second.
        if transport == "tcp":
            early: Any = socket.create_connection(("127.0.0.1", ports[1]), LIMIT)
        else:
            early = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            early.connect(("127.0.0.1", ports[1]))
        with early:
            early.settimeout(LIMIT)
            early.sendall(b"early")
            with serving(f"{words} --socket second", [one, two], "first:second") as process:
                assert ready(process)["sockets"] == ["second"]
                assert early.recv(100) == b"EARLY"
                assert "(systemd's socket second)" in stopped(process)


@each_transport
def test_it_serves_a_unix_domain_socket_that_is_passed(transport: str, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.bind(path)
        with serving(transport, [one]) as process:
            assert ready(process)["addresses"] == [f"unix:{path}"]
            with CLIENTS[transport](f"unix:{path}") as client:
                assert client.request("hello") == "HELLO"
            stopped(process)
        assert Path(path).is_socket(), "it belongs to systemd"


def refused(words: str, sockets: list[socket.socket], names: str | None = None) -> str:
    with serving(words, sockets, names) as process:
        _, said = process.communicate(timeout=LIMIT)
        assert process.returncode in (1, 2)
        return said


def test_sockets_that_do_not_fit_are_refused() -> None:
    with bound("udp") as udp, bound("tcp") as tcp:
        assert "it is a UDP socket, and this is a TCP server" in refused("tcp", [udp])
        assert "number 2 of 2 is a TCP socket, and this is a UDP server" in refused("udp", [udp, tcp])
        assert "there are a, b" in refused("tcp --socket c", [tcp, udp], "a:b")
        assert "LISTEN_FDNAMES has 1 names" in refused("tcp", [tcp, udp], "a")
        # Of several, the one that is named.
        with serving("tcp --socket a", [tcp, udp], "a:b") as process:
            assert ready(process)["sockets"] == ["a"]
    done = subprocess.run(
        [str(places.CAPSOCK), "serve", "tcp", "--socket", "a"], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.returncode, "systemd has passed no socket" in done.stderr) == (2, True), done.stderr


def test_sockets_of_another_process_are_not_taken() -> None:
    env = {**os.environ, "LISTEN_PID": "1", "LISTEN_FDS": "1"}
    command = [str(places.CAPSOCK), "serve", "tcp", "--host", "127.0.0.1", "--port", "0", "--json"]
    with running(command, env=env) as process:
        said = ready(process)
        assert "sockets" not in said
        ask("tcp", said["port"])


@needs_activate
@each_transport
def test_systemd_activates_it(transport: str) -> None:
    # It takes no port 0: one that was free a moment ago.
    with bound(transport) as free:
        port = free.getsockname()[1]
    command = [str(ACTIVATE), f"--listen=127.0.0.1:{port}", f"--fdname=a-{transport}"]
    command += ["--datagram"] if transport == "udp" else []
    command += [str(places.CAPSOCK), "serve", transport, "--json"]
    with running(command) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Listening on ")
        # The first request starts the command.
        ask(transport, port)
        said = ready(process)
        assert (said["sockets"], said["port"]) == ([f"a-{transport}"], port)
        ask(transport, port)
        assert f"(systemd's socket a-{transport})" in stopped(process)


@contextmanager
def service_manager(name: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(LIMIT)
        manager.bind(name.replace("@", "\0") if name.startswith("@") else name)
        yield manager


def told(manager: socket.socket) -> dict[str, str]:
    lines = manager.recv(4096).decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def command_for(words: str) -> list[str]:
    return [str(places.CAPSOCK), "serve", *words.split(), "--host", "127.0.0.1", "--port", "0", "--json"]


@needs_linux
@each_transport
@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_it_tells_the_service_manager(transport: str, abstract: bool, tmp_path: Path) -> None:
    name = f"@capsock-{os.getpid()}-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with (
        service_manager(name) as manager,
        running(command_for(transport), env={**os.environ, "NOTIFY_SOCKET": name}) as process,
    ):
        port = ready(process)["port"]
        state = told(manager)
        assert (state["READY"], state["MAINPID"]) == ("1", str(process.pid))
        assert state["STATUS"] == f"serving {transport} (events) on 127.0.0.1:{port}, for this machine only"
        stopped(process)
        assert told(manager)["STOPPING"] == "1"
        # There was no watchdog, so nothing else was told.
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(1)


def test_a_service_manager_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")}
    with running(command_for("tcp"), env=env) as process:
        ask("tcp", ready(process)["port"])
        assert "could not notify the service manager at" in stopped(process)


@needs_linux
def test_the_watchdog_is_fed_while_the_server_makes_progress(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    env = {**os.environ, "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
    words = "udp --concurrency processes --workers 1"
    with service_manager(name) as manager, running(command_for(words), env=env) as process:
        port = ready(process)["port"]
        assert told(manager)["READY"] == "1"
        # An idle server makes progress.
        for _ in range(3):
            assert told(manager) == {"WATCHDOG": "1"}
        children = Path(f"/proc/{process.pid}/task")
        (child,) = {
            int(one) for task in children.iterdir() for one in (task / "children").read_text().split()
        }
        ask("udp", port)
        # The process that answers is stopped, and a request waits: the command itself runs on.
        os.kill(child, signal.SIGSTOP)
        while Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "T":
            time.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(LIMIT)
            client.connect(("127.0.0.1", port))
            client.send(b"waits")
            # What was reported before the request waited, and one report for what was done before that.
            deadline = time.monotonic() + LIMIT
            manager.settimeout(1)
            while time.monotonic() < deadline:
                try:
                    told(manager)
                except socket.timeout:
                    break
            else:
                raise AssertionError("the watchdog is fed, although nothing is answered")
            os.kill(child, signal.SIGCONT)
            assert client.recv(100) == b"WAITS"
        manager.settimeout(LIMIT)
        assert told(manager) == {"WATCHDOG": "1"}
        stopped(process)
