"""HAProxy and nginx with the configurations of deploy/, and the servers behind them, on loopback."""

from __future__ import annotations

import errno
import json
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import places

LIMIT = 30
NAMES = ("a", "b", "c")


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    """Polls until it holds."""
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, f"not within {LIMIT} s: {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A port that nothing is bound to, below those that systems give to clients: nobody takes it while its
    server is away."""
    while True:
        port = random.randint(15000, 32000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port


class Server:
    """`capsock serve`, which is started again at the same ports."""

    def __init__(self, transport: str, *options: str) -> None:
        self.transport = transport
        self.options = options
        self.port = free_port()
        self.metrics = free_port()
        self.start()

    def start(self) -> None:
        command = [
            str(places.CAPSOCK),
            "serve",
            self.transport,
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        command += ["--metrics", f"127.0.0.1:{self.metrics}", "--json", "--stop-timeout", str(LIMIT)]
        if self.transport == "tcp":
            command += ["--framing", "line", "--max-request", str(16 << 20)]
        command += self.options
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline())["port"] == self.port

    def ready(self) -> int:
        """The status of /readyz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/readyz", timeout=LIMIT) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def refuses(self) -> bool:
        """Whether it refuses connections."""
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == errno.ECONNREFUSED

    def total(self, name: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=LIMIT) as response:
            (value,) = re.findall(rf"^{name}{{.*}} (\d+)$", response.read().decode(), re.MULTILINE)
        return int(value)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def close(self) -> None:
        """Kills it if it runs."""
        with self.process:
            self.process.kill()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stopped(self) -> dict[str, Any]:
        """What it says once the stop has ended it."""
        output, _ = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == 128 + signal.SIGTERM
        said: dict[str, Any] = json.loads(output.splitlines()[-1])
        assert said["event"] == "stopped"
        return said


