"""Three servers behind HAProxy and nginx, of which one is killed or replaced while requests run."""

from __future__ import annotations

import queue
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

import capsock
import places
from balancers import (
    LIMIT,
    NAMES,
    Balancer,
    HAProxy,
    Nginx,
    Server,
    free_port,
    needs_haproxy,
    needs_nginx,
    program,
    wait_for,
)
from traffic import CLIENTS, Held, Session, Traffic

HOST = "127.0.0.1"

# Connections with a request in progress, of which each server has some.
HELD = 6

KINDS = {"haproxy-tcp": HAProxy, "nginx-tcp": Nginx, "nginx-udp": Nginx}
HAPROXY_TCP = pytest.param("haproxy-tcp", marks=needs_haproxy)
NGINX_TCP = pytest.param("nginx-tcp", marks=needs_nginx)
NGINX_UDP = pytest.param("nginx-udp", marks=needs_nginx)
all_kinds = pytest.mark.parametrize("scene", [HAPROXY_TCP, NGINX_TCP, NGINX_UDP], indirect=True)
tcp_kinds = pytest.mark.parametrize("scene", [HAPROXY_TCP, NGINX_TCP], indirect=True)
haproxy = pytest.mark.parametrize("scene", [HAPROXY_TCP], indirect=True)
udp_kinds = pytest.mark.parametrize("scene", [NGINX_UDP], indirect=True)


class Scene:
    """A balancer, its servers, and the clients."""

    def __init__(self, balancer: Balancer) -> None:
        self.balancer = balancer
        self.servers = balancer.servers
        self.traffic = Traffic(balancer.transport, balancer.port)
        self.held = Held(self.traffic, HELD if balancer.transport == "tcp" else 0)
        self.held_by_b = self.count_held() if balancer.transport == "tcp" else 0

    def count_held(self) -> int:
        """How many of them b has, once no server has another connection."""
        active = dict.fromkeys(self.servers, 0)

        def are_all() -> bool:
            for name, server in self.servers.items():
                active[name] = server.total("capsock_connections_active")
            return sum(active.values()) == HELD

        wait_for("the held connections are all that there are", are_all)
        assert active["b"] > 0
        return active["b"]

    def more_replies(self, count: int = 200) -> None:
        aim = self.traffic.replies + count
        wait_for(
            f"{count} more replies; {self.traffic.failures}",
            lambda: self.traffic.replies >= aim or bool(self.traffic.failures),
        )

    def each_has_served(self) -> None:
        for server in self.servers.values():
            wait_for("each server serves", lambda server=server: server.total("capsock_requests_total") > 20)  # type: ignore[misc]

    def of(self, sessions: list[Session]) -> Counter[str]:
        """On how many sessions with each server they were, by the balancer's own log."""
        log = self.balancer.sessions()
        return Counter(log[session] for session in sessions)


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    _, _, transport = request.param.partition("-")
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name in NAMES:
            servers[name] = Server(transport)
            stack.callback(servers[name].close)
        balancer = KINDS[request.param](transport, servers, tmp_path)
        stack.callback(balancer.close)
        wait_for("the balancer accepts", balancer.accepts)
        made = Scene(balancer)
        stack.callback(made.held.close)
        yield made


@all_kinds
def test_what_a_killed_server_had_is_all_that_is_lost(scene: Scene) -> None:
    killed = scene.servers["b"]
    with scene.traffic as traffic:
        scene.each_has_served()
        assert traffic.lost == []
        killed.kill()
        before = traffic.opened()
        scene.more_replies()
        killed.start()
        wait_for("the new one serves", lambda: killed.total("capsock_requests_total") > 20)
        scene.more_replies()
    lost_of_held = scene.held.finish()
    scene.balancer.end()

    assert traffic.failures == []
    lost = scene.of(traffic.lost)
    held = scene.of(lost_of_held)
    print(f"{traffic.replies} replies; lost: {dict(lost)}; of {HELD} in progress: {dict(held)}")
    assert set(lost) <= {"b"}
    if scene.balancer.transport == "tcp":
        # A client has one request in flight, on one connection. Later connections have other servers.
        assert len(traffic.lost) <= CLIENTS
        assert set(traffic.lost) <= before
        assert held == {"b": scene.held_by_b}
    else:
        assert traffic.lost


