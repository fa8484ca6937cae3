package io.capsock;

import java.net.InetSocketAddress;

/**
 * The context of a request: who sent it, to which address, over which transport. It is a copy of
 * what the system reported.
 *
 * @since 0.1.0
 */
public final class RequestContext {
  /** Encoded, since most handlers ask for one of them. */
  private final byte[] addresses;

  private final Transport transport;

  /** The addresses are the peer's and the local one, as {@link Addresses} decodes them. */
  RequestContext(byte[] addresses, Transport transport) {
    this.addresses = addresses;
    this.transport = transport;
  }

  /**
   * Returns the address that the request came from: of the other end of the TCP connection, or the
   * source of the datagram, which the sender may have forged. A proxy or an address translator
   * (NAT) puts its own address in its place. That of a Unix domain socket is unresolved, as {@link
   * Server#address()} is; the host {@code unix:} is a client without a name.
   *
   * @return the address
   */
  public InetSocketAddress peer() {
    return Addresses.decode(addresses).get(0);
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
   * Returns the transport protocol that the request came over.
   *
   * @return the transport
   */
  public Transport transport() {
    return transport;
  }

  @Override
  public String toString() {
    return "RequestContext[%s, %s to %s]".formatted(transport, peer(), local());
  }
}
