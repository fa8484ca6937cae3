package io.capsock;

import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

/** The stages whose replies are pending. The native side knows each by a number. */
final class PendingReplies {
  /** Those that can be cancelled. */
  private static final Map<Long, Future<?>> CANCELLABLE = new ConcurrentHashMap<>();

  private PendingReplies() {}

  /** Has the reply completed when the stage is. */
  static void await(long reply, CompletionStage<byte[]> stage) {
    if (stage instanceof Future) {
      CANCELLABLE.put(reply, (Future<?>) stage);
    }
    stage.whenComplete((bytes, failure) -> complete(reply, bytes, failure));
  }

  static void complete(long reply, byte[] bytes, Throwable failure) {
    CANCELLABLE.remove(reply);
    Throwable why = failure;
    if (why instanceof CompletionException && why.getCause() != null) {
      // What a dependent stage wraps the exception of the first one in.
      why = why.getCause();
    }
    if (why == null && bytes == null) {
      why = new NullPointerException("the handler's stage has null");
    }
    if (why == null) {
      Native.api().replyComplete(reply, bytes);
    } else {
      Upcalls.failing(why, () -> Native.api().replyFail(reply));
    }
  }

  /** The reply is not wanted any more. */
  static void cancel(long reply) {
    Future<?> stage = CANCELLABLE.remove(reply);
    if (stage != null) {
      try {
        stage.cancel(true);
      } catch (UnsupportedOperationException minimal) {
        // A stage of CompletableFuture.minimalCompletionStage() is a future only by its class.
      }
    }
  }
}
