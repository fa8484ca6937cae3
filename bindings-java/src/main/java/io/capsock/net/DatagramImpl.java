package io.capsock.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocketImpl;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * UDP on a native socket: for {@link DatagramSocket}, and as a {@code DatagramSocketImpl} that a
 * factory gives to {@code java.net.DatagramSocket}.
 *
 * <p>One thread at a time receives, and one sends. No monitor is held while a thread waits, so that
 * a virtual thread can park.
 */
final class DatagramImpl extends DatagramSocketImpl {
  /** Whether a packet keeps the length of its buffer after a shorter datagram. */
  private static final boolean KNOWS_PACKETS = Native.api().knowsPackets();

  private final ReentrantLock readLock = new ReentrantLock();
  private final ReentrantLock writeLock = new ReentrantLock();

  /** Guards the fields below. Not held while a thread waits. */
  private final Object stateLock = new Object();

  private volatile NativeSocket nativeSocket;
  private volatile boolean closed;
  private volatile InetSocketAddress local;
  private volatile InetSocketAddress remote;

  /** The address that the socket was bound to before it was connected. */
  private InetSocketAddress localBefore;

  private final MulticastGroups groups = new MulticastGroups();
  private volatile int timeout;

  private final AddressCache addresses = new AddressCache();

  /** The state for hints; null if hints are disabled. */
  private final SocketHints hints = SocketHints.ofDatagrams();

  @Override
  protected void create() throws SocketException {
    synchronized (stateLock) {
      if (nativeSocket == null && !closed) {
        nativeSocket = NativeSocket.open(false, false);
      }
    }
  }

  private NativeSocket open() throws SocketException {
    NativeSocket socket = nativeSocket;
    if (closed || socket == null) {
      throw new SocketException("Socket closed");
    }
    return socket;
  }

  boolean isClosed() {
    return closed;
  }

  InetSocketAddress local() {
    return local;
  }

  /** Called when the program asks for its port, also through java.net's own class. */
  @Override
  protected int getLocalPort() {
    if (hints != null) {
      hints.portAsked();
    }
    return super.getLocalPort();
  }

  InetSocketAddress remote() {
    return remote;
  }

  int timeout() {
    return timeout;
  }

  void timeout(int milliseconds) {
    timeout = milliseconds;
  }

  @Override
  protected void bind(int port, InetAddress host) throws SocketException {
    synchronized (stateLock) {
      if (local != null) {
        throw new SocketException("Already bound");
      }
      bindTo(new InetSocketAddress(host, port));
    }
  }

  private void bindTo(InetSocketAddress to) throws SocketException {
    NativeSocket socket = open();
    IpAddress ip = IpAddress.ofEndpoint(to.getAddress());
    int port = to.getPort();
    int code = Native.api().socketBind(socket.number(), ip.high(), ip.low(), ip.scope(), port);
    if (code == ErrorCodes.EADDRINUSE && hints != null) {
      Hints.udpInUse(port);
    }
    if (code < 0) {
      throw ErrorCodes.socketException(code, "bind");
    }
    findLocal(socket);
    if (hints != null) {
      hints.bound(port == 0);
    }
  }

  private void findLocal(NativeSocket socket) throws SocketException {
    InetSocketAddress found = IpAddress.decodeWithPort(Options.localAddress(socket));
    local = found;
    localPort = found.getPort();
  }

  private void bindIfNeeded() throws SocketException {
    if (local == null) {
      synchronized (stateLock) {
        if (local == null) {
          SecurityChecks.checkBind(0);
          bindTo(new InetSocketAddress(0));
        }
      }
    }
  }

