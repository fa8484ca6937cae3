package io.capsock.net;

import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Something that a program does with sockets, and what comes of it in words: run with one side's
 * sockets, then with the other's, the words have to be the same.
 *
 * @param name what is done
 * @param body does it, and tells by {@link Run#note} what came of each step
 */
record Scenario(String name, Body body) {
  /** Longer than anything takes that is not to wait, however busy the machine is. */
  static final Duration LIMIT = Duration.ofSeconds(20);

  /** What a scenario does. */
  interface Body {
    void run(Run run) throws Exception;
  }

  /** A step that may throw. */
  interface Step {
    Object take() throws Exception;
  }

  /** A step without a result. */
  interface Action {
    void take() throws Exception;
  }

  @Override
  public String toString() {
    return name;
  }

  /** What comes of it with these sockets, on such threads. */
  String outcome(Sockets sockets, Threads threads) throws Exception {
    try (Run run = new Run(sockets, threads)) {
      run.start(
              () -> {
                run.note("", () -> body.run(run));
                return null;
              })
          .get(3 * LIMIT.toSeconds(), TimeUnit.SECONDS);
      return String.join("\n", run.notes);
    }
  }

  /** One run, which closes what it has made. */
  static final class Run implements AutoCloseable {
    final Sockets sockets;
    private final Threads threads;
    private final List<String> notes = new ArrayList<>();
    private final Deque<Closeable> made = new ArrayDeque<>();

    private Run(Sockets sockets, Threads threads) {
      this.sockets = sockets;
      this.threads = threads;
    }

    @Override
    public void close() throws IOException {
      while (!made.isEmpty()) {
        made.pop().close();
      }
    }

    <T extends Closeable> T closing(T socket) {
      made.push(socket);
      return socket;
    }

    Socket socket() throws IOException {
      return closing(sockets.socket());
    }

    ServerSocket server() throws IOException {
      return closing(sockets.server(0, 50, loopback()));
    }

    DatagramSocket datagrams() throws IOException {
      return closing(sockets.datagrams(0, loopback()));
    }

    /** A connection: the end that connected, and the end that was accepted. */
    Socket[] connection() throws IOException {
      ServerSocket server = server();
      Socket client = closing(sockets.socket(loopback(), server.getLocalPort()));
      return new Socket[] {client, closing(server.accept())};
    }

    /** Writes down what came of a step: its value, or the exception's class and text. */
    void note(String what, Step step) {
      notes.add(what + " -> " + word(step));
    }

    void note(String what, Action action) {
      String word =
          word(
              () -> {
                action.take();
                return "done";
              });
      if (!what.isEmpty() || !word.equals("done")) {
        notes.add(what + " -> " + word);
      }
    }

    /** The same for a step that is to last that long, and not much longer. */
    void noteTimed(String what, int milliseconds, Step step) {
      long start = System.nanoTime();
      String word = word(step);
      long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      // A millisecond, for clocks that differ.
      String timing =
          took < milliseconds - 1 ? "too early" : took > LIMIT.toMillis() ? "too late" : "in time";
      notes.add(what + " -> " + word + ", " + timing);
    }

    static String word(Step step) {
      try {
        return String.valueOf(step.take());
      } catch (Exception | Error exception) {
        // Ports and descriptors are another's each time.
        String text = String.valueOf(exception.getMessage()).replaceAll("\\d+", "#");
        // Java 21 and before leave the protocol out.
        text = text.replace("IPv# protocol family", "Protocol family");
        return exception.getClass().getName() + ": " + text;
      }
    }

    /** The exception's class alone, where the text is the compiler's. */
    static String kind(Action action) {
      try {
        action.take();
        return "none";
      } catch (Exception exception) {
        return exception.getClass().getName();
      }
    }

    /** Starts a step on a thread of its own. */
    <T> FutureTask<T> start(Callable<T> step) {
      FutureTask<T> task = new FutureTask<>(step);
      threads.start(task);
      return task;
    }

    /** Does a step on a thread of its own, then something else once that thread waits in it. */
    void noteWhileBlocked(String what, Step step, BlockedAction action) throws Exception {
      FutureTask<String> task = new FutureTask<>(() -> word(step));
      Thread thread = threads.start(task);
      untilBlocked(thread);
      action.take(thread);
      notes.add(what + " -> " + task.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
    }

    /** Until a thread waits for a socket, and for a moment after. */
    private void untilBlocked(Thread thread) {
      long end = System.nanoTime() + LIMIT.toNanos();
      for (int seen = 0; seen < 5; seen = threads.waits(thread) ? seen + 1 : 0) {
        if (System.nanoTime() > end) {
          throw new AssertionError(thread + " does not wait for a socket");
        }
        LockSupport.parkNanos(2_000_000);
      }
    }
  }

  /** What is done while another thread waits. */
  interface BlockedAction {
    void take(Thread blocked) throws Exception;
  }

  static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  static DatagramPacket packet(String text, DatagramSocket to) {
    byte[] bytes = text.getBytes();
    return new DatagramPacket(bytes, bytes.length, loopback(), to.getLocalPort());
  }

  static String text(DatagramPacket packet) {
    return new String(packet.getData(), packet.getOffset(), packet.getLength());
  }
}
