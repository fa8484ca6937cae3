package io.capsock.net;

import java.net.DatagramSocketImplFactory;
import java.net.SocketImplFactory;

/**
 * What {@code java.net} takes to put its own sockets on capsock's core. {@link
 * io.capsock.Capsock#install()} gives it all three.
 */
public final class Factories {
  private Factories() {}

  /**
   * For {@code java.net.Socket.setSocketImplFactory}.
   *
   * @return the factory
   */
  public static SocketImplFactory sockets() {
    return () -> new SocketImpl(false);
  }

  /**
   * For {@code java.net.ServerSocket.setSocketFactory}. A server socket accepts with sockets of
   * {@link #sockets()}, so that the two belong together.
   *
   * @return the factory
   */
  public static SocketImplFactory serverSockets() {
    return () -> new SocketImpl(true);
  }

  /**
   * For {@code java.net.DatagramSocket.setDatagramSocketImplFactory}.
   *
   * @return the factory
   */
  public static DatagramSocketImplFactory datagramSockets() {
    return DatagramImpl::new;
  }
}
