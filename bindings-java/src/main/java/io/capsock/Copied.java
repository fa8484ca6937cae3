package io.capsock;

/**
 * The result of {@link TcpClient#copy}.
 *
 * @param sent bytes sent from the input to the server
 * @param received bytes written from the server to the output
 */
public record Copied(long sent, long received) {}
