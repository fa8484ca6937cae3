package io.capsock.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Objects;
import java.util.Set;

/** The calls of {@link DatagramSocket} on a {@link DatagramImpl}. */
// What java.net.DatagramSocket does with a DatagramSocketImpl is made for old ones: it holds a
// monitor while it receives, which other calls then wait for and which pins a virtual thread, and
// its exceptions are not those of a plain DatagramSocket.
final class DatagramCalls extends java.net.DatagramSocket {
  private final DatagramImpl impl;

  DatagramCalls(DatagramImpl impl, SocketAddress bindaddr) throws SocketException {
    super(impl);
    this.impl = impl;
    impl.create();
    try {
      if (bindaddr != null) {
        bindTo(bindaddr);
      }
      impl.setOption(StandardSocketOptions.SO_BROADCAST, true);
    } catch (SocketException | RuntimeException failed) {
      impl.close();
      throw failed;
    } catch (IOException failed) {
      impl.close();
      throw new SocketException(failed.getMessage());
    }
  }

  private void bindTo(SocketAddress to) throws SocketException {
    InetSocketAddress endpoint = resolved(to);
    checkOpen();
    if (impl.local() != null) {
      throw new SocketException("Already bound");
    }
    SecurityChecks.checkBind(endpoint.getPort());
    impl.bind(endpoint.getPort(), endpoint.getAddress());
  }

  private static InetSocketAddress resolved(SocketAddress given) throws SocketException {
    if (!(given instanceof InetSocketAddress endpoint)) {
      throw new UnsupportedAddressTypeException();
    }
    InetAddress address = endpoint.getAddress();
    if (address == null) {
      throw new SocketException("Unresolved address");
    }
    if (!IpAddress.V6 && address instanceof Inet6Address) {
      throw new SocketException("Unsupported address type");
    }
    return endpoint;
  }

  private void checkOpen() throws SocketException {
    if (impl.isClosed()) {
      throw new SocketException("Socket is closed");
    }
  }

  @Override
  public void bind(SocketAddress addr) throws SocketException {
    bindTo(addr == null ? new InetSocketAddress(0) : addr);
  }

  @Override
  public void connect(InetAddress address, int port) {
    if (address == null) {
      throw new IllegalArgumentException("Address can't be null");
    }
    try {
      connectTo(new InetSocketAddress(address, port));
    } catch (SocketException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void connect(SocketAddress addr) throws SocketException {
    if (addr == null) {
      throw new IllegalArgumentException("Address can't be null");
    }
    connectTo(addr);
  }

  private void connectTo(SocketAddress to) throws SocketException {
    InetSocketAddress endpoint = resolved(to);
    SecurityChecks.checkPeer(endpoint);
    try {
      impl.connect(endpoint.getAddress(), endpoint.getPort());
    } catch (SocketException failed) {
      // As the JDK has it: connecting a closed socket does nothing.
      if (!impl.isClosed()) {
        throw failed;
      }
    }
  }

  @Override
  public void disconnect() {
    impl.disconnect();
  }

  @Override
  public boolean isBound() {
    return impl.local() != null;
  }

  @Override
  public boolean isConnected() {
    return impl.remote() != null;
  }

  @Override
  public InetAddress getInetAddress() {
    InetSocketAddress peer = impl.remote();
    return peer == null ? null : peer.getAddress();
  }

  @Override
  public int getPort() {
    InetSocketAddress peer = impl.remote();
    return peer == null ? -1 : peer.getPort();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return impl.remote();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    InetSocketAddress own = impl.local();
    if (own == null || isClosed()) {
      return null;
    }
    impl.getLocalPort();
    InetAddress address = own.getAddress();
    boolean known = address.isAnyLocalAddress() || SecurityChecks.reveals(address);
    return known ? own : new InetSocketAddress(own.getPort());
  }

  @Override
  public InetAddress getLocalAddress() {
    if (isClosed()) {
      return null;
    }
    InetSocketAddress own = impl.local();
    InetAddress any = new InetSocketAddress(0).getAddress();
    InetAddress address = own == null ? any : own.getAddress();
    return SecurityChecks.reveals(address) ? address : any;
  }

  @Override
  public int getLocalPort() {
    if (isClosed()) {
      return -1;
    }
    return impl.local() == null ? 0 : impl.getLocalPort();
  }

  @Override
  public void send(DatagramPacket packet) throws IOException {
    impl.send(packet);
  }

  @Override
  public void receive(DatagramPacket packet) throws IOException {
    impl.receive(packet);
  }

  @Override
  public void setSoTimeout(int timeout) throws SocketException {
    checkOpen();
    if (timeout < 0) {
      throw new IllegalArgumentException("timeout < 0");
    }
    impl.timeout(timeout);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    checkOpen();
    return impl.timeout();
  }

  private <T> void set(SocketOption<T> name, T value) throws SocketException {
    checkOpen();
    try {
      impl.setOption(name, value);
    } catch (SocketException failed) {
      throw failed;
    } catch (IOException failed) {
      throw new SocketException(failed.getMessage());
    }
  }

  private <T> T get(SocketOption<T> name) throws SocketException {
    checkOpen();
    try {
      return impl.getOption(name);
    } catch (SocketException failed) {
      throw failed;
    } catch (IOException failed) {
      throw new SocketException(failed.getMessage());
    }
  }

  @Override
  public void setSendBufferSize(int size) throws SocketException {
    if (size <= 0) {
      throw new IllegalArgumentException("Invalid send size");
    }
    set(StandardSocketOptions.SO_SNDBUF, size);
  }

  @Override
  public int getSendBufferSize() throws SocketException {
    return get(StandardSocketOptions.SO_SNDBUF);
  }

  @Override
  public void setReceiveBufferSize(int size) throws SocketException {
    if (size <= 0) {
      throw new IllegalArgumentException("Invalid receive size");
    }
    set(StandardSocketOptions.SO_RCVBUF, size);
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    return get(StandardSocketOptions.SO_RCVBUF);
  }

  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_REUSEADDR, on);
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    return get(StandardSocketOptions.SO_REUSEADDR);
  }

