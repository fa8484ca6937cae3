package io.capsock.net;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that checks for calls that have waited long. It starts with the first watched socket.
 */
final class HintWatcher {
  private static final long LONG = TimeUnit.SECONDS.toNanos(5);
  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(250);

  /** A socket whose calls are checked. */
  interface Watched {
    /**
     * Prints a hint for a call that has waited for so long.
     *
     * @param now the time of {@link System#nanoTime}
     */
    void look(long now, long nanos);
  }

  /** Weak: an unreachable socket is not watched. */
  private static final Set<Watched> WATCHED = Collections.newSetFromMap(new WeakHashMap<>());

  private static Thread thread;

  private HintWatcher() {}

  static void watch(Watched hints) {
    synchronized (WATCHED) {
      boolean idle = WATCHED.isEmpty();
      WATCHED.add(hints);
      if (thread == null) {
        thread = SecurityChecks.privileged(HintWatcher::start);
      } else if (idle) {
        LockSupport.unpark(thread);
      }
    }
  }

  static void forget(Watched hints) {
    synchronized (WATCHED) {
      WATCHED.remove(hints);
    }
  }

  private static Thread start() {
    Thread started = new Thread(null, HintWatcher::run, "capsock-hints", 0, false);
    started.setDaemon(true);
    started.setPriority(Thread.NORM_PRIORITY);
    started.setContextClassLoader(ClassLoader.getSystemClassLoader());
    started.start();
    return started;
  }

  private static void run() {
    while (true) {
      if (isIdle()) {
        LockSupport.park(WATCHED);
      } else {
        LockSupport.parkNanos(WATCHED, INTERVAL);
      }
    }
  }

  /** Checks all sockets, in a method of its own so that no local variable keeps one reachable. */
  private static boolean isIdle() {
    Watched[] watched;
    synchronized (WATCHED) {
      watched = WATCHED.toArray(new Watched[0]);
    }
    long now = System.nanoTime();
    for (Watched hints : watched) {
      if (hints != null) {
        hints.look(now, LONG);
      }
    }
    return watched.length == 0;
  }
}
