package io.capsock.net;

import static io.capsock.net.Scenario.loopback;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.capsock.net.Scenario.Run;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.List;

/** Connecting through a proxy, which answers for the server itself: it sends back what it gets. */
final class ProxyScenarios {
  private static final int SHORT = 60;

  /** An address of nobody (RFC 5737): the proxy alone is ever connected to. */
  private static final String SOMEWHERE = "192.0.2.7";

  static final List<Scenario> ALL =
      List.of(
          new Scenario("proxies that are none", ProxyScenarios::none),
          new Scenario("through SOCKS", run -> through(run, Proxy.Type.SOCKS)),
          new Scenario("through HTTP", run -> through(run, Proxy.Type.HTTP)),
          new Scenario("a name through SOCKS", run -> name(run, Proxy.Type.SOCKS)),
          new Scenario("a name through HTTP", run -> name(run, Proxy.Type.HTTP)),
          new Scenario("a SOCKS proxy that refuses", run -> refused(run, Proxy.Type.SOCKS)),
          new Scenario("a HTTP proxy that refuses", run -> refused(run, Proxy.Type.HTTP)),
          new Scenario("a SOCKS proxy that is not there", run -> absent(run, Proxy.Type.SOCKS)),
          new Scenario("a HTTP proxy that is not there", run -> absent(run, Proxy.Type.HTTP)),
          new Scenario("a SOCKS proxy that is silent", run -> silent(run, Proxy.Type.SOCKS)),
          new Scenario("options of a socket with a proxy", ProxyScenarios::options));

  private ProxyScenarios() {}

  private static void none(Run run) throws Exception {
    run.note("null", () -> run.sockets.socket((Proxy) null));
    Socket direct = run.closing(run.sockets.socket(Proxy.NO_PROXY));
    run.note("connect", () -> direct.connect(run.server().getLocalSocketAddress()));
    run.note("connected", direct::isConnected);
  }

  /** A proxy that serves one client. */
  private static Proxy proxy(Run run, Proxy.Type type, boolean willing) throws IOException {
    ServerSocket server = run.closing(new ServerSocket(0, 5, loopback()));
    run.start(
        () -> {
          try (Socket client = server.accept()) {
            boolean served =
                type == Proxy.Type.SOCKS ? socks(client, willing) : http(client, willing);
            if (served) {
              client.getInputStream().transferTo(client.getOutputStream());
            }
          }
          return null;
        });
    return new Proxy(type, server.getLocalSocketAddress());
  }

  /** RFC 1928. */
  private static boolean socks(Socket client, boolean willing) throws IOException {
    InputStream input = client.getInputStream();
    OutputStream output = client.getOutputStream();
    input.read();
    input.readNBytes(input.read());
    output.write(new byte[] {5, 0});
    byte[] request = input.readNBytes(4);
    input.readNBytes((request[3] == 1 ? 4 : input.read()) + 2);
    output.write(new byte[] {5, (byte) (willing ? 0 : 5), 0, 1, 127, 0, 0, 1, 0, 80});
    return willing;
  }

  private static boolean http(Socket client, boolean willing) throws IOException {
    StringBuilder request = new StringBuilder();
    while (request.indexOf("\r\n\r\n") < 0) {
      request.append((char) client.getInputStream().read());
    }
    String status = willing ? "200 Connection established" : "403 Forbidden";
    String reply = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    client
        .getOutputStream()
        .write((willing ? reply.replaceAll("Content.*\r\n", "") : reply).getBytes(ISO_8859_1));
    return willing && request.toString().startsWith("CONNECT ");
  }

  private static void through(Run run, Proxy.Type type) throws Exception {
    Socket socket = run.closing(run.sockets.socket(proxy(run, type, true)));
    StateScenarios.state(run, socket);
    run.note("connect", () -> socket.connect(new InetSocketAddress(SOMEWHERE, 80)));
    StateScenarios.state(run, socket);
    run.note("again", () -> socket.connect(new InetSocketAddress(SOMEWHERE, 80)));
    OutputStream output = socket.getOutputStream();
    InputStream input = socket.getInputStream();
    output.write("hello".getBytes());
    run.note("back", () -> new String(input.readNBytes(5)));
    run.note("available", input::available);
    socket.setSoTimeout(SHORT);
    run.noteTimed("timeout", SHORT, input::read);
    socket.setSoTimeout(0);
    output.write("last".getBytes());
    run.note("shut down", socket::shutdownOutput);
    run.note("is", socket::isOutputShutdown);
    run.note("write", () -> output.write(1));
    run.note("rest", () -> new String(input.readAllBytes()));
    run.note("shut down", socket::shutdownInput);
    run.note("read", () -> input.read());
    run.note("close", input::close);
    StateScenarios.state(run, socket);
    run.note("read", () -> input.read());
  }