  @Override
  public void setBroadcast(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_BROADCAST, on);
  }

  @Override
  public boolean getBroadcast() throws SocketException {
    return get(StandardSocketOptions.SO_BROADCAST);
  }

  @Override
  public void setTrafficClass(int tc) throws SocketException {
    set(StandardSocketOptions.IP_TOS, tc);
  }

  @Override
  public int getTrafficClass() throws SocketException {
    return get(StandardSocketOptions.IP_TOS);
  }

  @Override
  public void close() {
    impl.close();
  }

  @Override
  public boolean isClosed() {
    return impl.isClosed();
  }

  @Override
  public <T> java.net.DatagramSocket setOption(SocketOption<T> name, T value) throws IOException {
    Objects.requireNonNull(name);
    Options.checkSupported(name, impl.supportedOptions());
    Options.checkType(name, value);
    if (isClosed()) {
      throw new ClosedChannelException();
    }
    impl.setOption(name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    Objects.requireNonNull(name);
    Options.checkSupported(name, impl.supportedOptions());
    if (isClosed()) {
      throw new ClosedChannelException();
    }
    return impl.getOption(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return impl.supportedOptions();
  }

  @Override
  public void joinGroup(SocketAddress mcastaddr, NetworkInterface netIf) throws IOException {
    InetAddress group = group(mcastaddr);
    checkOpen();
    impl.joinGroup(new InetSocketAddress(group, 0), netIf);
  }

  @Override
  public void leaveGroup(SocketAddress mcastaddr, NetworkInterface netIf) throws IOException {
    InetAddress group = group(mcastaddr);
    checkOpen();
    impl.leaveGroup(new InetSocketAddress(group, 0), netIf);
  }

  private static InetAddress group(SocketAddress given) throws SocketException {
    if (!(given instanceof InetSocketAddress endpoint)) {
      throw new IllegalArgumentException("Unsupported address type");
    }
    InetAddress group = endpoint.getAddress();
    if (group == null) {
      throw new IllegalArgumentException("Unresolved address");
    }
    if (!group.isMulticastAddress()) {
      throw new SocketException("Not a multicast address");
    }
    SecurityChecks.checkGroup(group);
    return group;
  }
}
