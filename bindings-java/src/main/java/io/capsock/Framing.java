package io.capsock;

/** Where a request ends on a TCP connection. Over UDP a datagram is a request. */
public enum Framing {
  /** Whatever has arrived: the default. Not with a {@link Handler}, since a chunk is no request. */
  STREAM(0),
  /** Up to and with a newline. */
  LINE(1),
  /** What one receive returns; the server replies, then closes the connection. */
  ONCE(2);

  final long number;

  Framing(long number) {
    this.number = number;
  }
}