class Balancer:
    """A program between clients and the servers a, b and c. Its configuration is that of deploy/, with these
    ports and paths."""

    def __init__(
        self,
        transport: str,
        servers: dict[str, Server],
        folder: Path,
        *,
        proxy_protocol: int | None = None,
    ) -> None:
        """Sends the header of this version of the PROXY protocol, or none."""
        self.transport = transport
        self.proxy_protocol = proxy_protocol
        self.servers = servers
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self.process = self.begin()

    def begin(self) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def drain(self, name: str) -> None:
        """Gives the server no further connection, and returns when that is so; what it has goes on."""
        raise NotImplementedError

    def restore(self, name: str) -> None:
        """Gives the server work again."""
        raise NotImplementedError

    def sessions(self) -> dict[tuple[int, int], str]:
        """The server of each ended session, by the client's port and how many that port had before."""
        pattern = self.session_pattern()
        found: dict[tuple[int, int], str] = {}
        before: Counter[int] = Counter()
        for line in self.log.read_text(encoding="utf-8").splitlines():
            if match := pattern.match(line):
                port = int(match["client"])
                found[port, before[port]] = self.name_of(match["server"])
                before[port] += 1
        return found

    def session_pattern(self) -> re.Pattern[str]:
        raise NotImplementedError

    def name_of(self, server: str) -> str:
        raise NotImplementedError

    def end(self) -> None:
        """Finishes the sessions, so that the log has all of them."""
        raise NotImplementedError

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=LIMIT)

    def accepts(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        if self.transport == "udp":
            # As soon as it is bound, datagrams are queued.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                try:
                    one.bind(("127.0.0.1", self.port))
                except OSError:
                    return True
            return False
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0


def substituted(text: str, pairs: dict[str, str]) -> str:
    """The text with each of the strings replaced, which it has to contain."""
    for old, new in pairs.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class HAProxy(Balancer):
    """HAProxy, and its runtime API on a Unix socket."""

    def begin(self) -> subprocess.Popen[bytes]:
        self.admin = self.folder / "admin"
        configuration = self.folder / "haproxy.cfg"
        text = (places.ROOT / "deploy" / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
        pairs = {"/run/haproxy/admin.sock": str(self.admin), "bind :12000": f"bind 127.0.0.1:{self.port}"}
        if self.proxy_protocol:
            send = {1: "send-proxy", 2: "send-proxy-v2"}[self.proxy_protocol]
            pairs["# default-server send-proxy-v2"] = f"default-server {send}"
        for number, server in enumerate(self.servers.values(), 1):
            pairs[f"10.0.0.{number}:12000 check port 9100"] = (
                f"127.0.0.1:{server.port} check port {server.metrics}"
            )
        configuration.write_text(substituted(text, pairs), encoding="utf-8")
        with self.log.open("wb") as log:
            # -db: in the foreground.
            command = [str(program("haproxy")), "-db", "-f", str(configuration)]
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)

    def ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(LIMIT)
            one.connect(str(self.admin))
            one.sendall(command.encode() + b"\n")
            with one.makefile(encoding="utf-8") as file:
                return file.read()

    def status(self, name: str) -> str:
        """UP, DOWN, NOLB or DRAIN, and how many checks are left to the next change."""
        titles, *rows = [line.split(",") for line in self.ask("show stat").strip().splitlines()]
        (row,) = [row for row in rows if row[1] == name]
        return row[titles.index("status")]

    def drain(self, name: str) -> None:
        assert not self.ask(f"set server capsock/{name} state drain").strip()
        assert self.status(name).startswith("DRAIN")

    def restore(self, name: str) -> None:
        assert not self.ask(f"set server capsock/{name} state ready").strip()

    def session_pattern(self) -> re.Pattern[str]:
        # option tcplog: client [time] frontend backend/server Tw/Tc/Tt bytes state ...
        return re.compile(r"127\.0\.0\.1:(?P<client>\d+) \[\S+\] capsock capsock/(?P<server>\S+) ")

    def name_of(self, server: str) -> str:
        return server

    def end(self) -> None:
        self.process.send_signal(signal.SIGUSR1)
        self.process.communicate(timeout=LIMIT)


class Nginx(Balancer):
    """nginx, whose configuration is read again to change a server's state."""

    def begin(self) -> subprocess.Popen[bytes]:
        self.log.touch()
        self.configure(None)
        command = [str(program("nginx")), "-c", str(self.folder / "nginx.conf")]
        command += ["-e", str(self.folder / "error"), "-g", "daemon off;"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def configure(self, down: str | None) -> None:
        text = (places.ROOT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        pairs = {
            "/run/nginx.pid": str(self.folder / "pid"),
            "/var/log/nginx/error.log": str(self.folder / "error"),
            "/var/log/nginx/sessions.log": str(self.log),
        }
        if self.proxy_protocol:
            assert self.proxy_protocol == 1, "nginx sends no other"
            pairs["# proxy_protocol on;"] = "proxy_protocol on;"
        # Of the two servers of the configuration one is used.
        other = free_port()
        for transport, listen in (("tcp", "listen 12000;"), ("udp", "listen 12000 udp reuseport;")):
            port = self.port if transport == self.transport else other
            pairs[listen] = listen.replace("12000", f"127.0.0.1:{port}")
        for number, (name, server) in enumerate(self.servers.items(), 1):
            mark = " down" if name == down else ""
            pairs[f"server 10.0.0.{number}:12000 "] = f"server 127.0.0.1:{server.port}{mark} "
        (self.folder / "nginx.conf").write_text(substituted(text, pairs), encoding="utf-8")

    def workers(self) -> set[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(one) for one in tasks.read_text(encoding="utf-8").split()}

    def reload(self, down: str | None) -> None:
        old = self.workers()
        self.configure(down)
        self.process.send_signal(signal.SIGHUP)
        wait_for("nginx has new workers", lambda: len(self.workers() - old) >= len(old))
        wait_for(
            "the old workers accept nothing", lambda: all(is_leaving(one) for one in self.workers() & old)
        )

    def drain(self, name: str) -> None:
        self.reload(name)

    def restore(self, name: str) -> None:
        self.reload(None)

    def session_pattern(self) -> re.Pattern[str]:
        # The last server is the one that the session had, those before it refused it.
        return re.compile(r"127\.0\.0\.1:(?P<client>\d+) \S+ \d+ (?:\S+, )*127\.0\.0\.1:(?P<server>\d+) ")

    def name_of(self, server: str) -> str:
        return {str(one.port): name for name, one in self.servers.items()}[server]

    def end(self) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.communicate(timeout=LIMIT)


def is_leaving(worker: int) -> bool:
    """Whether it is a worker of nginx that finishes its sessions, as its title says, or that has."""
    try:
        return b"shutting down" in Path(f"/proc/{worker}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


def program(name: str) -> str | None:
    # Debian has it in a folder that is not in every user's path.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def why_not_nginx() -> str | None:
    if program("nginx") is None:
        return "nginx is not installed (Debian: nginx-light)"
    if not Path("/usr/lib/nginx/modules/ngx_stream_module.so").exists():
        return "nginx has no stream module where Debian has it (libnginx-mod-stream)"
    return None


needs_haproxy = pytest.mark.skipif(
    program("haproxy") is None, reason="HAProxy is not installed (Debian: haproxy)"
)
needs_nginx = pytest.mark.skipif(why_not_nginx() is not None, reason=str(why_not_nginx()))
