// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/** How a TCP stream is divided into requests. Over UDP each datagram is a request. */
public enum Framing {
  /**
   * The stream is not divided: the server converts the data that each receive returns. The default.
   * A handler is not permitted, since a part of a stream is not a request.
   */
  STREAM(0),
  /**
   * A request is a line, including its newline, of at most {@code maxRequest} bytes. The last line
   * may end with the stream instead of a newline.
   */
  LINE(1),
  /**
   * A request is the data that one receive returns; the server replies, then closes the connection,
   * as the textbook's Python TCPServer does.
   */
  ONCE(2),
  /**
   * A request and its reply each begin with their length, a number of {@code lengthBytes} bytes,
   * which a handler neither gets nor gives. A length over {@code maxRequest}, one that is less than
   * itself, and a stream that ends within a request are errors: the connection is closed.
   */
  LENGTH(3),
  /**
   * A request and its reply each end with the byte string of the option of this name, which a
   * handler neither gets nor gives. A request, including its delimiter, has at most {@code
   * maxRequest} bytes. The last request may end with the stream instead of a delimiter, as its
   * reply then does.
   */
  DELIMITER(4);

  final long number;

  Framing(long number) {
    this.number = number;
  }
}