@tcp_kinds
def test_nothing_is_lost_if_the_balancer_drains_first(scene: Scene) -> None:
    replaced = scene.servers["b"]
    with scene.traffic as traffic:
        scene.each_has_served()
        scene.balancer.drain("b")
        wait_for(
            "the connections of b have ended, but for those in progress",
            lambda: replaced.total("capsock_connections_active") == scene.held_by_b,
        )
        replaced.terminate()
        wait_for("b drains", lambda: replaced.ready() == 503)
        scene.more_replies()
        assert scene.held.finish() == []
        assert replaced.stopped()["cut"] == 0
        replaced.start()
        scene.balancer.restore("b")
        wait_for("the new one serves", lambda: replaced.total("capsock_requests_total") > 20)
    scene.balancer.end()

    assert (traffic.failures, traffic.lost) == ([], [])
    print(f"{traffic.replies} replies")


@udp_kinds
def test_datagrams_are_lost_while_a_server_is_away_and_only_those_sent_to_it(scene: Scene) -> None:
    replaced = scene.servers["b"]
    with scene.traffic as traffic:
        scene.each_has_served()
        replaced.terminate()
        replaced.stopped()
        scene.more_replies()
        replaced.start()
        wait_for("the new one serves", lambda: replaced.total("capsock_requests_total") > 20)
    scene.balancer.end()

    assert traffic.failures == []
    lost = scene.of(traffic.lost)
    print(f"{traffic.replies} replies; lost: {dict(lost)}")
    assert set(lost) == {"b"}


@tcp_kinds
def test_a_server_that_stops_by_itself_finishes_what_is_in_progress(scene: Scene) -> None:
    stopped = scene.servers["b"]

    def is_seen(status: str) -> None:
        if isinstance(scene.balancer, HAProxy):
            balancer = scene.balancer
            wait_for(f"HAProxy sees that b is {status}", lambda: balancer.status("b").startswith(status))

    with scene.traffic as traffic:
        scene.each_has_served()
        stopped.terminate()
        wait_for("b listens no more", stopped.refuses)
        before = traffic.opened()
        is_seen("NOLB")
        scene.more_replies()
        assert scene.held.finish() == []
        assert stopped.stopped()["cut"] == 0
        is_seen("DOWN")
        stopped.start()
        is_seen("UP")
        wait_for("the new one serves", lambda: stopped.total("capsock_requests_total") > 20)
    scene.balancer.end()

    assert traffic.failures == []
    lost = scene.of(traffic.lost)
    print(f"{traffic.replies} replies; lost: {dict(lost)}")
    # Requests that met the end of their connection: a client asks them again on another one.
    assert set(lost) <= {"b"}
    assert set(traffic.lost) <= before
    assert len(traffic.lost) <= CLIENTS


@haproxy
def test_the_connections_of_a_server_that_hangs_are_ended(scene: Scene) -> None:
    assert isinstance(scene.balancer, HAProxy)
    status = scene.balancer.status
    hangs = scene.servers["b"]
    with scene.traffic as traffic:
        scene.each_has_served()
        hangs.process.send_signal(signal.SIGSTOP)
        wait_for("HAProxy has missed b", lambda: status("b").startswith("DOWN"))
        scene.more_replies()
        hangs.process.send_signal(signal.SIGCONT)
        wait_for("HAProxy has found b", lambda: status("b").startswith("UP"))
        scene.more_replies()
    lost_of_held = scene.held.finish()
    scene.balancer.end()

    assert traffic.failures == []
    lost = scene.of(traffic.lost)
    print(f"{traffic.replies} replies; lost: {dict(lost)}")
    assert set(lost) <= {"b"}
    assert len(traffic.lost) <= CLIENTS
    assert scene.of(lost_of_held) == {"b": scene.held_by_b}


