package io.capsock.net;

import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hints about an exception that ended a thread. For some mistakes java.net throws before it calls a
 * socket: an invalid port, an unknown name.
 */
final class UncaughtHints implements Thread.UncaughtExceptionHandler {
  private static final Pattern PORT =
      Pattern.compile("port (?:value )?out of range: ?(-?\\d+)", Pattern.CASE_INSENSITIVE);

  private UncaughtHints() {}

  /** Sets the default handler, unless the program has set one. */
  static void install() {
    if (Thread.getDefaultUncaughtExceptionHandler() == null) {
      Thread.setDefaultUncaughtExceptionHandler(new UncaughtHints());
    }
  }

  /** Prints what Java prints without a handler, and then the hint. */
  @Override
  public void uncaughtException(Thread thread, Throwable uncaught) {
    // By its name, for a later Java will not have the class.
    if (uncaught.getClass().getName().equals("java.lang.ThreadDeath")) {
      return;
    }
    System.err.print("Exception in thread \"" + thread.getName() + "\" ");
    uncaught.printStackTrace(System.err);
    Throwable cause = uncaught;
    // A chain of causes may be a ring.
    for (int depth = 0; cause != null && depth < 16; depth++) {
      explain(cause);
      cause = cause.getCause();
    }
  }

  private static void explain(Throwable cause) {
    String text = cause.getMessage();
    if (text == null) {
      return;
    }
    if (cause instanceof UnknownHostException) {
      // The resolver adds its own words: "hostname: Name or service not known".
      Hints.unknownHost(text.split(":", 2)[0]);
    } else if (cause instanceof IllegalArgumentException) {
      Matcher port = PORT.matcher(text);
      if (port.find()) {
        Hints.noPort(port.group(1));
      } else if (text.equals("Address not set")) {
        Hints.noAddress();
      }
    } else if (cause instanceof SocketException && text.equals("Socket is not connected")) {
      Hints.notConnected();
    }
  }
}
