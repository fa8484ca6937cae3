// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Optional features of the system that servers and clients use if they are available. The
 * environment variable {@code CAPSOCK_WITHOUT} disables the features that it lists, as in {@code
 * CAPSOCK_WITHOUT=udp-gro,recvmmsg}; if it lists an unknown name, no server starts and no UDP
 * client connects.
 */
public enum Feature {
  /**
   * shutdown(2) in another thread unblocks a receive, so that the receive needs no poll before it.
   */
  BLOCKING_RECEIVE(1),
  /** recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call. */
  RECVMMSG(2),
  /** UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer. */
  UDP_SEGMENT(4),
  /** UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer. */
  UDP_GRO(8),
  /**
   * pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
   */
  PIDFD(16),
  /**
   * IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in
   * turn by one socket, in place of a socket for each port.
   */
  ORIG_DST(32),
  /**
   * Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends requests to
   * this machine from an address each by one socket, in place of a port each.
   */
  LOOPBACK_ADDRESSES(64);

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
