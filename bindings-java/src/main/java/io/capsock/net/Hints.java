package io.capsock.net;

import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hints on standard error about common mistakes with sockets: a reply that does not arrive, a port
 * in use, a truncated datagram. Each is printed once, as {@code capsock hint: ...}. A hint does not
 * change the duration, the result or the exception of a call.
 *
 * <p>The agent enables them, unless its option {@code hints=off} is given. Otherwise the system
 * property {@code capsock.hints=on} or the environment variable {@code CAPSOCK_HINTS=1} enables
 * them. The values {@code off} and {@code 0} disable them in every case.
 */
public final class Hints {
  /** Read by each call. Not volatile, since it is set before the program's first socket. */
  private static boolean on;

  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  static {
    if (Boolean.TRUE.equals(setting())) {
      begin();
    }
  }

  private Hints() {}

  /**
   * Enables the hints for sockets that are made afterwards, unless the property or the environment
   * variable disables them. Hints cannot be disabled again.
   */
  public static void start() {
    if (!Boolean.FALSE.equals(setting())) {
      begin();
    }
  }

  /** The value of the property, or else of the environment variable; null if neither is set. */
  private static Boolean setting() {
    return SecurityChecks.privileged(
        () -> {
          String property = System.getProperty("capsock.hints");
          if (property != null) {
            return property.equals("on");
          }
          String variable = System.getenv("CAPSOCK_HINTS");
          return variable == null || variable.isEmpty() ? null : (Boolean) !variable.equals("0");
        });
  }

  private static synchronized void begin() {
    if (!on) {
      on = true;
      SecurityChecks.privileged(
          () -> {
            UncaughtHints.install();
            return null;
          });
    }
  }

  static boolean areOn() {
    return on;
  }

  /** Prints the hint, unless one of that kind has been printed. */
  static void say(String kind, String text) {
    if (SAID.add(kind)) {
      try {
        System.err.println("capsock hint: " + text);
      } catch (RuntimeException ofTheProgramsOwnStream) {
        // The call that the hint is about must not fail for it.
      }
    }
  }

  /** A TCP port is in use. */
  static void tcpInUse(int port, boolean server) {
    say(
        "tcp in use",
        "port "
            + port
            + " is in use: "
            + (server
                ? "the server may be running already, in another terminal."
                : "by another socket, or by a connection that ended less than a minute ago;"
                    + " setReuseAddress(true) before bind() takes it from the latter.")
            + " `ss -ltnp` lists the TCP ports that programs listen on. End that program, or use"
            + " another port.");
  }

  /** A UDP port is in use. */
  static void udpInUse(int port) {
    say(
        "udp in use",
        "port "
            + port
            + " is in use: the server may be running already, in another terminal. `ss -lunp`"
            + " lists the UDP ports in use and their programs. A client needs no port of its own:"
            + " new DatagramSocket() takes a free one.");
  }

  /** A connection was refused. */
  static void refused(String host, int port) {
    say(
        "refused",
        "nothing listens at "
            + host
            + " port "
            + port
            + ": start the server first, and compare the host and the port with what it binds.");
  }

  /** An ICMP error was received for a datagram to the socket's peer. */
  static void unreachable(String host, int port) {
    say(
        "unreachable",
        "no program is bound to UDP port "
            + port
            + " of "
            + host
            + ": start the server first, and compare the host and the port with what it binds.");
  }

  /** A name has no address. */
  static void unknownHost(String name) {
    switch (name.toLowerCase(Locale.ROOT)) {
      // What stands for the server's name in the textbook's listings.
      case "hostname", "servername", "yourhostname", "hostid", "serverip" ->
          say(
              "name",
              "'"
                  + name
                  + "' stands in the textbook for the name of the machine that the server runs"
                  + " on. Put that in its place; for this machine it is \"localhost\".");
      default ->
          say(
              "name",
              "the name '"
                  + name
                  + "' could not be found. For a server on this machine it is \"localhost\".");
    }
  }

  /** A datagram was longer than the buffer. */
  static void cut(int datagram, int buffer) {
    say(
        "cut",
        "receive() cut a datagram of "
            + datagram
            + " bytes to its buffer of "
            + buffer
            + " bytes, and the rest is lost. A larger buffer receives it whole: new byte[65535].");
  }

  /** The system refused a datagram because of its length. */
  static void tooLong(int length) {
    say(
        "too long",
        "a datagram of "
            + length
            + " bytes cannot be sent: UDP over IPv4 carries at most 65507 bytes in one. Send it in"
            + " parts, or over TCP.");
  }

  /** A packet has no address. */
  static void noAddress() {
    say(
        "no address",
        "the packet has no address to go to: new DatagramPacket(bytes, bytes.length, address,"
            + " port), or connect the DatagramSocket first.");
  }

  /** A port number is out of range. */
  static void noPort(String number) {
    say("port", number + " is no port: a port is a number of 16 bits, so 0 to 65535.");
  }

  /** A stream of an unconnected socket was requested. */
  static void notConnected() {
    say(
        "not connected",
        "a Socket sends and receives after it is connected: by new Socket(\"localhost\", 6789), or"
            + " by connect(new InetSocketAddress(\"localhost\", 6789)).");
  }

  /** A message was sent with the unused rest of the buffer it was received into. */
  static void padded(boolean datagram, int filled, int buffer) {
    String received =
        datagram
            ? "getData() is the whole buffer of "
                + buffer
                + " bytes, of which the received datagram filled "
                + filled
                + ". Its text is new String(packet.getData(), 0, packet.getLength())."
            : "read(buffer) returned "
                + filled
                + ", and "
                + buffer
                + " bytes were sent. What was received is new String(buffer, 0, count).";
    say("padded", "what was sent ends with NUL characters, the rest of a buffer: " + received);
  }
}
