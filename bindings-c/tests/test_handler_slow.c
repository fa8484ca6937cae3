/* Handlers that take their time: whom they hold up, and whom they do not. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#include <pthread.h>
#include <stdbool.h>

/* A gate that handlers wait at, and that the test opens. */
typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool open;
  int inside, most;
} gate;

static int wait_at_the_gate(const uint8_t *request, size_t length, capsock_reply *reply,
                            void *user_data) {
  gate *at = user_data;
  if (length >= 4 && memcmp(request, "wait", 4) == 0) {
    pthread_mutex_lock(&at->lock);
    at->inside++;
    if (at->inside > at->most)
      at->most = at->inside;
    pthread_cond_broadcast(&at->changed);
    while (!at->open)
      pthread_cond_wait(&at->changed, &at->lock);
    at->inside--;
    pthread_mutex_unlock(&at->lock);
  }
  return capsock_reply_write(reply, request, length) == CAPSOCK_OK ? 0 : 1;
}

static capsock_server_options *options_with(int32_t concurrency, gate *at) {
  capsock_server_options *options = local_options();
  CHECK_OK(capsock_server_options_set_concurrency(options, concurrency));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  CHECK_OK(capsock_server_options_set_handler(options, wait_at_the_gate, at));
  return options;
}

static void wait_for_inside(gate *at, int inside) {
  pthread_mutex_lock(&at->lock);
  while (at->inside < inside)
    pthread_cond_wait(&at->changed, &at->lock);
  pthread_mutex_unlock(&at->lock);
}

static void open_the_gate(gate *at) {
  pthread_mutex_lock(&at->lock);
  at->open = true;
  pthread_cond_broadcast(&at->changed);
  pthread_mutex_unlock(&at->lock);
}

#define CLOSED_GATE                                                                                \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0 }

static void a_slow_handler_stops_nobody_else(void) {
  gate at = CLOSED_GATE;
  capsock_server_options *options = options_with(CAPSOCK_CONCURRENCY_EVENTS, &at);
  capsock_server *server;
  int slow[4];
  char line[5];
  CHECK_OK(capsock_server_options_set_workers(options, 2));
  server = start(CAPSOCK_TRANSPORT_TCP, options);
  slow[0] = plain_connection(capsock_server_port(server));
  CHECK(send(slow[0], "wait\n", 5, 0) == 5);
  wait_for_inside(&at, 1);
  for (int i = 0; i < 20; i++) {
    capsock_tcp_client *client = tcp_client(capsock_server_port(server));
    check_tcp_reply(client, "hello", "hello");
    capsock_tcp_client_free(client);
  }
  for (size_t i = 1; i < 4; i++) {
    slow[i] = plain_connection(capsock_server_port(server));
    CHECK(send(slow[i], "wait\n", 5, 0) == 5);
  }
  wait_for_inside(&at, 2);
  open_the_gate(&at);
  for (size_t i = 0; i < 4; i++) {
    CHECK(recv(slow[i], line, 5, MSG_WAITALL) == 5 && memcmp(line, "wait\n", 5) == 0);
    close_socket(slow[i]);
  }
  CHECK(at.most == 2);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void a_handler_that_does_not_return(void) {
  static const int32_t with_handlers[] = {CAPSOCK_CONCURRENCY_ITERATIVE,
                                          CAPSOCK_CONCURRENCY_THREADS, CAPSOCK_CONCURRENCY_EVENTS};
  for (size_t i = 0; i < sizeof with_handlers / sizeof with_handlers[0]; i++) {
    gate at = CLOSED_GATE;
    capsock_server_options *options = options_with(with_handlers[i], &at);
    capsock_stop_report *report = NULL;
    capsock_server *server;
    int client;
    char byte;
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    client = plain_connection(capsock_server_port(server));
    CHECK(send(client, "wait\n", 5, 0) == 5);
    wait_for_inside(&at, 1);
    CHECK_OK(capsock_server_stop(server, 20, &report));
    CHECK(capsock_stop_report_completed(report) == 0 && capsock_stop_report_cut(report) == 1 &&
          capsock_stop_report_running(report) == 1);
    CHECK(recv(client, &byte, 1, 0) <= 0);
    open_the_gate(&at);
    CHECK_OK(capsock_server_wait(server, CALL_TIMEOUT_MS));
    close_socket(client);
    capsock_server_free(server);
    capsock_stop_report_free(report);
    capsock_server_options_free(options);
  }
}

int main(void) {
  static const test tests[] = {
      {"a slow handler stops nobody else", a_slow_handler_stops_nobody_else},
      {"a handler that does not return", a_handler_that_does_not_return},
  };
  return RUN(tests);
}
