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
 * <p>Reading is {@link Input}'s and writing {@link Output}'s, one thread each at a time. No monitor
 * is held while a thread waits, so that a virtual thread can park.
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
  private final Input input = new Input(this);
  private final Output output = new Output(this);

  /** Held while connecting and accepting as well, which are waits for one thread, too. */
  private final ReentrantLock readLock = input.lock();

  /** Held to change the state or to look at it and act, never while waiting. */
  private final Object stateLock = new Object();

  private volatile State state = State.NEW;

  /** Null until created. */
  private volatile Descriptor descriptor;

  private volatile int timeout;

  /** What hints are about; null without a connection, and without hints. */
  private volatile Exchange exchange;

  /**
   * A socket that is not created yet.
   *
   * @param server whether it is a ServerSocket's
   */
  SocketImpl(boolean server) {
    this.server = server;
  }

  private Descriptor open() throws SocketException {
    State now = state;
    if (now == State.NEW) {
      throw new SocketException("Socket not created");
    }
    if (now == State.CLOSED) {
      throw new SocketException("Socket closed");
    }
    return descriptor;
  }

  /** The socket of a connection. */
  Descriptor connected() throws SocketException {
    State now = state;
    if (now == State.CLOSED) {
      throw new SocketException("Socket closed");
    }
    if (now != State.CONNECTED) {
      throw new SocketException("Not connected");
    }
    return descriptor;
  }

  boolean isClosed() {
    return state == State.CLOSED;
  }

  Exchange exchange() {
    return exchange;
  }

  /** How long a read waits, in milliseconds; 0 is without a limit. */
  int timeout() {
    return timeout;
  }

  /** Until Java 24, java.net.Socket has deprecated constructors that ask for datagrams. */
  @Override
  protected void create(boolean stream) throws IOException {
    synchronized (stateLock) {
      if (state != State.NEW) {
        throw new IOException("Already created");
      }
      Descriptor opened = Descriptor.open(stream);
      try {
        if (server) {
          Options.set(opened, Option.SO_REUSEADDR, true);
        }
      } catch (SocketException failed) {
        opened.close();
        throw failed;
      }
      descriptor = opened;
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
    Descriptor socket = beginConnect(ip, toPort);
    int code = socket.connect(Ip.ofEndpoint(ip), toPort, milliseconds);
    if (code == Faults.ECONNREFUSED && Hints.areOn()) {
      Hints.refused(endpoint.getHostString(), toPort);
    }
    synchronized (stateLock) {
      if (isClosed() || code == Faults.CLOSED) {
        throw new SocketException("Socket closed");
      }
      if (code == Faults.TIMED_OUT) {
        throw new SocketTimeoutException("Connect timed out");
      }
      Faults.check(code);
      localport = Ip.port(Options.localAddress(socket));
      exchange = Exchange.ofClient(endpoint.getHostString(), toPort);
      state = State.CONNECTED;
    }
  }

  private Descriptor beginConnect(InetAddress ip, int toPort) throws SocketException {
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
      return descriptor;
    }
  }

  @Override
  protected void bind(InetAddress host, int toPort) throws IOException {
    synchronized (stateLock) {
      Descriptor socket = open();
      if (localport != 0) {
        throw new SocketException("Already bound");
      }
      Ip ip = Ip.ofEndpoint(host);
      checkPort(
          Native.api().socketBind(socket.number(), ip.high(), ip.low(), ip.scope(), toPort),
          toPort);
      address = host;
      localport = Ip.port(Options.localAddress(socket));
    }
  }

  @Override
  protected void listen(int backlog) throws IOException {
    synchronized (stateLock) {
      Descriptor socket = open();
      if (localport == 0) {
        throw new SocketException("Not bound");
      }
      int queue = backlog < 1 ? DEFAULT_BACKLOG : backlog;
      checkPort(Native.api().socketListen(socket.number(), queue), localport);
    }
  }

  private void checkPort(int code, int wanted) throws IOException {
    if (code == Faults.EADDRINUSE && Hints.areOn()) {
      Hints.tcpInUse(wanted, server);
    }
    Faults.check(code);
  }

  @Override
  protected void accept(java.net.SocketImpl into) throws IOException {
    if (!(into instanceof SocketImpl accepted)) {
      throw new SocketException("io.capsock.net accepts no " + into.getClass().getName());
    }
    if (accepted.state != State.NEW) {
      throw new SocketException("Not a newly created SocketImpl");
    }
    long[] found = new long[Ip.NUMBERS + 1];
    long start = System.nanoTime();
    int milliseconds = timeout;
    lockToAccept(milliseconds);
    try {
      acceptLocked(milliseconds, start, found);
    } finally {
      readLock.unlock();
    }
    accepted.take(new Descriptor(found[Ip.NUMBERS]), found);
  }

  /** The time that others keep the lock counts, too. */
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
      Descriptor socket = open();
      if (localport == 0) {
        throw new SocketException("Not bound");
      }
      code = socket.accept(rest(milliseconds, start), found);
      // The peer was gone before it was accepted; that ends nothing for the others.
    } while (code == Faults.ECONNABORTED);
    if (code == Faults.CLOSED || (code < 0 && isClosed())) {
      throw new SocketException("Socket closed");
    }
    if (code == Faults.TIMED_OUT) {
      throw new SocketTimeoutException("Accept timed out");
    }
    Faults.check(code);
  }

  /** What is left of a limit, never the 0 that is none. */
  private static int rest(int milliseconds, long start) {
    if (milliseconds == 0) {
      return 0;
    }
    long passed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    return (int) Math.max(1, milliseconds - passed);
  }

  private void take(Descriptor connection, long[] peer) throws SocketException {
    try {
      int ownPort = Ip.port(Options.localAddress(connection));
      synchronized (stateLock) {
        if (state != State.NEW) {
          throw new SocketException("Not a newly created SocketImpl");
        }
        descriptor = connection;
        localport = ownPort;
        address = Ip.decode(peer);
        port = Ip.port(peer);
        exchange = Exchange.ofServer();
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
      Descriptor socket = connected();
      return input.isShut() ? 0 : Faults.check(Native.api().socketAvailable(socket.number()));
    }
  }

  @Override
  protected void close() throws IOException {
    synchronized (stateLock) {
      State before = state;
      state = State.CLOSED;
      if (exchange != null) {
        exchange.close();
      }
      Descriptor socket = descriptor;
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

  /** Unless it is to be broken off, by a linger of zero. */
  private static boolean lingers(Descriptor socket) {
    try {
      return Options.number(socket, Option.SO_LINGER) != 0;
    } catch (SocketException unknown) {
      return false;
    }
  }

  @Override
  protected void shutdownInput() throws IOException {
    synchronized (stateLock) {
      Descriptor socket = connected();
      if (!input.isShut()) {
        Faults.check(Native.api().socketShutdown(socket.number(), false));
        input.shut();
      }
    }
  }

  @Override
  protected void shutdownOutput() throws IOException {
    synchronized (stateLock) {
      Descriptor socket = connected();
      if (!output.isShut()) {
        Faults.check(Native.api().socketShutdown(socket.number(), true));
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
      Descriptor socket = open();
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
      Descriptor socket = open();
      return switch (number) {
        case SO_TIMEOUT -> timeout;
        case SO_BINDADDR -> Ip.decode(Options.localAddress(socket));
        default -> ClassicOptions.get(socket, number);
      };
    }
  }
}
