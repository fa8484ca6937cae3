package io.capsock;

import java.util.Set;

/**
 * A server's totals since its start.
 *
 * @param connectionsAccepted TCP connections taken from the backlog, the refused ones included
 * @param connectionsActive TCP connections that are open now
 * @param connectionsRefused TCP connections closed at once: over the limit, or no thread or process
 *     to be had
 * @param requests requests answered
 * @param bytesReceived bytes of requests, over TCP and UDP
 * @param bytesSent bytes of replies, over TCP and UDP
 * @param datagramsReceived UDP datagrams received, those that got no reply included
 * @param datagramsSent UDP datagrams sent
 * @param handlerErrors requests whose handler failed
 * @param oversizedRequests requests over the limit: the connection was closed, or the datagram left
 *     unanswered
 * @param idleTimeouts connections closed since nothing came for the idle timeout
 * @param writeTimeouts connections closed since the peer took nothing for the write timeout
 * @param datagramsGuarded datagrams left unanswered by the guard: from the server itself, port 0, a
 *     broadcast or multicast address, or gone back and forth between servers too often
 * @param repliesUnsent replies that did not fit a datagram or that the system refused to send
 * @param amplifiedReplies replies over the limit of amplification, which were not sent
 * @param descriptorShortages times that accepting paused since there were no descriptors left
 * @param features what of the system's optional calls the server uses, an unmodifiable set
 */
public record Stats(
    long connectionsAccepted,
    long connectionsActive,
    long connectionsRefused,
    long requests,
    long bytesReceived,
    long bytesSent,
    long datagramsReceived,
    long datagramsSent,
    long handlerErrors,
    long oversizedRequests,
    long idleTimeouts,
    long writeTimeouts,
    long datagramsGuarded,
    long repliesUnsent,
    long amplifiedReplies,
    long descriptorShortages,
    Set<Feature> features) {}
