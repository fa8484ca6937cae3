package io.capsock;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A call of the system that a server does better with and does without; {@link Stats#features()}
 * tells which of them it uses. The environment variable {@code CAPSOCK_WITHOUT} switches those off
 * that it names, as in {@code CAPSOCK_WITHOUT=udp-gro,recvmmsg}; a server with a name there that is
 * none does not start.
 */
public enum Feature {
  /**
   * A blocked receive ends when another thread shuts the socket down (shutdown(2)), so that no poll
   * is needed before it.
   */
  BLOCKING_RECEIVE(1),
  /** recvmmsg(2) and sendmmsg(2): several datagrams with one call. */
  RECVMMSG(2),
  /** Datagrams of one size to one peer leave as one train (udp(7)). */
  UDP_SEGMENT(4),
  /** Datagrams of one size from one peer arrive as one train (udp(7)). */
  UDP_GRO(8);

  private final long bit;

  Feature(long bit) {
    this.bit = bit;
  }

  /** The features of a number of the native core; bits that have no name here are left out. */
  static Set<Feature> set(long bits) {
    Set<Feature> set = EnumSet.allOf(Feature.class);
    set.removeIf(feature -> (bits & feature.bit) == 0);
    return Collections.unmodifiableSet(set);
  }
}