  @Override
  protected void connect(InetAddress to, int port) throws SocketException {
    readLock.lock();
    writeLock.lock();
    try {
      synchronized (stateLock) {
        NativeSocket socket = open();
        if (port == 0) {
          throw new SocketException("Can't connect to port 0");
        }
        bindIfNeeded();
        IpAddress ip = IpAddress.ofEndpoint(to);
        localBefore = local;
        int code =
            Native.api().datagramConnect(socket.number(), ip.high(), ip.low(), ip.scope(), port);
        if (code < 0) {
          throw ErrorCodes.socketException(code, "connect");
        }
        remote = new InetSocketAddress(to, port);
        findLocal(socket);
      }
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
  }

  @Override
  protected void disconnect() {
    readLock.lock();
    writeLock.lock();
    try {
      synchronized (stateLock) {
        if (closed || remote == null) {
          return;
        }
        NativeSocket socket = open();
        int code = Native.api().datagramDisconnect(socket.number());
        if (code < 0) {
          throw ErrorCodes.socketException(code, "connect");
        }
        remote = null;
        findLocal(socket);
        // Linux gives a port back that was not asked for by its number; it is still this socket's.
        if (local.getPort() == 0) {
          bindTo(localBefore);
        }
      }
    } catch (SocketException failed) {
      throw new UncheckedIOException(failed);
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
  }

  /**
   * Sends a packet, to its own address or, if it has none, to the peer, which it then names.
   *
   * @throws IllegalArgumentException if it has no address and there is no peer, or if the two
   *     differ
   */
  @Override
  protected void send(DatagramPacket packet) throws IOException {
    writeLock.lock();
    try {
      open();
      InetSocketAddress peer = remote;
      InetAddress to = packet.getAddress();
      int port = packet.getPort();
      if (to == null) {
        if (peer == null) {
          if (hints != null) {
            Hints.noAddress();
          }
          throw new IllegalArgumentException("Address not set");
        }
        packet.setAddress(peer.getAddress());
        packet.setPort(peer.getPort());
      } else {
        checkTarget(to, port, peer);
      }
      bindIfNeeded();
      if (peer == null) {
        SecurityChecks.checkSend(to, port);
        if (port == 0) {
          throw new SocketException("Can't send to port 0");
        }
      }
      sendTo(packet, peer == null ? addresses.target(to) : null, peer == null ? port : -1);
    } finally {
      writeLock.unlock();
    }
  }

  private static void checkTarget(InetAddress to, int port, InetSocketAddress peer)
      throws SocketException {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("port out of range:" + port);
    }
    if (!IpAddress.V6 && to instanceof Inet6Address) {
      throw new UnsupportedAddressTypeException();
    }
    if (peer != null) {
      if (port != peer.getPort() || !to.equals(peer.getAddress())) {
        throw new IllegalArgumentException("Connected and packet address differ");
      }
    }
  }

  private void sendTo(DatagramPacket packet, IpAddress to, int port) throws IOException {
    byte[] bytes = packet.getData();
    int offset = packet.getOffset();
    int length = packet.getLength();
    int code = open().send(bytes, offset, length, to, port);
    if (hints != null) {
      InetSocketAddress target = to == null ? remote : new InetSocketAddress(to.address(), port);
      hints.sentDatagram(code, target, to == null, bytes, offset, length);
    }
    if (code == ErrorCodes.ECONNREFUSED) {
      // News of an earlier datagram: without a peer it may have been anybody's.
      if (to == null) {
        throw new PortUnreachableException();
      }
      return;
    }
    if (code < 0) {
      if (closed || code == ErrorCodes.CLOSED) {
        throw new SocketException("Socket closed");
      }
      // To a peer, the JDK writes, and a write that fails has no class of its own.
      throw to == null ? new IOException(ErrorCodes.text(code)) : ErrorCodes.of(code, "sendto");
    }
  }

  @Override
  protected void receive(DatagramPacket packet) throws IOException {
    receiveInto(packet, false);
  }

  private void receiveInto(DatagramPacket packet, boolean peeks) throws IOException {
    readLock.lock();
    try {
      if (!peeks && remote == null && SecurityChecks.isThere()) {
        dropRefused();
      }
      int room = packet.getLength();
      int length = peeks || hints == null ? receive(packet, peeks) : watched(packet);
      if (!KNOWS_PACKETS) {
        packet.setLength(Math.min(length, room));
      }
      packet.setAddress(addresses.sender());
      packet.setPort(addresses.senderPort());
    } catch (SocketTimeoutException late) {
      throw late;
    } catch (InterruptedIOException interrupted) {
      close();
      throw new SocketException("Closed by interrupt");
    } finally {
      readLock.unlock();
    }
  }

  /** Receives, with hints. */
  private int watched(DatagramPacket packet) throws IOException {
    hints.waits();
    try {
      int length = receive(packet, false);
      hints.receivedPacket(length, packet);
      return length;
    } catch (PortUnreachableException refused) {
      SocketHints.refused(remote);
      throw refused;
    } finally {
      hints.waited();
    }
  }

  /** Waits for a datagram whose sender the security manager accepts. Discards the others. */
  private void dropRefused() throws IOException {
    DatagramPacket probe = new DatagramPacket(new byte[0], 0);
    while (true) {
      receive(probe, true);
      if (SecurityChecks.accepts(addresses.sender(), addresses.senderPort())) {
        return;
      }
      receive(probe, false);
    }
  }

  /** Returns the length of the whole datagram, which may exceed the packet's buffer. */
  private int receive(DatagramPacket packet, boolean peeks) throws IOException {
    open();
    bindIfNeeded();
    int milliseconds = timeout;
    long start = milliseconds == 0 ? 0 : System.nanoTime();
    int code;
    do {
      code = open().receive(packet, rest(milliseconds, start), peeks, addresses.numbers());
      // News of an earlier datagram: without a peer it may have been anybody's.
    } while (code == ErrorCodes.ECONNREFUSED && remote == null);
    if (code >= 0) {
      return code;
    }
    if (closed || code == ErrorCodes.CLOSED) {
      throw new SocketException("Socket closed");
    }
    throw switch (code) {
      case ErrorCodes.TIMED_OUT -> new SocketTimeoutException("Receive timed out");
      case ErrorCodes.ECONNREFUSED -> new PortUnreachableException();
      default -> ErrorCodes.of(code, "recvfrom");
    };
  }

  /** Returns the rest of a timeout, at least 1: 0 would be no timeout. */
  private static int rest(int milliseconds, long start) {
    if (milliseconds == 0) {
      return 0;
    }
    long passed = (System.nanoTime() - start) / 1_000_000;
    return (int) Math.max(1, milliseconds - passed);
  }

  /**
   * Returns the sender's port. The parameter is immutable, so that the address cannot be returned.
   */
  @Override
  protected int peek(InetAddress unused) throws IOException {
    return peekData(new DatagramPacket(new byte[0], 0));
  }

  @Override
  protected int peekData(DatagramPacket packet) throws IOException {
    receiveInto(packet, true);
    return packet.getPort();
  }

  @Override
  protected void close() {
    synchronized (stateLock) {
      closed = true;
      groups.clear();
      if (hints != null) {
        hints.close();
      }
      if (nativeSocket != null) {
        nativeSocket.close();
      }
    }
  }

  @Override
  @Deprecated
  @SuppressWarnings("removal")
  protected void setTTL(byte ttl) throws IOException {
    setTimeToLive(Byte.toUnsignedInt(ttl));
  }

  @Override
  @Deprecated
  @SuppressWarnings("removal")
  protected byte getTTL() throws IOException {
    return (byte) getTimeToLive();
  }

  @Override
  protected void setTimeToLive(int ttl) throws IOException {
    Options.set(open(), Option.IP_MULTICAST_TTL, ttl);
  }

  @Override
  protected int getTimeToLive() throws IOException {
    return Options.number(open(), Option.IP_MULTICAST_TTL);
  }

  @Override
  protected void join(InetAddress group) throws IOException {
    member(true, group, null);
  }

  @Override
  protected void leave(InetAddress group) throws IOException {
    member(false, group, null);
  }

  @Override
  protected void joinGroup(SocketAddress group, NetworkInterface through) throws IOException {
    member(true, ((InetSocketAddress) group).getAddress(), through);
  }

  @Override
  protected void leaveGroup(SocketAddress group, NetworkInterface through) throws IOException {
    member(false, ((InetSocketAddress) group).getAddress(), through);
  }

  private void member(boolean joins, InetAddress group, NetworkInterface through)
      throws IOException {
    synchronized (stateLock) {
      groups.member(open(), joins, group, through);
    }
  }

  @Override
  protected Set<SocketOption<?>> supportedOptions() {
    return Option.OF_DATAGRAMS;
  }

  @Override
  protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
    Objects.requireNonNull(name);
    Options.checkSupported(name, supportedOptions());
    Options.checkType(name, value);
    synchronized (stateLock) {
      Options.set(open(), name, value);
    }
  }

