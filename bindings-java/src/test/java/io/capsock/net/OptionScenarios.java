package io.capsock.net;

import static io.capsock.net.Scenario.loopback;

import io.capsock.net.Scenario.Run;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** Socket options: which there are, their defaults, their ranges. */
final class OptionScenarios {
  static final List<Scenario> ALL =
      List.of(
          new Scenario("options of a new socket", run -> defaults(run, run.socket())),
          new Scenario("options of a connected socket", OptionScenarios::connected),
          new Scenario("old names of a socket's options", OptionScenarios::oldNames),
          new Scenario("flags of a socket", OptionScenarios::flags),
          new Scenario("linger", OptionScenarios::linger),
          new Scenario("traffic class", OptionScenarios::trafficClass),
          new Scenario("buffer sizes", OptionScenarios::buffers),
          new Scenario("keep-alive times", OptionScenarios::keepAlive),
          new Scenario("options of a server socket", OptionScenarios::serverDefaults),
          new Scenario("options set on a server socket", OptionScenarios::serverOptions),
          new Scenario("what an accepted socket inherits", OptionScenarios::inherited),
          new Scenario("options of a datagram socket", OptionScenarios::datagramDefaults),
          new Scenario("options set on a datagram socket", OptionScenarios::datagramOptions),
          new Scenario("options that are not there", OptionScenarios::unsupported),
          new Scenario("values of the wrong type", OptionScenarios::wrongType),
          new Scenario("options of closed sockets", OptionScenarios::closed),
          new Scenario("performance preferences", OptionScenarios::preferences));

  private OptionScenarios() {}

  private interface Getter {
    Object get(SocketOption<?> name) throws Exception;
  }

  private static List<SocketOption<?>> sorted(Set<SocketOption<?>> names) {
    return names.stream().sorted(Comparator.comparing(SocketOption::name)).toList();
  }

  private static void all(Run run, Set<SocketOption<?>> supported, Getter getter) {
    run.note("supported", () -> sorted(supported));
    for (SocketOption<?> name : sorted(supported)) {
      // Which queue of a network card a packet came through is the system's business.
      if (!name.name().equals("SO_INCOMING_NAPI_ID")) {
        run.note(name.name(), () -> getter.get(name));
      }
    }
  }

  private static void defaults(Run run, Socket socket) {
    all(run, socket.supportedOptions(), socket::getOption);
  }

  private static void connected(Run run) throws Exception {
    for (Socket end : run.connection()) {
      defaults(run, end);
    }
  }

  private static void oldNames(Run run) throws Exception {
    for (Socket socket : List.of(run.socket(), run.connection()[1])) {
      run.note("no delay", socket::getTcpNoDelay);
      run.note("linger", socket::getSoLinger);
      run.note("timeout", socket::getSoTimeout);
      run.note("send buffer", socket::getSendBufferSize);
      run.note("receive buffer", socket::getReceiveBufferSize);
      run.note("keep-alive", socket::getKeepAlive);
      run.note("traffic class", socket::getTrafficClass);
      run.note("reuse", socket::getReuseAddress);
      run.note("urgent inline", socket::getOOBInline);
    }
  }

  private static void flags(Run run) throws Exception {
    Socket socket = run.socket();
    List<SocketOption<Boolean>> names =
        List.of(
            StandardSocketOptions.TCP_NODELAY,
            StandardSocketOptions.SO_KEEPALIVE,
            StandardSocketOptions.SO_REUSEADDR,
            StandardSocketOptions.SO_REUSEPORT);
    for (SocketOption<Boolean> name : names) {
      for (boolean value : new boolean[] {true, false, true}) {
        run.note("itself", () -> socket.setOption(name, value) == socket);
        run.note(name.name(), () -> socket.getOption(name));
      }
    }
    socket.setTcpNoDelay(false);
    socket.setKeepAlive(false);
    socket.setReuseAddress(false);
    socket.setOOBInline(true);
    run.note("no delay", socket::getTcpNoDelay);
    run.note("keep-alive", socket::getKeepAlive);
    run.note("reuse", socket::getReuseAddress);
    run.note("urgent inline", socket::getOOBInline);
  }

