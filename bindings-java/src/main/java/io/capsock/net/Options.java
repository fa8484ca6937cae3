package io.capsock.net;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Set;

/** Reads and sets the options of a socket, with the JDK's checks of their values. */
final class Options {
  private Options() {}

  static int number(NativeSocket socket, Option option) throws SocketException {
    long[] value = new long[1];
    int code = Native.api().optionGet(socket.number(), option.ordinal(), value);
    if (code < 0) {
      throw ErrorCodes.socketException(code, callOf(option, "getsockopt"));
    }
    return (int) value[0];
  }

  /** What an exception's text names; the JDK names no call for its extended options. */
  private static String callOf(Option option, String call) {
    return option.isExtended() ? "" : call;
  }

  static boolean flag(NativeSocket socket, Option option) throws SocketException {
    return number(socket, option) != 0;
  }

  static void set(NativeSocket socket, Option option, int value) throws SocketException {
    int code = Native.api().optionSet(socket.number(), option.ordinal(), value);
    if (code < 0) {
      throw ErrorCodes.socketException(code, callOf(option, "setsockopt"));
    }
  }

  static void set(NativeSocket socket, Option option, boolean value) throws SocketException {
    set(socket, option, value ? 1 : 0);
  }

  /** Returns the local address. */
  static long[] localAddress(NativeSocket socket) throws SocketException {
    long[] address = new long[IpAddress.NUMBERS];
    int code = Native.api().socketLocal(socket.number(), address);
    if (code < 0) {
      throw ErrorCodes.socketException(code, "getsockname");
    }
    return address;
  }

  /**
   * Checks that the option is supported.
   *
   * @throws UnsupportedOperationException if it is not
   */
  static void checkSupported(SocketOption<?> name, Set<SocketOption<?>> supported) {
    if (!supported.contains(name)) {
      throw new UnsupportedOperationException("'" + name + "' not supported");
    }
  }

  /**
   * Checks that the value has the option's type.
   *
   * @throws IllegalArgumentException if it has not
   */
  static void checkType(SocketOption<?> name, Object value) {
    if (!name.type().isInstance(value)) {
      throw new IllegalArgumentException("Invalid value '" + value + "'");
    }
  }

  /** Returns the value of a supported option. */
  static Object get(NativeSocket socket, SocketOption<?> name) throws IOException {
    Option option = Option.of(name);
    if (option == Option.IP_MULTICAST_IF) {
      return multicastInterface(socket);
    }
    int value = number(socket, option);
    if (name.type() == Boolean.class) {
      return value != 0;
    }
    return value;
  }

  /**
   * Sets a supported option to a value of its type.
   *
   * @throws IllegalArgumentException if the value is out of the option's range
   */
  static void set(NativeSocket socket, SocketOption<?> name, Object value) throws IOException {
    Option option = Option.of(name);
    if (value instanceof NetworkInterface leaving) {
      setMulticastInterface(socket, leaving);
      return;
    }
    if (value instanceof Boolean flag) {
      set(socket, option, flag);
      return;
    }
    int number = (Integer) value;
    switch (option) {
      case SO_RCVBUF, SO_SNDBUF -> {
        if (number < 0) {
          throw new IllegalArgumentException("Invalid send/receive buffer size");
        }
      }
      case IP_TOS -> checkByte(number, "Invalid IP_TOS value");
      case IP_MULTICAST_TTL -> checkByte(number, "Invalid TTL/hop value");
      case SO_INCOMING_NAPI_ID ->
          throw new SocketException("Attempt to set read only option " + name);
      default -> {}
    }
    set(socket, option, number);
  }

  private static void checkByte(int number, String otherwise) {
    if (number < 0 || number > 255) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** Returns the first IPv4 address of an interface as a number; 0 if it has none. */
  static int v4(NetworkInterface of) {
    return of.inetAddresses()
        .filter(Inet4Address.class::isInstance)
        .findFirst()
        .map(address -> ByteBuffer.wrap(address.getAddress()).getInt())
        .orElse(0);
  }

  private static NetworkInterface multicastInterface(NativeSocket socket) throws IOException {
    int known = number(socket, Option.IP_MULTICAST_IF);
    if (known == 0) {
      return null;
    }
    NetworkInterface found;
    if (IpAddress.V6) {
      found = NetworkInterface.getByIndex(known);
    } else {
      // The number is the address as it lies in memory.
      byte[] bytes =
          ByteBuffer.allocate(4).order(java.nio.ByteOrder.nativeOrder()).putInt(known).array();
      found = NetworkInterface.getByInetAddress(InetAddress.getByAddress(bytes));
    }
    if (found == null) {
      throw new IOException("Unable to map index to interface");
    }
    return found;
  }

  private static void setMulticastInterface(NativeSocket socket, NetworkInterface leaving)
      throws IOException {
    int v4 = v4(leaving);
    if (IpAddress.V6) {
      if (leaving.getIndex() == -1) {
        throw new IOException("Network interface cannot be identified");
      }
      set(socket, Option.IP_MULTICAST_IF, leaving.getIndex());
    } else if (v4 == 0) {
      throw new IOException("Network interface not configured for IPv4");
    }
    if (v4 != 0) {
      int code = Native.api().multicastInterfaceV4(socket.number(), v4);
      if (code < 0 && !IpAddress.V6) {
        throw ErrorCodes.of(code, "setsockopt");
      }
    }
  }
}
