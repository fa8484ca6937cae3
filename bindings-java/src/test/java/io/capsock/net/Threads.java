package io.capsock.net;

import java.util.List;

/** The kinds of threads that a program may have. */
enum Threads {
  SYSTEM {
    @Override
    Thread start(Runnable task) {
      Thread thread = new Thread(task);
      thread.setDaemon(true);
      thread.start();
      return thread;
    }

    @Override
    boolean waits(Thread thread) {
      StackTraceElement[] stack = thread.getStackTrace();
      return stack.length > 0
          && stack[0].isNativeMethod()
          && !stack[0].getMethodName().contains("park");
    }
  },
  VIRTUAL {
    @Override
    Thread start(Runnable task) {
      try {
        return (Thread)
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
      } catch (ReflectiveOperationException unexpected) {
        throw new AssertionError(unexpected);
      }
    }

    @Override
    boolean waits(Thread thread) {
      Thread.State state = thread.getState();
      return state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING;
    }
  };

  /** Those that this Java has. */
  static final List<Threads> KINDS =
      Runtime.version().feature() >= 21 ? List.of(SYSTEM, VIRTUAL) : List.of(SYSTEM);

  abstract Thread start(Runnable task);

  /** Whether a thread waits for a socket: in a native method, or parked. */
  abstract boolean waits(Thread thread);
}
