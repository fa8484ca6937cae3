package io.capsock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.capsock.Capsock;
import io.capsock.Concurrency;
import io.capsock.Framing;
import io.capsock.Handler;
import io.capsock.Server;
import io.capsock.ServerOptions;
import io.capsock.TcpClient;
import io.capsock.Trace;
import io.capsock.UdpClient;
import io.capsock.UppercaseStream;
import io.capsock.Wait;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Programs that use the whole of capsock, each to be loaded by a class loader of its own. What they
 * open is closed when they return, but for what {@link #FORGETS} forgets.
 */
public enum Program implements Runnable {
  USES_THE_SERVICE {
    @Override
    void use() throws Exception {
      assertEquals("STRASSE", Capsock.uppercase("straße"));
      try (UppercaseStream stream = new UppercaseStream()) {
        assertEquals(1, stream.push(new byte[] {'a'}).length);
      }
    }
  },
  ASKS_SERVERS {
    @Override
    void use() throws Exception {
      for (Concurrency concurrency : Concurrency.values()) {
        ask(tcp(concurrency), udp(concurrency), "HELLO");
      }
    }
  },
  HANDLES {
    @Override
    void use() throws Exception {
      Handler handler = Handler.ofText(text -> "so: " + text);
      for (Concurrency concurrency : WITH_HANDLER) {
        ask(tcp(concurrency).handler(handler), udp(concurrency).handler(handler), "so: hello");
      }
    }
  },
  FAILS {
    @Override
    void use() throws Exception {
      Handler failing =
          request -> {
            throw new Failure();
          };
      for (Concurrency concurrency : WITH_HANDLER) {
        try (Server server = tcp(concurrency).handler(failing).start();
            TcpClient client = new TcpClient(HOST, server.port())) {
          assertThrows(IOException.class, () -> client.request("hello"));
        }
      }
      try (ServerSocket server = new ServerSocket(0)) {
        server.setSoTimeout(1);
        assertThrows(SocketTimeoutException.class, server::accept);
      }
      Server closed = tcp(Concurrency.EVENTS).start();
      int port = closed.port();
      closed.close();
      assertThrows(IllegalStateException.class, closed::stats);
      assertThrows(ConnectException.class, () -> new TcpClient(HOST, port));
    }
  },
  LEAVES_HANDLERS_RUNNING {
    @Override
    void use() throws Exception {
      for (Concurrency concurrency : WITH_HANDLER) {
        CountDownLatch asked = new CountDownLatch(1);
        Handler slow =
            request -> {
              asked.countDown();
              Thread.sleep(200);
              return request;
            };
        try (Server server = tcp(concurrency).handler(slow).start();
            Socket client = new Socket(HOST, server.port())) {
          client.getOutputStream().write("hello\n".getBytes(UTF_8));
          asked.await();
          assertEquals(1, server.stop(Duration.ZERO).running());
        }
      }
    }
  },
  USES_SOCKETS {
    @Override
    void use() throws Exception {
      exchange(Threads.SYSTEM);
    }
  },
  RECORDS {
    @Override
    void use() throws Exception {
      Path file = Files.createTempFile("capsock-test-", ".trace");
      Trace.start(file);
      try {
        ASKS_SERVERS.use();
      } finally {
        Trace.stop();
        Files.delete(file);
      }
    }
  },
  FORGETS {
    @Override
    void use() throws Exception {
      Path file = Files.createTempFile("capsock-test-", ".forgotten");
      Trace.start(file);
      Files.delete(file);
      Server tcp = tcp(Concurrency.THREADS).handler(request -> request).start();
      Server udp = udp(Concurrency.EVENTS).start();
      assertEquals("hello", new TcpClient(HOST, tcp.port()).request("hello"));
      assertEquals("HELLO", new UdpClient(HOST, udp.port()).request("hello"));
      // A collection may close a server that nobody refers to, here or in the middle of a request.
      Reference.reachabilityFence(tcp);
      Reference.reachabilityFence(udp);
      new DatagramSocket(0).getLocalPort();
      new UppercaseStream().push(new byte[] {'a'});
    }
  },
  USES_VIRTUAL_THREADS {
    @Override
    void use() throws Exception {
      exchange(Threads.VIRTUAL);
    }
  },
  USES_EVERYTHING {
    @Override
    void use() throws Exception {
      for (Program program : values()) {
        if (program.runsHere() && program.ordinal() < USES_VIRTUAL_THREADS.ordinal()) {
          program.use();
        }
      }
    }
  };

  private static final String HOST = "127.0.0.1";

  private static final int MUCH = 8 << 20;

  private static final List<Concurrency> WITH_HANDLER =
      List.of(Concurrency.ITERATIVE, Concurrency.THREADS, Concurrency.EVENTS);

  /** An exception whose class is this loader's. */
  private static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  abstract void use() throws Exception;

  public boolean runsHere() {
    return this != USES_VIRTUAL_THREADS || Runtime.version().feature() >= 21;
  }

  @Override
  public void run() {
    try {
      use();
    } catch (Exception failed) {
      throw new IllegalStateException(this + " failed", failed);
    }
  }

  private static ServerOptions tcp(Concurrency concurrency) {
    return Server.tcp().host(HOST).port(0).framing(Framing.LINE).concurrency(concurrency);
  }

  private static ServerOptions udp(Concurrency concurrency) {
    return Server.udp().host(HOST).port(0).concurrency(concurrency);
  }

  private static void ask(ServerOptions tcp, ServerOptions udp, String reply) throws Exception {
    try (Server server = tcp.start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      assertEquals(reply, client.request("hello"));
      assertEquals(List.of(reply, reply), client.requestMany(List.of("hello", "hello")));
    }
    try (Server server = tcp.start();
        TcpClient client = new TcpClient(HOST, server.port())) {
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      client.copy(new ByteArrayInputStream("hello\n".getBytes(UTF_8)), output);
      assertEquals(reply + "\n", output.toString(UTF_8));
    }
    try (Server server = udp.start();
        UdpClient client = new UdpClient(HOST, server.port())) {
      assertEquals(reply, client.request("hello"));
      assertEquals(List.of(reply, reply), client.requestMany(List.of("hello", "hello")));
    }
  }

  /** Has threads of a kind wait in each call of a socket. */
  private static void exchange(Threads kind) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, Scenario.loopback());
        DatagramSocket receiver = new DatagramSocket(0, Scenario.loopback());
        DatagramSocket sender = new DatagramSocket(0, Scenario.loopback())) {
      List<Thread> threads = new ArrayList<>();
      threads.add(start(kind, () -> drain(server)));
      threads.add(start(kind, () -> receiver.receive(new DatagramPacket(new byte[9], 9))));
      Wait.until("both wait", () -> threads.stream().allMatch(kind::waits));
      threads.add(start(kind, () -> fill(server.getLocalPort())));
      sender.send(Scenario.packet("hello", receiver));
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  private static Thread start(Threads kind, Scenario.Action action) {
    return kind.start(
        () -> {
          try {
            action.take();
          } catch (Exception failed) {
            throw new IllegalStateException(failed);
          }
        });
  }

  /** More than the system has room for, so that the write waits, too. */
  private static void fill(int port) throws IOException {
    try (Socket client = new Socket(HOST, port)) {
      client.getOutputStream().write(new byte[MUCH]);
      client.shutdownOutput();
      assertEquals('!', client.getInputStream().read());
    }
  }

  private static void drain(ServerSocket server) throws IOException {
    try (java.net.Socket connection = server.accept()) {
      assertEquals(MUCH, connection.getInputStream().readAllBytes().length);
      connection.getOutputStream().write('!');
    }
  }
}