  private static void linger(Run run) throws Exception {
    Socket socket = run.socket();
    for (int seconds : new int[] {0, 1, 65535, 65536, Integer.MAX_VALUE, -1}) {
      run.note("on", () -> socket.setSoLinger(true, seconds));
      run.note("is", socket::getSoLinger);
      run.note("option", () -> socket.setOption(StandardSocketOptions.SO_LINGER, seconds));
      run.note("is", () -> socket.getOption(StandardSocketOptions.SO_LINGER));
    }
    run.note("off", () -> socket.setSoLinger(false, 5));
    run.note("is", socket::getSoLinger);
  }

  private static void trafficClass(Run run) throws Exception {
    Socket socket = run.socket();
    for (int value : new int[] {0, 1, 8, 0xfc, 255, 256, -1}) {
      run.note("set", () -> socket.setTrafficClass(value));
      run.note("is", socket::getTrafficClass);
      run.note("option", () -> socket.setOption(StandardSocketOptions.IP_TOS, value));
      run.note("is", () -> socket.getOption(StandardSocketOptions.IP_TOS));
    }
  }

  private static void buffers(Run run) throws Exception {
    Socket socket = run.socket();
    for (int size : new int[] {1, 1000, 4096, 100_000, 0, -1}) {
      run.note("send", () -> socket.setSendBufferSize(size));
      run.note("is", socket::getSendBufferSize);
      run.note("receive", () -> socket.setReceiveBufferSize(size));
      run.note("is", socket::getReceiveBufferSize);
      run.note("option", () -> socket.setOption(StandardSocketOptions.SO_RCVBUF, size));
      run.note("is", () -> socket.getOption(StandardSocketOptions.SO_RCVBUF));
    }
  }

  @SuppressWarnings("unchecked") // each of them is a number
  private static void keepAlive(Run run) throws Exception {
    Socket socket = run.socket();
    for (SocketOption<?> name : sorted(socket.supportedOptions())) {
      if (name.name().startsWith("TCP_KEEP")) {
        SocketOption<Integer> number = (SocketOption<Integer>) name;
        for (int value : new int[] {1, 100, 0, -1}) {
          run.note(name.name(), () -> socket.setOption(number, value) == socket);
          run.note("is", () -> socket.getOption(number));
        }
      }
    }
  }

  private static void serverDefaults(Run run) throws Exception {
    for (ServerSocket server : List.of(run.closing(run.sockets.server()), run.server())) {
      all(run, server.supportedOptions(), server::getOption);
      run.note("timeout", server::getSoTimeout);
      run.note("buffer", server::getReceiveBufferSize);
      run.note("reuse", server::getReuseAddress);
    }
  }

  private static void serverOptions(Run run) throws Exception {
    ServerSocket server = run.closing(run.sockets.server());
    run.note("buffer", () -> server.setReceiveBufferSize(8192));
    run.note("is", server::getReceiveBufferSize);
    run.note("none", () -> server.setReceiveBufferSize(0));
    run.note("reuse", () -> server.setReuseAddress(false));
    run.note("is", server::getReuseAddress);
    run.note("port", () -> server.setOption(StandardSocketOptions.SO_REUSEPORT, true) == server);
    run.note("is", () -> server.getOption(StandardSocketOptions.SO_REUSEPORT));
    run.note("linger", () -> server.setOption(StandardSocketOptions.SO_LINGER, 1));
    run.note("null", () -> server.setOption(null, 1));
    run.note("get null", () -> server.getOption(null));
  }

  private static void inherited(Run run) throws Exception {
    ServerSocket server = run.closing(run.sockets.server());
    server.setReceiveBufferSize(20_000);
    server.setOption(StandardSocketOptions.IP_TOS, 8);
    server.bind(new java.net.InetSocketAddress(loopback(), 0));
    run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    Socket accepted = run.closing(server.accept());
    defaults(run, accepted);
  }

  private static void datagramDefaults(Run run) throws Exception {
    for (DatagramSocket socket : List.of(run.datagrams(), run.closing(run.sockets.datagrams()))) {
      all(run, socket.supportedOptions(), socket::getOption);
      run.note("timeout", socket::getSoTimeout);
      run.note("send buffer", socket::getSendBufferSize);
      run.note("receive buffer", socket::getReceiveBufferSize);
      run.note("broadcast", socket::getBroadcast);
      run.note("reuse", socket::getReuseAddress);
      run.note("traffic class", socket::getTrafficClass);
    }
  }

