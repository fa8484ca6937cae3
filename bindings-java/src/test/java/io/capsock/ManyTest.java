package io.capsock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many requests in one call. */
class ManyTest {
  private static final String HOST = "127.0.0.1";

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(i -> "item " + i + " ä\uD83D\uDE00").toList();
  }

  private static List<String> upper(List<String> texts) {
    return texts.stream().map(text -> text.toUpperCase(Locale.ROOT)).toList();
  }

  /** Either client. */
  private interface Client extends AutoCloseable {
    List<String> texts(List<String> texts) throws IOException;

    List<byte[]> bytes(List<byte[]> requests) throws IOException;

    @Override
    void close();

    static Client of(boolean tcp, int port, Duration timeout) throws IOException {
      if (tcp) {
        TcpClient client = new TcpClient(HOST, port, new TcpClientOptions().timeout(timeout));
        return of(client::requestMany, client::requestManyBytes, client::close);
      }
      UdpClient client = new UdpClient(HOST, port, new UdpClientOptions().timeout(timeout));
      return of(client::requestMany, client::requestManyBytes, client::close);
    }

    private static Client of(Ask<String> texts, Ask<byte[]> bytes, Runnable close) {
      return new Client() {
        @Override
        public List<String> texts(List<String> all) throws IOException {
          return texts.ask(all);
        }

        @Override
        public List<byte[]> bytes(List<byte[]> all) throws IOException {
          return bytes.ask(all);
        }

        @Override
        public void close() {
          close.run();
        }
      };
    }
  }

  private interface Ask<T> {
    List<T> ask(List<T> all) throws IOException;
  }

  static List<Kind> kinds() {
    return Kind.all();
  }

  static List<Boolean> transports() {
    return List.of(true, false);
  }

  private static ServerOptions server(boolean tcp) {
    return (tcp ? Server.tcp().framing(Framing.LINE) : Server.udp()).host(HOST).port(0);
  }

  private static final Duration LIMIT = Duration.ofSeconds(30);

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindOfServer(Kind kind) throws Exception {
    try (Server server = kind.server().host(HOST).start();
        Client client = Client.of(kind.tcp(), server.port(), LIMIT)) {
      for (int count : new int[] {0, 1, 2, 3, 65, 1000}) {
        assertEquals(upper(texts(count)), client.texts(texts(count)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void bytesOfEveryLength(boolean tcp) throws Exception {
    try (Server server = server(tcp).start();
        Client client = Client.of(tcp, server.port(), LIMIT)) {
      List<byte[]> requests = new ArrayList<>();
      for (int length : new int[] {0, 1, 1024, 0, 20_000, 65_507, 3, 0}) {
        byte[] request = new byte[length];
        Arrays.fill(request, (byte) 'x');
        requests.add(request);
      }
      requests.add(new byte[] {(byte) 0xff, 'a', 0});
      List<byte[]> replies = client.bytes(requests);
      assertEquals(requests.size(), replies.size());
      for (int i = 0; i < requests.size(); i++) {
        byte[] expected = requests.get(i).clone();
        for (int k = 0; k < expected.length; k++) {
          expected[k] = (byte) (expected[k] >= 'a' ? expected[k] - 32 : expected[k]);
        }
        assertArrayEquals(expected, replies.get(i), "item " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whatIsRefusedBeforeAnythingIsSent(boolean tcp) throws Exception {
    try (Server server = server(tcp).start();
        Client client = Client.of(tcp, server.port(), LIMIT)) {
      assertThrows(NullPointerException.class, () -> client.texts(null));
      assertThrows(NullPointerException.class, () -> client.texts(Arrays.asList("a", null)));
      assertThrows(NullPointerException.class, () -> client.bytes(Arrays.asList((byte[]) null)));
      Exception half =
          assertThrows(
              IllegalArgumentException.class, () -> client.texts(List.of("a", "b", "\uD83D c")));
      assertTrue(half.getMessage().contains("item 2"), half.getMessage());
      assertThrows(
          IllegalArgumentException.class, () -> client.texts(List.of("a", "ends in \uD83D")));
      List<String> wrong = List.of("a", tcp ? "b\nc" : "x".repeat(65_508));
      Class<? extends Exception> expected =
          tcp ? IllegalArgumentException.class : SocketException.class;
      Exception refused = assertThrows(expected, () -> client.texts(wrong));
      assertTrue(refused.getMessage().contains("item 1 of 2"), refused.getMessage());
      assertEquals(0, server.stats().requests());
      assertEquals(List.of("A"), client.texts(List.of("a")), "it can still be used");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aReplyThatIsNotUtf8(boolean tcp) throws Exception {
    Handler handler = request -> request[0] == '2' ? new byte[] {(byte) 0xff} : request;
    try (Server server = server(tcp).handler(handler).start();
        Client client = Client.of(tcp, server.port(), LIMIT)) {
      assertThrows(CharacterCodingException.class, () -> client.texts(List.of("0", "1", "2", "3")));
      byte[] two = {'2'};
      assertArrayEquals(new byte[] {(byte) 0xff}, client.bytes(List.of(two, two, two)).get(2));
    }
  }

  @Test
  void aServerThatClosesInTheMiddle() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName(HOST));
        TcpClient client = new TcpClient(HOST, listener.getLocalPort())) {
      CompletableFuture<Void> peer = CompletableFuture.runAsync(() -> answerFour(listener));
      Exception ended = assertThrows(EOFException.class, () -> client.requestMany(texts(8)));
      assertTrue(ended.getMessage().contains("4 replies had come"), ended.getMessage());
      peer.get(30, TimeUnit.SECONDS);
    }
  }

  /** Answers four of eight lines. */
  private static void answerFour(ServerSocket listener) {
    try (Socket connection = listener.accept()) {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
      for (int i = 0; i < 8; i++) {
        String line = lines.readLine();
        if (i < 4) {
          connection.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  @Test
  void aServerThatClosesAfterEachReply() throws Exception {
    try (Server server = Server.tcp().host(HOST).port(0).framing(Framing.ONCE).start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertEquals(upper(texts(20)), client.requestMany(texts(20)));
      assertEquals(20, server.stats().connectionsAccepted());
    }
  }

  @Test
  void nobodyThere() throws Exception {
    int port;
    try (DatagramSocket gone = new DatagramSocket(new InetSocketAddress(HOST, 0))) {
      port = gone.getLocalPort();
    }
    try (UdpClient client = new UdpClient(HOST, port)) {
      assertThrows(ConnectException.class, () -> client.requestMany(texts(3)));
    }
  }

  @Test
  void aServerThatDoesNotAnswer() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName(HOST));
        Client client = Client.of(true, silent.getLocalPort(), Duration.ofMillis(20))) {
      assertThrows(SocketTimeoutException.class, () -> client.texts(texts(3)));
    }
    try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress(HOST, 0));
        Client client = Client.of(false, silent.getLocalPort(), Duration.ofMillis(20))) {
      assertThrows(SocketTimeoutException.class, () -> client.texts(texts(3)));
    }
  }

  @Test
  void repliesInAnyOrder() throws Exception {
    try (DatagramSocket peer = new DatagramSocket(new InetSocketAddress(HOST, 0));
        UdpClient client = new UdpClient(HOST, peer.getLocalPort())) {
      CompletableFuture<Void> server = CompletableFuture.runAsync(() -> answerBackwards(peer, 51));
      assertEquals(texts(51), client.requestMany(texts(51)));
      server.get(30, TimeUnit.SECONDS);
    }
  }

  /** Answers the first, then all others together, the last one first, and each twice. */
  private static void answerBackwards(DatagramSocket peer, int count) {
    try {
      List<DatagramPacket> requests = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        peer.receive(packet);
        if (i == 0) {
          peer.send(packet);
        } else {
          requests.add(0, packet);
        }
      }
      for (DatagramPacket packet : requests) {
        peer.send(packet);
        peer.send(packet);
      }
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void closeFromAnotherThread(boolean tcp) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    Handler handler =
        request -> {
          asked.countDown();
          leave.await(30, TimeUnit.SECONDS);
          return request;
        };
    try (Server server = server(tcp).handler(handler).start()) {
      Client client = Client.of(tcp, server.port(), null);
      CompletableFuture<List<String>> asking =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return client.texts(texts(3));
                } catch (IOException failure) {
                  throw new java.io.UncheckedIOException(failure);
                }
              });
      assertTrue(asked.await(30, TimeUnit.SECONDS));
      client.close();
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> asking.get(30, TimeUnit.SECONDS));
      assertTrue(ended.getCause().getCause() instanceof SocketException, ended.toString());
      leave.countDown();
      assertThrows(IllegalStateException.class, () -> client.texts(texts(3)));
    }
  }
}
