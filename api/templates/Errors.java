{{generated}}
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
{{cases}}
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
