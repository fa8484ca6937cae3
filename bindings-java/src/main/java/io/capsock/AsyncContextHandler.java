package io.capsock;

import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * An {@link AsyncHandler} that also gets the context of each request: who asks. For such a handler,
 * as for a {@link ContextHandler}, the server asks the system for both addresses of each
 * connection.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface AsyncContextHandler {
  /**
   * Begins to answer one request, as {@link AsyncHandler#handle} does.
   *
   * @param request as of {@link Handler#handle}
   * @param context the addresses and the transport of the request; it may be kept after the call
   * @return the stage of the reply, as of {@link AsyncHandler#handle}
   * @throws Exception if there is no reply, as of {@link AsyncHandler#handle}
   */
  CompletionStage<byte[]> handle(byte[] request, RequestContext context) throws Exception;

  /**
   * Returns a handler of text. A request that is not UTF-8 gets no reply.
   *
   * @param handler maps the text of a request and its context to the stage of the text of the reply
   * @return the handler
   */
  static AsyncContextHandler ofText(
      BiFunction<String, RequestContext, ? extends CompletionStage<String>> handler) {
    Objects.requireNonNull(handler, "handler");
    return (request, context) ->
        Text.encodeLater(handler.apply(Text.decodeStrictly(request), context));
  }
}
