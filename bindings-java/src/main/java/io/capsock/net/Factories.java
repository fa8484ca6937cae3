package io.capsock.net;

import java.net.DatagramSocketImplFactory;
import java.net.SocketImplFactory;

/**
 * The factories that install capsock's sockets in {@code java.net}. {@link
 * io.capsock.Capsock#install()} installs all three.
 */
public final class Factories {
  private Factories() {}

  /**
   * Returns the factory for {@code java.net.Socket.setSocketImplFactory}.
   *
   * @return the factory
   */
  public static SocketImplFactory sockets() {
    return () -> new SocketImpl(false);
  }

  /**
   * Returns the factory for {@code java.net.ServerSocket.setSocketFactory}. Its server sockets
   * accept with sockets of {@link #sockets()}, so that both have to be installed.
   *
   * @return the factory
   */
  public static SocketImplFactory serverSockets() {
    return () -> new SocketImpl(true);
  }

  /**
   * Returns the factory for {@code java.net.DatagramSocket.setDatagramSocketImplFactory}.
   *
   * @return the factory
   */
  public static DatagramSocketImplFactory datagramSockets() {
    return DatagramImpl::new;
  }
}
