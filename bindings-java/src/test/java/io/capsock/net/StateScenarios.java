package io.capsock.net;

import static io.capsock.net.Scenario.loopback;

import io.capsock.net.Scenario.Run;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.List;

/** What TCP sockets say of themselves, and how they are bound. */
final class StateScenarios {
  static final List<Scenario> ALL =
      List.of(
          new Scenario("a new socket", run -> state(run, run.socket())),
          new Scenario("a socket that was closed at once", StateScenarios::closedAtOnce),
          new Scenario("both ends of a connection", StateScenarios::connected),
          new Scenario("both ends of a closed connection", StateScenarios::closedConnection),
          new Scenario("a bound socket", StateScenarios::bound),
          new Scenario("binding to what cannot be", StateScenarios::impossibleBinds),
          new Scenario("a new server socket", run -> state(run, run.closing(run.sockets.server()))),
          new Scenario("a bound server socket", StateScenarios::boundServer),
          new Scenario("a closed server socket", StateScenarios::closedServer),
          new Scenario("server ports out of range", StateScenarios::serverPorts),
          new Scenario("a port that another has", StateScenarios::takenPort),
          new Scenario("a port again at once", StateScenarios::portAgain),
          new Scenario("backlogs", StateScenarios::backlogs),
          new Scenario("binding a server twice and to nothing", StateScenarios::serverBinds),
          new Scenario("a server on every address", StateScenarios::everyAddress),
          new Scenario("a server on IPv6 alone", StateScenarios::ipv6Alone),
          new Scenario("an IPv6 scope", StateScenarios::scope),
          new Scenario("link-local addresses", StateScenarios::linkLocal));

  private StateScenarios() {}

  static void state(Run run, Socket socket) {
    run.note("bound", socket::isBound);
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
    run.note("input shut", socket::isInputShutdown);
    run.note("output shut", socket::isOutputShutdown);
    run.note("has a port", () -> socket.getPort() > 0);
    run.note("local port", () -> Math.min(socket.getLocalPort(), 1));
    run.note("peer", socket::getInetAddress);
    run.note("local address", socket::getLocalAddress);
    run.note("remote", () -> withoutPort(socket.getRemoteSocketAddress()));
    run.note("local", () -> withoutPort(socket.getLocalSocketAddress()));
    run.note("channel", socket::getChannel);
    run.note("text", () -> socket.toString().replaceAll("\\d{4,}", "#"));
  }

  static void state(Run run, ServerSocket server) {
    run.note("bound", server::isBound);
    run.note("closed", server::isClosed);
    run.note("local port", () -> Math.min(server.getLocalPort(), 1));
    run.note("address", server::getInetAddress);
    run.note("local", () -> withoutPort(server.getLocalSocketAddress()));
    run.note("channel", server::getChannel);
    run.note("text", () -> server.toString().replaceAll("\\d{4,}", "#"));
    run.note("timeout", server::getSoTimeout);
    run.note("reuse", server::getReuseAddress);
  }

  static String withoutPort(SocketAddress address) {
    return String.valueOf(address).replaceAll(":\\d+$", "");
  }

  private static void closedAtOnce(Run run) throws Exception {
    Socket socket = run.socket();
    socket.close();
    state(run, socket);
    run.note("closing again", socket::close);
    run.note("binding", () -> socket.bind(null));
  }

  private static void connected(Run run) throws Exception {
    Socket[] ends = run.connection();
    for (Socket end : ends) {
      state(run, end);
    }
    run.note("ports", () -> ends[0].getPort() == ends[1].getLocalPort());
    run.note("ports back", () -> ends[1].getPort() == ends[0].getLocalPort());
  }

  private static void closedConnection(Run run) throws Exception {
    for (Socket end : run.connection()) {
      end.close();
      state(run, end);
    }
  }

  private static void bound(Run run) throws Exception {
    Socket socket = run.socket();
    run.note("bind", () -> socket.bind(new InetSocketAddress(loopback(), 0)));
    state(run, socket);
    run.note("again", () -> socket.bind(null));
    Socket any = run.socket();
    run.note("bind to null", () -> any.bind(null));
    state(run, any);
  }

  private static void impossibleBinds(Run run) throws Exception {
    SocketAddress[] addresses = {
      InetSocketAddress.createUnresolved("localhost", 0),
      new InetSocketAddress("192.0.2.1", 0),
      new InetSocketAddress("2001:db8::1", 0),
      new SocketAddress() {}
    };
    for (SocketAddress address : addresses) {
      Socket socket = run.socket();
      run.note("bind", () -> socket.bind(address));
      run.note("bound", socket::isBound);
      run.note("closed", socket::isClosed);
      ServerSocket server = run.closing(run.sockets.server());
      run.note("bind a server", () -> server.bind(address));
      run.note("bound", server::isBound);
      run.note("closed", server::isClosed);
    }
  }

  private static void boundServer(Run run) throws Exception {
    ServerSocket server = run.server();
    state(run, server);
    run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    Socket accepted = run.closing(server.accept());
    run.note("same port", () -> accepted.getLocalPort() == server.getLocalPort());
  }

