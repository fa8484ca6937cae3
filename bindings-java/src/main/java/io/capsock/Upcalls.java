package io.capsock;

/** The methods that the native side calls on the threads of a server. */
final class Upcalls {
  /** The core's level of an error; the other level is a warning. */
  private static final int ERROR = 2;

  /**
   * Why the handler's last call on this thread failed. The core logs the failure next, on the same
   * thread, with the address of the client; the two make one record of the log.
   */
  private static final ThreadLocal<Throwable> FAILURE = new ThreadLocal<>();

  private Upcalls() {}

  /** Returns the handler's reply, or null if it failed. */
  static byte[] handle(Handler handler, byte[] request) {
    FAILURE.remove();
    try {
      byte[] reply = handler.handle(request);
      if (reply == null) {
        FAILURE.set(new NullPointerException("the handler returned null"));
      }
      return reply;
    } catch (Throwable failure) {
      FAILURE.set(failure);
      return null;
    }
  }

  /** Logs a line of the core. */
  static void log(int level, byte[] text) {
    Throwable failure = FAILURE.get();
    FAILURE.remove();
    boolean failed = level == ERROR;
    System.getLogger("io.capsock")
        .log(
            failed ? System.Logger.Level.ERROR : System.Logger.Level.WARNING,
            Text.decode(text),
            failed ? failure : null);
  }
}
