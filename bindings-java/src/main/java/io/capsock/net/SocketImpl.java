package io.capsock.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * TCP for {@link java.net.Socket} and {@link java.net.ServerSocket}, on a native socket. It behaves
 * as the JDK's own does, down to the texts of its exceptions.
 *
 * <p>Reading is {@link SocketInputStream}'s and writing {@link SocketOutputStream}'s, one thread
 * each at a time. No monitor is held while a thread waits, so that a virtual thread can park.
 */
final class SocketImpl extends java.net.SocketImpl {
  private static final int DEFAULT_BACKLOG = 50;

  private enum State {
    NEW,
    UNCONNECTED,
    CONNECTING,
    CONNECTED,
    CLOSED
  }

  private final boolean server;
  private final SocketInputStream input = new SocketInputStream(this);
  private final SocketOutputStream output = new SocketOutputStream(this);

  /** Held by read, connect and accept, which one thread at a time may wait in. */
  private final ReentrantLock readLock = input.lock();

  /** Guards the state. Not held while a thread waits. */
  private final Object stateLock = new Object();

  private volatile State state = State.NEW;

  /** Null until created. */
  private volatile NativeSocket nativeSocket;

  private volatile int timeout;

  /** The state for hints; null without a connection, or if hints are disabled. */
  private volatile SocketHints hints;

  /**
   * A socket that is not created yet.
   *
   * @param server whether it is a ServerSocket's
   */
  SocketImpl(boolean server) {
    this.server = server;
  }

  private NativeSocket open() throws SocketException {
    State now = state;
    if (now == State.NEW) {
      throw new SocketException("Socket not created");
    }
    if (now == State.CLOSED) {
      throw new SocketException("Socket closed");
    }
    return nativeSocket;
  }

  /** Returns the socket of a connection. */
  NativeSocket connected() throws SocketException {
    State now = state;
    if (now == State.CLOSED) {
      throw new SocketException("Socket closed");
    }
    if (now != State.CONNECTED) {
      throw new SocketException("Not connected");
    }
    return nativeSocket;
  }

  boolean isClosed() {
    return state == State.CLOSED;
  }

  SocketHints hints() {
    return hints;
  }

  /** The timeout of a read in milliseconds; 0 is no timeout. */
  int timeout() {
    return timeout;
  }

  /** Java before 24 passes {@code stream} false from deprecated constructors of java.net.Socket. */
  @Override
  protected void create(boolean stream) throws IOException {
    synchronized (stateLock) {
      if (state != State.NEW) {
        throw new IOException("Already created");
      }
      nativeSocket = NativeSocket.open(stream, server);
      state = State.UNCONNECTED;
    }
  }

  @Override
  protected void connect(String host, int port) throws IOException {
    connect(new InetSocketAddress(host, port), 0);
  }

  @Override
  protected void connect(InetAddress to, int port) throws IOException {
    connect(new InetSocketAddress(to, port), 0);
  }

  @Override
  protected void connect(SocketAddress to, int milliseconds) throws IOException {
    if (!(to instanceof InetSocketAddress endpoint)) {
      throw new IOException("Unsupported address type");
    }
    if (endpoint.isUnresolved()) {
      if (Hints.areOn()) {
        Hints.unknownHost(endpoint.getHostString());
      }
      throw new UnknownHostException(HostInfo.ofName(endpoint.getHostName()));
    }
    InetAddress ip = endpoint.getAddress();
    if (ip.isAnyLocalAddress()) {
      ip = InetAddress.getLocalHost();
    }
    try {
      readLock.lock();
      try {
        connectLocked(ip, endpoint, milliseconds);
      } finally {
        readLock.unlock();
      }
    } catch (InterruptedIOException ended) {
      close();
      if (ended instanceof SocketTimeoutException) {
        throw ended;
      }
      throw new SocketException("Closed by interrupt");
    } catch (IOException failed) {
      close();
      throw HostInfo.with(failed, endpoint);
    }
  }

