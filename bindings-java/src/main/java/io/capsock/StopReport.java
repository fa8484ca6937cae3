// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

/**
 * The result of stopping a server. A later version may have further components: read those that
 * there are, and neither construct nor deconstruct one.
 *
 * @param completed requests that got a reply, from the start of the server to its end. All replies
 *     were sent, except on connections that were cut or reset by the peer
 * @param cut connections closed at the deadline with a request in progress or a reply that the peer
 *     had not received
 * @param running calls of the handler or of the log that had not returned at the deadline. Their
 *     threads end when the calls return; until then, what the calls use must stay valid
 */
public record StopReport(long completed, long cut, long running) {
  /** The native core's numbers, in the order of the components. */
  static StopReport of(long[] n) {
    if (n.length != 3) {
      throw new AssertionError("3 numbers, not " + n.length);
    }
    return new StopReport(n[0], n[1], n[2]);
  }
}
