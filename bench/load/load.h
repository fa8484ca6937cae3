/* What the parts of the load generator share: the clock of a run, its counts and its lines. */
#ifndef LOAD_H
#define LOAD_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { LINE = 64 };

/* Latencies: 32 buckets for each power of two of nanoseconds. */
enum { FINE = 32, BUCKETS = 64 * FINE };

typedef struct {
  struct sockaddr_in server;
  clockid_t server_cpu;
  int64_t warm_up, measured; /* nanoseconds */

  int64_t now, deadline, progress;
  bool measuring;
  int64_t begin, end, cpu_begin, cpu_end, own_begin, own_end;
  uint64_t requests, resent, late;
  uint64_t latencies[BUCKETS];
} run;

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t nanoseconds(clockid_t clock);

/* Reads the clock, moves from warming up to measuring, and says whether to go on. */
bool going(run *it);
/* `requests` were answered, `latency` nanoseconds after they were sent. */
void answered(run *it, uint64_t requests, int64_t latency);

/* Random lower-case letters and a newline, and the reply to them. */
void make_lines(char *lines, char *replies, size_t count);
/* The reply must be that, byte for byte. */
void check(const char *reply, const char *expected, size_t size);

void tcp_lines(run *it, int connections, int depth);
void tcp_stream(run *it);
void tcp_connect(run *it, int at_once);
void udp_datagrams(run *it, int sockets, int depth, bool trains);
#endif