  @Override
  @SuppressWarnings("unchecked") // the value has the option's type
  protected <T> T getOption(SocketOption<T> name) throws IOException {
    Objects.requireNonNull(name);
    Options.checkSupported(name, supportedOptions());
    synchronized (stateLock) {
      return (T) Options.get(open(), name);
    }
  }

  @Override
  public void setOption(int number, Object value) throws SocketException {
    synchronized (stateLock) {
      NativeSocket socket = open();
      switch (number) {
        case SO_TIMEOUT -> timeout = ClassicOptions.number(value, "SO_TIMEOUT");
        case IP_MULTICAST_IF, IP_MULTICAST_IF2 -> MulticastGroups.leaveThrough(socket, value);
        // The number stands for whether the loop is off.
        case IP_MULTICAST_LOOP ->
            ClassicOptions.set(socket, number, !ClassicOptions.flag(value, "IP_MULTICAST_LOOP"));
        default -> ClassicOptions.set(socket, number, value);
      }
    }
  }

  @Override
  public Object getOption(int number) throws SocketException {
    synchronized (stateLock) {
      NativeSocket socket = open();
      return switch (number) {
        case SO_TIMEOUT -> timeout;
        case SO_BINDADDR -> IpAddress.decode(Options.localAddress(socket));
        case IP_MULTICAST_IF -> MulticastGroups.addressOf(MulticastGroups.through(socket));
        case IP_MULTICAST_IF2 -> MulticastGroups.through(socket);
        case IP_MULTICAST_LOOP -> !Options.flag(socket, Option.IP_MULTICAST_LOOP);
        default -> ClassicOptions.get(socket, number);
      };
    }
  }
}
