/* Calls of sockets that wait: with a timeout, without waiting, ended by a close, met by a signal;
   and connections that break. */
#define _GNU_SOURCE
#include "alarms.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

/* A listener whose backlog is full: a connect to it waits. */
typedef struct {
  capsock_socket *listener, *fill[8];
  address where;
} crowd;

static void fill_up(crowd *full) {
  full->listener = listening_socket(AF_INET, 0, &full->where);
  for (int i = 0; i < 8; i++) {
    full->fill[i] = new_socket(AF_INET, SOCK_STREAM);
    CHECK_OK(capsock_socket_set_timeout(full->fill[i], 0));
    (void)capsock_socket_connect(full->fill[i], (struct sockaddr *)&full->where.storage,
                                 full->where.length);
  }
}

static void free_crowd(crowd *full) {
  for (int i = 0; i < 8; i++)
    capsock_socket_free(full->fill[i]);
  capsock_socket_free(full->listener);
}

typedef enum { ACCEPT, CONNECT, CONNECT_TO, RECV, RECVFROM, SEND, CALLS } call;

/* A call that has to wait, and what it waits for. */
typedef struct {
  call which;
  capsock_socket *socket;
  const address *where;
  capsock_status status;
  pid_t thread;
  pthread_mutex_t lock;
} waiting_call;

static capsock_status make_call(const waiting_call *it) {
  static const char data[1 << 16];
  capsock_socket *connection = NULL;
  char buffer[4];
  size_t length;
  switch (it->which) {
  case ACCEPT:
    return capsock_socket_accept(it->socket, NULL, NULL, &connection);
  case CONNECT:
    return capsock_socket_connect(it->socket, (const struct sockaddr *)&it->where->storage,
                                  it->where->length);
  case CONNECT_TO:
    return capsock_socket_connect_to(
        it->socket, "localhost",
        ntohs(((const struct sockaddr_in *)&it->where->storage)->sin_port));
  case RECV:
    return capsock_socket_recv(it->socket, buffer, sizeof buffer, 0, &length);
  case RECVFROM:
    return capsock_socket_recvfrom(it->socket, buffer, sizeof buffer, 0, NULL, NULL, &length);
  default:
    for (;;) {
      capsock_status status = capsock_socket_send(it->socket, data, sizeof data, 0, &length);
      if (status != CAPSOCK_OK)
        return status;
    }
  }
}

/* The sockets of every call that waits. */
typedef struct {
  crowd full;
  address where;
  capsock_socket *of[CALLS], *peers[2];
} scene;

static void set_up(scene *it) {
  fill_up(&it->full);
  it->of[ACCEPT] = listening_socket(AF_INET, 1, &it->where);
  it->of[CONNECT] = new_socket(AF_INET, SOCK_STREAM);
  it->of[CONNECT_TO] = new_socket(AF_INET, SOCK_STREAM);
  it->of[RECVFROM] = bound_socket(AF_INET, SOCK_DGRAM, &it->where);
  connect_pair(AF_INET, &it->of[RECV], &it->peers[0]);
  connect_pair(AF_INET, &it->of[SEND], &it->peers[1]);
}

static void tear_down(scene *it) {
  for (int i = 0; i < CALLS; i++)
    capsock_socket_free(it->of[i]);
  for (int i = 0; i < 2; i++)
    capsock_socket_free(it->peers[i]);
  free_crowd(&it->full);
}

static waiting_call call_of(scene *it, int which) {
  waiting_call made = {.which = (call)which, .socket = it->of[which], .where = &it->full.where};
  return made;
}

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_call_waits_as_long_as_it_may(void) {
  scene it;
  set_up(&it);
  for (int i = 0; i < CALLS; i++) {
    waiting_call made = call_of(&it, i);
    int64_t begin;
    CHECK_OK(capsock_socket_set_timeout(made.socket, 30));
    CHECK(capsock_socket_timeout(made.socket) == 30);
    begin = milliseconds();
    CHECK_STATUS(make_call(&made), CAPSOCK_TIMED_OUT);
    CHECK(milliseconds() - begin >= 29);
    CHECK(capsock_last_errno() == ETIMEDOUT);
    CHECK(strstr(capsock_last_error(), "127.0.0.1:") != NULL);
  }
  tear_down(&it);
}

