package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Sockets that are closed while others use them, and whose descriptors and numbers are given to new
 * sockets at once: nobody meets what is another's.
 */
public class CloseRaceTest {
  private static final int ROUNDS = 150;

  /** What a reader saw: bytes of its own connection alone, then the end or the close. */
  private static String read(Socket socket, int own) throws Exception {
    byte[] bytes = new byte[64];
    try {
      InputStream input = socket.getInputStream();
      for (int count = input.read(bytes); count > 0; count = input.read(bytes)) {
        for (int place = 0; place < count; place++) {
          assertEquals((byte) own, bytes[place], "a byte of another connection");
        }
      }
      return "end";
    } catch (IOException closed) {
      return closed.getMessage();
    }
  }

  private static void write(Socket socket, int own) {
    byte[] bytes = new byte[64];
    java.util.Arrays.fill(bytes, (byte) own);
    try {
      for (int time = 0; time < 20; time++) {
        socket.getOutputStream().write(bytes);
      }
    } catch (IOException closed) {
      // The reader was closed.
    }
  }

  @ParameterizedTest
  @EnumSource(Threads.class)
  void nobodyReadsWhatIsAnothers(Threads threads) throws Exception {
    assumeTrue(Threads.KINDS.contains(threads), "this Java has none");
    try (ServerSocket server = new ServerSocket(0)) {
      for (int round = 0; round < ROUNDS; round++) {
        List<FutureTask<String>> readers = new ArrayList<>();
        List<Socket> sockets = new ArrayList<>();
        for (int connection = 0; connection < 4; connection++) {
          Socket reader = new Socket("localhost", server.getLocalPort());
          Socket writer = server.accept();
          sockets.add(reader);
          sockets.add(writer);
          int own = round * 4 + connection;
          FutureTask<String> task = new FutureTask<>(() -> read(reader, own));
          readers.add(task);
          threads.start(task);
          threads.start(() -> write(writer, own));
        }
        for (Socket socket : sockets) {
          socket.close();
        }
        for (FutureTask<String> reader : readers) {
          String saw = reader.get(20, TimeUnit.SECONDS);
          // A connection that ends with bytes unread is reset.
          assertTrue(
              List.of("end", "Socket closed", "Socket is closed", "Connection reset").contains(saw),
              saw);
        }
      }
    }
  }
}
