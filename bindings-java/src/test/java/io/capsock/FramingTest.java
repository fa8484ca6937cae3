package io.capsock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests with a length before them and with a delimiter after them. */
class FramingTest {
  private static final String HOST = "127.0.0.1";
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** The options of a server and of a client, and what is sent for "ab" and received for it. */
  record Format(ServerOptions server, TcpClientOptions client, String request, String reply) {}

  private static ServerOptions server() {
    return Server.tcp().host(HOST).port(0);
  }

  private static TcpClientOptions client() {
    return new TcpClientOptions().timeout(LIMIT);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static Stream<Format> formats() {
    return Stream.of(
        new Format(
            server().framing(Framing.LENGTH),
            client().framing(Framing.LENGTH),
            "\0\0\0\2ab",
            "\0\0\0\2AB"),
        new Format(
            server().framing(Framing.LENGTH).lengthBytes(1),
            client().framing(Framing.LENGTH).lengthBytes(1),
            "\2ab",
            "\2AB"),
        new Format(
            server()
                .framing(Framing.LENGTH)
                .lengthBytes(2)
                .lengthEndian(Endian.LITTLE)
                .lengthIncludesItself(true),
            client()
                .framing(Framing.LENGTH)
                .lengthBytes(2)
                .lengthEndian(Endian.LITTLE)
                .lengthIncludesItself(true),
            "\4\0ab",
            "\4\0AB"),
        new Format(
            server().framing(Framing.DELIMITER),
            client().framing(Framing.DELIMITER),
            "ab\r\n",
            "AB\r\n"),
        new Format(
            server().framing(Framing.DELIMITER).delimiter(bytes("\0end")),
            client().framing(Framing.DELIMITER).delimiter(bytes("\0end")),
            "ab\0end",
            "AB\0end"));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void eachFormat(Format format) throws Exception {
    try (Server server = format.server().start();
        TcpClient client = new TcpClient(HOST, server.port(), format.client());
        Socket plain = new Socket(HOST, server.port())) {
      assertEquals("AB", client.request("ab"));
      assertEquals("A\nB", client.request("a\nb"));
      List<String> texts = List.of("one", "", "two\n", "three");
      assertEquals(List.of("ONE", "", "TWO\n", "THREE"), client.requestMany(texts));
      plain.setSoTimeout((int) LIMIT.toMillis());
      plain.getOutputStream().write(bytes(format.request()));
      byte[] expected = bytes(format.reply());
      assertArrayEquals(expected, plain.getInputStream().readNBytes(expected.length));
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aHandlerGetsAndGivesWhatIsBetween(Format format) throws Exception {
    ServerOptions options = format.server().handler(Handler.ofText(text -> text + text));
    try (Server server = options.start();
        TcpClient client = new TcpClient(HOST, server.port(), format.client())) {
      assertEquals("abab", client.request("ab"));
      assertEquals("", client.request(""));
    }
  }

  @Test
  void badInputIsCounted() throws Exception {
    try (Server server = server().framing(Framing.LENGTH).lengthBytes(1).start();
        Socket plain = new Socket(HOST, server.port())) {
      plain.setSoTimeout((int) LIMIT.toMillis());
      plain.getOutputStream().write(bytes("\2a"));
      plain.shutdownOutput();
      assertEquals(-1, plain.getInputStream().read());
      Wait.until("it is counted", () -> server.stats().malformedRequests() == 1);
    }
  }

  @Test
  void whatCannotBeFramedIsRefused() throws Exception {
    try (Server server = server().start()) {
      TcpClientOptions length = client().framing(Framing.LENGTH).lengthBytes(1);
      try (TcpClient client = new TcpClient(HOST, server.port(), length)) {
        SocketException error =
            assertThrows(SocketException.class, () -> client.request("a".repeat(256)));
        assertTrue(error.getMessage().contains("255 are the most"), error.getMessage());
      }
      TcpClientOptions delimiter = client().framing(Framing.DELIMITER);
      try (TcpClient client = new TcpClient(HOST, server.port(), delimiter)) {
        assertThrows(IllegalArgumentException.class, () -> client.request("a\r\nb"));
      }
    }
  }

  @Test
  void optionsOutOfTheirRangeAreRefused() throws Exception {
    assertThrows(IllegalArgumentException.class, () -> server().lengthBytes(3).start());
    assertThrows(IllegalArgumentException.class, () -> server().lengthBytes(-1).start());
    assertThrows(IllegalArgumentException.class, () -> server().delimiter(new byte[0]).start());
    assertThrows(NullPointerException.class, () -> server().delimiter(null));
    assertThrows(NullPointerException.class, () -> client().lengthEndian(null));
    try (Server server = server().start()) {
      for (Framing framing : new Framing[] {Framing.STREAM, Framing.ONCE}) {
        TcpClientOptions options = client().framing(framing);
        assertThrows(
            IllegalArgumentException.class, () -> new TcpClient(HOST, server.port(), options));
      }
    }
  }

  @Test
  void theDelimiterIsCopied() throws Exception {
    byte[] delimiter = bytes("|");
    ServerOptions options = server().framing(Framing.DELIMITER).delimiter(delimiter);
    delimiter[0] = 'x';
    try (Server server = options.start();
        Socket plain = new Socket(HOST, server.port())) {
      plain.setSoTimeout((int) LIMIT.toMillis());
      plain.getOutputStream().write(bytes("ax|"));
      assertArrayEquals(bytes("AX|"), plain.getInputStream().readNBytes(3));
    }
  }
}
