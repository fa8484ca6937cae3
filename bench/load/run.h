/* A run of the load generator: its clock, its counts, its request lines and their replies. It knows
   no workload. */
#ifndef RUN_H
#define RUN_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { LINE = 64 };

/* Histogram of latencies: 32 buckets for each power of two of nanoseconds. */
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

/* Sets the name of the workload for the messages of fail(). */
void name_run(const char *name);
/* Writes a message to standard error and exits with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t nanoseconds(clockid_t clock);

/* Reads the clock, starts the measurement at the end of the warm-up, and returns false at the end
   of the measurement. Fails if no reply came for 5 seconds. */
bool going(run *it);
/* Counts `requests` replies that came `latency` nanoseconds after their requests were sent. */
void answered(run *it, uint64_t requests, int64_t latency);
/* The latency in microseconds below which `share` of the replies came, 0 to 1. */
double percentile(const run *it, double share);

/* Fills `count` lines of random lower-case letters and a newline, and the expected replies. */
void make_lines(char *lines, char *replies, size_t count);
/* Fails if the reply differs from the expected one in any byte. */
void check(const char *reply, const char *expected, size_t size);
#endif
