"""`capsock step`: unchanged programs of each language are let go call by call."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from programs import HOST, LIMIT, Transport, free_port
from shown import C_UDP_SERVER, CAPSOCK, ENVIRONMENT, needs_preload, program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD of Linux")

# A thread, or a child, for each connection: it receives, sends, and closes.
C_SERVER = """\
#include <arpa/inet.h>
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static void *serve(void *of) {
  int c = *(int *)of;
  free(of);
  char text[100];
  ssize_t length = recv(c, text, sizeof text, 0);
  for (ssize_t i = 0; i < length; i++) text[i] = toupper((unsigned char)text[i]);
  send(c, text, length, 0);
  close(c);
  return NULL;
}
int main(int argc, char **argv) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  if (argc < 3 || bind(s, (struct sockaddr *)&here, sizeof here) != 0) { perror("bind"); return 1; }
  listen(s, 5);
  for (;;) {
    int *c = malloc(sizeof *c);
    *c = accept(s, NULL, NULL);
    if (strcmp(argv[1], "thread") == 0) {
      pthread_t thread;
      pthread_create(&thread, NULL, serve, c);
      pthread_detach(thread);
    } else if (fork() == 0) {
      serve(c);
      _exit(0);
    } else {
      close(*c);
    }
  }
}
"""
# Without a word of capsock, as is the server of test_show.
C_UDP_CLIENT = """\
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char text[2048];
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
  inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
  if (fgets(text, sizeof text, stdin) == NULL) return 1;
  sendto(s, text, strcspn(text, "\\n"), 0, (struct sockaddr *)&server, sizeof server);
  ssize_t length = recvfrom(s, text, sizeof text, 0, NULL, NULL);
  printf("%.*s\\n", (int)length, text);
  close(s);
}
"""
PYTHON_CLIENT = """\
import sys
from socket import *
s = socket(AF_INET, SOCK_STREAM)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.send(input().encode())
print(s.recv(1024).decode())
s.close()
"""
# One thread is held before each call while another one runs Python code.
PYTHON_THREADS = """\
import sys, threading
from socket import *
ticks = 0
done = threading.Event()
def work():
    global ticks
    while not done.wait(0.001):
        ticks += 1
threading.Thread(target=work).start()
times = [ticks]
s = socket(AF_INET, SOCK_DGRAM)
times.append(ticks)
s.bind(("127.0.0.1", int(sys.argv[1])))
times.append(ticks)
s.recvfrom(100)
times.append(ticks)
s.close()
times.append(ticks)
done.set()
ran = [after - before for before, after in zip(times, times[1:])]
print("other thread ran" if min(ran) > 3 else f"other thread was held: {ran}")
"""
PYTHON_SENDER = """\
import sys
from socket import *
s = socket(AF_INET, SOCK_DGRAM)
s.sendto(b"x", ("127.0.0.1", int(sys.argv[1])))
s.close()
"""


def step(
    lines: str, server: str, client: str, *options: str, transport: Transport = "tcp"
) -> subprocess.CompletedProcess[str]:
    """Steps commands with PORT in them, each in one word, by these lines."""
    for _ in range(3):
        port = str(free_port(transport))
        words = [server.replace("PORT", port), "--", client.replace("PORT", port)]
        done = subprocess.run(
            [CAPSOCK, "step", "--width", "120", "--patience", str(LIMIT), *options, *words], input=lines,
            capture_output=True, encoding="utf-8", errors="replace", timeout=5 * LIMIT, env=ENVIRONMENT,
        )  # fmt: skip
        if "EADDRINUSE" not in done.stderr and "Address already in use" not in done.stderr:
            break
    return done


def announced(done: subprocess.CompletedProcess[str], name: str) -> list[str]:
    """The calls that a thread was about to make, each once as long as it was held."""
    found = re.findall(rf"^\d+ {re.escape(name)} is about to (?:make a )?(\w+)", done.stdout, re.MULTILINE)
    return [call for call, last in zip(found, [None, *found]) if call != last]


UDP = {
    "server": ["socket", "bind", "recvfrom", "sendto", "recvfrom"],
    "client": ["socket", "sendto", "recvfrom", "close"],
}


@needs_preload
@pytest.mark.parametrize("client", ["python", "java", "c"])
@pytest.mark.parametrize("server", ["python", "java", "c"])
def test_programs_of_each_language_stop_before_each_call(server: str, client: str, tmp_path: Path) -> None:
    for name, text in ("UDPServer.c", C_UDP_SERVER), ("UDPClient.c", C_UDP_CLIENT):
        (tmp_path / name).write_text(text)
    names = [
        tmp_path / f"{name}.c" if language == "c" else program(language, name)
        for language, name in ((server, "UDPServer"), (client, "UDPClient"))
    ]
    done = step(
        "\n" * 30, f"'{names[0]}' PORT", f"'{names[1]}' {HOST} PORT", "--input", "hello", transport="udp"
    )
    assert done.returncode == 0, done.stderr
    assert "HELLO" in done.stderr, done.stderr
    assert announced(done, names[0].name) == UDP["server"], done.stdout
    made = announced(done, names[1].name)
    # Java's socket is bound by its constructor.
    assert [call for call in made if client != "java" or call != "bind"] == UDP["client"], done.stdout
    assert f"1 {names[0].name} waits in recvfrom for a datagram" in done.stdout, done.stdout
    assert "───►" in done.stdout, done.stdout


@needs_preload
@pytest.mark.parametrize(("kind", "name"), [("thread", "server thread 2"), ("child", "server child 1")])
def test_each_thread_and_child_stops_by_itself(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "server.c").write_text(C_SERVER)
    (tmp_path / "client.py").write_text(PYTHON_CLIENT)
    server = tmp_path / "server"
    subprocess.run(["cc", "-pthread", "-o", str(server), str(tmp_path / "server.c")], check=True)
    # Until the connection is accepted; then it is served before the next accept, which is let go in the end.
    lines = "\n" * 6 + f"{name}\n" + "client.py\n" * 2 + f"{name}\n" * 2 + "e\n"
    done = step(lines, f"'{server}' {kind} PORT", f"'{tmp_path / 'client.py'}' PORT")
    assert done.returncode == 0, done.stderr
    assert "HELLO" in done.stderr, done.stderr
    assert announced(done, name) == ["recv", "send", "close"], done.stdout
    assert announced(done, "server")[:4] == ["socket", "bind", "listen", "accept"], done.stdout
    waits = f"{name} waits in recv for data or the end"
    assert re.search(rf"^1 server is about to \w+\n2 client.py is about to send 5 bytes\n3 {waits}$",
                     done.stdout, re.MULTILINE), done.stdout  # fmt: skip


def test_a_thread_that_is_held_holds_no_other(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(PYTHON_THREADS)
    (tmp_path / "client.py").write_text(PYTHON_SENDER)
    done = step(
        "\n" * 20, f"'{tmp_path / 'server.py'}' PORT", f"'{tmp_path / 'client.py'}' PORT", transport="udp"
    )
    assert done.returncode == 0, done.stderr
    assert "server.py: other thread ran" in done.stderr, done.stderr
