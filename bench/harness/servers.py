"""The servers that are measured, and how each is started. When ready, each prints its port."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from harness.workloads import BY_NAME, WORKLOADS

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "target" / "bench"
ALL = tuple(workload.name for workload in WORKLOADS)
TCP = tuple(name for name in ALL if name.startswith("tcp"))
UDP = tuple(name for name in ALL if name.startswith("udp"))
LASTING = tuple(name for name in TCP if name != "tcp-connect")
MANY = ("tcp-64", "tcp-64x16", "tcp-1000")

# The receive buffer of every server that takes one: for the stream as large as the leanest one's.
BUFFER = {"tcp-stream": "1048576"}


@dataclass(frozen=True)
class Server:
    """A row: its name, its kind ("lean", "capsock" or "library"), its program and what that is to serve."""

    name: str
    kind: str
    label: str
    program: tuple[str, ...]
    workloads: tuple[str, ...]
    # What goes behind the program: MODE BUFFER (peers), what `capsock serve` takes, or nothing.
    arguments: str = "peer"
    mode: str = ""
    needs: tuple[Path, ...] = ()
    warm_up: float = 0.1
    quick: bool = False
    # Workers, each with a core: the load generator shares the last one with the second.
    workers: int = 1

    def command(self, workload: str) -> list[str]:
        transport = BY_NAME[workload].transport
        if self.arguments == "capsock":
            options = ["--port", "0", "--workers", str(self.workers), "--json", *self.mode.split()]
            return [*self.program, "serve", transport, *options]
        if self.arguments == "none":
            return list(self.program)
        mode = self.mode if self.mode and transport == "tcp" else transport
        return [*self.program, mode, BUFFER.get(workload, "65536")]

    def missing(self) -> str | None:
        """Why it cannot be measured here."""
        for path in (Path(self.program[0]), *self.needs):
            if not path.exists():
                shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
                return f"{shown} is not there"
        return None


def output_of(*command: str) -> str:
    """What a command prints, empty if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()


def _lean(name: str, label: str, program: str, *workloads: str) -> Server:
    file, *words = program.split()
    command = (str(BUILT / "lean" / file), *words)
    return Server(f"lean-{name}", "lean", label, command, workloads, arguments="none", quick=True)


LEAN = [
    _lean("blocking", "C, blocking", "tcp_blocking", "tcp-1", "tcp-connect"),
    _lean("bulk", "C, blocking, receives of 1 MiB", "tcp_blocking 1048576", "tcp-stream"),
    _lean("once", "C, the textbook's: one receive, then close", "tcp_once", "tcp-connect"),
    _lean("epoll", "C, epoll", "tcp_epoll", *MANY, "tcp-connect"),
    _lean("uring", "C, io_uring", "tcp_uring", *MANY, "tcp-connect"),
    _lean("direct", "C, io_uring, direct descriptors", "tcp_uring direct", *MANY, "tcp-connect"),
    _lean("datagram", "C, recvfrom and sendto", "udp_plain", "udp-1"),
    _lean("batch", "C, recvmmsg, replies by UDP_SEGMENT", "udp_batch", "udp-64", "udp-256"),
    _lean("gso", "C, UDP_GRO in, UDP_SEGMENT out", "udp_batch gro", "udp-gso"),
]


def _capsock(
    name: str, label: str, mode: str, *workloads: str, quick: bool = False, workers: int = 1
) -> Server:
    program = (str(ROOT / "target" / "release" / "capsock"),)
    return Server(
        name, "capsock", label, program, workloads, "capsock", mode=mode, quick=quick, workers=workers
    )


CAPSOCK = [
    _capsock("capsock", "capsock", "", *ALL, quick=True),
    _capsock("capsock-line", "capsock, line framing", "--framing line", "tcp-64x16"),
    _capsock(
        "capsock-iterative",
        "capsock, iterative",
        "--concurrency iterative",
        "tcp-1",
        "tcp-stream",
        "tcp-connect",
        "udp-1",
    ),
    _capsock(
        "capsock-once",
        "capsock, iterative, once",
        "--concurrency iterative --framing once",
        "tcp-connect",
        quick=True,
    ),
    _capsock("capsock-threads", "capsock, threads", "--concurrency threads", *TCP),
    _capsock("capsock-two", "capsock, two workers on two cores", "", *MANY, "udp-64", workers=2),
]


def _rust(
    name: str, label: str, program: str, *workloads: str, mode: str = "", quick: bool = False
) -> Server:
    path = str(BUILT / "rust" / "release" / program)
    return Server(name, "library", label, (path,), workloads, mode=mode, quick=quick)


