"""`capsock show --link`: unchanged programs of each language, and a link between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shown import C_UDP_SERVER, PYTHON_TCP_SERVER, needs_preload, on_free_port, program

# The lecture's exercise: pings, of which some are not answered. The time is long, so that none is late.
PINGER = """\
import sys
from socket import *
client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(3)
for number in range(1, 4):
    client.sendto(f"ping {number}".encode(), ("localhost", int(sys.argv[1])))
    try:
        print(client.recvfrom(1024)[0].decode())
    except timeout:
        print("Request timed out")
client.close()
"""
# A server that says which name it has, for IPv6 and IPv4.
C_TCP_SERVER = """\
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
  int s = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[argc - 1]))};
  if (bind(s, (struct sockaddr *)&here, sizeof here) != 0) { perror("bind"); return 1; }
  listen(s, 1);
  memset(&here, 0, sizeof here);
  socklen_t size = sizeof here;
  getsockname(s, (struct sockaddr *)&here, &size);
  printf("serving at port %d\\n", ntohs(here.sin6_port));
  for (;;) {
    char message[2048];
    int connection = accept(s, NULL, NULL);
    ssize_t length = read(connection, message, sizeof message);
    for (ssize_t i = 0; i < length; i++) message[i] = toupper((unsigned char)message[i]);
    if (length > 0 && write(connection, message, length) != length) return 1;
    close(connection);
  }
}
"""


def sources(folder: Path) -> dict[str, Path]:
    """A server of each language."""
    for name, text in (
        ("udp_server.c", C_UDP_SERVER), ("tcp_server.c", C_TCP_SERVER), ("TCPServer.py", PYTHON_TCP_SERVER),
        ("UDPPinger.py", PINGER),
    ):  # fmt: skip
        (folder / name).write_text(text)
    return {
        "udp python": program("python", "UDPServer"), "udp java": program("java", "UDPServer"),
        "udp c": folder / "udp_server.c", "tcp python": folder / "TCPServer.py",
        "tcp java": program("java", "TCPServer"), "tcp c": folder / "tcp_server.c",
    }  # fmt: skip


LANGUAGES = ["python", "java", pytest.param("c", marks=needs_preload)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_datagram_that_is_lost_is_drawn_as_lost(language: str, tmp_path: Path) -> None:
    server = sources(tmp_path)[f"udp {language}"]
    options = ("--link", "--drop up:1 --log")
    done = on_free_port("udp", f"'{server}' PORT", f"{tmp_path}/UDPPinger.py PORT", options=options)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[0].split() == [server.name, "capsock", "link", "UDPPinger.py"], (
        done.stdout
    )
    said = [line for line in done.stderr.splitlines() if line.startswith(("UDPPinger.py: ", "capsock: up "))]
    assert said == [
        "capsock: up 1: lost, 6 bytes", "UDPPinger.py: Request timed out", "UDPPinger.py: PING 2",
        "UDPPinger.py: PING 3",
    ], done.stderr  # fmt: skip
    assert done.stdout.count('"ping 1", lost') == 1, done.stdout
    assert done.stdout.count("✗─") == 1, done.stdout
    for text in ('"ping 2"', '"ping 3"', '"PING 2"', '"PING 3"'):
        arrows = [line for line in done.stdout.splitlines() if "──" in line and text in line]
        assert len(arrows) == 2, (text, done.stdout)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stream_passes_with_a_delay(language: str, tmp_path: Path) -> None:
    server = sources(tmp_path)[f"tcp {language}"]
    trace = tmp_path / "run.jsonl"
    # Java's server reads a line, which Python's client does not end.
    client = program("java" if language == "java" else "python", "TCPClient")
    done = on_free_port(
        "tcp", f"'{server}' PORT", f"'{client}' localhost PORT",
        options=("--input", "hello", "--trace", str(trace), "--link", "--delay 30ms"),
    )  # fmt: skip
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[0].split() == [server.name, "capsock", "link", client.name], done.stdout
    assert "HELLO" in done.stderr, done.stderr
    assert done.stdout.count("connection setup") == 2, done.stdout
    calls = [json.loads(line) for line in trace.read_text().splitlines() if '"event":"call"' in line]
    bind = [call for call in calls if "asked" in call][-1]
    asked = bind["asked"].rpartition(":")[2]
    assert bind["call"] == "bind", bind
    assert bind["local"].rpartition(":")[2] != asked, bind
    if language == "c":
        assert f"tcp_server.c: serving at port {asked}" in done.stderr, done.stderr
    to_link = [call for call in calls if call["call"] == "connect" and call["peer"].endswith(f":{asked}")]
    waited = [
        call["blocked"]
        for call in calls
        if call["call"] == "recv" and (call["pid"], call["outcome"]) == (to_link[-1]["pid"], "ok")
    ]
    assert sum(waited) >= 60_000_000, "both ways are delayed"
