"""Java programs that are recorded as any other: with channels of java.nio, and without the jar."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import places
from programs import HOST, Transport
from shown import PRELOAD, needs_preload, on_free_port, program, show

pytestmark = needs_preload

SELECTOR_SERVER = """\
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.*;

class Server {
  public static void main(String[] arguments) throws Exception {
    Selector selector = Selector.open();
    ServerSocketChannel welcome = ServerSocketChannel.open();
    welcome.bind(new InetSocketAddress(Integer.parseInt(arguments[0])));
    welcome.configureBlocking(false);
    welcome.register(selector, SelectionKey.OP_ACCEPT);
    ByteBuffer buffer = ByteBuffer.allocate(2048);
    while (true) {
      selector.select();
      for (SelectionKey key : selector.selectedKeys()) {
        if (key.isAcceptable()) {
          SocketChannel connection = welcome.accept();
          connection.configureBlocking(false);
          connection.register(selector, SelectionKey.OP_READ);
          continue;
        }
        SocketChannel connection = (SocketChannel) key.channel();
        if (connection.read(buffer.clear()) < 0) {
          connection.close();
          continue;
        }
        String said = new String(buffer.array(), 0, buffer.position());
        connection.write(ByteBuffer.wrap(said.toUpperCase().getBytes()));
      }
      selector.selectedKeys().clear();
    }
  }
}
"""
ASYNCHRONOUS_SERVER = """\
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.*;

class Server {
  public static void main(String[] arguments) throws Exception {
    AsynchronousServerSocketChannel welcome = AsynchronousServerSocketChannel.open();
    welcome.bind(new InetSocketAddress(Integer.parseInt(arguments[0])));
    while (true) {
      AsynchronousSocketChannel connection = welcome.accept().get();
      ByteBuffer buffer = ByteBuffer.allocate(2048);
      int length = connection.read(buffer).get();
      String said = new String(buffer.array(), 0, length);
      connection.write(ByteBuffer.wrap(said.toUpperCase().getBytes())).get();
      connection.close();
    }
  }
}
"""
DATAGRAM_SERVER = """\
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

class Server {
  public static void main(String[] arguments) throws Exception {
    DatagramChannel server = DatagramChannel.open();
    server.bind(new InetSocketAddress(Integer.parseInt(arguments[0])));
    ByteBuffer buffer = ByteBuffer.allocate(2048);
    while (true) {
      SocketAddress client = server.receive(buffer.clear());
      String said = new String(buffer.array(), 0, buffer.position());
      server.send(ByteBuffer.wrap(said.toUpperCase().getBytes()), client);
    }
  }
}
"""
# Without channels, and without a word of capsock.
SOCKET_SERVER = """\
import java.net.*;

class Server {
  public static void main(String[] arguments) throws Exception {
    DatagramSocket server = new DatagramSocket(Integer.parseInt(arguments[0]));
    byte[] buffer = new byte[2048];
    while (true) {
      DatagramPacket said = new DatagramPacket(buffer, buffer.length);
      server.receive(said);
      byte[] reply = new String(buffer, 0, said.getLength()).toUpperCase().getBytes();
      server.send(new DatagramPacket(reply, reply.length, said.getSocketAddress()));
    }
  }
}
"""


@dataclass(frozen=True)
class Channels:
    """A server, and the calls that its picture has to have."""

    transport: Transport
    source: str
    calls: tuple[str, ...]


SERVERS = {
    "selector": Channels(
        "tcp", SELECTOR_SERVER, ("epoll_wait(server", "accept(server)", "recv(conn", "send(conn")
    ),
    "asynchronous": Channels("tcp", ASYNCHRONOUS_SERVER, ("accept(server)", "recv(conn", "send(conn")),
    "datagrams": Channels("udp", DATAGRAM_SERVER, ("recvfrom(server", "sendto(server")),
}


@pytest.mark.parametrize("name", SERVERS)
def test_channels_are_in_the_picture(name: str, tmp_path: Path) -> None:
    server = SERVERS[name]
    (tmp_path / "Server.java").write_text(server.source)
    client = program("python", f"{server.transport.upper()}Client")
    done = on_free_port(
        server.transport,
        f"{tmp_path}/Server.java PORT",
        f"{client} {HOST} PORT",
        options=("--input", "hello"),
    )
    assert done.returncode == 0, done.stderr
    assert "HELLO" in done.stderr, done.stderr
    assert done.stdout.splitlines()[0].split() == ["Server.java", client.name], done.stdout
    for call in (*server.calls, '"HELLO'):
        assert call in done.stdout, done.stdout


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """A command that has the preload library beside it, and the jar nowhere."""
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(PRELOAD, folder)
    return str(shutil.copy(places.CAPSOCK, folder))


def test_without_the_jar_java_is_recorded_as_any_other_program(tmp_path: Path, alone: str) -> None:
    (tmp_path / "Server.java").write_text(SOCKET_SERVER)
    client = f"{alone} client udp {HOST} PORT hello"
    done = on_free_port("udp", f"{tmp_path}/Server.java PORT", client, options=(), command=alone)
    assert done.returncode == 0, done.stderr
    assert "recvfrom(server" in done.stdout, done.stdout
    assert '"HELLO"' in done.stdout, done.stdout


def test_a_program_that_imports_capsock_needs_the_jar(alone: str) -> None:
    done = show(str(program("java", "UDPServer")), "true", command=alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert "set CAPSOCK_JAR to it" in done.stderr
