/* The workloads of the load generator. Each runs until going() returns false. */
#ifndef WORKLOADS_H
#define WORKLOADS_H
#include "run.h"

void tcp_lines(run *it, int connections, int depth);
void tcp_stream(run *it);
void tcp_connect(run *it, int at_once);
void udp_datagrams(run *it, int sockets, int depth, bool gso);
#endif
