"""`capsock show` as its tests use it, and programs for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import places
from languages import snake
from programs import LIMIT, Transport, free_port

CAPSOCK = str(Path(places.PYTHON).parent / "capsock")
# Beside the command of the checkout, where the build puts it.
PRELOAD = places.ROOT / "target" / "release" / "libcapsock_preload.so"

needs_preload = pytest.mark.skipif(not PRELOAD.exists(), reason="the preload library is not built")

ENVIRONMENT = {
    **os.environ,
    "CAPSOCK_PRELOAD": str(PRELOAD),
    "PATH": f"{Path(places.JAVA).parent}:{os.environ['PATH']}",
}

# The textbook's programs without a word of capsock, in C.
C_UDP_SERVER = """\
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(int argc, char **argv) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
  if (bind(s, (struct sockaddr *)&here, sizeof here) != 0) { perror("bind"); return 1; }
  for (;;) {
    char message[2048];
    struct sockaddr_in client;
    socklen_t size = sizeof client;
    ssize_t length = recvfrom(s, message, sizeof message, 0, (struct sockaddr *)&client, &size);
    for (ssize_t i = 0; i < length; i++) message[i] = toupper((unsigned char)message[i]);
    sendto(s, message, length, 0, (struct sockaddr *)&client, size);
  }
}
"""
PYTHON_TCP_SERVER = """\
import sys
from socket import *
s = socket(AF_INET, SOCK_STREAM)
s.bind(("", int(sys.argv[1])))
s.listen(1)
while True:
    connection, _ = s.accept()
    connection.send(connection.recv(1024).upper())
    connection.close()
"""


def program(language: str, name: str) -> Path:
    """The textbook's program of a language, as a source where `show` takes it as such."""
    folder = places.TEXTBOOK / language
    if language in ("c", "rust"):
        if language == "rust":
            return places.ROOT / "target" / "release" / f"textbook_{snake(name)}"
        return folder / f"{snake(name)}.c"
    return folder / f"{name}.{'py' if language == 'python' else 'java'}"


def show(
    server: str, *clients: str, options: tuple[str, ...] = ("--input", "straße"), command: str = CAPSOCK
) -> subprocess.CompletedProcess[str]:
    """Shows commands, each in one word."""
    words = [word for client in clients for word in ("--", client)]
    patience = () if "--patience" in options else ("--patience", str(LIMIT))
    return subprocess.run(
        [command, "show", "--width", "120", *patience, *options, server, *words],
        capture_output=True, encoding="utf-8", errors="replace", timeout=5 * LIMIT, env=ENVIRONMENT,
    )  # fmt: skip


def on_free_port(
    transport: Transport, server: str, *clients: str, options: tuple[str, ...] = ("--input", "straße"),
    command: str = CAPSOCK,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """The same with PORT in the commands, on another one if it was taken in between."""
    for _ in range(3):
        port = str(free_port(transport))
        done = show(
            server.replace("PORT", port), *(one.replace("PORT", port) for one in clients), options=options,
            command=command,
        )  # fmt: skip
        if "EADDRINUSE" not in done.stderr and "Address already in use" not in done.stderr:
            break
    return done