RUST = [
    _rust("rust-std", "Rust std, threads", "std_server", *LASTING, *UDP),
    _rust("rust-iterative", "Rust std, iterative", "std_server", "tcp-connect", mode="tcp-iterative"),
    _rust("rust-once", "Rust std, the textbook's", "std_server", "tcp-connect", mode="tcp-once"),
    _rust("mio", "mio", "mio_server", *ALL, quick=True),
    _rust("tokio", "tokio", "tokio_server", *ALL, quick=True),
]


def _c(name: str, kind: str, label: str, program: str, *workloads: str, mode: str = "") -> Server:
    return Server(name, kind, label, (str(BUILT / "c" / program),), workloads, mode=mode)


C = [
    _c("capsock-c", "capsock", "capsock, started from C", "capsock_server", *ALL),
    _c(
        "capsock-handler",
        "capsock",
        "capsock, a handler in C",
        "capsock_server",
        "tcp-1",
        *MANY,
        mode="tcp-handler",
    ),
    _c("libuv", "library", "libuv", "libuv_server", *ALL),
]


def _python(name: str, kind: str, label: str, script: str, *workloads: str, mode: str = "") -> Server:
    interpreter = BUILT / "python" if "uvloop" in script else ROOT / ".venv"
    file, *words = script.split()
    path = ROOT / "bench" / "peers" / "python" / file
    program = (str(interpreter / "bin" / "python"), str(path), *words)
    return Server(name, kind, label, program, workloads, mode=mode, warm_up=0.2)


PYTHON = [
    _python("capsock-python", "capsock", "capsock, started from Python", "capsock_server.py", *ALL),
    _python("python-threads", "library", "Python, threads", "stdlib_server.py", *LASTING, *UDP),
    _python(
        "python-once", "library", "Python, the textbook's", "stdlib_server.py", "tcp-connect", mode="tcp-once"
    ),
    _python("asyncio", "library", "asyncio", "asyncio_server.py asyncio", *ALL),
    _python("uvloop", "library", "asyncio on uvloop", "asyncio_server.py uvloop", *ALL),
]


def _jdk() -> str:
    """The newest one here."""
    lines = output_of(str(ROOT / "scripts" / "jdks")).splitlines()
    return lines[-1].partition("\t")[2] if lines else "no-jdk"


JDK = _jdk()


def _java(
    name: str, kind: str, label: str, main: str, *workloads: str, mode: str = "", quick: bool = False
) -> Server:
    classes = f"{BUILT / 'java'}:{BUILT / 'netty'}/*:{ROOT / 'bindings-java' / 'target' / 'capsock.jar'}"
    program = (f"{JDK}/bin/java", "--enable-native-access=ALL-UNNAMED", "-cp", classes, main)
    needs = (BUILT / "java" / f"{main}.class",)
    return Server(name, kind, label, program, workloads, mode=mode, needs=needs, warm_up=2.0, quick=quick)


JAVA = [
    _java("capsock-java", "capsock", "capsock, started from Java", "CapsockServer", *ALL),
    _java("java-threads", "library", "java.net, threads", "NetServer", *TCP, *UDP),
    _java("java-virtual", "library", "java.net, virtual threads", "NetServer", *TCP, mode="tcp-virtual"),
    _java("java-nio", "library", "Java NIO", "NioServer", *ALL),
    _java("netty", "library", "Netty", "NettyServer", *ALL),
]

SERVERS = [*LEAN, *CAPSOCK, *C, *PYTHON, *JAVA, *RUST]


def chosen(names: list[str], workload: str, quick: bool) -> list[Server]:
    """The servers of a workload: those named, by name or first word, else all or the quick ones."""
    able = [server for server in SERVERS if workload in server.workloads]
    if not names:
        return [server for server in able if server.quick or not quick]
    return [
        server
        for server in able
        if any(server.name == name or server.name.startswith(f"{name}-") for name in names)
    ]


def before_and_after(before: Path, name: str, workload: str) -> list[Server]:
    """A row of the command, and the same of another build of it, to which the ratio is then."""
    rows = [
        row for row in SERVERS if (row.name, row.arguments) == (name, "capsock") and workload in row.workloads
    ]
    other = (str(before.resolve()),)
    return [
        twin
        for row in rows
        for twin in (row, replace(row, name="before", kind="lean", label="before", program=other))
    ]


def unknown(names: list[str]) -> list[str]:
    """The names that no server has, nor as its first word."""
    known = {server.name for server in SERVERS} | {server.name.partition("-")[0] for server in SERVERS}
    return [name for name in names if name not in known]
