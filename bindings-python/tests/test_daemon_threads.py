"""Daemon threads in every kind of call while the interpreter exits; sub-interpreters; fork at any moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ending
from support import LIMIT, run_script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are watched in /proc")

ENDING = str(Path(ending.__file__))

# Until 3.13, take_gil() of CPython reads the state of a thread that finalization may have freed after the
# look whether it must end: seen about once in 600 exits. What is tested for here ended every second exit.
CRASHES_OF_PYTHON = 2 if sys.version_info < (3, 14) else 0


def wrong_exits(kind: str, out: str) -> list[str]:
    """Return what the 40 processes ended with, but for the crashes that are Python's own."""
    lines = out.splitlines()
    crashes = [line for line in lines if line == f"{kind} -11"]
    return lines if len(crashes) > CRASHES_OF_PYTHON else [line for line in lines if line not in crashes]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ending.KINDS)
def test_exit_while_daemon_threads_are_in_calls(kind: str) -> None:
    """40 processes, each with several threads in calls of the kind."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", ENDING, kind, "40"],
        capture_output=True, text=True, timeout=3 * LIMIT, check=False,
    )  # fmt: skip
    assert (done.returncode, wrong_exits(kind, done.stdout), done.stderr) == (0, [], "")


@pytest.mark.parametrize("kind", ["timeouts", "refusals"])
def test_exit_of_a_script_with_hints(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "capsock", "run", ENDING, kind, "40"],
        capture_output=True, text=True, timeout=3 * LIMIT, check=False,
    )  # fmt: skip
    others = [line for line in done.stderr.splitlines() if line and "capsock hint: " not in line]
    assert (done.returncode, wrong_exits(kind, done.stdout), others) == (0, [], [])


@pytest.mark.parametrize("module", ["capsock", "capsock.socket", "capsock._native"])
@pytest.mark.parametrize("afterwards", ["pass", "use()"])
def test_a_subinterpreter_is_refused(module: str, afterwards: str) -> None:
    """With an ImportError, and the main interpreter is free to import it afterwards, and exits."""
    code, out, err = run_script(
        f"""
        import textwrap
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            import _interpreters as interpreters
        code = textwrap.dedent('''
            try:
                import {module}
            except ImportError as error:
                print("refused", "interpreter" in str(error), flush=True)
        ''')
        def use():
            import capsock
            with capsock.Server("tcp", port=0) as server, capsock.TcpClient(*server.address) as client:
                print(client.request("main"), flush=True)
        modes = [()] + ([("legacy",)] if hasattr(interpreters, "new_config") else [])
        alive = [interpreters.create(*mode) for mode in modes]
        for one in alive:
            getattr(interpreters, "run_string")(one, code)
        {afterwards}
        """
    )
    lines = out.splitlines()
    assert code == 0, err
    assert lines[:1] == ["refused True"]
    assert set(lines) <= {"refused True", "MAIN"}
    assert ("MAIN" in lines) == (afterwards == "use()")


@pytest.mark.parametrize("leave", ["sys.exit(0)", "os._exit(0)"])
def test_fork_while_threads_are_in_calls(leave: str) -> None:
    """The child uses sockets, clients and servers of its own and ends."""
    code, out, err = run_script(
        f"""
        import contextlib, os, sys, threading
        import capsock
        from capsock import socket
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        server = capsock.Server("tcp", host="127.0.0.1", port=0, framing="line", handler=bytes.upper)
        def receive():
            own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            own.bind(("127.0.0.1", 0))
            own.settimeout(0.0001)
            while True:
                try:
                    own.recv(100)
                except OSError:
                    pass
        def ask():
            # It fails once the server is stopped, at exit.
            with contextlib.suppress(OSError), capsock.TcpClient(*server.address) as client:
                while True:
                    client.request("x")
        for run in (receive, receive, ask, ask):
            threading.Thread(target=run, daemon=True).start()
        threading.Thread(target=lambda: silent.recv(1), daemon=True).start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                with socket.create_server(("127.0.0.1", 0)) as listener:
                    with socket.create_connection(listener.getsockname()) as one:
                        with listener.accept()[0] as other:
                            one.sendall(b"x")
                            assert other.recv(1) == b"x"
                with capsock.Server("udp", port=0, handler=bytes.upper) as own:
                    with capsock.UdpClient(*own.address) as client:
                        assert client.request("x") == "X"
                {leave}
            assert os.waitpid(child, 0)[1] == 0
        print("ends", flush=True)
        """
    )
    assert (code, out, err) == (0, "ends\n", "")
