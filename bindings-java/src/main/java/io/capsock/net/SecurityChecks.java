package io.capsock.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.function.Supplier;

/**
 * The checks of a {@link SecurityManager}, which Java 17 to 23 may have and Java 24 and later has
 * not: those that the JDK makes for datagram sockets. For TCP, {@code java.net.Socket} and {@code
 * java.net.ServerSocket} make them.
 */
@SuppressWarnings("removal") // of Java 17 to 23, where it is not removed
final class SecurityChecks {
  private static final boolean POSSIBLE = Runtime.version().feature() < 24;

  private SecurityChecks() {}

  private static SecurityManager manager() {
    return POSSIBLE ? System.getSecurityManager() : null;
  }

  static boolean isThere() {
    return manager() != null;
  }

  /** Runs the library's own action with the library's permissions. */
  static <T> T privileged(Supplier<T> action) {
    return POSSIBLE
        ? AccessController.doPrivileged((PrivilegedAction<T>) action::get)
        : action.get();
  }

  static void checkBind(int port) {
    SecurityManager manager = manager();
    if (manager != null) {
      manager.checkListen(port);
    }
  }

  static void checkPeer(InetSocketAddress peer) {
    SecurityManager manager = manager();
    if (manager == null) {
      return;
    }
    InetAddress address = peer.getAddress();
    if (address.isMulticastAddress()) {
      manager.checkMulticast(address);
    } else {
      manager.checkConnect(address.getHostAddress(), peer.getPort());
      manager.checkAccept(address.getHostAddress(), peer.getPort());
    }
  }

  static void checkSend(InetAddress to, int port) {
    SecurityManager manager = manager();
    if (manager == null) {
      return;
    }
    if (to.isMulticastAddress()) {
      manager.checkMulticast(to);
    } else {
      manager.checkConnect(to.getHostAddress(), port);
    }
  }

  /** Whether the security manager accepts a datagram of that sender. */
  static boolean accepts(InetAddress sender, int port) {
    SecurityManager manager = manager();
    if (manager == null) {
      return true;
    }
    try {
      manager.checkAccept(sender.getHostAddress(), port);
      return true;
    } catch (SecurityException refused) {
      return false;
    }
  }

  static void checkGroup(InetAddress group) {
    SecurityManager manager = manager();
    if (manager != null) {
      manager.checkMulticast(group);
    }
  }

  /** Whether the program may learn the socket's own address. */
  static boolean reveals(InetAddress local) {
    SecurityManager manager = manager();
    if (manager == null) {
      return true;
    }
    try {
      manager.checkConnect(local.getHostAddress(), -1);
      return true;
    } catch (SecurityException refused) {
      return false;
    }
  }
}
