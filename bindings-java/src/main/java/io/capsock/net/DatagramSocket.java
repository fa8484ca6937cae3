package io.capsock.net;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocketImpl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.DatagramChannel;
import java.util.Set;

/**
 * A {@link java.net.DatagramSocket} whose calls run on capsock's core. Everything else is as {@code
 * java.net.DatagramSocket} documents it.
 *
 * <p>A program uses it with {@code import io.capsock.net.DatagramSocket;} beside {@code import
 * java.net.*;}.
 */
// All public methods are overridden: see DatagramCalls. A method that a later Java adds reaches the
// same DatagramImpl through java.net.DatagramSocket.
public class DatagramSocket extends java.net.DatagramSocket {
  static {
    // Before an argument is checked: what is wrong with it may be worth a hint.
    Hints.areOn();
  }

  private final java.net.DatagramSocket calls;

  /**
   * Binds to a free port, on all local addresses.
   *
   * @throws SocketException if no port is free
   */
  public DatagramSocket() throws SocketException {
    this(new DatagramImpl(), new InetSocketAddress(0));
  }

  /**
   * Binds to a port, on all local addresses.
   *
   * @param port 0 to 65535; 0 for any free port
   * @throws SocketException if the port cannot be bound
   * @throws IllegalArgumentException if the port is out of its range
   */
  public DatagramSocket(int port) throws SocketException {
    this(port, null);
  }

  /**
   * Binds to a port of one address.
   *
   * @param port 0 to 65535; 0 for any free port
   * @param laddr the address; null is all local addresses
   * @throws SocketException if the address and port cannot be bound
   * @throws IllegalArgumentException if the port is out of its range
   */
  public DatagramSocket(int port, InetAddress laddr) throws SocketException {
    this(new DatagramImpl(), new InetSocketAddress(laddr, port));
  }

  /**
   * Binds to an address.
   *
   * @param bindaddr the address and port; null leaves the socket unbound
   * @throws SocketException if the address and port cannot be bound
   * @throws IllegalArgumentException if it is not an {@link InetSocketAddress}
   */
  public DatagramSocket(SocketAddress bindaddr) throws SocketException {
    this(new DatagramImpl(), bindaddr);
  }

  /**
   * Makes a socket with a DatagramSocketImpl of a subclass. It is used as {@code
   * java.net.DatagramSocket} uses it; capsock's core is not used.
   *
   * @param impl the DatagramSocketImpl
   * @throws NullPointerException if it is null
   */
  protected DatagramSocket(DatagramSocketImpl impl) {
    super(impl);
    calls = new java.net.DatagramSocket(impl) {};
  }

  private DatagramSocket(DatagramImpl impl, SocketAddress bindaddr) throws SocketException {
    super(impl);
    calls = new DatagramCalls(impl, bindaddr);
  }

  @Override
  public void bind(SocketAddress addr) throws SocketException {
    calls.bind(addr);
  }

  @Override
  public void connect(InetAddress address, int port) {
    calls.connect(address, port);
  }

  @Override
  public void connect(SocketAddress addr) throws SocketException {
    calls.connect(addr);
  }

  @Override
  public void disconnect() {
    calls.disconnect();
  }

  @Override
  public boolean isBound() {
    return calls.isBound();
  }

  @Override
  public boolean isConnected() {
    return calls.isConnected();
  }

  @Override
  public InetAddress getInetAddress() {
    return calls.getInetAddress();
  }

  @Override
  public int getPort() {
    return calls.getPort();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return calls.getRemoteSocketAddress();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    return calls.getLocalSocketAddress();
  }

  @Override
  public InetAddress getLocalAddress() {
    return calls.getLocalAddress();
  }

  @Override
  public int getLocalPort() {
    return calls.getLocalPort();
  }

  @Override
  public void send(DatagramPacket packet) throws IOException {
    calls.send(packet);
  }

  @Override
  public void receive(DatagramPacket packet) throws IOException {
    calls.receive(packet);
  }

  @Override
  public void setSoTimeout(int timeout) throws SocketException {
    calls.setSoTimeout(timeout);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    return calls.getSoTimeout();
  }

  @Override
  public void setSendBufferSize(int size) throws SocketException {
    calls.setSendBufferSize(size);
  }

  @Override
  public int getSendBufferSize() throws SocketException {
    return calls.getSendBufferSize();
  }

  @Override
  public void setReceiveBufferSize(int size) throws SocketException {
    calls.setReceiveBufferSize(size);
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    return calls.getReceiveBufferSize();
  }

  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    calls.setReuseAddress(on);
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    return calls.getReuseAddress();
  }

  @Override
  public void setBroadcast(boolean on) throws SocketException {
    calls.setBroadcast(on);
  }

  @Override
  public boolean getBroadcast() throws SocketException {
    return calls.getBroadcast();
  }

  @Override
  public void setTrafficClass(int tc) throws SocketException {
    calls.setTrafficClass(tc);
  }

  @Override
  public int getTrafficClass() throws SocketException {
    return calls.getTrafficClass();
  }

  @Override
  public void close() {
    calls.close();
  }

  @Override
  public boolean isClosed() {
    return calls.isClosed();
  }

  /**
   * Returns null: the socket was not made by a channel.
   *
   * @return null
   */
  @Override
  public DatagramChannel getChannel() {
    return null;
  }

  @Override
  public <T> java.net.DatagramSocket setOption(SocketOption<T> name, T value) throws IOException {
    calls.setOption(name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return calls.getOption(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return calls.supportedOptions();
  }

  @Override
  public void joinGroup(SocketAddress mcastaddr, NetworkInterface netIf) throws IOException {
    calls.joinGroup(mcastaddr, netIf);
  }

  @Override
  public void leaveGroup(SocketAddress mcastaddr, NetworkInterface netIf) throws IOException {
    calls.leaveGroup(mcastaddr, netIf);
  }
}
