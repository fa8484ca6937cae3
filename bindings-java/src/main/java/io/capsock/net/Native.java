package io.capsock.net;

import io.capsock.Capsock;
import java.net.DatagramPacket;

/**
 * The native methods (net/mod.rs). They are not static, so that whoever calls one has got the
 * instance from {@link #api()}, and so the library has been loaded.
 *
 * <p>A result below zero is a number that {@link ErrorCodes} knows. Timeouts are milliseconds, 0 is
 * not waiting at all, and {@link #NO_LIMIT} is waiting without a limit. An IP address is two
 * numbers, see {@link IpAddress}.
 */
final class Native {
  static final int NO_LIMIT = -1;

  private static final Native API = new Native();
  private static volatile boolean loaded;

  private Native() {}

  /**
   * The native methods.
   *
   * @throws UnsatisfiedLinkError if the library cannot be loaded
   */
  static Native api() {
    if (!loaded) {
      // Any call of the other package loads the library, which knows this class too. This must not
      // happen while this class is initialized: the library asks for the class as it is loaded.
      SecurityChecks.privileged(Capsock::version);
      loaded = true;
    }
    return API;
  }

  native boolean hasIpv6();

  /**
   * The text of an error.
   *
   * @param call the name of the system's call, which the JDK's text on Windows has at its end;
   *     empty for a read or a write, whose texts are the system's
   */
  native byte[] errorText(int code, byte[] call);

  native boolean knowsPackets();

  native long socketOpen(boolean ipv6, boolean stream, boolean server);

  native int socketBind(long socket, long high, long low, int scope, int port);

  native int socketLocal(long socket, long[] address);

  native int socketAvailable(long socket);

  native void socketClose(long socket);

  native int socketConnect(long socket, long high, long low, int scope, int port, int milliseconds);

  native int socketListen(long socket, int backlog);

  native int socketAccept(long socket, int milliseconds, long[] accepted);

  native int socketRead(long socket, byte[] bytes, int offset, int length, int milliseconds);

  native int socketWrite(long socket, byte[] bytes, int offset, int length, int milliseconds);

  native int socketUrgent(long socket, int data);

  native int socketShutdown(long socket, boolean output);

  native int datagramSend(
      long socket,
      byte[] bytes,
      int offset,
      int length,
      long high,
      long low,
      int scope,
      int port,
      int milliseconds);

  native int datagramReceive(
      long socket,
      DatagramPacket packet,
      byte[] bytes,
      int offset,
      int length,
      int milliseconds,
      boolean peeks,
      long[] sender);

  native int datagramConnect(long socket, long high, long low, int scope, int port);

  native int datagramDisconnect(long socket);

  native int multicastMember(
      long socket, boolean joins, long high, long low, int interfaceV4, int index);

  native int multicastInterfaceV4(long socket, int interfaceV4);

  native boolean optionIsSupported(int option);

  native int optionGet(long socket, int option, long[] value);

  native int optionSet(long socket, int option, int value);

  native long pollerOpen();

  native int pollerWatch(long poller, long socket, boolean writable, long token);

  native int pollerWait(long poller, long[] tokens, int milliseconds);

  native void pollerClose(long poller);
}