PROXIES = [
    pytest.param(HAProxy, 1, marks=needs_haproxy),
    pytest.param(HAProxy, 2, marks=needs_haproxy),
    pytest.param(Nginx, 1, marks=needs_nginx),
]


@pytest.mark.parametrize(("kind", "version"), PROXIES)
def test_a_handler_is_told_the_client_of_the_balancer(
    kind: type[Balancer], version: int, tmp_path: Path
) -> None:
    contexts: queue.Queue[capsock.RequestContext] = queue.Queue()

    def handler(request: bytes, context: capsock.RequestContext) -> bytes:
        contexts.put(context)
        return request

    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name in NAMES:
            servers[name] = Server("tcp")
            stack.callback(servers[name].close)
            # It is asked for /readyz only: the handler's server has its port.
            port = servers[name].port = free_port()
            options = {"concurrency": "events", "framing": "line", "handler": handler}
            server: Any = capsock.Server
            stack.enter_context(server("tcp", host=HOST, port=port, proxy_protocol=HOST, **options))
        balancer = kind("tcp", servers, tmp_path, proxy_protocol=version)
        stack.callback(balancer.close)
        wait_for("the balancer accepts", balancer.accepts)
        for source in ("127.0.0.2", "127.0.0.3"):
            with socket.create_connection((HOST, balancer.port), LIMIT, (source, 0)) as client:
                client.sendall(b"hello\n")
                assert client.recv(100) == b"hello\n"
                context = contexts.get_nowait()
                assert context.client == context.proxied_source == client.getsockname()
                assert context.proxied_destination == client.getpeername()
                assert context.peer[0] == HOST
                assert context.peer != context.client


@pytest.mark.parametrize(("kind", "version"), PROXIES)
def test_each_client_of_the_balancer_has_its_own_limit(
    kind: type[Balancer], version: int, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name in NAMES:
            servers[name] = Server("tcp", "--proxy-protocol", HOST, "--max-connections-per-peer", "1")
            stack.callback(servers[name].close)
        balancer = kind("tcp", servers, tmp_path, proxy_protocol=version)
        stack.callback(balancer.close)
        wait_for("the balancer accepts", balancer.accepts)
        refused = 0
        for source in ("127.0.0.2", "127.0.0.3"):
            # Three servers, each of which takes one connection of a client.
            for _ in range(4):
                client = stack.enter_context(
                    socket.create_connection((HOST, balancer.port), LIMIT, (source, 0))
                )
                try:
                    client.sendall(b"hello\n")
                    reply = client.recv(100)
                except ConnectionError:
                    reply = b""
                assert reply in (b"HELLO\n", b"")
                refused += not reply
        totals = [server.total("capsock_connections_refused_per_peer_total") for server in servers.values()]
        assert refused == sum(totals) >= 2
        # Who does not come by the balancer has no header.
        rejected = "capsock_proxy_headers_rejected_total"
        before = servers["a"].total(rejected)
        with socket.create_connection((HOST, servers["a"].port), LIMIT) as direct:
            direct.sendall(b"hello\n")
            with suppress(ConnectionError):
                assert direct.recv(100) == b""
        wait_for("it is counted", lambda: servers["a"].total(rejected) > before)


@needs_haproxy
def test_haproxy_warns_of_nothing() -> None:
    command = [str(program("haproxy")), "-c", "-dW", "-f", "haproxy.cfg"]
    run = subprocess.run(
        command, cwd=places.ROOT / "deploy" / "haproxy", capture_output=True, text=True, timeout=LIMIT
    )
    assert run.returncode == 0, run.stdout + run.stderr
