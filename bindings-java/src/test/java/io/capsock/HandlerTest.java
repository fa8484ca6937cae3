package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HandlerTest {
  private static final Logger LOGGER = Logger.getLogger("io.capsock");
  private final LinkedBlockingQueue<LogRecord> log = new LinkedBlockingQueue<>();
  private final java.util.logging.Handler sink =
      new java.util.logging.Handler() {
        @Override
        public void publish(LogRecord logged) {
          log.add(logged);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(sink);
  }

  @AfterEach
  void listenNoMore() {
    LOGGER.removeHandler(sink);
    LOGGER.setUseParentHandlers(true);
  }

  static List<Kind> kinds() {
    return Kind.withHandler();
  }

  private static byte[] reversed(byte[] request) {
    return new StringBuilder(new String(request, UTF_8).strip())
        .reverse()
        .toString()
        .getBytes(UTF_8);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindAsksItsHandler(Kind kind) throws Exception {
    try (Server server = kind.server().handler(HandlerTest::reversed).start();
        Kind.Client client = kind.client(server)) {
      assertEquals("cba", client.request("abc"));
      assertEquals("\uD83D\uDE00ß", client.request("ß\uD83D\uDE00"));
      assertEquals("", client.request(""));
    }
  }

  /** Lambdas of one and of two parameters, and methods, are told apart without a cast. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aHandlerOfTwoArgumentsKnowsWhoAsks(Kind kind) throws Exception {
    LinkedBlockingQueue<RequestContext> contexts = new LinkedBlockingQueue<>();
    ServerOptions options =
        kind.server()
            .host("127.0.0.1")
            .handler(
                (request, context) -> {
                  contexts.add(context);
                  return request;
                });
    InetSocketAddress own;
    InetSocketAddress address;
    try (Server server = options.start()) {
      address = server.address();
      own = kind.tcp() ? askByTcp(address) : askByUdp(address);
    }
    // It is valid after the call, and after the server.
    RequestContext context = contexts.remove();
    assertEquals(own, context.peer());
    assertEquals(address, context.local());
    assertEquals(kind.tcp() ? Transport.TCP : Transport.UDP, context.transport());
    assertEquals(
        "RequestContext[%s, %s to %s]".formatted(context.transport(), own, address),
        context.toString());
  }

  private static InetSocketAddress askByTcp(InetSocketAddress server) throws IOException {
    try (java.net.Socket client = new java.net.Socket(server.getAddress(), server.getPort())) {
      client.setSoTimeout((int) Wait.LIMIT.toMillis());
      client.getOutputStream().write("hello\n".getBytes(UTF_8));
      assertEquals("hello\n", new String(client.getInputStream().readNBytes(6), UTF_8));
      return (InetSocketAddress) client.getLocalSocketAddress();
    }
  }

  private static InetSocketAddress askByUdp(InetSocketAddress server) throws IOException {
    try (java.net.DatagramSocket client =
        new java.net.DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      client.setSoTimeout((int) Wait.LIMIT.toMillis());
      byte[] hello = "hello".getBytes(UTF_8);
      client.send(new java.net.DatagramPacket(hello, hello.length, server));
      java.net.DatagramPacket reply = new java.net.DatagramPacket(new byte[100], 100);
      client.receive(reply);
      assertEquals("hello", new String(reply.getData(), 0, reply.getLength(), UTF_8));
      return (InetSocketAddress) client.getLocalSocketAddress();
    }
  }

  private static byte[] transport(byte[] request, RequestContext context) {
    return context.transport().name().getBytes(UTF_8);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theHandlerThatWasSetLastIsCalled(Kind kind) throws Exception {
    String transport = kind.tcp() ? "TCP" : "UDP";
    assertReply(
        "cba", kind, kind.server().handler(HandlerTest::transport).handler(HandlerTest::reversed));
    assertReply(
        transport,
        kind,
        kind.server().handler(HandlerTest::reversed).handler(HandlerTest::transport));
    assertReply(
        "abc", kind, kind.server().handler(HandlerTest::transport).handler(request -> request));
    assertReply(
        transport + " ß abc",
        kind,
        kind.server()
            .handler(
                ContextHandler.ofText(
                    (text, context) -> context.transport() + " ß " + text.strip())));
    assertThrows(NullPointerException.class, () -> kind.server().handler((ContextHandler) null));
  }

  private static void assertReply(String reply, Kind kind, ServerOptions options)
      throws IOException {
    try (Server server = options.start();
        Kind.Client client = kind.client(server)) {
      assertEquals(reply, client.request("abc"));
    }
  }

  @Test
  void aFailureWithContextIsLogged() throws Exception {
    IOException failure = new IOException("checked");
    ContextHandler handler =
        (request, context) -> {
          throw failure;
        };
    try (Server server = Server.tcp().port(0).framing(Framing.LINE).handler(handler).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      assertThrows(IOException.class, () -> client.request("a"));
      LogRecord logged = log.poll(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertNotNull(logged);
      assertSame(failure, logged.getThrown());
      assertEquals(1, server.stats().handlerErrors());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theTimeOfCalls(Kind kind) throws Exception {
    for (boolean timed : new boolean[] {true, false}) {
      ServerOptions options = kind.server().handler(HandlerTest::reversed).handlerLatency(timed);
      try (Server server = options.start()) {
        try (Kind.Client client = kind.client(server)) {
          assertEquals("cba", client.request("abc"));
        }
        String metrics = server.openMetrics();
        String count = "\ncapsock_handler_duration_seconds_count{" + labels(kind) + "} 1\n";
        assertEquals(timed, metrics.contains(count), metrics);
        assertEquals(timed, metrics.contains("capsock_handler_duration_seconds"), metrics);
      }
    }
  }

  private static String labels(Kind kind) {
    return "transport=\"%s\",concurrency=\"%s\""
        .formatted(kind.tcp() ? "tcp" : "udp", kind.concurrency().name().toLowerCase(Locale.ROOT));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aFailureCostsThatRequestAndIsLogged(Kind kind) throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Handler handler =
        request -> {
          if (failure.get() instanceof Error error) {
            throw error;
          } else if (failure.get() instanceof Exception exception) {
            throw exception;
          }
          return request;
        };
    try (Server server = kind.server().handler(handler).start()) {
      int failures = 0;
      for (Throwable one :
          List.of(new IOException("checked"), new RuntimeException(), new StackOverflowError())) {
        failure.set(one);
        try (Kind.Client client = impatient(kind, server)) {
          assertThrows(IOException.class, () -> client.request("a"));
        }
        LogRecord logged = log.poll(30, TimeUnit.SECONDS);
        assertNotNull(logged, one.toString());
        assertSame(one, logged.getThrown());
        assertEquals(Level.SEVERE, logged.getLevel());
        failures++;
        int expected = failures;
        Wait.until("it is counted", () -> server.stats().handlerErrors() >= expected);
      }
      failure.set(null);
      try (Kind.Client client = kind.client(server)) {
        assertEquals("b", client.request("b"), "the server goes on");
      }
    }
  }

  /** Over UDP a request that failed gets no reply, which is not worth waiting for. */
  private static Kind.Client impatient(Kind kind, Server server) throws IOException {
    if (kind.tcp()) {
      return kind.client(server);
    }
    UdpClient client =
        new UdpClient(
            "127.0.0.1",
            server.port(),
            new UdpClientOptions().timeout(Duration.ofMillis(200)).retransmissions(0));
    return new Kind.Client() {
      @Override
      public String request(String text) throws IOException {
        return client.request(text);
      }

      @Override
      public void close() {
        client.close();
      }
    };
  }

  @Test
  void nullIsNoReply() throws Exception {
    try (Server server =
            Server.tcp().port(0).framing(Framing.LINE).handler(request -> null).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      assertThrows(IOException.class, () -> client.request("a"));
      LogRecord logged = log.poll(30, TimeUnit.SECONDS);
      assertNotNull(logged);
      assertEquals("the handler returned null", logged.getThrown().getMessage());
    }
  }

  @Test
  void aLoggerThatThrowsHarmsNobody() throws Exception {
    java.util.logging.Handler broken =
        new java.util.logging.Handler() {
          @Override
          public void publish(LogRecord logged) {
            throw new IllegalStateException("no room for a log");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    LOGGER.addHandler(broken);
    try (Server server =
            Server.tcp().port(0).framing(Framing.LINE).handler(request -> null).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      for (int i = 0; i < 3; i++) {
        assertThrows(IOException.class, () -> client.request("a"));
      }
    } finally {
      LOGGER.removeHandler(broken);
    }
  }

  @Test
  void text() throws Exception {
    Handler handler = Handler.ofText(text -> text.strip() + "\uD83D\uDE00");
    try (Server server = Server.tcp().port(0).framing(Framing.LINE).handler(handler).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      assertEquals("ß\uD83D\uDE00", client.request("ß"));
      assertThrows(IOException.class, () -> client.request(new byte[] {(byte) 0xff}));
      assertEquals("a\uD83D\uDE00", client.request("a"));
    }
    assertThrows(NullPointerException.class, () -> Handler.ofText(null));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aHandlerStopsItsServer(Kind kind) throws Exception {
    AtomicReference<Server> own = new AtomicReference<>();
    Handler handler =
        request -> {
          own.get().stop(Duration.ofSeconds(5));
          return request;
        };
    try (Server server = kind.server().handler(handler).start();
        Kind.Client client = kind.client(server)) {
      own.set(server);
      assertEquals("a", client.request("a"));
      server.await();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aHandlerClosesItsServer(Kind kind) throws Exception {
    AtomicReference<Server> own = new AtomicReference<>();
    Handler handler =
        request -> {
          own.get().close();
          return request;
        };
    Server server = kind.server().handler(handler).start();
    try (Kind.Client client = kind.client(server)) {
      own.set(server);
      assertEquals("a", client.request("a"));
      assertThrows(IllegalStateException.class, server::stats);
    }
  }

  @Test
  void aHandlerAsksAnotherServer() throws Exception {
    try (Server upper = Server.tcp().port(0).start();
        TcpClient through = new TcpClient("localhost", upper.port());
        Server server =
            Server.tcp()
                .port(0)
                .framing(Framing.LINE)
                .handler(Handler.ofText(text -> ask(through, text.strip())))
                .start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      assertEquals("HELLO", client.request("hello"));
    }
  }

  private static String ask(TcpClient client, String text) {
    try {
      return client.request(text);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  @Test
  void aHandlerThatIsStillRunningAtTheDeadline() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Handler handler =
        request -> {
          asked.countDown();
          go.await();
          return request;
        };
    Server server =
        Server.tcp()
            .port(0)
            .framing(Framing.LINE)
            .concurrency(Concurrency.THREADS)
            .handler(handler)
            .start();
    try (TcpClient client = new TcpClient("localhost", server.port())) {
      CompletableFuture<Void> request =
          CompletableFuture.runAsync(
              () -> {
                try {
                  client.request("a");
                } catch (IOException closed) {
                  // Whether it is cut or answered late is the core's concern.
                }
              });
      asked.await();
      StopReport report = server.stop(Duration.ofMillis(10));
      assertEquals(1, report.running(), report.toString());
      server.close();
      go.countDown();
      request.get();
    }
  }

  @Test
  void itsThreadsAreDaemons() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    Handler handler =
        request -> {
          thread.set(Thread.currentThread());
          return request;
        };
    try (Server server = Server.tcp().port(0).framing(Framing.LINE).handler(handler).start();
        TcpClient client = new TcpClient("localhost", server.port())) {
      client.request("a");
      Thread first = thread.get();
      assertTrue(first.isDaemon());
      assertEquals("capsock-handler", first.getName());
    }
    Wait.until("its thread has ended", () -> !thread.get().isAlive());
  }
}
