package io.capsock;

import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Makes the replies of a server, instead of upper case.
 *
 * <p>The server's threads call it, several at the same time. Requests of one TCP connection are
 * answered one after another, in order. Datagrams, including those of one peer, are answered
 * concurrently, and their replies may be sent in another order. With {@link Concurrency#EVENTS}, at
 * most as many calls run at the same time as the server has {@linkplain ServerOptions#workers
 * workers}; while all of them run, other connections wait. With {@link Concurrency#ITERATIVE}, one
 * call runs at a time. The server refers to the handler until it has been closed.
 */
@FunctionalInterface
public interface Handler {
  /**
   * Answers one request.
   *
   * @param request over UDP a datagram; over TCP what the {@link Framing} delimits, with {@link
   *     Framing#LINE} including the newline, with {@link Framing#LENGTH} and {@link
   *     Framing#DELIMITER} without the length or the delimiter
   * @return the reply, never null; with {@link Framing#LINE} the server adds the newline if it is
   *     missing, otherwise the length or the delimiter. A reply that contains the delimiter, or is
   *     longer than its length can tell, is not sent, and the connection is closed.
   * @throws Exception if there is no reply. The failure affects this request only: the server logs
   *     it to the {@link System.Logger} {@code io.capsock} and counts it, and closes the TCP
   *     connection or sends no datagram.
   */
  byte[] handle(byte[] request) throws Exception;

  /**
   * Returns a handler of text. A request that is not UTF-8 gets no reply.
   *
   * @param handler maps the text of a request to the text of the reply
   * @return the handler
   */
  static Handler ofText(UnaryOperator<String> handler) {
    Objects.requireNonNull(handler, "handler");
    return request -> Text.encode(handler.apply(Text.decodeStrictly(request)));
  }
}
