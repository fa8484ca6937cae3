package io.capsock.net;

import io.capsock.Concurrency;
import io.capsock.Framing;
import io.capsock.Handler;
import io.capsock.Server;
import io.capsock.TcpClient;
import io.capsock.TcpClientOptions;
import io.capsock.UdpClient;
import io.capsock.UdpClientOptions;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * A call that does not return while its program runs: it waits for ever, or is made again and
 * again.
 */
enum Call {
  ACCEPT {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = listening()) {
        begun.run();
        server.accept();
      }
    }
  },
  READ {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = listening();
          Socket socket = connected(server)) {
        begun.run();
        socket.getInputStream().read();
      }
    }
  },
  WRITE {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = listening();
          Socket socket = connected(server)) {
        begun.run();
        while (true) {
          socket.getOutputStream().write(new byte[1 << 20]);
        }
      }
    }
  },
  CONNECT {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = new ServerSocket(0, 1, Scenario.loopback())) {
        begun.run();
        while (true) {
          KEPT.add(connected(server));
        }
      }
    }
  },
  RECEIVE {
    @Override
    void make(Runnable begun) throws Exception {
      try (DatagramSocket socket = bound()) {
        begun.run();
        socket.receive(new DatagramPacket(new byte[9], 9));
      }
    }
  },
  TCP_CONNECT {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = new ServerSocket(0, 1, Scenario.loopback())) {
        begun.run();
        while (true) {
          KEPT.add(tcp(server.getLocalPort()));
        }
      }
    }
  },
  TCP_REQUEST {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = listening();
          TcpClient client = tcp(server.getLocalPort())) {
        begun.run();
        client.request("never");
      }
    }
  },
  TCP_REQUEST_MANY {
    @Override
    void make(Runnable begun) throws Exception {
      try (ServerSocket server = listening();
          TcpClient client = tcp(server.getLocalPort())) {
        begun.run();
        client.requestMany(Collections.nCopies(100, "never"));
      }
    }
  },
  TCP_COPY {
    @Override
    void make(Runnable begun) throws Exception {
      try (Server server = Server.tcp().host(HOST).port(0).start();
          TcpClient client = tcp(server.port())) {
        begun.run();
        // Without an end, both ways.
        client.copy(new Endless(), OutputStream.nullOutputStream());
      }
    }
  },
  UDP_REQUEST {
    @Override
    void make(Runnable begun) throws Exception {
      try (DatagramSocket mute = bound();
          UdpClient client = udp(mute.getLocalPort())) {
        begun.run();
        client.request("never");
      }
    }
  },
  UDP_REQUEST_MANY {
    @Override
    void make(Runnable begun) throws Exception {
      try (DatagramSocket mute = bound();
          UdpClient client = udp(mute.getLocalPort())) {
        begun.run();
        client.requestMany(Collections.nCopies(100, "never"));
      }
    }
  },
  AWAIT {
    @Override
    void make(Runnable begun) throws Exception {
      try (Server server = Server.tcp().host(HOST).port(0).start()) {
        begun.run();
        server.await();
      }
    }
  },
  /** Waits for a handler that sleeps. */
  STOP {
    @Override
    void make(Runnable begun) throws Exception {
      CountDownLatch asked = new CountDownLatch(1);
      Handler sleeping =
          request -> {
            asked.countDown();
            new CountDownLatch(1).await();
            return request;
          };
      try (Server server = handling(Concurrency.THREADS, sleeping);
          Socket client = new Socket(HOST, server.port())) {
        client.getOutputStream().write('\n');
        asked.await();
        begun.run();
        server.stop(null);
      }
    }
  },
  /** Handlers that run, park and make garbage, on threads of the library. */
  HANDLE {
    @Override
    void make(Runnable begun) throws Exception {
      CountDownLatch asked = new CountDownLatch(WITH_HANDLER.size());
      Handler running =
          request -> {
            asked.countDown();
            for (int step = 0; ; step++) {
              garbage = new byte[step % 1024];
              LockSupport.parkNanos(1000);
            }
          };
      for (Concurrency concurrency : WITH_HANDLER) {
        Server server = handling(concurrency, running);
        Socket client = new Socket(HOST, server.port());
        client.getOutputStream().write('\n');
        KEPT.addAll(List.of(server, client));
      }
      asked.await();
      begun.run();
      new CountDownLatch(1).await();
    }
  },
  /** Quick handlers, which come and go from Java's point of view. */
  ASK {
    @Override
    void make(Runnable begun) throws Exception {
      List<TcpClient> clients = new ArrayList<>();
      for (Concurrency concurrency : WITH_HANDLER) {
        Server server = handling(concurrency, request -> request);
        KEPT.add(server);
        clients.add(tcp(server.port()));
      }
      begun.run();
      while (true) {
        for (TcpClient client : clients) {
          client.request("hello");
        }
      }
    }
  },
  /** Handlers that fail, which the library logs. */
  FAIL {
    @Override
    void make(Runnable begun) throws Exception {
      Handler failing =
          request -> {
            throw new IllegalStateException("failed on purpose");
          };
      try (Server server = handling(Concurrency.EVENTS, failing)) {
        begun.run();
        while (true) {
          try (TcpClient client = tcp(server.port())) {
            client.request("hello");
          } catch (EOFException expected) {
            // The server closes the connection.
          }
        }
      }
    }
  },
  TIME_OUT {
    @Override
    void make(Runnable begun) throws Exception {
      try (DatagramSocket socket = bound()) {
        socket.setSoTimeout(1);
        begun.run();
        while (true) {
          try {
            socket.receive(new DatagramPacket(new byte[9], 9));
          } catch (SocketTimeoutException expected) {
            // Nobody sends.
          }
        }
      }
    }
  },
  START_AND_CLOSE {
    @Override
    void make(Runnable begun) throws Exception {
      begun.run();
      while (true) {
        for (Concurrency concurrency : WITH_HANDLER) {
          try (Server server = handling(concurrency, request -> request);
              TcpClient client = tcp(server.port())) {
            client.request("hello");
          }
        }
      }
    }
  };

  private static final String HOST = "127.0.0.1";

  private static final List<Concurrency> WITH_HANDLER =
      List.of(Concurrency.ITERATIVE, Concurrency.THREADS, Concurrency.EVENTS);

  /** What the collector is not to close. */
  private static final List<AutoCloseable> KEPT = Collections.synchronizedList(new ArrayList<>());

  private static volatile byte[] garbage;

  /**
   * Makes the call.
   *
   * @param begun to be run when nothing but the call itself comes
   */
  abstract void make(Runnable begun) throws Exception;

  /** Runs it on a thread of the library. */
  static void inHandler(Runnable end) throws IOException {
    Handler handler =
        request -> {
          end.run();
          return request;
        };
    try (Server server = handling(Concurrency.THREADS, handler);
        TcpClient client = tcp(server.port())) {
      client.request("end");
    }
  }

  /** Leaves a server to be closed as the program ends. */
  static void closeAtExit() throws IOException {
    Server server = handling(Concurrency.EVENTS, request -> request);
    TcpClient client = tcp(server.port());
    client.request("hello");
    KEPT.add(client);
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
  }

  private static final class Endless extends InputStream {
    @Override
    public int read() {
      return 'a';
    }
  }

  private static ServerSocket listening() throws IOException {
    return new ServerSocket(0, 50, Scenario.loopback());
  }

  private static Socket connected(ServerSocket server) throws IOException {
    return new Socket(HOST, server.getLocalPort());
  }

  private static DatagramSocket bound() throws IOException {
    return new DatagramSocket(0, Scenario.loopback());
  }

  private static Server handling(Concurrency concurrency, Handler handler) throws IOException {
    return Server.tcp()
        .host(HOST)
        .port(0)
        .framing(Framing.LINE)
        .concurrency(concurrency)
        .handler(handler)
        .start();
  }

  private static TcpClient tcp(int port) throws IOException {
    TcpClientOptions options = new TcpClientOptions().timeout(null).connectTimeout(null);
    return new TcpClient(HOST, port, options);
  }

  private static UdpClient udp(int port) throws IOException {
    UdpClientOptions options =
        new UdpClientOptions().timeout(null).retransmitAfter(Duration.ofMinutes(10));
    return new UdpClient(HOST, port, options);
  }
}
