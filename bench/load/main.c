/* The load generator: asks a server on this machine one kind of work without ever sleeping, checks
   every reply byte for byte, and prints what it cost the server, as JSON.

   Usage: load WORKLOAD PORT PID WARM_UP SECONDS SERVER_CORE LOAD_CORE
   PID is the server's, whose processor time (user and system, all threads) is read from the kernel
   to the nanosecond. Before and after, a fixed loop is timed on both cores: if it takes longer than
   it should, something else ran. */
#include "load.h"
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *workload = "";

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
    fail("the clock of the server's process cannot be read: %s", strerror(errno));
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool going(run *it) {
  enum { PATIENCE = 5 };
  it->now = nanoseconds(CLOCK_MONOTONIC);
  if (it->now - it->progress > PATIENCE * INT64_C(1000000000))
    fail("no reply for %d seconds", PATIENCE);
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

static double percentile(const run *it, double share) {
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

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fail("core %d cannot be had: %s", core, strerror(errno));
}

/* Microseconds that a fixed chain of multiplications takes on a core. */
static double calibrate(int core) {
  pin(core);
  uint64_t value = 1;
  const int64_t begin = nanoseconds(CLOCK_MONOTONIC);
  for (int i = 0; i < 2000000; i++) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(value));
  }
  return (double)(nanoseconds(CLOCK_MONOTONIC) - begin) / 1e3;
}

/* Waits until the server has done with the connections that were closed: it must not run into the
 * calibration. */
static void settle(const run *it) {
  enum { STEP = 500000, MOST = 200 };
  for (int i = 0; i < MOST; i++) {
    const int64_t spent = nanoseconds(it->server_cpu), begin = nanoseconds(CLOCK_MONOTONIC);
    while (nanoseconds(CLOCK_MONOTONIC) - begin < STEP)
      continue;
    if (nanoseconds(it->server_cpu) == spent)
      return;
  }
}

static void work(run *it) {
  static const struct {
    const char *name;
    int many, depth;
  } lines[] = {{"tcp-1", 1, 1},
               {"tcp-1x16", 1, 16},
               {"tcp-64", 64, 1},
               {"tcp-64x16", 64, 16},
               {"tcp-1000", 1000, 1}},
    datagrams[] = {{"udp-1", 1, 1}, {"udp-64", 8, 8}, {"udp-256", 8, 32}, {"udp-trains", 8, 8}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (strcmp(workload, lines[i].name) == 0)
      return tcp_lines(it, lines[i].many, lines[i].depth);
  for (size_t i = 0; i < sizeof datagrams / sizeof *datagrams; i++)
    if (strcmp(workload, datagrams[i].name) == 0)
      return udp_datagrams(it, datagrams[i].many, datagrams[i].depth,
                           strcmp(workload, "udp-trains") == 0);
  if (strcmp(workload, "tcp-stream") == 0)
    return tcp_stream(it);
  if (strcmp(workload, "tcp-connect") == 0)
    return tcp_connect(it, 16);
  fail("nobody knows this workload");
}

int main(int argc, char **argv) {
  static run it;
  if (argc != 8) {
    fprintf(stderr, "usage: load WORKLOAD PORT PID WARM_UP SECONDS SERVER_CORE LOAD_CORE\n");
    return 2;
  }
  workload = argv[1];
  it.server.sin_family = AF_INET;
  it.server.sin_port = htons((uint16_t)atoi(argv[2]));
  it.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int server_core = atoi(argv[6]), load_core = atoi(argv[7]);
  if (clock_getcpuclockid(atoi(argv[3]), &it.server_cpu) != 0)
    fail("there is no process %s", argv[3]);
  signal(SIGPIPE, SIG_IGN);
  const double server_before = calibrate(server_core), load_before = calibrate(load_core);
  it.warm_up = (int64_t)(atof(argv[4]) * 1e9), it.measured = (int64_t)(atof(argv[5]) * 1e9);
  it.now = it.progress = nanoseconds(CLOCK_MONOTONIC);
  it.deadline = it.now + it.warm_up;
  work(&it);
  settle(&it);
  const double server_after = calibrate(server_core), load_after = calibrate(load_core);
  const double seconds = (double)(it.end - it.begin) / 1e9;
  printf("{\"requests\": %llu, \"seconds\": %.6f, \"server_cpu_seconds\": %.9f, \"p50_us\": %.2f, "
         "\"p99_us\": %.2f, \"resent\": %llu, \"late\": %llu, \"load_share\": %.4f, "
         "\"calibration_us\": [%.1f, %.1f, %.1f, %.1f]}\n",
         (unsigned long long)it.requests, seconds, (double)(it.cpu_end - it.cpu_begin) / 1e9,
         percentile(&it, 0.5), percentile(&it, 0.99), (unsigned long long)it.resent,
         (unsigned long long)it.late, (double)(it.own_end - it.own_begin) / 1e9 / seconds,
         server_before, load_before, server_after, load_after);
  return 0;
}