  private void connectLocked(InetAddress ip, InetSocketAddress endpoint, int milliseconds)
      throws IOException {
    int toPort = endpoint.getPort();
    NativeSocket socket = beginConnect(ip, toPort);
    int code = socket.connect(IpAddress.ofEndpoint(ip), toPort, milliseconds);
    if (code == ErrorCodes.ECONNREFUSED && Hints.areOn()) {
      Hints.refused(endpoint.getHostString(), toPort);
    }
    synchronized (stateLock) {
      if (isClosed() || code == ErrorCodes.CLOSED) {
        throw new SocketException("Socket closed");
      }
      if (code == ErrorCodes.TIMED_OUT) {
        throw new SocketTimeoutException("Connect timed out");
      }
      ErrorCodes.check(code, callOf(code, milliseconds));
      localport = IpAddress.port(Options.localAddress(socket));
      hints = SocketHints.ofClient(endpoint.getHostString(), toPort);
      state = State.CONNECTED;
    }
  }

  /** The call that tells the JDK how a connect ended, which its texts on Windows name. */
  private static String callOf(int code, int milliseconds) {
    boolean ended = code == ErrorCodes.ECONNREFUSED || code == ErrorCodes.ETIMEDOUT;
    boolean polled = milliseconds > 0 || VirtualThreads.isVirtual(Thread.currentThread());
    return ended && polled ? "getsockopt" : "connect";
  }

  private NativeSocket beginConnect(InetAddress ip, int toPort) throws SocketException {
    synchronized (stateLock) {
      switch (state) {
        case NEW -> throw new SocketException("Not created");
        case CONNECTING -> throw new SocketException("Connection in progress");
        case CONNECTED -> throw new SocketException("Already connected");
        case CLOSED -> throw new SocketException("Socket closed");
        default -> state = State.CONNECTING;
      }
      address = ip;
      port = toPort;
      return nativeSocket;
    }
  }

  @Override
  protected void bind(InetAddress host, int toPort) throws IOException {
    synchronized (stateLock) {
      NativeSocket socket = open();
      if (localport != 0) {
        throw new SocketException("Already bound");
      }
      IpAddress ip = IpAddress.ofEndpoint(host);
      checkPort(
          Native.api().socketBind(socket.number(), ip.high(), ip.low(), ip.scope(), toPort),
          toPort,
          "bind");
      address = host;
      localport = IpAddress.port(Options.localAddress(socket));
    }
  }

  @Override
  protected void listen(int backlog) throws IOException {
    synchronized (stateLock) {
      NativeSocket socket = open();
      if (localport == 0) {
        throw new SocketException("Not bound");
      }
      int queue = backlog < 1 ? DEFAULT_BACKLOG : backlog;
      checkPort(Native.api().socketListen(socket.number(), queue), localport, "listen");
    }
  }

  private void checkPort(int code, int wanted, String call) throws IOException {
    if (code == ErrorCodes.EADDRINUSE && Hints.areOn()) {
      Hints.tcpInUse(wanted, server);
    }
    ErrorCodes.check(code, call);
  }

  @Override
  protected void accept(java.net.SocketImpl into) throws IOException {
    if (!(into instanceof SocketImpl accepted)) {
      throw new SocketException("io.capsock.net accepts no " + into.getClass().getName());
    }
    if (accepted.state != State.NEW) {
      throw new SocketException("Not a newly created SocketImpl");
    }
    long[] found = new long[IpAddress.NUMBERS + 1];
    long start = System.nanoTime();
    int milliseconds = timeout;
    lockToAccept(milliseconds);
    try {
      acceptLocked(milliseconds, start, found);
    } finally {
      readLock.unlock();
    }
    accepted.take(new NativeSocket(found[IpAddress.NUMBERS]), found);
  }

  /** Waits for the lock, within the timeout. */
  private void lockToAccept(int milliseconds) throws SocketTimeoutException {
    if (milliseconds == 0) {
      readLock.lock();
      return;
    }
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    boolean interrupted = false;
    boolean locked = false;
    long rest = end - System.nanoTime();
    while (!locked && rest > 0) {
      try {
        locked = readLock.tryLock(rest, TimeUnit.NANOSECONDS);
      } catch (InterruptedException later) {
        interrupted = true;
      }
      rest = end - System.nanoTime();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!locked) {
      throw new SocketTimeoutException("Accept timed out");
    }
  }

