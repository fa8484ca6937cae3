/**
 * The sockets of {@code java.net} on capsock's core: {@link io.capsock.net.Socket}, {@link
 * io.capsock.net.ServerSocket} and {@link io.capsock.net.DatagramSocket}.
 *
 * <p>They extend the JDK's classes, so that they can be passed to any library. A program uses them
 *
 * <ul>
 *   <li>by an import: {@code import io.capsock.net.Socket;} beside {@code import java.net.*;} wins
 *       over it;
 *   <li>unchanged: {@code java -javaagent:capsock.jar TCPServer.java};
 *   <li>by a call in {@code main}, before any socket is made: {@link io.capsock.Capsock#install()}.
 * </ul>
 *
 * <h2>Conventions</h2>
 *
 * <p>What a call does, returns and throws is what the JDK documents, and where it documents
 * nothing, what its own sockets do: the tests compare the two scenario by scenario.
 *
 * <ul>
 *   <li>Threads may share a socket. One reads at a time and one writes, at the same time.
 *   <li>{@code close()} from another thread unblocks a call, which throws a {@link
 *       java.net.SocketException}, "Socket closed".
 *   <li>A virtual thread that waits parks and does not occupy its carrier thread. Interrupting it
 *       closes the socket that it waits for, as the JDK has it. {@code java.net.DatagramSocket},
 *       under the agent or after {@code install()}, holds a monitor while it receives, which pins
 *       the carrier in Java 21 to 23.
 *   <li>An unreachable socket is closed by the garbage collector.
 *   <li>Sockets are IPv6 sockets that take IPv4 as well, and IPv4 sockets with {@code
 *       -Djava.net.preferIPv4Stack=true}.
 * </ul>
 *
 * <h2>Not supported</h2>
 *
 * <p>Default proxies: without a {@link java.net.Proxy} in the constructor they connect directly;
 * the system properties and the {@link java.net.ProxySelector} have no effect. Channels: {@code
 * getChannel()} is null, as it is of every socket that no channel made. The JDK's flight recorder
 * sees streams of TCP sockets, and no datagrams.
 */
package io.capsock.net;
