package io.capsock.net;

import static io.capsock.net.Scenario.loopback;

import io.capsock.net.Scenario.Run;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.List;

/** Connecting and accepting. */
final class ConnectScenarios {
  private static final int SHORT = 60;

  static final List<Scenario> ALL =
      List.of(
          new Scenario("a refused connection", ConnectScenarios::refused),
          new Scenario("a constructor that is refused", ConnectScenarios::refusedConstructor),
          new Scenario("connecting to what is no address", ConnectScenarios::noAddress),
          new Scenario("ports out of range", ConnectScenarios::ports),
          new Scenario("unknown hosts", ConnectScenarios::unknownHosts),
          new Scenario("unresolved addresses", ConnectScenarios::unresolved),
          new Scenario("null hosts", ConnectScenarios::nullHosts),
          new Scenario("connecting twice", ConnectScenarios::twice),
          new Scenario("connecting after close", ConnectScenarios::afterClose),
          new Scenario("connecting within a time", ConnectScenarios::withinTime),
          new Scenario("connecting to a full backlog", ConnectScenarios::fullBacklog),
          new Scenario("closing a socket that connects", ConnectScenarios::closedMeanwhile),
          new Scenario("from a local address", ConnectScenarios::fromLocalAddress),
          new Scenario("from a local address that is none", ConnectScenarios::fromNoLocalAddress),
          new Scenario("an interrupted thread that connects", ConnectScenarios::interrupted),
          new Scenario("a name of this machine", ConnectScenarios::names),
          new Scenario("accepting within a time", ConnectScenarios::acceptTimeout),
          new Scenario("accepting after a timeout", ConnectScenarios::acceptAfterTimeout),
          new Scenario("accepting what has gone", ConnectScenarios::acceptGone),
          new Scenario("accept timeouts out of range", ConnectScenarios::acceptTimeoutRange));

  private ConnectScenarios() {}

  /** A port that nobody listens on: bound, so that nobody else gets it. */
  private static int refusing(Run run) throws IOException {
    Socket holder = run.socket();
    holder.bind(new InetSocketAddress(loopback(), 0));
    return holder.getLocalPort();
  }

  private static void refused(Run run) throws Exception {
    Socket socket = run.socket();
    int port = refusing(run);
    run.note("connect", () -> socket.connect(new InetSocketAddress(loopback(), port)));
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
    run.note("input", socket::getInputStream);
    run.note("no delay", socket::getTcpNoDelay);
    run.note("again", () -> socket.connect(new InetSocketAddress(loopback(), port)));
    Socket timed = run.socket();
    run.note("timed", () -> timed.connect(new InetSocketAddress(loopback(), port), 10_000));
    run.note("port 0", () -> run.socket().connect(new InetSocketAddress(loopback(), 0)));
  }

  private static void refusedConstructor(Run run) throws Exception {
    int port = refusing(run);
    run.note("socket", () -> run.sockets.socket(loopback(), port));
    run.note("socket by name", () -> run.sockets.socket("localhost", port));
    run.note("of null", () -> run.sockets.socket((String) null, port));
  }

  private static void noAddress(Run run) throws Exception {
    Socket socket = run.socket();
    run.note("null", () -> socket.connect(null));
    run.note("null, timed", () -> socket.connect(null, 1));
    run.note("negative", () -> socket.connect(new InetSocketAddress(loopback(), 1), -1));
    run.note("another type", () -> socket.connect(new SocketAddress() {}));
    run.note("closed", socket::isClosed);
  }

  private static void ports(Run run) {
    for (int port : new int[] {-1, 65536, Integer.MAX_VALUE}) {
      run.note("by name", () -> run.sockets.socket("localhost", port));
      run.note("by address", () -> run.sockets.socket(loopback(), port));
      run.note("local", () -> run.sockets.socket(loopback(), 1, loopback(), port));
    }
  }

  private static void unknownHosts(Run run) throws Exception {
    run.note("socket", () -> run.sockets.socket("does-not-exist.invalid", 80));
    Socket socket = run.socket();
    SocketAddress unknown = new InetSocketAddress("does-not-exist.invalid", 80);
    run.note("connect", () -> socket.connect(unknown));
    run.note("closed", socket::isClosed);
    run.note("empty", () -> run.sockets.socket("", refusing(run)));
  }

  private static void unresolved(Run run) throws Exception {
    Socket socket = run.socket();
    SocketAddress unresolved = InetSocketAddress.createUnresolved("localhost", 80);
    run.note("connect", () -> socket.connect(unresolved));
    run.note("closed", socket::isClosed);
    run.note("timed", () -> run.socket().connect(unresolved, 10));
  }

  private static void nullHosts(Run run) throws Exception {
    ServerSocket server = run.server();
    int port = server.getLocalPort();
    run.note("address", () -> run.sockets.socket((InetAddress) null, port));
    run.note("address, local", () -> run.sockets.socket((InetAddress) null, port, null, 0));
    run.note("name", () -> run.closing(run.sockets.socket((String) null, port)).isConnected());
    run.note(
        "local", () -> run.closing(run.sockets.socket((String) null, port, null, 0)).isBound());
  }

