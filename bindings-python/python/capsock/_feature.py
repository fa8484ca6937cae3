"""What a server uses of the system: the type of `Stats.features`."""

from __future__ import annotations

import enum


class Feature(enum.IntFlag):
    """Calls of the system that a server does better with and does without; several are joined with |.

    BLOCKING_RECEIVE: a blocked receive ends when another thread shuts the socket down (shutdown(2)), so
        that no poll is needed before it.
    RECVMMSG: recvmmsg(2) and sendmmsg(2), several datagrams with one call.
    UDP_SEGMENT: datagrams of one size to one peer leave as one train (udp(7)).
    UDP_GRO: datagrams of one size from one peer arrive as one train (udp(7)).

    The environment variable CAPSOCK_WITHOUT switches those off that it names, as in
    CAPSOCK_WITHOUT=udp-gro,recvmmsg; a server with a name there that is none raises ValueError.
    """

    __module__ = "capsock"

    BLOCKING_RECEIVE = 1
    RECVMMSG = 2
    UDP_SEGMENT = 4
    UDP_GRO = 8