  private static void closedServer(Run run) throws Exception {
    ServerSocket server = run.server();
    server.close();
    state(run, server);
    run.note("again", server::close);
    run.note("accept", server::accept);
    run.note("bind", () -> server.bind(null));
    run.note("set timeout", () -> server.setSoTimeout(1));
    run.note("set buffer", () -> server.setReceiveBufferSize(4096));
    run.note("buffer", server::getReceiveBufferSize);
    run.note("set reuse", () -> server.setReuseAddress(true));
    run.note("options", () -> server.supportedOptions().isEmpty());
    ServerSocket unbound = run.closing(run.sockets.server());
    run.note("accept unbound", unbound::accept);
    unbound.close();
    state(run, unbound);
  }

  private static void serverPorts(Run run) {
    for (int port : new int[] {-1, 65536, Integer.MIN_VALUE}) {
      run.note("server", () -> run.closing(run.sockets.server(port)));
    }
  }

  private static void takenPort(Run run) throws Exception {
    int taken = run.server().getLocalPort();
    run.note("server", () -> run.closing(run.sockets.server(taken, 1, loopback())));
    ServerSocket later = run.closing(run.sockets.server());
    run.note("bind", () -> later.bind(new InetSocketAddress(loopback(), taken)));
    run.note("closed", later::isClosed);
    run.note("bind elsewhere", () -> later.bind(new InetSocketAddress(loopback(), 0)));
    Socket socket = run.socket();
    run.note("socket", () -> socket.bind(new InetSocketAddress(loopback(), taken)));
  }

  /** The server ends the connection, so that its port is in TIME_WAIT. */
  private static void portAgain(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket client = run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    Socket accepted = run.closing(server.accept());
    int port = server.getLocalPort();
    accepted.close();
    run.note("end", () -> client.getInputStream().read());
    client.close();
    server.close();
    run.note("again", () -> run.closing(run.sockets.server(port, 1, loopback())).isBound());
  }

  private static void backlogs(Run run) {
    for (int backlog : new int[] {-1, 0, 1, Integer.MAX_VALUE}) {
      run.note("backlog", () -> run.closing(run.sockets.server(0, backlog)).isBound());
    }
  }

  private static void serverBinds(Run run) throws Exception {
    ServerSocket server = run.closing(run.sockets.server());
    run.note("bind to null", () -> server.bind(null));
    run.note("again", () -> server.bind(null));
    state(run, server);
  }

  private static void everyAddress(Run run) throws Exception {
    ServerSocket server = run.closing(run.sockets.server(0));
    state(run, server);
    for (String host : new String[] {"127.0.0.1", "::1", "0.0.0.0", null}) {
      run.note(
          "connect to " + host,
          () -> {
            Socket client = run.closing(run.sockets.socket(host, server.getLocalPort()));
            Socket accepted = run.closing(server.accept());
            return accepted.getInetAddress()
                + " "
                + accepted.getLocalAddress()
                + " "
                + client.getLocalAddress();
          });
    }
  }

  private static void ipv6Alone(Run run) throws Exception {
    ServerSocket server = run.closing(run.sockets.server());
    run.note("bind", () -> server.bind(new InetSocketAddress("::1", 0)));
    if (server.isBound()) {
      run.note(
          "IPv6", () -> run.closing(run.sockets.socket("::1", server.getLocalPort())).isBound());
      run.note("IPv4", () -> run.closing(run.sockets.socket("127.0.0.1", server.getLocalPort())));
      run.note("from", () -> run.closing(server.accept()).getInetAddress());
    }
  }

  private static void scope(Run run) throws Exception {
    byte[] bytes = InetAddress.getByName("::1").getAddress();
    InetAddress scoped = Inet6Address.getByAddress(null, bytes, 1);
    ServerSocket server = run.closing(run.sockets.server());
    run.note("bind", () -> server.bind(new InetSocketAddress(scoped, 0)));
    run.note("address", server::getInetAddress);
    if (server.isBound()) {
      Socket client = run.socket();
      run.note(
          "connect", () -> client.connect(new InetSocketAddress(scoped, server.getLocalPort())));
      run.note("peer", client::getInetAddress);
      run.note("local", client::getLocalAddress);
      run.note("accepted", () -> run.closing(server.accept()).getInetAddress());
    }
  }

  /** With its scope, and without, for this machine has each address once. */
  private static void linkLocal(Run run) throws Exception {
    List<InetAddress> addresses = linkLocalAddresses();
    run.note("how many", addresses::size);
    for (InetAddress address : addresses) {
      InetAddress bare = Inet6Address.getByAddress(null, address.getAddress(), -1);
      for (InetAddress host : List.of(address, bare)) {
        ServerSocket server = run.closing(run.sockets.server());
        run.note("bind", () -> server.bind(new InetSocketAddress(host, 0)));
        Socket client = run.socket();
        run.note(
            "connect", () -> client.connect(new InetSocketAddress(host, server.getLocalPort())));
        run.note("peer", client::getInetAddress);
        run.note("local", client::getLocalAddress);
        run.note("accepted", () -> run.closing(server.accept()).getInetAddress());
      }
    }
  }

  private static List<InetAddress> linkLocalAddresses() throws SocketException {
    return java.net.NetworkInterface.networkInterfaces()
        .flatMap(java.net.NetworkInterface::inetAddresses)
        .filter(address -> address instanceof Inet6Address && address.isLinkLocalAddress())
        .toList();
  }
}
