/* A process that is forked off: what its parent had is out of its reach, and it is told. */
#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#include <sys/wait.h>

/* What a child does with what its parent had: 0 if each call fails as it should. */
static int in_the_child(const capsock_server *server, const capsock_tcp_client *tcp,
                        const capsock_udp_client *udp) {
  char *reply = NULL;
  if (capsock_server_stop(server, CALL_TIMEOUT_MS, NULL) != CAPSOCK_UNSUPPORTED)
    return 1;
  if (capsock_server_wait(server, CALL_TIMEOUT_MS) != CAPSOCK_UNSUPPORTED)
    return 2;
  if (capsock_tcp_client_request(tcp, "child", &reply) != CAPSOCK_UNSUPPORTED)
    return 3;
  if (strstr(capsock_last_error(), "forked off") == NULL)
    return 4;
  if (capsock_udp_client_request(udp, "child", &reply) != CAPSOCK_UNSUPPORTED)
    return 5;
  capsock_tcp_client_close(tcp);
  capsock_udp_client_close(udp);
  capsock_server_request_stop(server);
  return 0;
}

static void a_forked_process_is_told(void) {
  capsock_server_options *options = local_options();
  capsock_server *tcp = start(CAPSOCK_TRANSPORT_TCP, options);
  capsock_server *udp = start(CAPSOCK_TRANSPORT_UDP, options);
  capsock_tcp_client *tcp_asks = tcp_client(capsock_server_port(tcp));
  capsock_udp_client *udp_asks = udp_client(capsock_server_port(udp));
  int outcome[2], found = -1;
  pid_t child;
  check_tcp_reply(tcp_asks, "before", "BEFORE");
  check_udp_reply(udp_asks, "before", "BEFORE");
  CHECK(pipe(outcome) == 0);
  child = fork();
  if (child == 0) {
    /* Not by its status, which under valgrind tells of what its parent's threads have allocated. */
    found = in_the_child(tcp, tcp_asks, udp_asks);
    _exit(write(outcome[1], &found, sizeof found) != sizeof found);
  }
  close(outcome[1]);
  CHECK(read(outcome[0], &found, sizeof found) == sizeof found && found == 0);
  close(outcome[0]);
  CHECK(child > 0 && waitpid(child, NULL, 0) == child);
  check_tcp_reply(tcp_asks, "after", "AFTER");
  check_udp_reply(udp_asks, "after", "AFTER");
  capsock_tcp_client_free(tcp_asks);
  capsock_udp_client_free(udp_asks);
  capsock_server_free(tcp);
  capsock_server_free(udp);
  capsock_server_options_free(options);
}

int main(void) {
  static const test tests[] = {
      {"a forked process is told", a_forked_process_is_told},
  };
  return RUN(tests);
}
