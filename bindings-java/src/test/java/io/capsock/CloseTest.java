package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Handles: used after close, closed during a call, used by many threads, forgotten. */
class CloseTest {
  private static final String HOST = "127.0.0.1";

  private static Server tcp() throws Exception {
    return Server.tcp().host(HOST).port(0).framing(Framing.LINE).start();
  }

  @Test
  void useAfterClose() throws Exception {
    Server server = tcp();
    TcpClient tcp = new TcpClient(HOST, server.port());
    UdpClient udp = new UdpClient(HOST, server.port());
    UppercaseStream stream = new UppercaseStream();
    for (AutoCloseable one : List.of(server, tcp, udp, stream)) {
      one.close();
      one.close();
    }
    List<Executable> calls =
        List.of(
            server::port,
            server::address,
            server::addresses,
            server::stats,
            server::requestStop,
            server::await,
            () -> server.await(null),
            () -> server.stop(null),
            () -> tcp.request("a"),
            () -> tcp.request(new byte[1]),
            () -> tcp.copy(InputStream.nullInputStream(), new ByteArrayOutputStream()),
            tcp::localAddress,
            tcp::peerAddress,
            () -> udp.request("a"),
            () -> udp.request(new byte[1]),
            udp::localAddress,
            udp::peerAddress,
            () -> stream.push(new byte[1]),
            stream::finish);
    for (Executable call : calls) {
      assertThrows(IllegalStateException.class, call);
    }
  }

  @Test
  void aNumberThatStandsForNothing() {
    Native api = Native.api();
    for (long number : new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1_000_000}) {
      assertThrows(IllegalStateException.class, () -> api.serverStats(number));
      assertThrows(IllegalStateException.class, () -> api.tcpRequestBytes(number, new byte[1]));
      assertThrows(IllegalStateException.class, () -> api.udpRequestBytes(number, new byte[1]));
      assertThrows(IllegalStateException.class, () -> api.streamFinish(number));
      api.serverClose(number);
      api.tcpClose(number);
      api.udpClose(number);
      api.streamClose(number);
    }
  }

  private static Throwable closedDuring(Executable call, AutoCloseable closed) throws Exception {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              try {
                call.execute();
              } catch (Exception | Error error) {
                throw error;
              } catch (Throwable error) {
                throw new AssertionError(error);
              }
              return null;
            });
    Thread thread = new Thread(task);
    thread.start();
    Wait.untilInNative(thread);
    closed.close();
    return assertThrows(ExecutionException.class, task::get).getCause();
  }

  @Test
  void closeWakesARequest() throws Exception {
    TcpClientOptions forEver = new TcpClientOptions().timeout(null);
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName(HOST))) {
      TcpClient client = new TcpClient(HOST, silent.getLocalPort(), forEver);
      assertSame(SocketException.class, closedDuring(() -> client.request("a"), client).getClass());
    }
    try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress(HOST, 0))) {
      UdpClient client =
          new UdpClient(HOST, silent.getLocalPort(), new UdpClientOptions().timeout(null));
      assertSame(SocketException.class, closedDuring(() -> client.request("a"), client).getClass());
    }
  }

  @Test
  void closeWakesAwait() throws Exception {
    for (Kind kind : Kind.all()) {
      Server server = kind.server().start();
      FutureTask<Boolean> waiting = new FutureTask<>(() -> server.await(null));
      Thread thread = new Thread(waiting);
      thread.start();
      Wait.untilInNative(thread);
      server.close();
      assertTrue(waiting.get(), kind.toString());
    }
  }

  @Test
  void manyThreadsInOneClient() throws Exception {
    for (Kind kind : Kind.all()) {
      try (Server server = kind.server().start();
          Kind.Client client = kind.client(server)) {
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          String text = "text " + i + " ";
          threads.add(
              CompletableFuture.runAsync(
                  () -> {
                    for (int j = 0; j < 25; j++) {
                      try {
                        assertEquals((text + j).toUpperCase(), client.request(text + j));
                      } catch (IOException error) {
                        throw new AssertionError(error);
                      }
                    }
                  },
                  task -> new Thread(task).start()));
        }
        CompletableFuture.allOf(threads.toArray(CompletableFuture[]::new)).get();
      }
    }
  }

  /** Whatever the order of the calls, they end with a reply or one of two exceptions. */
  @Test
  void closedInTheMiddleOfEverything() throws Exception {
    for (int round = 0; round < 30; round++) {
      Server server = tcp();
      TcpClient client = new TcpClient(HOST, server.port());
      List<Thread> threads = new ArrayList<>();
      List<Throwable> surprises = new CopyOnWriteArrayList<>();
      List<Executable> calls =
          List.of(() -> client.request("a"), client::peerAddress, server::stats, server::port);
      for (Executable call : calls) {
        Thread thread = new Thread(() -> repeatUntilClosed(call, surprises));
        thread.start();
        threads.add(thread);
      }
      client.request("a");
      Thread second = new Thread(client::close);
      second.start();
      client.close();
      server.close();
      second.join();
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), surprises);
    }
  }

  private static void repeatUntilClosed(Executable call, List<Throwable> surprises) {
    try {
      while (true) {
        call.execute();
      }
    } catch (IllegalStateException | SocketException expected) {
      // Closed before the call, or during it.
    } catch (Throwable surprise) {
      surprises.add(surprise);
    }
  }

  @Test
  void theCollectorStopsAForgottenServer() throws Exception {
    int port = startAndForget();
    Wait.until(
        "the forgotten server is gone",
        () -> {
          System.gc();
          try (TcpClient client = new TcpClient(HOST, port)) {
            return client.request("a") == null;
          } catch (ConnectException gone) {
            return true;
          } catch (SocketException | EOFException goingDown) {
            return false;
          }
        });
  }

  private static int startAndForget() throws Exception {
    return tcp().port();
  }

  @Test
  void theCollectorFreesAForgottenHandler() throws Exception {
    WeakReference<Handler> handler = startWithHandlerAndForget();
    Wait.until(
        "the forgotten handler is gone",
        () -> {
          System.gc();
          return handler.refersTo(null);
        });
  }

  private static WeakReference<Handler> startWithHandlerAndForget() throws Exception {
    byte[] reply = {'x', '\n'};
    Handler handler = request -> reply;
    Server server = Server.tcp().host(HOST).port(0).framing(Framing.LINE).handler(handler).start();
    try (TcpClient client = new TcpClient(HOST, server.port())) {
      assertEquals("x", client.request("a"));
    }
    return new WeakReference<>(handler);
  }

  /** The client is reachable by its own call alone, and to compiled code not even by that. */
  @Test
  void theCollectorDoesNotCloseDuringACall() throws Exception {
    Handler slow =
        request -> {
          for (int i = 0; i < 3; i++) {
            collect();
          }
          return request;
        };
    try (Server server =
        Server.tcp().host(HOST).port(0).framing(Framing.LINE).handler(slow).start()) {
      assertEquals("a", new TcpClient(HOST, server.port()).request("a"));
    }
  }

  /** Collects garbage until what was garbage before has been cleaned up. */
  private static void collect() throws InterruptedException {
    CountDownLatch cleaned = new CountDownLatch(1);
    Cleaner.create().register(new Object(), cleaned::countDown);
    do {
      System.gc();
    } while (!cleaned.await(10, TimeUnit.MILLISECONDS));
  }
}