  private void acceptLocked(int milliseconds, long start, long[] found) throws IOException {
    int code;
    do {
      NativeSocket socket = open();
      if (localport == 0) {
        throw new SocketException("Not bound");
      }
      code = socket.accept(rest(milliseconds, start), found);
      // The peer was gone before it was accepted; that ends nothing for the others.
    } while (code == ErrorCodes.ECONNABORTED);
    if (code == ErrorCodes.CLOSED || (code < 0 && isClosed())) {
      throw new SocketException("Socket closed");
    }
    if (code == ErrorCodes.TIMED_OUT) {
      throw new SocketTimeoutException("Accept timed out");
    }
    ErrorCodes.check(code, "accept");
  }

  /** Returns the rest of a timeout, at least 1: 0 would be no timeout. */
  private static int rest(int milliseconds, long start) {
    if (milliseconds == 0) {
      return 0;
    }
    long passed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    return (int) Math.max(1, milliseconds - passed);
  }

  private void take(NativeSocket connection, long[] peer) throws SocketException {
    try {
      int ownPort = IpAddress.port(Options.localAddress(connection));
      synchronized (stateLock) {
        if (state != State.NEW) {
          throw new SocketException("Not a newly created SocketImpl");
        }
        nativeSocket = connection;
        localport = ownPort;
        address = IpAddress.decode(peer);
        port = IpAddress.port(peer);
        hints = SocketHints.ofServer();
        state = State.CONNECTED;
      }
    } catch (SocketException failed) {
      connection.close();
      throw failed;
    }
  }

  @Override
  protected InputStream getInputStream() {
    return input;
  }

  @Override
  protected OutputStream getOutputStream() {
    return output;
  }

  @Override
  protected int available() throws IOException {
    synchronized (stateLock) {
      NativeSocket socket = connected();
      return input.isShut()
          ? 0
          : ErrorCodes.check(Native.api().socketAvailable(socket.number()), "ioctlsocket");
    }
  }

  @Override
  protected void close() throws IOException {
    synchronized (stateLock) {
      State before = state;
      state = State.CLOSED;
      if (hints != null) {
        hints.close();
      }
      NativeSocket socket = nativeSocket;
      if (before == State.CLOSED || socket == null) {
        return;
      }
      if (before == State.CONNECTED && !output.isShut() && lingers(socket)) {
        // The peer learns of the end also while a call here is still leaving the socket.
        Native.api().socketShutdown(socket.number(), true);
      }
      socket.close();
    }
  }

  /** Whether close sends a FIN: with a linger time of zero it resets the connection. */
  private static boolean lingers(NativeSocket socket) {
    try {
      return Options.number(socket, Option.SO_LINGER) != 0;
    } catch (SocketException unknown) {
      return false;
    }
  }

  @Override
  protected void shutdownInput() throws IOException {
    synchronized (stateLock) {
      NativeSocket socket = connected();
      if (!input.isShut()) {
        ErrorCodes.check(Native.api().socketShutdown(socket.number(), false), "shutdown");
        input.shut();
      }
    }
  }

  @Override
  protected void shutdownOutput() throws IOException {
    synchronized (stateLock) {
      NativeSocket socket = connected();
      if (!output.isShut()) {
        ErrorCodes.check(Native.api().socketShutdown(socket.number(), true), "shutdown");
        output.shut();
      }
    }
  }

  @Override
  protected boolean supportsUrgentData() {
    return true;
  }

  @Override
  protected void sendUrgentData(int data) throws IOException {
    output.writeUrgent(data);
  }

  @Override
  protected Set<SocketOption<?>> supportedOptions() {
    return server ? Option.OF_SERVERS : Option.OF_SOCKETS;
  }

  @Override
  protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
    Options.checkSupported(name, supportedOptions());
    Options.checkType(name, value);
    synchronized (stateLock) {
      Options.set(open(), name, value);
    }
  }

  @Override
  @SuppressWarnings("unchecked") // the value has the option's type
  protected <T> T getOption(SocketOption<T> name) throws IOException {
    Options.checkSupported(name, supportedOptions());
    synchronized (stateLock) {
      return (T) Options.get(open(), name);
    }
  }

  @Override
  public void setOption(int number, Object value) throws SocketException {
    synchronized (stateLock) {
      NativeSocket socket = open();
      if (number == SO_TIMEOUT) {
        int milliseconds = ClassicOptions.number(value, "SO_TIMEOUT");
        if (milliseconds < 0) {
          throw new SocketException("timeout < 0");
        }
        timeout = milliseconds;
      } else {
        ClassicOptions.set(socket, number, value);
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
        default -> ClassicOptions.get(socket, number);
      };
    }
  }
}
