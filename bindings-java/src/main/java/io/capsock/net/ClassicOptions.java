package io.capsock.net;

import java.net.SocketException;
import java.net.SocketOptions;

/** The options by the numbers of {@link SocketOptions}, which {@code SocketImpl} uses. */
final class ClassicOptions {
  private ClassicOptions() {}

  private static Option of(int number) throws SocketException {
    return switch (number) {
      case SocketOptions.SO_LINGER -> Option.SO_LINGER;
      case SocketOptions.IP_TOS -> Option.IP_TOS;
      case SocketOptions.TCP_NODELAY -> Option.TCP_NODELAY;
      case SocketOptions.SO_SNDBUF -> Option.SO_SNDBUF;
      case SocketOptions.SO_RCVBUF -> Option.SO_RCVBUF;
      case SocketOptions.SO_KEEPALIVE -> Option.SO_KEEPALIVE;
      case SocketOptions.SO_OOBINLINE -> Option.SO_OOBINLINE;
      case SocketOptions.SO_REUSEADDR -> Option.SO_REUSEADDR;
      case SocketOptions.SO_REUSEPORT -> Option.SO_REUSEPORT;
      case SocketOptions.SO_BROADCAST -> Option.SO_BROADCAST;
      case SocketOptions.IP_MULTICAST_LOOP -> Option.IP_MULTICAST_LOOP;
      default -> throw new SocketException("Unknown option " + number);
    };
  }

  private static boolean isNumber(Option option) {
    return switch (option) {
      case SO_LINGER, IP_TOS, SO_SNDBUF, SO_RCVBUF -> true;
      default -> false;
    };
  }

  static void set(NativeSocket socket, int number, Object value) throws SocketException {
    Option option = of(number);
    if (!isNumber(option)) {
      Options.set(socket, option, flag(value, option.name()));
      return;
    }
    if (option == Option.SO_LINGER && Boolean.FALSE.equals(value)) {
      Options.set(socket, option, -1);
      return;
    }
    int wanted = number(value, option.name());
    if (wanted <= 0 && (option == Option.SO_SNDBUF || option == Option.SO_RCVBUF)) {
      throw new SocketException(option + " <= 0");
    }
    Options.set(socket, option, wanted);
  }

  static Object get(NativeSocket socket, int number) throws SocketException {
    Option option = of(number);
    int value = Options.number(socket, option);
    if (option == Option.SO_LINGER && value < 0) {
      return false;
    }
    if (isNumber(option)) {
      return value;
    }
    return value != 0;
  }

  static int number(Object value, String name) throws SocketException {
    if (value instanceof Integer number) {
      return number;
    }
    throw new SocketException("Bad value for " + name);
  }

  static boolean flag(Object value, String name) throws SocketException {
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw new SocketException("Bad value for " + name);
  }
}
