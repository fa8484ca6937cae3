package io.capsock.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.util.Set;

/**
 * A {@link Socket} that connects through a proxy: a socket of the JDK, which speaks SOCKS and
 * HTTP's CONNECT. Its calls are not the core's, and no trace has them.
 */
final class ProxiedSocketImpl extends java.net.SocketImpl {
  private final java.net.Socket socket;

  ProxiedSocketImpl(java.net.Socket socket) {
    this.socket = socket;
  }

  @Override
  protected void create(boolean stream) {
    // The JDK's socket creates itself at its first use.
  }

  @Override
  protected void connect(String host, int port) throws IOException {
    socket.connect(new InetSocketAddress(host, port));
  }

  @Override
  protected void connect(InetAddress to, int port) throws IOException {
    socket.connect(new InetSocketAddress(to, port));
  }

  @Override
  protected void connect(SocketAddress to, int milliseconds) throws IOException {
    socket.connect(to, milliseconds);
  }

  @Override
  protected void bind(InetAddress host, int toPort) throws IOException {
    socket.bind(new InetSocketAddress(host, toPort));
  }

  @Override
  protected void listen(int backlog) throws IOException {
    throw new SocketException("a socket with a proxy does not listen");
  }

  @Override
  protected void accept(java.net.SocketImpl into) throws IOException {
    throw new SocketException("a socket with a proxy does not accept");
  }

  @Override
  protected InetAddress getInetAddress() {
    return socket.getInetAddress();
  }

  @Override
  protected int getPort() {
    return socket.getPort();
  }

  @Override
  protected int getLocalPort() {
    return socket.getLocalPort();
  }

  @Override
  protected InputStream getInputStream() throws IOException {
    return socket.getInputStream();
  }

  @Override
  protected OutputStream getOutputStream() throws IOException {
    return socket.getOutputStream();
  }

  @Override
  protected int available() throws IOException {
    return socket.getInputStream().available();
  }

  @Override
  protected void close() throws IOException {
    socket.close();
  }

  @Override
  protected void shutdownInput() throws IOException {
    socket.shutdownInput();
  }

  @Override
  protected void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  protected boolean supportsUrgentData() {
    return true;
  }

  @Override
  protected void sendUrgentData(int data) throws IOException {
    socket.sendUrgentData(data);
  }

  @Override
  protected Set<SocketOption<?>> supportedOptions() {
    return socket.supportedOptions();
  }

  @Override
  protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
    socket.setOption(name, value);
  }

  @Override
  protected <T> T getOption(SocketOption<T> name) throws IOException {
    return socket.getOption(name);
  }

  @Override
  public void setOption(int number, Object value) throws SocketException {
    switch (number) {
      case SocketOptions.SO_TIMEOUT -> socket.setSoTimeout((Integer) value);
      case SocketOptions.SO_LINGER -> {
        boolean on = !Boolean.FALSE.equals(value);
        socket.setSoLinger(on, on ? (Integer) value : 0);
      }
      case SocketOptions.IP_TOS -> socket.setTrafficClass((Integer) value);
      case SocketOptions.TCP_NODELAY -> socket.setTcpNoDelay((Boolean) value);
      case SocketOptions.SO_SNDBUF -> socket.setSendBufferSize((Integer) value);
      case SocketOptions.SO_RCVBUF -> socket.setReceiveBufferSize((Integer) value);
      case SocketOptions.SO_KEEPALIVE -> socket.setKeepAlive((Boolean) value);
      case SocketOptions.SO_OOBINLINE -> socket.setOOBInline((Boolean) value);
      case SocketOptions.SO_REUSEADDR -> socket.setReuseAddress((Boolean) value);
      default -> throw new SocketException("Unknown option " + number);
    }
  }

  @Override
  public Object getOption(int number) throws SocketException {
    return switch (number) {
      case SocketOptions.SO_TIMEOUT -> socket.getSoTimeout();
      case SocketOptions.SO_BINDADDR -> socket.getLocalAddress();
      // As ClassicOptions has it: no linger is a Boolean.
      case SocketOptions.SO_LINGER -> {
        int seconds = socket.getSoLinger();
        yield seconds < 0 ? (Object) false : (Object) seconds;
      }
      case SocketOptions.IP_TOS -> socket.getTrafficClass();
      case SocketOptions.TCP_NODELAY -> socket.getTcpNoDelay();
      case SocketOptions.SO_SNDBUF -> socket.getSendBufferSize();
      case SocketOptions.SO_RCVBUF -> socket.getReceiveBufferSize();
      case SocketOptions.SO_KEEPALIVE -> socket.getKeepAlive();
      case SocketOptions.SO_OOBINLINE -> socket.getOOBInline();
      case SocketOptions.SO_REUSEADDR -> socket.getReuseAddress();
      default -> throw new SocketException("Unknown option " + number);
    };
  }
}
