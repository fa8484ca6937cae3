package io.capsock.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** The input stream of a TCP socket. One thread at a time reads. */
final class SocketInputStream extends InputStream {
  private final SocketImpl socket;

  /** Held by read, and by the socket's connect and accept. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile boolean shut;

  /** After the end of the stream or a reset, every later read reports it again. */
  private boolean ended;

  private boolean reset;

  SocketInputStream(SocketImpl socket) {
    this.socket = socket;
  }

  ReentrantLock lock() {
    return lock;
  }

  boolean isShut() {
    return shut;
  }

  /** Called by {@code shutdownInput}. */
  void shut() {
    shut = true;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) > 0 ? Byte.toUnsignedInt(one[0]) : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    lock.lock();
    try {
      // After the end, the end is what a read sees, even of a closed socket.
      if (ended) {
        return -1;
      }
      NativeSocket nativeSocket = socket.connected();
      if (reset) {
        throw new SocketException("Connection reset");
      }
      if (shut) {
        ended = true;
        return -1;
      }
      int wanted = Math.min(length, NativeSocket.LIMIT);
      SocketHints hints = socket.hints();
      int count =
          hints == null
              ? nativeSocket.read(bytes, offset, wanted, socket.timeout())
              : watched(hints, nativeSocket, bytes, offset, wanted);
      return count > 0 ? count : nothing(count);
    } catch (InterruptedIOException over) {
      throw socket.isClosed() ? new SocketException("Socket closed") : over;
    } finally {
      lock.unlock();
    }
  }

  /** Reads, with hints. */
  private int watched(
      SocketHints hints, NativeSocket nativeSocket, byte[] bytes, int offset, int wanted)
      throws IOException {
    hints.waits();
    try {
      int count = nativeSocket.read(bytes, offset, wanted, socket.timeout());
      if (count > 0) {
        hints.received(count, wanted);
      }
      return count;
    } finally {
      hints.waited();
    }
  }

  private int nothing(int code) throws IOException {
    if (code == ErrorCodes.ECONNRESET) {
      reset = true;
    }
    if (code == ErrorCodes.CLOSED || socket.isClosed()) {
      throw new SocketException("Socket closed");
    }
    switch (code) {
      case 0 -> {
        ended = true;
        return -1;
      }
      case ErrorCodes.ECONNRESET -> throw new SocketException("Connection reset");
      case ErrorCodes.TIMED_OUT -> throw new SocketTimeoutException("Read timed out");
      default -> throw new SocketException(ErrorCodes.text(code));
    }
  }

  @Override
  public int available() throws IOException {
    return socket.available();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
