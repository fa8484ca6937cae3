// Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.
package io.capsock;

import java.util.Set;

/**
 * The totals of a server since its start, at the time of the call that returned them. A later
 * version may have further components: read those that there are, and neither construct nor
 * deconstruct one.
 *
 * @param connectionsAccepted TCP connections accepted, including refused ones
 * @param connectionsActive TCP connections that are open at present
 * @param connectionsRefused TCP connections closed immediately, because of {@code maxConnections}
 *     or because no thread or process was available
 * @param connectionsRefusedPerPeer TCP connections closed immediately because of {@code
 *     maxConnectionsPerPeer}; {@code connectionsRefused} includes them
 * @param requests requests that got a reply, whether or not the peer has received it
 * @param bytesReceived bytes of requests, over TCP and UDP
 * @param bytesSent bytes of replies, over TCP and UDP
 * @param datagramsReceived UDP datagrams received, including those without a reply
 * @param datagramsSent UDP datagrams sent
 * @param handlerErrors requests whose handler failed
 * @param oversizedRequests requests longer than {@code maxRequest}: the connection was closed, or
 *     the datagram got no reply
 * @param malformedRequests requests whose length is less than itself, or that ended with the stream
 *     before their length: the connection was closed
 * @param idleTimeouts connections closed by {@code idleTimeout}
 * @param writeTimeouts connections closed by {@code writeTimeout}
 * @param proxyHeadersRejected TCP connections closed and datagrams discarded because {@code
 *     proxyProtocol} names other networks, or because their header was missing, malformed or late
 * @param datagramsFiltered datagrams discarded by the source filter: from the server itself, from
 *     port 0, from a broadcast or multicast address, or exchanged between servers too often
 * @param repliesUnsent replies that did not fit a datagram or the length before them, that contain
 *     the delimiter, or that the system did not send
 * @param amplifiedReplies replies longer than {@code maxAmplification} permits, which were not sent
 * @param descriptorShortages pauses of accepting because the process or the system had no free
 *     descriptor
 * @param features the optional features of the system that the server uses, an unmodifiable set
 */
public record Stats(
    long connectionsAccepted,
    long connectionsActive,
    long connectionsRefused,
    long connectionsRefusedPerPeer,
    long requests,
    long bytesReceived,
    long bytesSent,
    long datagramsReceived,
    long datagramsSent,
    long handlerErrors,
    long oversizedRequests,
    long malformedRequests,
    long idleTimeouts,
    long writeTimeouts,
    long proxyHeadersRejected,
    long datagramsFiltered,
    long repliesUnsent,
    long amplifiedReplies,
    long descriptorShortages,
    Set<Feature> features) {
  /** The native core's numbers, in the order of the components. */
  static Stats of(long[] n) {
    if (n.length != 20) {
      throw new AssertionError("20 numbers, not " + n.length);
    }
    return new Stats(
        n[0],
        n[1],
        n[2],
        n[3],
        n[4],
        n[5],
        n[6],
        n[7],
        n[8],
        n[9],
        n[10],
        n[11],
        n[12],
        n[13],
        n[14],
        n[15],
        n[16],
        n[17],
        n[18],
        Feature.set(n[19]));
  }
}
