"""`capsock show` and `capsock run`: the textbook's programs, and ones without a word of capsock, drawn."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import places
from programs import HOST, LIMIT, Program, Transport, free_port
from shown import (
    C_UDP_SERVER,
    CAPSOCK,
    ENVIRONMENT,
    PYTHON_TCP_SERVER,
    needs_preload,
    on_free_port,
    program,
    show,
)

JS_TCP_CLIENT = """\
const socket = require('net').connect(Number(process.argv[2]), '127.0.0.1');
const input = require('readline').createInterface({ input: process.stdin });
input.on('line', (line) => socket.write(line + '\\n'));
socket.on('data', (data) => { console.log(String(data).trim()); socket.end(); });
"""

PAIRS = [
    ("python", "python"), ("java", "java"), ("c", "c"), ("rust", "rust"), ("python", "java"), ("rust", "c"),
]  # fmt: skip


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("server", "client"), PAIRS)
def test_the_programs_of_the_textbook_become_a_picture(
    transport: Transport, server: str, client: str
) -> None:
    if (transport, server, client) == ("tcp", "python", "java"):
        pytest.skip("the client sends byte by byte, and the server closes after one receive: a reset")
    names = [program(server, f"{transport.upper()}Server"), program(client, f"{transport.upper()}Client")]
    done = on_free_port(
        transport, f"'{names[0]}' PORT", f"'{names[1]}' {HOST} PORT", options=("--input", "hello")
    )
    assert done.returncode == 0, done.stderr
    heading = done.stdout.splitlines()[0].split()
    assert heading == [name.name for name in names], done.stdout
    assert f"server, {server}" in done.stdout, done.stdout
    # What the client prints; the textbook's Java programs send each byte by itself.
    assert "HELLO" in done.stderr, done.stderr
    assert done.stdout.count("───►") >= 1, done.stdout
    assert done.stdout.count("◄───") >= 1, done.stdout
    assert f"{names[1].name}: " in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


@needs_preload
def test_unchanged_programs_of_other_languages(tmp_path: Path) -> None:
    (tmp_path / "udp_server.c").write_text(C_UDP_SERVER)
    (tmp_path / "client.js").write_text(JS_TCP_CLIENT)
    (tmp_path / "TCPServer.py").write_text(PYTHON_TCP_SERVER)
    udp_client = program("python", "UDPClient")
    done = on_free_port("udp", f"{tmp_path}/udp_server.c PORT", f"{udp_client} {HOST} PORT", options=())
    assert (done.returncode, "udp_server.c " in done.stdout, '"HELLO"' in done.stdout) == (0, True, True), (
        done
    )
    if shutil.which("node"):
        done = on_free_port("tcp", f"{tmp_path}/TCPServer.py PORT", f"{tmp_path}/client.js PORT", options=())
        assert done.returncode == 0, done.stderr
        assert "client.js: HELLO" in done.stderr, done.stderr
        assert '"HELLO' in done.stdout, done.stdout
    # The command of the archives is without the package; so is this Python.
    alone = str(places.CAPSOCK)
    server = f"/usr/bin/python3 {tmp_path}/TCPServer.py PORT"
    if Path("/usr/bin/python3").exists():
        done = on_free_port("tcp", server, f"{alone} client tcp {HOST} PORT hello", options=(), command=alone)
        assert (done.returncode, '"HELLO' in done.stdout) == (0, True), done


def test_a_client_that_waits_for_ever_ends_the_run(tmp_path: Path) -> None:
    """A deadlock: both programs wait for the other one to send."""
    waits = tmp_path / "Waits.py"
    waits.write_text(
        "import sys\nfrom socket import *\n"
        "s = socket()\ns.connect(('localhost', int(sys.argv[1])))\ns.recv(1)\n"
    )
    server = tmp_path / "TCPServer.py"
    server.write_text(PYTHON_TCP_SERVER)
    done = on_free_port("tcp", f"{server} PORT", f"{waits} PORT", options=("--patience", "3"))
    assert done.returncode == 124, done
    assert "Waits.py has not ended after 3 s (--patience)" in done.stderr
    assert "accept" in done.stdout, done.stdout
    assert "connect" in done.stdout, done.stdout
    assert "KeyboardInterrupt" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('my fault')", ["ValueError: my fault", "ended with exit status 1"]),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", ["was ended by signal: 11 (SIGSEGV)"]),
        ("def f(:", ["SyntaxError", "ended with exit status 1"]),
    ],
)  # fmt: skip
def test_a_server_that_dies_is_told(tmp_path: Path, text: str, said: list[str]) -> None:
    server = tmp_path / "Server.py"
    server.write_text(text)
    done = show(str(server), str(program("python", "UDPClient")))
    assert done.returncode == 1, done
    for one in [*said, "before it was bound to a port"]:
        assert one in done.stderr, done.stderr


def test_a_server_that_runs_already_has_the_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        port = taken.getsockname()[1]
        done = show(
            f"{program('python', 'UDPServer')} {port}", f"{program('python', 'UDPClient')} {HOST} {port}"
        )
    assert done.returncode == 1, done
    assert "its bind" in done.stderr, done.stderr
    assert "EADDRINUSE: another program has that port" in done.stderr, done.stderr
    assert "bind" in done.stdout, done.stdout


def test_a_wrong_port_is_in_the_picture() -> None:
    with socket.socket() as closed:
        closed.bind((HOST, 0))
        wrong = closed.getsockname()[1]
        client = f"{program('python', 'TCPClient')} {HOST} {wrong}"
        done = on_free_port("tcp", f"{program('python', 'TCPServer')} PORT", client)
    assert done.returncode == 1, done
    assert "TCPClient.py ended with exit status 1" in done.stderr, done.stderr
    assert f"connect({HOST}:{wrong})" in done.stdout.replace("\n", ""), done.stdout
    assert "ECONNREFUSED" in done.stdout, done.stdout


def test_a_java_program_that_does_not_compile_is_told(tmp_path: Path) -> None:
    (tmp_path / "Server.java").write_text("class Server { int x = y; }")
    done = show(f"{tmp_path}/Server.java", str(program("python", "UDPClient")))
    assert done.returncode == 1, done
    assert "cannot find symbol" in done.stderr, done.stderr
    assert "Server.java ended with exit status 1 before it was bound" in done.stderr, done.stderr


@pytest.mark.parametrize("language", ["python", "java"])
def test_a_program_that_is_run_has_its_own_exit_code_and_signals(language: str, tmp_path: Path) -> None:
    texts = {
        "python": ("Ends.py", "import sys\nprint(sys.argv[1:])\nsys.exit(7)\n"),
        "java": (
            "Ends.java",
            "class Ends { public static void main(String[] a) { System.out.println(a[0]); System.exit(7); }}",
        ),
    }
    name, text = texts[language]
    (tmp_path / name).write_text(text)
    trace = str(tmp_path / "run.jsonl")
    command = [CAPSOCK, "run", "--trace", trace, str(tmp_path / name), "--port"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT, env=ENVIRONMENT, check=False
    )
    assert (done.returncode, "--port" in done.stdout, done.stderr) == (7, True, "")
    server = program(language, "UDPServer")
    with Program([CAPSOCK, "run", "--trace", trace, str(server), str(free_port("udp"))]) as running:
        running.wait_for("ready")
        assert running.interrupt() in (-signal.SIGINT, 128 + signal.SIGINT)
    assert '"call":"bind"' in Path(trace).read_text()


@pytest.mark.parametrize("link", [False, True])
def test_a_server_that_dies_of_a_request_ends_the_run(tmp_path: Path, link: bool) -> None:
    """Its client waits for ever for the reply, and is not blamed."""
    server = tmp_path / "Server.py"
    server.write_text(
        "import sys\nfrom socket import *\n"
        "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('', int(sys.argv[1])))\n"
        "message, client = s.recvfrom(2048)\nmessage.upper().encode()\n"
    )
    options = ("--input", "hello", *(("--link", "--delay 1ms") if link else ()))
    done = on_free_port(
        "udp", f"{server} PORT", f"{program('python', 'UDPClient')} {HOST} PORT", options=options
    )
    assert done.returncode == 1, done
    assert "Server.py ended with exit status 1\n" in done.stderr, done.stderr
    assert "UDPClient.py still waited for it" in done.stderr, done.stderr
    assert "tart the server first" not in done.stderr, done.stderr
    assert done.stderr.count("Server.py ended") == 1, done.stderr
    assert "recvfrom" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("then", "code", "said"),
    [
        (
            "s.accept()",
            1,
            "Server.py ended with exit status 1 before it listened: its accept failed with EINVAL: listen()",
        ),
        ("import time; time.sleep(60)", 124, "Server.py does not listen after 1 s (--patience)"),
    ],
)
def test_a_server_that_does_not_listen_is_told(tmp_path: Path, then: str, code: int, said: str) -> None:
    server = tmp_path / "Server.py"
    server.write_text(
        f"import sys\nfrom socket import *\ns = socket()\ns.bind(('', int(sys.argv[1])))\n{then}\n"
    )
    done = on_free_port(
        "tcp", f"{server} PORT", str(program("python", "TCPClient")), options=("--patience", "1")
    )
    assert done.returncode == code, done
    assert said in done.stderr, done.stderr


@needs_preload
def test_a_program_with_the_address_sanitizer_is_recorded(tmp_path: Path) -> None:
    """It refuses to run behind a library that is preloaded, unless it is told not to."""
    source, built, trace = tmp_path / "server.c", tmp_path / "server", tmp_path / "run.jsonl"
    source.write_text(
        "#include <sys/socket.h>\nint main(void) { return socket(AF_INET, SOCK_DGRAM, 0) < 0; }\n"
    )
    compiler = ["gcc", "-fsanitize=address", "-o", str(built), str(source)]
    if shutil.which("gcc") is None or subprocess.run(compiler, capture_output=True, check=False).returncode:
        pytest.skip("gcc or its sanitizer is missing")
    # The leak check cannot run where ptrace(2) is refused.
    environment = {**ENVIRONMENT, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [CAPSOCK, "run", "--trace", str(trace), str(built)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert '"call":"socket"' in trace.read_text()
