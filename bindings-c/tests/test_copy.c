/* Copying a stream through a server, between descriptors of the program. */
#define _XOPEN_SOURCE 700
#include "peers.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#define LINE                                                                                       \
  "The quick brown fox jumps over the lazy dog, stra\xc3\x9f"                                      \
  "e.\n"
#define UPPER "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG, STRASSE.\n"
#define LINES 100000

static void write_lines(FILE *file, const char *line, int count) {
  for (int i = 0; i < count; i++)
    CHECK(fputs(line, file) >= 0);
  CHECK(fflush(file) == 0);
  rewind(file);
}

static int same(FILE *file, const char *line, int count) {
  char read_line[128];
  rewind(file);
  for (int i = 0; i < count; i++)
    if (fgets(read_line, sizeof read_line, file) == NULL || strcmp(read_line, line) != 0)
      return 0;
  return fgetc(file) == EOF;
}

static void files_of_some_megabytes(void) {
  static const int32_t concurrencies[] = {
      CAPSOCK_CONCURRENCY_ITERATIVE, CAPSOCK_CONCURRENCY_THREADS, CAPSOCK_CONCURRENCY_PROCESSES,
      CAPSOCK_CONCURRENCY_EVENTS};
  for (size_t i = 0; i < sizeof concurrencies / sizeof concurrencies[0]; i++) {
    FILE *input = tmpfile(), *output = tmpfile();
    uint64_t sent = 0, received = 0;
    capsock_server_options *options = local_options();
    capsock_server *server;
    capsock_tcp_client *client;
    CHECK_OK(capsock_server_options_set_concurrency(options, concurrencies[i]));
    server = start(CAPSOCK_TRANSPORT_TCP, options);
    client = tcp_client(capsock_server_port(server));
    write_lines(input, LINE, LINES);
    CHECK_OK(capsock_tcp_client_copy(client, fileno(input), fileno(output), &sent, &received));
    CHECK(sent == LINES * strlen(LINE) && received == LINES * strlen(UPPER));
    CHECK(same(output, UPPER, LINES));
    CHECK(fclose(input) == 0 && fclose(output) == 0);
    capsock_tcp_client_free(client);
    capsock_server_free(server);
    capsock_server_options_free(options);
  }
}

typedef struct {
  const capsock_tcp_client *client;
  int input, output;
} copy;

static void *copy_it(void *argument) {
  const copy *what = argument;
  CHECK_OK(capsock_tcp_client_copy(what->client, what->input, what->output, NULL, NULL));
  return NULL;
}

/* A reply comes while the input is still open and empty, as a terminal is. */
static void replies_come_as_they_come(void) {
  pthread_t thread;
  int input[2], output[2];
  char reply[8];
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  copy what = {client, -1, -1};
  CHECK(pipe(input) == 0 && pipe(output) == 0);
  what.input = input[0];
  what.output = output[1];
  CHECK(pthread_create(&thread, NULL, copy_it, &what) == 0);
  for (int i = 0; i < 3; i++) {
    CHECK(write(input[1], "a\n", 2) == 2);
    CHECK(read(output[0], reply, sizeof reply) == 2 && reply[0] == 'A');
  }
  close(input[1]);
  CHECK(pthread_join(thread, NULL) == 0);
  close(input[0]);
  close(output[0]);
  close(output[1]);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void bad_descriptors(void) {
  int closed, ends[2], folder;
  uint64_t sent = 7, received = 7;
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  /* A number so high that no thread of the server is given it again. */
  closed = fcntl(1, F_DUPFD, 900);
  CHECK(closed >= 900);
  close(closed);
  CHECK_STATUS(capsock_tcp_client_copy(client, -1, 1, &sent, &received), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_copy(client, 0, -1, &sent, &received), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_copy(client, closed, 1, &sent, &received),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "'input'") != NULL);
  check_tcp_reply(client, "still alive", "STILL ALIVE");

  CHECK(pipe(ends) == 0);
  CHECK_STATUS(capsock_tcp_client_copy(client, ends[1], ends[1], &sent, &received),
               CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_tcp_client_copy(client, ends[0], ends[0], &sent, &received),
               CAPSOCK_INVALID_ARGUMENT);
  check_tcp_reply(client, "still alive", "STILL ALIVE");
  folder = open("/", O_RDONLY);
  CHECK_STATUS(capsock_tcp_client_copy(client, folder, ends[1], &sent, &received),
               CAPSOCK_INPUT_OUTPUT);
  close(folder);
  close(ends[0]);
  close(ends[1]);
  CHECK(sent == 7 && received == 7);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

/* Nobody reads the output: an error, and no SIGPIPE, which has its default here. */
static void an_output_without_a_reader(void) {
  int output[2];
  FILE *input = tmpfile();
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  CHECK(pipe(output) == 0);
  close(output[0]);
  write_lines(input, LINE, 1000);
  CHECK_STATUS(capsock_tcp_client_copy(client, fileno(input), output[1], NULL, NULL),
               CAPSOCK_INPUT_OUTPUT);
  close(output[1]);
  CHECK(fclose(input) == 0);
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

static void *copy_is_closed(void *argument) {
  const copy *what = argument;
  CHECK_STATUS(capsock_tcp_client_copy(what->client, what->input, what->output, NULL, NULL),
               CAPSOCK_CLOSED);
  return NULL;
}

static void close_ends_a_copy(void) {
  pthread_t thread;
  int input[2], output[2];
  char reply[8];
  capsock_server_options *options = local_options();
  capsock_server *server = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_tcp_client *client = tcp_client(capsock_server_port(server));
  copy what = {client, -1, -1};
  CHECK(pipe(input) == 0 && pipe(output) == 0);
  what.input = input[0];
  what.output = output[1];
  CHECK(pthread_create(&thread, NULL, copy_is_closed, &what) == 0);
  CHECK(write(input[1], "a\n", 2) == 2);
  CHECK(read(output[0], reply, sizeof reply) == 2);
  CHECK_OK(capsock_tcp_client_close(client));
  CHECK(pthread_join(thread, NULL) == 0);
  for (int i = 0; i < 2; i++) {
    close(input[i]);
    close(output[i]);
  }
  capsock_tcp_client_free(client);
  capsock_server_free(server);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"files of some megabytes", files_of_some_megabytes},
      {"replies come as they come", replies_come_as_they_come},
      {"bad descriptors", bad_descriptors},
      {"an output without a reader raises no SIGPIPE", an_output_without_a_reader},
      {"close ends a copy", close_ends_a_copy},
  };
  return RUN(tests);
}
