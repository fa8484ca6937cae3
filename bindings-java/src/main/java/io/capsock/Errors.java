// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;

/** The one place where an error of the native core becomes an exception. */
final class Errors {
  private Errors() {}

  /**
   * The exception for an error.
   *
   * @param number the core's stable number of the kind of error (the C library's status code), or 0
   *     for the use of an object after its close
   * @param text the core's text, in UTF-8
   */
  static Throwable exception(int number, byte[] text) {
    String message = new String(text, UTF_8);
    return switch (number) {
      case 0 -> new IllegalStateException(message);
      // invalid-argument
      case 1 -> new IllegalArgumentException(message);
      // timed-out
      case 2 -> new SocketTimeoutException(message);
      // interrupted
      case 3 -> new InterruptedIOException(message);
      // closed
      case 4 -> new SocketException(message);
      // connection-refused
      case 5 -> new ConnectException(message);
      // connection-reset
      case 6 -> new SocketException(message);
      // connection-closed
      case 7 -> new EOFException(message);
      // address-in-use
      case 8 -> new BindException(message);
      // address-not-available
      case 9 -> new BindException(message);
      // name-not-resolved
      case 10 -> new UnknownHostException(message);
      // unreachable
      case 11 -> new NoRouteToHostException(message);
      // permission-denied
      case 12 -> new SocketException(message);
      // too-large
      case 13 -> new SocketException(message);
      // unsupported
      case 14 -> new UnsupportedOperationException(message);
      // out-of-resources
      case 15 -> new SocketException(message);
      // invalid-text
      case 16 -> new InvalidTextException(message);
      // input-output
      case 17 -> new IOException(message);
      // other
      case 18 -> new SocketException(message);
      // internal
      case 19 -> new RuntimeException(message);
      default -> new SocketException(message);
    };
  }

  /** A CharacterCodingException cannot be given a message. */
  private static final class InvalidTextException extends CharacterCodingException {
    private static final long serialVersionUID = 1L;
    private final String message;

    InvalidTextException(String message) {
      this.message = message;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }
}
