package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A program that ends while its servers run neither hangs nor crashes, and leaves nothing behind.
 */
class ExitTest {
  /** Starts servers of every kind, asks them, leaves a handler running, and ends. */
  static final class Main {
    public static void main(String[] arguments) throws Exception {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch never = new CountDownLatch(1);
      Handler blocking =
          request -> {
            asked.countDown();
            never.await();
            return request;
          };
      List<AutoCloseable> alive = new ArrayList<>();
      for (Kind kind : Kind.all()) {
        alive.add(answering(kind, kind.server(), "HELLO", alive));
      }
      for (Kind kind : Kind.withHandler()) {
        alive.add(answering(kind, kind.server().handler(request -> request), "hello", alive));
        alive.add(kind.server().handler(request -> null).start());
      }
      Server blocked = Server.tcp().port(0).framing(Framing.LINE).handler(blocking).start();
      TcpClient client = new TcpClient("localhost", blocked.port());
      daemon(() -> client.request("never"));
      daemon(blocked::await);
      asked.await();
      System.out.println("ready");
      switch (arguments[0]) {
        case "return" -> {}
        case "exit" -> System.exit(3);
        case "throw" -> throw new IllegalStateException("thrown on purpose");
        case "close" -> {
          for (AutoCloseable one : alive) {
            one.close();
          }
        }
        default -> new CountDownLatch(1).await();
      }
    }

    private static Server answering(
        Kind kind, ServerOptions options, String reply, List<AutoCloseable> alive)
        throws Exception {
      Server server = options.start();
      Kind.Client client = kind.client(server);
      alive.add(client);
      assertEquals(reply, client.request("hello"));
      return server;
    }

    private interface Action {
      void run() throws Exception;
    }

    private static void daemon(Action action) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  action.run();
                } catch (Exception over) {
                  // The program ends.
                }
              });
      thread.setDaemon(true);
      thread.start();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "return, 0, -Xcheck:jni",
    "return, 0, -Xshare:auto",
    "exit, 3, -Xcheck:jni",
    "exit, 3, -Xshare:auto",
    "throw, 1, -Xcheck:jni",
    "close, 0, -Xcheck:jni",
    "terminated, 143, -Xcheck:jni",
    "terminated, 143, -Xshare:auto",
  })
  void ends(String how, int code, String option) throws Exception {
    Process process = Child.java(Child.command(List.of(option), Main.class, how)).start();
    try (BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream()))) {
      List<String> lines = new ArrayList<>();
      for (String line = ""; line != null && !line.equals("ready"); line = output.readLine()) {
        lines.add(line);
      }
      List<ProcessHandle> children = process.descendants().collect(Collectors.toList());
      if (how.equals("terminated")) {
        // Process.destroy would close the stream that the rest of the output comes from.
        process.toHandle().destroy();
      }
      assertTrue(process.waitFor(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS), "it hangs: " + how);
      output.lines().forEach(lines::add);
      String all = String.join("\n", lines);
      assertEquals(code, process.exitValue(), all);
      assertFalse(all.contains("in native method"), all);
      assertFalse(all.contains("fatal error"), all);
      Wait.until("no child is left", () -> children.stream().noneMatch(ExitTest::runs));
    } finally {
      process.destroyForcibly();
    }
  }

  /** A process that has ended may stay in the table until the system's first process looks. */
  private static boolean runs(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc", "" + process.pid(), "stat"));
      return !stat.substring(stat.lastIndexOf(')')).startsWith(") Z");
    } catch (IOException gone) {
      return false;
    }
  }
}