  private static void twice(Run run) throws Exception {
    Socket[] ends = run.connection();
    SocketAddress peer = ends[0].getRemoteSocketAddress();
    run.note("again", () -> ends[0].connect(peer));
    run.note("accepted", () -> ends[1].connect(peer));
    run.note("binding", () -> ends[0].bind(null));
    run.note("closed", ends[0]::isClosed);
  }

  private static void afterClose(Run run) throws Exception {
    Socket socket = run.socket();
    socket.close();
    int port = run.server().getLocalPort();
    run.note("connect", () -> socket.connect(new InetSocketAddress(loopback(), port)));
    run.note("timed", () -> socket.connect(new InetSocketAddress(loopback(), port), 10));
  }

  private static void withinTime(Run run) throws Exception {
    Socket socket = run.socket();
    SocketAddress server = run.server().getLocalSocketAddress();
    run.note("connect", () -> socket.connect(server, 10_000));
    run.note("connected", socket::isConnected);
    run.note("longest", () -> run.socket().connect(server, Integer.MAX_VALUE));
  }

  /** Connects until the system leaves a SYN unanswered. */
  private static SocketAddress full(Run run) throws IOException {
    ServerSocket server = run.closing(run.sockets.server(0, 1, loopback()));
    for (int connections = 0; connections < 16; connections++) {
      try {
        run.socket().connect(server.getLocalSocketAddress(), 300);
      } catch (SocketTimeoutException full) {
        break;
      }
    }
    return server.getLocalSocketAddress();
  }

  private static void fullBacklog(Run run) throws Exception {
    SocketAddress full = full(run);
    Socket socket = run.socket();
    run.noteTimed(
        "connect",
        SHORT,
        () -> {
          socket.connect(full, SHORT);
          return "connected";
        });
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
    run.note("again", () -> socket.connect(full, SHORT));
  }

  private static void closedMeanwhile(Run run) throws Exception {
    SocketAddress full = full(run);
    Socket socket = run.socket();
    run.noteWhileBlocked(
        "connect",
        () -> {
          socket.connect(full);
          return "connected";
        },
        blocked -> socket.close());
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
  }

  private static void fromLocalAddress(Run run) throws Exception {
    ServerSocket server = run.server();
    int port = server.getLocalPort();
    Socket one = run.closing(run.sockets.socket(loopback(), port, loopback(), 0));
    Socket two = run.closing(run.sockets.socket("127.0.0.1", port, null, 0));
    Socket three = run.socket();
    three.bind(new InetSocketAddress(loopback(), 0));
    int own = three.getLocalPort();
    three.connect(server.getLocalSocketAddress());
    run.note("kept", () -> three.getLocalPort() == own);
    for (Socket socket : List.of(one, two, three)) {
      StateScenarios.state(run, socket);
    }
  }

  private static void fromNoLocalAddress(Run run) throws Exception {
    int port = run.server().getLocalPort();
    InetAddress foreign = InetAddress.getByName("192.0.2.1");
    run.note("foreign", () -> run.sockets.socket(loopback(), port, foreign, 0));
    run.note("taken", () -> run.sockets.socket(loopback(), port, loopback(), port));
  }

  /** With a limit, even a virtual thread is connected: it looks once before it parks. */
  private static void interrupted(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket socket = run.socket();
    Thread.currentThread().interrupt();
    run.note("connect", () -> socket.connect(server.getLocalSocketAddress(), 10_000));
    run.note("interrupted", Thread::interrupted);
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
  }

  private static void names(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket socket = run.closing(run.sockets.socket("localhost", server.getLocalPort()));
    run.note("peer", socket::getInetAddress);
    run.note("remote", () -> StateScenarios.withoutPort(socket.getRemoteSocketAddress()));
    run.note("accepted from", () -> run.closing(server.accept()).getInetAddress());
  }

  private static void acceptTimeout(Run run) throws Exception {
    ServerSocket server = run.server();
    server.setSoTimeout(SHORT);
    run.note("timeout", server::getSoTimeout);
    run.noteTimed("accept", SHORT, server::accept);
    run.noteTimed("accept again", SHORT, server::accept);
    run.note("closed", server::isClosed);
  }

  private static void acceptAfterTimeout(Run run) throws Exception {
    ServerSocket server = run.server();
    server.setSoTimeout(SHORT);
    run.noteTimed("accept", SHORT, server::accept);
    Socket client = run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    Socket accepted = run.closing(server.accept());
    run.note("same", () -> accepted.getPort() == client.getLocalPort());
    run.note("its own timeout", accepted::getSoTimeout);
  }

  /** A client that broke off before it was accepted is accepted all the same. */
  private static void acceptGone(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket client = run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    client.setSoLinger(true, 0);
    client.close();
    Socket accepted = run.closing(server.accept());
    run.note("connected", accepted::isConnected);
    run.note("read", () -> accepted.getInputStream().read());
  }

  private static void acceptTimeoutRange(Run run) throws Exception {
    ServerSocket server = run.server();
    run.note("negative", () -> server.setSoTimeout(-1));
    run.note("longest", () -> server.setSoTimeout(Integer.MAX_VALUE));
    run.note("is", server::getSoTimeout);
    run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    run.note("accept", () -> run.closing(server.accept()).isConnected());
  }
}
