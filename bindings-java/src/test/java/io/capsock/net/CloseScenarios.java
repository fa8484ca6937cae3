package io.capsock.net;

import static io.capsock.net.Scenario.loopback;

import io.capsock.Wait;
import io.capsock.net.Scenario.Run;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.FutureTask;

/** Closing, also under the hands of other threads, and interruption. */
final class CloseScenarios {
  static final List<Scenario> ALL =
      List.of(
          new Scenario("closing a socket that reads", CloseScenarios::read),
          new Scenario("closing a socket that reads within a time", CloseScenarios::timedRead),
          new Scenario("closing a socket that writes", CloseScenarios::write),
          new Scenario("closing a server that accepts", CloseScenarios::accept),
          new Scenario("closing a server that accepts within a time", CloseScenarios::timedAccept),
          new Scenario("closing the stream that is read", CloseScenarios::stream),
          new Scenario("closing under two threads", CloseScenarios::twoThreads),
          new Scenario("interrupting a read", CloseScenarios::interruptedRead),
          new Scenario("interrupting an accept", CloseScenarios::interruptedAccept),
          new Scenario("a thread that was interrupted before", CloseScenarios::interruptedBefore),
          new Scenario("a socket after close", CloseScenarios::socketAfterClose),
          new Scenario("streams after close", CloseScenarios::streamsAfterClose),
          new Scenario("try with resources", CloseScenarios::tryWithResources),
          new Scenario("closing an output closes all", CloseScenarios::closingOutput),
          new Scenario("what was accepted outlives its server", CloseScenarios::accepted),
          new Scenario("a linger of zero resets", CloseScenarios::linger),
          new Scenario("closing with input unread", CloseScenarios::unread));

  private CloseScenarios() {}

  private static void read(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    run.noteWhileBlocked("read", input::read, blocked -> ends[0].close());
    run.note("again", () -> input.read());
    run.note("the peer", () -> ends[1].getInputStream().read());
  }

