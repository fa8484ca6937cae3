package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.capsock.Child;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many virtual threads wait at once, on few carriers. */
class VirtualThreadsTest {
  private static final int MANY = 1000;

  /** Each of many threads waits for its own socket before any of them gets something. */
  static final class Main {
    public static void main(String[] arguments) throws Exception {
      reads();
      accepts();
      receives();
      System.out.println("all went on");
    }

    private interface Action {
      void run() throws Exception;
    }

    private static Thread start(CountDownLatch done, Action action) {
      return Threads.VIRTUAL.start(
          () -> {
            try {
              action.run();
              done.countDown();
            } catch (Exception failed) {
              failed.printStackTrace();
            }
          });
    }

    private static void await(CountDownLatch done) throws Exception {
      if (!done.await(20, TimeUnit.SECONDS)) {
        throw new AssertionError(done.getCount() + " threads wait for ever");
      }
    }

    /** Until all threads wait, as seen from a thread that has no carrier to share. */
    private static void untilAllWait(List<Thread> threads) throws Exception {
      io.capsock.Wait.until("all wait", () -> threads.stream().allMatch(Threads.VIRTUAL::waits));
    }

    private static void reads() throws Exception {
      CountDownLatch done = new CountDownLatch(MANY);
      List<Thread> threads = new ArrayList<>();
      List<Socket> writers = new ArrayList<>();
      List<Socket> readers = new ArrayList<>();
      try (ServerSocket server = new io.capsock.net.ServerSocket(0, MANY)) {
        for (int connection = 0; connection < MANY; connection++) {
          Socket reader = new io.capsock.net.Socket("localhost", server.getLocalPort());
          Socket writer = server.accept();
          readers.add(reader);
          writers.add(writer);
          int expected = connection % 256;
          threads.add(start(done, () -> assertEquals(expected, reader.getInputStream().read())));
        }
        untilAllWait(threads);
        for (int connection = MANY - 1; connection >= 0; connection--) {
          writers.get(connection).getOutputStream().write(connection);
        }
        await(done);
        for (int connection = 0; connection < MANY; connection++) {
          readers.get(connection).close();
          writers.get(connection).close();
        }
      }
    }

    private static void accepts() throws Exception {
      int some = 100;
      CountDownLatch done = new CountDownLatch(some);
      List<Thread> threads = new ArrayList<>();
      List<ServerSocket> servers = new ArrayList<>();
      for (int number = 0; number < some; number++) {
        ServerSocket server = new io.capsock.net.ServerSocket(0);
        servers.add(server);
        threads.add(start(done, () -> server.accept().close()));
      }
      untilAllWait(threads);
      for (ServerSocket server : servers) {
        new io.capsock.net.Socket("localhost", server.getLocalPort()).close();
      }
      await(done);
      for (ServerSocket server : servers) {
        server.close();
      }
    }

    private static void receives() throws Exception {
      int some = 100;
      CountDownLatch done = new CountDownLatch(some);
      List<Thread> threads = new ArrayList<>();
      List<DatagramSocket> sockets = new ArrayList<>();
      for (int number = 0; number < some; number++) {
        DatagramSocket socket = new io.capsock.net.DatagramSocket(0, Scenario.loopback());
        sockets.add(socket);
        threads.add(start(done, () -> socket.receive(new DatagramPacket(new byte[9], 9))));
      }
      untilAllWait(threads);
      for (DatagramSocket socket : sockets) {
        sockets.get(0).send(Scenario.packet("hello", socket));
      }
      await(done);
      sockets.forEach(DatagramSocket::close);
    }
  }

  @Test
  void aThousandReadsOnTwoCarriers() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "virtual threads are Java 21's");
    List<String> options =
        List.of(
            "-Djdk.virtualThreadScheduler.parallelism=2",
            "-Djdk.virtualThreadScheduler.maxPoolSize=2");
    assertEquals(
        new Child.Ended(0, "all went on\n"), Child.run(Child.command(options, Main.class), 55));
  }

  /** Waits in a virtual thread whenever the thread that waits for it has ended. */
  static final class Idle {
    public static void main(String[] arguments) throws Exception {
      for (int time = 0; time < 2; time++) {
        io.capsock.Wait.until("no poller is left", () -> pollers() == 0);
        Main.accepts();
        if (pollers() == 0) {
          throw new AssertionError("nobody waited");
        }
      }
      System.out.println("all went on");
    }

    private static long pollers() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().matches("capsock-(read|write)-poller"))
          .count();
    }
  }

  /** What comes of an interrupt, with java.net's own classes. */
  static final class Interrupted {
    public static void main(String[] arguments) throws Exception {
      for (Scenario scenario : ScenariosTest.all()) {
        if (scenario.name().contains("interrupt")) {
          System.out.println("# " + scenario);
          String outcome = scenario.outcome(Sockets.JDK, Threads.VIRTUAL);
          // java.net's class for foreign implementations does not ask those whether they are
          // closed.
          boolean datagrams = scenario.name().contains("receive");
          System.out.println(datagrams ? outcome.replaceAll("closed -> .*", "") : outcome);
        }
      }
    }
  }

  @Test
  void aPollerThatHasEndedIsStartedAgain() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "virtual threads are Java 21's");
    assertEquals(
        new Child.Ended(0, "all went on\n"), Child.run(Child.command(List.of(), Idle.class), 55));
  }

  @Test
  void interruptsUnderTheAgent() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "virtual threads are Java 21's");
    Child.Ended without = Child.run(Child.command(List.of(), Interrupted.class));
    List<String> agent = List.of("-javaagent:" + Child.JAR + "=hints=off");
    Child.Ended with = Child.run(Child.command(agent, Interrupted.class));
    assertTrue(without.output().contains("Closed by interrupt"), without.output());
    assertEquals(without, with);
  }
}
