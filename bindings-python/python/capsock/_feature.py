"""What a server uses of the system: the type of `Stats.features`."""

# Generated from api/src by its tests (CAPSOCK_BLESS=1 cargo test -p capsock-api); do not edit.

from __future__ import annotations

import enum


class Feature(enum.IntFlag):
    """What a server uses of the system; several are joined with |.

    Optional features of the system that a server uses if they are available. The environment variable
    CAPSOCK_WITHOUT disables the features that it lists, as in CAPSOCK_WITHOUT=udp-gro,recvmmsg; if it lists
    an unknown name, a server does not start.

    BLOCKING_RECEIVE: shutdown(2) in another thread unblocks a receive, so that the receive needs no poll
        before it.
    RECVMMSG: recvmmsg(2) and sendmmsg(2) transfer several datagrams with one call.
    UDP_SEGMENT: UDP_SEGMENT (udp(7)): one send transmits several datagrams of one size to one peer.
    UDP_GRO: UDP_GRO (udp(7)): one receive returns several datagrams of one size from one peer.
    PIDFD: pidfd_open(2): a descriptor of a child process is readable when it ends, in place of a pipe.
    """

    __module__ = "capsock"

    BLOCKING_RECEIVE = 1
    RECVMMSG = 2
    UDP_SEGMENT = 4
    UDP_GRO = 8
    PIDFD = 16
