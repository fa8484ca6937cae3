"""What a server uses of the system: the type of `Stats.features`."""

# Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

from __future__ import annotations

import enum


class Feature(enum.IntFlag):
    """What a server uses of the system; several are joined with |.

    Optional features of the system that servers and clients use if they are available. The environment
    variable CAPSOCK_WITHOUT disables the features that it lists, as in CAPSOCK_WITHOUT=udp-gro,recvmmsg; if
    it lists an unknown name, no server starts and no UDP client connects.

    BLOCKING_RECEIVE: shutdown(2) in another thread unblocks a receive, so that the receive needs no poll
        before it.
    RECVMMSG: recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    UDP_SEGMENT: UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    UDP_GRO: UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    PIDFD: pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
    ORIG_DST: IP_RECVORIGDSTADDR and IP_RECVERR (ip(7)): a UDP client sends requests from several ports in
        turn by one socket, in place of a socket for each port.
    LOOPBACK_ADDRESSES: Each address of 127.0.0.0/8 is local: a UDP client that has orig-dst as well sends
        requests to this machine from an address each by one socket, in place of a port each.
    """

    __module__ = "capsock"

    BLOCKING_RECEIVE = 1
    RECVMMSG = 2
    UDP_SEGMENT = 4
    UDP_GRO = 8
    PIDFD = 16
    ORIG_DST = 32
    LOOPBACK_ADDRESSES = 64
