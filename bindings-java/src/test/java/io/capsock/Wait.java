package io.capsock;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for a condition that another thread or process brings about. */
public final class Wait {
  static final Duration LIMIT = Duration.ofSeconds(30);

  private Wait() {}

  public static void until(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + LIMIT + ": " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Waits until the thread is inside a native method of capsock, so blocked or about to be. */
  static void untilInNative(Thread thread) throws Exception {
    until(
        thread + " is in a native method",
        () -> {
          StackTraceElement[] stack = thread.getStackTrace();
          return stack.length > 0
              && stack[0].isNativeMethod()
              && stack[0].getClassName().equals("io.capsock.Native");
        });
  }
}
