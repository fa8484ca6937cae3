/* What a call costs in C: capsock beside the system calls, on the loopback interface.

   Usage: c_calls TCP_PORT UDP_PORT ROUNDS
   The ports are those of a server that makes upper case of lines and datagrams, on another
   processor. Compiled with cc -O2 bench/calls/c_calls.c -pthread $(pkg-config --cflags --libs
   capsock)

   It prints a line for each round of each row: the row, and the microseconds of the system's call
   and of capsock's. The two take turns, so that whatever else the machine does meets both. */
#define _POSIX_C_SOURCE 200809L
#include <capsock.h>
#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LENGTH = 64, ROOM = 2048, MANY = 1000 };

typedef struct {
  capsock_socket *client, *server;
  struct sockaddr_in address;
} ours;

typedef struct {
  int client, server;
  struct sockaddr_in address;
} plain;

static const char *const text = "the text of a request, of 64 bytes: The Quick Brown Fox jumps on";
static char upper[LENGTH + 1], received[ROOM];

static void need(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", what, capsock_last_error());
  exit(1);
}

#define NEED(call) need(call, #call)
#define NEED_OK(call) need((call) == CAPSOCK_OK, #call)

static void ours_tcp(const void *one) {
  const ours *it = one;
  size_t count;
  NEED_OK(capsock_socket_send(it->client, text, LENGTH, 0, &count));
  NEED_OK(capsock_socket_recv(it->server, received, sizeof received, 0, &count));
}

static void ours_udp(const void *one) {
  const ours *it = one;
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  size_t count;
  NEED_OK(capsock_socket_sendto(it->client, text, LENGTH, 0, (const struct sockaddr *)&it->address,
                                sizeof it->address, &count));
  NEED_OK(capsock_socket_recvfrom(it->server, received, sizeof received, 0,
                                  (struct sockaddr *)&from, &length, &count));
}

static void plain_tcp(const void *one) {
  const plain *it = one;
  NEED(send(it->client, text, LENGTH, MSG_NOSIGNAL) == LENGTH);
  NEED(recv(it->server, received, sizeof received, 0) == LENGTH);
}

