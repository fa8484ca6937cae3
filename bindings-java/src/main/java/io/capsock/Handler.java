package io.capsock;

import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Makes the replies of a server, instead of upper case.
 *
 * <p>It is called on the server's threads, from several at once: the requests of one TCP connection
 * come one after another, in their order; datagrams at the same time, also those of one peer, whose
 * replies may overtake each other. A slow handler holds up its own connection, and others once as
 * many run as the server has {@linkplain ServerOptions#workers workers} ({@link
 * Concurrency#EVENTS}), or at once ({@link Concurrency#ITERATIVE}). What it refers to is not
 * collected before the server has been closed.
 */
@FunctionalInterface
public interface Handler {
  /**
   * Answers one request.
   *
   * @param request one datagram over UDP; over TCP what the {@link Framing} says, with {@link
   *     Framing#LINE} the newline included
   * @return the reply, never null; with {@link Framing#LINE} the newline is added if it is missing
   * @throws Exception if there is no reply. It costs this request only: it is logged to the {@link
   *     System.Logger} {@code io.capsock} and counted, a TCP connection is closed, a UDP request
   *     gets no reply.
   */
  byte[] handle(byte[] request) throws Exception;

  /**
   * A handler for text. A request that is not UTF-8 gets no reply.
   *
   * @param handler makes the text of a reply from the text of a request
   * @return the handler
   */
  static Handler ofText(UnaryOperator<String> handler) {
    Objects.requireNonNull(handler, "handler");
    return request -> Text.encode(handler.apply(Text.decodeStrictly(request)));
  }
}
