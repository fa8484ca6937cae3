"""What a server uses of the system: the type of `Stats.features`."""

# Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

from __future__ import annotations

import enum


class Feature(enum.IntFlag):
    """What a server uses of the system; several are joined with |.

    Optional calls of the system that a server uses where they are available and works without where they are
    not. The environment variable CAPSOCK_WITHOUT disables those that it names, as in
    CAPSOCK_WITHOUT=udp-gro,recvmmsg; a server is refused if it has another name.

    BLOCKING_RECEIVE: A blocked receive ends when another thread shuts the socket down (shutdown(2)), so
        that no poll is needed before it.
    RECVMMSG: recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    UDP_SEGMENT: UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    UDP_GRO: UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    """

    __module__ = "capsock"

    BLOCKING_RECEIVE = 1
    RECVMMSG = 2
    UDP_SEGMENT = 4
    UDP_GRO = 8
