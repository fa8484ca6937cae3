package io.capsock;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.LongConsumer;

/**
 * The number of a native object, which {@link #close()} closes, or else the garbage collector.
 *
 * <p>The native side keeps the object until running calls have returned, so that closing it during
 * a call is safe. This class keeps the handle reachable during a call.
 */
final class NativeHandle implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final String what;
  private final long number;
  private final Cleaner.Cleanable cleanable;
  private volatile boolean closed;

  /** A native method that takes the number. */
  interface Call<T, E extends Exception> {
    T with(long number) throws E;
  }

  /**
   * Takes over a native object.
   *
   * @param what its name in the exception for its use after close
   * @param number its number
   * @param close the native method that closes it
   */
  NativeHandle(String what, long number, LongConsumer close) {
    this.what = what;
    this.number = number;
    // The action must not refer to this object, or it would never be found unreachable.
    this.cleanable = CLEANER.register(this, () -> close.accept(number));
  }

  <T, E extends Exception> T call(Call<T, E> call) throws E {
    if (closed) {
      throw new IllegalStateException("the " + what + " is closed");
    }
    try {
      return call.with(number);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void close() {
    closed = true;
    cleanable.clean();
  }
}
