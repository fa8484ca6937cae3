package io.capsock;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CopyTest {
  private Server server;
  private TcpClient client;

  @BeforeEach
  void start() throws Exception {
    server = Server.tcp().host("127.0.0.1").port(0).start();
    client = new TcpClient("127.0.0.1", server.port());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_536, 8_000_001})
  void anySize(int size) throws Exception {
    byte[] input = new byte[size];
    new Random(1).nextBytes(input);
    byte[] expected = Capsock.uppercase(input);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    Copied copied = client.copy(new ByteArrayInputStream(input), output);
    assertArrayEquals(expected, output.toByteArray());
    assertEquals(new Copied(size, expected.length), copied);
  }

  @Test
  void anExceptionOfTheInputIsThrownAsItIs() {
    IOException failure = new IOException("the input broke");
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw failure;
          }
        };
    assertSame(
        failure,
        assertThrows(
            IOException.class, () -> client.copy(broken, OutputStream.nullOutputStream())));
  }

  @Test
  void anExceptionOfTheOutputIsThrownAsItIs() {
    IllegalStateException failure = new IllegalStateException("the output broke");
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int one) {
            throw failure;
          }
        };
    InputStream input = new ByteArrayInputStream(new byte[100_000]);
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> client.copy(input, broken)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1_000_000_000, Integer.MAX_VALUE})
  void anInputThatBreaksItsContract(int claimed) {
    InputStream liar =
        new InputStream() {
          @Override
          public int read() {
            return 'a';
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            return claimed;
          }
        };
    IOException error =
        assertThrows(IOException.class, () -> client.copy(liar, OutputStream.nullOutputStream()));
    assertTrue(error.getMessage().contains("" + claimed), error.getMessage());
  }

  @Test
  void nullIsRefused() {
    assertThrows(
        NullPointerException.class, () -> client.copy(null, OutputStream.nullOutputStream()));
    assertThrows(
        NullPointerException.class, () -> client.copy(InputStream.nullInputStream(), null));
  }
}
