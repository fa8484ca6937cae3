package io.capsock.net;

import java.net.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * What was sent and received on one socket, as far as the {@link Hints} need it. {@link
 * HintWatcher} checks sockets of clients: a call that has waited for 5 seconds gets a hint if the
 * client is the cause.
 *
 * <p>One thread at a time writes each field; the watcher reads them without a lock. A race may lose
 * a hint.
 */
final class SocketHints implements HintWatcher.Watched {
  /** The number of bytes of a message that are checked. */
  private static final int LOOKED_AT = 256;

  private enum Role {
    UNKNOWN,
    CLIENT,
    SERVER
  }

  private final boolean datagrams;

  /** The thread that made the socket. Another thread may receive before this one has sent. */
  private final long maker = thread();

  private volatile Role role;

  private volatile String peerHost;
  private volatile int peerPort;

  /** A UDP socket whose port the system chose and the program has not asked for. */
  private volatile boolean unknownPort;

  private volatile long sender;
  private volatile boolean sent;
  private volatile boolean heardSince;
  private volatile boolean emptySince;
  private volatile boolean toMany;
  private volatile boolean newline;
  private volatile boolean text;

  private volatile long waiter;

  /** The start of the call that waits; 0 if none does. */
  private volatile long since;

  /** The length of the buffer of the last receive. */
  private volatile int room;

  private volatile int filled;

  private SocketHints(boolean datagrams, Role role) {
    this.datagrams = datagrams;
    this.role = role;
  }

  /** The hints of a connection; null if hints are disabled. */
  static SocketHints ofClient(String host, int port) {
    if (!Hints.areOn()) {
      return null;
    }
    SocketHints hints = new SocketHints(false, Role.CLIENT);
    hints.peerHost = host;
    hints.peerPort = port;
    HintWatcher.watch(hints);
    return hints;
  }

  /** The hints of an accepted connection; null if hints are disabled. */
  static SocketHints ofServer() {
    return Hints.areOn() ? new SocketHints(false, Role.SERVER) : null;
  }

  /** The hints of a UDP socket; null if hints are disabled. */
  static SocketHints ofDatagrams() {
    if (!Hints.areOn()) {
      return null;
    }
    SocketHints hints = new SocketHints(true, Role.UNKNOWN);
    HintWatcher.watch(hints);
    return hints;
  }

  private static long thread() {
    return Thread.currentThread().getId();
  }

  void bound(boolean portWasChosen) {
    unknownPort = portWasChosen;
  }

  /** The program asked for the port, and may have sent it to a peer. */
  void portAsked() {
    unknownPort = false;
  }

  /**
   * A datagram was sent, or failed with that error code. The arguments are those of the call: the
   * packet may be another thread's again.
   */
  void sentDatagram(
      int code, InetSocketAddress to, boolean peer, byte[] bytes, int offset, int length) {
    if (code == ErrorCodes.EMSGSIZE) {
      Hints.tooLong(length);
    } else if (code == ErrorCodes.ECONNREFUSED && peer) {
      refused(to);
    }
    if (code < 0 || to == null) {
      return;
    }
    InetAddress address = to.getAddress();
    peerHost = address.getHostAddress();
    peerPort = to.getPort();
    byte[] ip = address.getAddress();
    boolean broadcast = ip.length == 4 && ip[3] == (byte) 255;
    toMany = broadcast || address.isMulticastAddress();
    sent(bytes, offset, length);
  }

  /** The system reported that the peer's port is unreachable. */
  static void refused(InetSocketAddress peer) {
    if (peer != null) {
      Hints.unreachable(peer.getHostString(), peer.getPort());
    }
  }

  /** A datagram of that length was received, truncated to the packet's buffer. */
  void receivedPacket(int length, DatagramPacket packet) {
    int kept = packet.getLength();
    if (length > kept) {
      Hints.cut(length, kept);
    }
    received(kept, packet.getData().length);
  }