static void a_call_does_not_wait(void) {
  scene it;
  set_up(&it);
  for (int i = 0; i < CALLS; i++) {
    waiting_call made = call_of(&it, i);
    CHECK_OK(capsock_socket_set_timeout(made.socket, 0));
    CHECK_STATUS(make_call(&made), CAPSOCK_TIMED_OUT);
    CHECK(capsock_last_errno() == (i == CONNECT || i == CONNECT_TO ? EINPROGRESS : EAGAIN));
    CHECK(strstr(capsock_last_error(), "127.0.0.1:") != NULL);
  }
  tear_down(&it);
}

/* The same by the system's own flags. */
static void flags_that_do_not_wait(void) {
  capsock_socket *socket = NULL, *client, *server;
  char buffer[4];
  size_t length;
  CHECK_OK(
      capsock_socket_new(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP, &socket));
  CHECK(capsock_socket_timeout(socket) == 0);
  CHECK_STATUS(capsock_socket_recv(socket, buffer, sizeof buffer, 0, &length), CAPSOCK_TIMED_OUT);
  capsock_socket_free(socket);
  connect_pair(AF_INET, &client, &server);
  CHECK_STATUS(capsock_socket_recv(client, buffer, sizeof buffer, MSG_DONTWAIT, &length),
               CAPSOCK_TIMED_OUT);
  CHECK(capsock_last_errno() == EAGAIN);
  capsock_socket_free(client);
  capsock_socket_free(server);
}

