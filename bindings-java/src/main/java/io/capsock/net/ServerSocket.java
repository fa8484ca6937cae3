package io.capsock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;

/**
 * A {@link java.net.ServerSocket} on capsock's core: every call is made there, the sockets that it
 * accepts are {@link Socket}s, and everything else is as {@code java.net.ServerSocket} documents
 * it.
 *
 * <p>A program uses it by one more line, {@code import io.capsock.net.ServerSocket;}, beside {@code
 * import java.net.*;}.
 */
public class ServerSocket extends java.net.ServerSocket {
  static {
    // Before an argument is checked: what is wrong with it may be worth a hint.
    Hints.areOn();
  }

  private static final int DEFAULT_BACKLOG = 50;

  /** Whether the SocketImpl is a subclass's own. */
  private final boolean foreign;

  /**
   * A server socket that is not bound.
   *
   * @throws IOException never; {@code java.net.ServerSocket} declares it
   */
  public ServerSocket() throws IOException {
    super(new SocketImpl(true));
    foreign = false;
  }

  /**
   * Listens on a port, on every address of this machine.
   *
   * @param port 0 to 65535; 0 is any free one
   * @throws IOException if the port cannot be had
   * @throws IllegalArgumentException if the port is out of its range
   */
  public ServerSocket(int port) throws IOException {
    this(port, DEFAULT_BACKLOG, null);
  }

  /**
   * Listens on a port, on every address of this machine.
   *
   * @param port 0 to 65535; 0 is any free one
   * @param backlog how many connections may wait to be accepted; below 1, it is 50
   * @throws IOException if the port cannot be had
   * @throws IllegalArgumentException if the port is out of its range
   */
  public ServerSocket(int port, int backlog) throws IOException {
    this(port, backlog, null);
  }

  /**
   * Listens on a port of one address.
   *
   * @param port 0 to 65535; 0 is any free one
   * @param backlog how many connections may wait to be accepted; below 1, it is 50
   * @param bindAddr the address; null is every address of this machine
   * @throws IOException if the address and port cannot be had
   * @throws IllegalArgumentException if the port is out of its range
   */
  @SuppressWarnings("this-escape") // as in java.net.ServerSocket: a subclass sees bind
  public ServerSocket(int port, int backlog, InetAddress bindAddr) throws IOException {
    super(new SocketImpl(true));
    foreign = false;
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("Port value out of range: " + port);
    }
    try {
      bind(new InetSocketAddress(bindAddr, port), backlog);
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  /**
   * A server socket with a SocketImpl of a subclass's own, which is used as {@code
   * java.net.ServerSocket} uses it; capsock's core is not.
   *
   * @param impl the socket
   * @throws NullPointerException if it is null
   */
  protected ServerSocket(java.net.SocketImpl impl) {
    super(impl);
    foreign = true;
  }

  /**
   * Waits for a connection and accepts it.
   *
   * @return the connection
   * @throws IOException as {@code java.net.ServerSocket} has it
   */
  @Override
  public Socket accept() throws IOException {
    if (isClosed()) {
      throw new SocketException("Socket is closed");
    }
    if (!isBound()) {
      throw new SocketException("Socket is not bound yet");
    }
    // As in java.net.ServerSocket, which makes the SocketImpl of what a foreign one accepts.
    Socket accepted = new Socket(foreign ? null : new SocketImpl(false));
    implAccept(accepted);
    return accepted;
  }
}
