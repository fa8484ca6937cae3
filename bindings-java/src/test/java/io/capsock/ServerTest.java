package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTest {
  private static final Handler ECHO = request -> request;

  static List<Kind> kinds() {
    return Kind.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindAnswers(Kind kind) throws Exception {
    try (Server server = kind.server().start();
        Kind.Client client = kind.client(server)) {
      assertEquals("HELLO", client.request("hello"));
      assertEquals("STRASSE \uD83D\uDE00", client.request("straße \uD83D\uDE00"));
      assertEquals("A\0B", client.request("a\0b"));
      assertEquals("", client.request(""));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theTotalsAndTheReport(Kind kind) throws Exception {
    try (Server server = kind.server().start()) {
      try (Kind.Client client = kind.client(server)) {
        client.request("hello");
        client.request("you");
      }
      // A process's totals and the end of its connection are seen a little later.
      Wait.until("2 requests", () -> server.stats().requests() == 2);
      Wait.until("all replies sent", () -> server.stats().bytesSent() == (kind.tcp() ? 10 : 8));
      Wait.until("no connection", () -> server.stats().connectionsActive() == 0);
      Stats stats = server.stats();
      assertEquals(kind.tcp() ? 1 : 0, stats.connectionsAccepted(), stats.toString());
      assertEquals(kind.tcp() ? 0 : 2, stats.datagramsReceived(), stats.toString());
      assertEquals(kind.tcp() ? 0 : 2, stats.datagramsSent(), stats.toString());
      assertEquals(kind.tcp() ? 10 : 8, stats.bytesReceived(), stats.toString());
      assertEquals(0, stats.handlerErrors(), stats.toString());

      String metrics = server.openMetrics();
      assertTrue(metrics.contains("# TYPE capsock_requests counter\n"), metrics);
      assertTrue(metrics.contains("\ncapsock_requests_total{transport="), metrics);
      assertTrue(metrics.contains("} " + stats.bytesReceived() + "\n"), metrics);
      assertTrue(metrics.endsWith("\n# EOF\n"), metrics);

      StopReport report = server.stop(Duration.ofSeconds(5));
      assertEquals(new StopReport(2, 0, 0), report);
      assertEquals(report, server.stop(Duration.ZERO), "the second stop has the same report");
      assertEquals(2, server.stats().requests(), "the totals outlive the stop");
    }
  }

  @Test
  void addresses() throws Exception {
    try (Server server = Server.tcp().host("127.0.0.1").port(0).start()) {
      assertEquals("127.0.0.1", server.address().getAddress().getHostAddress());
      assertTrue(server.port() > 0);
      assertEquals(List.of(server.address()), server.addresses());
    }
    try (Server server = Server.udp().host("::1").port(0).start()) {
      assertEquals("0:0:0:0:0:0:0:1", server.address().getAddress().getHostAddress());
    }
  }

  @Test
  void onEveryAddressOnlyWhenAskedFor() throws Exception {
    try (Server own = Server.tcp().port(0).start();
        Server all = Server.tcp().host("").port(0).start()) {
      assertTrue(
          own.addresses().stream().allMatch(one -> one.getAddress().isLoopbackAddress()),
          own.addresses().toString());
      assertTrue(
          all.addresses().stream().anyMatch(one -> one.getAddress().isAnyLocalAddress()),
          all.addresses().toString());
    }
  }

  @Test
  void theExampleOfTheDesign() throws Exception {
    try (Server server = Server.tcp().port(0).concurrency(Concurrency.THREADS).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      assertEquals("HELLO", client.request("hello"));
    }
  }

  @Test
  void awaitTellsWhetherTheServerHasStopped() throws Exception {
    try (Server server = Server.tcp().port(0).start()) {
      assertFalse(server.await(Duration.ZERO));
      assertFalse(server.await(Duration.ofNanos(1)));
      server.requestStop();
      server.await();
      assertTrue(server.await(Duration.ZERO));
      assertThrows(IllegalArgumentException.class, () -> server.await(Duration.ofNanos(-1)));
      assertThrows(IllegalArgumentException.class, () -> server.stop(Duration.ofMillis(-1)));
      assertNotNull(server.stop(null));
    }
  }

  static Stream<Arguments> refusedOptions() {
    return Stream.of(
        refused("port -1", IllegalArgumentException.class, b -> b.port(-1)),
        refused("port 65536", IllegalArgumentException.class, b -> b.port(65536)),
        refused("least port", IllegalArgumentException.class, b -> b.port(Integer.MIN_VALUE)),
        refused("workers -1", IllegalArgumentException.class, b -> b.workers(-1)),
        refused("backlog -1", IllegalArgumentException.class, b -> b.backlog(-1)),
        refused("maxConnections -1", IllegalArgumentException.class, b -> b.maxConnections(-1)),
        refused("maxRequest -1", IllegalArgumentException.class, b -> b.maxRequest(-1)),
        refused("maxAmplification -1", IllegalArgumentException.class, b -> b.maxAmplification(-1)),
        refused(
            "idleTimeout -1 ns",
            IllegalArgumentException.class,
            b -> b.idleTimeout(Duration.ofNanos(-1))),
        refused(
            "writeTimeout -1 s",
            IllegalArgumentException.class,
            b -> b.writeTimeout(Duration.ofSeconds(-1))),
        refused(
            "the least duration",
            IllegalArgumentException.class,
            b -> b.idleTimeout(Duration.ofSeconds(Long.MIN_VALUE))),
        refused(
            "busyPoll -1 ns",
            IllegalArgumentException.class,
            b -> b.busyPoll(Duration.ofNanos(-1))),
        refused(
            "busyPoll 1 s and 1 us",
            IllegalArgumentException.class,
            b -> b.busyPoll(Duration.ofNanos(1_000_001_000))),
        refused(
            "the longest busyPoll",
            IllegalArgumentException.class,
            b -> b.busyPoll(Duration.ofSeconds(Long.MAX_VALUE))),
        refused("a NUL in the host", IOException.class, b -> b.host("a\0b")),
        refused("an unknown host", UnknownHostException.class, b -> b.host("no.such.invalid")),
        refused("another's address", BindException.class, b -> b.host("192.0.2.1")));
  }

  private static Arguments refused(
      String what, Class<? extends Exception> expected, UnaryOperator<ServerOptions> options) {
    return Arguments.of(what, expected, options);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusedOptions")
  void optionsThatMakeNoSense(
      String what, Class<? extends Exception> expected, UnaryOperator<ServerOptions> options) {
    for (ServerOptions builder : List.of(Server.tcp(), Server.udp())) {
      Exception error =
          assertThrows(Exception.class, () -> options.apply(builder.port(0)).start().close());
      boolean host = what.startsWith("a NUL");
      assertTrue(
          expected.isInstance(error) || host && error instanceof IllegalArgumentException,
          error.toString());
      assertTrue(error.getMessage().startsWith("could not "), error.getMessage());
    }
  }

  @Test
  void nullIsRefused() {
    assertThrows(NullPointerException.class, () -> Server.tcp().host(null));
    assertThrows(NullPointerException.class, () -> Server.tcp().handler((Handler) null));
    assertThrows(NullPointerException.class, () -> Server.tcp().concurrency(null));
    assertThrows(NullPointerException.class, () -> Server.tcp().framing(null));
    assertThrows(NullPointerException.class, () -> Server.tcp().busyPoll(null));
    assertThrows(IllegalArgumentException.class, () -> Server.tcp().host("\uD83D"));
  }

  @Test
  void everyOptionIsTaken() throws Exception {
    try (Server server =
        Server.tcp()
            .host("127.0.0.1")
            .port(0)
            .concurrency(Concurrency.THREADS)
            .framing(Framing.LINE)
            .workers(1)
            .backlog(5)
            .maxConnections(3)
            .maxRequest(100)
            .maxAmplification(1)
            .idleTimeout(null)
            .writeTimeout(Duration.ofSeconds(Long.MAX_VALUE))
            .busyPoll(Duration.ofSeconds(1))
            .start()) {
      try (TcpClient client = new TcpClient("127.0.0.1", server.port())) {
        assertEquals("X", client.request("x"));
        assertThrows(IOException.class, () -> client.request("x".repeat(100)));
      }
      Wait.until("the limit is counted", () -> server.stats().oversizedRequests() >= 1);
    }
  }

  @Test
  void aReplyThatIsTooLongForItsRequestIsNotSent() throws Exception {
    ServerOptions options = Server.udp().host("127.0.0.1").port(0).maxAmplification(1);
    try (Server server = options.concurrency(Concurrency.ITERATIVE).start();
        DatagramSocket peer = new DatagramSocket()) {
      peer.setSoTimeout(20_000);
      peer.connect(new InetSocketAddress("127.0.0.1", server.port()));
      for (String request : List.of("ŉ", "a")) {
        byte[] bytes = request.getBytes(StandardCharsets.UTF_8);
        peer.send(new DatagramPacket(bytes, bytes.length));
      }
      DatagramPacket reply = new DatagramPacket(new byte[9], 9);
      peer.receive(reply);
      assertEquals("A", new String(reply.getData(), 0, reply.getLength(), StandardCharsets.UTF_8));
      assertEquals(1, server.stats().amplifiedReplies());
    }
  }

  @Test
  void theIdleTimeoutCloses() throws Exception {
    try (Server server =
            Server.tcp().port(0).framing(Framing.LINE).idleTimeout(Duration.ofMillis(1)).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      Wait.until("an idle connection is closed", () -> server.stats().idleTimeouts() > 0);
      assertNotNull(client);
    }
  }

  @Test
  void aPortInUse() throws Exception {
    try (Server tcp = Server.tcp().host("127.0.0.1").port(0).start();
        Server udp = Server.udp().host("127.0.0.1").port(0).start()) {
      assertThrows(
          BindException.class, () -> Server.tcp().host("127.0.0.1").port(tcp.port()).start());
      assertThrows(
          BindException.class, () -> Server.udp().host("127.0.0.1").port(udp.port()).start());
    }
  }

  @Test
  void whatAHandlerDoesNotGoWith() {
    for (ServerOptions builder :
        List.of(
            Server.tcp().handler(ECHO),
            Server.tcp().framing(Framing.LINE).concurrency(Concurrency.PROCESSES).handler(ECHO),
            Server.udp().concurrency(Concurrency.PROCESSES).handler(ECHO))) {
      RuntimeException error =
          assertThrows(RuntimeException.class, () -> builder.port(0).start().close());
      assertTrue(
          error instanceof UnsupportedOperationException
              || error instanceof IllegalArgumentException,
          error.toString());
    }
  }

  @Test
  @EnabledOnOs(value = OS.WINDOWS, disabledReason = "this system can fork")
  void processesAreRefusedWithWhatToUse() {
    for (ServerOptions builder : List.of(Server.tcp(), Server.udp())) {
      builder.port(0).concurrency(Concurrency.PROCESSES);
      Exception refused = assertThrows(UnsupportedOperationException.class, builder::start);
      for (String word : List.of("processes", "threads", "events")) {
        assertTrue(refused.getMessage().contains(word), refused.getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aBuilderStartsSeveralServers(int count) throws Exception {
    ServerOptions builder = Server.tcp().port(0);
    for (int i = 0; i < count; i++) {
      try (Server server = builder.start();
          TcpClient client = new TcpClient("localhost", server.port())) {
        assertEquals("A", client.request("a"));
      }
    }
  }

  @Test
  void aServerClosedWhileClientsAreConnected() throws Exception {
    for (Kind kind : Kind.all()) {
      Server server = kind.server().start();
      try (Kind.Client client = kind.client(server)) {
        assertEquals("A", client.request("a"));
        server.close();
        assertThrows(IOException.class, () -> client.request("b"), kind.toString());
      }
    }
  }
}
