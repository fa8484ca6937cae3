package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AsyncHandlerTest {
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

  /** A request whose reply the test gives. */
  private record Asked(byte[] request, CompletableFuture<byte[]> reply) {}

  private final LinkedBlockingQueue<Asked> asked = new LinkedBlockingQueue<>();

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

  private CompletableFuture<byte[]> ask(byte[] request) {
    CompletableFuture<byte[]> reply = new CompletableFuture<>();
    asked.add(new Asked(request, reply));
    return reply;
  }

  private Asked next() throws InterruptedException {
    Asked next = asked.poll(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertNotNull(next);
    return next;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static CompletionStage<byte[]> upper(byte[] request) {
    return CompletableFuture.supplyAsync(() -> bytes(new String(request, UTF_8).toUpperCase()));
  }

  private static CompletionStage<byte[]> transport(byte[] request, RequestContext context) {
    return CompletableFuture.completedFuture(bytes(context.transport().name()));
  }

  /** Lambdas of one and of two parameters, and methods, are told apart without a cast. */
  @ParameterizedTest
  @MethodSource("kinds")
  void aStageIsCompletedByAnyThread(Kind kind) throws Exception {
    String transport = kind.tcp() ? "TCP" : "UDP";
    assertReply("ABC", kind, kind.server().asyncHandler(AsyncHandlerTest::upper));
    assertReply(transport, kind, kind.server().asyncHandler(AsyncHandlerTest::transport));
    assertReply(
        "abc",
        kind,
        kind.server().asyncHandler(request -> CompletableFuture.completedFuture(request)));
    assertReply(
        transport + " ß abc",
        kind,
        kind.server()
            .asyncHandler(
                AsyncContextHandler.ofText(
                    (text, context) ->
                        CompletableFuture.supplyAsync(
                            () -> context.transport() + " ß " + text.strip()))));
    assertReply(
        "abc!",
        kind,
        kind.server()
            .asyncHandler(
                AsyncHandler.ofText(
                    text -> CompletableFuture.completedFuture(text.strip() + "!"))));
    assertReply(
        "abc",
        kind,
        kind.server().asyncHandler(AsyncHandlerTest::upper).handler(request -> request));
    assertReply(
        "ABC",
        kind,
        kind.server().handler(request -> request).asyncHandler(AsyncHandlerTest::upper));
  }

  private static void assertReply(String reply, Kind kind, ServerOptions options)
      throws IOException {
    try (Server server = options.start();
        Kind.Client client = kind.client(server)) {
      assertEquals(reply, client.request("abc"));
    }
  }

  @Test
  void nullIsNoHandler() {
    ServerOptions options = Server.udp();
    assertThrows(NullPointerException.class, () -> options.asyncHandler((AsyncHandler) null));
    assertThrows(
        NullPointerException.class, () -> options.asyncHandler((AsyncContextHandler) null));
    assertThrows(NullPointerException.class, () -> AsyncHandler.ofText(null));
    assertThrows(NullPointerException.class, () -> AsyncContextHandler.ofText(null));
  }

  @Test
  void manyRequestsArePendingAtOnce() throws Exception {
    int count = 300;
    ServerOptions options = Server.tcp().port(0).framing(Framing.LINE).asyncHandler(this::ask);
    List<Socket> clients = new ArrayList<>();
    try (Server server = options.start()) {
      for (int i = 0; i < count; i++) {
        Socket client = new Socket(server.address().getAddress(), server.port());
        client.setSoTimeout((int) Wait.LIMIT.toMillis());
        clients.add(client);
        client.getOutputStream().write(bytes("hello\n"));
      }
      Wait.until("all are pending", () -> asked.size() == count);
      assertTrue(Thread.activeCount() < count / 2);
      asked.forEach(one -> one.reply().complete(one.request()));
      for (Socket client : clients) {
        assertEquals("hello\n", new String(client.getInputStream().readNBytes(6), UTF_8));
        client.close();
      }
      assertEquals(count, server.stop(Wait.LIMIT).completed());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aFailureCostsThatRequestAndIsLogged(Kind kind) throws Exception {
    IOException checked = new IOException("checked");
    StackOverflowError error = new StackOverflowError();
    AsyncHandler handler =
        request ->
            switch (new String(request, UTF_8).strip()) {
              case "throws" -> throw checked;
              case "error" -> throw error;
              case "fails" -> CompletableFuture.failedFuture(checked);
              case "later" ->
                  CompletableFuture.supplyAsync(
                      () -> {
                        throw error;
                      });
              case "dependent" ->
                  CompletableFuture.<byte[]>failedFuture(checked).thenApply(reply -> reply);
              case "null" -> null;
              case "null later" -> CompletableFuture.completedFuture(null);
              default -> CompletableFuture.completedFuture(request);
            };
    try (Server server = kind.server().asyncHandler(handler).start()) {
      int failures = 0;
      for (String request :
          List.of("throws", "error", "fails", "later", "dependent", "null", "null later")) {
        send(kind, server, request);
        LogRecord logged = log.poll(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertNotNull(logged, request);
        switch (request) {
          case "throws", "fails", "dependent" -> assertSame(checked, logged.getThrown(), request);
          case "error", "later" -> assertSame(error, logged.getThrown(), request);
          default -> assertEquals(NullPointerException.class, logged.getThrown().getClass());
        }
        failures++;
        int expected = failures;
        Wait.until("it is counted", () -> server.stats().handlerErrors() == expected);
      }
      try (Kind.Client client = kind.client(server)) {
        assertEquals("b", client.request("b"), "the server goes on");
      }
      assertNull(log.poll());
    }
  }

  /** Sends a request that gets no reply. */
  private static void send(Kind kind, Server server, String request) throws IOException {
    InetAddress address = server.address().getAddress();
    byte[] bytes = bytes(request + "\n");
    if (kind.tcp()) {
      try (Socket client = new Socket(address, server.port())) {
        client.setSoTimeout((int) Wait.LIMIT.toMillis());
        client.getOutputStream().write(bytes);
        assertEquals(-1, client.getInputStream().read());
      }
    } else {
      try (DatagramSocket client = new DatagramSocket()) {
        client.send(new DatagramPacket(bytes, bytes.length, address, server.port()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aStopWaitsForPendingStages(Kind kind) throws Exception {
    try (Server server = kind.server().asyncHandler(this::ask).start();
        Kind.Client client = kind.client(server)) {
      CompletableFuture<String> reply =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return client.request("in hand");
                } catch (IOException failure) {
                  throw new IllegalStateException(failure);
                }
              });
      Asked pending = next();
      server.requestStop();
      assertFalse(server.await(Duration.ofMillis(30)));
      pending.reply().complete(bytes("done"));
      assertEquals("done", reply.get(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
      assertTrue(server.await(Wait.LIMIT));
      assertEquals(1, server.stop(Wait.LIMIT).completed());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void theDeadlineOfAStopCancelsPendingStages(Kind kind) throws Exception {
    CompletableFuture<String> text = new CompletableFuture<>();
    AsyncHandler ofText = AsyncHandler.ofText(request -> text);
    AsyncHandler handler =
        request -> {
          ask(request);
          return ofText.handle(request);
        };
    try (Server server = kind.server().asyncHandler(handler).start();
        Socket stream = kind.tcp() ? connected(server) : new Socket();
        DatagramSocket datagrams = new DatagramSocket()) {
      byte[] request = bytes("slow\n");
      if (kind.tcp()) {
        stream.getOutputStream().write(request);
      } else {
        InetAddress address = server.address().getAddress();
        datagrams.send(new DatagramPacket(request, request.length, address, server.port()));
      }
      next();
      assertEquals(0, server.stop(Duration.ofMillis(20)).completed());
      assertTrue(server.await(Wait.LIMIT));
      Wait.until("it is cancelled", text::isCancelled);
      assertThrows(CancellationException.class, text::join);
      assertNull(log.poll());
    }
  }

  private static Socket connected(Server server) throws IOException {
    return new Socket(server.address().getAddress(), server.port());
  }

  /** Neither a late completion nor a stage that is never completed has an effect on a stop. */
  @Test
  void aStageThatIsNoFuture() throws Exception {
    ServerOptions options = Server.udp().port(0);
    AsyncHandler handler = request -> ask(request).minimalCompletionStage();
    try (Server server = options.asyncHandler(handler).start();
        DatagramSocket client = new DatagramSocket()) {
      byte[] request = bytes("slow");
      InetAddress address = server.address().getAddress();
      client.send(new DatagramPacket(request, request.length, address, server.port()));
      Asked pending = next();
      server.stop(Duration.ofMillis(20));
      assertTrue(server.await(Wait.LIMIT));
      assertTrue(pending.reply().complete(request));
      assertNull(log.poll());
    }
  }
}
