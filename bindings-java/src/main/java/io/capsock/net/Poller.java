package io.capsock.net;

import java.net.SocketException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Waits for sockets on behalf of virtual threads: they park, and one platform thread polls all of
 * their sockets and unparks the threads whose socket is ready. No carrier thread is blocked.
 *
 * <p>The platform thread ends when no virtual thread has waited for a while, and is started again
 * when one does: a thread that stayed would keep the class loader of this class.
 */
final class Poller {
  /** The most ready sockets that one call of the core returns. */
  private static final int TOKENS = 256;

  /** The pause after an error of the poll call, most likely for lack of memory. */
  private static final long PAUSE = 10_000_000;

  /** The time in milliseconds after which an idle thread ends, and the interval of its checks. */
  private static final int IDLE = 1000;

  /** The value of the counter after the thread has ended. */
  private static final int ENDED = -1;

  /** One poller for reads and accepts, one for writes and connects; null until needed. */
  private static volatile Poller readable;

  private static volatile Poller writable;

  private final boolean forWriting;
  private final long number;
  private final AtomicInteger waiting = new AtomicInteger(1);
  private final AtomicLong tokens = new AtomicLong();
  private final ConcurrentMap<Long, Thread> parked = new ConcurrentHashMap<>();

  /** What a virtual thread waits for. */
  interface Source {
    /** The socket's number, for which the native half has its descriptor. */
    long number();

    /** Whether the socket has not been closed. */
    boolean isOpen();
  }

  private Poller(boolean forWriting) throws SocketException {
    this.forWriting = forWriting;
    number = Native.api().pollerOpen();
    if (number < 0) {
      throw ErrorCodes.socketException((int) number, "poll");
    }
  }

  /** Starts the thread without the priority and the inherited state of the current thread. */
  private Thread start() {
    String name = forWriting ? "capsock-write-poller" : "capsock-read-poller";
    Thread thread = new Thread(null, this::run, name, 0, false);
    thread.setDaemon(true);
    thread.setPriority(Thread.NORM_PRIORITY);
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    thread.start();
    return thread;
  }

  /**
   * Parks the current virtual thread until its socket is ready, the thread is interrupted or
   * unparked by a close, or the deadline has passed. It may return spuriously.
   *
   * @param forWriting whether it waits for a write or a connect, and not for a read or an accept
   * @param deadline a time of {@link System#nanoTime}; ignored unless {@code limited}
   * @throws SocketException if the system cannot watch the socket, or has no descriptor for a
   *     poller; the next call tries again
   */
  static void await(boolean forWriting, Source socket, boolean limited, long deadline)
      throws SocketException {
    Poller poller = forWriting ? writable : readable;
    if (poller == null || !poller.enter()) {
      poller = entered(forWriting);
    }
    try {
      poller.await(socket, limited, deadline);
    } finally {
      poller.waiting.decrementAndGet();
    }
  }

  /**
   * Returns the poller of that kind, with the caller counted; a new one if its thread has ended.
   */
  private static synchronized Poller entered(boolean forWriting) throws SocketException {
    Poller poller = forWriting ? writable : readable;
    if (poller != null && poller.enter()) {
      return poller;
    }
    poller = new Poller(forWriting);
    SecurityChecks.privileged(poller::start);
    if (forWriting) {
      writable = poller;
    } else {
      readable = poller;
    }
    return poller;
  }

  /** Counts the caller, which keeps the thread from ending; false if it has ended. */
  private boolean enter() {
    int others = waiting.get();
    while (others != ENDED) {
      int witness = waiting.compareAndExchange(others, others + 1);
      if (witness == others) {
        return true;
      }
      others = witness;
    }
    return false;
  }

  private void await(Source socket, boolean limited, long deadline) throws SocketException {
    Thread thread = Thread.currentThread();
    Long token = tokens.incrementAndGet();
    parked.put(token, thread);
    try {
      int watched = Native.api().pollerWatch(number, socket.number(), forWriting, token);
      if (watched < 0 && watched != ErrorCodes.CLOSED) {
        throw ErrorCodes.socketException(watched, "poll");
      }
      while (parked.containsKey(token) && socket.isOpen() && !thread.isInterrupted()) {
        if (!limited) {
          LockSupport.park(this);
        } else {
          long rest = deadline - System.nanoTime();
          if (rest <= 0) {
            return;
          }
          LockSupport.parkNanos(this, rest);
        }
      }
    } finally {
      parked.remove(token);
    }
  }

  private void run() {
    Native api = Native.api();
    long[] ready = new long[TOKENS];
    while (true) {
      int count = api.pollerWait(number, ready, IDLE);
      if (count == 0 && waiting.compareAndSet(0, ENDED)) {
        api.pollerClose(number);
        return;
      }
      if (count < 0) {
        LockSupport.parkNanos(PAUSE);
      }
      for (int place = 0; place < count; place++) {
        LockSupport.unpark(parked.remove(ready[place]));
      }
    }
  }
}
