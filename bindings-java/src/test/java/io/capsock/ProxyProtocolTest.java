package io.capsock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers behind a proxy, which tells its client's addresses in a header. */
class ProxyProtocolTest {
  /** 192.0.2.1:50000 to 198.51.100.2:443, over IPv4. */
  private static final String V2 =
      "\r\n\r\n"
          + "\0\r\n"
          + "QUIT\n"
          + "\u0021\u0011\0\u000C\u00C0\0\u0002\u0001\u00C63d\u0002\u00C3P\u0001\u00BB";

  private static final String LOCAL = "\r\n\r\n\0\r\nQUIT\n\u0020\0\0\0";

  private static final String V1 = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n";

  private static final InetSocketAddress SOURCE = new InetSocketAddress("192.0.2.1", 50000);
  private static final InetSocketAddress DESTINATION = new InetSocketAddress("198.51.100.2", 443);

  static List<Kind> kinds() {
    return Kind.withHandler();
  }

  private static Server start(Kind kind, LinkedBlockingQueue<RequestContext> contexts)
      throws IOException {
    return kind.server()
        .host("127.0.0.1")
        .proxyProtocol("::1, 127.0.0.0/8")
        .proxyHeaderTimeout(Wait.LIMIT)
        .handler(
            (request, context) -> {
              contexts.add(context);
              return request;
            })
        .start();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aHandlerKnowsTheClientOfTheProxy(Kind kind) throws Exception {
    LinkedBlockingQueue<RequestContext> contexts = new LinkedBlockingQueue<>();
    try (Server server = start(kind, contexts)) {
      for (String header : kind.tcp() ? List.of(V2, V1, LOCAL) : List.of(V2, LOCAL)) {
        InetSocketAddress own = ask(kind, server.address(), header);
        RequestContext context = contexts.remove();
        boolean told = !header.equals(LOCAL);
        assertEquals(own, context.peer());
        assertEquals(server.address(), context.local());
        assertEquals(Optional.of(SOURCE).filter(any -> told), context.proxiedSource());
        assertEquals(Optional.of(DESTINATION).filter(any -> told), context.proxiedDestination());
        assertEquals(told ? SOURCE : own, context.client());
        assertEquals(told, context.toString().endsWith(" for " + SOURCE + "]"));
      }
      assertEquals(0, server.stats().proxyHeadersRejected());
    }
  }

  /** Asks with a header before the request, and returns the client's own address. */
  private static InetSocketAddress ask(Kind kind, InetSocketAddress server, String header)
      throws IOException {
    byte[] request = (header + "hello\n").getBytes(ISO_8859_1);
    if (kind.tcp()) {
      try (java.net.Socket client = connect(server)) {
        client.getOutputStream().write(request);
        assertEquals("hello\n", new String(client.getInputStream().readNBytes(6), UTF_8));
        return (InetSocketAddress) client.getLocalSocketAddress();
      }
    }
    try (java.net.DatagramSocket client =
        new java.net.DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      client.setSoTimeout((int) Wait.LIMIT.toMillis());
      client.send(new java.net.DatagramPacket(request, request.length, server));
      java.net.DatagramPacket reply = new java.net.DatagramPacket(new byte[100], 100);
      client.receive(reply);
      assertEquals("hello\n", new String(reply.getData(), 0, reply.getLength(), UTF_8));
      return (InetSocketAddress) client.getLocalSocketAddress();
    }
  }

  private static java.net.Socket connect(InetSocketAddress server) throws IOException {
    java.net.Socket client = new java.net.Socket(server.getAddress(), server.getPort());
    client.setSoTimeout((int) Wait.LIMIT.toMillis());
    return client;
  }

  private static boolean isClosed(java.net.Socket client) throws IOException {
    try {
      return client.getInputStream().read() == -1;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Test
  void whatHasNoHeaderIsClosedAndCounted() throws Exception {
    ServerOptions options = Server.tcp().host("127.0.0.1").port(0).proxyProtocol("any");
    try (Server server = options.proxyHeaderTimeout(Duration.ofMillis(200)).start()) {
      for (String sent : List.of("hello\n", "PROXY TCP4 1.2.3.4\r\n", "PROXY UNK")) {
        try (java.net.Socket client = connect(server.address())) {
          client.getOutputStream().write(sent.getBytes(ISO_8859_1));
          assertTrue(isClosed(client), sent);
        }
      }
      assertEquals(3, server.stats().proxyHeadersRejected());
      try (java.net.Socket client = connect(server.address())) {
        client.getOutputStream().write("PROXY UNKNOWN\r\nhello".getBytes(ISO_8859_1));
        assertEquals("HELLO", new String(client.getInputStream().readNBytes(5), UTF_8));
      }
    }
    try (Server server = options.proxyProtocol("192.0.2.0/24").start();
        java.net.Socket client = connect(server.address())) {
      assertTrue(isClosed(client));
      assertEquals(1, server.stats().proxyHeadersRejected());
    }
  }

  @Test
  void anOptionThatIsNoListIsRefused() {
    ServerOptions options = Server.tcp().port(0).proxyProtocol("10.1.2.3/8");
    String message = assertThrows(IllegalArgumentException.class, options::start).getMessage();
    assertTrue(message.contains("write 10.0.0.0/8"), message);
    assertFalse(message.contains("\n"));
    assertThrows(NullPointerException.class, () -> options.proxyProtocol(null));
  }
}
