package io.capsock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ClientTest {
  private static final String HOST = "127.0.0.1";
  private static final byte[] NOT_UTF8 = {(byte) 0xff, 'a'};

  private static ServerOptions tcp() {
    return Server.tcp().host(HOST).port(0).framing(Framing.LINE);
  }

  private static ServerOptions udp() {
    return Server.udp().host(HOST).port(0);
  }

  @Test
  void bytes() throws Exception {
    try (Server server = tcp().start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertArrayEquals(new byte[] {(byte) 0xff, 'A'}, client.request(NOT_UTF8));
      assertArrayEquals(new byte[0], client.request(new byte[0]));
    }
    try (Server server = udp().start();
        UdpClient client = new UdpClient(HOST, server.port())) {
      assertArrayEquals(new byte[] {(byte) 0xff, 'A'}, client.request(NOT_UTF8));
      assertArrayEquals(new byte[0], client.request(new byte[0]));
    }
  }

  @Test
  void theEndsKnowTheirAddresses() throws Exception {
    try (Server server = tcp().start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertEquals(server.address(), client.peerAddress());
      assertEquals(HOST, client.localAddress().getAddress().getHostAddress());
      assertNotEquals(0, client.localAddress().getPort());
    }
    try (Server server = udp().start();
        UdpClient client = new UdpClient(HOST, server.port())) {
      assertEquals(server.address(), client.peerAddress());
      client.request("x");
      assertNotEquals(0, client.localAddress().getPort());
    }
  }

  @Test
  void aReplyThatIsNotUtf8() throws Exception {
    Handler handler = request -> new byte[] {(byte) 0xff};
    try (Server server = tcp().handler(handler).start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertThrows(CharacterCodingException.class, () -> client.request("a"));
      assertArrayEquals(new byte[] {(byte) 0xff}, client.request(new byte[] {'a'}));
    }
    try (Server server = udp().handler(handler).start();
        UdpClient client = new UdpClient(HOST, server.port())) {
      assertThrows(CharacterCodingException.class, () -> client.request("a"));
    }
  }

  @Test
  void aLineHasNoNewline() throws Exception {
    try (Server server = tcp().start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertThrows(IllegalArgumentException.class, () -> client.request("a\nb"));
      assertThrows(IllegalArgumentException.class, () -> client.request(new byte[] {'\n'}));
      assertEquals("A", client.request("a"), "it can still be used");
    }
  }

  @Test
  void aTextForADatagram() throws Exception {
    try (Server server = udp().start();
        UdpClient client = new UdpClient(HOST, server.port())) {
      assertEquals("X".repeat(65_507), client.request("x".repeat(65_507)));
      assertThrows(SocketException.class, () -> client.request("x".repeat(65_508)));
      assertThrows(SocketException.class, () -> client.request(new byte[10_000_000]));
      assertEquals("A", client.request("a"), "it can still be used");
      assertEquals(2, server.stats().datagramsReceived(), "nothing was sent of what is too large");
    }
  }

  @Test
  void aReplyOverTheLimit() throws Exception {
    try (Server server = tcp().start();
        TcpClient client =
            new TcpClient(HOST, server.port(), new TcpClientOptions().maxReply(10))) {
      assertEquals("A", client.request("a"));
      assertThrows(SocketException.class, () -> client.request("a".repeat(100)));
    }
  }

  interface Attempt {
    void make(int port) throws IOException;
  }

  static Stream<Arguments> attempts() {
    return Stream.of(
        Arguments.of("tcp", (Attempt) port -> new TcpClient(HOST, port).close()),
        Arguments.of(
            "udp",
            (Attempt)
                port -> {
                  try (UdpClient client = new UdpClient(HOST, port)) {
                    client.request("a");
                  }
                }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("attempts")
  void nothingListens(String transport, Attempt attempt) throws Exception {
    int port;
    // Bound and closed just now: nothing has that port.
    try (DatagramSocket probe = new DatagramSocket(new InetSocketAddress(HOST, 0))) {
      port = probe.getLocalPort();
    }
    ConnectException error =
        assertThrows(ConnectException.class, () -> attempt.make(port), transport);
    assertTrue(error.getMessage().contains(HOST + ":" + port), error.getMessage());
  }

  @Test
  void hostsAndPortsThatAreNone() {
    for (String host : List.of("no.such.invalid", "256.256.256.256", "a b", "x".repeat(5000))) {
      assertThrows(UnknownHostException.class, () -> new TcpClient(host, 1), host);
      assertThrows(UnknownHostException.class, () -> new UdpClient(host, 1), host);
    }
    for (int port : List.of(0, -1, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE)) {
      assertThrows(IllegalArgumentException.class, () -> new TcpClient(HOST, port));
      assertThrows(IllegalArgumentException.class, () -> new UdpClient(HOST, port));
    }
    assertThrows(Exception.class, () -> new TcpClient("a\0b", 1));
    assertThrows(NullPointerException.class, () -> new TcpClient(null, 1));
    assertThrows(NullPointerException.class, () -> new UdpClient(null, 1));
    assertThrows(NullPointerException.class, () -> new TcpClient(HOST, 1, null));
    assertThrows(NullPointerException.class, () -> new UdpClient(HOST, 1, null));
    assertThrows(IllegalArgumentException.class, () -> new TcpClient("\uDE00", 1));
  }

  @Test
  void optionsThatMakeNoSense() {
    Duration negative = Duration.ofMillis(-1);
    for (TcpClientOptions options :
        List.of(
            new TcpClientOptions().timeout(negative),
            new TcpClientOptions().connectTimeout(negative),
            new TcpClientOptions().maxReply(-1))) {
      assertThrows(IllegalArgumentException.class, () -> new TcpClient(HOST, 1, options));
    }
    for (UdpClientOptions options :
        List.of(
            new UdpClientOptions().timeout(negative),
            new UdpClientOptions().retransmitAfter(negative),
            new UdpClientOptions().retransmissions(-1))) {
      assertThrows(IllegalArgumentException.class, () -> new UdpClient(HOST, 1, options));
    }
    assertThrows(NullPointerException.class, () -> new UdpClientOptions().retransmitAfter(null));
  }

  @Test
  void requestsThatAreNone() throws Exception {
    try (Server tcpServer = tcp().start();
        TcpClient tcp = new TcpClient(HOST, tcpServer.port());
        Server udpServer = udp().start();
        UdpClient udp = new UdpClient(HOST, udpServer.port())) {
      assertThrows(NullPointerException.class, () -> tcp.request((String) null));
      assertThrows(NullPointerException.class, () -> tcp.request((byte[]) null));
      assertThrows(NullPointerException.class, () -> udp.request((String) null));
      assertThrows(NullPointerException.class, () -> udp.request((byte[]) null));
      assertThrows(IllegalArgumentException.class, () -> tcp.request("\uD83D"));
      assertThrows(IllegalArgumentException.class, () -> udp.request("\uD83D"));
    }
  }

  @Test
  void aServerThatDoesNotAnswer() throws Exception {
    Duration shortly = Duration.ofMillis(20);
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName(HOST));
        TcpClient client =
            new TcpClient(HOST, silent.getLocalPort(), new TcpClientOptions().timeout(shortly))) {
      assertThrows(SocketTimeoutException.class, () -> client.request("a"));
    }
    UdpClientOptions options =
        new UdpClientOptions().timeout(shortly).retransmitAfter(shortly).retransmissions(0);
    try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress(HOST, 0));
        UdpClient client = new UdpClient(HOST, silent.getLocalPort(), options)) {
      assertThrows(SocketTimeoutException.class, () -> client.request("a"));
    }
  }

  @Test
  void aServerThatClosesWithoutAReply() throws Exception {
    ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName(HOST));
    Thread server = new Thread(() -> closeAfterEachLine(listener));
    server.start();
    try (listener;
        TcpClient client = new TcpClient(HOST, listener.getLocalPort())) {
      assertThrows(EOFException.class, () -> client.request("hello"));
    }
    server.join();
  }

  private static void closeAfterEachLine(ServerSocket listener) {
    try {
      while (true) {
        try (Socket connection = listener.accept()) {
          while (connection.getInputStream().read() > '\n') {}
        }
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  @Test
  void aServerThatClosesAfterEachReplyIsAskedAgain() throws Exception {
    try (Server server = Server.tcp().host(HOST).port(0).framing(Framing.ONCE).start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      for (String text : List.of("one", "two", "three")) {
        // This framing has no newline of its own to wait for, so the text's comes back.
        assertEquals(text.toUpperCase(), client.request(text));
      }
    }
  }
}
