package io.capsock;

import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Makes the replies of a server asynchronously: it returns a stage that is completed later, by any
 * thread.
 *
 * <p>No thread of the server waits for the stage, except with {@link Concurrency#THREADS} and
 * {@link Concurrency#ITERATIVE} over TCP that of the connection. Of the requests of one connection,
 * the next one is passed to the handler when the reply to the one before is sent. With {@link
 * Concurrency#EVENTS}, and over UDP, at most as many requests are pending at the same time as the
 * server has {@linkplain ServerOptions#workers workers}, 1,024 if that is 0; further requests wait
 * in the kernel.
 *
 * <p>{@link Server#stop} waits for pending stages until its deadline. Then their replies are not
 * sent any more, and a stage that is a {@link java.util.concurrent.Future}, as a {@link
 * java.util.concurrent.CompletableFuture} is, is cancelled; so it is if the system reports that its
 * connection is broken. A stage that is never completed occupies its connection until then.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface AsyncHandler {
  /**
   * Begins to answer one request. It should return soon, since a thread of the server calls it.
   *
   * @param request as of {@link Handler#handle}
   * @return the stage of the reply, which is as of {@link Handler#handle}; neither is null. The
   *     server's threads run nothing that depends on it.
   * @throws Exception if there is no reply, as of {@link Handler#handle}; a stage that is completed
   *     exceptionally has the same effect
   */
  CompletionStage<byte[]> handle(byte[] request) throws Exception;

  /**
   * Returns a handler of text. A request that is not UTF-8 gets no reply.
   *
   * @param handler maps the text of a request to the stage of the text of the reply
   * @return the handler
   */
  static AsyncHandler ofText(Function<String, ? extends CompletionStage<String>> handler) {
    Objects.requireNonNull(handler, "handler");
    return request -> Text.encodeLater(handler.apply(Text.decodeStrictly(request)));
  }
}
