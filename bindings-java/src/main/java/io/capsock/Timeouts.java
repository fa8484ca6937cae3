package io.capsock;

import java.time.Duration;

/** Converts durations to the native core's seconds; infinity is no limit. */
final class Timeouts {
  private static final double NANOS_PER_SECOND = 1e9;

  private Timeouts() {}

  static double seconds(Duration timeout) {
    return timeout == null
        ? Double.POSITIVE_INFINITY
        : timeout.getSeconds() + timeout.getNano() / NANOS_PER_SECOND;
  }
}
