// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/** The transport protocol of a server. */
public enum Transport {
  /** A reliable byte stream. */
  TCP(0),
  /**
   * Datagrams. A reply is sent with the hop limit of its request less 8, 56 at most: a client whose
   * hop limit starts at 64 gets replies over paths of at most 28 hops.
   */
  UDP(1);

  final long number;

  Transport(long number) {
    this.number = number;
  }
}
