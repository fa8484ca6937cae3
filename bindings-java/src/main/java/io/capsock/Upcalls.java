package io.capsock;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;

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
    return reply(() -> handler.handle(request));
  }

  /** As above; the addresses are those of a {@link RequestContext}. */
  static byte[] handle(ContextHandler handler, byte[] request, byte[] addresses, boolean udp) {
    Transport transport = udp ? Transport.UDP : Transport.TCP;
    return reply(() -> handler.handle(request, new RequestContext(addresses, transport)));
  }

  private static byte[] reply(Callable<byte[]> call) {
    FAILURE.remove();
    try {
      byte[] reply = call.call();
      if (reply == null) {
        FAILURE.set(new NullPointerException("the handler returned null"));
      }
      return reply;
    } catch (Throwable failure) {
      FAILURE.set(failure);
      return null;
    }
  }

  /** Calls the handler, which completes the reply of this number. */
  static void begin(
      AsyncContextHandler handler, byte[] request, byte[] addresses, boolean udp, long reply) {
    Transport transport = udp ? Transport.UDP : Transport.TCP;
    try {
      RequestContext context = new RequestContext(addresses, transport);
      CompletionStage<byte[]> stage = handler.handle(request, context);
      PendingReplies.await(
          reply, Objects.requireNonNull(stage, "the handler returned null instead of a stage"));
    } catch (Throwable failure) {
      PendingReplies.complete(reply, null, failure);
    }
  }

  /** The reply of this number is not wanted any more. */
  static void cancel(long reply) {
    PendingReplies.cancel(reply);
  }

  /** Runs what has the core log a failure on this thread. */
  static void failing(Throwable failure, Runnable run) {
    FAILURE.set(failure);
    try {
      run.run();
    } finally {
      FAILURE.remove();
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
