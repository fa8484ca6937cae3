package io.capsock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;

/**
 * A {@link java.net.ServerSocket} whose calls run on capsock's core. The sockets that it accepts
 * are {@link Socket}s. Everything else is as {@code java.net.ServerSocket} documents it.
 *
 * <p>A program uses it with {@code import io.capsock.net.ServerSocket;} beside {@code import
 * java.net.*;}.
 */
public class ServerSocket extends java.net.ServerSocket {
  static {
    // Before an argument is checked: what is wrong with it may be worth a hint.
    Hints.areOn();
  }

  private static final int DEFAULT_BACKLOG = 50;

  /** Whether a subclass passed the SocketImpl. */
  private final boolean foreign;

  /**
   * Makes a server socket that is not bound.
   *
   * @throws IOException never; {@code java.net.ServerSocket} declares it
   */
  public ServerSocket() throws IOException {
    super(new SocketImpl(true));
    foreign = false;
  }

  /**
   * Listens on a port, on all local addresses.
   *
   * @param port 0 to 65535; 0 for any free port
   * @throws IOException if the port cannot be bound
   * @throws IllegalArgumentException if the port is out of its range
   */
  public ServerSocket(int port) throws IOException {
    this(port, DEFAULT_BACKLOG, null);
  }

  /**
   * Listens on a port, on all local addresses.
   *
   * @param port 0 to 65535; 0 for any free port
   * @param backlog the number of connections that wait to be accepted; below 1, it is 50
   * @throws IOException if the port cannot be bound
   * @throws IllegalArgumentException if the port is out of its range
   */
  public ServerSocket(int port, int backlog) throws IOException {
    this(port, backlog, null);
  }

  /**
   * Listens on a port of one address.
   *
   * @param port 0 to 65535; 0 for any free port
   * @param backlog the number of connections that wait to be accepted; below 1, it is 50
   * @param bindAddr the address; null is all local addresses
   * @throws IOException if the address and port cannot be bound
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
   * Makes a server socket with a SocketImpl of a subclass. It is used as {@code
   * java.net.ServerSocket} uses it; capsock's core is not used.
   *
   * @param impl the SocketImpl
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
   * @throws IOException as {@code java.net.ServerSocket} documents it
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