  private static void datagramOptions(Run run) throws Exception {
    DatagramSocket socket = run.datagrams();
    for (int value : new int[] {1, 5000, 0, -1, 255, 256}) {
      run.note("send buffer", () -> socket.setSendBufferSize(value));
      run.note("is", socket::getSendBufferSize);
      run.note("receive buffer", () -> socket.setReceiveBufferSize(value));
      run.note("is", socket::getReceiveBufferSize);
      run.note("traffic class", () -> socket.setTrafficClass(value));
      run.note("is", socket::getTrafficClass);
      run.note("timeout", () -> socket.setSoTimeout(value));
      run.note("is", socket::getSoTimeout);
      run.note(
          "ttl", () -> socket.setOption(StandardSocketOptions.IP_MULTICAST_TTL, value) == socket);
      run.note("is", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
    }
    for (boolean value : new boolean[] {true, false}) {
      socket.setBroadcast(value);
      run.note("broadcast", socket::getBroadcast);
      socket.setReuseAddress(value);
      run.note("reuse", socket::getReuseAddress);
      socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, value);
      run.note("loop", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_LOOP));
    }
  }

  private static void unsupported(Run run) throws Exception {
    SocketOption<Integer> unknown =
        new SocketOption<>() {
          @Override
          public String name() {
            return "UNKNOWN";
          }

          @Override
          public Class<Integer> type() {
            return Integer.class;
          }

          @Override
          public String toString() {
            return name();
          }
        };
    Socket socket = run.socket();
    DatagramSocket datagrams = run.datagrams();
    run.note("get", () -> socket.getOption(unknown));
    run.note("set", () -> socket.setOption(unknown, 1));
    run.note("null", () -> socket.getOption(null));
    run.note("set null", () -> socket.setOption(null, 1));
    run.note("broadcast", () -> socket.getOption(StandardSocketOptions.SO_BROADCAST));
    run.note("of datagrams", () -> datagrams.getOption(unknown));
    run.note("set", () -> datagrams.setOption(unknown, 1));
    run.note("null", () -> datagrams.getOption(null));
    run.note("set null", () -> datagrams.setOption(null, 1));
    run.note("no delay", () -> datagrams.getOption(StandardSocketOptions.TCP_NODELAY));
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // the point of it
  private static void wrongType(Run run) throws Exception {
    SocketOption name = StandardSocketOptions.SO_RCVBUF;
    Socket socket = run.socket();
    DatagramSocket datagrams = run.datagrams();
    for (Object value : new Object[] {"text", 1L, true}) {
      run.note("socket", () -> socket.setOption(name, value));
      run.note("datagrams", () -> datagrams.setOption(name, value));
    }
    run.note("null", () -> socket.setOption(name, null));
    run.note("null", () -> datagrams.setOption(name, null));
  }

  private static void closed(Run run) throws Exception {
    Socket socket = run.socket();
    ServerSocket server = run.server();
    DatagramSocket datagrams = run.datagrams();
    socket.close();
    server.close();
    datagrams.close();
    SocketOption<Integer> name = StandardSocketOptions.SO_RCVBUF;
    run.note("socket", () -> socket.getOption(name));
    run.note("set", () -> socket.setOption(name, 4096));
    run.note("server", () -> server.getOption(name));
    run.note("set", () -> server.setOption(name, 4096));
    run.note("datagrams", () -> datagrams.getOption(name));
    run.note("set", () -> datagrams.setOption(name, 4096));
    run.note("old name", datagrams::getReceiveBufferSize);
    run.note("set old name", () -> datagrams.setBroadcast(true));
    run.note("supported", () -> datagrams.supportedOptions().isEmpty());
  }

  private static void preferences(Run run) throws Exception {
    Socket socket = run.socket();
    run.note("socket", () -> socket.setPerformancePreferences(1, 2, 3));
    ServerSocket server = run.server();
    run.note("server", () -> server.setPerformancePreferences(1, 2, 3));
  }
}
