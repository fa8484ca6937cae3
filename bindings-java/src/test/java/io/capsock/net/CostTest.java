package io.capsock.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.capsock.Wait;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a call leaves behind: no garbage, and a socket no descriptor. */
class CostTest {
  private static final int CALLS = 20_000;

  /** Less than the smallest object for each call. */
  private static final long BOUND = CALLS * 8L;

  private interface Calls {
    void run() throws Exception;
  }

  private static void allocatesNothing(Calls calls) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    // Before it is compiled, Java itself makes objects now and then.
    long allocated = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && allocated > BOUND; attempt++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int call = 0; call < CALLS; call++) {
        calls.run();
      }
      allocated = threads.getThreadAllocatedBytes(thread) - before;
    }
    assertTrue(allocated <= BOUND, allocated + " bytes for " + CALLS + " calls");
  }

  @Test
  void readsAndWritesAllocateNothing() throws Exception {
    try (ServerSocket server = new ServerSocket(0);
        Socket client = new Socket("localhost", server.getLocalPort());
        Socket accepted = server.accept()) {
      OutputStream output = client.getOutputStream();
      InputStream input = accepted.getInputStream();
      byte[] bytes = new byte[100];
      allocatesNothing(
          () -> {
            output.write(bytes);
            for (int count = 0; count < bytes.length; ) {
              count += input.read(bytes, count, bytes.length - count);
            }
          });
    }
  }

  @Test
  void datagramsAllocateNothing() throws Exception {
    try (DatagramSocket socket = new DatagramSocket(0, Scenario.loopback())) {
      DatagramPacket sent = Scenario.packet("hello", socket);
      DatagramPacket received = new DatagramPacket(new byte[100], 100);
      allocatesNothing(
          () -> {
            socket.send(sent);
            socket.receive(received);
          });
    }
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @SuppressWarnings("resource") // the point of it
  private static void forget(int times) throws Exception {
    for (int time = 0; time < times; time++) {
      ServerSocket server = new ServerSocket(0);
      new Socket("localhost", server.getLocalPort());
      server.accept();
      new DatagramSocket();
    }
  }

  @Test
  void aForgottenSocketIsClosedByTheCollector() throws Exception {
    forget(1);
    long before = descriptors();
    forget(50);
    Wait.until(
        "the forgotten are closed",
        () -> {
          System.gc();
          return descriptors() <= before + 8;
        });
  }

  @Test
  void whatFailsLeavesNoDescriptor() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, Scenario.loopback())) {
      int port = taken.getLocalPort();
      long before = descriptors();
      for (int time = 0; time < 50; time++) {
        for (Sockets sockets : new Sockets[] {Sockets.CAPSOCK}) {
          Scenario.Run.word(() -> sockets.socket("localhost", 1));
          Scenario.Run.word(() -> sockets.server(port, 1, Scenario.loopback()));
          Scenario.Run.word(
              () -> sockets.datagrams(1, java.net.InetAddress.getByName("192.0.2.1")));
          Scenario.Run.word(() -> sockets.socket().getTcpNoDelay());
        }
      }
      Wait.until(
          "no descriptor is left",
          () -> {
            System.gc();
            return descriptors() <= before + 8;
          });
    }
  }
}
