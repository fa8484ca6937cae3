package io.capsock.net;

import java.net.SocketException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Where virtual threads wait for sockets: they park, and one thread of the system waits for all of
 * their sockets and unparks those whose socket is ready. A carrier thread is never blocked.
 */
final class Poller {
  /** How many sockets are told of at once: what the core returns at most. */
  private static final int TOKENS = 256;

  /** A pause after a failure of the system, which is out of memory most likely. */
  private static final long PAUSE = 10_000_000;

  private static final class Readable {
    static final Poller POLLER = new Poller("capsock-read-poller", false);
  }

  private static final class Writable {
    static final Poller POLLER = new Poller("capsock-write-poller", true);
  }

  private final boolean writable;
  private final long number;
  private final int failure;
  private final AtomicLong tokens = new AtomicLong();
  private final ConcurrentMap<Long, Thread> parked = new ConcurrentHashMap<>();

  private Poller(String name, boolean writable) {
    this.writable = writable;
    long opened = Native.api().pollerOpen();
    number = opened;
    failure = opened < 0 ? (int) opened : 0;
    if (failure == 0) {
      // Neither its priority nor what it inherits are those of whoever happened to wait first.
      Thread thread = new Thread(null, this::run, name, 0, false);
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** The one for reads and accepts, or the one for writes and connects. */
  static Poller of(boolean writable) {
    return writable ? Writable.POLLER : Readable.POLLER;
  }

  /**
   * Parks the current virtual thread until its socket is ready, it is interrupted, somebody closes
   * the socket and unparks it, or the time is over; it may be for no reason, too.
   *
   * @param deadline a time of {@link System#nanoTime}; not looked at unless {@code limited}
   * @throws SocketException if the system cannot watch the socket
   */
  void await(Descriptor socket, boolean limited, long deadline) throws SocketException {
    if (failure != 0) {
      throw Faults.socketException(failure);
    }
    Thread thread = Thread.currentThread();
    Long token = tokens.incrementAndGet();
    parked.put(token, thread);
    try {
      int watched = Native.api().pollerWatch(number, socket.number(), writable, token);
      if (watched < 0 && watched != Faults.CLOSED) {
        throw Faults.socketException(watched);
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
      int count = api.pollerWait(number, ready, Native.NO_LIMIT);
      if (count < 0) {
        LockSupport.parkNanos(PAUSE);
      }
      for (int place = 0; place < count; place++) {
        LockSupport.unpark(parked.remove(ready[place]));
      }
    }
  }
}
