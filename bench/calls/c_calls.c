/* What a call of capsock_socket_* costs over the system call: pairs of send and recv over TCP, and
   of sendto and recvfrom over UDP, on the loopback interface, in one thread that never waits. The
   two take turns, so that whatever else the machine does meets both alike.

   Usage: c_calls [ROUNDS [PAIRS]]
   Compiled with cc -O2 bench/calls/c_calls.c $(pkg-config --cflags --libs capsock) */
#define _POSIX_C_SOURCE 200809L
#include <capsock.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 1024, MOST_ROUNDS = 10000 };

typedef struct {
  capsock_socket *client, *server;
  struct sockaddr_in address;
} ours;

typedef struct {
  int client, server;
  struct sockaddr_in address;
} plain;

static char sent[LARGEST], received[LARGEST];

static void need(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", what, capsock_last_error());
  exit(1);
}

#define NEED(call) need(call, #call)
#define NEED_OK(call) need((call) == CAPSOCK_OK, #call)

static void ours_tcp(const ours *it, size_t size) {
  size_t count;
  NEED_OK(capsock_socket_send(it->client, sent, size, 0, &count));
  NEED_OK(capsock_socket_recv(it->server, received, sizeof received, 0, &count));
}

static void ours_udp(const ours *it, size_t size) {
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  size_t count;
  NEED_OK(capsock_socket_sendto(it->client, sent, size, 0, (const struct sockaddr *)&it->address,
                                sizeof it->address, &count));
  NEED_OK(capsock_socket_recvfrom(it->server, received, sizeof received, 0,
                                  (struct sockaddr *)&from, &length, &count));
}

static void plain_tcp(const plain *it, size_t size) {
  NEED(send(it->client, sent, size, MSG_NOSIGNAL) == (ssize_t)size);
  NEED(recv(it->server, received, sizeof received, 0) == (ssize_t)size);
}

static void plain_udp(const plain *it, size_t size) {
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  NEED(sendto(it->client, sent, size, MSG_NOSIGNAL, (const struct sockaddr *)&it->address,
              sizeof it->address) == (ssize_t)size);
  NEED(recvfrom(it->server, received, sizeof received, 0, (struct sockaddr *)&from, &length) ==
       (ssize_t)size);
}

static ours set_up_ours(int type) {
  ours it;
  socklen_t length = sizeof it.address;
  capsock_socket *listener = NULL;
  NEED_OK(capsock_socket_new(AF_INET, type, 0, &it.client));
  NEED_OK(capsock_socket_new(AF_INET, type, 0, &it.server));
  NEED_OK(capsock_socket_bind_to(it.server, "localhost", 0));
  NEED_OK(capsock_socket_getsockname(it.server, (struct sockaddr *)&it.address, &length));
  if (type == SOCK_DGRAM)
    return it;
  listener = it.server;
  NEED_OK(capsock_socket_listen(listener, 1));
  NEED_OK(capsock_socket_connect(it.client, (struct sockaddr *)&it.address, length));
  NEED_OK(capsock_socket_accept(listener, NULL, NULL, &it.server));
  capsock_socket_free(listener);
  return it;
}

static plain set_up_plain(int type) {
  plain it = {socket(AF_INET, type, 0), socket(AF_INET, type, 0), {0}};
  socklen_t length = sizeof it.address;
  int listener = it.server;
  it.address.sin_family = AF_INET;
  it.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  NEED(bind(it.server, (struct sockaddr *)&it.address, length) == 0);
  NEED(getsockname(it.server, (struct sockaddr *)&it.address, &length) == 0);
  if (type == SOCK_DGRAM)
    return it;
  NEED(listen(listener, 1) == 0);
  NEED(connect(it.client, (struct sockaddr *)&it.address, length) == 0);
  it.server = accept(listener, NULL, NULL);
  close(listener);
  return it;
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* Prints the median and the middle half, and returns the median. */
static double tell(const char *name, double *times, int rounds) {
  qsort(times, (size_t)rounds, sizeof *times, ascending);
  printf("  %-10s %7.0f ns  (%.0f to %.0f)\n", name, times[rounds / 2], times[rounds / 4],
         times[rounds * 3 / 4]);
  return times[rounds / 2];
}

static void measure(int type, size_t size, int rounds, int pairs) {
  static double of_ours[MOST_ROUNDS], of_plain[MOST_ROUNDS], ratios[MOST_ROUNDS];
  const ours mine = set_up_ours(type);
  const plain system = set_up_plain(type);
  for (int round = -1; round < rounds; round++) {
    double times[2];
    /* Whoever goes first in one round goes second in the next. */
    for (int turn = 0; turn < 2; turn++) {
      const int who = (turn + round) & 1;
      const double begin = nanoseconds();
      for (int i = 0; i < pairs; i++)
        if (who == 0 && type == SOCK_STREAM)
          ours_tcp(&mine, size);
        else if (who == 0)
          ours_udp(&mine, size);
        else if (type == SOCK_STREAM)
          plain_tcp(&system, size);
        else
          plain_udp(&system, size);
      times[who] = (nanoseconds() - begin) / pairs;
    }
    if (round < 0)
      continue;
    of_ours[round] = times[0];
    of_plain[round] = times[1];
    ratios[round] = times[0] / times[1];
  }
  printf("%s, %zu bytes, a pair:\n", type == SOCK_STREAM ? "send + recv" : "sendto + recvfrom",
         size);
  tell("system", of_plain, rounds);
  tell("capsock", of_ours, rounds);
  qsort(ratios, (size_t)rounds, sizeof *ratios, ascending);
  printf("  ratio      %7.3f     (%.3f to %.3f)\n", ratios[rounds / 2], ratios[rounds / 4],
         ratios[rounds * 3 / 4]);
  capsock_socket_free(mine.client);
  capsock_socket_free(mine.server);
  close(system.client);
  close(system.server);
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 201;
  const int pairs = argc > 2 ? atoi(argv[2]) : 2000;
  if (rounds < 1 || rounds > MOST_ROUNDS || pairs < 1) {
    fprintf(stderr, "usage: c_calls [ROUNDS (1 to %d) [PAIRS]]\n", MOST_ROUNDS);
    return 2;
  }
  memset(sent, 'a', sizeof sent);
  printf("capsock %s, medians of %d rounds of %d pairs (the middle half)\n", capsock_version(),
         rounds, pairs);
  for (size_t size = 16; size <= LARGEST; size *= 64) {
    measure(SOCK_STREAM, size, rounds, pairs);
    measure(SOCK_DGRAM, size, rounds, pairs);
  }
  return 0;
}