static void plain_udp(const void *one) {
  const plain *it = one;
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  NEED(sendto(it->client, text, LENGTH, MSG_NOSIGNAL, (const struct sockaddr *)&it->address,
              sizeof it->address) == LENGTH);
  NEED(recvfrom(it->server, received, sizeof received, 0, (struct sockaddr *)&from, &length) ==
       LENGTH);
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

/* A request to a server: a datagram, or a line that ends where the text does. */
typedef struct {
  int socket;
  const capsock_tcp_client *tcp;
  const capsock_udp_client *udp;
} asked;

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int reach(int type, int port) {
  const struct sockaddr_in address = loopback(port);
  const int it = socket(AF_INET, type, 0), yes = 1;
  NEED(connect(it, (const struct sockaddr *)&address, sizeof address) == 0);
  if (type == SOCK_STREAM)
    NEED(setsockopt(it, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
  return it;
}

static void check(const void *reply, size_t length) {
  need(length == LENGTH && memcmp(reply, upper, LENGTH) == 0, "a wrong reply");
}

static void plain_request_tcp(const void *one) {
  const asked *it = one;
  char line[LENGTH + 1];
  size_t count = 0;
  memcpy(line, text, LENGTH);
  line[LENGTH] = '\n';
  NEED(send(it->socket, line, sizeof line, MSG_NOSIGNAL) == sizeof line);
  while (count < sizeof line) {
    const ssize_t more = recv(it->socket, received + count, sizeof received - count, 0);
    NEED(more > 0);
    count += (size_t)more;
  }
  check(received, count - 1);
}

static void plain_request_udp(const void *one) {
  const asked *it = one;
  NEED(send(it->socket, text, LENGTH, MSG_NOSIGNAL) == LENGTH);
  check(received, (size_t)recv(it->socket, received, sizeof received, 0));
}

static void ours_request(const void *one) {
  const asked *it = one;
  capsock_bytes reply;
  if (it->tcp != NULL)
    NEED_OK(capsock_tcp_client_request_bytes(it->tcp, text, LENGTH, &reply));
  else
    NEED_OK(capsock_udp_client_request_bytes(it->udp, text, LENGTH, &reply));
  check(reply.data, reply.length);
  capsock_bytes_free(&reply);
}

static int on_reply(size_t index, const uint8_t *reply, size_t length, void *user_data) {
  (void)index, (void)user_data;
  check(reply, length);
  return 0;
}

static void ours_many(const void *one) {
  static const void *requests[MANY];
  static size_t lengths[MANY];
  const asked *it = one;
  for (size_t i = 0; i < MANY; i++)
    requests[i] = text, lengths[i] = LENGTH;
  if (it->tcp != NULL)
    NEED_OK(capsock_tcp_client_request_many(it->tcp, requests, lengths, MANY, on_reply, NULL));
  else
    NEED_OK(capsock_udp_client_request_many(it->udp, requests, lengths, MANY, on_reply, NULL));
}

static void plain_upper(const void *one) {
  (void)one;
  for (size_t i = 0; i < LENGTH; i++)
    received[i] = (char)toupper((unsigned char)text[i]);
  check(received, LENGTH);
}

static void ours_upper(const void *one) {
  capsock_bytes reply;
  (void)one;
  NEED_OK(capsock_uppercase(text, LENGTH, &reply));
  check(reply.data, reply.length);
  capsock_bytes_free(&reply);
}

/* The same as a handler of capsock's, and as a thread around the system calls. */
static int handle(const uint8_t *request, size_t length, capsock_reply *reply, void *user_data) {
  char made[ROOM];
  (void)user_data;
  for (size_t i = 0; i < length; i++)
    made[i] = (char)toupper(request[i]);
  return capsock_reply_write(reply, made, length) == CAPSOCK_OK ? 0 : 1;
}

static void *answer(void *one) {
  int it = *(const int *)one, type;
  socklen_t length = sizeof type;
  char buffer[ROOM];
  NEED(getsockopt(it, SOL_SOCKET, SO_TYPE, &type, &length) == 0);
  if (type == SOCK_STREAM)
    it = accept(it, NULL, NULL);
  for (;;) {
    struct sockaddr_in from;
    length = sizeof from;
    const ssize_t count = recvfrom(it, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
    if (count <= 0)
      return NULL;
    for (ssize_t i = 0; i < count; i++)
      buffer[i] = (char)toupper((unsigned char)buffer[i]);
    if (type == SOCK_STREAM)
      NEED(send(it, buffer, (size_t)count, MSG_NOSIGNAL) == count);
    else
      NEED(sendto(it, buffer, (size_t)count, 0, (struct sockaddr *)&from, length) == count);
  }
}

static int answering(int type) {
  static int sockets[2];
  int *it = &sockets[type == SOCK_STREAM];
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  pthread_t thread;
  *it = socket(AF_INET, type, 0);
  NEED(bind(*it, (struct sockaddr *)&address, length) == 0);
  NEED(getsockname(*it, (struct sockaddr *)&address, &length) == 0);
  if (type == SOCK_STREAM)
    NEED(listen(*it, 1) == 0);
  NEED(pthread_create(&thread, NULL, answer, it) == 0);
  return ntohs(address.sin_port);
}

static int handling(int32_t transport) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *server = NULL;
  NEED_OK(capsock_server_options_set_port(options, 0));
  NEED_OK(capsock_server_options_set_workers(options, 1));
  NEED_OK(capsock_server_options_set_handler(options, handle, NULL));
  if (transport == CAPSOCK_TRANSPORT_TCP)
    NEED_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  NEED_OK(capsock_server_start(transport, options, &server));
  capsock_server_options_free(options);
  return capsock_server_port(server);
}

static double microseconds(void (*call)(const void *), const void *one, int times) {
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < times; i++)
    call(one);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return ((double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3) /
         times;
}

typedef struct {
  void (*call)(const void *);
  const void *one;
  int times, each;
} side;

static void measure(const char *row, side theirs, side ours, int rounds) {
  const side sides[2] = {theirs, ours};
  for (int round = -1; round < rounds; round++) {
    double took[2];
    /* Whoever goes first in one round goes second in the next. The first round warms up. */
    for (int turn = 0; turn < 2; turn++) {
      const int who = (turn + round) & 1;
      const side *it = &sides[who];
      took[who] = microseconds(it->call, it->one, it->times) / it->each;
    }
    if (round >= 0)
      printf("%s\t%.4f\t%.4f\n", row, took[0], took[1]);
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fputs("usage: c_calls TCP_PORT UDP_PORT ROUNDS\n", stderr);
    return 2;
  }
  const int tcp = atoi(argv[1]), udp = atoi(argv[2]), rounds = atoi(argv[3]);
  for (size_t i = 0; i < LENGTH; i++)
    upper[i] = (char)toupper((unsigned char)text[i]);
  const ours our_tcp = set_up_ours(SOCK_STREAM), our_udp = set_up_ours(SOCK_DGRAM);
  const plain plain_stream = set_up_plain(SOCK_STREAM), plain_datagram = set_up_plain(SOCK_DGRAM);
  capsock_tcp_client *tcp_client;
  capsock_udp_client *udp_client;
  NEED_OK(capsock_tcp_client_connect("127.0.0.1", (uint16_t)tcp, NULL, &tcp_client));
  NEED_OK(capsock_udp_client_connect("127.0.0.1", (uint16_t)udp, NULL, &udp_client));
  const asked by_tcp = {reach(SOCK_STREAM, tcp), tcp_client, NULL};
  const asked by_udp = {reach(SOCK_DGRAM, udp), NULL, udp_client};
  measure("`toupper` and `capsock_uppercase`, 64 bytes", (side){plain_upper, NULL, 10000, 1},
          (side){ours_upper, NULL, 10000, 1}, rounds);
  measure("`sendto` + `recvfrom`", (side){plain_udp, &plain_datagram, 2000, 1},
          (side){ours_udp, &our_udp, 2000, 1}, rounds);
  measure("`send` + `recv`", (side){plain_tcp, &plain_stream, 2000, 1},
          (side){ours_tcp, &our_tcp, 2000, 1}, rounds);
  measure("a request over TCP", (side){plain_request_tcp, &by_tcp, 200, 1},
          (side){ours_request, &by_tcp, 200, 1}, rounds);
  measure("a request over UDP", (side){plain_request_udp, &by_udp, 200, 1},
          (side){ours_request, &by_udp, 200, 1}, rounds);
  measure("one of 1,000 requests over TCP: a loop, `request_many`",
          (side){plain_request_tcp, &by_tcp, 200, 1}, (side){ours_many, &by_tcp, 1, MANY}, rounds);
  measure("one of 1,000 requests over UDP: a loop, `request_many`",
          (side){plain_request_udp, &by_udp, 200, 1}, (side){ours_many, &by_udp, 1, MANY}, rounds);
  const asked to_thread_tcp = {reach(SOCK_STREAM, answering(SOCK_STREAM)), NULL, NULL};
  const asked to_thread_udp = {reach(SOCK_DGRAM, answering(SOCK_DGRAM)), NULL, NULL};
  const asked to_server_tcp = {reach(SOCK_STREAM, handling(CAPSOCK_TRANSPORT_TCP)), NULL, NULL};
  const asked to_server_udp = {reach(SOCK_DGRAM, handling(CAPSOCK_TRANSPORT_UDP)), NULL, NULL};
  measure("round trip to a handler over TCP: a thread, `capsock_server`",
          (side){plain_request_tcp, &to_thread_tcp, 200, 1},
          (side){plain_request_tcp, &to_server_tcp, 200, 1}, rounds);
  measure("round trip to a handler over UDP: a thread, `capsock_server`",
          (side){plain_request_udp, &to_thread_udp, 200, 1},
          (side){plain_request_udp, &to_server_udp, 200, 1}, rounds);
  return 0;
}
