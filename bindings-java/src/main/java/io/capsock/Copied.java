package io.capsock;

/**
 * What a {@link TcpClient#copy} moved.
 *
 * @param sent bytes from the input to the server
 * @param received bytes from the server to the output
 */
public record Copied(long sent, long received) {}
