package io.capsock;

/**
 * What a server's stop found.
 *
 * @param completed requests answered from the start of the server to its end
 * @param cut connections cut at the deadline with a request in hand or a reply not yet taken
 * @param running calls of the handler or the log that were still running past the deadline; their
 *     threads end when the call returns
 */
public record StopReport(long completed, long cut, long running) {}
