/* The clock, the counts and the replies of a run. */
#include "run.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *workload = "";

void name_run(const char *name) { workload = name; }

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "load: %s: ", workload);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  exit(1);
}

int64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0)
    fail("clock_gettime: %s", strerror(errno));
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool going(run *it) {
  enum { REPLY_TIMEOUT = 5 }; /* seconds */
  it->now = nanoseconds(CLOCK_MONOTONIC);
  if (it->now - it->progress > REPLY_TIMEOUT * INT64_C(1000000000))
    fail("no reply for %d seconds", REPLY_TIMEOUT);
  if (it->now < it->deadline || (it->measuring && it->requests == 0))
    return true;
  if (it->measuring) {
    it->cpu_end = nanoseconds(it->server_cpu);
    it->own_end = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    it->end = nanoseconds(CLOCK_MONOTONIC);
    return false;
  }
  it->measuring = true;
  it->requests = it->resent = it->late = 0;
  memset(it->latencies, 0, sizeof it->latencies);
  it->begin = nanoseconds(CLOCK_MONOTONIC);
  it->own_begin = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  it->cpu_begin = nanoseconds(it->server_cpu);
  it->deadline = it->begin + it->measured;
  return true;
}

static int bucket(uint64_t value) {
  if (value < FINE)
    return (int)value;
  const int power = 63 - __builtin_clzll(value);
  return (power - 4) * FINE + (int)(value >> (power - 5)) - FINE;
}

/* The middle of a bucket, in microseconds. */
static double middle(int index) {
  if (index < FINE)
    return index / 1e3;
  const int power = index / FINE + 4;
  return ldexp(FINE + index % FINE + 0.5, power - 5) / 1e3;
}

void answered(run *it, uint64_t requests, int64_t latency) {
  it->progress = it->now;
  it->requests += requests;
  it->latencies[bucket(latency > 0 ? (uint64_t)latency : 0)] += requests;
}

double percentile(const run *it, double share) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    total += it->latencies[i];
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += it->latencies[i]) >= share * (double)total)
      return middle(i);
  return 0;
}

void make_lines(char *lines, char *replies, size_t count) {
  static uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < count * LINE; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    lines[i] = (char)('a' + state % 26);
    replies[i] = (char)(lines[i] - 'a' + 'A');
    if (i % LINE == LINE - 1)
      lines[i] = replies[i] = '\n';
  }
}

void check(const char *reply, const char *expected, size_t size) {
  if (memcmp(reply, expected, size) == 0)
    return;
  size_t at = 0;
  while (reply[at] == expected[at])
    at++;
  fail("a wrong reply: byte %zu of %zu is 0x%02x, not 0x%02x", at, size, (unsigned char)reply[at],
       (unsigned char)expected[at]);
}