  private static void timedRead(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].setSoTimeout((int) Scenario.LIMIT.toMillis());
    run.noteWhileBlocked("read", () -> ends[0].getInputStream().read(), blocked -> ends[0].close());
  }

  private static void write(Run run) throws Exception {
    Socket[] ends = run.connection();
    OutputStream output = ends[0].getOutputStream();
    byte[] much = new byte[64_000_000];
    run.noteWhileBlocked(
        "write",
        () -> {
          output.write(much);
          return "all";
        },
        blocked -> ends[0].close());
    run.note("again", () -> output.write(1));
  }

  private static void accept(Run run) throws Exception {
    ServerSocket server = run.server();
    run.noteWhileBlocked("accept", server::accept, blocked -> server.close());
    run.note("again", server::accept);
  }

  private static void timedAccept(Run run) throws Exception {
    ServerSocket server = run.server();
    server.setSoTimeout((int) Scenario.LIMIT.toMillis());
    run.noteWhileBlocked("accept", server::accept, blocked -> server.close());
  }

  private static void stream(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    run.noteWhileBlocked("read", input::read, blocked -> input.close());
    run.note("closed", ends[0]::isClosed);
  }

  /** One reads, one waits for its turn to read. */
  private static void twoThreads(Run run) throws Exception {
    Socket[] ends = run.connection();
    InputStream input = ends[0].getInputStream();
    FutureTask<String> turn = new FutureTask<>(() -> Run.word(input::read));
    run.noteWhileBlocked(
        "read",
        input::read,
        blocked -> {
          Thread second = new Thread(turn);
          second.start();
          Wait.until("it waits for its turn", () -> second.getState() == Thread.State.WAITING);
          ends[0].close();
        });
    run.note("the other", () -> turn.get());
  }

  private static void interruptedRead(Run run) throws Exception {
    Socket[] ends = run.connection();
    run.noteWhileBlocked(
        "read",
        () -> ends[0].getInputStream().read() + ", interrupted " + Thread.interrupted(),
        blocked -> {
          blocked.interrupt();
          ends[1].getOutputStream().write(1);
        });
    run.note("closed", ends[0]::isClosed);
  }

  private static void interruptedAccept(Run run) throws Exception {
    ServerSocket server = run.server();
    run.noteWhileBlocked(
        "accept",
        () -> run.closing(server.accept()).isConnected() + " " + Thread.interrupted(),
        blocked -> {
          int port = server.getLocalPort();
          blocked.interrupt();
          // A virtual thread closes the server, before this or after.
          Run.word(() -> run.closing(run.sockets.socket(loopback(), port)));
        });
    run.note("closed", server::isClosed);
  }

  private static void interruptedBefore(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].setSoTimeout(30);
    run.note(
        "read",
        () -> {
          Thread.currentThread().interrupt();
          try {
            return ends[0].getInputStream().read();
          } finally {
            run.note("interrupted", Thread::interrupted);
          }
        });
    run.note("closed", ends[0]::isClosed);
  }

  private static void socketAfterClose(Run run) throws Exception {
    Socket socket = run.connection()[0];
    socket.close();
    run.note("input", socket::getInputStream);
    run.note("output", socket::getOutputStream);
    run.note("no delay", socket::getTcpNoDelay);
    run.note("set no delay", () -> socket.setTcpNoDelay(true));
    run.note("linger", socket::getSoLinger);
    run.note("set linger", () -> socket.setSoLinger(true, 1));
    run.note("timeout", socket::getSoTimeout);
    run.note("set timeout", () -> socket.setSoTimeout(1));
    run.note("buffer", socket::getSendBufferSize);
    run.note("set buffer", () -> socket.setReceiveBufferSize(4096));
    run.note("keep-alive", socket::getKeepAlive);
    run.note("traffic class", socket::getTrafficClass);
    run.note("reuse", socket::getReuseAddress);
    run.note("urgent inline", socket::getOOBInline);
    run.note("option", () -> socket.getOption(java.net.StandardSocketOptions.TCP_NODELAY));
    run.note("connect", () -> socket.connect(new InetSocketAddress(loopback(), 9)));
  }

  private static void streamsAfterClose(Run run) throws Exception {
    Socket socket = run.connection()[0];
    InputStream input = socket.getInputStream();
    OutputStream output = socket.getOutputStream();
    socket.close();
    run.note("read", () -> input.read());
    run.note("read bytes", () -> input.read(new byte[2]));
    run.note("available", input::available);
    run.note("write", () -> output.write(1));
    run.note("write bytes", () -> output.write(new byte[2]));
    run.note("close input", input::close);
    run.note("close output", output::close);
  }

  private static void tryWithResources(Run run) throws Exception {
    Socket kept;
    try (ServerSocket server = run.sockets.server(0, 1, loopback());
        Socket client = run.sockets.socket(loopback(), server.getLocalPort());
        Socket accepted = server.accept();
        OutputStream output = client.getOutputStream();
        InputStream input = accepted.getInputStream()) {
      output.write(6);
      run.note("read", () -> input.read());
      kept = accepted;
    }
    run.note("closed", kept::isClosed);
  }

  private static void closingOutput(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].getOutputStream().close();
    run.note("closed", ends[0]::isClosed);
    run.note("the peer", () -> ends[1].getInputStream().read());
  }

  private static void accepted(Run run) throws Exception {
    ServerSocket server = run.server();
    Socket client = run.closing(run.sockets.socket(loopback(), server.getLocalPort()));
    Socket accepted = run.closing(server.accept());
    server.close();
    client.getOutputStream().write(1);
    run.note("read", () -> accepted.getInputStream().read());
  }

  private static void linger(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].setSoLinger(true, 0);
    ends[0].close();
    run.note("the peer", () -> ends[1].getInputStream().read());
    Socket[] others = run.connection();
    others[0].setSoLinger(true, 1);
    others[0].close();
    run.note("the other peer", () -> others[1].getInputStream().read());
  }

  /** TCP breaks off a connection whose input nobody will read. */
  private static void unread(Run run) throws Exception {
    Socket[] ends = run.connection();
    ends[0].getOutputStream().write(new byte[10]);
    run.note("one", () -> ends[1].getInputStream().read());
    ends[1].close();
    run.note("read", () -> ends[0].getInputStream().read());
  }
}
