/* Asynchronous handlers: replies that the program completes later, from its own threads. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#include <pthread.h>
#include <stdbool.h>

/* The requests that a handler was called with, which wait for `complete_next`. */
typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  capsock_pending_reply *replies[64];
  char requests[64][16];
  int begun, completed, cancelled, errors_logged;
} queue;

#define EMPTY_QUEUE                                                                                \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {NULL}, {{0}}, 0, 0, 0, 0 }

static void enqueue(const uint8_t *request, size_t length, const capsock_request_context *context,
                    capsock_pending_reply *reply, void *user_data) {
  queue *here = user_data;
  CHECK(context != NULL && reply != NULL && length < 16);
  pthread_mutex_lock(&here->lock);
  memcpy(here->requests[here->begun], request, length);
  here->requests[here->begun][length] = '\0';
  here->replies[here->begun++] = reply;
  pthread_cond_broadcast(&here->changed);
  pthread_mutex_unlock(&here->lock);
}

static void count_errors(int32_t level, const char *line, void *user_data) {
  queue *here = user_data;
  (void)line;
  pthread_mutex_lock(&here->lock);
  here->errors_logged += level == CAPSOCK_LEVEL_ERROR;
  pthread_cond_broadcast(&here->changed);
  pthread_mutex_unlock(&here->lock);
}

static void count_cancelled(void *user_data) {
  queue *here = user_data;
  pthread_mutex_lock(&here->lock);
  here->cancelled++;
  pthread_mutex_unlock(&here->lock);
}

/* Waits for a request, and gives its reply. */
static capsock_pending_reply *next(queue *here, char *request) {
  capsock_pending_reply *reply;
  pthread_mutex_lock(&here->lock);
  while (here->completed == here->begun)
    pthread_cond_wait(&here->changed, &here->lock);
  memcpy(request, here->requests[here->completed], 16);
  reply = here->replies[here->completed++];
  pthread_mutex_unlock(&here->lock);
  return reply;
}

/* Completes four requests, each with its own text. */
static void *complete_four(void *user_data) {
  for (int i = 0; i < 4; i++) {
    char request[16];
    capsock_pending_reply *reply = next(user_data, request);
    CHECK(capsock_pending_reply_is_wanted(reply));
    CHECK_OK(capsock_pending_reply_complete(reply, request, strlen(request)));
    CHECK(!capsock_pending_reply_is_wanted(reply));
    CHECK_STATUS(capsock_pending_reply_complete(reply, "again", 5), CAPSOCK_CLOSED);
    CHECK_STATUS(capsock_pending_reply_fail(reply, "again"), CAPSOCK_CLOSED);
    capsock_pending_reply_free(reply);
  }
  return NULL;
}

static const int32_t with_handlers[] = {CAPSOCK_CONCURRENCY_ITERATIVE, CAPSOCK_CONCURRENCY_THREADS,
                                        CAPSOCK_CONCURRENCY_EVENTS};

#define CONCURRENCIES (sizeof with_handlers / sizeof with_handlers[0])

static capsock_server_options *options_with(int32_t concurrency, queue *user_data) {
  capsock_server_options *options = local_options();
  CHECK_OK(capsock_server_options_set_concurrency(options, concurrency));
  CHECK_OK(capsock_server_options_set_framing(options, CAPSOCK_FRAMING_LINE));
  CHECK_OK(capsock_server_options_set_async_handler(options, enqueue, user_data));
  CHECK_OK(capsock_server_options_set_log(options, count_errors, user_data));
  return options;
}

static void replies_are_completed_by_another_thread(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    queue here = EMPTY_QUEUE;
    capsock_server_options *options = options_with(with_handlers[i], &here);
    capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
    capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
    capsock_tcp_client *tcp_asks = tcp_client(capsock_server_port(tcp));
    capsock_udp_client *udp_asks = udp_client(capsock_server_port(udp));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, complete_four, &here) == 0);
    check_tcp_reply(tcp_asks, "abc", "abc");
    check_tcp_reply(tcp_asks, "def", "def");
    check_udp_reply(udp_asks, "abc", "abc");
    check_udp_reply(udp_asks, "def", "def");
    CHECK(pthread_join(thread, NULL) == 0);
    capsock_tcp_client_free(tcp_asks);
    capsock_udp_client_free(udp_asks);
    capsock_server_free(tcp);
    capsock_server_free(udp);
    CHECK(here.begun == 4 && here.errors_logged == 0);
    capsock_server_options_free(options);
  }
}

static void a_reply_that_fails_or_is_freed_costs_its_request(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    queue here = EMPTY_QUEUE;
    capsock_server_options *options = options_with(with_handlers[i], &here);
    capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
    for (int fails = 0; fails < 2; fails++) {
      char request[16], byte;
      int fd = plain_connection(capsock_server_port(server));
      capsock_pending_reply *reply;
      CHECK(send(fd, "a\n", 2, 0) == 2);
      reply = next(&here, request);
      CHECK_STATUS(capsock_pending_reply_fail(reply, NULL), CAPSOCK_INVALID_ARGUMENT);
      CHECK_STATUS(capsock_pending_reply_complete(reply, NULL, 1), CAPSOCK_INVALID_ARGUMENT);
      if (fails)
        CHECK_OK(capsock_pending_reply_fail(reply, "as the test has it"));
      capsock_pending_reply_free(reply);
      CHECK(recv(fd, &byte, 1, 0) == 0);
      close(fd);
    }
    capsock_server_free(server);
    CHECK(here.errors_logged == 2);
    capsock_server_options_free(options);
  }
}

static void at_the_deadline_of_a_stop_replies_are_cancelled(void) {
  for (size_t i = 0; i < CONCURRENCIES; i++) {
    queue here = EMPTY_QUEUE;
    capsock_server_options *options = options_with(with_handlers[i], &here);
    capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
    int fd = plain_connection(capsock_server_port(server));
    capsock_stop_report *report = NULL;
    char request[16];
    capsock_pending_reply *reply;
    CHECK(send(fd, "a\n", 2, 0) == 2);
    reply = next(&here, request);
    CHECK_OK(capsock_pending_reply_on_cancel(reply, count_cancelled, &here));
    CHECK_OK(capsock_server_stop(server, 20, &report));
    CHECK(capsock_stop_report_cut(report) == 1 && capsock_stop_report_completed(report) == 0);
    CHECK_OK(capsock_server_wait(server, CALL_TIMEOUT_MS));
    capsock_stop_report_free(report);
    capsock_server_free(server);
    CHECK(here.cancelled == 1);
    /* The server is gone: no call has an effect. */
    CHECK(!capsock_pending_reply_is_wanted(reply));
    CHECK_STATUS(capsock_pending_reply_complete(reply, "late", 4), CAPSOCK_CLOSED);
    CHECK_OK(capsock_pending_reply_on_cancel(reply, count_cancelled, &here));
    CHECK(here.cancelled == 2);
    CHECK_OK(capsock_pending_reply_on_cancel(reply, NULL, NULL));
    capsock_pending_reply_free(reply);
    CHECK(here.errors_logged == 0);
    close(fd);
    capsock_server_options_free(options);
  }
}

int main(void) {
  static const test tests[] = {
      {"replies are completed by another thread", replies_are_completed_by_another_thread},
      {"a reply that fails or is freed costs its request",
       a_reply_that_fails_or_is_freed_costs_its_request},
      {"at the deadline of a stop replies are cancelled",
       at_the_deadline_of_a_stop_replies_are_cancelled},
  };
  return RUN(tests);
}
