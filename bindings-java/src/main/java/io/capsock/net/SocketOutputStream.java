package io.capsock.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.SocketException;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** The output stream of a TCP socket. One thread at a time writes. */
final class SocketOutputStream extends OutputStream {
  private final SocketImpl socket;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile boolean shut;

  SocketOutputStream(SocketImpl socket) {
    this.socket = socket;
  }

  boolean isShut() {
    return shut;
  }

  /** Called by {@code shutdownOutput}. */
  void shut() {
    shut = true;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      hint(bytes, offset, 0);
      return;
    }
    lock.lock();
    try {
      int end = offset + length;
      for (int next = offset; next < end; ) {
        int wanted = Math.min(end - next, NativeSocket.LIMIT);
        int count = socket.connected().write(bytes, next, wanted);
        if (count < 0) {
          throw new SocketException(ErrorCodes.text(socket.isClosed() ? ErrorCodes.CLOSED : count));
        }
        next += count;
      }
      hint(bytes, offset, length);
    } catch (InterruptedIOException over) {
      throw socket.isClosed() ? new SocketException("Socket closed") : over;
    } finally {
      lock.unlock();
    }
  }

  private void hint(byte[] bytes, int offset, int length) {
    SocketHints hints = socket.hints();
    if (hints != null) {
      hints.sent(bytes, offset, length);
    }
  }

  /** Sends one byte as urgent data (RFC 6093). */
  void writeUrgent(int data) throws IOException {
    lock.lock();
    try {
      int code = Native.api().socketUrgent(socket.connected().number(), data);
      if (code == ErrorCodes.EAGAIN) {
        throw new SocketException("No buffer space available");
      }
      if (code < 0) {
        // As the JDK has it, for urgent data alone.
        throw socket.isClosed()
            ? new SocketException("Socket closed")
            : new IOException(ErrorCodes.text(code));
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
