package io.capsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers that take their time: whom they hold up, and whom they do not. */
class SlowHandlerTest {
  private final Semaphore entered = new Semaphore(0);
  private final CountDownLatch leave = new CountDownLatch(1);
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  /** Waits at a gate with "wait", and answers all else at once. */
  private byte[] handle(byte[] request) throws InterruptedException {
    if (new String(request).startsWith("wait")) {
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      entered.release();
      assertTrue(leave.await(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
      inside.decrementAndGet();
    }
    return request;
  }

  private void awaitEntered() throws InterruptedException {
    assertTrue(entered.tryAcquire(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
  }

  private static CompletableFuture<String> ask(Kind kind, Server server, String text) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (Kind.Client client = kind.client(server)) {
            return client.request(text);
          } catch (IOException error) {
            return error.toString();
          }
        },
        runnable -> new Thread(runnable).start());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itStopsNobodyElseOnEvents(boolean tcp) throws Exception {
    Kind kind = new Kind(tcp, Concurrency.EVENTS);
    try (Server server = kind.server().workers(3).handler(this::handle).start()) {
      List<CompletableFuture<String>> slow = new ArrayList<>();
      try {
        for (int i = 0; i < 2; i++) {
          slow.add(ask(kind, server, "wait"));
        }
        awaitEntered();
        awaitEntered();
        for (int i = 0; i < 20; i++) {
          try (Kind.Client client = kind.client(server)) {
            assertEquals("hello " + i, client.request("hello " + i));
          }
        }
        for (int i = 0; i < 3; i++) {
          slow.add(ask(kind, server, "wait"));
        }
        awaitEntered();
      } finally {
        leave.countDown();
      }
      for (CompletableFuture<String> one : slow) {
        assertEquals("wait", one.get(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS));
      }
      assertEquals(3, most.get(), "as many at once as there are workers");
    }
  }

  static List<Kind> kinds() {
    return Kind.withHandler();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aStopDoesNotWaitForItPastItsDeadline(Kind kind) throws Exception {
    try (Server server = kind.server().handler(this::handle).start()) {
      CompletableFuture<String> slow = ask(kind, server, "wait");
      try {
        awaitEntered();
        long begin = System.nanoTime();
        assertEquals(1, server.stop(Duration.ofMillis(50)).running());
        // The promise is 150 ms; a busy machine is no failure.
        assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(2));
      } finally {
        leave.countDown();
      }
      server.await();
      slow.get(Wait.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void linesThatWaitAreAnsweredInTheirOrderOnThreadsThatStay() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Handler handler =
        request -> {
          threads.add(Thread.currentThread());
          return request;
        };
    List<String> lines =
        IntStream.range(0, 500).mapToObj(i -> "line " + i).collect(Collectors.toList());
    try (Server server =
        Server.tcp().port(0).framing(Framing.LINE).workers(2).handler(handler).start()) {
      for (int i = 0; i < 10; i++) {
        try (TcpClient client = new TcpClient("localhost", server.port())) {
          assertEquals(lines, client.requestMany(lines));
        }
      }
    }
    assertTrue(threads.size() <= 2, "threads come and go: " + threads);
  }
}
