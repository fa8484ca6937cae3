package io.capsock.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ref.Cleaner;
import java.net.DatagramPacket;
import java.net.SocketException;
import java.util.concurrent.locks.LockSupport;

/**
 * A native socket. {@link #close} closes it, or else the garbage collector.
 *
 * <p>A platform thread blocks in the native call. A virtual thread makes the call without blocking,
 * and parks in {@link Poller} until the socket is ready. The callers ensure that one thread at a
 * time reads and one writes.
 */
final class NativeSocket implements Poller.Source {
  /** The most bytes of one read or write: the length of the native side's buffer. */
  static final int LIMIT = 128 * 1024;

  private static final Cleaner CLEANER = Cleaner.create();

  private final Native api = Native.api();
  private final long number;
  private final Cleaner.Cleanable cleanable;
  private volatile boolean closed;

  /** The parked virtual threads, which {@link #close} unparks. */
  private volatile Thread reader;

  private volatile Thread writer;

  /** A native call with a timeout, as {@link Native} defines timeouts. */
  private interface Call {
    int waiting(int milliseconds);
  }

  /** Takes ownership of a native socket. */
  NativeSocket(long number) {
    this.number = number;
    // The action must not refer to this object, or it would never be found unreachable.
    Native closer = api;
    cleanable = CLEANER.register(this, () -> closer.socketClose(number));
  }

  /**
   * Opens a socket.
   *
   * @param server whether it is a ServerSocket's, which may bind an address that closed connections
   *     still have
   * @throws SocketException as the system reports it: too many open files
   */
  static NativeSocket open(boolean stream, boolean server) throws SocketException {
    long opened = Native.api().socketOpen(IpAddress.V6, stream, server);
    if (opened < 0) {
      throw ErrorCodes.socketException((int) opened, "socket");
    }
    return new NativeSocket(opened);
  }

  @Override
  public long number() {
    return number;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  /** Closes it. Calls in progress return {@link ErrorCodes#CLOSED}. */
  void close() {
    closed = true;
    cleanable.clean();
    // A thread that parks looks at `closed` after it has made itself known.
    LockSupport.unpark(reader);
    LockSupport.unpark(writer);
  }

  /** Reads up to {@code length} bytes. Returns 0 at the end of the stream, or an error code. */
  int read(byte[] bytes, int offset, int length, int timeout) throws IOException {
    if (!VirtualThreads.isVirtual(Thread.currentThread())) {
      return api.socketRead(number, bytes, offset, length, limit(timeout));
    }
    return parking(false, timeout, wait -> api.socketRead(number, bytes, offset, length, wait));
  }

  /** Returns the number of bytes that the system took, or an error code. */
  int write(byte[] bytes, int offset, int length) throws IOException {
    if (!VirtualThreads.isVirtual(Thread.currentThread())) {
      return api.socketWrite(number, bytes, offset, length, Native.NO_LIMIT);
    }
    return parking(true, 0, wait -> api.socketWrite(number, bytes, offset, length, wait));
  }

  int connect(IpAddress to, int port, int timeout) throws IOException {
    Call connect =
        wait -> {
          int code = api.socketConnect(number, to.high(), to.low(), to.scope(), port, wait);
          // Of a connect that has begun, the next one tells how it goes.
          boolean goesOn = code == ErrorCodes.EINPROGRESS || code == ErrorCodes.EALREADY;
          return goesOn ? ErrorCodes.EAGAIN : code;
        };
    if (timeout != 0 && VirtualThreads.isVirtual(Thread.currentThread())) {
      // As in the JDK, a timed connect is polled once before the thread parks. On loopback it has
      // been established by then.
      int code = connect.waiting(0);
      if (code != ErrorCodes.EAGAIN) {
        return code;
      }
    }
    return waiting(true, timeout, connect);
  }

  /**
   * Accepts a connection, and writes the peer's address and the new socket's number to the array.
   */
  int accept(int timeout, long[] accepted) throws IOException {
    return waiting(false, timeout, wait -> api.socketAccept(number, wait, accepted));
  }

  /** Sends a datagram; to the peer if the port is below zero. */
  int send(byte[] bytes, int offset, int length, IpAddress to, int port) throws IOException {
    long high = to == null ? 0 : to.high();
    long low = to == null ? 0 : to.low();
    int scope = to == null ? 0 : to.scope();
    if (!VirtualThreads.isVirtual(Thread.currentThread())) {
      return api.datagramSend(
          number, bytes, offset, length, high, low, scope, port, Native.NO_LIMIT);
    }
    return parking(
        true,
        0,
        wait -> api.datagramSend(number, bytes, offset, length, high, low, scope, port, wait));
  }

  /** Receives into the packet. Returns the length of the datagram, or an error code. */
  int receive(DatagramPacket packet, int timeout, boolean peeks, long[] sender) throws IOException {
    byte[] bytes = packet.getData();
    int offset = packet.getOffset();
    int length = packet.getLength();
    if (!VirtualThreads.isVirtual(Thread.currentThread())) {
      return api.datagramReceive(
          number, packet, bytes, offset, length, limit(timeout), peeks, sender);
    }
    return parking(
        false,
        timeout,
        wait -> api.datagramReceive(number, packet, bytes, offset, length, wait, peeks, sender));
  }

  private static int limit(int timeout) {
    return timeout == 0 ? Native.NO_LIMIT : timeout;
  }

  private int waiting(boolean writable, int timeout, Call call) throws IOException {
    if (!VirtualThreads.isVirtual(Thread.currentThread())) {
      return call.waiting(limit(timeout));
    }
    return parking(writable, timeout, call);
  }

  /**
   * Repeats the call until it does not report EAGAIN, and parks in between.
   *
   * @throws InterruptedIOException if the virtual thread is interrupted when it would park
   */
  private int parking(boolean writable, int timeout, Call call) throws IOException {
    long start = timeout == 0 ? 0 : System.nanoTime();
    long allowed = timeout * 1_000_000L;
    while (true) {
      int result = call.waiting(0);
      if (result != ErrorCodes.EAGAIN) {
        return result;
      }
      if (timeout != 0 && System.nanoTime() - start >= allowed) {
        return ErrorCodes.TIMED_OUT;
      }
      park(writable, timeout != 0, start + allowed);
    }
  }

  private void park(boolean writable, boolean limited, long deadline) throws IOException {
    Thread thread = Thread.currentThread();
    parked(writable, thread);
    try {
      Poller.await(writable, this, limited, deadline);
    } finally {
      parked(writable, null);
    }
    if (thread.isInterrupted()) {
      throw new InterruptedIOException();
    }
  }

  private void parked(boolean writable, Thread thread) {
    if (writable) {
      writer = thread;
    } else {
      reader = thread;
    }
  }
}