  private static void name(Run run, Proxy.Type type) throws Exception {
    Socket socket = run.closing(run.sockets.socket(proxy(run, type, true)));
    run.note(
        "connect", () -> socket.connect(InetSocketAddress.createUnresolved("host.invalid", 80)));
    run.note("peer", () -> String.valueOf(socket.getInetAddress()));
    socket.getOutputStream().write(7);
    run.note("back", () -> socket.getInputStream().read());
  }

  private static void refused(Run run, Proxy.Type type) throws Exception {
    Socket socket = run.closing(run.sockets.socket(proxy(run, type, false)));
    run.note("connect", () -> socket.connect(new InetSocketAddress(SOMEWHERE, 80)));
    run.note("connected", socket::isConnected);
    run.note("closed", socket::isClosed);
  }

  private static void absent(Run run, Proxy.Type type) throws Exception {
    Socket holder = run.socket();
    holder.bind(new InetSocketAddress(loopback(), 0));
    Proxy proxy = new Proxy(type, holder.getLocalSocketAddress());
    Socket socket = run.closing(run.sockets.socket(proxy));
    run.note("connect", () -> socket.connect(new InetSocketAddress(SOMEWHERE, 80)));
    run.note("closed", socket::isClosed);
  }

  private static void silent(Run run, Proxy.Type type) throws Exception {
    ServerSocket server = run.closing(new ServerSocket(0, 5, loopback()));
    Socket socket =
        run.closing(run.sockets.socket(new Proxy(type, server.getLocalSocketAddress())));
    run.noteTimed(
        "connect",
        SHORT,
        () -> {
          socket.connect(new InetSocketAddress(SOMEWHERE, 80), SHORT);
          return null;
        });
    run.note("closed", socket::isClosed);
  }

  private static void options(Run run) throws Exception {
    Socket socket = run.closing(run.sockets.socket(proxy(run, Proxy.Type.SOCKS, true)));
    run.note("bind", () -> socket.bind(new InetSocketAddress(loopback(), 0)));
    run.note("local", socket::getLocalAddress);
    run.note("bound", socket::isBound);
    run.note(
        "supported", () -> socket.supportedOptions().contains(StandardSocketOptions.SO_LINGER));
    run.note("connect", () -> socket.connect(new InetSocketAddress(SOMEWHERE, 80), 10_000));
    InetAddress own = socket.getLocalAddress();
    run.note("local", () -> own);
    run.note("no delay", () -> socket.setTcpNoDelay(true));
    run.note("is", socket::getTcpNoDelay);
    run.note("linger", socket::getSoLinger);
    run.note("set linger", () -> socket.setSoLinger(true, 3));
    run.note("is", socket::getSoLinger);
    run.note("no linger", () -> socket.setSoLinger(false, 3));
    run.note("is", socket::getSoLinger);
    run.note("timeout", () -> socket.setSoTimeout(7));
    run.note("is", socket::getSoTimeout);
    run.note("traffic class", () -> socket.setTrafficClass(8));
    run.note("is", socket::getTrafficClass);
    run.note("keep alive", () -> socket.setKeepAlive(true));
    run.note("is", socket::getKeepAlive);
    run.note("reuse", () -> socket.setReuseAddress(true));
    run.note("is", socket::getReuseAddress);
    run.note("urgent inline", () -> socket.setOOBInline(true));
    run.note("is", socket::getOOBInline);
    run.note("urgent", () -> socket.sendUrgentData(1));
    run.note("send buffer", () -> socket.setSendBufferSize(10_000));
    run.note("is", () -> socket.getSendBufferSize() >= 10_000);
    run.note("receive buffer", () -> socket.setReceiveBufferSize(10_000));
    run.note("is", () -> socket.getReceiveBufferSize() >= 10_000);
    run.note(
        "by name", () -> socket.setOption(StandardSocketOptions.SO_KEEPALIVE, false) == socket);
    run.note("is", () -> socket.getOption(StandardSocketOptions.SO_KEEPALIVE));
    run.note("not one", () -> socket.getOption(StandardSocketOptions.IP_MULTICAST_TTL));
    socket.close();
    run.note("closed", socket::getTcpNoDelay);
    run.note("by name", () -> socket.getOption(StandardSocketOptions.SO_KEEPALIVE));
  }
}
