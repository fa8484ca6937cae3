package io.capsock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Objects;

/**
 * A {@link java.net.Socket} whose calls run on capsock's core. Everything else is as {@code
 * java.net.Socket} documents it.
 *
 * <p>A program uses it with {@code import io.capsock.net.Socket;} beside {@code import
 * java.net.*;}.
 *
 * <p>It connects directly, unless a constructor is given a proxy: the system properties {@code
 * socksProxyHost} and {@code socksProxyPort} and the {@link java.net.ProxySelector} have no effect.
 */
public class Socket extends java.net.Socket {
  static {
    // Before an argument is checked: what is wrong with it may be worth a hint.
    Hints.areOn();
  }

  /**
   * Makes a socket that is not connected.
   *
   * @throws SocketException never: programs do not see this clause, since the build removes it from
   *     the class (src/build/Unchecked.java)
   */
  // The only constructor of java.net.Socket that takes a SocketImpl declares what it never throws.
  public Socket() throws SocketException {
    this(new SocketImpl(false));
  }

  /**
   * Makes a socket that is not connected and connects through a proxy. With a proxy, its calls are
   * those of the JDK's {@code java.net.Socket}, not of capsock's core.
   *
   * @param proxy a SOCKS or HTTP proxy, or {@link Proxy#NO_PROXY}
   * @throws IllegalArgumentException if it is null or of no known type
   * @throws SocketException never, as for {@link #Socket()}
   */
  public Socket(Proxy proxy) throws SocketException {
    this(through(proxy));
  }

  /**
   * Connects to a port of a host.
   *
   * @param host a name or an IP address; null is the local host
   * @param port 0 to 65535
   * @throws UnknownHostException if the name has no address
   * @throws IOException if the connection cannot be made
   * @throws IllegalArgumentException if the port is out of its range
   */
  public Socket(String host, int port) throws UnknownHostException, IOException {
    this(endpoint(host, port), null);
  }

  /**
   * Connects to a port of an address.
   *
   * @param address the address
   * @param port 0 to 65535
   * @throws IOException if the connection cannot be made
   * @throws IllegalArgumentException if the port is out of its range
   * @throws NullPointerException if the address is null
   */
  public Socket(InetAddress address, int port) throws IOException {
    this(endpoint(address, port), null);
  }

  /**
   * Connects to a port of a host, from a local address.
   *
   * @param host a name or an IP address; null is the local host
   * @param port 0 to 65535
   * @param localAddr the local address; null is any
   * @param localPort the local port; 0 is any
   * @throws IOException if the local address cannot be bound or the connection cannot be made
   * @throws IllegalArgumentException if a port is out of its range
   */
  public Socket(String host, int port, InetAddress localAddr, int localPort) throws IOException {
    this(endpoint(host, port), new InetSocketAddress(localAddr, localPort));
  }

  /**
   * Connects to a port of an address, from a local address.
   *
   * @param address the address
   * @param port 0 to 65535
   * @param localAddr the local address; null is any
   * @param localPort the local port; 0 is any
   * @throws IOException if the local address cannot be bound or the connection cannot be made
   * @throws IllegalArgumentException if a port is out of its range
   * @throws NullPointerException if the address is null
   */
  public Socket(InetAddress address, int port, InetAddress localAddr, int localPort)
      throws IOException {
    this(endpoint(address, port), new InetSocketAddress(localAddr, localPort));
  }

  /**
   * Connects to a port of a host.
   *
   * @param host a name or an IP address; null is the local host
   * @param port 0 to 65535
   * @param stream true
   * @throws IOException if the connection cannot be made
   * @throws IllegalArgumentException if the port is out of its range, or {@code stream} is false
   * @deprecated {@code java.net.Socket} has it: {@link #Socket(String, int)} does the same
   */
  @Deprecated
  public Socket(String host, int port, boolean stream) throws IOException {
    this(onlyStream(endpoint(host, port), stream), null);
  }

  /**
   * Connects to a port of an address.
   *
   * @param host the address
   * @param port 0 to 65535
   * @param stream true
   * @throws IOException if the connection cannot be made
   * @throws IllegalArgumentException if the port is out of its range, or {@code stream} is false
   * @throws NullPointerException if the address is null
   * @deprecated {@code java.net.Socket} has it: {@link #Socket(InetAddress, int)} does the same
   */
  @Deprecated
  public Socket(InetAddress host, int port, boolean stream) throws IOException {
    this(onlyStream(endpoint(host, port), stream), new InetSocketAddress(0));
  }

  /**
   * Makes a socket with a SocketImpl of a subclass. It is used as {@code java.net.Socket} uses it;
   * capsock's core is not used.
   *
   * @param impl the SocketImpl; may be null
   * @throws SocketException never
   */
  protected Socket(java.net.SocketImpl impl) throws SocketException {
    super(impl);
  }

  @SuppressWarnings("this-escape") // as in java.net.Socket: a subclass sees bind and connect
  private Socket(InetSocketAddress to, SocketAddress from) throws IOException {
    this(new SocketImpl(false));
    try {
      if (from != null) {
        bind(from);
      }
      connect(to);
    } catch (IOException | RuntimeException | Error failed) {
      try {
        close();
      } catch (IOException second) {
        failed.addSuppressed(second);
      }
      throw failed;
    }
  }

  private static InetSocketAddress endpoint(String host, int port) throws UnknownHostException {
    return host == null
        ? new InetSocketAddress(InetAddress.getByName(null), port)
        : new InetSocketAddress(host, port);
  }

  private static InetSocketAddress endpoint(InetAddress address, int port) {
    return new InetSocketAddress(Objects.requireNonNull(address), port);
  }

  /** Refuses {@code stream} false, for which Java before 24 makes a datagram socket. */
  private static InetSocketAddress onlyStream(InetSocketAddress to, boolean stream) {
    if (!stream) {
      throw new IllegalArgumentException(
          "Socket constructor does not support creation of datagram sockets");
    }
    return to;
  }

  private static java.net.SocketImpl through(Proxy proxy) {
    // Any other is java.net.Socket's to refuse: null, or of a type that it does not know.
    return proxy == Proxy.NO_PROXY
        ? new SocketImpl(false)
        : new ProxiedSocketImpl(new java.net.Socket(proxy));
  }
}
