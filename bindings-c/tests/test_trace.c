/* Recording: what C's calls are called in a trace, and how it goes wrong. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

static char file[4096];

static const char *const UDP[] = {
    "\"call\":\"socket\"",   "\"call\":\"bind\"",  "\"call\":\"socket\"", "\"call\":\"sendto\"",
    "\"call\":\"recvfrom\"", "\"call\":\"close\"", "\"call\":\"close\"",
};

/* An address of loopback at which the programs of other tests send nothing. */
static const char HOST[] = "127.77.0.1";

static void exchange(void) {
  capsock_socket *server = NULL, *client = NULL;
  char message[16];
  size_t length = 0;
  CHECK_OK(capsock_socket_new(AF_INET, SOCK_DGRAM, 0, &server));
  CHECK_OK(capsock_socket_bind_to(server, HOST, 0));
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)capsock_socket_port(server))};
  CHECK(inet_pton(AF_INET, HOST, &to.sin_addr) == 1);
  CHECK_OK(capsock_socket_new(AF_INET, SOCK_DGRAM, 0, &client));
  CHECK_OK(
      capsock_socket_sendto(client, "hello", 5, 0, (struct sockaddr *)&to, sizeof to, &length));
  CHECK_OK(capsock_socket_recvfrom(server, message, sizeof message, 0, NULL, NULL, &length));
  CHECK(length == 5);
  CHECK_OK(capsock_socket_close(client));
  capsock_socket_free(client);
  capsock_socket_free(server);
}

/* How many lines the file has; checks those of one exchange, if they carry the payload. */
static int lines(bool payload) {
  char line[4096];
  int count = 0;
  FILE *trace = fopen(file, "r");
  CHECK(trace != NULL);
  if (trace == NULL)
    return -1;
  while (fgets(line, sizeof line, trace) != NULL) {
    if (count == 0) {
      CHECK(strstr(line, "\"language\":\"c\"") != NULL);
      CHECK(strstr(line, "\"program\":\"test_trace") != NULL);
    } else if (count <= (int)(sizeof UDP / sizeof UDP[0])) {
      CHECK(strstr(line, UDP[count - 1]) != NULL);
      CHECK((strstr(line, "\"data\":\"hello\"") != NULL) ==
            (payload && (count == 4 || count == 5)));
    }
    count++;
  }
  fclose(trace);
  return count;
}

static void start_and_stop(void) {
  CHECK_OK(capsock_trace_start(file, true));
  exchange();
  CHECK_STATUS(capsock_trace_start(file, true), CAPSOCK_INPUT_OUTPUT);
  CHECK(capsock_last_errno() == EBUSY);
  capsock_trace_stop();
  CHECK(lines(true) == 8);
  exchange();
  capsock_trace_stop();
  CHECK(lines(true) == 8);
}

static void no_payload(void) {
  FILE *empty = fopen(file, "w");
  CHECK(empty != NULL && fclose(empty) == 0);
  CHECK_OK(capsock_trace_start(file, false));
  exchange();
  capsock_trace_stop();
  CHECK(lines(false) == 8);
}

static void files_that_cannot_be(void) {
  CHECK_STATUS(capsock_trace_start(NULL, true), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_trace_start("/no/such/folder/trace", true), CAPSOCK_INPUT_OUTPUT);
  CHECK(capsock_last_errno() == ENOENT);
  CHECK_STATUS(capsock_trace_start("/dev/full", true), CAPSOCK_INPUT_OUTPUT);
  CHECK(capsock_last_errno() == ENOSPC);
  exchange();
}

int main(void) {
  static const test tests[] = {
      {"start and stop", start_and_stop},
      {"no payload", no_payload},
      {"files that cannot be", files_that_cannot_be},
  };
  const char *folder = getenv("TMPDIR");
  int length =
      snprintf(file, sizeof file, "%s/capsock-test-trace-XXXXXX", folder != NULL ? folder : "/tmp");
  if (length < 0 || (size_t)length >= sizeof file)
    return 2;
  int descriptor = mkstemp(file);
  if (descriptor < 0)
    return 2;
  close(descriptor);
  int failed = RUN(tests);
  unlink(file);
  return failed;
}