  void sent(byte[] bytes, int offset, int length) {
    if (role == Role.UNKNOWN) {
      role = Role.CLIENT;
    }
    sender = thread();
    if (length == 0 && !datagrams) {
      emptySince = true;
      return;
    }
    newline = length > 0 && bytes[offset + length - 1] == '\n';
    text = isText(bytes, offset, length);
    checkPadding(bytes, offset, length);
    emptySince = false;
    heardSince = false;
    sent = true;
  }

  private static boolean isText(byte[] bytes, int offset, int length) {
    for (int index = offset; index < offset + Math.min(length, LOOKED_AT); index++) {
      byte one = bytes[index];
      if (one >= 0 && one < ' ' && one != '\n' && one != '\r' && one != '\t') {
        return false;
      }
    }
    return true;
  }

  private void checkPadding(byte[] bytes, int offset, int length) {
    // Another thread may receive meanwhile.
    int buffer = room;
    int used = filled;
    int unused = buffer - used;
    if (used <= 0 || unused < 2 || length < buffer || !isText(bytes, offset, used)) {
      return;
    }
    for (int index = offset + length - unused; index < offset + length; index++) {
      if (bytes[index] != 0) {
        return;
      }
    }
    Hints.padded(datagrams, used, buffer);
  }

  void waits() {
    waiter = thread();
    since = System.nanoTime() | 1;
  }

  /** The call has returned. */
  void waited() {
    since = 0;
  }

  void received(int count, int ofRoom) {
    if (role == Role.UNKNOWN) {
      role = Role.SERVER;
    }
    filled = count;
    room = ofRoom;
    heardSince = true;
    emptySince = false;
  }

  void close() {
    since = 0;
    HintWatcher.forget(this);
  }

  @Override
  public void look(long now, long nanos) {
    long began = since;
    if (began == 0 || now - began < nanos || role == Role.SERVER) {
      return;
    }
    boolean itself = waiter == sender;
    if (datagrams) {
      lookAtDatagrams(itself);
    } else if (emptySince && itself) {
      Hints.say(
          "empty",
          "read() has waited for 5 seconds, and the last write was of no bytes: TCP sends nothing"
              + " then, not even an empty line. A line ends with a newline: writeBytes(sentence +"
              + " '\\n').");
    } else if (!sent && waiter == maker) {
      Hints.say(
          "receives first",
          "read() has waited for 5 seconds, and this program has sent nothing to "
              + peer()
              + " yet. A server that answers requests waits for one. If something was written to a"
              + " PrintWriter or a BufferedWriter, flush() sends it.");
    } else if (sent && !heardSince && itself) {
      Hints.say("silent", silent());
    }
  }

  private void lookAtDatagrams(boolean itself) {
    if (!sent && unknownPort && waiter == maker) {
      Hints.say(
          "receives first",
          "receive() has waited for 5 seconds on a port that the system chose, and this program has"
              + " sent nothing from it, so that no peer knows the port. A client sends first; a"
              + " server is bound to the port that its clients send to: new DatagramSocket(9876).");
    } else if (sent && !heardSince && itself && !toMany) {
      Hints.say(
          "nobody",
          "receive() has waited for 5 seconds for a reply from "
              + peer()
              + ". UDP tells nobody when a datagram is lost: is a server bound to this port?"
              + " `ss -lunp` lists the UDP ports in use. setSoTimeout(milliseconds) limits the"
              + " wait.");
    }
  }

  private String silent() {
    String busy =
        "busy with another client: a server that serves one client after the other answers when it"
            + " has done with those before.";
    String start = "read() has waited for 5 seconds for a reply from " + peer() + ". ";
    if (newline || !text) {
      return start + "The server may be " + busy;
    }
    return start
        + "What this program sent does not end with a newline, and a peer that reads lines"
        + " (readLine() in Java, readline() in Python) waits for one: writeBytes(sentence + '\\n')."
        + " Or the server is "
        + busy;
  }

  private String peer() {
    return peerHost + " port " + peerPort;
  }
}
