/* The load generator: sends one workload to a server on this machine, compares every reply byte for
   byte, and prints the server's cost as JSON. It polls and never sleeps, so that its wake-ups are
   no part of the measurement.

   Usage: load WORKLOAD PORT PID WARM_UP SECONDS SERVER_CORE LOAD_CORE
   PID is the server's process, whose processor time (user and system, all threads) is read from its
   clock (clock_getcpuclockid(3)). Before and after the run a fixed loop is timed on both cores; if
   it takes longer than usual, another process used the core. */
#include "workloads.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    fail("sched_setaffinity to core %d: %s", core, strerror(errno));
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

/* Waits until the server has handled the closed connections and uses no processor time, so that it
   does not disturb the calibration. */
static void wait_until_idle(const run *it) {
  enum { STEP = 500000, MAX_STEPS = 200 };
  for (int i = 0; i < MAX_STEPS; i++) {
    const int64_t spent = nanoseconds(it->server_cpu), begin = nanoseconds(CLOCK_MONOTONIC);
    while (nanoseconds(CLOCK_MONOTONIC) - begin < STEP)
      continue;
    if (nanoseconds(it->server_cpu) == spent)
      return;
  }
}

static void run_workload(run *it, const char *workload) {
  static const struct {
    const char *name;
    int many, depth;
  } lines[] = {{"tcp-1", 1, 1},
               {"tcp-1x16", 1, 16},
               {"tcp-64", 64, 1},
               {"tcp-64x16", 64, 16},
               {"tcp-1000", 1000, 1}},
    datagrams[] = {{"udp-1", 1, 1}, {"udp-64", 8, 8}, {"udp-256", 8, 32}, {"udp-gso", 8, 8}};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (strcmp(workload, lines[i].name) == 0)
      return tcp_lines(it, lines[i].many, lines[i].depth);
  for (size_t i = 0; i < sizeof datagrams / sizeof *datagrams; i++)
    if (strcmp(workload, datagrams[i].name) == 0)
      return udp_datagrams(it, datagrams[i].many, datagrams[i].depth,
                           strcmp(workload, "udp-gso") == 0);
  if (strcmp(workload, "tcp-stream") == 0)
    return tcp_stream(it);
  if (strcmp(workload, "tcp-connect") == 0)
    return tcp_connect(it, 16);
  fail("unknown workload");
}

int main(int argc, char **argv) {
  static run it;
  if (argc != 8) {
    fprintf(stderr, "usage: load WORKLOAD PORT PID WARM_UP SECONDS SERVER_CORE LOAD_CORE\n");
    return 2;
  }
  name_run(argv[1]);
  it.server.sin_family = AF_INET;
  it.server.sin_port = htons((uint16_t)atoi(argv[2]));
  it.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int server_core = atoi(argv[6]), load_core = atoi(argv[7]);
  if (clock_getcpuclockid(atoi(argv[3]), &it.server_cpu) != 0)
    fail("no process %s", argv[3]);
  signal(SIGPIPE, SIG_IGN);
  const double server_before = calibrate(server_core), load_before = calibrate(load_core);
  it.warm_up = (int64_t)(atof(argv[4]) * 1e9), it.measured = (int64_t)(atof(argv[5]) * 1e9);
  it.now = it.progress = nanoseconds(CLOCK_MONOTONIC);
  it.deadline = it.now + it.warm_up;
  run_workload(&it, argv[1]);
  wait_until_idle(&it);
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
