"""The workloads. The load generator (`bench/load`) implements each by its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    transport: str
    unit: str = "request"


WORKLOADS = [
    Workload("tcp-1", "TCP, one connection, one line in flight", "tcp"),
    Workload("tcp-64", "TCP, 64 connections, one line in flight on each", "tcp"),
    Workload("tcp-64x16", "TCP, 64 connections, 16 lines in flight on each", "tcp"),
    Workload("tcp-1000", "TCP, 1,000 connections, one line in flight on each", "tcp"),
    Workload("tcp-stream", "TCP, one stream, both directions full", "tcp", "KiB"),
    Workload("tcp-connect", "TCP, a connection for each line, 16 at once", "tcp"),
    Workload("udp-1", "UDP, one datagram in flight", "udp"),
    Workload("udp-64", "UDP, 8 sockets, 8 datagrams in flight on each", "udp"),
    Workload("udp-256", "UDP, 8 sockets, 32 datagrams in flight on each", "udp"),
    Workload("udp-gso", "UDP, 8 sockets, GSO messages of 8 datagrams (UDP_SEGMENT)", "udp"),
]
BY_NAME = {workload.name: workload for workload in WORKLOADS}
