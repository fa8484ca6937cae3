package io.capsock;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The context of a request: who sent it, to which address, over which transport, and for whom a
 * proxy did. It is a copy of what the system and a proxy reported.
 *
 * @since 0.1.0
 */
public final class RequestContext {
  /** Encoded, since most handlers ask for one of them. */
  private final byte[] addresses;

  private final Transport transport;

  /**
   * The addresses are the peer's, the local one, and if a proxy told them the proxied source and
   * destination, as {@link Addresses} decodes them.
   */
  RequestContext(byte[] addresses, Transport transport) {
    this.addresses = addresses;
    this.transport = transport;
  }

  /**
   * Returns the address that the request came from: of the other end of the TCP connection, or the
   * source of the datagram, which the sender may have forged. A proxy or an address translator
   * (NAT) puts its own address in its place; with {@link ServerOptions#proxyProtocol} it is that of
   * the proxy. That of a Unix domain socket is unresolved, as {@link Server#address()} is; the host
   * {@code unix:} is a client without a name.
   *
   * @return the address
   */
  public InetSocketAddress peer() {
    return Addresses.decode(addresses).get(0);
  }

  /**
   * Returns the address of the client: {@link #proxiedSource} if there is one, and otherwise {@link
   * #peer}.
   *
   * @return the address
   */
  public InetSocketAddress client() {
    return proxiedSource().orElseGet(this::peer);
  }

  /**
   * Returns the address that the request was sent to: of this end of the TCP connection, or the
   * destination of the datagram, with the server's port. If a server on all addresses is not told
   * the destination by the system, this is the address that it is bound to.
   *
   * @return the address
   */
  public InetSocketAddress local() {
    return Addresses.decode(addresses).get(1);
  }

  /**
   * Returns the address from which the client reached the proxy, as the proxy's header told ({@link
   * ServerOptions#proxyProtocol}): for the requests of a connection, that at its beginning; for a
   * datagram, its own.
   *
   * @return the address; empty without a proxy, and if the proxy told no IPv4 or IPv6 address, as
   *     for a health check of its own
   */
  public Optional<InetSocketAddress> proxiedSource() {
    return told(2);
  }

  /**
   * Returns the address at which the client reached the proxy.
   *
   * @return the address; empty as for {@link #proxiedSource}
   */
  public Optional<InetSocketAddress> proxiedDestination() {
    return told(3);
  }

  private Optional<InetSocketAddress> told(int index) {
    List<InetSocketAddress> all = Addresses.decode(addresses);
    return index < all.size() ? Optional.of(all.get(index)) : Optional.empty();
  }

  /**
   * Returns the transport protocol that the request came over.
   *
   * @return the transport
   */
  public Transport transport() {
    return transport;
  }

  @Override
  public String toString() {
    String source = proxiedSource().map(address -> " for " + address).orElse("");
    return "RequestContext[%s, %s to %s%s]".formatted(transport, peer(), local(), source);
  }
}
