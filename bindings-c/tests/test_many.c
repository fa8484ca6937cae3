/* Many requests in one call. */
#define _XOPEN_SOURCE 700
#include "peers.h"

#include <errno.h>
#include <pthread.h>

enum { COUNT = 3000, LONGEST = 40 };

/* Requests, and what came for them. */
typedef struct {
  char texts[COUNT][LONGEST];
  const void *requests[COUNT];
  size_t lengths[COUNT];
  size_t replies;
  size_t stop_at;
  bool in_order, right;
} batch;

static batch *new_batch(void) {
  batch *all = calloc(1, sizeof *all);
  CHECK(all != NULL);
  for (size_t i = 0; i < COUNT; i++) {
    all->lengths[i] =
        (size_t)snprintf(all->texts[i], LONGEST, "item %zu%c with a nul", i, i % 3 ? ' ' : 0);
    all->requests[i] = all->texts[i];
  }
  all->lengths[7] = 0;
  all->requests[7] = NULL;
  all->stop_at = SIZE_MAX;
  all->in_order = all->right = true;
  return all;
}

static int compare(size_t index, const uint8_t *reply, size_t length, void *data) {
  batch *all = data;
  all->in_order &= index == all->replies;
  all->right &= index < COUNT && reply != NULL && length == all->lengths[index];
  for (size_t i = 0; i < length && all->right; i++) {
    char c = all->texts[index][i];
    all->right &= reply[i] == (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  all->replies++;
  return all->replies == all->stop_at ? 5 : 0;
}

static void tcp(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  batch *all = new_batch();
  CHECK_OK(
      capsock_tcp_client_request_many(client, all->requests, all->lengths, COUNT, compare, all));
  CHECK(all->replies == COUNT && all->right && all->in_order);
  CHECK_OK(capsock_tcp_client_request_many(client, NULL, NULL, 0, compare, all));
  CHECK(all->replies == COUNT);
  all->texts[20][2] = '\n';
  CHECK_STATUS(
      capsock_tcp_client_request_many(client, all->requests, all->lengths, COUNT, compare, all),
      CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "item 20 of 3000") != NULL && all->replies == COUNT);
  all->texts[20][2] = 'e';
  all->replies = 0;
  all->stop_at = 10;
  CHECK_STATUS(
      capsock_tcp_client_request_many(client, all->requests, all->lengths, COUNT, compare, all),
      CAPSOCK_INPUT_OUTPUT);
  CHECK(strstr(capsock_last_error(), "returned 5") != NULL && all->replies == 10 && all->right);
  check_tcp_reply(client, "still alive", "STILL ALIVE");
  free(all);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void udp_once(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_udp_client *client = udp_client(capsock_server_port(server));
  batch *all = new_batch();
  CHECK_OK(
      capsock_udp_client_request_many(client, all->requests, all->lengths, COUNT, compare, all));
  CHECK(all->replies == COUNT && all->right);
  CHECK_OK(capsock_udp_client_request_many(client, NULL, NULL, 0, compare, all));
  CHECK(all->replies == COUNT);
  all->replies = 0;
  all->stop_at = 10;
  CHECK_STATUS(
      capsock_udp_client_request_many(client, all->requests, all->lengths, COUNT, compare, all),
      CAPSOCK_INPUT_OUTPUT);
  CHECK(all->replies == 10 && all->right);
  check_udp_reply(client, "still alive", "STILL ALIVE");
  free(all);
  capsock_udp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

/* Each way to tell the replies of several requests apart. */
static void udp(void) {
  static const char *const without[] = {"", "orig-dst", "loopback-addresses"};
  capsock_udp_client *client = NULL;
  for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
    CHECK(setenv("CAPSOCK_WITHOUT", without[i], 1) == 0);
    udp_once();
  }
  CHECK(setenv("CAPSOCK_WITHOUT", "nonsense", 1) == 0);
  CHECK_STATUS(capsock_udp_client_connect("127.0.0.1", 9, NULL, &client), CAPSOCK_INVALID_ARGUMENT);
  CHECK(client == NULL && strstr(capsock_last_error(), "nonsense") != NULL);
  CHECK(unsetenv("CAPSOCK_WITHOUT") == 0);
}

static void refused_arguments(void) {
  static char large[65508];
  capsock_server_options *options = local_options();
  capsock_server *servers[] = {start(CAPSOCK_TRANSPORT_TCP, options),
                               start(CAPSOCK_TRANSPORT_UDP, options)};
  capsock_tcp_client *tcp = tcp_client(capsock_server_port(servers[0]));
  capsock_udp_client *udp = udp_client(capsock_server_port(servers[1]));
  batch *all = new_batch();
  const void *one[] = {NULL};
  size_t length[] = {1};
  const struct {
    const void *const *requests;
    const size_t *lengths;
    size_t count;
    capsock_on_reply on_reply;
    const char *argument;
  } table[] = {
      {NULL, length, 1, compare, "'requests'"}, {one, NULL, 1, compare, "'lengths'"},
      {one, length, 1, compare, "'requests'"},  {one, length, SIZE_MAX, compare, "'requests'"},
      {one, length, 0, NULL, "'on_reply'"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    CHECK_STATUS(capsock_tcp_client_request_many(tcp, table[i].requests, table[i].lengths,
                                                 table[i].count, table[i].on_reply, all),
                 CAPSOCK_INVALID_ARGUMENT);
    CHECK(strstr(capsock_last_error(), table[i].argument) != NULL);
    CHECK_STATUS(capsock_udp_client_request_many(udp, table[i].requests, table[i].lengths,
                                                 table[i].count, table[i].on_reply, all),
                 CAPSOCK_INVALID_ARGUMENT);
    CHECK(strstr(capsock_last_error(), table[i].argument) != NULL);
  }
  one[0] = large;
  length[0] = sizeof large;
  CHECK_STATUS(capsock_tcp_client_request_many(NULL, one, length, 1, compare, all),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_request_many(NULL, one, length, 1, compare, all),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_udp_client_request_many(udp, one, length, 1, compare, all),
               CAPSOCK_TOO_LARGE);
  CHECK(capsock_last_errno() == EMSGSIZE && all->replies == 0);
  free(all);
  capsock_tcp_client_free(tcp);
  capsock_udp_client_free(udp);
  for (size_t i = 0; i < 2; i++)
    capsock_server_free(servers[i]);
  capsock_server_options_free(options);
}

static void *close_client(void *client) {
  CHECK_OK(capsock_udp_client_close(client));
  return NULL;
}

typedef struct {
  capsock_udp_client *client;
  bool closed;
} closing;

static int close_at_the_first(size_t index, const uint8_t *reply, size_t length, void *data) {
  closing *it = data;
  pthread_t thread;
  (void)index, (void)reply, (void)length;
  if (!it->closed && pthread_create(&thread, NULL, close_client, it->client) == 0) {
    it->closed = true;
    pthread_join(thread, NULL);
  }
  return 0;
}

static void closed_meanwhile(void) {
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_UDP, options);
  closing it = {udp_client(capsock_server_port(server)), false};
  batch *all = new_batch();
  CHECK_STATUS(capsock_udp_client_request_many(it.client, all->requests, all->lengths, COUNT,
                                               close_at_the_first, &it),
               CAPSOCK_CLOSED);
  CHECK(it.closed);
  free(all);
  capsock_udp_client_free(it.client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"many over TCP", tcp},
      {"many over UDP", udp},
      {"many: refused arguments", refused_arguments},
      {"many: closed meanwhile", closed_meanwhile},
  };
  return RUN(tests);
}
