package io.capsock;

import java.util.Objects;
import java.util.function.BiFunction;

/**
 * A {@link Handler} that also gets the context of each request: who asks.
 *
 * <p>It is called as a handler is. For such a handler the server asks the system for both addresses
 * of each connection, once. A connection that its peer has reset before it is accepted, so that it
 * has no addresses, is closed.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface ContextHandler {
  /**
   * Answers one request.
   *
   * @param request as of {@link Handler#handle}
   * @param context the addresses and the transport of the request; it may be kept after the call
   * @return the reply, as of {@link Handler#handle}
   * @throws Exception if there is no reply, as of {@link Handler#handle}
   */
  byte[] handle(byte[] request, RequestContext context) throws Exception;

  /**
   * Returns a handler of text. A request that is not UTF-8 gets no reply.
   *
   * @param handler maps the text of a request and its context to the text of the reply
   * @return the handler
   */
  static ContextHandler ofText(BiFunction<String, RequestContext, String> handler) {
    Objects.requireNonNull(handler, "handler");
    return (request, context) -> Text.encode(handler.apply(Text.decodeStrictly(request), context));
  }
}
