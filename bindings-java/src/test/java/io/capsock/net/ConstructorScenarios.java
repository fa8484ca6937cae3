package io.capsock.net;

import static io.capsock.net.DatagramScenarios.receive;
import static io.capsock.net.Scenario.loopback;
import static io.capsock.net.Scenario.packet;
import static io.capsock.net.Scenario.text;

import io.capsock.net.Scenario.Run;
import java.net.DatagramSocket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.List;

/** The constructors that old programs and subclasses call. */
final class ConstructorScenarios {
  static final List<Scenario> ALL =
      List.of(
          new Scenario("a socket that is to be a stream", ConstructorScenarios::stream),
          new Scenario("a SocketImpl of one's own", ConstructorScenarios::socketImpl),
          new Scenario("a server's SocketImpl of one's own", ConstructorScenarios::serverImpl),
          new Scenario("a DatagramSocketImpl of one's own", ConstructorScenarios::datagramImpl),
          new Scenario("implementations that are null", ConstructorScenarios::nulls));

  private ConstructorScenarios() {}

  private static void stream(Run run) throws Exception {
    ServerSocket server = run.server();
    int port = server.getLocalPort();
    List<Scenario.Step> steps =
        List.of(
            () -> run.sockets.socket("localhost", port, true),
            () -> run.sockets.socket((String) null, port, true),
            () -> run.sockets.socket(loopback(), port, true));
    for (Scenario.Step step : steps) {
      Socket socket = run.closing((Socket) step.take());
      run.note("peer", socket::getInetAddress);
      run.note("local", socket::getLocalAddress);
      run.note("bound", socket::isBound);
      Socket accepted = run.closing(server.accept());
      socket.getOutputStream().write(7);
      run.note("received", () -> accepted.getInputStream().read());
    }
    run.note("null", () -> run.sockets.socket((InetAddress) null, port, true));
    run.note("no port", () -> run.sockets.socket("localhost", 65536, true));
    run.note("no port", () -> run.sockets.socket(loopback(), -1, true));
    // Before, it is a datagram socket.
    if (Runtime.version().feature() >= 24) {
      run.note("no stream", () -> run.sockets.socket("localhost", port, false));
      run.note("no stream", () -> run.sockets.socket(loopback(), port, false));
    }
  }

  private static void socketImpl(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket socket = run.closing(run.sockets.socket(Factories.sockets().createSocketImpl()));
    StateScenarios.state(run, socket);
    run.note("connect", () -> socket.connect(server.getLocalSocketAddress()));
    StateScenarios.state(run, socket);
    Socket accepted = run.closing(server.accept());
    socket.getOutputStream().write(7);
    run.note("received", () -> accepted.getInputStream().read());
    run.note("no delay", socket::getTcpNoDelay);
    socket.close();
    StateScenarios.state(run, socket);
  }

  /** There is nothing that it could accept with. */
  private static void serverImpl(Run run) throws Exception {
    ServerSocket server =
        run.closing(run.sockets.server(Factories.serverSockets().createSocketImpl()));
    run.note("accept", server::accept);
    run.note("bind", () -> server.bind(new InetSocketAddress(loopback(), 0)));
    run.note("bound", server::isBound);
    run.note("address", server::getInetAddress);
    run.note("accept", server::accept);
    server.close();
    run.note("accept", server::accept);
  }

  private static void datagramImpl(Run run) throws Exception {
    DatagramSocketImpl impl = Factories.datagramSockets().createDatagramSocketImpl();
    DatagramSocket socket = run.closing(run.sockets.datagrams(impl));
    DatagramSocket peer = run.datagrams();
    DatagramScenarios.state(run, socket);
    run.note("bind", () -> socket.bind(new InetSocketAddress(loopback(), 0)));
    DatagramScenarios.state(run, socket);
    run.note("send", () -> socket.send(packet("hello", peer)));
    run.note("there", () -> text(receive(peer, 10)));
    run.note("connect", () -> socket.connect(peer.getLocalSocketAddress()));
    peer.send(packet("back", socket));
    run.note("receive", () -> text(receive(socket, 10)));
    run.note("disconnect", socket::disconnect);
    run.note("option", () -> socket.setOption(StandardSocketOptions.SO_BROADCAST, true) == socket);
    run.note("is", () -> socket.getOption(StandardSocketOptions.SO_BROADCAST));
    run.note("timeout", () -> socket.setSoTimeout(1));
    run.note("late", () -> receive(socket, 10));
    socket.close();
    DatagramScenarios.state(run, socket);
    run.note("send", () -> socket.send(packet("hello", peer)));
  }

  private static void nulls(Run run) {
    run.note("socket", () -> run.sockets.socket((java.net.SocketImpl) null).isConnected());
    run.note("server", () -> run.sockets.server((java.net.SocketImpl) null));
    run.note("datagrams", () -> run.sockets.datagrams((DatagramSocketImpl) null));
  }
}