/* What connect started goes on, and poll(2) and SO_ERROR tell how it ended. */
static void a_connect_that_does_not_wait_goes_on(void) {
  for (int listens = 0; listens < 2; listens++) {
    address where;
    capsock_socket *server = bound_socket(AF_INET, SOCK_STREAM, &where);
    capsock_socket *client = new_socket(AF_INET, SOCK_STREAM);
    capsock_status status;
    int error = -1;
    socklen_t length = sizeof error;
    if (listens)
      CHECK_OK(capsock_socket_listen(server, 1));
    CHECK_OK(capsock_socket_set_timeout(client, 0));
    status = capsock_socket_connect(client, (struct sockaddr *)&where.storage, where.length);
    if (status == CAPSOCK_TIMED_OUT) {
      struct pollfd writable = {capsock_socket_descriptor(client), POLLOUT, 0};
      CHECK(capsock_last_errno() == EINPROGRESS && strstr(capsock_last_error(), "POLLOUT") != NULL);
      CHECK(poll(&writable, 1, CALL_TIMEOUT_MS) == 1);
      CHECK_OK(capsock_socket_getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
      CHECK(error == (listens ? 0 : ECONNREFUSED));
    } else
      CHECK(status == (listens ? CAPSOCK_OK : CAPSOCK_CONNECTION_REFUSED));
    capsock_socket_free(client);
    capsock_socket_free(server);
  }
}

static void *call_in_a_thread(void *argument) {
  waiting_call *it = argument;
  pthread_mutex_lock(&it->lock);
  it->thread = (pid_t)syscall(SYS_gettid);
  pthread_mutex_unlock(&it->lock);
  it->status = make_call(it);
  return NULL;
}

/* Until the thread sleeps in a call, not for a lock of its own or (by a pipe) of valgrind's; the
   harness ends the program if it never does. */
static void wait_until_it_waits(waiting_call *it) {
  char path[64], where[64] = "";
  pid_t thread = 0;
  while (where[0] == '\0' || where[0] == '0' || strstr(where, "futex") || strstr(where, "pipe")) {
    FILE *file;
    pthread_mutex_lock(&it->lock);
    thread = it->thread;
    pthread_mutex_unlock(&it->lock);
    snprintf(path, sizeof path, "/proc/self/task/%d/wchan", (int)thread);
    file = thread == 0 ? NULL : fopen(path, "r");
    if (file != NULL) {
      if (fgets(where, sizeof where, file) == NULL)
        where[0] = '\0';
      fclose(file);
    }
    sched_yield();
  }
}

static void a_close_ends_the_calls_of_other_threads(void) {
  scene it;
  waiting_call calls[CALLS];
  pthread_t threads[CALLS];
  set_up(&it);
  for (int i = 0; i < CALLS; i++) {
    calls[i] = call_of(&it, i);
    CHECK_OK(capsock_socket_set_timeout(calls[i].socket, CAPSOCK_NO_LIMIT));
    CHECK(pthread_mutex_init(&calls[i].lock, NULL) == 0);
    CHECK(pthread_create(&threads[i], NULL, call_in_a_thread, &calls[i]) == 0);
  }
  for (int i = 0; i < CALLS; i++)
    wait_until_it_waits(&calls[i]);
  for (int i = 0; i < CALLS; i++) {
    CHECK_OK(capsock_socket_close(calls[i].socket));
    CHECK_OK(capsock_socket_close(calls[i].socket));
    CHECK(capsock_socket_descriptor(calls[i].socket) == -1);
  }
  for (int i = 0; i < CALLS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(calls[i].status == CAPSOCK_CLOSED);
    pthread_mutex_destroy(&calls[i].lock);
  }
  tear_down(&it);
}

static void a_closed_socket_says_so(void) {
  capsock_socket *socket = new_socket(AF_INET, SOCK_STREAM), *connection = NULL;
  address where;
  char buffer[4];
  int number = 1;
  socklen_t length = sizeof number;
  size_t count;
  CHECK_OK(capsock_address_parse("127.0.0.1:9", AF_INET, 0, at(&where), &where.length));
  CHECK_OK(capsock_socket_close(socket));
  {
    const struct sockaddr *to = (struct sockaddr *)&where.storage;
    const capsock_status statuses[] = {
        capsock_socket_bind(socket, to, where.length),
        capsock_socket_bind_to(socket, "localhost", 0),
        capsock_socket_listen(socket, 1),
        capsock_socket_accept(socket, NULL, NULL, &connection),
        capsock_socket_connect(socket, to, where.length),
        capsock_socket_connect_to(socket, "localhost", 9),
        capsock_socket_send(socket, "a", 1, 0, NULL),
        capsock_socket_send(socket, "a", 1, 0, &count),
        capsock_socket_sendto(socket, "a", 1, 0, to, where.length, NULL),
        capsock_socket_recv(socket, buffer, sizeof buffer, 0, &count),
        capsock_socket_recvfrom(socket, buffer, sizeof buffer, 0, NULL, NULL, &count),
        capsock_socket_shutdown(socket, SHUT_RDWR),
        capsock_socket_getsockname(socket, at(&where), &where.length),
        capsock_socket_getpeername(socket, at(&where), &where.length),
        capsock_socket_getsockopt(socket, SOL_SOCKET, SO_TYPE, &number, &length),
        capsock_socket_setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &number, sizeof number),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
      if (statuses[i] != CAPSOCK_CLOSED) {
        fprintf(stderr, "call %zu\n", i);
        CHECK(statuses[i] == CAPSOCK_CLOSED);
      }
  }
  CHECK(capsock_last_errno() == EBADF && strstr(capsock_last_error(), "closed") != NULL);
  CHECK(capsock_socket_port(socket) == 0 && capsock_socket_descriptor(socket) == -1);
  CHECK_STATUS(capsock_socket_set_timeout(socket, 1), CAPSOCK_CLOSED);
  CHECK_OK(capsock_socket_set_interruptible(socket, true));
  CHECK_OK(capsock_socket_close(socket));
  capsock_socket_free(socket);
}

static void on_alarm(int number) { (void)number; }

static void a_signal_ends_an_interruptible_call(void) {
  scene it;
  set_up(&it);
  for (int i = 0; i < CALLS; i++) {
    waiting_call made = call_of(&it, i);
    CHECK(!capsock_socket_interruptible(made.socket));
    CHECK_OK(capsock_socket_set_interruptible(made.socket, true));
    CHECK(capsock_socket_interruptible(made.socket));
    start_alarms(on_alarm);
    CHECK_STATUS(make_call(&made), CAPSOCK_INTERRUPTED);
    stop_alarms();
    CHECK(capsock_last_errno() == EINTR);
  }
  tear_down(&it);
}

static void a_signal_leaves_other_calls_alone(void) {
  scene it;
  set_up(&it);
  for (int i = 0; i < CALLS; i++) {
    waiting_call made = call_of(&it, i);
    CHECK_OK(capsock_socket_set_timeout(made.socket, 50));
    start_alarms(on_alarm);
    CHECK_STATUS(make_call(&made), CAPSOCK_TIMED_OUT);
    stop_alarms();
  }
  tear_down(&it);
}

/* The peer is gone: an error, and no SIGPIPE, which has its default here. */
static void a_broken_connection_raises_no_sigpipe(void) {
  capsock_socket *client, *server;
  size_t length;
  capsock_status status = CAPSOCK_OK;
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  connect_pair(AF_INET, &client, &server);
  capsock_socket_free(server);
  while (status == CAPSOCK_OK)
    status = capsock_socket_send(client, "a", 1, 0, &length);
  CHECK(status == CAPSOCK_CONNECTION_RESET);
  CHECK_STATUS(capsock_socket_send(client, "a", 1, 0, NULL), CAPSOCK_CONNECTION_RESET);
  CHECK(capsock_last_errno() == EPIPE && strstr(capsock_last_error(), "has ended") != NULL);
  capsock_socket_free(client);

  connect_pair(AF_INET, &client, &server);
  CHECK_OK(capsock_socket_shutdown(client, SHUT_WR));
  CHECK_STATUS(capsock_socket_send(client, "a", 1, 0, NULL), CAPSOCK_CONNECTION_RESET);
  CHECK(capsock_last_errno() == EPIPE);
  capsock_socket_free(client);
  capsock_socket_free(server);
}

static void a_reset_is_an_error_to_the_receiver(void) {
  int port, plain = plain_listener(&port);
  capsock_socket *client = new_socket(AF_INET, SOCK_STREAM);
  char buffer[4];
  size_t length = 7;
  CHECK_OK(capsock_socket_connect_to(client, "127.0.0.1", port));
  break_off(accept(plain, NULL, NULL));
  CHECK_STATUS(capsock_socket_recv(client, buffer, sizeof buffer, 0, &length),
               CAPSOCK_CONNECTION_RESET);
  CHECK(length == 7);
  capsock_socket_free(client);
  close(plain);
}

int main(void) {
  static const test tests[] = {
      {"a call waits as long as it may", a_call_waits_as_long_as_it_may},
      {"a call does not wait", a_call_does_not_wait},
      {"flags that do not wait", flags_that_do_not_wait},
      {"a connect that does not wait goes on", a_connect_that_does_not_wait_goes_on},
      {"a close ends the calls of other threads", a_close_ends_the_calls_of_other_threads},
      {"a closed socket says so", a_closed_socket_says_so},
      {"a signal ends an interruptible call", a_signal_ends_an_interruptible_call},
      {"a signal leaves other calls alone", a_signal_leaves_other_calls_alone},
      {"a broken connection raises no SIGPIPE", a_broken_connection_raises_no_sigpipe},
      {"a reset is an error to the receiver", a_reset_is_an_error_to_the_receiver},
  };
  return RUN(tests);
}
