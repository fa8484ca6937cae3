package io.capsock.net;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.SocketException;

/**
 * The codes that a native method returns instead of a result, and the one place where they become
 * exceptions, with the class and the message that the JDK uses. The errors that have a name here
 * have the same codes on every system: Linux' numbers, negated.
 */
final class ErrorCodes {
  static final int EAGAIN = -11;
  static final int EACCES = -13;
  static final int EPROTO = -71;
  static final int EMSGSIZE = -90;
  static final int EADDRINUSE = -98;
  static final int EADDRNOTAVAIL = -99;
  static final int ECONNABORTED = -103;
  static final int ECONNRESET = -104;
  static final int ENOTCONN = -107;
  static final int ETIMEDOUT = -110;
  static final int ECONNREFUSED = -111;
  static final int EHOSTUNREACH = -113;
  static final int EALREADY = -114;
  static final int EINPROGRESS = -115;

  /** The timeout passed. */
  static final int TIMED_OUT = -100_001;

  /** The socket was closed before the call or during it. */
  static final int CLOSED = -100_002;

  /** A defect of capsock itself. */
  static final int INTERNAL = -100_003;

  private ErrorCodes() {}

  /**
   * The exception for a call other than a read, write, send or receive. Its class depends on the
   * code.
   *
   * @param call the name of the system's call
   */
  static IOException of(int code, String call) {
    String text = text(code, call);
    return switch (code) {
      case ECONNREFUSED, ETIMEDOUT, ENOTCONN -> new ConnectException(text);
      case EHOSTUNREACH -> new NoRouteToHostException(text);
      case EADDRINUSE, EADDRNOTAVAIL, EACCES -> new BindException(text);
      case EPROTO -> new ProtocolException(text);
      default -> new SocketException(text);
    };
  }

  /** As {@link #of}, for methods that declare SocketException only. */
  static SocketException socketException(int code, String call) {
    return of(code, call) instanceof SocketException exception
        ? exception
        : new SocketException(text(code, call));
  }

  /** The message of an exception of a read or a write. */
  static String text(int code) {
    return text(code, "");
  }

  private static String text(int code, String call) {
    return switch (code) {
      case CLOSED -> "Socket closed";
      case TIMED_OUT -> "Timed out";
      case INTERNAL -> "A defect of capsock; please report it";
      default -> new String(Native.api().errorText(code, call.getBytes(UTF_8)), UTF_8);
    };
  }

  /**
   * Returns the result, unless it is an error code.
   *
   * @throws IOException as {@link #of}
   */
  static int check(int result, String call) throws IOException {
    if (result < 0) {
      throw of(result, call);
    }
    return result;
  }
}
