// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/** The order of the bytes of a number. */
public enum Endian {
  /** The most significant byte first: network byte order (RFC 791, appendix B). The default. */
  BIG(0),
  /** The least significant byte first. */
  LITTLE(1);

  final long number;

  Endian(long number) {
    this.number = number;
  }
}
